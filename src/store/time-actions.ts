import type { Context } from './context';
import type { EngineLink, LinkRun } from './engine-actions';
import type { RunEnd } from './engine-run';
import { linesOf } from './script';
import type { Actions, PlaybackState } from './types';
import * as says from '../words/store/engine';

type TimeActions = Pick<
  Actions,
  | 'seek'
  | 'runTo'
  | 'stop'
  | 'setBreakpoints'
  | 'stepEvent'
  | 'readMoment'
  | 'readMemoryAt'
  | 'readEntryAt'
  | 'readTablesAt'
  | 'readEvents'
>;

/** What a seek changes beside the world. */
const arrived: NonNullable<LinkRun['and']> = ({ playback, panel }, { stoppedBy }) => ({
  refusal: null,
  playback: { ...playback, stoppedBy, running: playback.running && stoppedBy === null },
  panel: playback.lookup === null ? panel : 'walk',
});

/** Moving over the lines of the script, and looking at other moments. The script stays as it is. */
export function timeActions({ get, set, serial }: Context, link: EngineLink): TimeActions {
  /** Wishes to be somewhere: a newer one ends those before it. */
  let newest = 0;
  const change = (playback: Partial<PlaybackState>): void =>
    set((state) => ({ playback: { ...state.playback, ...playback } }));

  async function go(
    to: Pick<LinkRun, 'cursor' | 'what' | 'stage' | 'goesOn' | 'breakpoints' | 'and'>,
  ): Promise<RunEnd | null> {
    const { script, known, seen } = get();
    return link.run({ ...to, script, knowledge: { known, seen }, lines: known.length, shows: 'parts' });
  }

  return {
    seek: (cursor, watching = false) => {
      const mine = ++newest;
      return serial(async () => {
        if (mine !== newest) return; // a later seek waits: this stop would only flash by
        const { script, playback, breakpoints } = get();
        const to = Math.max(0, Math.min(cursor, linesOf(script).length));
        await go({
          cursor: to,
          what: says.goingThere,
          stage: playback.running ? 'begin-at-cursor' : 'at-cursor',
          goesOn: () => mine === newest,
          and: arrived,
          ...(watching && breakpoints.length > 0 ? { breakpoints } : {}),
        });
      });
    },

    runTo: (where) => {
      const mine = ++newest;
      change({ playing: false, running: true, rushing: true, stoppedBy: null });
      return serial(async () => {
        if (mine !== newest) return;
        const { breakpoints, playback } = get();
        const ended = playback.rushing
          ? await go({
              cursor: null,
              what: says.running,
              stage: 'at-cursor',
              goesOn: () => mine === newest && get().playback.rushing,
              ...(where === 'next-break' && breakpoints.length > 0 ? { breakpoints } : {}),
            })
          : null;
        set({ refusal: null });
        if (mine !== newest) return;
        change({ running: false, rushing: false, stoppedBy: ended?.stoppedBy ?? null });
        if (get().playback.lookup !== null) set({ panel: 'walk' });
      });
    },

    stop: () => {
      link.halt();
      change({ playing: false, running: false, rushing: false });
    },

    setBreakpoints: (breakpoints) => set({ breakpoints }),

    stepEvent: (direction) => {
      const { playback, events, cursor } = get();
      const count = events.findLast(({ line }) => line === cursor)?.count ?? 0;
      const to = (playback.event ?? -1) + direction;
      const event = to < 0 || count === 0 ? null : Math.min(to, count - 1);
      change({ playing: false, running: false, rushing: false, event });
    },

    async readMoment(cursor, script) {
      const objects = await link.ask(says.readingThatMoment, 'moment', script ?? null, cursor);
      return objects && { cursor, objects: Object.fromEntries(objects.map((object) => [object.id, object])) };
    },
    readMemoryAt: (cursor, pa, bytes, script) =>
      link.ask(says.readingMemory, 'memoryAt', script ?? null, cursor, pa, bytes),
    readEntryAt: (cursor, { unitId, table, index }, script) =>
      link.ask(says.readingTheTable, 'entryAt', script ?? null, cursor, unitId, table, index),
    readTablesAt: (cursor, hwptId, script) =>
      link.ask(says.readingTables, 'tablesAt', script ?? null, cursor, hwptId),
    readEvents: (line, from, to) => link.ask(says.readingTheEvents, 'events', line, from, to),
  };
}
