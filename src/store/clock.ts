import type { StoreApi } from 'zustand';
import { stagedLookup, stagedSteps } from './playback';
import { linesOf } from './script';
import { trafficBeatMs } from './traffic-show';
import { nextStop } from './transport';
import type { AppState } from './types';

/** A line takes as long as this many look-up steps. */
const LINE_STEPS = 2;

/** The one clock: advances what plays. While nothing plays there is no timer. */
export function attachClock(store: Pick<StoreApi<AppState>, 'getState' | 'setState' | 'subscribe'>): void {
  let timer: ReturnType<typeof setTimeout> | null = null;

  const schedule = (): void => {
    const state = store.getState();
    const { playback, engine } = state;
    const moving =
      playback.playing ||
      (playback.running && !playback.rushing && engine.status !== 'crashed' && !waits(state));
    if (moving && timer === null) {
      timer = setTimeout(tick, playback.playing ? stepMs(state) : (LINE_STEPS * 1000) / playback.speed);
    } else if (!moving && timer !== null) {
      clearTimeout(timer);
      timer = null;
    }
  };

  const tick = async (): Promise<void> => {
    const state = store.getState();
    if (state.playback.playing) advanceStage(store, state);
    else if (state.playback.running && !state.playback.rushing && !waits(state))
      await advanceLine(store, state);
    timer = null;
    schedule();
  };

  store.subscribe(schedule);
}

type Store = Pick<StoreApi<AppState>, 'getState' | 'setState'>;

/** By hand: the script goes on when a person has seen all of what is on stage. */
const waits = (state: AppState): boolean =>
  state.playback.tempo === 'by-hand' && !state.playback.rushing && state.playback.step < stagedSteps(state);

const stepMs = (state: AppState): number =>
  stagedLookup(state) === null ? trafficBeatMs(state.playback.speed) : 1000 / state.playback.speed;

function advanceStage(store: Store, state: AppState): void {
  const { playback } = state;
  const total = stagedSteps(state);
  const step = playback.tempo === 'instant' ? total : Math.min(playback.step + 1, total);
  store.setState({ playback: { ...playback, step, playing: step < total } });
}

async function advanceLine(store: Store, state: AppState): Promise<void> {
  const end = linesOf(state.script).length;
  if (state.cursor < end) await state.actions.seek(nextStop(state.script, state.cursor), true);
  store.setState((now) => {
    const { playback } = now;
    const { tempo, running } = playback;
    const steps = stagedSteps(now);
    return {
      playback: {
        ...playback,
        step: tempo === 'instant' ? steps : playback.step,
        playing: running && steps > 0 && tempo === 'walk',
        running: running && now.cursor < end,
      },
    };
  });
}
