import { placeLine } from '../../scenario/edit';
import { useApp } from '../../store/index';
import { useCanvasUi } from '../canvas-ui';
import type { Point } from '../layout/geometry';
import { selectNew } from './new-object';
import type { Piece } from './pieces';
import * as says from '../../words/canvas/palette';

/** Makes it where it was dropped, or where the layout finds a place. What was made is selected. */
export async function makeFree(piece: Piece, at: Point | null): Promise<void> {
  const app = useApp.getState();
  const making = piece.free(app);
  if ('why' in making) {
    app.actions.notify({ tone: 'info', text: making.why });
    useCanvasUi.getState().say(making.why);
    return;
  }
  const placed = at !== null && making.thing !== null ? [placeLine(making.thing, at.x, at.y)] : [];
  const before = app.objects;
  await app.actions.act([...making.lines, ...placed]);
  selectNew(before);
}

/**
 * Without a pointer: where the layout puts it; else on what is selected, or on the only thing that takes it; else a person
 * chooses among those that do.
 */
export async function makeByHand(piece: Piece, byKeyboard: boolean): Promise<void> {
  const app = useApp.getState();
  const { say } = useCanvasUi.getState();
  const making = piece.free(app);
  if (!('why' in making)) return makeFree(piece, null);
  const drops = piece.drops(app);
  const open = drops.filter(({ lines }) => lines.length > 0);
  const chosen =
    open.find(({ targetId }) => targetId === app.selection) ?? (open.length === 1 ? open[0] : undefined);
  if (chosen !== undefined) {
    const before = app.objects;
    await app.actions.act(chosen.lines);
    return selectNew(before);
  }
  if (open.length === 0) {
    const why = drops[0]?.why ?? making.why;
    app.actions.notify({ tone: 'info', text: `${piece.label}: ${why}` });
    return say(why);
  }
  useCanvasUi.setState({ byKeyboard, aimId: null, edgeId: null });
  await app.actions.startCarrying(`new:${piece.id}`, drops);
  say(says.placesArrowsChooseEnterMakes(piece.label, open.length));
}
