import { useMemo } from 'react';
import type { LockdepReport, LockEdge } from '../../engine/kernel/lockdep';
import type { TraceEvent } from '../../engine/trace/event';
import { useApp } from '../../store';
import { linesOf } from '../../store/script';
import { Section } from '../../ui/Section';
import { describeEvent } from '../events/describe';
import { ObjectLink } from '../shared/ObjectLink';
import { TaskCard } from '../shared/TaskCard';
import { useLineEvents } from '../shared/use-line-events';
import { useReading } from '../shared/use-reading';
import { all, titleOf } from '../shared/words';
import { LOCKS } from '../../words/panels/locks';
import { Phrase } from '../../ui/Phrase';
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
        <Section key={task.id} title={<span className="lock-title">{LOCKS.task(titleOf(task))}</span>}>
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
    <Section title={LOCKS.takes(cursor, taken)}>
      <code className="lock-script">{text}</code>
      {taken === 0 && !waited ? (
        <p className="prose">
          <Phrase text={LOCKS.none} parts={{ attach: <code>ATTACH</code>, map: <code>IOAS_MAP</code> }} />
        </p>
      ) : (
        <ol className="lock-tree" aria-label={LOCKS.tree}>
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
    {nodes.length > ROWS && <li className="muted">{LOCKS.more(nodes.length - ROWS)}</li>}
  </>
);

function Node({ node }: { readonly node: LockNode }) {
  if (node.kind === 'other') return <Others events={node.events} />;
  if (node.kind === 'wait')
    return (
      <li className="lock-wait">
        <Phrase
          text={node.heldBy.length > 0 ? LOCKS.waitsForHeld(node.heldBy.join(', ')) : LOCKS.waitsFor}
          parts={{ task: <Who task={node.task} />, lock: <code>{node.lock}</code> }}
        />
      </li>
    );
  return (
    <li>
      <p className="lock-row" data-held={!node.released}>
        <code>{node.lock}</code>
        {node.shared && <span className="chip">{LOCKS.read}</span>}
        {node.of !== null && <ObjectLink id={node.of} />}
        <Who task={node.task} />
        {!node.released && <span className="chip">{LOCKS.stillHeld}</span>}
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
      {events.length > SHOWN && <li className="lock-other">{LOCKS.moreLike(events.length - SHOWN)}</li>}
    </>
  );
}

function Reports({ reports }: { readonly reports: readonly LockdepReport[] }) {
  if (reports.length === 0) return null;
  return (
    <Section title={LOCKS.lockdep}>
      <ul className="stack">
        {reports.map((report, index) => (
          <li key={index} className="lock-report">
            <b>{LOCKS.kind[report.kind]}</b>
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
            {title === LOCKS.line(line) ? LOCKS.line(line) : LOCKS.at(title, line)}
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
    <Section title={LOCKS.order}>
      <details className="lock-order">
        <summary>
          {reports.some((report) => report.kind === 'inversion')
            ? LOCKS.orders(edges.length)
            : LOCKS.ordersAgree(edges.length)}
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
                        {LOCKS.line(edge.line)}
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
