import type { Context } from './context';
import type { EngineLink, LinkRun } from './engine-actions';
import type { RunEnd } from './engine-run';
import { linesOf } from './script';
import type { Actions, PlaybackState } from './types';

type TimeActions = Pick<
  Actions,
  | 'seek'
  | 'runTo'
  | 'stop'
  | 'setBreakpoints'
  | 'stepEvent'
  | 'readMoment'
  | 'readMemoryAt'
  | 'readTablesAt'
  | 'readEvents'
>;

/** Moving over the lines of the script, and looking at other moments. The script stays as it is. */
export function timeActions({ get, set, serial }: Context, link: EngineLink): TimeActions {
  /** Wishes to be somewhere: a newer one ends those before it. */
  let newest = 0;
  const change = (playback: Partial<PlaybackState>): void =>
    set((state) => ({ playback: { ...state.playback, ...playback } }));

  async function go(
    to: Pick<LinkRun, 'cursor' | 'what' | 'stage' | 'goesOn' | 'breakpoints'>,
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
        const ended = await go({
          cursor: to,
          what: 'Going there',
          stage: playback.running ? 'begin-at-cursor' : 'at-cursor',
          goesOn: () => mine === newest,
          ...(watching && breakpoints.length > 0 ? { breakpoints } : {}),
        });
        set({ refusal: null });
        const stoppedBy = ended?.stoppedBy ?? null;
        change(stoppedBy === null ? { stoppedBy } : { stoppedBy, running: false });
        if (get().playback.lookup !== null) set({ panel: 'walk' });
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
              what: 'Running',
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
      const objects = await link.ask('Reading that moment', 'moment', script ?? null, cursor);
      return objects && { cursor, objects: Object.fromEntries(objects.map((object) => [object.id, object])) };
    },
    readMemoryAt: (cursor, pa, bytes) => link.ask('Reading memory', 'memoryAt', cursor, pa, bytes),
    readTablesAt: (cursor, hwptId, script) =>
      link.ask('Reading tables', 'tablesAt', script ?? null, cursor, hwptId),
    readEvents: (line, from, to) => link.ask('Reading the events', 'events', line, from, to),
  };
}
