import { memo, useCallback, useEffect, useMemo, useState, type PointerEvent } from 'react';
import type { TraceEvent } from '../../engine/trace/event';
import type { WorldId } from '../../engine/sim/world';
import { useApp } from '../../store';
import type { Objects } from '../../store/object-words';
import { describeEvent } from '../events/describe';
import { namesIn } from '../events/follow';
import { useReading } from '../shared/use-reading';
import { EVENT_STRIP } from '../../words/panels/event-strip';
import { stripOf, type StripMark } from './strip';

/** More are not drawn: the strip says so, and the events panel has them. */
const MOST = 5000;
/** Time has to rest on a line before the engine is asked for events that it has not sent. */
const REST_MS = 350;
const NONE: readonly TraceEvent[] = [];

/** What happened inside the line where time stands, event by event, with a playhead of its own. */
export function EventStrip() {
  const cursor = useApp((state) => state.cursor);
  const event = useApp((state) => state.playback.event);
  const setPlayback = useApp((state) => state.actions.setPlayback);
  const { total, events } = useEvents();
  const marks = useMemo(() => stripOf(events), [events]);
  const shown = event === null ? undefined : events[event];
  useLight(shown);
  const last = Math.max(1, events.length - 1);
  const text =
    shown === undefined
      ? total === 0
        ? cursor === 0
          ? EVENT_STRIP.beforeFirst
          : EVENT_STRIP.nothing
        : total > events.length && events.length > 0
          ? EVENT_STRIP.insideDrawn(total, cursor, events.length)
          : EVENT_STRIP.inside(total, cursor)
      : `${(event ?? 0) + 1}/${total} ${describeEvent(shown).text}`;

  /** Pressing and dragging choose the event below the pointer. */
  const choose = ({ currentTarget, clientX, buttons }: PointerEvent<HTMLElement>): void => {
    if (buttons !== 1 || events.length === 0) return;
    const { left, width } = currentTarget.getBoundingClientRect();
    const share = Math.max(0, Math.min(1, (clientX - left) / width));
    setPlayback({ event: Math.round(share * last) });
  };
  return (
    <div className="event-strip" data-empty={total === 0 || undefined}>
      {events.length > 0 && (
        <div
          className="strip-track"
          role="slider"
          tabIndex={0}
          aria-label={EVENT_STRIP.label}
          aria-valuemin={0}
          aria-valuemax={total}
          aria-valuenow={event === null ? 0 : event + 1}
          aria-valuetext={text}
          onPointerDown={(pressed) => {
            pressed.currentTarget.setPointerCapture(pressed.pointerId);
            choose(pressed);
          }}
          onPointerMove={choose}
          onKeyDown={(pressed) => {
            const to = moved(pressed.key, event, events.length);
            if (to === undefined) return;
            pressed.preventDefault();
            setPlayback({ event: to });
          }}
        >
          <StripMarks marks={marks} last={last} event={event} />
          {event !== null && <b style={{ left: `${(Math.min(event, last) / last) * 100}%` }} />}
        </div>
      )}
      <p className="strip-words" role="status" data-tone={shown && describeEvent(shown).tone}>
        {text}
      </p>
    </div>
  );
}

interface StripMarksProps {
  readonly marks: readonly StripMark[];
  readonly last: number;
  readonly event: number | null;
}

/** They stay as they are while time passes from line to line, until other events are there. */
const StripMarks = memo(function StripMarks({ marks, last, event }: StripMarksProps) {
  return marks.map(({ shape, index }) => (
    <i
      key={index}
      data-shape={shape}
      data-past={event !== null && index <= event}
      style={{ left: `${(index / last) * 100}%` }}
    />
  ));
});

/** Where a key leads; null: in front of the first event, undefined: nowhere. */
function moved(key: string, event: number | null, events: number): number | null | undefined {
  const at = event ?? -1;
  const to = {
    ArrowRight: at + 1,
    ArrowUp: at + 1,
    ArrowLeft: at - 1,
    ArrowDown: at - 1,
    PageUp: at + 10,
    PageDown: at - 10,
    Home: 0,
    End: events - 1,
    Escape: -1,
  }[key];
  if (to === undefined) return undefined;
  return to < 0 ? null : Math.min(to, events - 1);
}

/** The events of the line: those that are here, and where they are too many for that, what the engine says. */
function useEvents(): { readonly total: number; readonly events: readonly TraceEvent[] } {
  const told = useApp((state) => state.events.findLast((each) => each.line === state.cursor));
  const moving = useApp((state) => state.playback.running || state.playback.playing);
  const readEvents = useApp((state) => state.actions.readEvents);
  const complete = told === undefined || told.events.length === told.count;
  const [rested, setRested] = useState<typeof told>(undefined);
  useEffect(() => {
    if (complete || moving) return;
    const timer = setTimeout(() => setRested(told), REST_MS);
    return () => clearTimeout(timer);
  }, [complete, moving, told]);
  const wanted = !complete && rested === told;
  const reading = useReading(
    useCallback(
      async () => (wanted ? { told, events: await readEvents(told.line, 0, MOST) } : null),
      [wanted, told, readEvents],
    ),
  );
  const total = told?.count ?? 0;
  if (complete) return { total, events: told?.events ?? NONE };
  return { total, events: (reading?.told === told ? reading?.events : null) ?? NONE };
}

/** What an event names is outlined on the canvas for as long as it is looked at. */
function useLight(event: TraceEvent | undefined): void {
  const light = useApp((state) => state.actions.light);
  useEffect(() => {
    if (event === undefined) return;
    const ids = objectsOf(event, useApp.getState().objects);
    if (ids.length === 0) return;
    light({ chain: [], others: ids });
    return () => light(null);
  }, [event, light]);
}

/** The objects that an event names. */
function objectsOf(event: TraceEvent, objects: Objects): readonly WorldId[] {
  if (event.kind === 'log') return [];
  const ids = namesIn(event).flatMap((name): readonly WorldId[] => {
    if (name === null) return [];
    if (objects[name] !== undefined) return [name];
    const device = `dev:${name}`;
    if (objects[device] !== undefined) return [device];
    return Object.values(objects).flatMap((object) =>
      object.type === 'hwpt' && object.domain === name ? [object.id] : [],
    );
  });
  return [...new Set(ids)];
}
