import type { EngineClient } from '../worker/client';
import type { AppState } from './types';

/** What every action needs. */
export interface Context {
  readonly get: () => AppState;
  readonly set: (change: Partial<AppState> | ((state: AppState) => Partial<AppState>)) => void;
  readonly engine: EngineClient;
  /** One gesture after another: each reads the state that the one before it left. */
  readonly serial: <T>(gesture: () => Promise<T>) => Promise<T>;
}

export function createSerial(): Context['serial'] {
  let last: Promise<unknown> = Promise.resolve();
  return (gesture) => {
    const turn = last.then(gesture, gesture);
    last = turn.catch(() => undefined);
    return turn;
  };
}
