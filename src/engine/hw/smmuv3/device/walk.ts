import { ATS_REQUEST, PRIVILEGED, READ, WRITE, type Access } from '../../port';
import { F_ACCESS, F_ADDR_SIZE, F_PERMISSION, F_TRANSLATION } from '../reasons';
import * as s from '../structs';
import { CD_CTX, CD_FLAGS, CD_KIND, CD_TT0, FLAG_AFFD, FLAG_HA, FLAG_HD } from './cd-layout';
import {
  D_AT_HI,
  D_AT_LO,
  D_CTX,
  D_FOR_LEVEL,
  D_HI,
  D_KIND,
  D_LEVEL,
  D_LIMITS,
  D_LO,
  D_NESTED,
  Descent,
  FAULT_CLASS,
  FAULT_TTRNW,
  FOR_OUTPUT,
  ofSecondStage,
} from './descent';
import { isDeviceMemory, required, stage1Permissions, stage2Permissions } from './permissions';
import {
  FLAG_S2AFFD,
  FLAG_S2FWB,
  FLAG_S2HA,
  FLAG_S2HD,
  FLAG_S2PTW,
  MODE_NESTED,
  STE_FLAGS,
  STE_MODE,
  STE_TT,
  STE_VMID,
  STE_WORDS,
} from './ste';
import {
  ALL_PERMS,
  DEVICE_MEMORY,
  GLOBAL,
  KIND_MASK,
  KIND_S2,
  L_KIND,
  L_PA_HI,
  L_PA_LO,
  L_PERMS,
  L_SIZE,
  LEAF_WORDS,
  PRIV_SHIFT,
} from './tlb';
import { TT_GRANULE, TT_LEVEL, TT_MASK, TT_OVER_HI, TT_OVER_LO, TT_SHIFT } from './translation-table';

const WRITES = WRITE | (WRITE << PRIV_SHIFT);

/**
 * Translation table walks: stage 1, stage 2, and one through the other.
 *
 * Spec: Arm Architecture Reference Manual (DDI 0487), AArch64.S1Translate(), AArch64.S2Translate(); SMMU (IHI 0070)
 * sections 3.4 "Address sizes" and 3.13 "Translation tables and Access flag/Dirty state"
 *
 * The order of checks at a leaf: output size, access flag, permission, update of its flags; only then stage 2 of what
 * stage 1 came to. Without caches it is a walk for people: it changes nothing, flags in tables neither.
 */
export class Walker extends Descent {
  /** The leaf that the last walk found. */
  readonly leaf = new Int32Array(LEAF_WORDS);
  /** Output of stage 1 in the last walk and log2 of its size: what split-stage ATS answers with. */
  readonly ipa = new Int32Array(3);
  /** Output of the last stage 2. */
  readonly second = new Int32Array(LEAF_WORDS);
  /** The stream table entry and the context descriptor in use, decoded, and where in their arrays they are. */
  private ste: Int32Array = new Int32Array(STE_WORDS);
  private steAt = 0;
  private cd: Int32Array = new Int32Array(0);
  private cdAt = 0;
  /** For people: the last walk was of stage 2, and of that alone. */
  servedStage2Alone = false;

  /** Whose configuration counts from here on. */
  serve(ste: Int32Array, steAt: number, cd: Int32Array, cdAt: number): void {
    this.ste = ste;
    this.steAt = steAt;
    this.cd = cd;
    this.cdAt = cdAt;
    this.meets = ste[steAt + STE_MODE] === MODE_NESTED;
    this.servedStage2Alone = false;
  }

  /** Only one stage is walked, though the stream may have two. */
  alone(): void {
    this.meets = false;
    this.servedStage2Alone = true;
  }

  /**
   * For people: entries of a table of the stream that was served last. The root has as many as the address width asks for:
   * fewer than a granule holds, or of stage 2 up to 16 tables side by side.
   */
  entriesOf(stage: 1 | 2, level: number, granuleLg2: number): number {
    const [t, tt] = stage === 2 ? [this.ste, this.steAt + STE_TT] : [this.cd, this.cdAt + CD_TT0];
    const root = t[tt + TT_LEVEL] === level && t[tt + TT_GRANULE] === granuleLg2;
    return root ? (t[tt + TT_MASK] as number) + 1 : 2 ** (granuleLg2 - 3);
  }

  /** For people: how stage 1 of the stream that was served last cuts addresses; null: it was not walked. */
  firstStageShape(): { granuleLg2: number; inputBits: number; startLevel: number } | null {
    const word = (n: number): number => this.cd[this.cdAt + CD_TT0 + n] ?? 0;
    if (this.servedStage2Alone || word(TT_GRANULE) === 0) return null;
    const inputBits = word(TT_SHIFT) + Math.log2(word(TT_MASK) + 1);
    return { granuleLg2: word(TT_GRANULE), inputBits, startLevel: word(TT_LEVEL) };
  }

  /** Through stage 1, and stage 2 where the stream has one: 0 and `leaf`, or the event. `tt`: which of the CD's tables. */
  stage1(tt: number, hi: number, lo: number, access: Access): number {
    const d = this.one;
    d[D_CTX] = this.cd[this.cdAt + CD_CTX] as number;
    d[D_KIND] = (this.cd[this.cdAt + CD_KIND] as number) & KIND_MASK;
    d[D_NESTED] = this.meets ? 1 : 0;
    const reason = this.descend(d, this.cd, tt, hi, lo);
    if (reason !== 0) return reason;
    const judged = this.judge1(tt, hi, lo, access);
    return judged !== 0 || !this.meets ? judged : this.outputThroughStage2(access);
  }

  /** Stage 2 alone: 0 and `leaf`, or the event. */
  stage2(hi: number, lo: number, access: Access): number {
    this.two[D_FOR_LEVEL] = FOR_OUTPUT;
    const reason = this.walk2(hi, lo, access, s.CLASS_IN);
    this.leaf.set(this.second);
    return reason;
  }

  /** Stage 2 of what the unit itself reads or writes: 0 and its address in `second`, or the event. */
  internal(hi: number, lo: number, need: Access, cls: number, forLevel: number): number {
    this.two[D_FOR_LEVEL] = forLevel;
    this.fault[FAULT_TTRNW] = need === READ ? 1 : 0;
    const reason = this.lookup2(hi, lo, need, cls);
    if (reason !== 0) return reason;
    const device = ((this.second[L_PERMS] as number) & DEVICE_MEMORY) !== 0;
    const refused = device && ((this.ste[this.steAt + STE_FLAGS] as number) & FLAG_S2PTW) !== 0;
    return refused ? this.refuse2(F_PERMISSION, cls, hi, lo) : 0;
  }

  protected fetchNested(hi: number, lo: number, level: number): number {
    const reason = this.internal(hi, lo, READ, s.CLASS_TT, 3 - level);
    if (reason !== 0) return -reason;
    return this.fetch(this.one, this.second[L_PA_HI] as number, this.second[L_PA_LO] as number);
  }

  /** Judges the leaf that stage 1 came to; its output into `leaf`. */
  private judge1(tt: number, hi: number, lo: number, access: Access): number {
    const d = this.one;
    const { leaf } = this;
    const flags = this.cd[this.cdAt + CD_FLAGS] as number;
    const descLo = d[D_LO] as number;
    if (!this.place(d, this.cd, tt, hi, lo, leaf)) return this.refuse1(F_ADDR_SIZE);
    if ((descLo & s.DESC_AF) === 0 && (flags & (FLAG_HA | FLAG_AFFD)) === 0) return this.refuse1(F_ACCESS);
    let perms = stage1Permissions(flags, d[D_HI] as number, descLo, d[D_LIMITS] as number);
    if (denies(perms, access)) return this.refuse1(F_PERMISSION);
    if ((flags & FLAG_HA) !== 0) {
      const dirties = wantsWrite(access, perms);
      const reason = this.update1(flags, dirties);
      if (reason !== 0) return reason;
      // Still clean: a later write must come by here.
      if (!dirties && (descLo & s.S1_AP_RO) !== 0) perms &= ~WRITES;
    }
    leaf[L_PERMS] = perms;
    if ((descLo & s.S1_NG) === 0) leaf[L_KIND] = (leaf[L_KIND] as number) | GLOBAL;
    this.ipa[0] = leaf[L_PA_HI] as number;
    this.ipa[1] = leaf[L_PA_LO] as number;
    this.ipa[2] = leaf[L_SIZE] as number;
    return 0;
  }

  /** Hardware keeps access flags and dirty state: writes a stage-1 descriptor. */
  private update1(flags: number, dirties: boolean): number {
    const d = this.one;
    const descLo = d[D_LO] as number;
    const dirty = dirties && (flags & FLAG_HD) !== 0 && ((d[D_HI] as number) & s.DESC_DBM) !== 0;
    const next = (descLo | s.DESC_AF) & (dirty ? ~s.S1_AP_RO : -1);
    if (next === descLo || this.secret) return 0;
    const hi = d[D_AT_HI] as number;
    const lo = d[D_AT_LO] as number;
    if (d[D_NESTED] === 0) return this.write(d, hi, lo, next);
    const reason = this.internal(hi, lo, WRITE, s.CLASS_TT, 3 - (d[D_LEVEL] as number));
    if (reason !== 0) return reason;
    return this.write(d, this.second[L_PA_HI] as number, this.second[L_PA_LO] as number, next);
  }

  /** The output of stage 1 is an IPA. */
  private outputThroughStage2(access: Access): number {
    const { leaf, second } = this;
    const perms = leaf[L_PERMS] as number;
    // An ATS request that stage 1 grants nothing goes no further. Spec: section 3.9.1.2
    if ((access & ATS_REQUEST) !== 0 && (perms & required(READ | WRITE | (access & PRIVILEGED))) === 0)
      return 0;
    this.two[D_FOR_LEVEL] = FOR_OUTPUT;
    const reason = this.walk2(leaf[L_PA_HI] as number, leaf[L_PA_LO] as number, access, s.CLASS_IN);
    if (reason !== 0) return reason;
    leaf[L_PA_HI] = second[L_PA_HI] as number;
    leaf[L_PA_LO] = second[L_PA_LO] as number;
    leaf[L_PERMS] = perms & (second[L_PERMS] as number) & ALL_PERMS;
    leaf[L_SIZE] = Math.min(leaf[L_SIZE] as number, second[L_SIZE] as number);
    return 0;
  }

  /** Stage 2 of an internal access, by its cached translations or by a walk. */
  private lookup2(hi: number, lo: number, need: Access, cls: number): number {
    const { stage2Cache, second } = this;
    if (stage2Cache === null) return this.walk2(hi, lo, need, cls);
    const ctx = (this.ste[this.steAt + STE_VMID] as number) << 16;
    const at = stage2Cache.find(hi, lo, ctx, KIND_S2);
    if (at >= 0 && !denies(stage2Cache.perms(at), need)) {
      if (this.trace.on) this.tellIpa('hit', ctx, hi, lo);
      second[L_PA_HI] = stage2Cache.paHi(at, hi);
      second[L_PA_LO] = stage2Cache.paLo(at, lo);
      second[L_PERMS] = stage2Cache.perms(at);
      second[L_SIZE] = stage2Cache.sizeLg2(at);
      return 0;
    }
    if (this.trace.on) this.tellIpa('miss', ctx, hi, lo);
    const reason = this.walk2(hi, lo, need, cls);
    if (reason !== 0) return reason;
    if (at >= 0) stage2Cache.drop(at);
    stage2Cache.fill(hi, lo, ctx, KIND_S2, second);
    if (this.trace.on) this.tellIpa('fill', ctx, hi, lo);
    return 0;
  }

  private walk2(hi: number, lo: number, need: Access, cls: number): number {
    const d = this.two;
    const { second, ste, steAt } = this;
    const tt = steAt + STE_TT;
    this.fault[FAULT_CLASS] = cls;
    d[D_CTX] = (ste[steAt + STE_VMID] as number) << 16;
    d[D_KIND] = KIND_S2;
    if (((hi & (ste[tt + TT_OVER_HI] as number)) | (lo & (ste[tt + TT_OVER_LO] as number))) !== 0)
      return this.refuse2(F_TRANSLATION, cls, hi, lo);
    const reason = this.descend(d, ste, tt, hi, lo);
    if (reason !== 0) return reason;
    const flags = ste[steAt + STE_FLAGS] as number;
    const descLo = d[D_LO] as number;
    if (!this.place(d, ste, tt, hi, lo, second)) return this.refuse2(F_ADDR_SIZE, cls, hi, lo);
    if ((descLo & s.DESC_AF) === 0 && (flags & (FLAG_S2HA | FLAG_S2AFFD)) === 0)
      return this.refuse2(F_ACCESS, cls, hi, lo);
    let perms = stage2Permissions(flags, d[D_HI] as number, descLo, this.config.xnx);
    if (denies(perms, need)) return this.refuse2(F_PERMISSION, cls, hi, lo);
    if ((flags & FLAG_S2HA) !== 0) {
      const dirties = wantsWrite(need, perms);
      const updated = this.update2(flags, dirties);
      if (updated !== 0) return updated;
      if (!dirties && (descLo & s.S2_AP_WRITE) === 0) perms &= ~WRITES;
    }
    second[L_PERMS] = perms | (isDeviceMemory((flags & FLAG_S2FWB) !== 0, descLo) ? DEVICE_MEMORY : 0);
    return 0;
  }

  private update2(flags: number, dirties: boolean): number {
    const d = this.two;
    const descLo = d[D_LO] as number;
    const dirty = dirties && (flags & FLAG_S2HD) !== 0 && ((d[D_HI] as number) & s.DESC_DBM) !== 0;
    const next = descLo | s.DESC_AF | (dirty ? s.S2_AP_WRITE : 0);
    if (next === descLo || this.secret) return 0;
    return this.write(d, d[D_AT_HI] as number, d[D_AT_LO] as number, next);
  }

  private tellIpa(op: 'hit' | 'miss' | 'fill', ctx: number, hi: number, lo: number): void {
    this.trace.note(ofSecondStage, this.config.unit, op, KIND_S2, ctx, hi, lo);
  }
}

/** Whether an access lacks a permission. ATS requests take what they get. */
export const denies = (perms: number, access: Access): boolean =>
  (access & ATS_REQUEST) === 0 && (required(access) & ~perms) !== 0;

/** Whether an access makes a page dirty: it may write there, and means to. */
const wantsWrite = (access: Access, perms: number): boolean =>
  (access & WRITE) !== 0 && (perms & required(access & (WRITE | PRIVILEGED))) !== 0;
