import { useEffect, useMemo, useState, type ReactNode } from 'react';
import { useStoreApi } from 'reactflow';
import type { WorldId } from '../../engine/sim/world';
import { useApp } from '../../store/index';
import { stagedLookup, stagedSteps } from '../../store/playback';
import type { Route } from '../edges/edges';
import type { Rect } from '../layout/geometry';
import { find } from '../layout/tree';
import { beatsOf } from './beats';
import { LookupLayer } from './lookup-layer';
import { Painter } from './painter';
import { beatLength, waysOf } from './poses';
import { stageOf, type StageSpace } from './stage';
import { useTrafficLayer } from './traffic/use-traffic-layer';

interface LookupOverlayProps {
  readonly rects: ReadonlyMap<WorldId, Rect>;
  readonly frameOf: ReadonlyMap<WorldId, WorldId>;
  readonly routes: readonly Route[];
}

/**
 * What is on stage, a look-up or a line's traffic, painted on one canvas over the nodes.
 *
 * The store counts the steps; this only shows the way from one to the next. A frame is asked for while something
 * travels, and after a pan, a zoom, or a change of theme. Otherwise nothing is repainted.
 */
export function LookupOverlay({ rects, frameOf, routes }: LookupOverlayProps): ReactNode {
  const objects = useApp((s) => s.objects);
  const step = useApp((s) => (stagedSteps(s) > 0 ? s.playback.step : undefined));
  const space = useMemo(() => ({ objects, rects, frameOf, routes }), [objects, rects, frameOf, routes]);
  const [canvas, setCanvas] = useState<HTMLCanvasElement | null>(null);
  const painter = usePainter(canvas);
  const lookup = useLookupLayer(painter, space);
  const traffic = useTrafficLayer(painter, space);
  useEffect(() => painter?.show(lookup ?? traffic));

  return (
    <canvas ref={setCanvas} className="overlay" aria-hidden data-testid="lookup-overlay" data-step={step} />
  );
}

/** The painter of a bitmap, told of every pan and zoom; null before there is a bitmap. */
function usePainter(canvas: HTMLCanvasElement | null): Painter | null {
  const flow = useStoreApi();
  const painter = useMemo(() => canvas && new Painter(canvas, () => flow.getState()), [canvas, flow]);
  useEffect(() => {
    if (painter === null) return;
    let seen = flow.getState();
    const unsubscribe = flow.subscribe((state) => {
      const same =
        state.transform === seen.transform && state.width === seen.width && state.height === seen.height;
      seen = state;
      if (!same) painter.repaint();
    });
    painter.start();
    return () => {
      unsubscribe();
      painter.stop();
    };
  }, [painter, flow]);
  return painter;
}

/** The layer of the look-up on stage; null: none is. */
function useLookupLayer(painter: Painter | null, space: StageSpace): LookupLayer | null {
  const lookup = useApp(stagedLookup);
  const step = useApp((s) => s.playback.step);
  const playing = useApp((s) => s.playback.playing);
  const speed = useApp((s) => s.playback.speed);
  const [layer] = useState(() => new LookupLayer());
  const ways = useMemo(() => {
    const stage = lookup && stageOf(lookup, space);
    const vendor = find(space.objects, lookup?.iommuId ?? null, 'iommu')?.vendor;
    return lookup && stage ? waysOf(beatsOf(lookup, vendor), stage) : [];
  }, [lookup, space]);
  useEffect(() => {
    const flash = useApp.getState().playback.tempo === 'instant';
    layer.show({ ways, step, beatMs: beatLength(playing, speed), subject: lookup, flash });
    painter?.repaint();
    // A change of speed or of playing must not start the same step again: `show` sees that the step is the same.
  }, [painter, layer, ways, step, playing, speed, lookup]);
  return lookup === null ? null : layer;
}
