import { memo, useCallback, useMemo, useState, type KeyboardEvent, type ReactNode } from 'react';
import type { TrafficRun } from '../../../engine/sim/batch';
import { useApp } from '../../../store/index';
import { runsOfLine, stagedLookup, stagedSteps } from '../../../store/playback';
import { beatsOfTraffic, isNews } from '../../../store/traffic-show';
import { shortBdf } from '../../format';
import { find } from '../../layout/tree';
import { setOut } from './heat';
import { MARKS, segmentsOf, segmentWords, type Segment } from './segments';
import { rateWords, verdict } from './words';
import './traffic-strip.css';
import * as says from '../../../words/canvas/traffic';

/** So many devices have a strip of their own. */
const MOST_ROWS = 3;

/** What the traffic of the line on stage met with, in the order of time: hits, walks, and the gap where there was one. */
export function TrafficStrip(): ReactNode {
  const line = useApp((s) => s.playback.traffic);
  const traffic = useApp((s) => s.traffic);
  const runs = useMemo(
    () => (line === null ? [] : runsOfLine(traffic, line).filter(isNews)),
    [traffic, line],
  );
  // Who met with a gap comes first.
  const ranked = useMemo(
    () => [...runs].sort((a, b) => b.blocked - a.blocked || b.accesses - a.accesses),
    [runs],
  );
  const text = useApp((s) => (line === null ? '' : (s.known[line - 1]?.text.trim() ?? '')));
  const plays = useApp((s) => stagedLookup(s) === null && s.playback.step < stagedSteps(s));
  const [first] = ranked;
  if (line === null || first === undefined) return null;
  const rest = ranked.slice(MOST_ROWS);
  const gap = first.blocked > 0;
  return (
    <section className="traffic-strip" aria-label={says.traffic}>
      <p className="traffic-verdict" data-gap={gap} data-plays={plays}>
        <i aria-hidden="true">{plays ? '⇄' : gap ? '✕' : '✓'}</i>
        <b>{plays ? says.underWay : verdict(first, text)}</b>
        <code title={text}>{text}</code>
      </p>
      {ranked.slice(0, MOST_ROWS).map((run) => (
        <Row key={`${run.deviceId} ${run.trafficId}`} run={run} beats={beatsOfTraffic(runs)} />
      ))}
      {rest.length > 0 && <p className="traffic-rest">{restWords(rest)}</p>}
    </section>
  );
}

function Row({ run, beats }: { readonly run: TrafficRun; readonly beats: number }): ReactNode {
  const bdf = useApp((s) => find(s.objects, run.deviceId, 'device')?.bdf ?? run.deviceId);
  const sample = useApp((s) => s.playback.sample);
  const out = useApp((s) =>
    s.playback.lookup === null && s.playback.sample === null
      ? setOut({ run }, beats, s.playback.step)
      : run.accesses,
  );
  const segments = useMemo(() => segmentsOf(run.spans), [run]);
  const [active, setActive] = useState(0);
  const onKeyDown = (event: KeyboardEvent<HTMLElement>): void => {
    const by = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (by === 0) return;
    event.preventDefault();
    const next = Math.max(0, Math.min(segments.length - 1, active + by));
    setActive(next);
    const button = event.currentTarget.children[next];
    if (button instanceof HTMLElement) button.focus();
  };
  return (
    <div className="traffic-row">
      <span className="mono traffic-device">{shortBdf(bdf)}</span>
      <div
        className="traffic-spans"
        role="toolbar"
        aria-label={says.accessesOfInTheirOrder(shortBdf(bdf))}
        onKeyDown={onKeyDown}
      >
        {segments.map((segment, index) => (
          <SegmentButton
            key={segment.before}
            segment={segment}
            index={index}
            isAhead={segment.before >= out}
            isPressed={segment.sample !== null && segment.sample === sample}
            isReachable={index === Math.min(active, segments.length - 1)}
            onFocus={setActive}
          />
        ))}
      </div>
      <span className="mono traffic-counts">{rateWords(run)}</span>
    </div>
  );
}

interface SegmentButtonProps {
  readonly segment: Segment;
  readonly index: number;
  readonly isAhead: boolean;
  readonly isPressed: boolean;
  readonly isReachable: boolean;
  readonly onFocus: (index: number) => void;
}

/** With every beat of the show only the one where it begins is drawn again. */
const SegmentButton = memo(function SegmentButton(props: SegmentButtonProps) {
  const { segment, index, isAhead, isPressed, isReachable, onFocus } = props;
  const { sample } = segment;
  const { play, leaveSample } = useApp((s) => s.actions);
  const words = segmentWords(segment);
  const choose = useCallback(() => {
    if (sample === null) return;
    if (isPressed) leaveSample();
    else play(sample);
  }, [sample, isPressed, leaveSample, play]);
  return (
    <button
      type="button"
      style={{ flexGrow: segment.count }}
      data-outcome={segment.outcome}
      data-gap={segment.blocked > 0}
      data-ahead={isAhead}
      aria-pressed={isPressed}
      aria-disabled={sample === null || undefined}
      aria-label={words}
      data-tip={sample === null ? words : `${words}. Click: the walk of one`}
      tabIndex={isReachable ? 0 : -1}
      onFocus={() => onFocus(index)}
      onClick={choose}
    >
      <i aria-hidden="true">{MARKS[segment.outcome]}</i>
      <span aria-hidden="true">{segment.count.toLocaleString('en')}</span>
    </button>
  );
});

function restWords(runs: readonly TrafficRun[]): string {
  const sum = (of: (run: TrafficRun) => number): number => runs.reduce((total, run) => total + of(run), 0);
  const blocked = sum((run) => run.blocked);
  const who = runs.length === 1 ? says.oneMoreDevice : says.moreDevices(runs.length);
  return says.blocked(who, says.accesses(sum((run) => run.accesses)), blocked);
}
