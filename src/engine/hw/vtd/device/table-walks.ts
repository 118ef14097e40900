import {
  EXECUTE,
  LEAF_LEVEL,
  LEAF_PERMS,
  PA_HI,
  PA_LO,
  PRIVILEGED,
  READ,
  WRITE,
  type Access,
} from '../../port';
import {
  FS_ACCESS,
  FS_BEYOND_WIDTH,
  FS_NO_SNOOP,
  FS_NOT_PRESENT,
  FS_RESERVED,
  FS_ROOT_ACCESS,
  FS_UPDATE_FAILED,
  NESTED_ROOT_READ,
  NESTED_TABLE_READ,
  NESTED_TABLE_WRITE,
  NO_EXECUTE,
  NOT_CANONICAL,
  SM_INTERRUPT_OUTPUT,
  SM_NO_READ,
  SM_NO_WRITE,
  SUPERVISOR_PAGE,
} from '../reasons';
import {
  FS_A,
  FS_D,
  FS_EA,
  FS_P,
  FS_PS,
  FS_RW,
  FS_US,
  INTERRUPT_RANGE,
  PGTT_FIRST,
  PGTT_NESTED,
} from '../structs';
import type { VtdConfig } from './config';
import { framePfn } from './context';
import { emitTable } from './emit';
import { KEPT_PERMS, PRIVILEGED_SHIFT } from './iotlb';
import { Marker, RESTART } from './marker';
import {
  PE_DID,
  PE_EAFE,
  PE_FS_HI,
  PE_FS_LEVELS,
  PE_FS_LO,
  PE_OVER_HI,
  PE_SPACE,
  PE_SSADE,
  PE_TYPE,
  PE_WPE,
} from './pasid-cache';
import { ALONE, FINAL, LF_LEVEL, LF_PA_HI, LF_PA_LO, LF_PERMS, LF_WORDS, SecondStage } from './second-stage';
import type { UnitState } from './unit';
import { indexAt, type SecondStageRules } from './walk';

const OA_HI_MASK = 0xf_ffff;
const PAGE_MASK = ~0xfff;
const BOTH = READ | WRITE;
/** What first-stage entries allow, added up: R/W and U/S as they are, XD turned around. */
export const FS_X = 1 << 3;
export const FS_ALL = FS_RW | FS_US | FS_X;

/** Words of the first-stage entry at hand: where it lies, what it said, and its table as the entry above names it. */
const EN_PFN = 0;
const EN_INDEX = 1;
const EN_HI = 2;
const EN_LO = 3;
const EN_TABLE_HI = 4;
const EN_TABLE_LO = 5;
const EN_LEVEL = 6;
const EN_WORDS = 7;

/** Which bits of a first-stage entry must be clear. Spec: section 3.6 "First-Stage Translation" */
export class FirstStageRules {
  readonly leafReservedLo: Int32Array;
  readonly reservedHi: number;

  constructor(config: VtdConfig) {
    this.reservedHi = OA_HI_MASK & ~((1 << (config.hostBits - 32)) - 1);
    // Bit 12 of large pages is PAT.
    const large = (level: number): number => (((1 << (9 * level)) - 1) << 12) & ~0x1000;
    this.leafReservedLo = Int32Array.of(0, large(1), config.firstStage1G ? large(2) : FS_PS, FS_PS, FS_PS);
  }

  /** What an entry is: 0 absent, 1 a table, 2 a leaf, 3 one with reserved bits set. */
  classify(level: number, hi: number, lo: number): 0 | 1 | 2 | 3 {
    if ((lo & FS_P) === 0) return 0;
    const leaf = level === 0 || (lo & FS_PS) !== 0;
    const reservedLo = leaf ? (this.leafReservedLo[level] as number) : 0;
    if (((lo & reservedLo) | (hi & this.reservedHi)) !== 0) return 3;
    return leaf ? 2 : 1;
  }
}

/**
 * All table walks there are: first stage, second stage, and one nested in the other, with accessed and dirty bits, on
 * memory that may fail, and told event by event.
 *
 * Spec: sections 3.6 "First-Stage Translation", 3.7 "Second-Stage Translation", 3.8 "Nested Translation"
 *
 * What a walk is about lies in a row of PE_* words. Reasons are those of scalable mode. Left open by the document, and
 * chosen here: U/S is judged before execution, and that before writing; in nested translation the final page is looked up
 * before the first-stage leaf is marked, so that a refused write leaves no dirty bit.
 */
export class TableWalks {
  readonly marker: Marker;
  readonly firstRules: FirstStageRules;
  private readonly second: SecondStage;
  /** Second-stage leaves: of the first-stage table that is being read, and of the final page. */
  private readonly tableLeaf = new Int32Array(LF_WORDS);
  private readonly pageLeaf = new Int32Array(LF_WORDS);
  /** Tables of the first stage by level: frame, permissions above, guest-physical address. */
  private readonly path = new Int32Array(4 * 5);
  private readonly entry = new Int32Array(EN_WORDS);
  /** Whether tableLeaf is that of the table at hand. */
  private tableKnown = false;

  constructor(
    unit: UnitState,
    rules: SecondStageRules,
    private readonly out: Int32Array,
  ) {
    this.marker = new Marker(unit);
    this.second = new SecondStage(this.marker, rules, out);
    this.firstRules = new FirstStageRules(unit.config);
  }

  /**
   * Translates by a row: 0 and the leaf in `out`, or the reason of a fault. `need` must be granted; `dirty`: the page may
   * be written by what the answer is for. LEAF_LEVEL is the level of the last entry read, of the stage that it was in.
   */
  run(row: Int32Array, at: number, hi: number, lo: number, need: Access, dirty: boolean): number {
    this.marker.start(row, at);
    const type = row[at + PE_TYPE];
    const first = type === PGTT_FIRST || type === PGTT_NESTED;
    for (;;) {
      const reason = first ? this.first(hi, lo, need, dirty) : this.secondAlone(hi, lo, need, dirty);
      if (reason !== RESTART) return reason;
    }
  }

  private secondAlone(hi: number, lo: number, need: Access, dirty: boolean): number {
    const { out, pageLeaf, second } = this;
    const reason = second.find(hi, lo, need & BOTH, pageLeaf, ALONE);
    if (reason !== 0) return reason;
    this.give(pageLeaf[LF_PA_HI] as number, pageLeaf[LF_PA_LO] as number, pageLeaf[LF_LEVEL] as number);
    if (this.isInterrupt()) return SM_INTERRUPT_OUTPUT;
    const marked = second.markLeaf(pageLeaf, dirty);
    if (marked !== 0) return marked;
    const perms = pageLeaf[LF_PERMS] as number;
    out[LEAF_PERMS] = perms;
    out[KEPT_PERMS] = second.isDirty(pageLeaf) ? perms : perms & ~WRITE;
    return 0;
  }

  private first(hi: number, lo: number, need: Access, dirty: boolean): number {
    const { marker, out, entry } = this;
    const { unit } = marker;
    const levels = marker.word(PE_FS_LEVELS);
    out[LEAF_LEVEL] = levels;
    // Bits above the width repeat its highest one.
    const unused = levels === 4 ? 16 : 7;
    if ((hi << unused) >> unused !== hi) return NOT_CANONICAL;
    const nested = marker.word(PE_TYPE) === PGTT_NESTED;
    const space = marker.word(PE_SPACE);
    const top = levels - 1;
    const known = marker.cachedTable(top, hi, lo, space);
    let level = known >= 0 ? marker.cachedLevel : top;
    let tableHi = known >= 0 ? marker.cachedGpaHi(known) : marker.word(PE_FS_HI);
    let tableLo = known >= 0 ? marker.cachedGpaLo(known) : marker.word(PE_FS_LO);
    let perms = known >= 0 ? marker.cachedPerms(known) : FS_ALL;
    let pfn = known >= 0 ? marker.cachedPfn(known) : -1;
    const from = level;
    this.tableKnown = false;
    for (;;) {
      const index = indexAt(level, hi, lo);
      if (known < 0 || level !== from) {
        const reason = nested ? this.tableFrame(tableHi, tableLo, index, level, level === top) : 0;
        if (reason !== 0) return reason;
        pfn = nested
          ? framePfn(this.tableLeaf[LF_PA_HI] as number, this.tableLeaf[LF_PA_LO] as number)
          : framePfn(tableHi, tableLo);
        if (level < top) this.remember(level, pfn, perms, tableHi, tableLo);
      }
      const at = unit.readable(pfn, index * 8, 8);
      out[LEAF_LEVEL] = at < 0 ? level + 1 : level;
      if (at < 0) return level === top ? FS_ROOT_ACCESS : FS_ACCESS;
      const entryLo = unit.memory.words[at] as number;
      const entryHi = unit.memory.words[at + 1] as number;
      if (marker.telling) emitTable(unit, level, index, pfn, at, nested ? 1 : 0, -1);
      const kind = this.firstRules.classify(level, entryHi, entryLo);
      if (kind === 0) return FS_NOT_PRESENT;
      if (kind === 3) return FS_RESERVED;
      perms &= (entryLo & (FS_RW | FS_US)) | (entryHi < 0 ? 0 : FS_X);
      entry[EN_PFN] = pfn;
      entry[EN_INDEX] = index;
      entry[EN_HI] = entryHi;
      entry[EN_LO] = entryLo;
      entry[EN_TABLE_HI] = tableHi;
      entry[EN_TABLE_LO] = tableLo;
      entry[EN_LEVEL] = level;
      if (kind === 2) {
        const reason = this.firstLeaf(lo, perms, need, dirty);
        if (reason === 0) this.keepPath(from, level, hi, lo);
        return reason;
      }
      const marked = this.markFirst(FS_A);
      if (marked !== 0) return marked;
      tableHi = entryHi & OA_HI_MASK;
      tableLo = entryLo & PAGE_MASK;
      // Spec: SFS.5
      if (nested && (tableHi & marker.word(PE_OVER_HI)) !== 0) return FS_BEYOND_WIDTH;
      level--;
    }
  }

  private keepPath(from: number, leaf: number, hi: number, lo: number): void {
    const { marker, path } = this;
    for (let level = from - 1; level >= leaf; level--) {
      const n = level * 4;
      marker.keepTable(
        level,
        marker.word(PE_DID),
        hi,
        lo,
        marker.word(PE_SPACE),
        path[n] as number,
        path[n + 1] as number,
        path[n + 2] as number,
        path[n + 3] as number,
      );
    }
  }

  private remember(level: number, pfn: number, perms: number, gpaHi: number, gpaLo: number): void {
    const { path } = this;
    path[level * 4] = pfn;
    path[level * 4 + 1] = perms;
    path[level * 4 + 2] = gpaHi;
    path[level * 4 + 3] = gpaLo;
  }

  /** Nested: finds the table that a guest-physical address names. Spec: section 3.8.1 "Access Rights" */
  private tableFrame(hi: number, lo: number, index: number, level: number, root: boolean): number {
    const { marker, second, tableLeaf } = this;
    // With accessed and dirty bits on, reading a first-stage table needs permission to write it too.
    const need = marker.flag(PE_SSADE) ? BOTH : READ;
    const reason = second.find(hi, lo | (index * 8), need, tableLeaf, level);
    if (reason === SM_NO_READ || reason === SM_NO_WRITE) return root ? NESTED_ROOT_READ : NESTED_TABLE_READ;
    if (reason !== 0) return reason;
    this.tableKnown = true;
    return second.markLeaf(tableLeaf, false);
  }

  /** Judges a leaf, and finds the page behind it. */
  private firstLeaf(lo: number, perms: number, need: Access, dirty: boolean): number {
    const { marker, out, second, pageLeaf, entry } = this;
    const entryLo = entry[EN_LO] as number;
    const level = entry[EN_LEVEL] as number;
    const privileged = (need & PRIVILEGED) !== 0;
    if (!privileged && (perms & FS_US) === 0) return SUPERVISOR_PAGE;
    const users = grantsOf(perms, false, marker.flag(PE_WPE));
    const supervisors = grantsOf(perms, true, marker.flag(PE_WPE));
    let grants = privileged ? supervisors : users;
    if ((need & EXECUTE & ~grants) !== 0) return NO_EXECUTE;
    if ((need & WRITE & ~grants) !== 0) return SM_NO_WRITE;
    const offset = (1 << (12 + 9 * level)) - 1;
    this.give((entry[EN_HI] as number) & OA_HI_MASK, (entryLo & ~offset & PAGE_MASK) | (lo & offset), level);
    let limit = BOTH | EXECUTE;
    if (marker.word(PE_TYPE) === PGTT_NESTED) {
      const reason = this.finalPage(need);
      if (reason !== 0) return reason;
      limit = (pageLeaf[LF_PERMS] as number) | EXECUTE;
      grants &= limit;
    }
    if (this.isInterrupt()) return SM_INTERRUPT_OUTPUT;
    const writes = dirty && (grants & WRITE) !== 0;
    const marked = this.markFirst(FS_A | (writes ? FS_D : 0));
    if (marked !== 0) return marked;
    let clean = (entryLo & FS_D) === 0 && !(writes && !marker.looking);
    if (marker.word(PE_TYPE) === PGTT_NESTED) {
      const final = second.markLeaf(pageLeaf, writes);
      if (final !== 0) return final;
      clean ||= !second.isDirty(pageLeaf);
    }
    out[LEAF_PERMS] = grants;
    out[KEPT_PERMS] =
      ((users & limit) | ((supervisors & limit) << PRIVILEGED_SHIFT)) &
      (clean ? ~(WRITE | (WRITE << PRIVILEGED_SHIFT)) : -1);
    return 0;
  }

  /** Nested: takes the address that the first stage came to through the second. */
  private finalPage(need: Access): number {
    const { marker, out, pageLeaf, second } = this;
    const hi = out[PA_HI] as number;
    const firstLevel = out[LEAF_LEVEL] as number;
    // Spec: SFS.5, which holds for the entries of pages too
    if ((hi & marker.word(PE_OVER_HI)) !== 0) return FS_BEYOND_WIDTH;
    const reason = second.find(hi, out[PA_LO] as number, need & BOTH, pageLeaf, FINAL);
    if (reason !== 0) return reason;
    const level = Math.min(firstLevel, pageLeaf[LF_LEVEL] as number);
    this.give(pageLeaf[LF_PA_HI] as number, pageLeaf[LF_PA_LO] as number, level);
    return 0;
  }

  /** Sets bits of the first-stage entry at hand; nested, the second stage must let its table be written. */
  private markFirst(wanted: number): number {
    const { marker, second, tableLeaf, entry } = this;
    const bits = marker.flag(PE_EAFE) ? wanted | FS_EA : wanted;
    const hi = entry[EN_HI] as number;
    const lo = entry[EN_LO] as number;
    const index = entry[EN_INDEX] as number;
    if ((bits & ~lo) === 0 || marker.looking) return 0;
    if (marker.word(PE_TYPE) === PGTT_NESTED) {
      if (!this.tableKnown) {
        const tableHi = entry[EN_TABLE_HI] as number;
        const tableLo = entry[EN_TABLE_LO] as number;
        const reason = this.tableFrame(tableHi, tableLo, index, entry[EN_LEVEL] as number, false);
        if (reason !== 0) return reason;
      }
      if (((tableLeaf[LF_PERMS] as number) & WRITE) === 0) return NESTED_TABLE_WRITE;
      const marked = second.markLeaf(tableLeaf, true);
      if (marked !== 0) return marked;
    }
    return marker.mark(entry[EN_PFN] as number, index, hi, lo, bits, FS_NO_SNOOP, FS_UPDATE_FAILED);
  }

  private give(hi: number, lo: number, level: number): void {
    this.out[PA_HI] = hi;
    this.out[PA_LO] = lo;
    this.out[LEAF_LEVEL] = level;
  }

  private isInterrupt(): boolean {
    return this.out[PA_HI] === 0 && (this.out[PA_LO] as number) >>> 20 === INTERRUPT_RANGE;
  }
}

/** Spec: section 3.6.1 "Access Rights" */
function grantsOf(perms: number, privileged: boolean, writeProtect: boolean): number {
  if (!privileged && (perms & FS_US) === 0) return 0;
  const write = (perms & FS_RW) !== 0 || (privileged && !writeProtect);
  return READ | (write ? WRITE : 0) | ((perms & FS_X) === 0 ? 0 : EXECUTE);
}
