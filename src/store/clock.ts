import type { StoreApi } from 'zustand';
import { totalSteps } from './playback';
import { linesOf } from './script';
import { nextStop } from './transport';
import type { AppState } from './types';

/** A line takes as long as this many look-up steps. */
const LINE_STEPS = 2;

/** The one clock: advances what plays. While nothing plays there is no timer. */
export function attachClock(store: Pick<StoreApi<AppState>, 'getState' | 'setState' | 'subscribe'>): void {
  let timer: ReturnType<typeof setTimeout> | null = null;

  const schedule = (): void => {
    const { playback, engine } = store.getState();
    const moving = playback.playing || (playback.running && engine.status !== 'crashed');
    if (moving && timer === null) {
      timer = setTimeout(tick, ((playback.playing ? 1 : LINE_STEPS) * 1000) / playback.speed);
    } else if (!moving && timer !== null) {
      clearTimeout(timer);
      timer = null;
    }
  };

  const tick = async (): Promise<void> => {
    const state = store.getState();
    if (state.playback.playing) advanceLookup(store, state);
    else if (state.playback.running) await advanceLine(store, state);
    timer = null;
    schedule();
  };

  store.subscribe(schedule);
}

type Store = Pick<StoreApi<AppState>, 'getState' | 'setState'>;

function advanceLookup(store: Store, { playback, lookups }: AppState): void {
  const lookup = playback.lookup === null ? undefined : lookups[playback.lookup];
  const total = lookup === undefined ? 0 : totalSteps(lookup);
  const step = Math.min(playback.step + 1, total);
  store.setState({ playback: { ...playback, step, playing: step < total } });
}

async function advanceLine(store: Store, state: AppState): Promise<void> {
  const end = linesOf(state.script).length;
  if (state.cursor < end) await state.actions.seek(nextStop(state.script, state.cursor));
  store.setState((now) => ({
    playback: {
      ...now.playback,
      playing: now.playback.running && now.playback.lookup !== null,
      running: now.playback.running && now.cursor < end,
    },
  }));
}
