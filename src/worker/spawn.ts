/** The URL is written inline: only then does the bundler see the worker. */
export const spawnEngine = (): Worker =>
  new Worker(new URL('./engine.worker.ts', import.meta.url), { type: 'module', name: 'engine' });
