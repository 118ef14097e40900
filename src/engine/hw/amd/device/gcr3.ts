import { addressOf } from '../../../../lib/u64';
import { noteEntry } from '../../../trace/notes';
import type { Trace } from '../../../trace/trace';
import { LEAF_PERMS, PA_HI, PA_LO, READ, type MemoryPort } from '../../port';
import { CONTROL, GCR3_TRP_MODE_HI } from '../regs';
import { GCR3_V } from '../structs';
import type { AmdConfig } from './config';
import { D_GCR3_HI, D_GCR3_LO, D_GLX, D_GUEST, D_HAD, D_ID, D_LEVELS, D_PERMS, D_ROOT } from './dte';
import { HARDWARE, NOT_PRESENT, RESERVED_BIT, type HostWalk } from './host-walk';
import { tagHigh, tagId } from './iotlb';
import { accessProblem, framePfn } from './memory';
import { TAGS } from './tag-cache';

/** Words of a process's context: what a GCR3 entry means to a request, with what it takes from the device's entry. */
export const CTX_ID = TAGS; // tagId() and tagHigh()
export const CTX_HIGH = TAGS + 1;
export const CTX_ROOT_HI = TAGS + 2;
export const CTX_ROOT_LO = TAGS + 3;
export const CTX_LEVELS = TAGS + 4;
export const CTX_HOST_ROOT = TAGS + 5;
export const CTX_HOST_LEVELS = TAGS + 6; // 0: guest physical addresses are physical
export const CTX_HOST_ID = TAGS + 7;
export const CTX_HOST_HAD = TAGS + 8;
/** READ and WRITE bits of the device's entry. */
export const CTX_PERMS = TAGS + 9;
export const CTX_WORDS = TAGS + 10;

/** What read() returns beside the outcomes of a walk: the host's tables forbid to read the GCR3 table. */
export const HOST_DENIES = 6;

/**
 * Guest CR3 tables: a process's root table by its PASID.
 *
 * Spec: section 2.2.6.3 "Guest CR3 Table", field GCR3TRPMode of the control register
 *
 * The tables lie at system physical addresses; with GCR3TRPMode = 1 at guest physical ones. The root that they give is
 * a guest physical address either way.
 */
export class Gcr3Tables {
  /** The last context read, from word TAGS on. */
  readonly out = new Int32Array(CTX_WORDS);
  failedPa = 0;
  problem = 0;

  constructor(
    private readonly memory: MemoryPort,
    private readonly regs: Int32Array,
    private readonly config: AmdConfig,
    private readonly host: HostWalk,
    private readonly trace: Trace,
  ) {}

  /** 0 and the context in `out`, or why there is none. `dte`: decoded, from index `at` on. */
  read(dte: Int32Array, at: number, pasid: number): number {
    const { out, config } = this;
    const word = (n: number): number => dte[at + n] as number;
    out[CTX_ID] = tagId((word(D_ID) >>> 16) & 0xffff, pasid);
    out[CTX_HIGH] = tagHigh(pasid);
    out[CTX_LEVELS] = word(D_GUEST);
    out[CTX_HOST_ROOT] = word(D_ROOT);
    out[CTX_HOST_LEVELS] = word(D_LEVELS);
    out[CTX_HOST_ID] = word(D_ID);
    out[CTX_HOST_HAD] = word(D_HAD);
    out[CTX_PERMS] = word(D_PERMS);
    const glx = word(D_GLX);
    if (pasid >>> (9 * (glx + 1)) !== 0 || pasid >>> config.pasidBits !== 0) return NOT_PRESENT;

    const guestPhysical =
      ((this.regs[(CONTROL + 4) >> 2] as number) & GCR3_TRP_MODE_HI) !== 0 && config.gcr3TrpMode;
    let tableHi = word(D_GCR3_HI);
    let tableLo = word(D_GCR3_LO);
    for (let level = glx; level >= 0; level--) {
      if (guestPhysical && word(D_LEVELS) > 0) {
        const outcome = this.throughHost(tableHi, tableLo);
        if (outcome !== 0) return outcome;
        tableHi = this.host.out[PA_HI] as number;
        tableLo = this.host.out[PA_LO] as number;
      }
      const pfn = framePfn(tableHi, tableLo);
      const index = (pasid >>> (9 * level)) & 0x1ff;
      this.problem = accessProblem(this.memory, pfn, index * 8, 8, false);
      this.failedPa = addressOf(tableHi, tableLo) + index * 8;
      if (this.problem !== 0) return HARDWARE;
      const base = this.memory.frameBase(pfn) + index * 2;
      const lo = this.memory.words[base] as number;
      const hi = this.memory.words[base + 1] as number;
      if (this.trace.on) this.emit(level, index, pfn, hi, lo);
      if ((lo & GCR3_V) === 0) return NOT_PRESENT;
      if ((lo & 0xffe) !== 0 || hi >>> 20 !== 0) return RESERVED_BIT;
      tableHi = hi;
      tableLo = lo & ~0xfff;
    }
    out[CTX_ROOT_HI] = tableHi;
    out[CTX_ROOT_LO] = tableLo;
    return 0;
  }

  /** The host's translation of a table's address, in `host.out`. */
  private throughHost(hi: number, lo: number): number {
    const { host, out } = this;
    const outcome = host.search(
      out[CTX_HOST_ROOT] as number,
      out[CTX_HOST_LEVELS] as number,
      out[CTX_HOST_ID] as number,
      hi,
      lo,
      out[CTX_LEVELS] as number,
    );
    if (outcome !== 0) {
      this.problem = host.problem;
      this.failedPa = host.failedPa;
      return outcome;
    }
    return ((host.out[LEAF_PERMS] as number) & READ) === 0 ? HOST_DENIES : 0;
  }

  private emit(level: number, index: number, pfn: number, hi: number, lo: number): void {
    const pa = pfn * 4096 + index * 8;
    noteEntry(this.trace, this.config.unit, 'gcr3', level, index, pa, hi, lo);
  }
}
