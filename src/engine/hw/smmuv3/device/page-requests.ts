import { hiOf, loOf } from '../../../../lib/u64';
import { NO_PASID, type PageRequestMessage } from '../../port';
import * as r from '../regs';
import * as s from '../structs';
import { priSupported } from './config';
import { FLAG_PPAR, STE_FLAGS } from './ste';
import { Ring, tellEntry, type SmmuState } from './unit';

const RECORD_WORDS = s.PRI_BYTES / 4;

/** What of a stream an automatic response needs: index of its cached entry, -1 where it has no valid one. */
export type StreamLookup = (sid: number) => number;

/**
 * The page request queue.
 *
 * Spec: chapter 8 "Page request queue"
 */
export class PageRequestQueue {
  readonly ring: Ring;
  private readonly record = new Int32Array(RECORD_WORDS);
  written = 0;

  constructor(
    private readonly unit: SmmuState,
    private readonly stream: StreamLookup,
  ) {
    this.ring = new Ring(unit, r.PRIQ_BASE, r.PRIQ_PROD, r.PRIQ_CONS, unit.config.priqs, s.PRI_BYTES);
  }

  get open(): boolean {
    const { unit } = this;
    const on = unit.enabled(r.CR0_PRIQEN) && unit.enabled(r.CR0_SMMUEN);
    return on && (unit.signals.errors & r.GERROR_PRIQ_ABT_ERR) === 0;
  }

  receive(message: PageRequestMessage): void {
    const { unit, ring } = this;
    if (!priSupported(unit.config)) return;
    // Responses that come of a queue that is off carry no PASID. Spec: section 8.2
    if (!this.open) return this.respond(message, NO_PASID, s.PRG_FAILURE);
    if (ring.full || ring.overflowing) {
      ring.overflow();
      if (message.last) this.respondToOverflow(message);
      return;
    }
    const wasEmpty = ring.empty;
    const tail = ring.tail;
    this.encode(message);
    if (!unit.reader.store(ring.baseHi, ring.entryLo(tail), this.record, RECORD_WORDS)) {
      unit.signals.error(r.GERROR_PRIQ_ABT_ERR);
      return this.respond(message, NO_PASID, s.PRG_FAILURE);
    }
    if (unit.trace.on) tellEntry(unit, ring, 'page-request', tail, this.record);
    ring.advance(r.PRIQ_PROD, tail);
    this.written++;
    if (wasEmpty) unit.signals.pageRequestQueue();
  }

  private encode(m: PageRequestMessage): void {
    const { record } = this;
    const on = (set: boolean, bit: number): number => (set ? bit : 0);
    record[0] = m.rid;
    record[1] =
      (m.pasid === NO_PASID ? 0 : (m.pasid & s.PRI_SSID_MASK) | s.PRI_SSV) |
      on(m.privileged, s.PRI_PRIV) |
      on(m.execute, s.PRI_EXEC) |
      on(m.read, s.PRI_READ) |
      on(m.write, s.PRI_WRITE) |
      on(m.last, s.PRI_LAST);
    record[2] = (loOf(m.iova) & ~0xfff) | (m.group & s.PRI_PRG_MASK);
    record[3] = hiOf(m.iova);
  }

  /** Spec: section 8.1 "PRI queue overflow": the device is to ask again. */
  private respondToOverflow(message: PageRequestMessage): void {
    const { config, steCache } = this.unit;
    if (message.pasid === NO_PASID || config.pps) return this.respond(message, message.pasid, s.PRG_SUCCESS);
    const at = this.stream(message.rid);
    if (at < 0) return this.respond(message, NO_PASID, s.PRG_FAILURE);
    const keeps = ((steCache.entries[at + STE_FLAGS] as number) & FLAG_PPAR) !== 0;
    this.respond(message, keeps ? message.pasid : NO_PASID, s.PRG_SUCCESS);
  }

  private respond({ rid, group, last, read, write }: PageRequestMessage, pasid: number, code: number): void {
    // A Stop Marker asks for nothing, and is not answered.
    if (last && !read && !write) return;
    this.unit.link?.pageResponse({ rid, pasid, group, code });
  }
}
