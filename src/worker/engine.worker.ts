import { expose } from 'comlink';
import { API_VERSION, type ReadyMessage } from './api';
import { createEngine } from './engine';

/** The engine's thread: gives it a voice, then says that it can be spoken to. */
expose(createEngine());

const ready: ReadyMessage = { type: 'ready', apiVersion: API_VERSION };
postMessage(ready);
