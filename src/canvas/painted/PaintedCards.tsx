import { useEffect, useMemo, useRef, type ReactNode } from 'react';
import { useStoreApi } from 'reactflow';
import type { WorldId } from '../../engine/sim/world';
import { useApp } from '../../store/index';
import { useCanvasUi } from '../canvas-ui';
import type { TreeLine } from '../edges/tree-lines';
import { pathOf, rounded, type Rect } from '../layout/geometry';
import type { CanvasEdge } from '../nodes/types';
import { marksOf } from './marks';
import { spotOn } from './spot-on';
import { paintCards, type PaintedScene, type PaintedView } from './paint';
import { onThemeChange, readPaint, type Paint } from './theme';

interface PaintedCardsProps {
  readonly rects: ReadonlyMap<WorldId, Rect>;
  readonly edges: readonly CanvasEdge[];
  readonly treeLines: readonly TreeLine[];
  readonly isElement: (id: WorldId) => boolean;
}

/** Cards, frames and wires of a machine too large to be elements all at once, on one bitmap under the nodes. */
export function PaintedCards({ rects, edges, treeLines, isElement }: PaintedCardsProps): ReactNode {
  const objects = useApp((s) => s.objects);
  const lit = useApp((s) => s.lit);
  const connecting = useApp((s) => s.connecting !== null);
  const selection = useApp((s) => s.selection);
  const marked = useApp((s) => s.marked);
  const spot = useApp((s) => s.spot);
  const active = useCanvasUi((s) => s.activeId);
  const canvas = useRef<HTMLCanvasElement>(null);
  const flow = useStoreApi();
  const wires = useMemo(() => edges.flatMap(wireOf), [edges]);
  const marks = useMemo(() => marksOf(objects), [objects]);
  const tree = useMemo(
    () => new Path2D(treeLines.map(({ points }) => pathOf(rounded(points, 6))).join('')),
    [treeLines],
  );
  const scene = useMemo<PaintedScene>(() => {
    const chosen = [...new Set([selection, active, ...marked])].filter((id) => id !== null);
    const band = spotOn(spot, objects, rects);
    return { objects, rects, wires, tree, isElement, lit, connecting, chosen, marks, spot: band };
  }, [marks, objects, rects, wires, tree, isElement, lit, connecting, selection, active, marked, spot]);
  const painter = useRef<() => void>(() => undefined);
  const paint = useRef<Paint | null>(null);

  useEffect(() => {
    const element = canvas.current;
    if (!element) return;
    let frame = 0;
    const draw = (): void => {
      frame = 0;
      const { transform, width, height } = flow.getState();
      const [x, y, zoom] = transform;
      const ctx = fitted(element, width, height);
      if (ctx) paintCards(ctx, scene, { x, y, zoom, width, height }, (paint.current ??= readPaint(element)));
    };
    const later = (): void => {
      frame ||= requestAnimationFrame(draw);
    };
    painter.current = later;
    draw();
    const stopListening = onThemeChange(() => {
      paint.current = null;
      later();
    });
    return () => {
      cancelAnimationFrame(frame);
      stopListening();
    };
  }, [flow, scene]);

  useEffect(
    () =>
      flow.subscribe((now, before) => {
        if (now.transform !== before.transform || now.width !== before.width || now.height !== before.height)
          painter.current();
      }),
    [flow],
  );

  return <canvas ref={canvas} className="painted" aria-hidden data-testid="painted-cards" />;
}

const ways = new WeakMap<object, Path2D>();

/** An edge's way is read once, however often it is marked and unmarked. */
function wireOf({ data, source, target }: CanvasEdge): PaintedScene['wires'] {
  if (!data || data.route.link.kind === 'vdevice') return []; // seen only when one of its ends is selected
  let path = ways.get(data);
  if (path === undefined) ways.set(data, (path = new Path2D(data.path)));
  return [{ path, source, target }];
}

/** Cleared, and as many pixels as the screen has. */
function fitted(
  element: HTMLCanvasElement,
  width: PaintedView['width'],
  height: PaintedView['height'],
): CanvasRenderingContext2D | null {
  const scale = devicePixelRatio;
  const [w, h] = [Math.round(width * scale), Math.round(height * scale)];
  if (element.width !== w) element.width = w;
  if (element.height !== h) element.height = h;
  const ctx = element.getContext('2d');
  ctx?.setTransform(scale, 0, 0, scale, 0, 0);
  ctx?.clearRect(0, 0, width, height);
  return ctx;
}
