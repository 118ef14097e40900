import type { LineEvents } from '../../engine/sim/batch';
import type { TraceEvent } from '../../engine/trace/event';
import { concerns } from './follow';
import { describeEvent, type EventRow } from './describe';

export type Kind = TraceEvent['kind'];

/** An event in its place; or, of a line with very many, how many there are that are not here in words. */
export type Entry =
  | { readonly kind: 'event'; readonly line: number; readonly index: number; readonly row: EventRow }
  | { readonly kind: 'more'; readonly line: number; readonly count: number };

/** What is wanted of them. */
export interface Wanted {
  readonly hidden: ReadonlySet<Kind>;
  readonly text: string;
  /** How what is followed is called; null: everything. */
  readonly calls: ReadonlySet<string> | null;
}

/** What is hidden at first: what only who reads code wants to see. */
export const FINE: ReadonlySet<Kind> = new Set<Kind>(['lock', 'register']);

/** Events in words with their place in the line. */
export interface Told {
  readonly line: number;
  readonly first: number;
  readonly events: readonly TraceEvent[];
}

/** The events that are wanted, in their order. */
export function entriesOf(told: readonly Told[], { hidden, text, calls }: Wanted): readonly Entry[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const entries: Entry[] = [];
  for (const { line, first, events } of told) {
    for (const [at, event] of events.entries()) {
      if (hidden.has(event.kind) || (calls !== null && !concerns(event, calls))) continue;
      const row = describeEvent(event);
      const said = words.length === 0 ? '' : `${row.kind} ${row.text}`.toLowerCase();
      if (words.every((word) => said.includes(word)))
        entries.push({ kind: 'event', line, index: first + at, row });
    }
  }
  return entries;
}

/** Of several lines: those with few events in words, and of the others how many of the wanted kinds there are. */
export function entriesOfLines(lines: readonly LineEvents[], wanted: Wanted): readonly Entry[] {
  return lines.flatMap((each): readonly Entry[] => {
    const { line, events } = each;
    const left = isTold(each) ? 0 : countOf(each.kinds, wanted.hidden);
    if (left > 0) return [{ kind: 'more', line, count: left }];
    return isTold(each) ? entriesOf([{ line, first: 0, events }], wanted) : [];
  });
}

/** Whether all events of a line are here in words. */
export const isTold = ({ events, count }: LineEvents): boolean => events.length === count;

const countOf = (kinds: LineEvents['kinds'], hidden: ReadonlySet<Kind>): number =>
  pairsOf(kinds).reduce((sum, [kind, count]) => (hidden.has(kind) ? sum : sum + count), 0);

const pairsOf = (kinds: LineEvents['kinds']): readonly (readonly [Kind, number])[] =>
  Object.entries(kinds) as unknown as readonly (readonly [Kind, number])[];

/** How many of each kind, exactly, whether or not they are here in words; kinds that are hidden at first stand last. */
export function kindsOf(lines: readonly LineEvents[]): readonly (readonly [Kind, number])[] {
  const sums = new Map<Kind, number>();
  for (const { kinds } of lines)
    for (const [kind, count] of pairsOf(kinds)) sums.set(kind, (sums.get(kind) ?? 0) + count);
  return [...sums].toSorted(([a], [b]) => Number(FINE.has(a)) - Number(FINE.has(b)));
}
