import { isHeat } from '../../../store/traffic-show';
import type { Layer, Moment } from '../painter';
import { drawHeat, drawTokens, drawWords, spritesOf, type Sprites, type Token } from './draw-traffic';
import { advanced, arrivedAt, eachUnderWay, endOf, landed, moved, type Flight, type Steps } from './flight';
import { heatAfter, spanOf, type Heat } from './heat';
import { placeOn, type Course } from './lanes';

export interface TrafficShow extends Steps {
  readonly subject: unknown;
  readonly courses: readonly Course[];
  readonly beats: number;
  /** It came at once: all lights up. */
  readonly flash: boolean;
}

const FLASH_MS = 550;
/** So many lanes are painted anew only now and then: their heat grows slowly anyhow. */
const MANY_LANES = 24;
const NOW_AND_THEN_MS = 400;

/** A line's traffic: heat of what has set out so far, and over it the tokens of what can be followed by eye. */
export class TrafficLayer implements Layer {
  private stage: TrafficShow | null = null;
  private flight: Flight = landed;
  private last = 0;
  private flashes = 0;
  private readonly tokens: Token[] = [];
  private sprites: { readonly key: string; readonly made: Sprites } | null = null;
  private readonly heat = new HeatBitmap();

  show(to: TrafficShow): void {
    const before = this.stage;
    this.stage = to;
    const now = performance.now();
    if (before === null || before.subject !== to.subject) {
      // A show that has begun to play when it comes on stage begins with its first beat.
      this.flight = to.playing ? advanced(landed, to) : arrivedAt(to.step);
      this.last = now;
      if (to.flash && to.step === to.beats) this.flashes = now + FLASH_MS;
      return;
    }
    if (this.flight.shown >= endOf(this.flight, before.playing)) this.last = now;
    if (to.step < this.flight.step) this.last = now;
    this.flight = advanced(this.flight, to);
  }

  paint(ctx: CanvasRenderingContext2D, moment: Moment): boolean {
    const show = this.stage;
    if (show === null) return false;
    const { now, calm, view, ink } = moment;
    const { courses, beats, playing } = show;
    const passed = calm ? Infinity : (now - this.last) / show.beatMs;
    this.last = now;
    this.flight = moved(this.flight, Math.max(0, passed), playing);
    const { step, shown } = this.flight;
    const flash = calm ? 0 : Math.max(0, (this.flashes - now) / FLASH_MS);
    const upTo = Math.floor(Math.min(step, shown));
    const heat = this.heat.draw(ctx, { show, upTo, flash }, moment);
    if (!calm) drawTokens(ctx, this.underWay(courses, beats), this.spritesFor(moment), view);
    drawWords(ctx, { courses, heat, upTo, beats }, view, ink);
    return flash > 0 || (!calm && (playing || shown < endOf(this.flight, playing)));
  }

  private spritesFor({ ink, theme }: Moment): Sprites {
    const key = `${theme} ${devicePixelRatio}`;
    if (this.sprites?.key !== key) this.sprites = { key, made: spritesOf(ink, devicePixelRatio) };
    return this.sprites.made;
  }

  /** Tokens are made once and used again. */
  private underWay(courses: readonly Course[], beats: number): readonly Token[] {
    let used = 0;
    for (const course of courses) {
      if (isHeat(course.run)) continue;
      eachUnderWay(this.flight, course.run.accesses, beats, (access, share) => {
        const lane = course.lanes[course.laneOf[spanOf(course.ends, access)] ?? -1];
        if (lane === undefined) return;
        const token = (this.tokens[used] ??= { x: 0, y: 0, outcome: 'hit', share: 0, shown: true });
        placeOn(lane, Math.min(1, share * 1.12), token);
        token.outcome = lane.outcome;
        token.share = share;
        token.shown = true;
        used++;
      });
    }
    for (let i = used; i < this.tokens.length; i++) {
      const token = this.tokens[i];
      if (token !== undefined) token.shown = false;
    }
    return this.tokens;
  }
}

interface HeatLook {
  readonly show: TrafficShow;
  readonly upTo: number;
  readonly flash: number;
}

/** Heat changes with a beat or with the camera, tokens with every frame: it is kept as a picture in between. */
class HeatBitmap {
  private readonly canvas = document.createElement('canvas');
  private key = '';
  private courses: readonly Course[] | null = null;
  private painted = 0;
  private heat: Heat = { lanes: [], looks: [] };

  draw(
    ctx: CanvasRenderingContext2D,
    { show, upTo, flash }: HeatLook,
    { now, view, ink, theme }: Moment,
  ): Heat {
    const { courses, beats } = show;
    const scale = devicePixelRatio;
    const camera = `${view.x} ${view.y} ${view.zoom} ${view.width} ${view.height} ${scale} ${theme}`;
    const key = `${camera} ${upTo} ${flash.toFixed(2)}`;
    const sameView = courses === this.courses && this.key.startsWith(`${camera} `);
    const waits =
      sameView && this.heat.lanes.length > MANY_LANES && upTo < beats && now - this.painted < NOW_AND_THEN_MS;
    if ((key !== this.key || courses !== this.courses) && !waits) {
      this.key = key;
      this.courses = courses;
      this.painted = now;
      this.heat = heatAfter(courses, beats, upTo);
      this.canvas.width = Math.max(1, Math.round(view.width * scale));
      this.canvas.height = Math.max(1, Math.round(view.height * scale));
      const own = this.canvas.getContext('2d');
      if (own !== null) {
        own.scale(scale, scale);
        drawHeat(own, this.heat, view, ink, flash);
      }
    }
    ctx.drawImage(this.canvas, 0, 0, view.width, view.height);
    return this.heat;
  }
}
