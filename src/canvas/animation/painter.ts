import { onThemeChange } from '../painted/theme';
import { readInk, type Ink, type View } from './draw';

/** What is on stage: paints one moment over a cleared bitmap. */
export interface Layer {
  /** Whether it goes on moving: then there is another frame. `calm`: nothing may travel. */
  readonly paint: (ctx: CanvasRenderingContext2D, moment: Moment) => boolean;
}

export interface Moment {
  readonly now: number;
  readonly view: View;
  readonly ink: Ink;
  /** Changes when colours do. */
  readonly theme: number;
  readonly calm: boolean;
}

interface FlowState {
  readonly transform: readonly [number, number, number];
  readonly width: number;
  readonly height: number;
}

/** Owns the bitmap and the one clock: a frame is asked for while something moves, and after a change of what is seen. */
export class Painter {
  private layer: Layer | null = null;
  private frame = 0;
  private ink: Ink | null = null;
  private theme = 0;
  private readonly calm = matchMedia('(prefers-reduced-motion: reduce)');
  private stopListening: () => void = () => undefined;

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly flow: () => FlowState,
  ) {}

  start(): void {
    this.calm.addEventListener('change', this.repaint);
    this.stopListening = onThemeChange(() => {
      this.ink = null;
      this.theme++;
      this.repaint();
    });
    this.repaint();
  }

  show(layer: Layer | null): void {
    if (layer === this.layer) return;
    this.layer = layer;
    this.repaint();
  }

  readonly repaint = (): void => {
    this.frame ||= requestAnimationFrame(this.paint);
  };

  stop(): void {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    this.stopListening();
    this.calm.removeEventListener('change', this.repaint);
  }

  private readonly paint = (now: number): void => {
    this.frame = 0;
    const { transform, width, height } = this.flow();
    this.fit(width, height);
    const ctx = this.canvas.getContext('2d');
    if (!ctx) return;
    const scale = devicePixelRatio;
    ctx.setTransform(scale, 0, 0, scale, 0, 0);
    ctx.clearRect(0, 0, width, height);
    const view = { x: transform[0], y: transform[1], zoom: transform[2], width, height };
    this.ink ??= readInk(this.canvas);
    const { ink, theme } = this;
    if (this.layer?.paint(ctx, { now, view, ink, theme, calm: this.calm.matches }) === true) this.repaint();
  };

  private fit(width: number, height: number): void {
    const [w, h] = [Math.round(width * devicePixelRatio), Math.round(height * devicePixelRatio)];
    if (this.canvas.width !== w) this.canvas.width = w;
    if (this.canvas.height !== h) this.canvas.height = h;
  }
}
