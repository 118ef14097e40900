import { useMemo } from 'react';
import type { LockdepReport, LockEdge } from '../../engine/kernel/lockdep';
import type { TraceEvent } from '../../engine/trace/event';
import { useApp } from '../../store';
import { linesOf } from '../../store/script';
import { count } from '../../ui/numbers';
import { Section } from '../../ui/Section';
import { describeEvent } from '../events/describe';
import { ObjectLink } from '../shared/ObjectLink';
import { TaskCard } from '../shared/TaskCard';
import { useLineEvents } from '../shared/use-line-events';
import { useReading } from '../shared/use-reading';
import { all, titleOf } from '../shared/words';
import { lockTree, type LockNode } from './lock-tree';
import './locks.css';

/** Who holds what, what a line took and in which order, and whether orders contradict each other. */
export function LocksPanel() {
  const objects = useApp((state) => state.objects);
  const readOrder = useApp((state) => state.actions.readLockOrder);
  const order = useReading(readOrder);
  const tasks = all(objects, 'task');
  return (
    <>
      {tasks.map((task) => (
        <Section key={task.id} title={<span className="lock-title">Task {titleOf(task)}</span>}>
          <TaskCard task={task} />
        </Section>
      ))}
      <Timeline />
      {order && <Reports reports={order.reports} />}
      {order && <Order edges={order.edges} reports={order.reports} />}
    </>
  );
}

/** What takes part in the tree beside locks: who changed hands, what was mapped, what the kernel said. */
const WORTHY: ReadonlySet<TraceEvent['kind']> = new Set([
  'ownership',
  'domain',
  'map',
  'unmap',
  'log',
  'ioctl',
]);

function Timeline() {
  const cursor = useApp((state) => state.cursor);
  const text = useApp((state) => linesOf(state.script)[state.cursor - 1]);
  const { events } = useLineEvents();
  const nodes = useMemo(() => lockTree(events ?? [], (event) => WORTHY.has(event.kind)), [events]);
  const taken = useMemo(
    () => (events ?? []).filter((event) => event.kind === 'lock' && event.op === 'acquire').length,
    [events],
  );
  const waited = nodes.some(hasWait);
  if (text === undefined) return null;
  return (
    <Section title={`Line ${cursor} takes ${count(taken, 'lock')}`}>
      <code className="lock-script">{text}</code>
      {taken === 0 && !waited ? (
        <p className="prose">
          No lock of the kernel was needed here. Go to a line such as <code>ATTACH</code> or{' '}
          <code>IOAS_MAP</code>.
        </p>
      ) : (
        <ol className="lock-tree" aria-label="Locks in the order in which they were taken">
          <Nodes nodes={nodes} />
        </ol>
      )}
    </Section>
  );
}

const hasWait = (node: LockNode): boolean =>
  node.kind === 'wait' || (node.kind === 'held' && node.inside.some(hasWait));

/** More rows than this under one lock are counted, not drawn. */
const ROWS = 60;

const Nodes = ({ nodes }: { readonly nodes: readonly LockNode[] }) => (
  <>
    {nodes.slice(0, ROWS).map((node, index) => (
      <Node key={index} node={node} />
    ))}
    {nodes.length > ROWS && <li className="muted">and {nodes.length - ROWS} more</li>}
  </>
);

function Node({ node }: { readonly node: LockNode }) {
  if (node.kind === 'other') return <Others events={node.events} />;
  if (node.kind === 'wait')
    return (
      <li className="lock-wait">
        <Who task={node.task} /> waits for <code>{node.lock}</code>
        {node.heldBy.length > 0 && `, held by ${node.heldBy.join(', ')}`}
      </li>
    );
  return (
    <li>
      <p className="lock-row" data-held={!node.released}>
        <code>{node.lock}</code>
        {node.shared && <span className="chip">read</span>}
        {node.of !== null && <ObjectLink id={node.of} />}
        <Who task={node.task} />
        {!node.released && <span className="chip">still held</span>}
      </p>
      {node.inside.length > 0 && (
        <ol>
          <Nodes nodes={node.inside} />
        </ol>
      )}
    </li>
  );
}

const Who = ({ task }: { readonly task: string | null }) =>
  task === null ? null : <span className="lock-task">{task}</span>;

/** A few words on what a lock protects here. */
const SHOWN = 3;

function Others({ events }: { readonly events: readonly TraceEvent[] }) {
  return (
    <>
      {events.slice(0, SHOWN).map((event, index) => (
        <li key={index} className="lock-other">
          {describeEvent(event).text}
        </li>
      ))}
      {events.length > SHOWN && <li className="lock-other">and {events.length - SHOWN} more like this</li>}
    </>
  );
}

const KIND: Readonly<Record<LockdepReport['kind'], string>> = {
  inversion: 'Two orders that contradict each other',
  nesting: 'Two locks of one class',
  wait: 'A wait with a lock held',
  assertion: 'A rule about a lock',
};

function Reports({ reports }: { readonly reports: readonly LockdepReport[] }) {
  if (reports.length === 0) return null;
  return (
    <Section title="What lockdep says">
      <ul className="stack">
        {reports.map((report, index) => (
          <li key={index} className="lock-report">
            <b>{KIND[report.kind]}</b>
            <p>{report.text}.</p>
            {report.now !== null && <Chains now={report.now} before={report.before} />}
          </li>
        ))}
      </ul>
    </Section>
  );
}

/** Both orders side by side: each reads downwards, from the lock that was held to the one that was taken. */
function Chains({ now, before }: { readonly now: LockEdge; readonly before: readonly LockEdge[] }) {
  const first = before[0]?.outer;
  return (
    <div className="lock-chains">
      <Chain title={now.task} line={now.line} locks={[now.outer, now.inner]} />
      {first !== undefined && (
        <Chain
          title={[...new Set(before.map((edge) => edge.task))].join(', ')}
          line={before[0]?.line ?? 0}
          locks={[first, ...before.map((edge) => edge.inner)]}
        />
      )}
    </div>
  );
}

interface ChainProps {
  readonly title: string;
  readonly line: number;
  readonly locks: readonly string[];
}

function Chain({ title, line, locks }: ChainProps) {
  const seek = useApp((state) => state.actions.seek);
  return (
    <div>
      <p className="muted">
        {line === 0 ? (
          title
        ) : (
          <button type="button" className="link" onClick={() => void seek(line)}>
            {title === `line ${line}` ? title : `${title}, line ${line}`}
          </button>
        )}
      </p>
      <ol>
        {locks.map((lock, depth) => (
          <li key={depth} style={{ paddingLeft: depth * 12 }}>
            <code>{lock}</code>
          </li>
        ))}
      </ol>
    </div>
  );
}

interface OrderProps {
  readonly edges: readonly LockEdge[];
  readonly reports: readonly LockdepReport[];
}

/** Every order seen so far; the proof of the sentence above it. */
function Order({ edges, reports }: OrderProps) {
  const seek = useApp((state) => state.actions.seek);
  if (edges.length === 0) return null;
  const outer = new Map<string, LockEdge[]>();
  for (const edge of edges) outer.set(edge.outer, [...(outer.get(edge.outer) ?? []), edge]);
  return (
    <Section title="Order of locks">
      <details className="lock-order">
        <summary>
          {count(edges.length, 'order')} seen so far
          {reports.every((report) => report.kind !== 'inversion') && ', none contradicts another'}
        </summary>
        <ul>
          {[...outer].map(([lock, inner]) => (
            <li key={lock}>
              <code>{lock}</code>
              <ul>
                {inner.map((edge) => (
                  <li key={edge.inner}>
                    <code>{edge.inner}</code>
                    {edge.line > 0 && (
                      <button type="button" className="link" onClick={() => void seek(edge.line)}>
                        line {edge.line}
                      </button>
                    )}
                  </li>
                ))}
              </ul>
            </li>
          ))}
        </ul>
      </details>
    </Section>
  );
}
