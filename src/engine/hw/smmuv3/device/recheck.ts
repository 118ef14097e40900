import { addressOf } from '../../../../lib/u64';
import { silent } from '../../../trace/trace';
import { ATS_REQUEST, READ } from '../../port';
import { CdReader } from './cd';
import { CD_CTX, CD_KIND, CD_TT0, CD_TT1, CD_WORDS } from './cd-layout';
import type { SmmuV3 } from './device';
import { MODE_NESTED, MODE_S1, MODE_S2, SteReader, STE_MODE, STE_VMID, STE_WORDS } from './ste';
import {
  KIND_MASK,
  KIND_S2,
  L_PA_HI,
  L_PA_LO,
  L_PERMS,
  L_SIZE,
  ALL_PERMS,
  type CachedTranslation,
} from './tlb';
import { TT_GRANULE, TT_OVER_HI, TT_OVER_LO, TT_ROOT_HI, TT_ROOT_LO } from './translation-table';
import { Walker } from './walk';
import type { CachedPointer } from './walk-cache';

/** Configuration as memory has it now. */
interface Context {
  readonly ste: Int32Array;
  /** Null: stage 2 alone. */
  readonly cd: Int32Array | null;
}

/**
 * Asks the tables in memory again, without caches, and compares: whether what is cached is still so. Nobody notices it.
 */
export class Reader {
  private readonly stes: SteReader;
  private readonly cds: CdReader;
  private readonly walker: Walker;
  /** By what tags translations: regime, VMID and ASID; and stage 2 by VMID. */
  private readonly contexts = new Map<string, Context>();

  constructor(private readonly device: SmmuV3) {
    const { state } = device;
    this.stes = new SteReader(state.reader, state.config, state);
    this.cds = new CdReader(state.reader, state.config);
    this.walker = new Walker(state.reader, state.config, null);
    for (const key of state.met) this.meet(Math.floor(key / 2 ** 20), key % 2 ** 20);
  }

  steIsStale(sid: number, at: number): boolean {
    const ste = this.readSte(sid);
    return ste === null || differs(ste, this.device.state.steCache.entries, at, STE_WORDS);
  }

  cdIsStale(sid: number, ssid: number, at: number): boolean {
    const ste = this.readSte(sid);
    const cd = ste === null ? null : this.readCd(ste, ssid);
    return cd === null || differs(cd, this.device.state.cdCache.entries, at, CD_WORDS);
  }

  rootOf(at: number): number {
    const { entries } = this.device.state.cdCache;
    const tt = at + CD_TT0;
    return addressOf(entries[tt + TT_ROOT_HI] as number, entries[tt + TT_ROOT_LO] as number);
  }

  translationIsStale(entry: CachedTranslation): boolean {
    const now = this.translationNow(entry);
    if (now === null) return true;
    const { reason, leaf } = now;
    const perms = entry.perms & ALL_PERMS;
    return !(
      reason === 0 &&
      leaf[L_PA_HI] === entry.paHi &&
      ((leaf[L_PA_LO] as number) & ~0xfff) === entry.paLo &&
      (leaf[L_SIZE] as number) >= entry.sizeLg2 &&
      // It may grant less, while a page is clean; never more.
      (perms & ~(leaf[L_PERMS] as number)) === 0
    );
  }

  /** What the tables say now: the walker's leaf, or the event; null: nobody has that tag any more. */
  translationNow(entry: CachedTranslation): { readonly reason: number; readonly leaf: Int32Array } | null {
    const context = this.contextOf(entry.kind, entry.vmid, entry.asid, entry.global);
    if (context === null) return null;
    const reason = this.walk(context, entry.hi, entry.lo);
    return { reason, leaf: context.cd === null ? this.walker.second : this.walker.leaf };
  }

  pointerIsStale(pointer: CachedPointer): boolean {
    const context = this.contextOf(pointer.kind, pointer.vmid, pointer.asid, false);
    if (context === null) return true;
    const { walker } = this;
    const path = context.cd === null ? walker.path2 : walker.path1;
    path.fill(-1);
    this.walk(context, pointer.hi, pointer.lo);
    return path[2 * pointer.level] !== pointer.tableHi || path[2 * pointer.level + 1] !== pointer.tableLo;
  }

  private walk({ ste, cd }: Context, hi: number, lo: number): number {
    const { walker } = this;
    walker.serve(ste, 0, cd ?? NOTHING, 0);
    if (cd === null) {
      walker.alone();
      return walker.stage2(hi, lo, READ | ATS_REQUEST);
    }
    const high = (hi & 0x80_0000) !== 0;
    const tt = high ? CD_TT1 : CD_TT0;
    const over =
      ((high ? ~hi : hi) & (cd[tt + TT_OVER_HI] as number)) |
      ((high ? ~lo : lo) & (cd[tt + TT_OVER_LO] as number));
    // A table that is off has no granule either.
    return over !== 0 || cd[tt + TT_GRANULE] === 0 ? -1 : walker.stage1(tt, hi, lo, READ | ATS_REQUEST);
  }

  /** A stream that the unit has had to do with: what its entry says now. */
  private meet(sid: number, ssid: number): void {
    const ste = this.readSte(sid);
    if (ste === null) return;
    const mode = ste[STE_MODE] as number;
    if (mode === MODE_S2 || mode === MODE_NESTED)
      this.contexts.set(keyOf(KIND_S2, ste[STE_VMID] as number, 0), { ste, cd: null });
    if (mode !== MODE_S1 && mode !== MODE_NESTED) return;
    const cd = this.readCd(ste, ssid);
    if (cd === null) return;
    const ctx = cd[CD_CTX] as number;
    const kind = (cd[CD_KIND] as number) & KIND_MASK;
    this.contexts.set(keyOf(kind, ctx >>> 16, ctx & 0xffff), { ste, cd });
    this.contexts.set(keyOf(kind, ctx >>> 16, -1), { ste, cd });
  }

  private contextOf(kind: number, vmid: number, asid: number, global: boolean): Context | null {
    const own = this.contexts.get(keyOf(kind, vmid, kind === KIND_S2 ? 0 : asid));
    return own ?? (global ? (this.contexts.get(keyOf(kind, vmid, -1)) ?? null) : null);
  }

  private readSte(sid: number): Int32Array | null {
    return this.stes.read(sid, silent) === 0 ? this.stes.out.slice() : null;
  }

  private readCd(ste: Int32Array, ssid: number): Int32Array | null {
    this.walker.serve(ste, 0, NOTHING, 0);
    return this.cds.read(this.walker, ste, 0, ssid, silent) === 0 ? this.cds.out.slice() : null;
  }
}

const NOTHING = new Int32Array(CD_WORDS);

const keyOf = (kind: number, vmid: number, asid: number): string => `${kind} ${vmid} ${asid}`;

/** Tags apart, which only the cache sets. */
const differs = (now: Int32Array, cached: Int32Array, at: number, words: number): boolean =>
  now.some((word, n) => n > 1 && n < words && word !== cached[at + n]);
