import * as r from '../regs';
import * as s from '../structs';
import { F_CFG_CONFLICT, F_TRANSL_FORBIDDEN, F_WALK_EABT } from '../reasons';
import { Ring, tellEntry, type SmmuState } from './unit';

const RECORD_WORDS = s.EVENT_BYTES / 4;
/** Word of a record with the low half of the input address. */
const ADDRESS_LO = 4;

/**
 * The event queue.
 *
 * Spec: section 7.2 "Event queue recorded faults and events", 7.3.1 "Event record merging", 7.4 "Event queue overflow"
 */
export class EventQueue {
  readonly ring: Ring;
  /** The record being made. */
  readonly record = new Int32Array(RECORD_WORDS);
  private readonly last = new Int32Array(RECORD_WORDS);
  /** Index behind the last record, while it may be merged with; -1: none. */
  private lastIndex = -1;
  /** Records written since reset. */
  written = 0;

  constructor(private readonly unit: SmmuState) {
    this.ring = new Ring(
      unit,
      r.EVENTQ_BASE,
      r.EVENTQ_PROD,
      r.EVENTQ_CONS,
      unit.config.eventqs,
      s.EVENT_BYTES,
    );
  }

  /** Whether records can be written at all. */
  get open(): boolean {
    return this.unit.enabled(r.CR0_EVENTQEN) && (this.unit.signals.errors & r.GERROR_EVENTQ_ABT_ERR) === 0;
  }

  get hasRoom(): boolean {
    return this.open && !this.ring.full;
  }

  /** Writes `record`, of a terminated transaction: thrown away when there is no room. Whether software will see it. */
  push(mayMerge: boolean): boolean {
    if (!this.open) return false;
    if (mayMerge && this.mergesWithLast()) return true;
    if (!this.ring.full) return this.write(this.record);
    this.ring.overflow();
    return false;
  }

  /** Writes a record that was checked to have room. */
  write(record: Int32Array): boolean {
    const { unit, ring } = this;
    const wasEmpty = ring.empty;
    const tail = ring.tail;
    if (!unit.reader.store(ring.baseHi, ring.entryLo(tail), record, RECORD_WORDS)) {
      unit.signals.error(r.GERROR_EVENTQ_ABT_ERR);
      return false;
    }
    if (unit.trace.on) tellEntry(unit, ring, 'event', tail, record);
    ring.advance(r.EVENTQ_PROD, tail);
    this.last.set(record);
    this.lastIndex = ring.tail;
    this.written++;
    if (wasEmpty) unit.signals.eventQueue();
    return true;
  }

  /** The same again, and software has not read the first yet. Where exactly on its page does not matter. */
  private mergesWithLast(): boolean {
    const { ring, last, record } = this;
    if (ring.empty || ring.tail !== this.lastIndex) return false;
    if (((last[2] as number) & s.EVT_STALL) !== 0) return false;
    const id = (record[0] as number) & 0xff;
    const paged = id === F_TRANSL_FORBIDDEN || (id >= F_WALK_EABT && id < F_CFG_CONFLICT);
    for (let n = 0; n < RECORD_WORDS; n++) {
      const differs = (last[n] as number) ^ (record[n] as number);
      if ((n === ADDRESS_LO && paged ? differs & ~0xfff : differs) !== 0) return false;
    }
    return true;
  }
}
