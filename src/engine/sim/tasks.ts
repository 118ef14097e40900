import type { FailNth } from '../kernel/fail';
import { listed } from '../kernel/lock';
import type { Scheduler } from '../kernel/scheduler';
import type { WaitStep } from '../kernel/task';
import type { TaskRun } from '../kernel/task-run';
import type { Outcome, Statement, Waits } from './statement';
import type { WorldId } from './world';

/** Tasks in words: what the margin says of one, and how the world calls it. */

/** A task by its name, a line that had to wait by its number: names begin with a letter. */
export const taskId = (run: TaskRun): WorldId => `task:${run.free ? run.line : run.name}`;

/** How a line's action ended; null before. */
export function outcomeOf({ result }: TaskRun): Outcome | null {
  return result !== null && isOutcome(result.value) ? result.value : null;
}

const isOutcome = (value: unknown): value is Outcome =>
  typeof value === 'object' && value !== null && 'ok' in value;

/** `hwpt = ATTACH dev ioas` */
export function actionText({ name, verb, args }: Statement): string {
  const words = args.map((arg) =>
    arg.kind === 'option' ? `${arg.key}=${arg.value}` : arg.kind === 'string' ? `"${arg.text}"` : arg.text,
  );
  return [...(name === null ? [] : [name, '=']), verb, ...words].join(' ');
}

/** Of an action that is over: what its own line would have said. */
export function outcomeWords(outcome: Outcome): string {
  if (outcome.ok) return outcome.phrase === '' ? 'done' : outcome.phrase;
  if ('mistake' in outcome) return outcome.mistake;
  if ('mismatch' in outcome) return outcome.mismatch;
  return 'errno' in outcome ? `${outcome.errno}, ${outcome.why}` : outcome.phrase;
}

/** What its next step does; null once it is over. */
export function nextWords({ pending }: TaskRun): string | null {
  if (pending === null) return null;
  switch (pending.op) {
    case 'acquire':
      return `takes ${pending.lock.name}${pending.shared ? ' as a reader' : ''}`;
    case 'release':
      return `lets go of ${pending.lock.name}`;
    case 'wait':
      return `waits for ${pending.what}`;
    case 'assert':
      return `checks ${pending.lock.name}`;
  }
}

/** Where a task stands that could go on, or is over. */
export function standsWords(run: TaskRun): string {
  const outcome = outcomeOf(run);
  if (outcome !== null) return `over: ${outcomeWords(outcome)}`;
  const locks = run.held.map(({ lock, shared }) => `${lock.name}${shared ? ' as a reader' : ''}`);
  const held = locks.length === 0 ? 'holds nothing' : `holds ${listed(locks)}`;
  return `${held}; next ${nextWords(run) ?? 'ends'}`;
}

/** Of a task that cannot go on: what it waits for, and who is in its way. */
export function waitOf(scheduler: Scheduler, run: TaskRun): Waits {
  const cycle = scheduler.deadlockOf(run);
  if (cycle !== null) {
    const links = cycle.map((each, at) => `${each.name} ${waitWords(each, [cycle[at + 1] ?? run])}`);
    return {
      ok: false,
      waits: 'deadlock',
      phrase: `deadlock: ${links.join('; ')}`,
      why:
        cycle.length === 1
          ? `${run.name} waits for a lock that it holds itself, so it never goes on.`
          : `${listed(cycle.map((each) => each.name))} wait for each other, so none of them ever goes on.`,
      culprit: taskId(cycle[1] ?? run),
    };
  }
  if (run.awaits !== null) return eventWait(scheduler, run, run.awaits);
  const blockers = scheduler.blockersOf(run);
  const [first] = blockers;
  const phrase = waitWords(run, blockers);
  return {
    ok: false,
    waits: 'waits',
    phrase,
    why: `${run.name} ${phrase}; it can go on when that is let go.`,
    culprit: first === undefined ? null : taskId(first),
  };
}

function eventWait(scheduler: Scheduler, run: TaskRun, { what, limit, byScript }: WaitStep): Waits {
  const alone =
    limit === null &&
    byScript !== true &&
    scheduler.tasks.every((each) => each === run || each.state === 'finished');
  const most = limit === null ? '' : `, ${limit} at most`;
  return {
    ok: false,
    waits: alone ? 'deadlock' : 'waits',
    phrase: `waits for ${what}${most}`,
    why: alone
      ? `${run.name} waits for ${what}, and no other task is there that could bring it about.`
      : `${run.name} waits for ${what}${most}.`,
    culprit: null,
  };
}

/** `waits for A, held by t1, behind t3` */
function waitWords(run: TaskRun, blockers: readonly TaskRun[]): string {
  const holders = blockers.filter((each) => run.sleepsOn?.isHeldBy(each));
  const ahead = blockers.filter((each) => !holders.includes(each));
  const parts = [
    `waits for ${run.sleepsOn?.name ?? ''}`,
    ...(holders.length > 0 ? [`held by ${listed(holders.map((each) => each.name))}`] : []),
    ...(ahead.length > 0 ? [`behind ${listed(ahead.map((each) => each.name))}`] : []),
  ];
  return parts.join(', ');
}

/** What became of an armed fail-nth: said when its point failed, or when the action is over without. */
export function failWords(fail: FailNth | null, over: boolean): string | null {
  if (fail === null) return null;
  if (fail.fired !== null) return `point ${fail.points} failed: ${fail.fired}`;
  return over ? `nothing failed: it came to ${fail.points} of these points` : null;
}
