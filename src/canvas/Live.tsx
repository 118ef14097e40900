import { lazy, Suspense, useMemo, type ReactNode } from 'react';
import { useApp } from '../store/index';
import { stagedSteps } from '../store/playback';
import { treeLinesOf } from './edges/tree-lines';
import { TreeLines } from './edges/TreeLines';
import { shifted, useHand } from './hand';
import { pathOf } from './layout/geometry';
import { LitChain } from './LitChain';
import type { CanvasEdge } from './nodes/types';
import type { Some } from './painted/use-some';
import type { Scene } from './use-scene';

const LookupOverlay = lazy(() =>
  import('./animation/LookupOverlay').then((module) => ({ default: module.LookupOverlay })),
);

/** Only machines of hundreds of cards are painted. */
const PaintedCards = lazy(() =>
  import('./painted/PaintedCards').then((module) => ({ default: module.PaintedCards })),
);

/** What is drawn beside the cards follows the hand with every frame of a drag; the cards and the scene stand still. */

export function LiveDrawings({ scene, some }: { readonly scene: Scene; readonly some: Some }): ReactNode {
  const { layout } = scene;
  const shift = useHand((s) => s.shift);
  const rects = useMemo(() => shifted(layout, shift), [layout, shift]);
  const treeLines = useMemo(() => treeLinesOf(layout, rects), [layout, rects]);
  const edges = useMemo(
    () => (shift === null ? scene.edges : scene.edges.map((edge) => moved(edge, shift.routes.get(edge.id)))),
    [scene.edges, shift],
  );
  return (
    <>
      {some.painted ? (
        <Suspense fallback={null}>
          <PaintedCards rects={rects} edges={edges} treeLines={treeLines} isElement={some.isElement} />
        </Suspense>
      ) : (
        <TreeLines lines={treeLines} />
      )}
      <LitChain rects={rects} />
    </>
  );
}

function moved(edge: CanvasEdge, route: NonNullable<CanvasEdge['data']>['route'] | undefined): CanvasEdge {
  return route === undefined ? edge : { ...edge, data: { route, path: pathOf(route.legs.flat()) } };
}

export function LiveOverlay({ scene }: { readonly scene: Scene }): ReactNode {
  const { layout, routes } = scene;
  const staged = useApp((s) => stagedSteps(s) > 0);
  // With nothing on stage there is nothing to move along.
  const shift = useHand((s) => (staged ? s.shift : null));
  const rects = useMemo(() => shifted(layout, shift), [layout, shift]);
  const now = useMemo(
    () => (shift === null ? routes : routes.map((route) => shift.routes.get(route.link.id) ?? route)),
    [routes, shift],
  );
  return (
    <Suspense fallback={null}>
      <LookupOverlay rects={rects} frameOf={layout.frameOf} routes={now} />
    </Suspense>
  );
}
