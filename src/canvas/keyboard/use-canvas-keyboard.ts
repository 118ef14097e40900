import { useCallback, type KeyboardEvent } from 'react';
import { useReactFlow } from 'reactflow';
import type { WorldId } from '../../engine/sim/world';
import { useApp } from '../../store/index';
import type { Target } from '../../worker/api';
import { useCanvasUi } from '../canvas-ui';
import type { Link } from '../edges/edges';
import { contains, type Rect } from '../layout/geometry';
import type { Layout } from '../layout/layout';
import { describeTarget, nameOf } from '../names';
import { neighbour, readingOrder, type Direction } from './neighbours';

const ARROWS: Readonly<Record<string, Direction>> = {
  ArrowLeft: 'left',
  ArrowRight: 'right',
  ArrowUp: 'up',
  ArrowDown: 'down',
};

/** The canvas is one tab stop; inside, a cursor goes from node to node. Every key does what a gesture does. */
export function useCanvasKeyboard(
  layout: Layout,
  links: readonly Link[],
  fit: () => void,
): (event: KeyboardEvent<HTMLElement>) => void {
  const flow = useReactFlow();

  const reveal = useCallback(
    (rect: Rect | undefined) => {
      if (!rect) return;
      const view = flow.getViewport();
      const canvas = document.querySelector('.canvas')?.getBoundingClientRect();
      if (!canvas) return;
      const seen: Rect = {
        x: -view.x / view.zoom,
        y: -view.y / view.zoom,
        width: canvas.width / view.zoom,
        height: canvas.height / view.zoom,
      };
      const corners = [rect, { x: rect.x + rect.width, y: rect.y + Math.min(rect.height, seen.height / 2) }];
      if (corners.every((c) => contains(seen, c))) return;
      void flow.setCenter(rect.x + rect.width / 2, rect.y + Math.min(rect.height, seen.height) / 2, {
        zoom: view.zoom,
      });
    },
    [flow],
  );

  return useCallback(
    (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.target !== event.currentTarget) return;
      const { objects, connecting, lit, actions } = useApp.getState();
      const ui = useCanvasUi.getState();
      const goTo = (id: WorldId | null | undefined): void => {
        if (id == null) return;
        useCanvasUi.setState({ activeId: id, edgeId: null });
        ui.say(nameOf(objects, id));
        reveal(layout.rects.get(id));
      };
      const handled = (): void => {
        event.preventDefault();
        event.stopPropagation();
      };
      const direction = ARROWS[event.key];
      const order = readingOrder(layout);
      const active = ui.activeId !== null && layout.rects.has(ui.activeId) ? ui.activeId : null;

      if (connecting !== null && ui.byKeyboard) {
        if (direction) {
          const targets = targetsInOrder(connecting.targets, order);
          const step = direction === 'left' || direction === 'up' ? -1 : 1;
          const now = targets.findIndex((t) => t.targetId === ui.aimId);
          const next = targets[(now + step + targets.length) % Math.max(1, targets.length)];
          if (next) {
            useCanvasUi.setState({ aimId: next.targetId });
            ui.say(describeTarget(objects, next));
            reveal(layout.rects.get(next.targetId));
          } else ui.say('No targets: there is no IOAS or HWPT to attach to.');
          return handled();
        }
        if (event.key === 'Enter' && ui.aimId !== null) {
          useCanvasUi.setState({ aimId: null, byKeyboard: false });
          void actions.connectTo(ui.aimId);
          return handled();
        }
        if (event.key === 'Escape') {
          useCanvasUi.setState({ aimId: null, byKeyboard: false });
          actions.stopConnecting();
          ui.say('Connecting cancelled.');
          return handled();
        }
      }

      if (direction) {
        goTo(active === null ? order[0] : neighbour(layout, links, active, direction));
        return handled();
      }
      switch (event.key) {
        case 'Home':
          goTo(order[0]);
          return handled();
        case 'End':
          goTo(order.at(-1));
          return handled();
        case 'Enter': // not Space: it plays and pauses everywhere
          if (active !== null) actions.select(active);
          return handled();
        case 'Escape':
          if (lit !== null) {
            actions.light(null);
            return handled();
          }
          actions.select(null);
          useCanvasUi.setState({ edgeId: null });
          return handled();
        case 'c':
        case 'C':
          if (active !== null) void connectByKeyboard(active);
          return handled();
        case 'Delete':
        case 'Backspace':
          detachSelected(active, links);
          return handled();
        case '+':
        case '=':
          void flow.zoomIn();
          return handled();
        case '-':
          void flow.zoomOut();
          return handled();
        case '0':
          fit();
          return handled();
      }
    },
    [flow, fit, layout, links, reveal],
  );
}

/** Places where the drop would work come first. */
const targetsInOrder = (targets: readonly Target[], order: readonly WorldId[]): readonly Target[] =>
  [...targets].sort(
    (a, b) => Number(b.ok) - Number(a.ok) || order.indexOf(a.targetId) - order.indexOf(b.targetId),
  );

async function connectByKeyboard(deviceId: WorldId): Promise<void> {
  const { objects, actions } = useApp.getState();
  const { say } = useCanvasUi.getState();
  const device = objects[deviceId];
  if (device?.type !== 'device' || device.isBridge)
    return say('Only a device that is no bridge can be attached.');
  useCanvasUi.setState({ byKeyboard: true, aimId: null });
  say(`Connecting ${device.bdf}. Finding targets.`);
  await actions.startConnecting(deviceId);
  const { connecting } = useApp.getState();
  if (connecting?.deviceId !== deviceId) return;
  const legal = connecting.targets.filter((t) => t.ok).length;
  say(
    connecting.targets.length === 0
      ? 'There is no IOAS or HWPT to attach to. Escape leaves.'
      : `${connecting.targets.length} targets, ${legal} allowed. Arrows choose, Enter attaches, Escape cancels.`,
  );
}

function detachSelected(active: WorldId | null, links: readonly Link[]): void {
  const { actions } = useApp.getState();
  const { edgeId, say } = useCanvasUi.getState();
  const link = links.find(
    (l) => l.kind === 'attach' && (l.id === edgeId || (edgeId === null && l.source === active)),
  );
  if (!link) return say('Nothing to detach here.');
  useCanvasUi.setState({ edgeId: null });
  void actions.detach(link.source);
}
