import type { TrafficRun } from '../engine/sim/batch';

/**
 * How a line's traffic is shown. Up to some twenty accesses a second can be followed by eye: a device that makes no more in a
 * show of five seconds is shown access by access. What is more is heat, in so many beats.
 */
const MOST_A_SECOND = 20;
const SHOW_SECONDS = 5;
const FOLLOWED = MOST_A_SECOND * SHOW_SECONDS;
const HEAT_BEATS = 60;
/** Accesses in the time of one step of a look-up. */
const A_STEP = 10;

export const isHeat = ({ accesses }: Pick<TrafficRun, 'accesses'>): boolean => accesses > FOLLOWED;

/** Beats of a show: an access of the busiest device each, or a slice of all where they are many. */
export function beatsOfTraffic(runs: readonly Pick<TrafficRun, 'accesses'>[]): number {
  const most = runs.reduce((max, { accesses }) => Math.max(max, accesses), 0);
  return most > FOLLOWED ? HEAT_BEATS : most;
}

/** How many of a device's accesses had set out after so many beats of the show. */
export const setOutAt = (accesses: number, beats: number, shown: number): number =>
  beats <= 0 ? 0 : Math.floor(accesses * Math.max(0, Math.min(1, shown / beats)) + 1e-9);

/** A beat's length; never more than can be followed in a second. */
export const trafficBeatMs = (speed: number): number => 1000 / Math.min(MOST_A_SECOND, A_STEP * speed);

/** A single access that got through is what background traffic does after every line: nothing to look at. */
export const isNews = ({ trafficId, accesses, blocked }: TrafficRun): boolean =>
  accesses > 0 && (trafficId === null || accesses > 1 || blocked > 0);

/** The next beat, or the one before, at which some device's accesses begin to go another way; else the end, or the start. */
export function trafficStop(
  runs: readonly Pick<TrafficRun, 'accesses' | 'spans'>[],
  step: number,
  direction: 1 | -1,
): number {
  const beats = beatsOfTraffic(runs);
  const stops = new Set([0, beats]);
  for (const { accesses, spans } of runs) {
    let seen = 0;
    for (const { count } of spans) {
      seen += count;
      stops.add(Math.min(beats, Math.ceil((seen * beats) / Math.max(1, accesses))));
    }
  }
  const all = [...stops].sort((a, b) => a - b);
  return direction === 1
    ? (all.find((stop) => stop > step) ?? beats)
    : (all.findLast((stop) => stop < step) ?? 0);
}
