import { create, type StoreApi, type UseBoundStore } from 'zustand';
import type { EngineClient } from '../worker/client';
import { attachClock } from './clock';
import { connectActions } from './connect-actions';
import { createSerial, type Context } from './context';
import { createEngineLink, engineActions } from './engine-actions';
import { placeActions } from './place-actions';
import { idlePlayback } from './playback';
import { NOTHING_KNOWN } from './knowledge';
import { scriptActions } from './script-actions';
import { timeActions } from './time-actions';
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
      ...NOTHING_KNOWN,
      branches: [],
      breakpoints: [],
      undo: [],
      redo: [],
      selection: null,
      marked: [],
      connecting: null,
      refusal: null,
      theme: 'auto',
      following: true,
      engine: { status: 'starting' },
      panel: 'object',
      dialog: null,
      shareTab: 'link',
      deed: null,
      notice: null,
      memoryPa: null,
      followed: null,
      lit: null,
      menu: null,
      palette: null,
      draft: null,
      gaze: null,
      litLevel: null,
      spot: null,
      wideWalk: false,
      outlineLook: 'tree',
      timeWindow: null,
      compared: { a: { kind: 'before' }, b: { kind: 'here' } },
      playback: idlePlayback,
      actions: {
        ...scriptActions(context, link),
        ...timeActions(context, link),
        ...placeActions(context, link),
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
