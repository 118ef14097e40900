import { findFrame } from '../../../memory/frame-store';
import type { MemoryPort } from '../../port';
import {
  ATP_MODE_SHIFT,
  ATP_PPN_HI,
  ATP_RESERVED_HI,
  DIR_RESERVED_LO,
  DIR_V,
  levelsOfMode,
  TA_PSCID_SHIFT,
  TA_RESERVED_LO,
  TC_PDTV,
  TC_SBE,
  TC_SXL,
  TC_T2GPA,
} from '../structs';
import { bareSize } from './config';
import type { ContextCache } from './context-cache';
import type { DeviceDirectory } from './ddt';
import { tagA, tagB } from './iotlb';
import { FIRST_ONLY, MAX_NEAR_PFN, nearPfn, type Service } from './service';
import type { UnitState } from './unit';

/** Of tc: what needs more than a first stage as it stands. */
const ODD = TC_PDTV | TC_SBE | TC_SXL | TC_T2GPA;
/** Places in `near`: one for the last table of each level, then leaf tables by the low bits of their frame number. */
const LEAVES = 8;
const LEAF_MASK = 0xff;

/**
 * Device contexts of the plainest kind, a first stage and nothing besides: found in the cache or in memory, checked, and
 * understood in one go. Over anything else it gives up, and the directory of the document takes over.
 */
export class QuickDirectory {
  private readonly memory: MemoryPort;
  private readonly contexts: ContextCache;
  private readonly service: Service;
  private readonly lastPfn: number;
  private readonly mostLg2: number;
  /** Where memory keeps the words of tables met lately: pairs of frame number and index. Words never move. */
  private readonly near = new Int32Array(LEAVES + 2 * (LEAF_MASK + 1)).fill(-1);

  constructor(
    unit: UnitState,
    private readonly directory: DeviceDirectory,
  ) {
    this.memory = unit.memory.port;
    this.contexts = unit.contexts;
    this.service = unit.service;
    this.mostLg2 = bareSize(unit.config, 2, false);
    this.lastPfn = Math.min(unit.memory.frameLimit - 1, MAX_NEAR_PFN);
  }

  /** Finds out how the requests of a device without process_id are translated. Whether it did. */
  serve(did: number): boolean {
    const { contexts, service: s, directory } = this;
    s.rid = -1;
    const cached = contexts.findDevice(did);
    const w = cached < 0 ? this.memory.words : contexts.dcs;
    const at = cached < 0 ? this.find(did) : cached;
    if (at < 0) return false;
    const tc = w[at] as number;
    const fsc = w[at + 7] as number;
    const msiptp = directory.extended ? (w[at + 9] as number) : 0;
    if ((((w[at + 3] as number) | msiptp) >>> ATP_MODE_SHIFT) | (tc & ODD)) return false;
    const mode = fsc >>> ATP_MODE_SHIFT;
    if (mode === 0) return false;
    const pscid = (w[at + 4] as number) >>> TA_PSCID_SHIFT;
    if (cached < 0) {
      if (tc !== directory.goodTc || ((directory.firstModes >>> mode) & 1) === 0) return false;
      const reserved =
        (w[at + 1] as number) |
        ((w[at + 4] as number) & TA_RESERVED_LO) |
        ((w[at + 5] as number) & directory.reservedTa) |
        (fsc & ATP_RESERVED_HI);
      if (reserved !== 0) return false;
      if (directory.extended) {
        const wide = ((w[at + 11] as number) | (w[at + 13] as number)) >>> 20;
        if (((msiptp & ATP_RESERVED_HI) | wide | (w[at + 14] as number) | (w[at + 15] as number)) !== 0)
          return false;
      }
      contexts.fillDevice(did, w, at, directory.extended);
    }
    s.did = did;
    s.pasid = -1;
    s.whole = false;
    s.kind = FIRST_ONLY;
    s.mostLg2 = this.mostLg2;
    s.firstLevels = levelsOfMode(mode);
    s.firstNear = nearPfn(fsc & ATP_PPN_HI, w[at + 6] as number);
    s.spaceA = tagA(pscid);
    s.spaceB = tagB(-1, pscid);
    if (contexts.ddtSets > 0) s.rid = did;
    return true;
  }

  /** Where in memory's words a device's context is; -1: given up. */
  private find(did: number): number {
    const { near, directory } = this;
    const { masks, shifts } = directory;
    const { words } = this.memory;
    let pfn = directory.root;
    for (let level = directory.top; level > 0; level--) {
      const slot = level << 1;
      const base = near[slot] === pfn ? (near[slot + 1] as number) : this.meet(pfn, slot);
      if (base < 0) return -1;
      const at = base + (((did >>> (shifts[level] as number)) & (masks[level] as number)) << 1);
      const lo = words[at] as number;
      const hi = words[at + 1] as number;
      if ((lo & (DIR_V | DIR_RESERVED_LO)) !== DIR_V || hi >>> 9 !== 0) return -1;
      pfn = (hi << 22) | (lo >>> 10);
    }
    const slot = LEAVES + ((pfn & LEAF_MASK) << 1);
    const base = near[slot] === pfn ? (near[slot + 1] as number) : this.meet(pfn, slot);
    return base < 0 ? -1 : base + ((did & (masks[0] as number)) << directory.wordsLg2);
  }

  private meet(pfn: number, slot: number): number {
    if (pfn < 0 || pfn > this.lastPfn) return -1;
    const base = findFrame(this.memory.frames, this.memory.frameMask, pfn);
    if (base < 0) return -1;
    this.near[slot] = pfn;
    this.near[slot + 1] = base;
    return base;
  }
}
