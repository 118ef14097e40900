import type { Lookup, TrafficOutcome, TrafficRun, TrafficSpan } from '../../../engine/sim/batch';
import type { HwptObject, ProcessObject } from '../../../engine/sim/world';
import type { Point, Rect } from '../../layout/geometry';
import { beatsOf } from '../beats';
import { waysOf } from '../poses';
import { all } from '../../layout/tree';
import type { PlacedLabel } from '../poses';
import { stageOf, type StageSpace } from '../stage';

/** The way of accesses that all went the same way, measured once: in flow coordinates, so no pan or zoom changes it. */
export interface Lane {
  readonly outcome: TrafficOutcome;
  /** x and y, one after the other. */
  readonly points: Float32Array;
  /** How far each point is from the first. */
  readonly lengths: Float32Array;
  /** Where the hardware looked. */
  readonly looks: readonly Point[];
  readonly end: Point;
  /** Why nothing came through, in a word. */
  readonly reason: string | null;
  /** What words about its end must not cover. */
  readonly beside: Pick<PlacedLabel, 'card' | 'side' | 'avoid'>;
}

/** One device's accesses in a line, and the lanes that they take. */
export interface Course {
  readonly run: TrafficRun;
  readonly device: Rect | null;
  readonly lanes: readonly Lane[];
  /** Of each span: its lane, or -1 where nobody looked at an access of it from near. */
  readonly laneOf: readonly number[];
  /** Accesses up to the end of each span. */
  readonly ends: readonly number[];
}

export function coursesOf(runs: readonly TrafficRun[], space: StageSpace): readonly Course[] {
  const known: Known = {
    tables: all(space.objects, 'hwpt'),
    processes: all(space.objects, 'process'),
  };
  return runs.map((run) => courseOf(run, space, known));
}

interface Known {
  readonly tables: readonly HwptObject[];
  readonly processes: readonly ProcessObject[];
}

function courseOf(run: TrafficRun, space: StageSpace, known: Known): Course {
  const lanes: Lane[] = [];
  const alike = new Map<string, number>();
  const like = new Map<string, number>();
  const laneOf: number[] = [];
  const ends: number[] = [];
  let seen = 0;
  for (const span of run.spans) {
    seen += span.count;
    ends.push(seen);
    const kind = `${span.outcome} ${span.hwptId}`;
    const key = span.sample === null ? null : `${kind} ${wayOf(span.sample)}`;
    let index = key === null ? like.get(kind) : alike.get(key);
    if (index === undefined && key !== null && span.sample !== null) {
      const lane = laneOfSample(span, asWalked(span.sample, known), space);
      if (lane !== null) index = lanes.push(lane) - 1;
    }
    if (index !== undefined) {
      if (key !== null) alike.set(key, index);
      if (!like.has(kind)) like.set(kind, index);
    }
    laneOf.push(index ?? -1);
  }
  return { run, device: space.rects.get(run.deviceId) ?? null, lanes, laneOf, ends };
}

/**
 * While the kernel is in the middle of an attach, whose tables the hardware walks is what the tables say, not what software
 * has noted so far.
 */
function asWalked(sample: Lookup, { tables, processes }: Known): Lookup {
  const root =
    sample.parts[0]?.steps.find((step) => step.structure === 'table' && step.stage !== 2)?.pa ?? null;
  const page = root === null ? null : root - (root % PAGE);
  const noted = tables.find(({ id }) => id === sample.hwptId);
  const hwpt = noted?.rootPa === page ? noted : tables.find(({ rootPa }) => rootPa === page);
  const pa = sample.parts[0]?.pa ?? null;
  const owner =
    pa === null
      ? undefined
      : processes.find(({ buffers }) => buffers.some((each) => each.pa <= pa && pa < each.pa + each.bytes));
  return {
    ...sample,
    hwptId: hwpt?.id ?? sample.hwptId,
    ioasId: hwpt?.ioasId ?? sample.ioasId,
    processId: sample.processId ?? owner?.id ?? null,
  };
}
const PAGE = 4096;

/** What tells the ways of two accesses apart, but for where in the buffer they end. */
function wayOf({ parts }: Lookup): string {
  const part = partOf(parts);
  const steps = part?.steps.map((step) => `${step.structure}${step.level}${step.outcome}`) ?? [];
  return [part?.from, part?.peer?.deviceId, part?.fault?.name, ...steps].join();
}

/** Of an access over several pages, the one that was in the way; else the first. */
const partOf = (parts: Lookup['parts']): Lookup['parts'][number] | undefined =>
  parts.find(({ fault, denied }) => fault !== null || denied) ?? parts[0];

function laneOfSample(span: TrafficSpan, sample: Lookup, space: StageSpace): Lane | null {
  const part = partOf(sample.parts);
  if (part === undefined) return null;
  const one: Lookup = { ...sample, parts: [part] };
  const stage = stageOf(one, space);
  if (stage === null) return null;
  const ways = waysOf(beatsOf(one), stage);
  const points = ways.flatMap((way) => way.points);
  const label = ways.at(-1)?.label;
  return {
    ...measured(points),
    outcome: span.outcome,
    looks: ways.flatMap((way) => way.look ?? []),
    end: points.at(-1) ?? { x: 0, y: 0 },
    reason: span.outcome === 'blocked' ? (part.fault?.name ?? null) : null,
    beside: { card: label?.card ?? null, side: label?.side ?? 'above', avoid: stage.cards },
  };
}

/** Points as numbers in a row, without those that stand still. */
export function measured(way: readonly Point[]): Pick<Lane, 'points' | 'lengths'> {
  const xy: number[] = [];
  const lengths: number[] = [];
  let before: Point | undefined;
  for (const point of way) {
    const step = before === undefined ? 0 : Math.hypot(point.x - before.x, point.y - before.y);
    if (before !== undefined && step < 0.01) continue;
    xy.push(point.x, point.y);
    lengths.push((lengths.at(-1) ?? 0) + step);
    before = point;
  }
  return { points: Float32Array.from(xy), lengths: Float32Array.from(lengths) };
}

/** Where a token is after a share (0 … 1) of its lane, into `to`: a thousand of them make no garbage. */
export function placeOn(
  { points, lengths }: Pick<Lane, 'points' | 'lengths'>,
  share: number,
  to: MutablePoint,
): void {
  const last = lengths.length - 1;
  const length = share * (lengths[last] ?? 0);
  let [low, high] = [0, last];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((lengths[middle] ?? 0) < length) low = middle + 1;
    else high = middle;
  }
  const before = Math.max(0, low - 1);
  const [from, till] = [lengths[before] ?? 0, lengths[low] ?? 0];
  const t = till > from ? (length - from) / (till - from) : 0;
  const [x, y] = [points[2 * before] ?? 0, points[2 * before + 1] ?? 0];
  to.x = x + ((points[2 * low] ?? x) - x) * t;
  to.y = y + ((points[2 * low + 1] ?? y) - y) * t;
}

export interface MutablePoint {
  x: number;
  y: number;
}
