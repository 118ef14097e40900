import { useCallback, type RefObject } from 'react';
import { useStoreApi } from 'reactflow';
import type { WorldId } from '../engine/sim/world';
import { useApp } from '../store/index';
import { useCanvasUi } from './canvas-ui';
import { useHand } from './hand';
import { overlaps, type Point, type Rect } from './layout/geometry';
import type { Layout } from './layout/layout';
import type { Gesture } from './use-pointer';
import * as says from '../words/canvas/hand';

/** Everything that a box touches; of frames only what is in them, since a frame lies under its own cards. */
export function inBox({ rects }: Pick<Layout, 'rects'>, box: Rect): readonly WorldId[] {
  return [...rects].flatMap(([id, rect]) => {
    const isFrame = id.startsWith('group:');
    return !isFrame && overlaps(rect, box) ? [id] : [];
  });
}

/** Draws a box on the pane and selects what it touches; `add`: beside what is selected. */
export function useBoxing(layout: Layout, root: RefObject<HTMLElement | null>): (add: boolean) => Gesture {
  const flow = useStoreApi();
  return useCallback(
    (add) => {
      /** In flow coordinates, so that the box stays where it began when the canvas follows the hand. */
      let from: Point = { x: 0, y: 0 };
      const flowPoint = (at: Point): Point => {
        const { left, top } = root.current?.getBoundingClientRect() ?? { left: 0, top: 0 };
        const [x, y, zoom] = flow.getState().transform;
        return { x: (at.x - left - x) / zoom, y: (at.y - top - y) / zoom };
      };
      const boxTo = (at: Point): Rect => {
        const to = flowPoint(at);
        return {
          x: Math.min(from.x, to.x),
          y: Math.min(from.y, to.y),
          width: Math.abs(to.x - from.x),
          height: Math.abs(to.y - from.y),
        };
      };
      const onScreen = (box: Rect): Rect => {
        const [x, y, zoom] = flow.getState().transform;
        return {
          x: box.x * zoom + x,
          y: box.y * zoom + y,
          width: box.width * zoom,
          height: box.height * zoom,
        };
      };
      return {
        starts: 'move',
        begin(at) {
          from = flowPoint(at);
        },
        move(at) {
          useHand.setState({ box: onScreen(boxTo(at)) });
        },
        drop(at) {
          const { marked, selection, actions } = useApp.getState();
          const before = add ? (marked.length > 0 ? marked : selection === null ? [] : [selection]) : [];
          const found = inBox(layout, boxTo(at));
          actions.mark([...before, ...found]);
          useCanvasUi.setState({ edgeId: null });
          useCanvasUi.getState().say(says.selectedObjects(found.length));
        },
        cancel: () => undefined,
      };
    },
    [layout, root, flow],
  );
}
