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
import { tagA, tagOfHost } from './iotlb';
import { FIRST_ONLY, MAX_NEAR_PFN, nearPfn, type Service } from './service';
import type { UnitState } from './unit';

/** Of tc: what needs more than a first stage as it stands. */
const ODD = TC_PDTV | TC_SBE | TC_SXL | TC_T2GPA;
/** Places in `near`: one for the last table of each upper level, then leaf tables by the low bits of their frame number. */
const MIDDLE = 0;
const TOP = 2;
const LEAVES = 4;
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
    // Bare by a word of 0, as everybody writes it: with more in it, it is left to the document's directory.
    const msiptp = directory.extended ? (w[at + 9] as number) : 0;
    if (((w[at + 3] as number) | msiptp | (tc & ODD)) !== 0) return false;
    const mode = fsc >>> ATP_MODE_SHIFT;
    if (mode === 0) return false;
    const ta = w[at + 4] as number;
    const root = w[at + 6] as number;
    if (cached < 0) {
      if (tc !== directory.goodTc || ((directory.firstModes >>> mode) & 1) === 0) return false;
      const reserved =
        (w[at + 1] as number) |
        (ta & TA_RESERVED_LO) |
        ((w[at + 5] as number) & directory.reservedTa) |
        (fsc & ATP_RESERVED_HI);
      if (reserved !== 0) return false;
      if (directory.extended) {
        const wide = ((w[at + 11] as number) | (w[at + 13] as number)) >>> 20;
        if ((wide | (w[at + 14] as number) | (w[at + 15] as number)) !== 0) return false;
      }
      contexts.fillPlain(did, tc, ta, fsc, root);
    }
    s.did = did;
    s.pasid = -1;
    s.whole = false;
    s.kind = FIRST_ONLY;
    s.mostLg2 = this.mostLg2;
    s.firstLevels = levelsOfMode(mode);
    s.firstNear = nearPfn(fsc & ATP_PPN_HI, root);
    const pscid = ta >>> TA_PSCID_SHIFT;
    s.spaceA = tagA(pscid);
    s.spaceB = tagOfHost(pscid);
    if (contexts.ddtSets > 0) s.rid = did;
    return true;
  }

  /** Where in memory's words a device's context is; -1: given up. */
  private find(did: number): number {
    const { near, directory } = this;
    // A leaf table has as many contexts as fit a page, whatever their size; the others have 512 entries.
    const leafBits = 10 - directory.wordsLg2;
    let pfn = directory.root;
    if (directory.top === 2) pfn = this.below(pfn, TOP, (did >>> (leafBits + 9)) & 0x1ff);
    if (directory.top > 0) pfn = this.below(pfn, MIDDLE, (did >>> leafBits) & 0x1ff);
    const slot = LEAVES + ((pfn & LEAF_MASK) << 1);
    const base = near[slot] === pfn ? (near[slot + 1] as number) : this.meet(pfn, slot);
    return base < 0 ? -1 : base + ((did & ((1 << leafBits) - 1)) << directory.wordsLg2);
  }

  /** The frame of the table that an entry leads to; -1: given up. */
  private below(pfn: number, slot: number, index: number): number {
    const { near } = this;
    const { words } = this.memory;
    const base = near[slot] === pfn ? (near[slot + 1] as number) : this.meet(pfn, slot);
    if (base < 0) return -1;
    const at = base + (index << 1);
    const lo = words[at] as number;
    const hi = words[at + 1] as number;
    return (lo & (DIR_V | DIR_RESERVED_LO)) !== DIR_V || hi >>> 9 !== 0 ? -1 : (hi << 22) | (lo >>> 10);
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
