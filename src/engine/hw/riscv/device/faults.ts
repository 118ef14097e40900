import type { QueueEvent } from '../../../trace/event';
import { tellQueueEntry } from '../../common/queue-event';
import { FQB, FQCSR, FQH, FQT, LOG2SZ_MASK, QUEUE_EN, QUEUE_MF, QUEUE_OF, QUEUE_ON } from '../regs';
import { FAULT_BYTES, FAULT_PRIV, FAULT_PV, FAULT_TTYP_SHIFT } from '../structs';
import { orPfn } from './memory';
import type { UnitState } from './unit';

/** Entries of a queue, from its base register. */
export const queueEntries = (base: number): number => 2 ** ((base & LOG2SZ_MASK) + 1);

/** Where an entry of a queue lies: the index is or-ed into the base, which software has to align. */
export const entryFrame = (unit: UnitState, base: number, index: number, bytes: number): number =>
  orPfn(unit.regPpn(base), Math.floor((index * bytes) / 4096));

/** Tells of an entry that was fetched or written. */
export function tellEntry(
  unit: UnitState,
  structure: QueueEvent['structure'],
  base: number,
  index: number,
  words: Int32Array,
): void {
  const bytes = words.length * 4;
  const pa = entryFrame(unit, base, index, bytes) * 4096 + ((index * bytes) % 4096);
  tellQueueEntry(unit.trace, unit.config.unit, structure, { index, pa }, words);
}

/**
 * The fault queue.
 *
 * Spec: section "Fault/Event-Queue (FQ)"
 */
export class FaultQueue {
  private readonly words = new Int32Array(FAULT_BYTES / 4);
  /** Who is to blame in the next record: bits of its second word, and its PID. */
  private requester = 0;
  private pid = 0;

  constructor(private readonly unit: UnitState) {}

  /** Names the requester of the next record. `pid`: -1 for none. */
  blame(did: number, pid: number, privileged: boolean): this {
    this.requester = (did << 8) | (pid < 0 ? 0 : FAULT_PV | (privileged ? FAULT_PRIV : 0));
    this.pid = pid < 0 ? 0 : pid;
    return this;
  }

  /** Whether a record was written. A record without a transaction names nobody. */
  record(cause: number, ttyp: number, hi: number, lo: number, hi2: number, lo2: number): boolean {
    const { unit, words } = this;
    if (!this.takes()) return false;
    words.fill(0);
    words[0] = cause | (ttyp === 0 ? 0 : this.pid << 12);
    words[1] = ttyp === 0 ? 0 : this.requester | (ttyp << FAULT_TTYP_SHIFT);
    words[4] = lo;
    words[5] = hi;
    words[6] = lo2;
    words[7] = hi2;
    const written = this.append();
    unit.interrupts.raiseFaults();
    return written;
  }

  /** Whether the queue takes records at all. */
  takes(): boolean {
    const csr = this.unit.reg(FQCSR);
    return (csr & (QUEUE_ON | QUEUE_EN)) === (QUEUE_ON | QUEUE_EN) && (csr & (QUEUE_MF | QUEUE_OF)) === 0;
  }

  /** Whether record() would find a place now. */
  hasRoom(): boolean {
    const { unit } = this;
    const next = ((unit.reg(FQT) >>> 0) + 1) % queueEntries(unit.reg(FQB));
    return this.takes() && next !== unit.reg(FQH) >>> 0;
  }

  private append(): boolean {
    const { unit } = this;
    const tail = unit.reg(FQT) >>> 0;
    const next = (tail + 1) % queueEntries(unit.reg(FQB));
    if (next === unit.reg(FQH) >>> 0) {
      unit.setReg(FQCSR, unit.reg(FQCSR) | QUEUE_OF);
      return false;
    }
    const pfn = entryFrame(unit, FQB, tail, FAULT_BYTES);
    if (!unit.memory.write(pfn, (tail * FAULT_BYTES) % 4096, this.words, unit.bigEndian)) {
      unit.setReg(FQCSR, unit.reg(FQCSR) | QUEUE_MF);
      return false;
    }
    if (unit.trace.on) tellEntry(unit, 'event', FQB, tail, this.words);
    unit.setReg(FQT, next | 0);
    return true;
  }
}
