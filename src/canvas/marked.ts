import type { WorldId } from '../engine/sim/world';
import { useApp } from '../store/index';
import { useCanvasUi } from './canvas-ui';
import * as says from '../words/canvas/names';

const sets = new WeakMap<readonly WorldId[], ReadonlySet<WorldId>>();

/** Whether it is one of several that are selected. Every card asks at every change: the answer is looked up. */
export function isMarked(marked: readonly WorldId[], id: WorldId): boolean {
  if (marked.length === 0) return false;
  let set = sets.get(marked);
  if (set === undefined) sets.set(marked, (set = new Set(marked)));
  return set.has(id);
}

/** Everything that is selected, be it one or several. */
export function selectedIds(): readonly WorldId[] {
  const { marked, selection } = useApp.getState();
  return marked.length > 0 ? marked : selection === null ? [] : [selection];
}

/** Adds it to what is selected, or takes it out. */
export function toggleMark(id: WorldId): void {
  const before = selectedIds();
  mark(before.includes(id) ? before.filter((each) => each !== id) : [...before, id]);
}

export function mark(ids: readonly WorldId[]): void {
  useApp.getState().actions.mark(ids);
  useCanvasUi.getState().say(ids.length === 0 ? says.nothingSelected : says.selected(ids.length));
}
