import { createEngineClient } from '../worker/client';
import { spawnEngine } from '../worker/spawn';
import { createAppStore } from './create';

/** The page's one store. */
export const useApp = createAppStore(createEngineClient(spawnEngine));

export type { AppState } from './types';
