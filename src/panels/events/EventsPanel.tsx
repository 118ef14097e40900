import { X } from 'lucide-react';
import { useCallback, useDeferredValue, useMemo, useState } from 'react';
import { useApp } from '../../store';
import { Button, IconButton } from '../../ui/Button';
import { ObjectLink } from '../shared/ObjectLink';
import { termOfEvent } from '../shared/terms';
import { describedBy } from '../shared/tip-of';
import { useReading } from '../shared/use-reading';
import { titleOf } from '../shared/words';
import { EVENTS } from '../../words/panels/events';
import { Phrase } from '../../ui/Phrase';
import { kindWord } from './describe';
import { entriesOf, entriesOfLines, FINE, isTold, kindsOf, type Kind, type Told } from './entries';
import { EventList } from './EventList';
import { callsOf } from './follow';
import './events.css';

/** So many events of one line are read at a time; the rest is a page further. */
const PAGE = 20_000;
const NO_EVENTS: readonly Told[] = [];

/** Everything that happened inside the machine: at the line where time stands, or up to it. */
export function EventsPanel() {
  const cursor = useApp((state) => state.cursor);
  const lines = useApp((state) => state.events);
  const objects = useApp((state) => state.objects);
  const followed = useApp((state) => state.followed);
  const [scope, setScope] = useState<'line' | 'all'>('line');
  const [hidden, setHidden] = useState<ReadonlySet<Kind>>(FINE);
  const [text, setText] = useState('');
  const [at, setAt] = useState({ line: cursor, page: 0 });
  const page = at.line === cursor ? at.page : 0;
  const typed = useDeferredValue(text);

  const here = useMemo(() => lines.findLast(({ line }) => line === cursor), [lines, cursor]);
  const told = useTold(here, page);
  const shown = useMemo(
    () => (scope === 'all' ? lines : here === undefined ? [] : [here]),
    [scope, lines, here],
  );
  const kinds = useMemo(() => kindsOf(shown), [shown]);
  const calls = useMemo(() => (followed === null ? null : callsOf(objects, followed)), [objects, followed]);
  const wanted = useMemo(() => ({ hidden, text: typed, calls }), [hidden, typed, calls]);
  const entries = useMemo(
    () => (scope === 'all' ? entriesOfLines(shown, wanted) : entriesOf(told, wanted)),
    [scope, shown, told, wanted],
  );
  const total = kinds.reduce((sum, [, each]) => sum + each, 0);
  const pages = scope === 'line' ? Math.ceil((here?.count ?? 0) / PAGE) : 1;

  const toggle = (kind: Kind): void => {
    const next = new Set(hidden);
    if (!next.delete(kind)) next.add(kind);
    setHidden(next);
  };

  return (
    <div className="events-panel">
      <div className="events-filter">
        <div className="row">
          <div className="events-scope" role="group" aria-label={EVENTS.scope}>
            <Scope pressed={scope === 'line'} onClick={() => setScope('line')}>
              {cursor === 0 ? EVENTS.thisLine : EVENTS.line(cursor)}
            </Scope>
            <Scope pressed={scope === 'all'} onClick={() => setScope('all')}>
              {EVENTS.allLines}
            </Scope>
          </div>
          <input
            type="search"
            className="input grow"
            aria-label={EVENTS.search}
            placeholder={EVENTS.searchHint}
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
        </div>
        {kinds.length > 0 && (
          <div className="row" role="group" aria-label={EVENTS.kinds}>
            {kinds.map(([kind, each]) => (
              <button
                key={kind}
                type="button"
                className="chip event-chip"
                aria-pressed={!hidden.has(kind)}
                {...describedBy(termOfEvent(kind))}
                onClick={() => toggle(kind)}
              >
                {kindWord(kind)} {each.toLocaleString('en')}
              </button>
            ))}
          </div>
        )}
        <Following />
        <p className="muted" role="status">
          {entries.every(({ kind }) => kind === 'event') && entries.length === total
            ? EVENTS.events(total)
            : EVENTS.eventsOf(entries.length, total)}
        </p>
      </div>
      {total === 0 ? (
        <p className="prose events-none">
          <Phrase
            text={scope === 'all' ? EVENTS.noneSoFar : EVENTS.noneHere}
            parts={{ boot: <code>boot</code>, attach: <code>ATTACH</code>, dma: <code>dma</code> }}
          />
        </p>
      ) : (
        <EventList
          key={`${scope} ${cursor} ${page}`}
          entries={entries}
          withLines={scope === 'all'}
          onLine={() => setScope('line')}
        />
      )}
      {pages > 1 && (
        <div className="row events-pages">
          <Button disabled={page === 0} onClick={() => setAt({ line: cursor, page: page - 1 })}>
            {EVENTS.earlier}
          </Button>
          <span className="muted">{EVENTS.from(page * PAGE + 1, here?.count ?? 0)}</span>
          <Button disabled={page + 1 >= pages} onClick={() => setAt({ line: cursor, page: page + 1 })}>
            {EVENTS.later}
          </Button>
        </div>
      )}
    </div>
  );
}

/** Events of the line in words: they are here where they are few, else the engine is asked. */
function useTold(here: Parameters<typeof isTold>[0] | undefined, page: number): readonly Told[] {
  const readEvents = useApp((state) => state.actions.readEvents);
  const read = useCallback(async (): Promise<readonly Told[]> => {
    if (here === undefined) return NO_EVENTS;
    const { line, count: all } = here;
    if (isTold(here)) return [{ line, first: 0, events: here.events }];
    const first = page * PAGE;
    const events = await readEvents(line, first, Math.min(all, first + PAGE));
    return [{ line, first, events: events ?? [] }];
  }, [here, page, readEvents]);
  const answer = useReading(read) ?? NO_EVENTS;
  // What was read for another line is no answer to this one.
  return answer[0]?.line === here?.line ? answer : NO_EVENTS;
}

interface ScopeProps {
  readonly pressed: boolean;
  readonly onClick: () => void;
  readonly children: React.ReactNode;
}

const Scope = ({ pressed, onClick, children }: ScopeProps) => (
  <button
    type="button"
    className="subtab"
    aria-pressed={pressed}
    data-active={pressed || undefined}
    onClick={onClick}
  >
    {children}
  </button>
);

/** The one object that is followed; or the way to follow what is selected. */
function Following() {
  const followed = useApp((state) => state.followed);
  const selected = useApp((state) => (state.selection === null ? undefined : state.objects[state.selection]));
  const follow = useApp((state) => state.actions.follow);
  if (followed !== null)
    return (
      <p className="row">
        <span>
          <Phrase text={EVENTS.onlyOf} parts={{ object: <ObjectLink id={followed} /> }} />
        </span>
        <IconButton label={EVENTS.everything} onClick={() => follow(null)}>
          <X size={14} />
        </IconButton>
      </p>
    );
  if (selected === undefined) return null;
  return (
    <p>
      <Button onClick={() => follow(selected.id)}>{EVENTS.onlyOfButton(titleOf(selected))}</Button>
    </p>
  );
}
