import { useApp } from '../../store/index';
import { KINDS } from '../../ui/kinds';
import { useCanvasUi } from '../canvas-ui';
import { useHand } from '../hand';
import type { Point } from '../layout/geometry';
import { HWPT } from '../layout/sizes';
import type { Aiming } from '../use-connecting';
import type { Gesture } from '../use-pointer';
import { makeFree } from './make';
import { makeOn } from './new-object';
import { PIECES } from './pieces';

/** Dragging something new from the palette onto the canvas. */
export function pieceGesture(
  pieceId: string,
  aiming: Aiming,
  screenToFlowPosition: (at: Point) => Point,
): Gesture | null {
  const piece = PIECES.find(({ id }) => id === pieceId);
  if (piece === undefined) return null;
  let hasTargets = false;
  const stop = (): void => {
    useCanvasUi.setState({ paletteOpen: false });
    aiming.clear();
    if (hasTargets) useApp.getState().actions.stopConnecting();
  };
  return {
    starts: 'move',
    begin() {
      const app = useApp.getState();
      const drops = piece.drops(app);
      hasTargets = drops.length > 0;
      if (hasTargets) void app.actions.startCarrying(`new:${piece.id}`, drops);
      // It stays open under the finger: hidden, it would lose the touch.
      useCanvasUi.setState({ byKeyboard: false, aimId: null });
      useHand.setState({
        ghost: { label: piece.label, hue: `var(${KINDS[piece.kind].hue})`, hint: piece.hint },
      });
    },
    move(at) {
      if (hasTargets) aiming.aimAt(at);
    },
    drop(at) {
      const over = hasTargets ? aiming.aimAt(at) : null;
      if (over !== null) {
        useCanvasUi.setState({ paletteOpen: false });
        aiming.clear();
        void makeOn(over);
        return;
      }
      stop();
      if (isOnCanvas(at)) void makeFree(piece, cornerFor(screenToFlowPosition(at)));
    },
    cancel: stop,
  };
}

/** Back on the palette, or off the canvas, it is put away. */
const isOnCanvas = ({ x, y }: Point): boolean => {
  const under = document.elementFromPoint(x, y);
  return under?.closest('.canvas') != null && under.closest('.pieces') === null;
};

/** Cards are held by their head. */
const cornerFor = ({ x, y }: Point): Point => ({ x: x - HWPT.width / 2, y: y - 16 });
