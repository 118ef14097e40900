import type { TrafficRun } from '../batch';
import type { Background } from './background';

/** What devices did beside a line. */
export interface Aside {
  readonly runs: readonly TrafficRun[];
  readonly notes: readonly string[];
}

/**
 * Runs that are told whatever came of them. Of more, those that made their one access and got through, as every one does at
 * the end of every line, are counted in their objects alone: a script that starts a thousand would tell of half a million.
 */
const MOST_UNEVENTFUL = 64;
/** Lines in the margin; what is more is summed up. */
const MOST_NOTES = 8;

export function asideOf(
  bursts: readonly TrafficRun[],
  streams: readonly Background[],
  line: number,
  before: readonly string[],
): Aside {
  const runs = [...bursts];
  const notes = [...before];
  const untold: TrafficRun[] = [];
  let uneventful = 0;
  let told = 0;
  for (const each of streams) {
    const run = each.take(line);
    if (run === null) continue;
    const isNews = run.accesses > 1 || run.blocked > 0;
    if (isNews || uneventful++ < MOST_UNEVENTFUL) runs.push(run);
    const note = each.noteOf(run);
    if (note === null) continue;
    if (told++ < MOST_NOTES) notes.push(note);
    else untold.push(run);
  }
  if (untold.length > 0) notes.push(sumOf(untold));
  return { runs, notes };
}

function sumOf(runs: readonly TrafficRun[]): string {
  const sum = (of: (run: TrafficRun) => number): number => runs.reduce((total, run) => total + of(run), 0);
  const blocked = sum((run) => run.blocked);
  return `${runs.length} more traffics: ${sum((run) => run.accesses)} accesses, ${blocked} blocked`;
}
