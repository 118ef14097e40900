import type { Context } from './context';
import { totalSteps } from './playback';
import { linesOf } from './script';
import type { Actions, AppState } from './types';

/** Lines that only set the scene, or look whether all is as it should: playing does not stop at them. */
const SETUP = new Set(['machine', 'iommu', 'pci', 'reserve', 'place', 'note', 'expect', 'expect-log', '']);

/** Where playing and scrubbing stop: before the first line, then after every line that does something. */
export function stopsOf(script: string): readonly number[] {
  const lines = linesOf(script);
  const stops = [0];
  for (const [index, line] of lines.entries()) {
    const verb = line.trim().split(/[\s#]/, 1)[0] ?? '';
    if (!SETUP.has(verb)) stops.push(index + 1);
  }
  if (stops.at(-1) !== lines.length) stops.push(lines.length);
  return stops;
}

/** The stop after a cursor: setup lines are passed in one go. */
export const nextStop = (script: string, cursor: number): number => {
  const stops = stopsOf(script);
  return stops.find((stop) => stop > cursor) ?? stops.at(-1) ?? 0;
};

const stagedSteps = (state: AppState): number => {
  const lookup = state.playback.lookup === null ? undefined : state.lookups[state.playback.lookup];
  return lookup === undefined ? 0 : totalSteps(lookup);
};

/** Playing and stepping, through a look-up and on to the next line. */
export function transportActions({ get, set }: Context): Pick<Actions, 'togglePlay' | 'step'> {
  const change = (playback: Partial<AppState['playback']>): void =>
    set((state) => ({ playback: { ...state.playback, ...playback } }));

  return {
    togglePlay() {
      const state = get();
      if (state.engine.status === 'starting') return; // its first run decides what is on stage
      const { playback, cursor } = state;
      const atEnd = cursor >= linesOf(state.script).length;
      if (playback.playing || playback.running) change({ playing: false, running: false });
      else if (playback.step < stagedSteps(state)) change({ playing: true, running: !atEnd });
      else if (!atEnd) change({ running: true });
      else if (playback.lookup !== null) change({ step: 0, playing: true });
      else void state.actions.seek(0).then(() => change({ running: true }));
    },

    async step(direction) {
      change({ playing: false, running: false });
      const state = get();
      const { step } = state.playback;
      const total = stagedSteps(state);
      if (direction === 1 && step < total) return change({ step: step + 1 });
      if (direction === -1 && step > 0) return change({ step: step - 1 });
      const to = state.cursor + direction;
      if (to < 0 || to > linesOf(state.script).length) return;
      await state.actions.seek(to);
      if (direction === 1 && get().playback.lookup !== null) change({ step: 0 });
    },
  };
}
