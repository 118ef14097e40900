import { useState } from 'react';
import type { QueueEntryView, QueueView } from '../../engine/hw/common/view';
import type { IommuObject } from '../../engine/sim/world';
import { plainHex } from '../../ui/numbers';
import { Field, Fields, Section, Term } from '../../ui/Section';
import { MaybeTerm } from '../shared/MaybeTerm';
import { TERMS, termOfQueue } from '../shared/terms';
import { FaultRecord } from '../shared/FaultRecord';
import { listKeys } from '../shared/list-keys';
import { MemoryLink } from '../shared/MemoryLink';
import { Words } from '../shared/Words';
import { QUEUES } from '../../words/panels/hardware';
import { Phrase } from '../../ui/Phrase';
import { operandsOf } from './find';
import { Ring } from './Ring';
import { Units } from './Units';

/** The rings that a unit shares with its driver: what was asked of it, and what it reported. */
export const QueuesPanel = () => (
  <Units>
    {({ queues }, unit) => (
      <>
        {queues.map((queue) => (
          <Queue key={queue.name} queue={queue} />
        ))}
        <FaultLog unit={unit} />
      </>
    )}
  </Units>
);

function Queue({ queue }: { readonly queue: QueueView }) {
  const { name, kind, enabled, stopped, head, tail, size, basePa, entryBytes, entries } = queue;
  const [open, setOpen] = useState<number | null>(null);
  const waiting = size === 0 ? 0 : (tail - head + size) % size;
  const reachable = entries.some(({ index }) => index === open) ? open : entries.at(-1)?.index;
  if (!enabled && entries.length === 0)
    return (
      <Section title={name}>
        <p className="muted">{QUEUES.switchedOff}</p>
      </Section>
    );
  return (
    <Section
      title={
        <span className="cache-head">
          <MaybeTerm tip={termOfQueue(kind)}>{name}</MaybeTerm>
          {!enabled && <span>{QUEUES.off}</span>}
          {stopped !== null && <span className="fault-word">{QUEUES.stopped}</span>}
        </span>
      }
    >
      <div className="queue-state">
        <Ring queue={queue} />
        <Fields>
          <Field name={QUEUES.headTail}>
            <code>
              {plainHex(head, 3)}, {plainHex(tail, 3)}
            </code>{' '}
            <span className="muted">
              {waiting === 0
                ? kind === 'commands'
                  ? QUEUES.allDone
                  : QUEUES.allRead
                : QUEUES.waiting(waiting)}
            </span>
          </Field>
          <Field name={QUEUES.ringAt}>
            <MemoryLink pa={basePa} /> <span className="muted">{QUEUES.size(size, entryBytes)}</span>
          </Field>
        </Fields>
      </div>
      {stopped !== null && (
        <p className="queue-stopped">
          <b className="fault-word">{QUEUES.stoppedHead}</b> {stopped}
        </p>
      )}
      {entries.length === 0 ? (
        <p className="muted">{QUEUES.empty[kind]}</p>
      ) : (
        <ol
          className="queue-entries"
          aria-label={QUEUES.entriesOf(name)}
          onKeyDown={listKeys('.queue-entry')}
        >
          {entries.map((entry) => (
            <li key={entry.index} data-pending={entry.pending}>
              <Entry
                entry={entry}
                queue={queue}
                open={open === entry.index}
                reachable={reachable === entry.index}
                onToggle={() => setOpen(open === entry.index ? null : entry.index)}
              />
            </li>
          ))}
        </ol>
      )}
    </Section>
  );
}

interface EntryProps {
  readonly entry: QueueEntryView;
  readonly queue: QueueView;
  readonly open: boolean;
  readonly reachable: boolean;
  readonly onToggle: () => void;
}

function Entry({ entry, queue, open, reachable, onToggle }: EntryProps) {
  const { index, name, words, fields, pending, pa } = entry;
  return (
    <>
      <button
        type="button"
        className="queue-entry"
        aria-expanded={open}
        tabIndex={reachable ? 0 : -1}
        onClick={onToggle}
      >
        <span className="muted">{plainHex(index, 3)}</span>
        <span className="queue-entry-name">
          {name} <span className="muted">{operandsOf(entry)}</span>
        </span>
        <span className="muted">{pending && (queue.kind === 'commands' ? QUEUES.waits : QUEUES.unread)}</span>
      </button>
      {open && (
        <div className="step-detail">
          <p className="muted">
            <Phrase text={QUEUES.at} parts={{ address: <MemoryLink pa={pa} /> }} />
          </p>
          <Words words={words} fields={fields} />
        </div>
      )}
    </>
  );
}

/** Faults that the driver has read, and those still with the hardware; the newest first. */
function FaultLog({ unit }: { readonly unit: IommuObject }) {
  return (
    <Section title={<Term tip={TERMS.fault}>{QUEUES.faultLog}</Term>}>
      {unit.faults.length === 0 ? (
        <p className="muted">{QUEUES.noFault}</p>
      ) : (
        <ul className="stack">
          {unit.faults.toReversed().map((fault, index) => (
            <FaultRecord key={unit.faults.length - index} fault={fault} vendor={unit.vendor} />
          ))}
        </ul>
      )}
    </Section>
  );
}
