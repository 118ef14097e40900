import type { Lookup, TrafficOutcome, TrafficPlaces, TrafficSpan } from '../batch';
import type { WorldId } from '../world';
import { Places } from './places';

/** Spans that are told one by one; accesses behind them are summed up by what they came to. */
const MOST_SPANS = 256;

type Counted = { -readonly [Key in keyof TrafficSpan]: TrafficSpan[Key] };

/** What accesses came to: counted all, told in spans. */
export class Tally {
  accesses = 0;
  hits = 0;
  misses = 0;
  blocked = 0;
  /** No access of the present span was looked at from near. */
  unseen = false;
  private readonly told: Counted[] = [];
  private last: Counted | null = null;
  private readonly where: Places;

  /** The range that the accesses go to. */
  constructor({ start, last }: { readonly start: bigint; readonly last: bigint }) {
    this.where = new Places(start, last);
  }

  /** Counts one; whether a span begins with it. */
  add(outcome: TrafficOutcome, hwptId: WorldId | null): boolean {
    this.accesses++;
    if (outcome === 'hit') this.hits++;
    else if (outcome === 'miss') this.misses++;
    else if (outcome === 'blocked') this.blocked++;
    const same = (span: Counted): boolean => span.outcome === outcome && span.hwptId === hwptId;
    let span = this.last !== null && same(this.last) ? this.last : undefined;
    if (span === undefined && this.told.length >= MOST_SPANS) span = this.told.slice(MOST_SPANS).find(same);
    const begins = span === undefined;
    if (begins) this.unseen = true;
    if (span === undefined) {
      span = { count: 0, hwptId, outcome, during: null, sample: null };
      this.told.push(span);
    }
    span.count++;
    this.last = span;
    return begins;
  }

  /** The access that was counted last went to an address of an IOAS. */
  place(ioasId: WorldId, iova: bigint, outcome: TrafficOutcome): void {
    this.where.add(ioasId, iova, outcome === 'blocked', this.accesses - 1);
  }

  /** What the kernel was doing at the last access. */
  explain(during: string | null): void {
    if (this.last !== null) this.last.during = during;
  }

  /** The last access was looked at from near; null: and nobody asked for it. */
  show(sample: Lookup | null): void {
    this.unseen = false;
    if (this.last !== null) this.last.sample = sample;
  }

  get spans(): readonly TrafficSpan[] {
    return this.told;
  }

  get places(): readonly TrafficPlaces[] {
    return this.where.told;
  }
}
