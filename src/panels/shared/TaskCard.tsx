import type { TaskLock, TaskObject, TaskWait } from '../../engine/sim/world';
import { useApp } from '../../store';
import { Button } from '../../ui/Button';
import { TASK } from '../../words/panels/task';
import { ObjectLink, ObjectLinks } from './ObjectLink';
import './task-card.css';

/** A task in progress: what it holds, what it waits for, and what moves it on. */
export function TaskCard({ task }: { readonly task: TaskObject }) {
  const { act } = useApp((state) => state.actions);
  const waitsWithLimit = task.waitsFor?.kind === 'event' && task.waitsFor.limit !== null;
  return (
    <div className="task-card" data-state={task.deadlocked ? 'deadlocked' : task.state}>
      <p className="row">
        <span
          className="chip"
          data-tone={task.deadlocked ? 'fault' : task.state === 'blocked' ? 'stale' : undefined}
        >
          {task.deadlocked ? TASK.deadlock : TASK.state[task.state]}
        </span>
        <code className="grow">{task.what}</code>
      </p>
      <dl className="fields">
        <dt>{TASK.holds}</dt>
        <dd>
          {task.holds.length === 0 ? (
            <span className="muted">{TASK.noLock}</span>
          ) : (
            <ol className="task-held">
              {task.holds.map((held, index) => (
                <li key={index} style={{ ['--depth' as string]: index }}>
                  <Lock lock={held} />
                </li>
              ))}
            </ol>
          )}
        </dd>
        {task.waitsFor !== null && (
          <>
            <dt>{TASK.waitsFor}</dt>
            <dd>
              <Wait wait={task.waitsFor} />
            </dd>
          </>
        )}
        {task.heldBy.length > 0 && (
          <>
            <dt>{TASK.inItsWay}</dt>
            <dd>
              <ObjectLinks ids={task.heldBy} />
            </dd>
          </>
        )}
        {task.next !== null && task.state === 'ready' && (
          <>
            <dt>{TASK.next}</dt>
            <dd>{task.next}</dd>
          </>
        )}
        {task.outcome !== null && (
          <>
            <dt>{TASK.cameTo}</dt>
            <dd>{task.outcome}</dd>
          </>
        )}
      </dl>
      {task.stepped && task.name !== null && (
        <p className="row">
          <Button disabled={task.state !== 'ready'} onClick={() => void act([`step ${task.name ?? ''}`])}>
            {TASK.step}
          </Button>
          <Button onClick={() => void act([`finish ${task.name ?? ''}`])}>{TASK.finish}</Button>
          {waitsWithLimit && (
            <Button onClick={() => void act([`step ${task.name ?? ''} timeout`])}>{TASK.timeOut}</Button>
          )}
        </p>
      )}
    </div>
  );
}

const Lock = ({ lock }: { readonly lock: Pick<TaskLock, 'lock' | 'of' | 'shared'> }) => (
  <>
    <code>{lock.lock}</code>
    {lock.shared && <span className="muted"> {TASK.toRead}</span>}
    {lock.of !== null && (
      <>
        {' '}
        <span className="muted">{TASK.of}</span> <ObjectLink id={lock.of} />
      </>
    )}
  </>
);

function Wait({ wait }: { readonly wait: TaskWait }) {
  if (wait.kind === 'lock') return <Lock lock={wait} />;
  return (
    <>
      {wait.what}
      {wait.limit !== null && <span className="muted">{TASK.atMost(wait.limit)}</span>}
    </>
  );
}
