import type { LineResult } from '../engine/sim/batch';
import { withPlace } from '../scenario/edit';
import { afterBatch } from './apply';
import type { Context } from './context';
import type { EngineLink } from './engine-actions';
import { commit, redone, undone } from './history';
import { joinLines, linesOf, normalizeScript, scriptName, settleGesture } from './script';
import type { Actions, ScriptState } from './types';

type ScriptActions = Pick<Actions, 'act' | 'replaceScript' | 'undo' | 'redo' | 'seek' | 'place'>;

/** Every way to change the script or the cursor. The script changes only after the engine has run it. */
export function scriptActions({ get, set, serial }: Context, link: EngineLink): ScriptActions {
  /** The object of the last gesture, if it was a `place`: placing it again is the same gesture. */
  let placing: string | null = null;
  let newestSeek = 0;

  /** Runs lines after the cursor. What the script had there is cut off, which undo brings back. */
  async function act(lines: readonly string[]): Promise<LineResult | null> {
    placing = null;
    const reply = await link.ask('Running', 'append', lines);
    if (reply === null) return null;
    if (reply.status === 'failed') {
      set({ notice: { tone: 'error', text: reply.why } });
      return null;
    }
    link.proven();
    const { batch, kept, refused, mistaken } = settleGesture(reply.batch);
    const before = get();
    const next = joinLines([...linesOf(before.script).slice(0, before.cursor), ...kept]);
    set((state) => ({
      ...(kept.length > 0 ? commit(state, next) : {}),
      ...afterBatch(state, batch, { stage: 'play', known: kept.length > 0 ? [] : state.known }),
      refusal:
        refused === null
          ? null
          : { line: refused.text, result: refused, rest: lines.slice(batch.results.length - 1) },
      notice: mistaken === null ? null : { tone: 'error', text: mistakeText(mistaken) },
    }));
    if (get().playback.playing) set({ panel: 'walk' });
    // The engine counts as the script does; if ever not, the script decides.
    if (batch.cursor !== linesOf(get().script).length && kept.length > 0)
      await link.load(get().script, null, { what: 'Running', stage: 'keep', known: [] });
    return mistaken;
  }

  async function travel(to: Pick<ScriptState, 'script' | 'undo' | 'redo'> | null): Promise<void> {
    placing = null;
    if (to === null) return;
    const loaded = await link.load(to.script, null, { what: 'Running', stage: 'at-cursor', known: [] });
    if (loaded) set({ ...to, refusal: null });
  }

  return {
    act: (lines) => serial(() => act(lines)),

    replaceScript: (text, cursor = null) =>
      serial(async () => {
        placing = null;
        const script = normalizeScript(text);
        const loaded = await link.load(script, cursor, {
          what: 'Running the script',
          stage: 'last',
          known: [],
        });
        if (!loaded) return false;
        link.proven();
        set((state) => ({
          ...commit(state, script),
          refusal: null,
          selection: null, // ids of one machine mean nothing in another
          panel: state.playback.lookup === null ? 'object' : 'walk',
        }));
        return true;
      }),

    undo: () => serial(() => travel(undone(get()))),
    redo: () => serial(() => travel(redone(get()))),

    seek: (cursor) => {
      const mine = ++newestSeek;
      return serial(async () => {
        if (mine !== newestSeek) return; // a later seek waits: this stop would only flash by
        const { script, known, playback } = get();
        const to = Math.max(0, Math.min(cursor, linesOf(script).length));
        const stage = playback.running ? 'begin-at-cursor' : 'at-cursor';
        await link.load(script, to, { what: 'Going there', stage, known });
        set({ refusal: null });
        if (get().playback.lookup !== null) set({ panel: 'walk' });
      });
    },

    place: (id, x, y) =>
      serial(async () => {
        const state = get();
        const object = state.objects[id];
        if (object === undefined) return;
        const script = normalizeScript(withPlace(state.script, scriptName(object), x, y));
        const atEnd = state.cursor === linesOf(state.script).length;
        const how = { what: 'Placing', stage: 'keep', known: atEnd ? [] : state.known } as const;
        const loaded = await link.load(script, atEnd ? null : state.cursor, how);
        if (!loaded) return;
        const again = placing === id;
        set((now) => ({ ...commit(now, script, again), refusal: null }));
        placing = id;
      }),
  };
}

const mistakeText = (result: {
  readonly text: string;
  readonly column: number | null;
  readonly why: string | null;
}): string =>
  `${result.text}: ${result.why ?? 'this line makes no sense'}${result.column === null ? '' : ` (column ${result.column})`}`;
