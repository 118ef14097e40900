import { drawBadges, drawFlash, drawPose } from './draw';
import type { Layer, Moment } from './painter';
import { poseAt, shareOfBeat, type Way } from './poses';

const FLASH_MS = 550;

/** One look-up: its token goes from the step shown to the next one; anything further away is jumped to. */
export class LookupLayer implements Layer {
  private ways: readonly Way[] = [];
  private subject: unknown = null;
  private step = 0;
  private shown = 0;
  private begun = 0;
  private length = 0;
  /** Until then its way lights up: it was shown at once. */
  private flashes = 0;

  show(to: {
    readonly ways: readonly Way[];
    readonly step: number;
    readonly beatMs: number;
    readonly subject: unknown;
    readonly flash: boolean;
  }): void {
    const { ways, step, subject } = to;
    const isNew = subject !== this.subject;
    const next = !isNew && step === this.step + 1;
    const same = !isNew && step === this.step;
    this.ways = ways;
    this.subject = subject;
    this.step = step;
    if (same) return;
    const now = performance.now();
    this.shown = next ? step - 1 : step;
    this.begun = now;
    this.length = next ? to.beatMs : 0;
    if (to.flash && !next && step === ways.length) this.flashes = now + FLASH_MS;
  }

  paint(ctx: CanvasRenderingContext2D, { now, view, ink, calm }: Moment): boolean {
    if (this.ways.length === 0) return false;
    if (calm) {
      this.shown = this.step;
      drawBadges(ctx, this.ways, this.step, view, ink);
      return false;
    }
    if (this.shown < this.step) this.shown = this.step - 1 + shareOfBeat(now - this.begun, this.length);
    const pose = poseAt(this.ways, this.shown);
    const flash = Math.max(0, (this.flashes - now) / FLASH_MS);
    if (flash > 0) drawFlash(ctx, pose, view, ink, Math.min(1, flash));
    drawPose(ctx, pose, view, ink);
    return this.shown < this.step || flash > 0;
  }
}
