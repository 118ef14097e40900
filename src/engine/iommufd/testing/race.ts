import { Scheduler } from '../../kernel/scheduler';
import type { Task } from '../../kernel/task';
import type { TaskRun } from '../../kernel/task-run';
import { checkObjects } from './object-checks';
import type { MockScene } from './mock-scene';

/** A scene in which two calls meet. */
export interface Meeting {
  readonly scene: MockScene;
  readonly first: () => Task<string>;
  readonly second: () => Task<string>;
  /** More that must hold when both are over; sentences. */
  readonly after?: () => readonly string[];
}

/** Far more than any call has events. */
const ENOUGH = 400;

/**
 * Lets two calls meet at every event of one: the one stops there, the other runs as far as it can, then the one goes on;
 * and the same with a second change of turns, `inner` events later. All pairs of outcomes that came about, sorted.
 *
 * When both are over, nobody may be asleep, no rule of the locks broken, and everything counted as it should be.
 */
export function meet(make: () => Meeting, inner: readonly number[] = [ENOUGH]): readonly string[] {
  const outcomes = new Set<string>();
  for (const leader of [0, 1] as const) {
    for (const other of inner) {
      for (let at = 0; at < ENOUGH; at++) {
        const { outcome, whole } = meetAt(make(), leader, at, other);
        outcomes.add(outcome);
        if (whole) break;
      }
    }
  }
  return [...outcomes].sort();
}

function meetAt(
  { scene, first, second, after }: Meeting,
  leader: 0 | 1,
  at: number,
  other: number,
): { readonly outcome: string; readonly whole: boolean } {
  scene.trace.take();
  const scheduler = new Scheduler(scene.trace);
  // A task that is begun goes to its first event at once: the other begins only when it is its turn.
  const begin = (index: 0 | 1): TaskRun<string> =>
    scheduler.start((index === 0 ? first : second)(), { name: `t${index + 1}` });
  const lead = begin(leader);
  steps(scheduler, lead, at);
  const whole = lead.result !== null;
  const follow = begin(leader === 0 ? 1 : 0);
  steps(scheduler, follow, other);
  for (let again = true; again;) {
    again = false;
    for (const run of [lead, follow]) {
      if (run.state !== 'ready') continue;
      scheduler.finish(run);
      again = true;
    }
  }
  const runs = leader === 0 ? [lead, follow] : [follow, lead];
  const outcome = runs.map((run) => run.result?.value ?? 'asleep').join(' ');
  const logs = scene.trace.take().flatMap((event) => (event.kind === 'log' ? [event.text] : []));
  const wrong = [
    ...checkObjects(scene.ctx),
    ...logs.filter((text) => text.includes('WARNING')),
    ...(after?.() ?? []),
  ];
  if (wrong.length > 0 || outcome.includes('asleep'))
    throw new Error(
      `t${leader + 1} stopped after ${at}, t${2 - leader} after ${other}: ${outcome}: ${wrong.join('; ')}`,
    );
  return { outcome, whole };
}

function steps(scheduler: Scheduler, run: TaskRun, count: number): void {
  for (let step = 0; step < count && run.state === 'ready'; step++) scheduler.step(run);
}
