import { useEffect, useMemo, useRef, type ReactNode } from 'react';
import { useStoreApi } from 'reactflow';
import type { WorldId } from '../../engine/sim/world';
import { useApp } from '../../store/index';
import type { Route } from '../edges/edges';
import type { Rect } from '../layout/geometry';
import { find } from '../layout/tree';
import { beatsOf } from './beats';
import { drawBadges, drawPose, readInk } from './draw';
import { beatLength, poseAt, shareOfBeat, waysOf, type Way } from './poses';
import { stageOf } from './stage';

interface LookupOverlayProps {
  readonly rects: ReadonlyMap<WorldId, Rect>;
  readonly frameOf: ReadonlyMap<WorldId, WorldId>;
  readonly routes: readonly Route[];
}

/**
 * The look-up on stage, painted on one canvas over the nodes.
 *
 * The store counts the steps; this only shows the way from one to the next. A frame is asked for while the token
 * travels, and after a pan, a zoom, or a change of theme. Otherwise nothing is repainted.
 */
export function LookupOverlay({ rects, frameOf, routes }: LookupOverlayProps): ReactNode {
  const lookup = useApp((s) => (s.playback.lookup === null ? null : (s.lookups[s.playback.lookup] ?? null)));
  const objects = useApp((s) => s.objects);
  const step = useApp((s) => s.playback.step);
  const playing = useApp((s) => s.playback.playing);
  const speed = useApp((s) => s.playback.speed);
  const ways = useMemo(() => {
    const stage = lookup && stageOf(lookup, { objects, rects, frameOf, routes });
    const vendor = find(objects, lookup?.iommuId ?? null, 'iommu')?.vendor;
    return lookup && stage ? waysOf(beatsOf(lookup, vendor), stage) : [];
  }, [lookup, objects, rects, frameOf, routes]);

  const canvas = useRef<HTMLCanvasElement>(null);
  const painter = useRef<Painter | null>(null);
  const flow = useStoreApi();
  useEffect(() => {
    if (!canvas.current) return;
    const made = new Painter(canvas.current, () => flow.getState());
    painter.current = made;
    let seen = flow.getState().transform;
    const unsubscribe = flow.subscribe((state) => {
      if (state.transform === seen && state.width === made.width && state.height === made.height) return;
      seen = state.transform;
      made.repaint();
    });
    return () => {
      unsubscribe();
      made.stop();
      painter.current = null;
    };
  }, [flow]);

  useEffect(() => {
    painter.current?.show(ways, step, beatLength(playing, speed), lookup);
    // A change of speed or of playing must not start the same step again: `show` sees that the step is the same.
  }, [ways, step, playing, speed, lookup]);

  return (
    <canvas
      ref={canvas}
      className="overlay"
      aria-hidden
      data-testid="lookup-overlay"
      data-step={lookup ? step : undefined}
    />
  );
}

interface FlowState {
  readonly transform: readonly [number, number, number];
  readonly width: number;
  readonly height: number;
}

/** Owns the bitmap and the one clock. */
class Painter {
  width = 0;
  height = 0;
  private ways: readonly Way[] = [];
  private subject: unknown = null;
  private step = 0;
  private shown = 0;
  private begun = 0;
  private length = 0;
  private frame = 0;
  private readonly calm = matchMedia('(prefers-reduced-motion: reduce)');
  private readonly dark = matchMedia('(prefers-color-scheme: dark)');
  private readonly theme = new MutationObserver(() => this.repaint());

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly flow: () => FlowState,
  ) {
    this.calm.addEventListener('change', this.repaint);
    this.dark.addEventListener('change', this.repaint);
    this.theme.observe(document.documentElement, {
      attributes: true,
      attributeFilter: ['data-theme', 'class'],
    });
  }

  /** Goes from the step shown to the next one; anything further away is jumped to. */
  show(ways: readonly Way[], step: number, length: number, subject: unknown): void {
    const next = subject === this.subject && step === this.step + 1;
    const same = subject === this.subject && step === this.step;
    this.ways = ways;
    this.subject = subject;
    this.step = step;
    if (next && !this.calm.matches) {
      this.shown = step - 1;
      this.begun = performance.now();
      this.length = length;
    } else if (!same) {
      this.shown = step;
      this.length = 0;
    }
    this.repaint();
  }

  readonly repaint = (): void => {
    this.frame ||= requestAnimationFrame(this.paint);
  };

  stop(): void {
    cancelAnimationFrame(this.frame);
    this.theme.disconnect();
    this.calm.removeEventListener('change', this.repaint);
    this.dark.removeEventListener('change', this.repaint);
  }

  private readonly paint = (now: number): void => {
    this.frame = 0;
    const { transform, width, height } = this.flow();
    this.fit(width, height);
    const ctx = this.canvas.getContext('2d');
    if (!ctx) return;
    const scale = devicePixelRatio;
    ctx.setTransform(scale, 0, 0, scale, 0, 0);
    if (this.ways.length === 0) return ctx.clearRect(0, 0, width, height);
    const view = { x: transform[0], y: transform[1], zoom: transform[2], width, height };
    const ink = readInk(this.canvas);
    if (this.calm.matches) return drawBadges(ctx, this.ways, this.step, view, ink);
    if (this.shown < this.step) this.shown = this.step - 1 + shareOfBeat(now - this.begun, this.length);
    drawPose(ctx, poseAt(this.ways, this.shown), view, ink);
    if (this.shown < this.step) this.repaint();
  };

  private fit(width: number, height: number): void {
    const [w, h] = [Math.round(width * devicePixelRatio), Math.round(height * devicePixelRatio)];
    this.width = width;
    this.height = height;
    if (this.canvas.width !== w) this.canvas.width = w;
    if (this.canvas.height !== h) this.canvas.height = h;
  }
}
