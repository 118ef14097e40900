import { LEAF_LEVEL, READ, WRITE, type Access } from '../../port';
import {
  SS_ACCESS,
  SS_NO_SNOOP,
  SS_NOT_PRESENT,
  SS_RESERVED,
  SS_ROOT_ACCESS,
  SS_UPDATE_FAILED,
} from '../reasons';
import { SS_A, SS_D } from '../structs';
import { framePfn } from './context';
import { emitTable } from './emit';
import type { Marker } from './marker';
import { PE_DID, PE_SS_LEVELS, PE_SS_ROOT_PFN, PE_SSADE } from './pasid-cache';
import { indexAt, missing, type SecondStageRules } from './walk';

const OA_HI_MASK = 0xf_ffff;
const BOTH = READ | WRITE;

/** Words of a leaf: where its entry lies, what it said, and what came of it. */
export const LF_PFN = 0;
export const LF_INDEX = 1;
export const LF_LO = 2;
export const LF_HI = 3;
/** READ and WRITE, over all levels. */
export const LF_PERMS = 4;
export const LF_LEVEL = 5;
export const LF_PA_LO = 6;
export const LF_PA_HI = 7;
export const LF_WORDS = 8;

/** Whose address is looked up: of a request, or, in nested translation, of a first-stage table (its level) or page. */
export const ALONE = -2;
export const FINAL = -1;

/**
 * The second stage with everything: accessed and dirty bits, memory that may fail, and a trace.
 *
 * Spec: section 3.7 "Second-Stage Translation"
 */
export class SecondStage {
  private readonly path = new Int32Array(10);

  constructor(
    private readonly marker: Marker,
    private readonly rules: SecondStageRules,
    private readonly out: Int32Array,
  ) {}

  /** 0 and the leaf in `into`, or the reason of a fault. The leaf itself is not marked yet: see markLeaf(). */
  find(hi: number, lo: number, need: Access, into: Int32Array, what: number): number {
    const { marker, out, rules, path } = this;
    const { unit } = marker;
    const top = marker.word(PE_SS_LEVELS) - 1;
    const known = marker.cachedTable(top, hi, lo, 0);
    let level = known >= 0 ? marker.cachedLevel : top;
    let pfn = known >= 0 ? marker.cachedPfn(known) : marker.word(PE_SS_ROOT_PFN);
    let perms = known >= 0 ? marker.cachedPerms(known) : BOTH;
    const from = level;
    for (;;) {
      const index = indexAt(level, hi, lo);
      const at = unit.readable(pfn, index * 8, 8);
      out[LEAF_LEVEL] = at < 0 ? level + 1 : level;
      if (at < 0) return level === top ? SS_ROOT_ACCESS : SS_ACCESS;
      const entryLo = unit.memory.words[at] as number;
      const entryHi = unit.memory.words[at + 1] as number;
      if (marker.telling) emitTable(unit, level, index, pfn, at, what === ALONE ? 0 : 2, what);
      if ((entryLo & BOTH) === 0) return SS_NOT_PRESENT;
      const kind = rules.classify(level, entryHi, entryLo);
      if (kind === 3) return SS_RESERVED;
      perms &= entryLo;
      if (kind === 2) {
        if ((perms & need) !== need || perms === 0) return missing(perms, need);
        into[LF_PFN] = pfn;
        into[LF_INDEX] = index;
        into[LF_LO] = entryLo;
        into[LF_HI] = entryHi;
        into[LF_PERMS] = perms;
        into[LF_LEVEL] = level;
        const offset = (1 << (12 + 9 * level)) - 1;
        into[LF_PA_LO] = (entryLo & ~offset) | (lo & offset);
        into[LF_PA_HI] = entryHi & OA_HI_MASK;
        this.keep(from, level, hi, lo);
        return 0;
      }
      if (marker.flag(PE_SSADE)) {
        const marked = marker.mark(pfn, index, entryHi, entryLo, SS_A, SS_NO_SNOOP, SS_UPDATE_FAILED);
        if (marked !== 0) return marked;
      }
      pfn = framePfn(entryHi & OA_HI_MASK, entryLo);
      level--;
      path[level * 2] = pfn;
      path[level * 2 + 1] = perms;
    }
  }

  /** Marks the leaf that was found: 0, a reason, or RESTART. */
  markLeaf(leaf: Int32Array, dirty: boolean): number {
    const { marker } = this;
    if (!marker.flag(PE_SSADE)) return 0;
    const bits = SS_A | (dirty && ((leaf[LF_PERMS] as number) & WRITE) !== 0 ? SS_D : 0);
    const lo = leaf[LF_LO] as number;
    const hi = leaf[LF_HI] as number;
    const pfn = leaf[LF_PFN] as number;
    const index = leaf[LF_INDEX] as number;
    const marked = marker.mark(pfn, index, hi, lo, bits, SS_NO_SNOOP, SS_UPDATE_FAILED);
    if (marked === 0 && !marker.looking) leaf[LF_LO] = lo | bits;
    return marked;
  }

  /** Whether a later write need not come by here to set the dirty bit. */
  isDirty(leaf: Int32Array): boolean {
    return !this.marker.flag(PE_SSADE) || ((leaf[LF_LO] as number) & SS_D) !== 0;
  }

  private keep(from: number, leaf: number, hi: number, lo: number): void {
    const { marker, path } = this;
    for (let level = from - 1; level >= leaf; level--) {
      marker.keepTable(
        level,
        marker.word(PE_DID),
        hi,
        lo,
        0,
        path[level * 2] as number,
        path[level * 2 + 1] as number,
      );
    }
  }
}
