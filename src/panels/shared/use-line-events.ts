import { useCallback } from 'react';
import type { LineEvents } from '../../engine/sim/batch';
import type { TraceEvent } from '../../engine/trace/event';
import { useApp } from '../../store';
import { useReading } from './use-reading';

/** More than a person looks through: of a line with more, the first so many. */
const MOST = 5000;

const NONE: readonly TraceEvent[] = [];

/** What happened at the line where time stands; `events` is undefined while their words are on the way. */
export function useLineEvents(): {
  readonly told: LineEvents | undefined;
  readonly events: readonly TraceEvent[] | undefined;
} {
  const told = useApp((state) => state.events.findLast((each) => each.line === state.cursor));
  const readEvents = useApp((state) => state.actions.readEvents);
  const complete = told === undefined || told.events.length === told.count;
  const read = useCallback(
    async () => (complete ? null : { told, events: await readEvents(told.line, 0, MOST) }),
    [complete, told, readEvents],
  );
  const reading = useReading(read);
  if (complete) return { told, events: told?.events ?? NONE };
  return { told, events: reading?.told === told ? (reading.events ?? NONE) : undefined };
}
