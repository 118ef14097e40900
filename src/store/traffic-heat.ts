import type { TrafficRun } from '../engine/sim/batch';
import type { WorldId } from '../engine/sim/world';
import { runsOfLine, stagedLookup } from './playback';
import { beatsOfTraffic, isNews, setOutAt } from './traffic-show';
import type { AppState } from './types';

/** A stretch of an IOAS' addresses, and how many accesses of the line on stage went there. */
export interface HeatStretch {
  readonly start: bigint;
  readonly last: bigint;
  readonly count: number;
  readonly blocked: number;
  /** 0 … 1, of the busiest stretch, by orders of magnitude: what is rare is seen as well. */
  readonly glow: number;
}

export interface IoasHeat {
  readonly line: number;
  readonly accesses: number;
  readonly blocked: number;
  /** Ascending by where they begin; those of several devices may overlap. */
  readonly stretches: readonly HeatStretch[];
}

/** The line whose traffic is on stage, and how many beats of it are shown: two numbers, so that a selector can give them. */
export const stagedTraffic = (state: AppState): number | null => state.playback.traffic;
export const shownBeats = (state: AppState): number =>
  // Behind a look-up it stands complete.
  stagedLookup(state) === null ? state.playback.step : Infinity;

/**
 * Where a line's accesses went in an IOAS; null: none went there. A stretch is lit from the first access to it on, as bright
 * as the line makes it.
 */
export function heatOf(
  traffic: readonly TrafficRun[],
  line: number | null,
  beats: number,
  ioasId: WorldId,
): IoasHeat | null {
  if (line === null) return null;
  const runs = runsOfLine(traffic, line).filter(isNews);
  const all = beatsOfTraffic(runs);
  const stretches = new Map<string, Omit<HeatStretch, 'glow'>>();
  let met = false;
  for (const { accesses, places } of runs) {
    const out = setOutAt(accesses, all, beats);
    for (const space of places) {
      if (space.ioasId !== ioasId) continue;
      met = true;
      for (const { at, count, blocked, first } of space.bins) {
        if (first >= out) continue;
        const start = space.start + BigInt(at) * space.binBytes;
        const end = start + space.binBytes - 1n;
        const last = end < space.last ? end : space.last;
        const key = `${start} ${last}`;
        const before = stretches.get(key);
        stretches.set(key, {
          start,
          last,
          count: count + (before?.count ?? 0),
          blocked: blocked + (before?.blocked ?? 0),
        });
      }
    }
  }
  if (!met) return null;
  const found = [...stretches.values()].sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0));
  const most = found.reduce((max, { count }) => Math.max(max, count), 1);
  return {
    line,
    accesses: found.reduce((sum, { count }) => sum + count, 0),
    blocked: found.reduce((sum, { blocked }) => sum + blocked, 0),
    stretches: found.map((each) => ({ ...each, glow: Math.log1p(each.count) / Math.log1p(most) })),
  };
}
