import * as s from '../structs';
import { PRG_FAILURE, PRG_INVALID, PRG_SUCCESS } from '../structs';
import type { EventQueue } from './events';
import type { SmmuState } from './unit';

interface Stall {
  readonly stag: number;
  readonly sid: number;
  readonly pasid: number;
  readonly record: Int32Array;
  recorded: boolean;
}

/**
 * Stalled transactions: they wait until software has them retried or terminated.
 *
 * Spec: section 3.12.2 "Stall model", section 4.7.1 "CMD_RESUME", section 4.7.2 "CMD_STALL_TERM"
 *
 * Their records are never lost: they wait for room in the event queue. No more than IDR5.STALL_MAX are with software at a
 * time. What becomes of one is told to the device as the response to a page request with the STAG as its group.
 */
export class Stalls {
  /** Oldest first. */
  private held: Stall[] = [];

  constructor(
    private readonly unit: SmmuState,
    private readonly events: EventQueue,
  ) {}

  get count(): number {
    return this.held.length;
  }

  /** Holds a transaction whose event is `events.record`; its STAG. */
  hold(sid: number, pasid: number): number {
    const record = Int32Array.from(this.events.record);
    let stag = 0;
    while (this.held.some((other) => other.stag === stag)) stag++;
    record[2] = (record[2] as number) | s.EVT_STALL | stag;
    this.held.push({ stag, sid, pasid, record, recorded: false });
    return stag;
  }

  /** Records what has not been, as far as there is room. */
  report(): void {
    let reported = this.held.filter((stall) => stall.recorded).length;
    for (const stall of this.held) {
      if (stall.recorded) continue;
      if (reported >= this.unit.config.stallMax || !this.events.hasRoom) return;
      // Before the queue's interrupt: its handler may resume the transaction at once.
      stall.recorded = true;
      if (!this.events.write(stall.record)) return;
      reported++;
    }
  }

  /** CMD_RESUME. Whether there was such a transaction. */
  resume(sid: number, stag: number, retry: boolean, abort: boolean): boolean {
    const stall = this.held.find((each) => each.sid === sid && each.stag === stag && each.recorded);
    if (stall === undefined) return false;
    this.finish(stall, retry ? PRG_SUCCESS : abort ? PRG_FAILURE : PRG_INVALID);
    this.report();
    return true;
  }

  /** CMD_STALL_TERM of a stream, or of all (-1); how many there were. */
  terminate(sid: number): number {
    const ended = this.held.filter((stall) => sid < 0 || stall.sid === sid);
    for (const stall of ended) this.finish(stall, PRG_FAILURE);
    this.report();
    return ended.length;
  }

  private finish(stall: Stall, code: number): void {
    this.held = this.held.filter((each) => each !== stall);
    this.unit.link?.pageResponse({ rid: stall.sid, pasid: stall.pasid, group: stall.stag, code });
  }
}
