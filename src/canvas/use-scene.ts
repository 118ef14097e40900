import { useMemo } from 'react';
import { Position } from 'reactflow';
import type { WorldId } from '../engine/sim/world';
import { useApp } from '../store/index';
import { useCanvasUi } from './canvas-ui';
import { cardsOf, linksOf, routesOf, type Link, type Route } from './edges/edges';
import { boundsOf, pathOf, type Rect } from './layout/geometry';
import { computeLayout, type Layout } from './layout/layout';
import type { CanvasEdge, CanvasNode } from './nodes/types';

export interface Scene {
  readonly layout: Layout;
  /** Where everything stands; what is being dragged is in hand.ts. */
  readonly rects: ReadonlyMap<WorldId, Rect>;
  readonly links: readonly Link[];
  readonly routes: readonly Route[];
  readonly nodes: CanvasNode[];
  readonly edges: CanvasEdge[];
}

/** The world as React Flow wants it. Everything is derived; React Flow keeps only the camera. */
export function useScene(): Scene {
  const objects = useApp((s) => s.objects);
  const selection = useApp((s) => s.selection);
  const edgeId = useCanvasUi((s) => s.edgeId);
  const layout = useMemo(() => computeLayout(objects), [objects]);
  const links = useMemo(() => linksOf(objects), [objects]);
  const { rects } = layout;
  const still = useMemo(() => nodesOf(layout, rects, (id) => objects[id]?.type), [layout, rects, objects]);
  const nodes = useMemo(
    // The others are the same objects: React Flow leaves them alone.
    () => still.map((node) => (node.id === selection ? { ...node, selected: true } : node)),
    [still, selection],
  );
  const routes = useMemo(() => {
    const top = boundsOf(layout.blocks.map((b) => b.rect))?.y ?? 0;
    const { frameOf, devicesRight } = layout;
    return routesOf(links, { rects, frameOf, cards: cardsOf(objects, rects, frameOf), devicesRight, top });
  }, [links, rects, layout, objects]);
  const plain = useMemo(() => routes.map(edgeOf), [routes]);
  const edges = useMemo(
    () => marked(plain, relatedTo(links, selection), edgeId),
    [plain, links, selection, edgeId],
  );
  return { layout, rects, links, routes, nodes, edges };
}

function nodesOf(
  layout: Layout,
  rects: ReadonlyMap<WorldId, Rect>,
  typeOf: (id: WorldId) => string | undefined,
): readonly CanvasNode[] {
  return [...rects].map(([id, { x, y, width, height }]) => ({
    id,
    type: typeOf(id) ?? 'device',
    position: { x, y },
    data: { id },
    width,
    height,
    // Sizes are known before anything is drawn: React Flow need not measure, and edges are there in the first frame.
    measured: { width, height },
    handles: [
      { type: 'source', position: Position.Right, x: width, y: height / 2, width: 1, height: 1 },
      { type: 'target', position: Position.Left, x: 0, y: height / 2, width: 1, height: 1 },
    ],
    zIndex: typeOf(id) === 'group' ? 0 : layout.frameOf.has(id) ? 3 : 2,
    // The card inside has the role and the name; the canvas, not each node, takes the focus.
    domAttributes: { 'aria-roledescription': undefined },
  }));
}

function edgeOf(route: Route): CanvasEdge {
  const { link } = route;
  const attach = link.kind === 'attach';
  return {
    id: link.id,
    type: 'route',
    source: link.source,
    target: link.target,
    data: { route, path: pathOf(route.legs.flat()) },
    className: `edge-${link.kind}`,
    selected: false,
    selectable: attach,
    zIndex: 1,
    // Names of nodes tell who is attached to what; read out, edges would say it all again.
    domAttributes: { 'aria-hidden': true },
  };
}

/** The same edges, but for those that the selection has to do with. */
function marked(
  edges: readonly CanvasEdge[],
  related: ReadonlySet<string>,
  edgeId: string | null,
): CanvasEdge[] {
  return edges.map((edge) => {
    const isRelated = related.has(edge.id);
    const selected = edge.id === edgeId && edge.selectable === true;
    if (!isRelated && !selected) return edge; // the same object: React Flow leaves it alone
    const className = isRelated ? `${edge.className ?? ''} related` : edge.className;
    return { ...edge, ...(className === undefined ? {} : { className }), selected, zIndex: selected ? 2 : 1 };
  });
}

/** The edges of the selected object's way through the machine, followed to the right. */
function relatedTo(links: readonly Link[], selection: WorldId | null): ReadonlySet<string> {
  const related = new Set<string>();
  if (selection === null) return related;
  const visit = (id: WorldId): void => {
    for (const link of links) {
      if (link.source !== id || related.has(link.id)) continue;
      related.add(link.id);
      if (link.kind !== 'default' && link.kind !== 'follow') visit(link.target);
    }
  };
  visit(selection);
  for (const link of links) if (link.target === selection || link.via === selection) related.add(link.id);
  return related;
}
