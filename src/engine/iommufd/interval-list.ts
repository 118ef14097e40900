import { IntervalTree, type Spanned } from './interval-tree';

/** A stretch of IOVAs; both ends are inside. */
export type Interval = Spanned<bigint>;

/** Stretches of IOVAs, which may overlap each other, by their starts. */
export class IntervalList<T extends Interval> extends IntervalTree<bigint, T> {}

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
