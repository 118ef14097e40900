import { EXECUTE, READ, WRITE, type MemoryPort } from '../../port';
import { V2_NX, V2_PS, V2_RW, V2_US } from '../structs';
import { guestPdeFirst, HOST_PERMS_SHIFT, PDE_NESTED } from './guest-walk';
import { PDE_PERMS, PDE_PFN, pdeTag } from './host-walk';
import { READY_USER } from './iotlb';
import { bottomPlace, meet, nearFrames, UPPER } from './near-frames';
import type { QuickTables } from './quick-tables';
import {
  S_GUEST_LEVELS,
  S_GUEST_MARKS,
  S_GUEST_ROOT,
  S_HIGH,
  S_HOST_LEVELS,
  S_HOST_MARKS,
  S_HOST_ROOT,
  S_ID,
} from './service';
import type { UnitState } from './state';
import type { TagCache } from './tag-cache';
import { Trail } from './trail';

const OA_HI_MASK = 0xf_ffff;
/** High-word bits of an entry whose target frame number would not fit 31 bits. */
const FAR_HI = 0xf_f800;
export const ALL_PERMS = READ | WRITE | EXECUTE | READY_USER;
/** By level: bits of a page's address below its size, its PAT bit apart; pages of levels above 3 there are none. */
const MISALIGNED = Int32Array.of(0, 0, 0x1f_e000, 0x3fff_e000, -1, -1);

/**
 * The walk of guest tables ("v2") where nothing stands in its way: as QuickHostWalk, it gives up over whatever the walk of
 * the document would refuse or write, and changes nothing.
 *
 * Spec: section 2.2.6.4 "Guest Page Tables"
 */
export class QuickGuestWalk {
  /** Of the last leaf(): its level, from 1, the frame of its table, and what the way to that table permits. */
  level = 0;
  table = 0;
  above = 0;
  private readonly near = nearFrames(1);
  /** The upper tables of a process whose tables the host translates: of the last walk. */
  private readonly trail = new Trail();
  private readonly s: Int32Array;
  private readonly memory: MemoryPort;
  private readonly pdes: TagCache;
  private readonly caching: boolean;
  /** Whether the last leaf() began at a cached table. */
  private known = false;
  /** NX, where the unit knows it. */
  private readonly noExecute: number;
  /** High bits beyond the physical addresses of the unit; of tables, those of frames that no memory has as well. */
  private readonly reservedHi: number;
  private readonly tableStopsHi: number;

  constructor(
    state: UnitState,
    private readonly tables: QuickTables,
  ) {
    this.s = state.service;
    this.memory = state.memory;
    this.pdes = state.pdes;
    this.caching = state.pdes.shape.sets > 0;
    this.noExecute = state.config.noExecute ? V2_NX : 0;
    this.reservedHi = OA_HI_MASK & ~((1 << (state.config.hostBits - 32)) - 1);
    this.tableStopsHi = this.reservedHi | FAR_HI;
  }

  /**
   * The leaf of an address, by a cached table or from the top: where it is in memory's words; -1: given up. `nested`:
   * whether the addresses of tables are the host's guest physical ones.
   */
  leaf(hi: number, lo: number, nested: boolean): number {
    const { s } = this;
    const levels = s[S_GUEST_LEVELS] as number;
    // Addresses are canonical: all bits above the highest that is translated are copies of it.
    const above = levels === 5 ? hi >> 24 : hi >> 15;
    if (above !== 0 && above !== -1) return -1;
    if (this.caching) {
      const { pdes } = this;
      const cached = pdes.find(guestPdeFirst(hi, s[S_HIGH] as number), s[S_ID] as number, pdeTag(hi, lo));
      this.known = cached >= 0;
      if (cached >= 0) {
        const perms = (pdes.entries[cached + PDE_PERMS] as number) & ALL_PERMS;
        return this.descend(pdes.entries[cached + PDE_PFN] as number, 1, perms, hi, lo, nested, true);
      }
      this.tables.begin();
    }
    const { trail } = this;
    if (nested && !this.caching && (this.follows(hi, lo) || this.record(hi, lo)))
      return this.descend(trail.frame, 2, trail.perms, hi, lo, true, true);
    return levels === 4 && !nested
      ? this.descendFour(s[S_GUEST_ROOT] as number, hi, lo)
      : this.descend(s[S_GUEST_ROOT] as number, levels, ALL_PERMS, hi, lo, nested, false);
  }

  /** As QuickHostWalk.keep(). With a host's tables below, what they permit goes with it: before the page is looked for. */
  keep(hi: number, lo: number, nested: boolean): void {
    if (!this.caching || this.known || this.level > 1) return;
    const { s, pdes } = this;
    const kept = pdes.claimForNow(guestPdeFirst(hi, s[S_HIGH] as number), s[S_ID] as number, pdeTag(hi, lo));
    const host = (this.tables.perms << HOST_PERMS_SHIFT) | (nested ? PDE_NESTED : 0);
    pdes.entries[kept + PDE_PFN] = this.table;
    pdes.entries[kept + PDE_PERMS] = this.above | host;
  }

  /** Whether the way to the table of level 2 is still the one that was taken down. */
  private follows(hi: number, lo: number): boolean {
    const { s } = this;
    const { keys } = this.trail;
    return (
      keys[0] === hi &&
      keys[1] === lo >>> 30 &&
      keys[2] === s[S_GUEST_ROOT] &&
      keys[3] === s[S_GUEST_LEVELS] &&
      keys[4] === s[S_GUEST_MARKS] &&
      keys[5] === s[S_HOST_ROOT] &&
      keys[6] === s[S_HOST_LEVELS] &&
      keys[7] === s[S_HOST_MARKS] &&
      this.trail.holds(this.memory.words)
    );
  }

  /** Goes to the table of level 2, and takes down the way. Whether it came there. */
  private record(hi: number, lo: number): boolean {
    const { s, trail, tables, near } = this;
    const { words } = this.memory;
    const marks = s[S_GUEST_MARKS] as number;
    trail.clear();
    trail.keys.set([hi, lo >>> 30]);
    [S_GUEST_ROOT, S_GUEST_LEVELS, S_GUEST_MARKS, S_HOST_ROOT, S_HOST_LEVELS, S_HOST_MARKS].forEach(
      (word, n) => (trail.keys[n + 2] = s[word] as number),
    );
    trail.perms = ALL_PERMS;
    let page = s[S_GUEST_ROOT] as number;
    for (let level = s[S_GUEST_LEVELS] as number; ; level--) {
      const pfn = tables.find(page);
      if (pfn < 0) return false;
      tables.note(page, trail);
      if (level === 2) {
        trail.frame = pfn;
        return true;
      }
      const base = meet(this.memory, near, pfn, UPPER + (level << 1));
      if (base < 0) return false;
      const at = base + (indexAt(level, hi, (hi << 20) | (lo >>> 12)) << 1);
      const entryLo = words[at] as number;
      const entryHi = words[at + 1] as number;
      if ((entryLo & (marks | V2_PS)) !== marks || (entryHi & this.tableStopsHi) !== 0) return false;
      trail.note(at, entryLo, entryHi);
      trail.perms &= this.grants(entryHi, entryLo);
      page = ((entryHi & 0x7ff) << 20) | (entryLo >>> 12);
    }
  }

  /**
   * From a table down to a leaf. `known`: what the way to that table permits; `placed`: where the host has that table is
   * known already.
   */
  private descend(
    root: number,
    top: number,
    known: number,
    hi: number,
    lo: number,
    nested: boolean,
    placed: boolean,
  ): number {
    const marks = this.s[S_GUEST_MARKS] as number;
    const { near, noExecute, tableStopsHi } = this;
    const { words } = this.memory;
    const page = (hi << 20) | (lo >>> 12);
    let perms = known;
    let pfn = root;
    for (let level = top; ; level--) {
      if (nested && (level < top || !placed)) {
        pfn = this.tables.find(pfn);
        if (pfn < 0) return -1;
      }
      const place = level > 1 ? UPPER + (level << 1) : bottomPlace(pfn);
      const base = near[place] === pfn ? (near[place + 1] as number) : meet(this.memory, near, pfn, place);
      if (base < 0) return -1;
      const at = base + (indexAt(level, hi, page) << 1);
      const entryLo = words[at] as number;
      if ((entryLo & marks) !== marks) return -1;
      const entryHi = words[at + 1] as number;
      if (level === 1 || (entryLo & V2_PS) !== 0) {
        this.level = level;
        this.table = pfn;
        this.above = perms;
        const refused = (entryLo & (MISALIGNED[level] as number)) | (entryHi & this.reservedHi);
        return refused === 0 ? at : -1;
      }
      if ((entryHi & tableStopsHi) !== 0) return -1;
      perms &= grantsOf(entryHi & noExecute, entryLo);
      pfn = ((entryHi & 0x7ff) << 20) | (entryLo >>> 12);
    }
  }

  /** descend() of tables in memory through four levels, the commonest: without the loop a miss costs a sixth less. */
  private descendFour(root: number, hi: number, lo: number): number {
    const marks = this.s[S_GUEST_MARKS] as number;
    const { near, noExecute, tableStopsHi } = this;
    const { words } = this.memory;
    const mask = marks | V2_PS;
    let place = UPPER + 8;
    let base = near[place] === root ? (near[place + 1] as number) : meet(this.memory, near, root, place);
    if (base < 0) return -1;
    let at = base + (((hi >>> 7) & 0x1ff) << 1);
    let entryLo = words[at] as number;
    let entryHi = words[at + 1] as number;
    let odd = ((entryLo & mask) ^ marks) | (entryHi & tableStopsHi);
    if (odd !== 0) return this.descend(root, 4, ALL_PERMS, hi, lo, false, false);
    let perms = grantsOf(entryHi & noExecute, entryLo);
    let pfn = ((entryHi & 0x7ff) << 20) | (entryLo >>> 12);
    place = UPPER + 6;
    base = near[place] === pfn ? (near[place + 1] as number) : meet(this.memory, near, pfn, place);
    if (base < 0) return -1;
    at = base + ((((hi << 2) | (lo >>> 30)) & 0x1ff) << 1);
    entryLo = words[at] as number;
    entryHi = words[at + 1] as number;
    odd = ((entryLo & mask) ^ marks) | (entryHi & tableStopsHi);
    if (odd !== 0) return this.descend(pfn, 3, perms, hi, lo, false, false);
    perms &= grantsOf(entryHi & noExecute, entryLo);
    pfn = ((entryHi & 0x7ff) << 20) | (entryLo >>> 12);
    place = UPPER + 4;
    base = near[place] === pfn ? (near[place + 1] as number) : meet(this.memory, near, pfn, place);
    if (base < 0) return -1;
    at = base + (((lo >>> 21) & 0x1ff) << 1);
    entryLo = words[at] as number;
    entryHi = words[at + 1] as number;
    odd = ((entryLo & mask) ^ marks) | (entryHi & tableStopsHi);
    if (odd !== 0) return this.descend(pfn, 2, perms, hi, lo, false, false);
    perms &= grantsOf(entryHi & noExecute, entryLo);
    pfn = ((entryHi & 0x7ff) << 20) | (entryLo >>> 12);
    place = bottomPlace(pfn);
    base = near[place] === pfn ? (near[place + 1] as number) : meet(this.memory, near, pfn, place);
    if (base < 0) return -1;
    at = base + (((lo >>> 12) & 0x1ff) << 1);
    entryLo = words[at] as number;
    entryHi = words[at + 1] as number;
    odd = ((entryLo & marks) ^ marks) | (entryHi & this.reservedHi);
    if (odd !== 0) return -1;
    this.level = 1;
    this.table = pfn;
    this.above = perms;
    return at;
  }

  /** What an entry leaves of READ, WRITE, EXECUTE and READY_USER. */
  grants(entryHi: number, entryLo: number): number {
    return grantsOf(entryHi & this.noExecute, entryLo);
  }
}

const grantsOf = (noExecute: number, entryLo: number): number =>
  READ | (entryLo & V2_RW) | ((entryLo & V2_US) << 1) | (noExecute === 0 ? EXECUTE : 0);

/** The table index at a level, from 1; `page`: address bits 43:12. */
const indexAt = (level: number, hi: number, page: number): number =>
  level < 4 ? (page >>> (9 * level - 9)) & 0x1ff : (hi >>> (9 * level - 29)) & 0x1ff;
