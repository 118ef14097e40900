import {
  EXECUTE,
  LEAF_LEVEL,
  LEAF_PERMS,
  PA_HI,
  PA_LO,
  PRIVILEGED,
  READ,
  TRANSLATED,
  WALKED,
  WRITE,
  type TranslateStatus,
} from '../../port';
import * as s from '../structs';
import type { LastServed } from './last-served';
import { permsFor, required } from './permissions';
import { BOTTOM, BOTTOM_MASK, OF_ONE, OF_TABLES, OF_TWO, QuickDescent, STOPS, TABLE } from './quick-descent';
import { permissionBits, QUICK_PERMISSIONS } from './quick-permissions';
import { WALK_NESTED, WALK_NONE, type Source, type Sources, type Stage } from './sources';
import {
  ALL_PERMS,
  DATA_HI,
  DATA_LO,
  DEVICE_MEMORY,
  GLOBAL,
  GRANULE_SHIFT,
  HINT_MASK,
  KIND_S2,
  L_KIND,
  L_PA_HI,
  L_PA_LO,
  L_PERMS,
  L_SIZE,
  LEAF_WORDS,
  LEVEL_SHIFT,
  SMALL,
  TAG_HI,
  TLB_CTX,
  TLB_PERMS,
  type Tlb,
} from './tlb';
import type { SmmuState } from './unit';

const RWX = READ | WRITE | EXECUTE;
/** What else asks for is not plain. */
const PLAIN = RWX | PRIVILEGED;
/** The way of the document has to be gone. */
export const GIVEN_UP = -1;
const LEAF = s.DESC_VALID | s.DESC_AF;

/**
 * The way of a plain request from a source that is known, where nothing stands in its way: no flag to set, no limit on what
 * a table grants, no contiguous run. Whatever else it meets, it gives up before anything has changed, and the way of the
 * document says what it is.
 *
 * It finds what the way of the document finds and leaves every cache as that does, which the tests hold it to. All of it is
 * integers: a miss costs little more than its loads.
 */
export class QuickWalk extends QuickDescent {
  /** What stage 2 says of a table, to be cached once the walk has come to something good. */
  private readonly tableLeaf = new Int32Array(LEAF_WORDS);
  /** Its IPA's frame; -1 for none. */
  private tableIpa = -1;
  private readonly sources: Sources;
  private readonly lastServed: LastServed;
  private readonly tlb: Tlb;
  private readonly stage2Cache: Tlb;
  private readonly stage2Entries: Int32Array;

  constructor(
    state: SmmuState,
    /** Where the answer goes. */
    private readonly result: Int32Array,
  ) {
    super(state);
    this.sources = state.sources;
    this.lastServed = state.lastServed;
    this.tlb = state.tlb;
    this.stage2Cache = state.stage2Cache;
    this.stage2Entries = state.stage2Cache.entries;
  }

  /** How a request came out, with its answer in `result`; or GIVEN_UP. */
  serve(
    sid: number,
    hi: number,
    lo: number,
    access: number,
    ssid: number,
  ): TranslateStatus | typeof GIVEN_UP {
    const { tlb, result } = this;
    const source = this.sources.placeOf(sid, ssid);
    if (source.sid !== sid || source.ssid !== ssid || access > PLAIN || (hi & source.overHi) !== 0)
      return GIVEN_UP;
    this.lastServed.source = source;
    const entry = tlb.find(hi, lo, source.ctx, source.kind);
    if (entry >= 0) {
      if ((required(access) & ~tlb.perms(entry)) !== 0) return GIVEN_UP;
      result[PA_LO] = tlb.paLo(entry, lo);
      result[PA_HI] = tlb.paHi(entry, hi);
      return TRANSLATED;
    }
    const { walk } = source;
    if (walk === WALK_NONE || this.memory.hazards !== null) return GIVEN_UP;
    const found =
      walk === WALK_NESTED ? this.nested(source, hi, lo, access) : this.single(source, hi, lo, access);
    return found ? WALKED : GIVEN_UP;
  }

  /** One stage alone. Whether it found the way; then the answer is in `result`, and cached. */
  private single(source: Source, hi: number, lo: number, access: number): boolean {
    const { one } = source;
    if ((hi & one.overHi) !== 0) return false;
    const small = one.small && !this.caching;
    const index = small ? this.descendSmall(one, OF_ONE, hi, lo) : this.descend(one, OF_ONE, hi, lo);
    if (index < 0) return false;
    const { level, shift, result } = this;
    const { words } = this.memory;
    const descLo = words[index] as number;
    const descHi = words[index + 1] as number;
    const perms = judge(one, level, descHi, descLo);
    if ((required(access) & ~perms) !== 0 || perms === 0) return false;
    if (this.caching) this.remember(one, hi, lo);
    const offset = (1 << shift) - 1;
    const paLo = (descLo & ~offset) | (lo & offset);
    const paHi = descHi & 0xffff;
    result[PA_LO] = paLo;
    result[PA_HI] = paHi;
    result[LEAF_LEVEL] = 3 - level;
    result[LEAF_PERMS] = permsFor(perms, access);
    const kind = source.fillKind | leafKind(one, level, descLo);
    this.tlb.enter(hi, lo, source.ctx, kind, shift, paHi, paLo, perms);
    return true;
  }

  /** Stage 1 through stage 2. */
  private nested(source: Source, hi: number, lo: number, access: number): boolean {
    const { one, two } = source;
    const { words } = this.memory;
    if ((hi & one.overHi) !== 0) return false;
    this.tableIpa = -1;
    let index = this.descendNested(one, two, hi, lo);
    if (index < 0) return false;
    const { level, shift: firstShift } = this;
    const firstLo = words[index] as number;
    const firstHi = words[index + 1] as number;
    const firstPerms = judge(one, level, firstHi, firstLo);
    if ((required(access) & ~firstPerms) !== 0 || firstPerms === 0) return false;
    const inFirst = (1 << firstShift) - 1;
    const ipaLo = (firstLo & ~inFirst) | (lo & inFirst);
    const ipaHi = firstHi & 0xffff;
    if ((ipaHi & two.overHi) !== 0) return false;
    index = this.descend(two, OF_TWO, ipaHi, ipaLo);
    if (index < 0) return false;
    const { shift, result } = this;
    const descLo = words[index] as number;
    const descHi = words[index + 1] as number;
    const secondPerms = judge(two, this.level, descHi, descLo);
    if ((required(access) & ~secondPerms) !== 0 || secondPerms === 0) return false;
    if (this.tableIpa >= 0) this.rememberTable(two);
    if (this.caching) this.remember(two, ipaHi, ipaLo);
    const perms = firstPerms & secondPerms & ALL_PERMS;
    const offset = (1 << shift) - 1;
    const paLo = (descLo & ~offset) | (ipaLo & offset);
    const paHi = descHi & 0xffff;
    result[PA_LO] = paLo;
    result[PA_HI] = paHi;
    result[LEAF_LEVEL] = 3 - level;
    result[LEAF_PERMS] = permsFor(perms, access);
    // Where the page lies is told by stage 2; what is cached of it is the smaller of the two.
    const size = firstShift < shift ? firstShift : shift;
    const kind = source.fillKind | leafKind(one, level, firstLo);
    this.tlb.enter(hi, lo, source.ctx, kind, size, paHi, paLo, perms);
    return true;
  }

  /** The same for a stage 1 whose tables lie in IPA space. */
  private descendNested(one: Stage, two: Stage, hi: number, lo: number): number {
    const { near } = this;
    const memory = this.memory.words;
    const { granule } = one;
    const stride = granule - 3;
    const stops = one.farHi | STOPS;
    let { root: table, level, shift, mask } = one;
    if (this.caching) {
      table = one.small ? this.lastBottom(one, hi, lo) : -2;
      if (table >= 0) this.from = 3;
      else table = this.fromCache(one, hi, lo);
      if (table < 0) return -1;
      if (this.from > level) {
        level = this.from;
        shift = granule + (3 - level) * stride;
        mask = (1 << stride) - 1;
      }
    }
    for (;;) {
      const entry = (shift < 32 ? (lo >>> shift) | (hi << (32 - shift)) : hi >>> shift) & mask;
      const pfn = this.hostFrame(two, table + (entry >>> 9));
      const slot = OF_ONE + (level < 3 ? level << 1 : BOTTOM + ((pfn & BOTTOM_MASK) << 1));
      const base = near[slot] === pfn ? (near[slot + 1] as number) : this.meet(pfn, slot);
      if (base < 0) return -1;
      const index = base + ((entry & 0x1ff) << 1);
      const descLo = memory[index] as number;
      if (level === 3 || (descLo & TABLE) !== TABLE) {
        this.level = level;
        this.shift = shift;
        return index;
      }
      const descHi = memory[index + 1] as number;
      // A pointer that has to be cached would be so before stage 2 looks for its own.
      if ((descHi & stops) !== 0 || this.caching) return -1;
      table = ((descHi & 0x7ff) << 20) | ((descLo & ~((1 << granule) - 1)) >>> 12);
      level++;
      shift -= stride;
      mask = (1 << stride) - 1;
    }
  }

  /** The frame where a frame of stage-1 tables lies, by what is cached of stage 2 or by a walk; -2: given up. */
  private hostFrame(two: Stage, ipa: number): number {
    const { stage2Cache, stage2Entries: entries } = this;
    // What waits to be cached would be so by now: it might be what is looked for, or have taken its place.
    if (this.tableIpa >= 0) return -2;
    const hi = ipa >>> 20;
    const lo = ipa << 12;
    const { ctx } = two;
    let at = stage2Cache.hints[ipa & HINT_MASK] as number;
    if (entries[at] !== ipa || entries[at + TAG_HI] !== SMALL || entries[at + TLB_CTX] !== ctx)
      at = stage2Cache.find(hi, lo, ctx, KIND_S2);
    if (at < 0) return this.hostFrameByWalk(two, ipa);
    const perms = entries[at + TLB_PERMS] as number;
    if ((perms & READ) === 0 || (perms & two.protect) !== 0) return -2;
    if (entries[at + TAG_HI] === SMALL) {
      const farHi = entries[at + DATA_HI] as number;
      return farHi >>> 11 === 0 ? (farHi << 20) | ((entries[at + DATA_LO] as number) >>> 12) : -2;
    }
    const paHi = stage2Cache.paHi(at, hi);
    return paHi >>> 11 === 0 ? (paHi << 20) | (stage2Cache.paLo(at, lo) >>> 12) : -2;
  }

  private hostFrameByWalk(two: Stage, ipa: number): number {
    const hi = ipa >>> 20;
    const lo = ipa << 12;
    if ((hi & two.overHi) !== 0) return -2;
    const index = this.descend(two, OF_TABLES, hi, lo);
    if (index < 0) return -2;
    const { level, shift, tableLeaf } = this;
    // Pointers that have to be cached would be so before others are looked for.
    if (this.caching && this.from !== level) return -2;
    const { words } = this.memory;
    const descLo = words[index] as number;
    const descHi = words[index + 1] as number;
    const perms = judge(two, level, descHi, descLo);
    if ((perms & READ) === 0 || (perms & two.protect) !== 0 || (descHi & 0xf800) !== 0) return -2;
    const offset = (1 << shift) - 1;
    const paLo = (descLo & ~offset) | (lo & offset);
    if (this.stage2Cache.shape.sets > 0) {
      tableLeaf[L_SIZE] = shift;
      tableLeaf[L_PA_HI] = descHi & 0xffff;
      tableLeaf[L_PA_LO] = paLo;
      tableLeaf[L_PERMS] = perms;
      tableLeaf[L_KIND] = leafKind(two, level, descLo);
      this.tableIpa = ipa;
    }
    return ((descHi & 0xffff) << 20) | (paLo >>> 12);
  }

  private rememberTable(two: Stage): void {
    const ipa = this.tableIpa;
    this.stage2Cache.fill(ipa >>> 20, ipa << 12, two.ctx, KIND_S2, this.tableLeaf);
  }
}

/** What a leaf grants that is one as it stands, with DEVICE_MEMORY; 0: it is not, or grants nothing. */
function judge(stage: Stage, level: number, hi: number, lo: number): number {
  const wanted = level === 3 ? LEAF | s.DESC_TABLE : LEAF;
  if ((lo & wanted) !== wanted || (hi & (stage.farHi | s.DESC_CONTIGUOUS)) !== 0 || level < stage.topLeaf)
    return 0;
  const perms = QUICK_PERMISSIONS[stage.perms | permissionBits(hi, lo)] as number;
  return (lo & stage.memory) === 0 ? perms | DEVICE_MEMORY : perms;
}

/** Level, granule and GLOBAL of a leaf. */
const leafKind = (stage: Stage, level: number, lo: number): number =>
  (level << LEVEL_SHIFT) |
  (stage.kind & (3 << GRANULE_SHIFT)) |
  (((lo | stage.notGlobal) & s.S1_NG) === 0 ? GLOBAL : 0);
