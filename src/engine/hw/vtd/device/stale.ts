import { silent } from '../../../trace/trace';
import { LEAF_LEVEL, PA_HI, PA_LO } from '../../port';
import { TTM_LEGACY, TTM_SCALABLE } from '../regs';
import { FS_RW, FS_US, PGTT_NESTED, PGTT_SECOND } from '../structs';
import { framePfn } from './context';
import { CTX_DIRECTORY_PFN, CTX_LEVELS, CTX_PASID_LIMIT, CTX_WORDS } from './context-cache';
import type { VtdDevice } from './device';
import { KEPT_PERMS, NEGATIVE, type CachedTranslation } from './iotlb';
import {
  PE_DID,
  PE_FLAGS,
  PE_FS_HI,
  PE_FS_LEVELS,
  PE_FS_LO,
  PE_SPACE,
  PE_SS_LEVELS,
  PE_SS_ROOT_PFN,
  PE_TYPE,
  PE_WORDS,
} from './pasid-cache';
import type { CachedTable } from './walk-cache';
import { indexAt } from './walk';

const OA_HI_MASK = 0xf_ffff;
/** Contexts and PASID entries that are looked at before giving up: garbage may point anywhere. */
const BUDGET = 200_000;
/** What a page of a PASID directory counts for. */
const PAGE_COST = 8;

/**
 * Whether what is cached still stands in memory: everything is read anew, past all caches, and nothing is changed.
 *
 * A translation is judged by the tables that memory names for its domain id (and PASID) now.
 */
export class Freshness {
  /** Rows of PE_* words by domain id and space. */
  private readonly rows = new Map<string, Int32Array>();
  private scanned = false;
  private budget = BUDGET;

  constructor(private readonly device: VtdDevice) {}

  /** A context that was cached for a source. */
  contextIsStale(rid: number, at: number): boolean {
    const { state, lookup } = this.device;
    const cached = state.contextCache.entries.subarray(at + 2, at + CTX_WORDS);
    const legacy = state.rootMode === TTM_LEGACY;
    const now = legacy ? lookup.contexts.out : lookup.scalable.context;
    if (legacy) lookup.contexts.read(state.rootPfn, rid, silent);
    else lookup.scalable.readContext(state.rootPfn, rid, silent);
    return differ(cached, now.subarray(2, CTX_WORDS));
  }

  pasidIsStale(rid: number, pasid: number, at: number): boolean {
    const { state, lookup } = this.device;
    const { scalable } = lookup;
    if (scalable.readContext(state.rootPfn, rid, silent) !== 0) return true;
    if (pasid >= (scalable.context[CTX_PASID_LIMIT] as number)) return true;
    scalable.readPasid(scalable.context, 0, pasid, silent);
    const cached = state.pasidCache.entries.subarray(at + 2, at + PE_WORDS);
    return differ(cached, scalable.pasid.subarray(2, PE_WORDS));
  }

  translationIsStale(entry: CachedTranslation): boolean {
    const now = this.translationNow(entry);
    if (now === null) return true;
    const { reason, out } = now;
    if ((entry.perms & NEGATIVE) !== 0) return reason !== entry.paHi;
    return (
      reason !== 0 ||
      out[PA_LO] !== entry.paLo ||
      out[PA_HI] !== entry.paHi ||
      out[KEPT_PERMS] !== entry.perms ||
      12 + 9 * (out[LEAF_LEVEL] as number) !== entry.sizeLg2
    );
  }

  /** What the tables say now of an address that is cached: a reason, or the answer in `out`; null: nobody has that tag. */
  translationNow(entry: CachedTranslation): { readonly reason: number; readonly out: Int32Array } | null {
    const row = this.rowOf(entry.did, entry.space);
    return row === undefined
      ? null
      : this.device.look(row, 0, signed(entry.iovaHi, entry.space), entry.iovaLo);
  }

  tableIsStale(entry: CachedTable): boolean {
    const row = this.rowOf(entry.did, entry.space);
    if (row === undefined) return true;
    const hi = signed(entry.iovaHi, entry.space);
    return entry.space === 0 ? !this.secondLeadsTo(row, entry, hi) : !this.firstLeadsTo(row, entry, hi);
  }

  interruptIsStale(index: number, at: number): boolean {
    const { state } = this.device;
    const { memory, interruptTablePfn, interruptCache } = state;
    const offset = index * 16;
    const base = interruptTablePfn < 0 ? -1 : memory.frameBase(interruptTablePfn + (offset >> 12));
    if (base < 0 || index >= state.interruptEntries) return true;
    const now = memory.words.subarray(base + ((offset & 0xfff) >> 2), base + ((offset & 0xfff) >> 2) + 4);
    return differ(interruptCache.entries.subarray(at + 2, at + 6), now);
  }

  private secondLeadsTo(row: Int32Array, entry: CachedTable, hi: number): boolean {
    const { device } = this;
    let pfn = row[PE_SS_ROOT_PFN] as number;
    let perms = 3;
    for (let level = (row[PE_SS_LEVELS] as number) - 1; level > entry.level; level--) {
      const at = this.wordsAt(pfn, indexAt(level, hi, entry.iovaLo));
      if (at === null || device.rules.classify(level, at.hi, at.lo) !== 1) return false;
      perms &= at.lo;
      pfn = framePfn(at.hi & OA_HI_MASK, at.lo);
    }
    return pfn === entry.pfn && perms === entry.perms;
  }

  private firstLeadsTo(row: Int32Array, entry: CachedTable, hi: number): boolean {
    const { walks } = this.device;
    const nested = row[PE_TYPE] === PGTT_NESTED;
    let table = { hi: row[PE_FS_HI] as number, lo: row[PE_FS_LO] as number };
    let allowed = FS_RW | FS_US;
    for (let level = (row[PE_FS_LEVELS] as number) - 1; level > entry.level; level--) {
      const pfn = nested ? this.behind(row, table.hi, table.lo) : framePfn(table.hi, table.lo);
      const at = this.wordsAt(pfn, indexAt(level, hi, entry.iovaLo));
      if (at === null || walks.firstRules.classify(level, at.hi, at.lo) !== 1) return false;
      allowed &= at.lo;
      table = { hi: at.hi & OA_HI_MASK, lo: at.lo & ~0xfff };
    }
    const pfn = nested ? this.behind(row, table.hi, table.lo) : framePfn(table.hi, table.lo);
    return pfn === entry.pfn && allowed === (entry.perms & (FS_RW | FS_US));
  }

  /** Frame that the second stage has for a guest-physical address, -1 for none. */
  private behind(row: Int32Array, hi: number, lo: number): number {
    const second = Int32Array.from(row);
    second[PE_TYPE] = PGTT_SECOND;
    const { reason, out } = this.device.look(second, 0, hi, lo);
    return reason === 0 ? framePfn(out[PA_HI] as number, out[PA_LO] as number) : -1;
  }

  private wordsAt(pfn: number, index: number): { hi: number; lo: number } | null {
    const { memory } = this.device.state;
    const base = pfn < 0 ? -1 : memory.frameBase(pfn);
    if (base < 0) return null;
    return { lo: memory.words[base + index * 2] as number, hi: memory.words[base + index * 2 + 1] as number };
  }

  /** The tables of a domain id and space. Finding them takes a look at every entry, once for all who ask. */
  private rowOf(did: number, space: number): Int32Array | undefined {
    const { rootMode } = this.device.state;
    if (!this.scanned && (rootMode === TTM_LEGACY || rootMode === TTM_SCALABLE)) {
      this.scan(rootMode === TTM_SCALABLE);
    }
    this.scanned = true;
    return this.rows.get(key(did, space));
  }

  /** Finds the tables of every domain id in memory. */
  private scan(scalable: boolean): void {
    const { state } = this.device;
    const { memory, rootPfn } = state;
    const rootBase = rootPfn < 0 ? -1 : memory.frameBase(rootPfn);
    for (let bus = 0; rootBase >= 0 && bus < 256; bus++) {
      const lower = memory.words[rootBase + bus * 4] as number;
      const upper = memory.words[rootBase + bus * 4 + 2] as number;
      for (let devfn = 0; devfn < 256; devfn++) {
        const present = scalable && devfn >= 128 ? upper : lower;
        if ((present & 1) === 0 || --this.budget < 0) continue;
        if (scalable) this.scanPasids((bus << 8) | devfn);
        else this.scanContext((bus << 8) | devfn);
      }
    }
  }

  private scanContext(rid: number): void {
    const { contexts } = this.device.lookup;
    if (contexts.read(this.device.state.rootPfn, rid, silent) !== 0) return;
    if (contexts.out[CTX_LEVELS] !== 0) this.keep(contexts.out);
  }

  private scanPasids(rid: number): void {
    const { state, lookup } = this.device;
    const { scalable } = lookup;
    if (scalable.readContext(state.rootPfn, rid, silent) !== 0) return;
    const directory = scalable.context[CTX_DIRECTORY_PFN] as number;
    const pages = Math.ceil((scalable.context[CTX_PASID_LIMIT] as number) / (64 * 512));
    for (let page = 0; page < pages && this.budget >= 0; page++) {
      this.budget -= PAGE_COST;
      const base = directory < 0 ? -1 : state.memory.frameBase(directory + page);
      if (base >= 0) this.scanDirectoryPage(base, page * 512);
    }
  }

  /** Directories are large and nearly empty. */
  private scanDirectoryPage(base: number, firstBlock: number): void {
    const { memory } = this.device.state;
    const { scalable } = this.device.lookup;
    for (let n = 0; n < 512; n++) {
      if (((memory.words[base + n * 2] as number) & 1) === 0) continue;
      for (let k = 0; k < 64 && --this.budget >= 0; k++) {
        const pasid = (firstBlock + n) * 64 + k;
        if (pasid >= (scalable.context[CTX_PASID_LIMIT] as number)) return;
        if (scalable.readPasid(scalable.context, 0, pasid, silent) === 0) this.keep(scalable.pasid);
      }
    }
  }

  private keep(row: Int32Array): void {
    const copy = new Int32Array(PE_WORDS);
    copy.set(row.subarray(0, PE_WORDS));
    // Of a legacy context the flags mean something else, and lie elsewhere.
    if (this.device.state.rootMode === TTM_LEGACY) copy[PE_FLAGS] = 0;
    const did = copy[PE_DID] as number;
    this.rows.set(key(did, copy[PE_SPACE] as number), copy);
    // Nested: guest-physical addresses are cached under the domain alone.
    if (copy[PE_TYPE] === PGTT_NESTED && !this.rows.has(key(did, 0))) {
      const second = Int32Array.from(copy);
      second[PE_TYPE] = PGTT_SECOND;
      second[PE_SPACE] = 0;
      this.rows.set(key(did, 0), second);
    }
  }
}

const key = (did: number, space: number): string => `${did} ${space}`;

/** Addresses of a first stage repeat their highest bit above what the tags keep. */
const signed = (hi: number, space: number): number => (space === 0 ? hi : (hi << 7) >> 7);

const differ = (a: Int32Array, b: Int32Array): boolean => a.some((word, n) => word !== b[n]);
