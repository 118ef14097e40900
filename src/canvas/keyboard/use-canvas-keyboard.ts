import { useCallback, type KeyboardEvent } from 'react';
import { useReactFlow } from 'reactflow';
import type { WorldId } from '../../engine/sim/world';
import { whyNotFrom } from '../../store/drops';
import { useApp } from '../../store/index';
import type { Target } from '../../worker/api';
import { zoomsByHand } from '../camera/linked';
import { useCanvasUi } from '../canvas-ui';
import type { Link } from '../edges/edges';
import { contains, type Rect } from '../layout/geometry';
import type { Layout } from '../layout/layout';
import { find } from '../layout/tree';
import { mark, selectedIds, toggleMark } from '../marked';
import { describeTarget, nameOf } from '../names';
import { makeOn } from '../palette/new-object';
import { deleteAt, editByLetter, nudge } from './editing';
import { neighbour, readingOrder, type Direction } from './neighbours';
import * as says from '../../words/canvas/hand';

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
      if (event.target !== event.currentTarget) return;
      const { objects, connecting, lit, marked, actions } = useApp.getState();
      const ui = useCanvasUi.getState();
      const goTo = (id: WorldId | null | undefined): void => {
        if (id == null) return;
        useCanvasUi.setState({ activeId: id, edgeId: null });
        ui.say(nameOf(objects, id));
        reveal(layout.rects.get(id));
      };
      /** The menu of what is selected, or of where the keyboard stands, beside it. */
      const openMenu = (id: WorldId | null): void => {
        const rect = id === null ? undefined : layout.rects.get(id);
        const corner = rect && flow.flowToScreenPosition({ x: rect.x + 24, y: rect.y + rect.height });
        const { left, top } = event.currentTarget.getBoundingClientRect();
        const subject = id === null ? [] : marked.includes(id) ? marked : [id];
        if (subject.length === 1 && id !== null) actions.select(id);
        actions.openContextMenu(corner ?? { x: left + 40, y: top + 60 }, subject);
      };
      const handled = (): void => {
        event.preventDefault();
        event.stopPropagation();
      };
      const direction = ARROWS[event.key];
      const order = readingOrder(layout);
      const active = ui.activeId !== null && layout.rects.has(ui.activeId) ? ui.activeId : null;

      if (event.altKey) {
        if (event.ctrlKey || event.metaKey) return;
        if (nudge(event.key, event.shiftKey, layout, active)) handled();
        return;
      }
      if (event.ctrlKey || event.metaKey) {
        if (!event.shiftKey && editByLetter(event.key, layout, active)) handled();
        return;
      }
      if (event.key === 'ContextMenu' || (event.key === 'F10' && event.shiftKey)) {
        openMenu(active);
        return handled();
      }

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
          } else ui.say(says.thereIsNoPlaceForIt);
          return handled();
        }
        if (event.key === 'Enter' && ui.aimId !== null) {
          useCanvasUi.setState({ aimId: null, byKeyboard: false });
          void (connecting.deviceId.startsWith('new:') ? makeOn(ui.aimId) : actions.connectTo(ui.aimId));
          return handled();
        }
        if (event.key === 'Escape') {
          useCanvasUi.setState({ aimId: null, byKeyboard: false });
          actions.stopConnecting();
          ui.say(says.connectingCancelled);
          return handled();
        }
      }

      if (direction && event.shiftKey) {
        const next = active === null ? order[0] : neighbour(layout, links, active, direction);
        const grown = [
          ...selectedIds(),
          ...(active === null ? [] : [active]),
          ...(next == null ? [] : [next]),
        ];
        goTo(next);
        mark([...new Set(grown)]);
        return handled();
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
          if (active === null) return handled();
          if (event.shiftKey) toggleMark(active);
          else actions.select(active);
          return handled();
        case 'Escape':
          if (lit !== null) {
            actions.light(null);
            return handled();
          }
          if (connecting !== null) actions.stopConnecting();
          actions.select(null);
          useCanvasUi.setState({ edgeId: null });
          return handled();
        case 'c':
        case 'C':
          if (active !== null) void connectByKeyboard(active);
          return handled();
        case 'n':
        case 'N':
          useCanvasUi.setState({ paletteOpen: true, paletteAsked: ui.paletteAsked + 1 });
          return handled();
        case 'Delete':
        case 'Backspace':
          deleteAt(active, links);
          return handled();
        case '+':
        case '=':
          zoomsByHand();
          void flow.zoomIn();
          return handled();
        case '-':
          zoomsByHand();
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

async function connectByKeyboard(sourceId: WorldId): Promise<void> {
  const { objects, connecting, actions } = useApp.getState();
  const { say } = useCanvasUi.getState();
  const why = whyNotFrom(objects, sourceId);
  if (why !== null) return say(why);
  const part = nextBuffer(sourceId, connecting?.deviceId ?? null);
  useCanvasUi.setState({ byKeyboard: true, aimId: null });
  const what = part ?? nameOf(objects, sourceId).split(',')[0] ?? '';
  say(says.connectingFindingTargets(what));
  await actions.startConnecting(sourceId, part);
  const now = useApp.getState().connecting;
  if (now?.deviceId !== sourceId) return;
  const legal = now.targets.filter((t) => t.ok).length;
  say(
    now.targets.length === 0
      ? says.thereIsNoPlace
      : says.targetsAllowedArrowsChooseEnterDoes(what, now.targets.length, legal),
  );
}

/** Which buffer of the process was meant last; C again takes the one before. */
let lastPart: string | null = null;

function nextBuffer(sourceId: WorldId, connectingId: WorldId | null): string | null {
  const process = find(useApp.getState().objects, sourceId, 'process');
  if (process === null) return null;
  const names = process.buffers.flatMap(({ name }) => name ?? []);
  const at = connectingId === sourceId && lastPart !== null ? names.indexOf(lastPart) - 1 : -1;
  return (lastPart = names.at(at) ?? null);
}
