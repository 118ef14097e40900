import { describe, expect, it } from 'vitest';
import type { TrafficBin, TrafficRun } from '../engine/sim/batch';
import { heatOf } from './traffic-heat';

const runOf = (
  line: number,
  accesses: number,
  bins: readonly TrafficBin[],
  ioasId = 'ioas:1.1',
): TrafficRun => ({
  line,
  deviceId: 'dev:0000:00:02.0',
  trafficId: null,
  accesses,
  hits: accesses,
  misses: 0,
  blocked: 0,
  spans: [{ count: accesses, hwptId: 'hwpt:1.3', outcome: 'hit', during: null, sample: null }],
  places: [{ ioasId, start: 0x1000n, last: 0x47ffn, binBytes: 0x1000n, bins }],
});

const ring = runOf(3, 40, [
  { at: 0, count: 10, blocked: 0, first: 0 },
  { at: 1, count: 10, blocked: 0, first: 10 },
  { at: 2, count: 10, blocked: 4, first: 20 },
  { at: 3, count: 10, blocked: 0, first: 30 },
]);

describe('heat of an IOAS', () => {
  it('is where the accesses of the line on stage went, and nowhere else', () => {
    expect(heatOf([ring], 3, 40, 'ioas:1.1')).toMatchObject({ line: 3, accesses: 40, blocked: 4 });
    expect(heatOf([ring], 3, 40, 'ioas:1.2')).toBeNull();
    expect(heatOf([ring], 2, 40, 'ioas:1.1')).toBeNull();
    expect(heatOf([ring], null, 40, 'ioas:1.1')).toBeNull();
  });

  it('a stretch ends where the range does', () => {
    const ends = heatOf([ring], 3, Infinity, 'ioas:1.1')?.stretches.map(({ last }) => last);
    expect(ends).toEqual([0x1fffn, 0x2fffn, 0x3fffn, 0x47ffn]);
  });

  it('is lit from the first access to it on', () => {
    const lit = [0, 1, 10, 11, 25, 40].map((beat) => heatOf([ring], 3, beat, 'ioas:1.1')?.stretches.length);
    expect(lit).toEqual([0, 1, 1, 2, 3, 4]);
  });

  it('of several devices adds up where they meet', () => {
    const other = runOf(3, 40, [{ at: 1, count: 40, blocked: 0, first: 0 }]);
    const stretches = heatOf([ring, other], 3, 40, 'ioas:1.1')?.stretches ?? [];
    expect(stretches.map(({ count }) => count)).toEqual([10, 50, 10, 10]);
    expect(stretches[1]?.glow).toBe(1);
  });
});
