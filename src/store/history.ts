import type { ScriptState } from './types';

type History = Pick<ScriptState, 'script' | 'undo' | 'redo'>;

/** Steps kept; scripts share no text, so this bounds memory too. */
const DEPTH = 200;

/** The script becomes `next`, undoably. `coalesce`: the gesture goes on from the last one, so there is one step for both. */
export function commit(state: History, next: string, coalesce = false): History {
  if (next === state.script) return state;
  const undo = coalesce && state.undo.length > 0 ? state.undo : [...state.undo, state.script].slice(-DEPTH);
  return { script: next, undo, redo: [] };
}

export function undone(state: History): History | null {
  const script = state.undo.at(-1);
  if (script === undefined) return null;
  return { script, undo: state.undo.slice(0, -1), redo: [...state.redo, state.script] };
}

export function redone(state: History): History | null {
  const script = state.redo.at(-1);
  if (script === undefined) return null;
  return { script, undo: [...state.undo, state.script], redo: state.redo.slice(0, -1) };
}
