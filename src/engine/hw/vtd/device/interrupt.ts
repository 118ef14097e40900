import { GSTS, CFI, IRE } from '../regs';
import {
  IR_COMPATIBILITY,
  IR_INDEX,
  IR_RESERVED,
  IR_SOURCE,
  IRTE_ACCESS,
  IRTE_NOT_PRESENT,
  IRTE_RESERVED,
} from '../reasons';
import type { UnitState } from './unit';

/** reason 0: the message passes. */
export interface InterruptOutcome {
  readonly reason: number;
  readonly index: number;
  readonly fpd: boolean;
}

const REMAPPABLE = 1 << 4;
const SHV = 1 << 3;
const IRTE_P = 1 << 0;
const IRTE_FPD = 1 << 1;
const IRTE_IM = 1 << 15;
const IRTE_BYTES = 16;

/**
 * Interrupt remapping of one message: whether it may pass.
 *
 * Spec: section 5.1.3 "Interrupt Remapping Hardware Operation", section 9.10 "Interrupt Remapping Table Entry"
 *
 * The remapped vector goes nowhere: there are no processors here. Posted entries are not modelled and count as reserved.
 */
export function remapInterrupt(
  unit: UnitState,
  rid: number,
  address: number,
  data: number,
): InterruptOutcome {
  const pass = { reason: 0, index: 0, fpd: false };
  const status = unit.reg(GSTS);
  if ((status & IRE) === 0) return pass;
  if ((address & REMAPPABLE) === 0) {
    const allowed = !unit.extendedInterrupts && (status & CFI) !== 0;
    return allowed ? pass : { reason: IR_COMPATIBILITY, index: 0, fpd: false };
  }
  const handle = ((address >>> 5) & 0x7fff) | (((address >>> 2) & 1) << 15);
  const index = (address & SHV) !== 0 ? handle + (data & 0xffff) : handle;
  const refuse = (reason: number, fpd = false): InterruptOutcome => ({ reason, index: index & 0xffff, fpd });
  if ((address & SHV) !== 0 && data >>> 16 !== 0) return refuse(IR_RESERVED);
  if (index >= unit.interruptEntries) return refuse(IR_INDEX);

  const { memory } = unit;
  const offset = index * IRTE_BYTES;
  const base = unit.interruptTablePfn < 0 ? -1 : memory.frameBase(unit.interruptTablePfn + (offset >> 12));
  if (base < 0) return refuse(IRTE_ACCESS);
  const at = base + ((offset & 0xfff) >> 2);
  const lo = memory.words[at] as number;
  const third = memory.words[at + 2] as number;
  const fpd = (lo & IRTE_FPD) !== 0;
  if ((lo & IRTE_P) === 0) return refuse(IRTE_NOT_PRESENT, fpd);
  const reserved = (lo & (IRTE_IM | 0xff00_7000)) | (third & 0xfff0_0000) | (memory.words[at + 3] as number);
  if (reserved !== 0) return refuse(IRTE_RESERVED, fpd);
  return sourceMatches(third, rid) ? pass : refuse(IR_SOURCE, fpd);
}

/** Spec: section 9.10, fields SVT, SQ and SID */
function sourceMatches(third: number, rid: number): boolean {
  const sid = third & 0xffff;
  const svt = (third >>> 18) & 3;
  if (svt === 1) {
    const ignored = [0, 0b100, 0b110, 0b111][(third >>> 16) & 3] ?? 0;
    return ((sid ^ rid) & ~ignored) === 0;
  }
  // Bus range: first bus in SID 15:8, last in 7:0.
  if (svt === 2) return rid >>> 8 >= sid >>> 8 && rid >>> 8 <= (sid & 0xff);
  return svt === 0;
}
