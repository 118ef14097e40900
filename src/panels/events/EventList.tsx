import { useCallback, useRef } from 'react';
import { useApp } from '../../store';
import { Room } from '../shared/Room';
import { useWindow } from '../shared/use-window';
import { EVENTS } from '../../words/panels/events';
import type { Entry } from './entries';

/** Height of a row of one line, as events.css has it; and characters that go into it, about. */
const LINE = 24;
const WIDTH = 40;

interface EventListProps {
  readonly entries: readonly Entry[];
  /** They are of several lines: each says of which. */
  readonly withLines: boolean;
  /** Somebody went to a line. */
  readonly onLine: () => void;
}

export function EventList({ entries, withLines, onLine }: EventListProps) {
  const list = useRef<HTMLOListElement>(null);
  const seek = useApp((state) => state.actions.seek);
  const current = useApp((state) => state.playback.event);
  const setPlayback = useApp((state) => state.actions.setPlayback);
  const guess = useCallback(
    (row: number) => {
      const entry = entries[row];
      return entry?.kind === 'event' ? 6 + 18 * Math.ceil(entry.row.text.length / WIDTH) : LINE;
    },
    [entries],
  );
  const { from, to, above, below, isWhole, onScroll } = useWindow(list, entries.length, guess);
  const goTo = (line: number): void => {
    onLine();
    void seek(line);
  };
  return (
    <ol
      ref={list}
      className="events"
      aria-label={EVENTS.title}
      tabIndex={0}
      data-lines={withLines || undefined}
      onScroll={onScroll}
    >
      <Room as="li" height={above} />
      {entries.slice(from, to).map((entry, at) => {
        const row = from + at;
        const place = isWhole ? {} : { 'aria-posinset': row + 1, 'aria-setsize': entries.length };
        const line = withLines && (
          <button type="button" className="event-at" onClick={() => goTo(entry.line)}>
            <span className="sr-only">{EVENTS.lineBefore} </span>
            {entry.line}
          </button>
        );
        if (entry.kind === 'more')
          return (
            <li key={row} data-row={row} {...place}>
              {line}
              <span className="event-kind">{EVENTS.many}</span>
              <button type="button" className="link" onClick={() => goTo(entry.line)}>
                {EVENTS.atThisLine(entry.count)}
              </button>
            </li>
          );
        const { kind, text, tone } = entry.row;
        return (
          <li
            key={row}
            data-row={row}
            data-tone={tone}
            aria-current={!withLines && entry.index === current ? 'step' : undefined}
            {...place}
            onClick={withLines ? undefined : () => setPlayback({ event: entry.index })}
          >
            {line}
            <span className="event-kind">{kind}</span>
            <code>{text}</code>
          </li>
        );
      })}
      <Room as="li" height={below} />
    </ol>
  );
}
