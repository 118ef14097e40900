import url from './engine.worker?worker&url';
import { Starter } from './starter';

/** The engine's thread, in whatever way this page may start one. The build is one classic script that needs no other. */
export const spawnEngine = (): Starter => new Starter(url);
