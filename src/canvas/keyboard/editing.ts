import type { WorldId } from '../../engine/sim/world';
import { useApp } from '../../store/index';
import { useCanvasUi } from '../canvas-ui';
import type { Link } from '../edges/edges';
import type { Layout } from '../layout/layout';
import { mark, selectedIds } from '../marked';
import * as says from '../../words/canvas/hand';

/** Keys that change something, of the canvas alone. Each ends in the same actions as the gesture that it stands for. */

/** What a key is about: what is selected, else where the keyboard stands. */
const subjectAt = (active: WorldId | null): readonly WorldId[] => {
  const selected = selectedIds();
  if (selected.length > 1 || active === null) return selected;
  return [active];
};

/** Ctrl and a letter; false: not ours. */
export function editByLetter(key: string, layout: Layout, active: WorldId | null): boolean {
  switch (key.toLowerCase()) {
    case 'a':
      mark([...layout.rects.keys()].filter((id) => !id.startsWith('group:')));
      return true;
    case 'd': {
      const subject = subjectAt(active);
      if (subject.length === 0) return false;
      void import('../clipboard').then(({ duplicate }) => duplicate(subject));
      return true;
    }
    default:
      return false;
  }
}

/** The picked wire first; then what is selected, or where the keyboard stands. */
export function deleteAt(active: WorldId | null, links: readonly Link[]): void {
  const { actions } = useApp.getState();
  const { edgeId, say } = useCanvasUi.getState();
  const link = links.find((l) => l.kind === 'attach' && l.id === edgeId);
  if (link !== undefined) {
    useCanvasUi.setState({ edgeId: null });
    void actions.detach(link.source);
    return;
  }
  const subject = subjectAt(active);
  if (subject.length === 0) say(says.nothingToTakeAwayHere);
  else void import('../clipboard').then(({ deleteSubject }) => deleteSubject(subject));
}

/** A step of the keyboard on the canvas, and a larger one. */
const NUDGE = 8;
const FAR = 40;
const WAYS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** Moves what is selected, or where the keyboard stands, by a step; steps in a row are one gesture. */
export function nudge(key: string, far: boolean, layout: Layout, active: WorldId | null): boolean {
  const way = WAYS[key];
  if (way === undefined) return false;
  const ids = new Set(subjectAt(active).map((id) => layout.frameOf.get(id) ?? id));
  const places = [...ids].flatMap((id) => {
    const rect = layout.rects.get(id);
    if (rect === undefined) return [];
    const by = far ? FAR : NUDGE;
    return [{ id, x: Math.round(rect.x + way[0] * by), y: Math.round(rect.y + way[1] * by) }];
  });
  if (places.length > 0) void useApp.getState().actions.placeAll(places);
  return true;
}
