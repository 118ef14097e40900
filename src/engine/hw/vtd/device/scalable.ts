import type { Trace } from '../../../trace/trace';
import {
  DIRECTORY_ACCESS,
  DIRECTORY_NOT_PRESENT,
  DIRECTORY_RESERVED,
  PASID_ACCESS,
  PASID_INVALID,
  PASID_NOT_PRESENT,
  PASID_RESERVED,
  SM_CONTEXT_ACCESS,
  SM_CONTEXT_INVALID,
  SM_CONTEXT_NOT_PRESENT,
  SM_CONTEXT_RESERVED,
  SM_ROOT_ACCESS,
  SM_ROOT_NOT_PRESENT,
  SM_ROOT_RESERVED,
} from '../reasons';
import {
  AW_MASK,
  bitsOfLevels,
  DID_MASK,
  EAFE,
  ERE,
  FPD,
  FSPM_MASK,
  FSPM_SHIFT,
  levelsOfAw,
  P,
  PASID_AW_SHIFT,
  PASID_DIRECTORY_ENTRY_BYTES,
  PASID_ENTRY_BYTES,
  PASIDS_PER_TABLE_LG2,
  PGSNP,
  PGTT_FIRST,
  PGTT_MASK,
  PGTT_NESTED,
  PGTT_PASS_THROUGH,
  PGTT_SECOND,
  PGTT_SHIFT,
  PWSNP,
  SM_CONTEXT_BYTES,
  SM_DTE,
  SM_PASIDE,
  SM_PDTS_MASK,
  SM_PDTS_SHIFT,
  SM_PRE,
  SM_RID_PASID_MASK,
  SM_RID_PRIV,
  SRE,
  SSADE,
  TABLE_ENTRY_BYTES,
  WPE,
} from '../structs';
import { sagaw, type VtdConfig } from './config';
import { framePfn } from './context';
import {
  CTX_DIRECTORY_PFN,
  CTX_DTE,
  CTX_FLAGS,
  CTX_FPD,
  CTX_PASID_LIMIT,
  CTX_PASIDE,
  CTX_PRE,
  CTX_REASON,
  CTX_RID_PASID,
  CTX_RID_PRIV,
  CTX_SCALABLE,
  CTX_WORDS,
} from './context-cache';
import { emitEntry } from './emit';
import {
  PE_DID,
  PE_EAFE,
  PE_ERE,
  PE_FLAGS,
  PE_FPD,
  PE_FS_HI,
  PE_FS_LEVELS,
  PE_FS_LO,
  PE_OVER_HI,
  PE_PWSNP,
  PE_REASON,
  PE_SPACE,
  PE_SRE,
  PE_SS_LEVELS,
  PE_SS_ROOT_PFN,
  PE_SSADE,
  PE_TYPE,
  PE_WORDS,
  PE_WPE,
} from './pasid-cache';
import type { UnitState } from './unit';

const PAGE_MASK = ~0xfff;

/**
 * Scalable mode: root table → context entry → PASID directory → PASID entry.
 *
 * Spec: section 3.4.3 "Scalable Mode Address Translation", sections 9.2, 9.4, 9.5 and 9.6
 *
 * Fields of features that the unit lacks are reserved. An entry that is not present has no field but FPD.
 */
export class ScalableReader {
  /** The last context entry, decoded into CTX_* words; CTX_FPD is right even when it was refused. */
  readonly context = new Int32Array(CTX_WORDS);
  /** The last PASID entry, decoded into PE_* words; PE_FPD likewise. */
  readonly pasid = new Int32Array(PE_WORDS);
  private readonly farHi: number;
  /** Reserved bits, by 32-bit word. */
  private readonly contextReserved: Int32Array;
  private readonly pasidReserved: Int32Array;

  constructor(private readonly unit: UnitState) {
    this.farHi = ~((1 << (unit.config.hostBits - 32)) - 1);
    this.contextReserved = contextReserved(unit.config, this.farHi);
    this.pasidReserved = pasidReserved(unit.config, this.farHi);
  }

  /** 0 and the entry in `context`, or the reason of a fault. */
  readContext(rootPfn: number, rid: number, trace: Trace): number {
    const reason = this.findContext(rootPfn, rid, trace);
    this.context[CTX_REASON] = reason;
    return reason;
  }

  /** By a context's words: 0 and the entry in `pasid`, or the reason of a fault. */
  readPasid(contexts: Int32Array, at: number, pasid: number, trace: Trace): number {
    const reason = this.findPasid(contexts, at, pasid, trace);
    this.pasid[PE_REASON] = reason;
    return reason;
  }

  private findContext(rootPfn: number, rid: number, trace: Trace): number {
    const { unit, context } = this;
    const { memory } = unit;
    context.fill(0);
    context[CTX_FLAGS] = CTX_SCALABLE;
    const rootAt = unit.readable(rootPfn, (rid >>> 8) * TABLE_ENTRY_BYTES, TABLE_ENTRY_BYTES);
    if (rootAt < 0) return SM_ROOT_ACCESS;
    if (trace.on) emitEntry(unit, 'root', rid >>> 8, rootPfn, TABLE_ENTRY_BYTES, rootAt);
    // Each half has a table of its own: functions 00.0 to 0f.7, and those from 10.0 on.
    const half = rootAt + ((rid & 0x80) === 0 ? 0 : 2);
    const rootLo = memory.words[half] as number;
    const rootHi = memory.words[half + 1] as number;
    if ((rootLo & P) === 0) return SM_ROOT_NOT_PRESENT;
    if ((rootLo & 0xffe) !== 0 || (rootHi & this.farHi) !== 0) return SM_ROOT_RESERVED;

    const pfn = framePfn(rootHi, rootLo);
    const at = unit.readable(pfn, (rid & 0x7f) * SM_CONTEXT_BYTES, SM_CONTEXT_BYTES);
    if (at < 0) return SM_CONTEXT_ACCESS;
    if (trace.on) emitEntry(unit, 'context', rid & 0x7f, pfn, SM_CONTEXT_BYTES, at);
    return this.decodeContext(at);
  }

  private decodeContext(at: number): number {
    const { context } = this;
    const { words } = this.unit.memory;
    const lo = words[at] as number;
    const third = words[at + 2] as number;
    context[CTX_FPD] = lo & FPD;
    if ((lo & P) === 0) return SM_CONTEXT_NOT_PRESENT;
    if (anyReserved(words, at, this.contextReserved)) return SM_CONTEXT_RESERVED;
    const limit = 1 << (((lo >>> SM_PDTS_SHIFT) & SM_PDTS_MASK) + 7 + PASIDS_PER_TABLE_LG2);
    const ridPasid = third & SM_RID_PASID_MASK;
    if ((lo & (SM_DTE | SM_PRE)) === SM_PRE || ridPasid >= limit) return SM_CONTEXT_INVALID;
    context[CTX_FLAGS] =
      CTX_SCALABLE |
      ((lo & SM_DTE) === 0 ? 0 : CTX_DTE) |
      ((lo & SM_PASIDE) === 0 ? 0 : CTX_PASIDE) |
      ((lo & SM_PRE) === 0 ? 0 : CTX_PRE) |
      ((third & SM_RID_PRIV) === 0 ? 0 : CTX_RID_PRIV);
    context[CTX_RID_PASID] = ridPasid;
    context[CTX_DIRECTORY_PFN] = framePfn(words[at + 1] as number, lo);
    context[CTX_PASID_LIMIT] = limit;
    return 0;
  }

  private findPasid(contexts: Int32Array, at: number, pasid: number, trace: Trace): number {
    const { unit, pasid: out } = this;
    const { memory } = unit;
    out.fill(0);
    out[PE_FPD] = contexts[at + CTX_FPD] as number;
    const index = pasid >>> PASIDS_PER_TABLE_LG2;
    const offset = index * PASID_DIRECTORY_ENTRY_BYTES;
    const first = contexts[at + CTX_DIRECTORY_PFN] as number;
    const directoryPfn = first < 0 ? -1 : first + (offset >>> 12);
    const directoryAt = unit.readable(directoryPfn, offset & 0xfff, PASID_DIRECTORY_ENTRY_BYTES);
    if (directoryAt < 0) return DIRECTORY_ACCESS;
    if (trace.on) {
      emitEntry(unit, 'pasid-dir', index, directoryPfn, PASID_DIRECTORY_ENTRY_BYTES, directoryAt);
    }
    const lo = memory.words[directoryAt] as number;
    const hi = memory.words[directoryAt + 1] as number;
    out[PE_FPD] = (out[PE_FPD] as number) | (lo & FPD);
    if ((lo & P) === 0) return DIRECTORY_NOT_PRESENT;
    if ((lo & 0xffc) !== 0 || (hi & this.farHi) !== 0) return DIRECTORY_RESERVED;

    const pfn = framePfn(hi, lo);
    const entry = pasid & 63;
    const entryAt = unit.readable(pfn, entry * PASID_ENTRY_BYTES, PASID_ENTRY_BYTES);
    if (entryAt < 0) return PASID_ACCESS;
    if (trace.on) emitEntry(unit, 'pasid', entry, pfn, PASID_ENTRY_BYTES, entryAt);
    return this.decodePasid(entryAt, pasid);
  }

  private decodePasid(at: number, pasid: number): number {
    const { pasid: out } = this;
    const { words } = this.unit.memory;
    const lo = words[at] as number;
    out[PE_FPD] = (out[PE_FPD] as number) | (lo & FPD);
    if ((lo & P) === 0) return PASID_NOT_PRESENT;
    if (anyReserved(words, at, this.pasidReserved)) return PASID_RESERVED;
    const third = words[at + 2] as number;
    const fifth = words[at + 4] as number;
    const type = (lo >>> PGTT_SHIFT) & PGTT_MASK;
    out[PE_TYPE] = type;
    out[PE_DID] = third & DID_MASK;
    out[PE_FLAGS] =
      ((lo & SSADE) === 0 ? 0 : PE_SSADE) |
      ((third & PWSNP) === 0 ? 0 : PE_PWSNP) |
      ((fifth & SRE) === 0 ? 0 : PE_SRE) |
      ((fifth & ERE) === 0 ? 0 : PE_ERE) |
      ((fifth & WPE) === 0 ? 0 : PE_WPE) |
      ((fifth & EAFE) === 0 ? 0 : PE_EAFE);
    if (!this.supports(type)) return PASID_INVALID;
    const second = type === PGTT_SECOND || type === PGTT_NESTED;
    if (second && !this.decodeSecondStage(words, at)) return PASID_INVALID;
    if (type === PGTT_PASS_THROUGH) out[PE_OVER_HI] = this.farHi;
    if ((type === PGTT_FIRST || type === PGTT_NESTED) && !this.decodeFirstStage(words, at))
      return PASID_INVALID;
    out[PE_SPACE] = type === PGTT_FIRST ? (pasid << 2) | 1 : type === PGTT_NESTED ? (pasid << 2) | 2 : 0;
    return 0;
  }

  private supports(type: number): boolean {
    const { firstStage, secondStage, nested, passThrough } = this.unit.config;
    switch (type) {
      case PGTT_FIRST:
        return firstStage;
      case PGTT_SECOND:
        return secondStage;
      case PGTT_NESTED:
        return nested;
      default:
        return type === PGTT_PASS_THROUGH && passThrough;
    }
  }

  private decodeSecondStage(words: Int32Array, at: number): boolean {
    const { pasid: out } = this;
    const { config } = this.unit;
    const aw = ((words[at] as number) >>> PASID_AW_SHIFT) & AW_MASK;
    if (((sagaw(config) >> aw) & 1) === 0) return false;
    const levels = levelsOfAw(aw);
    out[PE_SS_LEVELS] = levels;
    out[PE_SS_ROOT_PFN] = framePfn(words[at + 1] as number, words[at] as number);
    out[PE_OVER_HI] = ~((1 << (Math.min(bitsOfLevels(levels), config.widthBits) - 32)) - 1);
    return true;
  }

  private decodeFirstStage(words: Int32Array, at: number): boolean {
    const { pasid: out } = this;
    const mode = ((words[at + 4] as number) >>> FSPM_SHIFT) & FSPM_MASK;
    if (mode > 1 || (mode === 1 && !this.unit.config.firstStage5Level)) return false;
    const hi = words[at + 5] as number;
    // Of nested translation the second stage must take in the pointer.
    if (out[PE_TYPE] === PGTT_NESTED && (hi & (out[PE_OVER_HI] as number)) !== 0) return false;
    out[PE_FS_LEVELS] = 4 + mode;
    out[PE_FS_LO] = (words[at + 4] as number) & PAGE_MASK;
    out[PE_FS_HI] = hi;
    return true;
  }
}

function anyReserved(words: Int32Array, at: number, reserved: Int32Array): boolean {
  let found = 0;
  for (let n = 0; n < reserved.length; n++) found |= (words[at + n] as number) & (reserved[n] as number);
  return found !== 0;
}

/** Spec: section 9.4 "Scalable-Mode Context Entry" */
function contextReserved(config: VtdConfig, farHi: number): Int32Array {
  const lo =
    0x1e0 |
    (config.deviceTlb ? 0 : SM_DTE) |
    (config.pasid ? 0 : SM_PASIDE) |
    (config.pageRequests && config.deviceTlb ? 0 : SM_PRE);
  const third =
    (-1 << 21) |
    (config.ridPasid ? 0 : SM_RID_PASID_MASK) |
    (config.ridPrivilege && config.supervisorRequests ? 0 : SM_RID_PRIV);
  return Int32Array.of(lo, farHi, third, -1, -1, -1, -1, -1);
}

/** Spec: section 9.6 "Scalable-Mode PASID Table Entry" */
function pasidReserved(config: VtdConfig, farHi: number): Int32Array {
  const reserved = new Int32Array(PASID_ENTRY_BYTES / 4).fill(-1);
  const { firstStage, secondStage } = config;
  reserved[0] =
    0xc20 |
    (secondStage ? 0 : PAGE_MASK | (AW_MASK << PASID_AW_SHIFT)) |
    (secondStage && config.secondStageAccessDirty ? 0 : SSADE);
  reserved[1] = secondStage ? farHi : -1;
  reserved[2] =
    (-1 << 25) |
    0x7f_0000 |
    (DID_MASK & ~((1 << (4 + 2 * config.nd)) - 1)) |
    (config.scalableCoherent ? 0 : PWSNP) |
    (config.snoopControl ? 0 : PGSNP);
  reserved[4] =
    0xf00 |
    (config.supervisorRequests ? 0 : SRE) |
    (config.executeRequests ? 0 : ERE) |
    (firstStage ? 0 : PAGE_MASK | WPE | (FSPM_MASK << FSPM_SHIFT)) |
    (config.extendedAccessed ? 0 : EAFE);
  reserved[5] = firstStage ? farHi : -1;
  return reserved;
}
