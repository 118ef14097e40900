import { tooLong } from '../scenario/limits';
import type { Answer, Arguments, Method } from '../worker/connection';
import { afterBatch, type Stage } from './apply';
import type { Context } from './context';
import { normalizeScript } from './script';
import type { Actions, AppState } from './types';

/** Pause before a lost engine is started again, so that a page that cannot run it does not spin. */
const BACK_OFF_MS = 800;
/** A shorter wait is not worth a word. */
const BUSY_AFTER_MS = 250;

/** The store's way to the engine: says what it waits for, notices a dead engine, and brings it back once by itself. */
export interface EngineLink {
  /** Null when the engine was lost on the way: the status tells, nothing else changed. */
  readonly ask: <M extends Method>(
    what: string,
    method: M,
    ...args: Arguments<M>
  ) => Promise<Answer<M> | null>;
  /** Loads a script and shows what came of it. False: the present state stays. */
  readonly load: (
    script: string,
    cursor: number | null,
    how: { readonly what: string; readonly stage: Stage; readonly known: AppState['known'] },
  ) => Promise<boolean>;
  /** A run succeeded for a person: the next loss is a new one. */
  readonly proven: () => void;
  /** A new worker, brought to where the script was; null for its end. */
  readonly boot: (cursor: number | null, stage: Stage) => Promise<void>;
}

export function createEngineLink({ get, set, engine }: Context): EngineLink {
  let restartsLeft = 1;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const link: EngineLink = {
    async ask<M extends Method>(what: string, method: M, ...args: Arguments<M>): Promise<Answer<M> | null> {
      const busy = setTimeout(() => {
        if (get().engine.status === 'ready') set({ engine: { status: 'busy', what } });
      }, BUSY_AFTER_MS);
      const outcome = await engine.call(method, ...args);
      clearTimeout(busy);
      if (outcome.status === 'lost') {
        set({ notice: { tone: 'error', text: `${what}: the engine stopped, nothing was changed.` } });
        return null;
      }
      if (get().engine.status === 'busy') set({ engine: { status: 'ready' } });
      return outcome.value;
    },

    async load(script, cursor, { what, stage, known }) {
      const reply = await link.ask(what, 'load', script, cursor);
      if (reply === null) return false;
      if (reply.status === 'failed') {
        set({ notice: { tone: 'error', text: reply.why } });
        return false;
      }
      set((state) => afterBatch(state, reply.batch, { stage, known }));
      return true;
    },

    proven: () => {
      restartsLeft = 1;
    },

    async boot(cursor, stage) {
      clearTimeout(timer);
      set({ engine: { status: 'starting' }, connecting: null });
      engine.restart();
      const { script, known } = get();
      await link.load(script, cursor, { what: 'Starting the engine', stage, known });
      if (get().engine.status === 'starting') set({ engine: { status: 'ready' } });
    },
  };

  engine.onLost = (why) => {
    const restarting = restartsLeft > 0;
    set({ engine: { status: 'crashed', why, restarting }, connecting: null });
    if (!restarting) return;
    restartsLeft--;
    timer = setTimeout(() => void link.boot(get().cursor, 'keep'), BACK_OFF_MS);
  };
  return link;
}

export function engineActions(
  { get, set, serial }: Context,
  link: EngineLink,
): Pick<
  Actions,
  | 'start'
  | 'restartEngine'
  | 'readMemory'
  | 'readHardware'
  | 'describeIoctls'
  | 'readSysfs'
  | 'readLockOrder'
  | 'readDefects'
  | 'readPartition'
  | 'readPassthrough'
  | 'importText'
  | 'decodeLines'
> {
  return {
    start: ({ script, cursor, selection }) =>
      serial(async () => {
        const why = tooLong(script);
        if (why === null) set({ script: normalizeScript(script) });
        await link.boot(why === null ? cursor : null, 'last');
        if (why !== null) set({ notice: { tone: 'error', text: why } });
        const { objects, playback } = get();
        if (playback.lookup !== null) set({ panel: 'walk' });
        if (selection !== null && selection in objects) set({ selection });
      }),
    restartEngine: () => link.boot(get().cursor, 'keep'),
    readMemory: async (pa, bytes) => link.ask('Reading memory', 'readMemory', pa, bytes),
    readHardware: async (unitId) => link.ask('Reading the hardware', 'hardware', unitId),
    describeIoctls: async (calls) => link.ask('Reading the calls', 'describeIoctls', calls),
    readSysfs: async () => link.ask('Reading sysfs', 'sysfs'),
    readLockOrder: async () => link.ask('Reading the order of locks', 'lockOrder'),
    readDefects: async () => link.ask('Reading the notes', 'defects'),
    readPartition: async (script) => link.ask('Grouping the machine', 'partition', script),
    readPassthrough: async (deviceId) => link.ask('Trying the device', 'passthrough', deviceId),
    importText: async (text) =>
      (await link.ask('Reading the text', 'importText', text)) ?? {
        status: 'failed',
        why: 'The engine stopped while it was reading this text.',
      },
    decodeLines: async (text) => link.ask('Reading the kernel’s lines', 'decodeLines', text),
  };
}
