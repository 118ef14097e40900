import { tooLong } from '../scenario/limits';
import type { Answer, Arguments, Method } from '../worker/connection';
import type { Stage } from './apply';
import type { Context } from './context';
import { runInParts, type RunEnd, type RunTo } from './engine-run';
import { normalizeScript } from './script';
import type { Actions } from './types';
import * as says from '../words/store/engine';

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
  /** Goes to a line of a script, and shows what comes of it. Null: the present state stays. */
  readonly run: (to: LinkRun) => Promise<RunEnd | null>;
  /** Ends a run that takes long. */
  readonly halt: () => void;
  /** A run succeeded for a person: the next loss is a new one. */
  readonly proven: () => void;
  /** A new worker, brought to where the script was; null for its end. */
  readonly boot: (cursor: number | null, stage: Stage) => Promise<void>;
}

export type LinkRun = Omit<RunTo, 'goesOn'> & Partial<Pick<RunTo, 'goesOn'>>;

export function createEngineLink({ get, set, engine }: Context): EngineLink {
  let restartsLeft = 1;
  let halts = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  /** Says what is waited for, if it takes long; `words` is asked when it is said. */
  async function busyWith<T>(words: () => string, work: (tell: () => void) => Promise<T>): Promise<T> {
    let late = false;
    const tell = (): void => {
      const { status } = get().engine;
      if (late && (status === 'ready' || status === 'busy'))
        set({ engine: { status: 'busy', what: words() } });
    };
    const busy = setTimeout(() => {
      late = true;
      tell();
    }, BUSY_AFTER_MS);
    const done = await work(tell);
    clearTimeout(busy);
    if (get().engine.status === 'busy') set({ engine: { status: 'ready' } });
    return done;
  }

  async function call<M extends Method>(
    what: string,
    method: M,
    ...args: Arguments<M>
  ): Promise<Answer<M> | null> {
    const outcome = await engine.call(method, ...args);
    if (outcome.status === 'ok') return outcome.value;
    set({ notice: { tone: 'error', text: says.theEngineStoppedNothingWasChanged(what) } });
    return null;
  }

  const link: EngineLink = {
    async ask<M extends Method>(what: string, method: M, ...args: Arguments<M>): Promise<Answer<M> | null> {
      return busyWith(
        () => what,
        () => call(what, method, ...args),
      );
    },

    async run(to) {
      const { script, cursor, what, breakpoints } = to;
      const mine = ++halts;
      const goesOn = (): boolean => halts === mine && (to.goesOn?.() ?? true);
      let words = what;
      return busyWith(
        () => words,
        (tell) =>
          runInParts(
            { get, set },
            { ...to, goesOn },
            ({ known, epoch, from }) =>
              call(what, 'run', {
                script,
                cursor,
                known,
                epoch: engine.localEpoch(epoch),
                watch: breakpoints === undefined ? null : { from, breakpoints },
              }),
            (at, total) => {
              words = says.lineOf(what, at, total);
              tell();
            },
          ),
      );
    },

    halt: () => {
      halts++;
    },

    proven: () => {
      restartsLeft = 1;
    },

    async boot(cursor, stage) {
      clearTimeout(timer);
      set({ engine: { status: 'starting' }, connecting: null });
      engine.restart();
      const { script, known, seen } = get();
      const what = says.startingTheEngine;
      const knowledge = { known, seen };
      await link.run({ script, cursor, what, stage, knowledge, lines: known.length, shows: 'whole' });
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
  | 'readPhysical'
  | 'peekEntry'
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
    readMemory: async (pa, bytes) => link.ask(says.readingMemory, 'readMemory', pa, bytes),
    readHardware: async (unitId) => link.ask(says.readingTheHardware, 'hardware', unitId),
    readPhysical: async () => link.ask(says.readingMemory, 'physical'),
    peekEntry: async (unitId, table, index) =>
      link.ask(says.readingTheTable, 'peekEntry', unitId, table, index),
    describeIoctls: async (calls) => link.ask(says.readingTheCalls, 'describeIoctls', calls),
    readSysfs: async () => link.ask(says.readingSysfs, 'sysfs'),
    readLockOrder: async () => link.ask(says.readingTheOrderOfLocks, 'lockOrder'),
    readDefects: async () => link.ask(says.readingTheNotes, 'defects'),
    readPartition: async (script) => link.ask(says.groupingTheMachine, 'partition', script),
    readPassthrough: async (deviceId) => link.ask(says.tryingTheDevice, 'passthrough', deviceId),
    importText: async (text) =>
      (await link.ask(says.readingTheText, 'importText', text)) ?? {
        status: 'failed',
        why: says.theEngineStoppedWhile,
      },
    decodeLines: async (text) => link.ask(says.readingTheKernelsLines, 'decodeLines', text),
  };
}
