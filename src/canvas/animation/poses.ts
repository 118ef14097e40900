import { along, type Point, type Rect } from '../layout/geometry';
import type { Beat, Label, Stop } from './beats';
import type { Stage } from './stage';

/** Words, and the point that they are about; `card` is not to be covered. */
export interface PlacedLabel extends Label {
  readonly at: Point;
  readonly card: Rect | null;
  readonly side: 'above' | 'below';
  /** Cards that it had better not cover either. */
  readonly avoid: readonly Rect[];
}

/** One beat's way over the canvas. */
export interface Way {
  readonly beat: Beat;
  readonly points: readonly Point[];
  /** Where the hardware looked on the way; null where it looked nowhere. */
  readonly look: Point | null;
  readonly end: Point;
  readonly label: PlacedLabel;
}

/** What the overlay paints at one moment. */
export interface Pose {
  /** The token; null when there is no look-up. */
  readonly head: Point | null;
  readonly headTone: Label['tone'];
  /** The way of the current part so far. */
  readonly trail: readonly (readonly Point[])[];
  /** Where the hardware has looked in the current part, in order. */
  readonly looks: readonly { readonly at: Point; readonly fault: boolean }[];
  /** Where it has just looked: `spread` grows from 0 to 1 while the look is fresh. */
  readonly pulse: { readonly at: Point; readonly spread: number } | null;
  /** Ends of parts that are through. */
  readonly ends: readonly { readonly at: Point; readonly fault: boolean }[];
  /** What the last look found. It stays where it was found until there is news. */
  readonly label: PlacedLabel | null;
}

/** The ways of all beats, each from where the one before it stopped. */
export function waysOf(beats: readonly Beat[], stage: Stage): readonly Way[] {
  let before: Stop = { kind: 'device' };
  return beats.map((beat) => {
    if (beat.first) before = { kind: 'device' };
    // A part that passed untranslated still goes through its unit.
    const stop: Stop = beat.stop ?? { kind: 'context' };
    const points = [...stage.wayBetween(before, stop, beat.part)];
    const look = beat.stop ? stage.pointOf(stop, beat.part) : null;
    // A fault ends where the hardware looked last; everything else goes on to memory.
    if (beat.end === 'memory') points.push(...stage.wayToMemory(stop, beat.part, beat.shortCut));
    before = stop;
    const end = points.at(-1) ?? stage.pointOf(stop, beat.part);
    const about: Stop = beat.end === 'memory' ? { kind: 'memory' } : stop;
    const beside = stage.besides(about);
    const words = beat.endLabel ?? beat.label;
    return {
      beat,
      points,
      look,
      end,
      label: {
        ...words,
        at: end,
        card: beside?.card ?? null,
        side: beside?.side ?? 'below',
        avoid: stage.cards,
      },
    };
  });
}

/** Travel takes this share of a beat; the rest of it the token rests, so that its label can be read. */
const TRAVEL = 0.8;

/** Slow at both ends, as things with a mass move. */
export function easing(t: number): number {
  const x = Math.max(0, Math.min(1, t / TRAVEL));
  return x * x * (3 - 2 * x);
}

/** The picture after `shown` beats; a fraction is a beat under way. */
export function poseAt(ways: readonly Way[], shown: number): Pose {
  const whole = Math.max(0, Math.min(ways.length, Math.floor(shown)));
  const fraction = whole < ways.length ? Math.max(0, shown - whole) : 0;
  const under = fraction > 0 ? ways[whole] : undefined;
  const last = ways[whole - 1];
  const part = (under ?? last)?.beat.part;
  const done = ways.slice(0, whole).filter((w) => w.beat.part === part);
  const ended = ways.slice(0, whole).filter((w) => w.beat.end !== null);
  const base = {
    looks: done.flatMap((w) => (w.look ? [{ at: w.look, fault: w.beat.step?.outcome === 'fault' }] : [])),
    ends: ended.map((w) => ({ at: w.end, fault: w.beat.end === 'fault' })),
    trail: done.map((w) => w.points),
    pulse: null,
    label: last?.label ?? null,
  };
  if (!under)
    return { ...base, head: last?.end ?? ways[0]?.points[0] ?? null, headTone: last?.label.tone ?? 'plain' };

  const { at, passed } = along(under.points, easing(fraction));
  const trail = [...base.trail, passed];
  if (fraction < TRAVEL) return { ...base, head: at, headTone: 'plain', trail };
  const pulse = under.look && { at: under.end, spread: (fraction - TRAVEL) / (1 - TRAVEL) };
  return { ...base, head: at, headTone: under.label.tone, trail, pulse, label: under.label };
}

/** The share of a beat that has passed `elapsed` ms after it began: 0 … 1. */
export const shareOfBeat = (elapsedMs: number, beatMs: number): number =>
  beatMs <= 0 ? 1 : Math.max(0, Math.min(1, elapsedMs / beatMs));

/** A step by hand is quick; a played one takes its whole beat, less a breath so that beats never pile up. */
export const beatLength = (playing: boolean, speed: number): number =>
  playing ? Math.min(1400, 920 / Math.max(0.1, speed)) : 420;
