import type { Mutex } from '../../kernel/task';
import type { TaskRun } from '../../kernel/task-run';
import type { Machine } from '../machine';
import { nextWords, outcomeOf, outcomeWords, taskId } from '../tasks';
import type { TaskObject, TaskWait } from '../world';

export function projectTask({ scheduler }: Machine, run: TaskRun): TaskObject {
  const outcome = outcomeOf(run);
  return {
    type: 'task',
    id: taskId(run),
    name: run.free ? null : run.name,
    place: null,
    what: run.what,
    line: run.line,
    state: run.state,
    stepped: !run.free,
    holds: run.held.map(({ lock, shared, line }) => ({ ...lockOf(lock), shared, line })),
    next: nextWords(run),
    waitsFor: waitOf(run),
    heldBy: scheduler.blockersOf(run).map(taskId),
    deadlocked: scheduler.deadlockOf(run) !== null,
    outcome: outcome && outcomeWords(outcome),
  };
}

const lockOf = ({ name, of }: Mutex) => ({ lock: name, of });

function waitOf(run: TaskRun): TaskWait | null {
  const { sleepsOn, pending, awaits } = run;
  if (sleepsOn !== null) {
    const shared = pending?.op === 'acquire' && pending.shared === true;
    return { kind: 'lock', ...lockOf(sleepsOn), shared };
  }
  if (awaits === null || run.state !== 'blocked') return null;
  return { kind: 'event', what: awaits.what, limit: awaits.limit };
}
