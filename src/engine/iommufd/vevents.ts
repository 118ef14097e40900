import type { FailPoints } from '../kernel/fail';

/** An event of a vIOMMU, or the news that some were lost. Linux: struct iommufd_vevent */
export interface Vevent {
  /** Null: events were lost, and there is nothing but the header. */
  readonly data: Uint8Array | null;
  sequence: number;
}

/** The largest number after which the sequence starts over. Linux: INT_MAX */
const SEQUENCE_MASK = 0x7fff_ffff;

/**
 * Events that wait to be read, as many as there is room for. One header at the end stands for all that were lost since
 * the last one that fitted; the sequence counts those too.
 *
 * Linux: drivers/iommu/iommufd/iommufd_private.h iommufd_vevent_handler(), eventq.c
 */
export class VeventList {
  private readonly deliver: Vevent[] = [];
  /** There is one of it, which is moved to the end anew. Linux: lost_events_header */
  private readonly lost: Vevent = { data: null, sequence: 0 };
  private events = 0;
  private sequence = 0;

  constructor(private readonly depth: number) {}

  get size(): number {
    return this.deliver.length;
  }

  get isFull(): boolean {
    return this.events === this.depth;
  }

  /** The last thing to be read is that events were lost. */
  get hasLost(): boolean {
    return this.deliver.at(-1) === this.lost;
  }

  /** Linux: iommufd_viommu_report_event() */
  push(data: Uint8Array): void {
    this.events++;
    this.append({ data, sequence: 0 });
  }

  /** An event for which there was no room, or no memory. */
  lose(): void {
    this.append(this.lost);
  }

  private append(event: Vevent): void {
    if (this.deliver.at(-1) === this.lost) this.deliver.pop();
    event.sequence = this.sequence;
    this.sequence = (this.sequence + 1) & SEQUENCE_MASK;
    this.deliver.push(event);
  }

  /**
   * Takes the first away, the header as a copy; without memory for the copy it is as if there were none.
   *
   * Linux: iommufd_veventq_deliver_fetch()
   */
  fetch(fail: FailPoints): Vevent | null {
    const [event] = this.deliver;
    if (!event || (event === this.lost && fail.hit('iommufd_veventq_deliver_fetch'))) return null;
    this.deliver.shift();
    return event === this.lost ? { ...event } : event;
  }

  /** It could not be read after all; a header is only news while nothing came after it. Linux: iommufd_veventq_deliver_restore() */
  restore(event: Vevent): void {
    if (event.data !== null) this.deliver.unshift(event);
    else if (this.deliver.length === 0) this.deliver.push(this.lost);
  }

  /** It was read. */
  finish(event: Vevent): void {
    if (event.data !== null) this.events--;
  }
}
