import type { LineResult } from '../engine/sim/batch';
import { afterBatch, type Stage } from './apply';
import { Branches, Memory } from './branches';
import type { Context } from './context';
import type { EngineLink } from './engine-actions';
import { commit, redone, undone } from './history';
import { carried, knownUpTo, type Carried } from './knowledge';
import { joinLines, linesOf, normalizeScript, settleGesture } from './script';
import type { Actions, AppState, ScriptState } from './types';
import * as says from '../words/store/engine';

type ScriptActions = Pick<
  Actions,
  'act' | 'replaceScript' | 'undo' | 'redo' | 'openBranch' | 'dropBranch' | 'restoreBranches'
>;

/** Every way to change the script. It changes only after the engine has run it. */
export function scriptActions({ get, set, serial }: Context, link: EngineLink): ScriptActions {
  const branches = new Branches();
  const memory = new Memory();

  /** What is known of a script: what it shares with the present one, or what is remembered of it. */
  function knownOf(script: string, cursor: number): Carried {
    const { known, seen, script: present } = get();
    const shared = carried({ known, seen }, present, script, cursor);
    const remembered = memory.find(script);
    if (remembered === null || remembered.known.length <= shared.lines) return shared;
    return { knowledge: remembered, lines: remembered.known.length };
  }

  /** The present script becomes another one, undoably or by undo. */
  function settle(next: Pick<ScriptState, 'script' | 'undo' | 'redo'>): Partial<ScriptState> {
    return { ...next, branches: branches.beside(next.script) };
  }

  interface Opening {
    readonly script: string;
    readonly cursor: number | null;
    readonly what: string;
    readonly stage: Stage;
    /** What else changes with it. */
    readonly and?: (state: AppState) => Partial<AppState>;
  }

  /** Runs another script in the place of the present one, which stays where that fails or is given up. */
  async function open({ script, cursor, and = () => ({}), ...how }: Opening): Promise<boolean> {
    const before = get();
    const end = cursor ?? linesOf(script).length;
    const ended = await link.run({
      ...how,
      ...knownOf(script, end),
      script,
      cursor,
      shows: 'whole',
      and: (state, { complete }) => (complete ? and(state) : {}),
    });
    if (ended?.complete === true) {
      memory.keep(before.script, { known: before.known, seen: before.seen });
      return true;
    }
    if (ended !== null) await goBack();
    return false;
  }

  /** A run was given up: the engine goes back to where the page is. */
  async function goBack(): Promise<void> {
    const { script, cursor, known, seen } = get();
    const here = { script, cursor, what: says.goingBack, stage: 'keep', shows: 'whole' } as const;
    await link.run({ ...here, knowledge: { known, seen }, lines: known.length });
  }

  /** Runs lines after the cursor. A future that the script had there becomes a branch; undo brings it back. */
  async function act(lines: readonly string[]): Promise<LineResult | null> {
    const reply = await link.ask(says.running, 'append', lines);
    if (reply === null) return null;
    if (reply.status === 'failed') {
      set({ notice: { tone: 'error', text: reply.why } });
      return null;
    }
    link.proven();
    const { batch, kept, refused, mistaken } = settleGesture(reply.batch);
    const before = get();
    const all = linesOf(before.script);
    const next = joinLines([...all.slice(0, before.cursor), ...kept]);
    const knowledge = { known: before.known, seen: before.seen };
    const changed = kept.length > 0;
    if (changed && before.cursor < all.length) {
      branches.add(before, next);
      memory.keep(before.script, knowledge);
    }
    set((state) => ({
      ...(changed ? settle(commit(state, next)) : {}),
      ...toWalk(
        batch.lookups.length > 0,
        afterBatch(state, batch, {
          stage: 'play',
          knowledge: changed ? knownUpTo(knowledge, before.cursor) : knowledge,
        }),
      ),
      refusal:
        refused === null
          ? null
          : { line: refused.text, result: refused, rest: lines.slice(batch.results.length - 1) },
      notice: mistaken === null ? null : { tone: 'error', text: mistakeText(mistaken) },
    }));
    // The engine counts as the script does; if ever not, the script decides.
    if (changed && batch.cursor !== linesOf(get().script).length)
      await open({ script: get().script, cursor: null, what: says.running, stage: 'keep' });
    return mistaken;
  }

  async function travel(to: Pick<ScriptState, 'script' | 'undo' | 'redo'> | null): Promise<void> {
    if (to === null) return;
    const and = (): Partial<AppState> => ({ ...settle(to), refusal: null });
    await open({ script: to.script, cursor: null, what: says.running, stage: 'at-cursor', and });
  }

  return {
    act: (lines) => serial(() => act(lines)),

    replaceScript: (text, cursor = null) =>
      serial(async () => {
        const script = normalizeScript(text);
        const and = (state: AppState): Partial<AppState> => ({
          ...settle(commit(state, script)),
          refusal: null,
          selection: null, // ids of one machine mean nothing in another
          marked: [],
          panel: state.playback.lookup === null ? 'object' : 'walk',
        });
        if (!(await open({ script, cursor, what: says.runningTheScript, stage: 'last', and }))) return false;
        link.proven();
        return true;
      }),

    undo: () => serial(() => travel(undone(get()))),
    redo: () => serial(() => travel(redone(get()))),

    openBranch: (id) =>
      serial(async () => {
        const branch = branches.find(id);
        const before = get();
        if (branch === null || branch.script === before.script) return;
        const { script, cursor } = branch;
        const and = (state: AppState): Partial<AppState> => {
          branches.add(before, script);
          return { ...settle(commit(state, script)), refusal: null };
        };
        await open({ script, cursor, what: says.openingTheBranch, stage: 'at-cursor', and });
      }),

    restoreBranches: (kept) => {
      branches.restore(kept);
      set({ branches: branches.beside(get().script) });
    },

    dropBranch: (id) => {
      branches.drop(id);
      set({ branches: branches.beside(get().script) });
    },
  };
}

/** Who made a DMA sees the walk. */
const toWalk = (looked: boolean, after: Partial<AppState>): Partial<AppState> =>
  looked && after.playback?.lookup != null ? { ...after, panel: 'walk' } : after;

const mistakeText = (result: {
  readonly text: string;
  readonly column: number | null;
  readonly why: string | null;
}): string =>
  `${result.text}: ${result.why ?? says.thisLineMakesNoSense}${result.column === null ? '' : says.column(result.column)}`;
