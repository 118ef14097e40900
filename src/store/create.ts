import { create, type StoreApi, type UseBoundStore } from 'zustand';
import type { EngineClient } from '../worker/client';
import { attachClock } from './clock';
import { connectActions } from './connect-actions';
import { createSerial, type Context } from './context';
import { createEngineLink, engineActions } from './engine-actions';
import { idlePlayback } from './playback';
import { scriptActions } from './script-actions';
import { transportActions } from './transport';
import type { AppState } from './types';
import { viewActions } from './view-actions';
import { emptyWorld } from './world';

/** The page's store over an engine. Nothing runs before `actions.start`. */
export function createAppStore(engine: EngineClient): UseBoundStore<StoreApi<AppState>> {
  const store = create<AppState>()((set, get) => {
    const context: Context = { get, set, engine, serial: createSerial() };
    const link = createEngineLink(context);
    return {
      ...emptyWorld,
      script: '',
      known: [],
      undo: [],
      redo: [],
      selection: null,
      connecting: null,
      refusal: null,
      theme: 'auto',
      engine: { status: 'starting' },
      panel: 'object',
      dialog: null,
      notice: null,
      memoryPa: null,
      lit: null,
      playback: idlePlayback,
      actions: {
        ...scriptActions(context, link),
        ...connectActions(context, link),
        ...engineActions(context, link),
        ...viewActions(context),
        ...transportActions(context),
      },
    };
  });
  attachClock(store);
  return store;
}
