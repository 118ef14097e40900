import { perLine } from '../lib/per-line';
import { rememberLast } from '../lib/remember-last';
import type { Context } from './context';
import { runsOfLine, stagedLookup, stagedSteps } from './playback';
import { linesOf } from './script';
import { windowNow, zoomAbout } from './time-window';
import { trafficStop } from './traffic-show';
import type { Actions, AppState } from './types';

/** Lines that only set the scene, or look whether all is as it should: playing does not stop at them. */
const SETUP = new Set(['machine', 'iommu', 'pci', 'reserve', 'place', 'note', 'expect', 'expect-log', '']);

const setsUp = perLine((line) => SETUP.has(line.trim().split(/[\s#]/, 1)[0] ?? ''));

/** Where playing and scrubbing stop: before the first line, then after every line that does something. */
export const stopsOf = rememberLast((script): readonly number[] => {
  const lines = linesOf(script);
  const stops = [0];
  for (const [index, only] of setsUp(lines).entries()) if (!only) stops.push(index + 1);
  if (stops.at(-1) !== lines.length) stops.push(lines.length);
  return stops;
});

/** The stop after a cursor: setup lines are passed in one go. */
export const nextStop = (script: string, cursor: number): number => {
  const stops = stopsOf(script);
  return stops.find((stop) => stop > cursor) ?? stops.at(-1) ?? 0;
};

/** Where a step from here leads within what is on stage: the next read of a look-up; of traffic, where it changes. */
function stepOnStage(state: AppState, direction: 1 | -1): number {
  const { step, traffic } = state.playback;
  if (traffic === null || stagedLookup(state) !== null) return step + direction;
  return trafficStop(runsOfLine(state.traffic, traffic), step, direction);
}

/** Playing and stepping, through a look-up and on to the next line. */
export function transportActions({ get, set }: Context): Pick<Actions, 'togglePlay' | 'step' | 'zoomTime'> {
  const change = (playback: Partial<AppState['playback']>): void =>
    set((state) => ({ playback: { ...state.playback, ...playback } }));

  return {
    zoomTime: (by, share) =>
      set(({ script, cursor, timeWindow }) => {
        if (by === 'all') return { timeWindow: null };
        const stops = stopsOf(script);
        const last = Math.max(1, stops.length - 1);
        const at = stops.findLastIndex((stop) => stop <= cursor);
        const { from, to } = windowNow(timeWindow, at, last);
        const next = zoomAbout({ from, to }, share === undefined ? at : from + share * (to - from), by, last);
        return { timeWindow: next.to - next.from >= last ? null : { ...next, at } };
      }),

    togglePlay() {
      const state = get();
      if (state.engine.status === 'starting') return; // its first run decides what is on stage
      const { playback, cursor } = state;
      const atEnd = cursor >= linesOf(state.script).length;
      if (playback.playing || playback.running) change({ playing: false, running: false, rushing: false });
      else if (playback.step < stagedSteps(state)) change({ playing: true, running: !atEnd });
      else if (!atEnd) change({ running: true });
      else if (stagedSteps(state) > 0) change({ step: 0, playing: true });
      else void state.actions.seek(0).then(() => change({ running: true }));
    },

    async step(direction) {
      const state = get();
      const { step, tempo } = state.playback;
      const total = stagedSteps(state);
      const ahead = direction === 1 && step < total;
      // A script that waits for hands goes on by itself once they have seen all.
      change({ playing: false, running: state.playback.running && tempo === 'by-hand' && ahead });
      if (ahead || (direction === -1 && step > 0)) return change({ step: stepOnStage(state, direction) });
      const to = state.cursor + direction;
      if (to < 0 || to > linesOf(state.script).length) return;
      await state.actions.seek(to);
      if (direction === -1 || tempo === 'instant' || stagedSteps(get()) === 0) return;
      // Traffic has too many accesses for as many keys: it plays.
      change({ step: 0, playing: tempo === 'walk' && stagedLookup(get()) === null });
    },
  };
}
