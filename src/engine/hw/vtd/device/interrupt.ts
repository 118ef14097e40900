import { GSTS, CFI, IRE } from '../regs';
import {
  IR_COMPATIBILITY,
  IR_INDEX,
  IR_RESERVED,
  IR_SOURCE,
  IRTE_ACCESS,
  IRTE_NOT_PRESENT,
  IRTE_RESERVED,
  POSTED_ACCESS,
  POSTED_RESERVED,
} from '../reasons';
import { framePfn } from './context';
import { emitCache, emitEntry } from './emit';
import { IRTE_WORDS } from './interrupt-cache';
import { ofInterrupts } from './tags';
import type { UnitState } from './unit';

/** An interrupt as the processors' bus sees it. */
export interface DeliveredInterrupt {
  /** 8 bits wide, or 32 with IRTA.EIME. */
  readonly destination: number;
  readonly logical: boolean;
  /** Redirection hint: to the one of lowest priority. */
  readonly hint: boolean;
  readonly vector: number;
  /** 0 fixed, 1 lowest priority, 2 SMI, 4 NMI, 5 INIT, 7 ExtINT */
  readonly type: number;
  readonly level: boolean;
}

/** reason 0: the message passes. */
export interface InterruptOutcome {
  readonly reason: number;
  readonly index: number;
  readonly fpd: boolean;
  /** Null where nothing reaches the processors: it was refused, or posted. */
  readonly delivered: DeliveredInterrupt | null;
}

const REMAPPABLE = 1 << 4;
const SHV = 1 << 3;
const IRTE_P = 1 << 0;
const IRTE_FPD = 1 << 1;
const IRTE_URGENT = 1 << 14;
const IRTE_IM = 1 << 15;
const IRTE_BYTES = 16;
/** Of a posted-interrupt descriptor, its ninth word: behind the 256 request bits. */
const POSTED_ON = 1 << 0;
const POSTED_SN = 1 << 1;
const POSTED_BYTES = 64;

/**
 * Interrupt remapping of one message: whether it may pass.
 *
 * Spec: section 5.1.3 "Interrupt Remapping Hardware Operation", section 9.9 "Interrupt Remapping Table Entry"
 *
 * There are no processors here: what would reach them is told. A posted interrupt is entered in its descriptor.
 */
export function remapInterrupt(
  unit: UnitState,
  rid: number,
  address: number,
  data: number,
): InterruptOutcome {
  const pass = (delivered: DeliveredInterrupt | null): InterruptOutcome => ({
    reason: 0,
    index: 0,
    fpd: false,
    delivered,
  });
  const status = unit.reg(GSTS);
  if ((status & IRE) === 0) return pass(asSent(address, data));
  if ((address & REMAPPABLE) === 0) {
    const allowed = !unit.extendedInterrupts && (status & CFI) !== 0;
    return allowed
      ? pass(asSent(address, data))
      : { reason: IR_COMPATIBILITY, index: 0, fpd: false, delivered: null };
  }
  const handle = ((address >>> 5) & 0x7fff) | (((address >>> 2) & 1) << 15);
  const index = (address & SHV) !== 0 ? handle + (data & 0xffff) : handle;
  const refuse = (reason: number, fpd = false): InterruptOutcome => ({
    reason,
    index: index & 0xffff,
    fpd,
    delivered: null,
  });
  if ((address & SHV) !== 0 && data >>> 16 !== 0) return refuse(IR_RESERVED);
  if (index >= unit.interruptEntries) return refuse(IR_INDEX);

  const at = entryAt(unit, index);
  if (at < 0) return refuse(IRTE_ACCESS);
  const { entries } = unit.interruptCache;
  const lo = entries[at] as number;
  const fpd = (lo & IRTE_FPD) !== 0;
  if ((lo & IRTE_P) === 0) return refuse(IRTE_NOT_PRESENT, fpd);
  const third = entries[at + 2] as number;
  const svt = (third >>> 18) & 3;
  if (svt !== 3 && !sourceMatches(svt, third, rid)) return refuse(IR_SOURCE, fpd);
  if (svt === 3 || hasReserved(unit, entries, at)) return refuse(IRTE_RESERVED, fpd);
  if ((lo & IRTE_IM) === 0) return pass(remapped(lo, entries[at + 1] as number, unit.extendedInterrupts));
  const reason = post(unit, entries, at);
  return reason === 0 ? pass(null) : refuse(reason, fpd);
}

/** Spec: Intel SDM, volume 3, section 11.11 "Message Signalled Interrupts": what the message says by itself. */
function asSent(address: number, data: number): DeliveredInterrupt {
  return {
    destination: (address >>> 12) & 0xff,
    logical: (address & 4) !== 0,
    hint: (address & 8) !== 0,
    vector: data & 0xff,
    type: (data >>> 8) & 7,
    level: (data & 0x8000) !== 0,
  };
}

/** Spec: section 9.9, fields DST, DM, RH, V, DLM and TM: without x2APIC a destination is in bits 15:8 of DST. */
function remapped(lo: number, destination: number, extended: boolean): DeliveredInterrupt {
  return {
    destination: extended ? destination >>> 0 : (destination >>> 8) & 0xff,
    logical: (lo & 4) !== 0,
    hint: (lo & 8) !== 0,
    vector: (lo >>> 16) & 0xff,
    type: (lo >>> 5) & 7,
    level: (lo & 0x10) !== 0,
  };
}

/** Index of an entry's words in the interrupt cache, -1 where memory does not give it. */
function entryAt(unit: UnitState, index: number): number {
  const cache = unit.interruptCache;
  const known = cache.find(index);
  if (unit.trace.on) emitCache(unit, ofInterrupts, known >= 0 ? 'hit' : 'miss', index);
  if (known >= 0) return known + IRTE_WORDS;
  const offset = index * IRTE_BYTES;
  const pfn = unit.interruptTablePfn < 0 ? -1 : unit.interruptTablePfn + (offset >> 12);
  const at = unit.readable(pfn, offset & 0xfff, IRTE_BYTES);
  if (at < 0) return -1;
  if (unit.trace.on) emitEntry(unit, 'irte', index, pfn, IRTE_BYTES, at);
  const row = new Int32Array(cache.rowWords);
  for (let n = 0; n < 4; n++) row[IRTE_WORDS + n] = unit.memory.words[at + n] as number;
  // An entry that is not present stays only where the unit says so. Spec: section 6.1 "Caching Mode"
  if (((row[IRTE_WORDS] as number) & IRTE_P) === 0 && !unit.config.cachingMode) {
    return cache.hold(row) + IRTE_WORDS;
  }
  if (unit.trace.on && cache.ways > 0) emitCache(unit, ofInterrupts, 'fill', index);
  return cache.fill(index, 0, row) + IRTE_WORDS;
}

function hasReserved(unit: UnitState, entries: Int32Array, at: number): boolean {
  const word = (n: number): number => entries[at + n] as number;
  const lo = word(0);
  const { config } = unit;
  if ((lo & IRTE_IM) !== 0) {
    // Posted: address bits 31:6 in 63:38, the upper ones in 127:96.
    const far = ~((1 << (config.hostBits - 32)) - 1);
    const unsupported = !config.postedInterrupts;
    return (
      unsupported || ((lo & 0xff00_30fc) | (word(1) & 0x3f) | (word(2) & 0xfff0_0000) | (word(3) & far)) !== 0
    );
  }
  // Without EIME a destination has eight bits.
  const destination = unit.extendedInterrupts ? 0 : word(1) & 0xffff_00ff;
  return ((lo & 0xff00_7000) | destination | (word(2) & 0xfff0_0000) | word(3)) !== 0;
}

/** Spec: section 9.9, fields SVT, SQ and SID */
function sourceMatches(svt: number, third: number, rid: number): boolean {
  const sid = third & 0xffff;
  if (svt === 1) {
    const ignored = [0, 0b100, 0b110, 0b111][(third >>> 16) & 3] ?? 0;
    return ((sid ^ rid) & ~ignored) === 0;
  }
  // Bus range: first bus in SID 15:8, last in 7:0.
  if (svt === 2) return rid >>> 8 >= sid >>> 8 && rid >>> 8 <= (sid & 0xff);
  return true;
}

/** Enters the vector in the posted-interrupt descriptor. Spec: section 5.2.3 "Interrupt-Posting Hardware Operation" */
function post(unit: UnitState, entries: Int32Array, at: number): number {
  const lo = entries[at] as number;
  const addressLo = (entries[at + 1] as number) & ~0x3f;
  const pfn = framePfn(entries[at + 3] as number, addressLo);
  const into = unit.writable(pfn, addressLo & 0xfff, POSTED_BYTES);
  if (into < 0) return POSTED_ACCESS;
  const { words } = unit.memory;
  const control = words[into + 8] as number;
  let reserved = control & 0xff00_fffc;
  for (let n = 10; n < 16; n++) reserved |= words[into + n] as number;
  if (reserved !== 0) return POSTED_RESERVED;
  const vector = (lo >>> 16) & 0xff;
  words[into + (vector >>> 5)] = (words[into + (vector >>> 5)] as number) | (1 << (vector & 31));
  const notify = (control & POSTED_ON) === 0 && ((lo & IRTE_URGENT) !== 0 || (control & POSTED_SN) === 0);
  if (notify) words[into + 8] = control | POSTED_ON;
  return 0;
}
