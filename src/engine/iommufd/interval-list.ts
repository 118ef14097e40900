/** Both ends are inside. */
export interface Interval {
  readonly start: bigint;
  readonly last: bigint;
}

/**
 * Intervals sorted by start, which may overlap each other. Stands in for the kernel's interval trees: an array is small
 * and quick enough, and in order for whoever looks at it.
 */
export class IntervalList<T extends Interval> {
  private readonly items: T[] = [];
  /** Overlapping lists cannot be searched from the last end backwards. */
  constructor(private readonly disjoint: boolean) {}

  get all(): readonly T[] {
    return this.items;
  }

  get size(): number {
    return this.items.length;
  }

  insert(item: T): void {
    this.items.splice(this.indexFrom(item.start + 1n), 0, item);
  }

  remove(item: T): void {
    let index = this.indexFrom(item.start);
    while (this.items[index] !== item && index < this.items.length) index++;
    this.items.splice(index, 1);
  }

  removeIf(unwanted: (item: T) => boolean): void {
    for (let index = this.items.length - 1; index >= 0; index--) {
      const item = this.items[index];
      if (item && unwanted(item)) this.items.splice(index, 1);
    }
  }

  /** The first that meets [start, last]. Linux: interval_tree_iter_first() */
  first(start: bigint, last: bigint): T | undefined {
    for (let index = this.startOf(start); index < this.items.length; index++) {
      const item = this.items[index];
      if (!item || item.start > last) return undefined;
      if (item.last >= start) return item;
    }
    return undefined;
  }

  /** From the first item on that can reach `start`. */
  private startOf(start: bigint): number {
    return this.disjoint ? Math.max(0, this.indexFrom(start) - 1) : 0;
  }

  /** Index of the first item that starts at or after `start`. */
  private indexFrom(start: bigint): number {
    let low = 0;
    let high = this.items.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const item = this.items[middle];
      if (item && item.start < start) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/**
 * The used stretches of [start, last], cut to it; touching and overlapping intervals become one.
 * Linux: lib/interval_tree.c interval_tree_span_iter
 */
export function* usedSpans(
  lists: readonly IntervalList<Interval>[],
  start: bigint,
  last: bigint,
): Generator<Interval> {
  let at = start;
  while (at <= last) {
    let next: Interval | undefined;
    for (const list of lists) {
      const found = list.first(at, last);
      if (found && (!next || found.start < next.start)) next = found;
    }
    if (!next) return;
    const from = next.start > at ? next.start : at;
    let to = next.last;
    for (let grown = true; grown && to < last;) {
      grown = false;
      for (const list of lists) {
        const touching = list.first(to + 1n, to + 1n);
        if (touching && touching.last > to) {
          to = touching.last;
          grown = true;
        }
      }
    }
    yield { start: from, last: to < last ? to : last };
    at = to + 1n;
  }
}

/** What `usedSpans` leaves. */
export function* holes(
  lists: readonly IntervalList<Interval>[],
  start: bigint,
  last: bigint,
): Generator<Interval> {
  let at = start;
  for (const used of usedSpans(lists, start, last)) {
    if (used.start > at) yield { start: at, last: used.start - 1n };
    at = used.last + 1n;
  }
  if (at <= last) yield { start: at, last };
}
