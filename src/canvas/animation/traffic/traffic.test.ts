import { describe, expect, test } from 'vitest';
import type { TrafficOutcome, TrafficRun, TrafficSpan } from '../../../engine/sim/batch';
import { linksOf, routesOf } from '../../edges/edges';
import { computeLayout } from '../../layout/layout';
import { contextPoint, iotlbPoint, levelPoint } from '../../layout/sizes';
import { desktop, fault, hit, walk } from '../../testing/worlds';
import { advanced, arrivedAt, eachUnderWay, endOf, landed, moved, type Flight } from './flight';
import { heatAfter, setOut, spanOf } from './heat';
import { coursesOf, measured, placeOn } from './lanes';
import { segmentsOf, segmentWords } from './segments';
import { gapsOf, rateWords, verdict } from './words';

const span = (outcome: TrafficOutcome, count: number, more: Partial<TrafficSpan> = {}): TrafficSpan => ({
  count,
  hwptId: 'hwpt:1.4',
  outcome,
  during: null,
  sample: outcome === 'hit' ? hit : outcome === 'miss' ? walk : outcome === 'blocked' ? fault : null,
  ...more,
});

function runOf(spans: readonly TrafficSpan[], trafficId: string | null = 'traffic:net'): TrafficRun {
  const of = (outcome: TrafficOutcome): number =>
    spans.filter((s) => s.outcome === outcome).reduce((sum, s) => sum + s.count, 0);
  return {
    line: 19,
    deviceId: walk.deviceId,
    trafficId,
    accesses: spans.reduce((sum, s) => sum + s.count, 0),
    hits: of('hit'),
    misses: of('miss'),
    blocked: of('blocked'),
    spans,
    places: [],
  };
}

const layout = computeLayout(desktop);
const space = {
  objects: desktop,
  rects: layout.rects,
  frameOf: layout.frameOf,
  routes: routesOf(linksOf(desktop), { ...layout, cards: [], top: 0 }),
};
const gapRun = runOf([
  span('miss', 1),
  span('hit', 31),
  span('blocked', 10, { during: 'REPLACE dev new: Context-cache Invalidation done' }),
  span('miss', 1),
  span('hit', 20),
]);

describe('lanes', () => {
  const [course] = coursesOf([gapRun], space);
  const box = (id: string) => layout.rects.get(id)!;

  test('accesses that go the same way share a lane', () => {
    expect(course!.lanes.map((lane) => lane.outcome)).toEqual(['miss', 'hit', 'blocked']);
    expect(course!.laneOf).toEqual([0, 1, 2, 0, 1]);
  });

  test('a hit takes the short cut, a miss goes by the levels, what is blocked ends where it was', () => {
    const [miss, short, blocked] = course!.lanes;
    const unit = box('iommu:dmar0');
    expect(short!.looks).toEqual([contextPoint(unit), iotlbPoint(unit)]);
    expect(miss!.looks).toContainEqual(levelPoint(box('hwpt:1.4'), 4, 4));
    expect(blocked!.end).toEqual(blocked!.looks.at(-1));
    expect(blocked!.reason).toBe(fault.parts[0]!.fault!.name);
  });

  test('in the middle of an attach the tables that were read say whose they are', () => {
    const early = { ...walk, hwptId: null, ioasId: null, processId: null };
    const [other] = coursesOf([runOf([span('miss', 1, { sample: early })])], space);
    expect(other!.lanes[0]!.looks).toContainEqual(levelPoint(box('hwpt:1.4'), 4, 4));
    expect(other!.lanes[0]!.end.x).toBeLessThan(box('mm:qemu').x + 5);
    expect(other!.lanes[0]!.end.x).toBeGreaterThanOrEqual(box('mm:qemu').x);
  });

  test('a span without a sample goes where others like it went', () => {
    const [other] = coursesOf(
      [runOf([span('hit', 5), span('miss', 1), span('hit', 9, { sample: null })])],
      space,
    );
    expect(other!.laneOf).toEqual([0, 1, 0]);
  });

  test('a span like no other has no lane, and still counts', () => {
    const [other] = coursesOf([runOf([span('blocked', 7, { sample: null })])], space);
    expect(other!.laneOf).toEqual([-1]);
    expect(other!.ends).toEqual([7]);
  });

  test('a device that has gone has no lanes', () => {
    const away = { ...hit, deviceId: 'dev:0000:99:00.0' };
    const [other] = coursesOf(
      [{ ...runOf([span('hit', 5, { sample: away })]), deviceId: away.deviceId }],
      space,
    );
    expect(other).toMatchObject({ device: null, lanes: [] });
  });

  test('half of the way is half of its length, not of its points', () => {
    const lane = measured([0, 1, 2, 10].map((x) => ({ x, y: 0 })));
    const at = { x: 0, y: 0 };
    const xs = [0, 0.05, 0.5, 1].map((share) => {
      placeOn(lane, share, at);
      return at.x;
    });
    expect(xs).toEqual([0, 0.5, 5, 10]);
  });
});

describe('heat', () => {
  const courses = coursesOf([gapRun], space);

  test('accesses set out evenly over the beats', () => {
    expect([0, 1, 30, 60, 90].map((beat) => setOut(courses[0]!, 60, beat))).toEqual([0, 1, 31, 63, 63]);
  });

  test('an access belongs to the span that it falls into', () => {
    expect([0, 1, 31, 32, 41, 42, 62].map((k) => spanOf(courses[0]!.ends, k))).toEqual([0, 1, 1, 2, 2, 3, 4]);
  });

  test('lanes are counted up to the moment, and the blocked one is not there before it happened', () => {
    const at = (shown: number) =>
      heatAfter(courses, 63, shown).lanes.map(({ lane, count }) => [lane.outcome, count]);
    expect(at(32)).toEqual([
      ['miss', 1],
      ['hit', 31],
    ]);
    expect(at(36)).toEqual([
      ['miss', 1],
      ['hit', 31],
      ['blocked', 4],
    ]);
    expect(at(63)).toEqual([
      ['miss', 2],
      ['hit', 51],
      ['blocked', 10],
    ]);
  });

  test('the busiest lane glows most, and one access among thousands is still seen', () => {
    const busy = coursesOf([runOf([span('miss', 1), span('hit', 30_000)])], space);
    const [miss, short] = heatAfter(busy, 60, 60).lanes;
    expect(short!.glow).toBe(1);
    expect(miss!.glow).toBeGreaterThan(0.05);
    expect(miss!.glow).toBeLessThan(0.2);
  });
});

describe('flight', () => {
  const steps = { playing: true, beatMs: 50, speed: 2 };
  const under = (flight: Flight, accesses: number, beats: number): number[] => {
    const out: number[] = [];
    eachUnderWay(flight, accesses, beats, (access) => out.push(access));
    return out;
  };

  test('while it plays an access sets out with each beat, and none before it was counted', () => {
    let flight = advanced(landed, { ...steps, step: 1 });
    flight = moved(flight, 5, true);
    expect(flight.shown).toBe(1);
    expect(under(flight, 74, 74)).toEqual([0]);
    flight = moved(advanced(flight, { ...steps, step: 2 }), 0.5, true);
    expect(under(flight, 74, 74)).toEqual([0, 1]);
  });

  test('when it ends, what is under way arrives', () => {
    const flight = moved(advanced(landed, { ...steps, step: 74 }), 74, false);
    expect(under(flight, 74, 74).at(-1)).toBe(73);
    const end = moved(flight, 1000, false);
    expect(end.shown).toBe(endOf(end, false));
    expect(under(end, 74, 74)).toEqual([]);
  });

  test('after a rest nothing that has arrived sets out again', () => {
    const rested = moved(advanced(landed, { ...steps, step: 10 }), 1000, false);
    const next = moved(advanced(rested, { ...steps, step: 11 }), 0.5, true);
    expect(under(next, 74, 74)).toEqual([10]);
  });

  test('going back shows the moment at rest', () => {
    expect(advanced(moved(advanced(landed, { ...steps, step: 30 }), 5, true), { ...steps, step: 4 })).toEqual(
      arrivedAt(4),
    );
  });
});

describe('words', () => {
  test('a rate is told as counts and shares, never all or nothing where it is not', () => {
    expect(rateWords({ accesses: 1000, hits: 936, misses: 60, blocked: 4 })).toBe(
      '1,000 accesses · 94 % hits · 4 blocked',
    );
    expect(rateWords({ accesses: 32768, hits: 32750, misses: 18, blocked: 0 })).toBe(
      '32,768 accesses · > 99 % hits',
    );
    expect(rateWords({ accesses: 62, hits: 0, misses: 62, blocked: 0 })).toBe('62 accesses · all walked');
    expect(rateWords({ accesses: 1, hits: 0, misses: 0, blocked: 1 })).toBe('1 access · 1 blocked');
  });

  test('a gap is what was blocked in a row, whatever the reasons', () => {
    const gaps = gapsOf([
      span('hit', 3),
      span('blocked', 6, { during: 'a' }),
      span('blocked', 30, { during: 'b' }),
      span('hit', 1),
      span('blocked', 2),
    ]);
    expect(gaps.map(({ blocked, during, span: at }) => [blocked, during, at])).toEqual([
      [36, 'a', 1],
      [2, null, 4],
    ]);
  });

  test('no gap, one, several, nothing but a gap', () => {
    expect(verdict(runOf([span('hit', 31)]))).toBe('No access saw a gap: all 31 got through.');
    expect(verdict(runOf([span('hit', 31)], null))).toBe('All 31 accesses got through.');
    expect(verdict(gapRun, 'REPLACE dev new')).toBe(
      'A gap: 10 blocked after Context-cache Invalidation done.',
    );
    expect(verdict(runOf([span('blocked', 100)], null))).toBe('Nothing got through: 100 blocked.');
    expect(verdict(runOf([span('blocked', 1), span('hit', 1), span('blocked', 2)]))).toMatch(
      /^2 gaps: 3 blocked in all/,
    );
  });
});

describe('the strip of time', () => {
  test('few spans are a segment each', () => {
    expect(segmentsOf(gapRun.spans).map(({ outcome, count }) => [outcome, count])).toEqual([
      ['miss', 1],
      ['hit', 31],
      ['blocked', 10],
      ['miss', 1],
      ['hit', 20],
    ]);
  });

  test('many are put together, and the gap among them is not lost', () => {
    const many = Array.from({ length: 120 }, (_, i) =>
      span(i % 2 === 0 ? 'miss' : 'hit', i % 2 === 0 ? 1 : 15),
    );
    const segments = segmentsOf([...many.slice(0, 60), span('blocked', 2), ...many.slice(60)]);
    expect(segments.length).toBeLessThanOrEqual(24);
    expect(
      segments.filter(({ blocked }) => blocked > 0).map(({ outcome, count }) => [outcome, count]),
    ).toEqual([['blocked', 2]]);
    expect(segments.reduce((sum, { count }) => sum + count, 0)).toBe(60 * 16 + 2);
  });

  test('a segment says what happened and after what', () => {
    const [, , blocked] = segmentsOf(gapRun.spans);
    expect(segmentWords(blocked!)).toBe('10 blocked, after REPLACE dev new: Context-cache Invalidation done');
  });
});
