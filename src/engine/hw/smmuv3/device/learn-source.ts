import * as s from '../structs';
import { CD_CTX, CD_FLAGS, CD_KIND, CD_TT0 } from './cd-layout';
import { granuleCode } from './descent';
import { quickPermissions1, quickPermissions2 } from './quick-permissions';
import { WALK_NESTED, WALK_NONE, WALK_SINGLE, type QuickWalkKind, type Source, type Stage } from './sources';
import {
  FLAG_S2FWB,
  FLAG_S2PTW,
  MODE_NESTED,
  STE_FLAGS,
  STE_MODE,
  STE_OVERRIDES,
  STE_TT,
  STE_VMID,
} from './ste';
import { DEVICE_MEMORY, GRANULE_SHIFT, KIND_MASK, KIND_S2 } from './tlb';
import {
  aboveHi,
  TT_BIG_ENDIAN,
  TT_FAR_HI,
  TT_FLAGS,
  TT_GRANULE,
  TT_LEVEL,
  TT_LPA,
  TT_MASK,
  TT_OFF,
  TT_OVER_HI,
  TT_OVER_LO,
  TT_ROOT_HI,
  TT_ROOT_LO,
  TT_SHIFT,
} from './translation-table';
import type { SmmuState } from './unit';

/** Of S2's MemAttr: a device is told by these being clear. */
const ATTRIBUTES_FWB = 4 << s.S2_MEMATTR_SHIFT;
const ATTRIBUTES = 0xc << s.S2_MEMATTR_SHIFT;

/**
 * Writes down how a source is served whose configuration is cached, so that its next request need not ask. `at`: of its
 * stream table entry; `cdAt`: of its context descriptor, -1 for stage 2 alone. Addresses of TTB1 are not for the quick way.
 */
export function learnSource(state: SmmuState, sid: number, ssid: number, at: number, cdAt: number): void {
  const { sources, config } = state;
  const source = sources.placeOf(sid, ssid);
  if (source.sid === sid && source.ssid === ssid) return;
  // Without caches each request reads its configuration; without BBML an address may have two translations.
  if (config.bbml === 0 || config.steCache.sets === 0 || config.cdCache.sets === 0) return;
  const ste = state.steCache.entries;
  const cd = state.cdCache.entries;
  if (ste[at + STE_OVERRIDES] !== 0) return;
  if (cdAt < 0) {
    source.overHi = aboveHi(config.oas);
    source.ctx = (ste[at + STE_VMID] as number) << 16;
    source.fillKind = KIND_S2;
    source.walk = putStage2(state, source.one, at) ? WALK_SINGLE : WALK_NONE;
  } else {
    const tt = cdAt + CD_TT0;
    // Addresses of so few bits are too rare to be looked at in both words.
    if (cd[tt + TT_OVER_LO] !== 0) return;
    source.overHi = cd[tt + TT_OVER_HI] as number;
    source.ctx = cd[cdAt + CD_CTX] as number;
    source.fillKind = cd[cdAt + CD_KIND] as number;
    source.walk = putStages(state, source, at, cdAt);
  }
  source.kind = source.fillKind & KIND_MASK;
  source.sid = sid;
  source.ssid = ssid;
}

/** Stage 1, and stage 2 where the stream has one: which walk they are for. */
function putStages(state: SmmuState, source: Source, at: number, cdAt: number): QuickWalkKind {
  const nested = state.steCache.entries[at + STE_MODE] === MODE_NESTED;
  if (!putStage1(state, source.one, cdAt)) return WALK_NONE;
  if (!nested) return WALK_SINGLE;
  return putStage2(state, source.two, at) ? WALK_NESTED : WALK_NONE;
}

function putStage1(state: SmmuState, stage: Stage, cdAt: number): boolean {
  const cd = state.cdCache.entries;
  if (!putTable(stage, cd, cdAt + CD_TT0)) return false;
  // An ignored top byte is left to the walk of the document.
  stage.overHi |= ~0xff_ffff;
  stage.perms = quickPermissions1(cd[cdAt + CD_FLAGS] as number);
  stage.memory = s.DESC_VALID;
  stage.notGlobal = 0;
  stage.protect = 0;
  stage.ctx = cd[cdAt + CD_CTX] as number;
  stage.kind = ((cd[cdAt + CD_KIND] as number) & KIND_MASK) | (granuleCode(stage.granule) << GRANULE_SHIFT);
  return true;
}

function putStage2(state: SmmuState, stage: Stage, at: number): boolean {
  const { config, steCache } = state;
  const ste = steCache.entries;
  if (!putTable(stage, ste, at + STE_TT)) return false;
  const flags = ste[at + STE_FLAGS] as number;
  stage.perms = quickPermissions2(flags, config.xnx);
  stage.memory = (flags & FLAG_S2FWB) !== 0 ? ATTRIBUTES_FWB : ATTRIBUTES;
  stage.notGlobal = s.S1_NG;
  stage.protect = (flags & FLAG_S2PTW) !== 0 ? DEVICE_MEMORY : 0;
  stage.ctx = (ste[at + STE_VMID] as number) << 16;
  stage.kind = KIND_S2 | (granuleCode(stage.granule) << GRANULE_SHIFT);
  return true;
}

/** What both stages have; `t` at `tt`: TT_* words. False: only the walk of the document will do. */
function putTable(stage: Stage, t: Int32Array, tt: number): boolean {
  const word = (n: number): number => t[tt + n] as number;
  if ((word(TT_FLAGS) & (TT_OFF | TT_LPA | TT_BIG_ENDIAN)) !== 0 || word(TT_OVER_LO) !== 0) return false;
  // A root smaller than a frame may begin anywhere in one; and frame numbers are small integers here.
  if ((word(TT_ROOT_LO) & 0xfff) !== 0 || word(TT_ROOT_HI) >>> 11 !== 0) return false;
  stage.root = (word(TT_ROOT_HI) << 20) | (word(TT_ROOT_LO) >>> 12);
  stage.level = word(TT_LEVEL);
  stage.shift = word(TT_SHIFT);
  stage.mask = word(TT_MASK);
  stage.granule = word(TT_GRANULE);
  const oneFrame = stage.level === 0 && stage.mask <= 0x1ff;
  stage.small = stage.granule === 12 && (oneFrame || stage.level === 1);
  stage.overHi = word(TT_OVER_HI);
  stage.farHi = word(TT_FAR_HI) & 0xffff;
  stage.topLeaf = stage.granule === 12 ? 1 : 2;
  return true;
}
