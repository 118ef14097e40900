import { expose } from 'comlink';
import { API_VERSION, type ReadyMessage } from './api';
import { createEngine } from './engine';
import { createIdle } from './idle';
import { readPciIds } from './read-pci-ids';

/** The engine's thread: gives it a voice, then says that it can be spoken to. */
expose(createEngine({ readPciIds, now: () => performance.now(), whenIdle: createIdle() }));

const ready: ReadyMessage = { type: 'ready', apiVersion: API_VERSION };
postMessage(ready);
