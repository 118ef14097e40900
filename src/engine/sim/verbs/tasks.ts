import { LOCK_NAMES } from '../../kernel/lock-order';
import type { TaskRun } from '../../kernel/task-run';
import type { Outcome } from '../statement';
import { actionText, failWords, outcomeOf, standsWords, waitOf } from '../tasks';
import {
  found,
  isTask,
  kernelVerb,
  mistake,
  named,
  said,
  type Found,
  type Verb,
  type VerbContext,
} from './verb';

/** `t1 = begin REPLACE dev hwpt`: from here on it moves only when `step` and `finish` say so. */
export const begin: Verb = (context) => {
  const { machine, args, fail } = context;
  const { name, begun } = args.statement;
  if (name === null || begun === undefined) return mistake('begin needs a name and an action');
  const { scheduler } = machine;
  if (scheduler.tasks.some((each) => each.name === name))
    return mistake(`${name} is there already; finish it first`);
  const made = context.start(begun);
  if (!isTask(made) && 'mistake' in made) return made;
  const run = scheduler.start(isTask(made) ? made : over(made), { name, what: actionText(begun), fail });
  const outcome = outcomeOf(run);
  if (outcome !== null && 'mistake' in outcome) {
    scheduler.forget(run);
    return outcome;
  }
  machine.names.set(name, { kind: 'task', run });
  return stands(context, run);
};

function* over(outcome: Outcome): Generator<never, Outcome> {
  return outcome;
}

/** `step t1`, `step t1 3`, `step t1 until=igroup->lock`, `step t1 timeout` */
export const step: Verb = (context) => {
  const { args, machine } = context;
  const task = unfinished(context);
  if (!task.ok) return task;
  const run = task.value;
  const { scheduler } = machine;
  if (args.has('timeout')) {
    if (run.state !== 'blocked' || run.awaits?.limit == null)
      return mistake(`${run.name} is in no wait that ends by itself`, args.column(1));
    scheduler.timeOut(run);
    return stands(context, run);
  }
  if (run.free) return mistake(`${run.name} goes on by itself as soon as it can`, args.column(0));
  const until = args.option('until');
  if (until !== null && !LOCK_NAMES.includes(until))
    return mistake(
      `no lock is called ${until}; those that are: ${LOCK_NAMES.join(', ')}`,
      args.columnOf('until'),
    );
  if (context.fail !== null) run.fail = context.fail;
  if (until !== null) scheduler.stepUntil(run, until);
  else {
    const count = args.number(1) ?? 1n;
    for (let taken = 0n; taken < count && run.state === 'ready'; taken++) scheduler.step(run);
  }
  return stands(context, run);
};

/** `finish t1`: runs it to its end, and tells how it ended; then it is gone. */
export const finish: Verb = (context) => {
  const task = taskAt(context);
  if (!task.ok) return task;
  const run = task.value;
  if (run.free) return mistake(`${run.name} goes on by itself as soon as it can`, context.args.column(0));
  const { scheduler } = context.machine;
  if (context.fail !== null) run.fail = context.fail;
  scheduler.finish(run);
  const outcome = outcomeOf(run);
  noteFailure(context, run);
  if (outcome === null) return waitOf(scheduler, run);
  scheduler.forget(run);
  return outcome;
};

/** `fail-nth 3` */
export const failNth: Verb = kernelVerb(({ machine, args }) => {
  const nth = args.number(0);
  if (nth === null || nth < 1n || nth > 1_000_000n)
    return mistake('points of failure are counted from 1', args.column(0));
  machine.failNth = Number(nth);
  return said(`point ${nth} of the next line is to fail`);
});

/** Says once what became of a task's fail-nth. */
export function noteFailure({ notes }: VerbContext, run: TaskRun): void {
  const words = failWords(run.fail, run.state === 'finished');
  if (words === null) return;
  notes.push(words);
  run.fail = null;
}

function stands(context: VerbContext, run: TaskRun): Outcome {
  noteFailure(context, run);
  return run.state === 'blocked' ? waitOf(context.machine.scheduler, run) : said(standsWords(run));
}

function taskAt(context: VerbContext): Found<TaskRun> {
  const task = named(context, 0, 'task');
  if (!task.ok) return task;
  const { run } = task.value;
  const column = context.args.column(0);
  if (!context.machine.scheduler.tasks.includes(run))
    return mistake(`${run.name} is over and was asked how it ended`, column);
  return found(run);
}

function unfinished(context: VerbContext): Found<TaskRun> {
  const task = taskAt(context);
  if (!task.ok || task.value.state !== 'finished') return task;
  return mistake(`${task.value.name} is over; finish asks how it ended`, context.args.column(0));
}
