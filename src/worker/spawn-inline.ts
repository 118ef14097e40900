import EngineWorker from './engine.worker?worker&inline';
import { BROWSER, Starter } from './starter';

/** The engine's thread where all is one file: its text is in the page, and starts from a blob. Takes the place of spawn.ts there. */
export const spawnEngine = (): Starter =>
  new Starter('engine', {
    ...BROWSER,
    worker: () => new EngineWorker({ name: 'engine' }),
    read: () => Promise.reject(new Error('it is part of this file')),
  });
