import type { LineEvents, LineResult, Lookup, TrafficRun } from '../engine/sim/batch';
import type { WorldObject } from '../engine/sim/world';
import { normalizeBdf } from '../scenario/literal';
import { linesOf } from '../store/script';
import type { AppState } from '../store/types';

/** What checks are judged by: the world as it is, and what the lines came to that are new since the step began. */
export interface Evidence {
  readonly objects: AppState['objects'];
  readonly panel: string;
  readonly selection: string | null;
  readonly results: readonly LineResult[];
  readonly lookups: readonly Lookup[];
  readonly traffic: readonly TrafficRun[];
  readonly events: readonly LineEvents[];
}

/** How things stood when a step began: its lines, and what each had come to. */
export interface Begun {
  readonly lines: readonly string[];
  readonly outcomes: readonly string[];
}

type Seen = Pick<
  AppState,
  'objects' | 'script' | 'results' | 'lookups' | 'traffic' | 'events' | 'selection'
> & {
  readonly panel: string;
};

export const outcomeOf = ({ status, errno }: LineResult): string => `${status} ${errno ?? ''}`;

export const begunWith = ({ script, results }: Pick<AppState, 'script' | 'results'>): Begun => ({
  lines: linesOf(script),
  outcomes: results.map(outcomeOf),
});

export function evidenceOf(state: Seen, begun: Begun): Evidence {
  const isNew = newLines(linesOf(state.script), state.results, begun);
  const fresh = <T extends { readonly line: number }>(all: readonly T[]): readonly T[] =>
    all.filter(({ line }) => isNew(line));
  return {
    objects: state.objects,
    panel: state.panel,
    selection: state.selection,
    results: fresh(state.results),
    lookups: fresh(state.lookups),
    traffic: fresh(state.traffic),
    events: fresh(state.events),
  };
}

/**
 * Lines that were not there when the step began. Whoever edits an earlier line instead has done something too: lines behind
 * the edit count where they come out otherwise than before.
 */
function newLines(
  lines: readonly string[],
  results: readonly LineResult[],
  begun: Begun,
): (line: number) => boolean {
  const shorter = Math.min(lines.length, begun.lines.length);
  let head = 0;
  while (head < shorter && lines[head] === begun.lines[head]) head++;
  let tail = 0;
  while (tail < shorter - head && lines.at(-1 - tail) === begun.lines.at(-1 - tail)) tail++;
  const moved = begun.lines.length - lines.length;
  return (line) => {
    if (line <= head) return false;
    if (line <= lines.length - tail) return true;
    const result = results[line - 1];
    return result !== undefined && begun.outcomes[line - 1 + moved] !== outcomeOf(result);
  };
}

/** An object by its name, its address, or its id. */
export function objectOf(objects: AppState['objects'], word: string): WorldObject | null {
  const bdf = normalizeBdf(word);
  const all = Object.values(objects);
  return (
    all.findLast(({ name }) => name === word) ??
    objects[word] ??
    all.find((object) => object.type === 'device' && object.bdf === (bdf ?? word)) ??
    null
  );
}
