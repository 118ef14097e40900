import { useMemo, useState } from 'react';
import { useApp } from '../../store';
import { linesOf } from '../../store/script';
import { count } from '../../ui/numbers';
import { Section } from '../../ui/Section';
import { describeEvent, isFine } from './describe';
import './events.css';

/** More rows than this are counted, not drawn. */
const ROWS = 400;

/** Everything that happened inside the machine at the line where time stands, in its order. */
export function EventsPanel() {
  const cursor = useApp((state) => state.cursor);
  const script = useApp((state) => state.script);
  const events = useApp((state) => state.events.findLast((each) => each.line === state.cursor)?.events);
  const [fine, setFine] = useState(false);
  const shown = useMemo(
    () => (events ?? []).filter((event) => fine || !isFine(event)).map(describeEvent),
    [events, fine],
  );
  const line = linesOf(script)[cursor - 1];
  return (
    <Section
      title={line === undefined ? 'Events' : `At line ${cursor}, ${count(events?.length ?? 0, 'event')}`}
    >
      {line !== undefined && <code className="event-line">{line}</code>}
      {events === undefined ? (
        <p className="prose">
          Nothing happened inside the machine here. Go to a line such as <code>boot</code>,{' '}
          <code>ATTACH</code> or <code>dma</code>.
        </p>
      ) : (
        <>
          <label className="event-filter">
            <input type="checkbox" checked={fine} onChange={(change) => setFine(change.target.checked)} />
            every lock and register, too
          </label>
          {shown.length === 0 && <p className="muted">Nothing but locks and registers here.</p>}
          <ol className="events">
            {shown.slice(0, ROWS).map(({ kind, text, tone }, index) => (
              <li key={index} data-tone={tone}>
                <span className="event-kind">{kind}</span>
                <code>{text}</code>
              </li>
            ))}
          </ol>
          {shown.length > ROWS && <p className="muted">and {shown.length - ROWS} more</p>}
        </>
      )}
    </Section>
  );
}
