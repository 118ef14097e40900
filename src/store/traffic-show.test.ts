import { describe, expect, test } from 'vitest';
import type { TrafficRun, TrafficSpan } from '../engine/sim/batch';
import { begun, completed, idlePlayback, runsOfLine, stagedLookup, stagedSteps } from './playback';
import { beatsOfTraffic, isHeat, isNews, trafficBeatMs, trafficStop } from './traffic-show';
import { faultingLookup as hit, fixtureLookup as walk } from '../testing/fixture-world';

const span = (outcome: TrafficSpan['outcome'], count: number): TrafficSpan => ({
  count,
  outcome,
  hwptId: null,
  during: null,
  sample: null,
});
const runOf = (line: number, ...spans: TrafficSpan[]): TrafficRun => ({
  line,
  deviceId: 'dev:0000:00:02.0',
  trafficId: 'traffic:net',
  accesses: spans.reduce((sum, { count }) => sum + count, 0),
  hits: 0,
  misses: 0,
  blocked: spans.filter(({ outcome }) => outcome === 'blocked').length,
  spans,
  places: [],
});

describe('how traffic is shown', () => {
  test('never more than twenty accesses of a device a second are shown one by one', () => {
    for (const speed of [0.5, 1, 2, 4, 8]) expect(1000 / trafficBeatMs(speed)).toBeLessThanOrEqual(20);
  });

  test('what takes longer than five seconds at that rate is heat', () => {
    expect([isHeat({ accesses: 100 }), isHeat({ accesses: 101 })]).toEqual([false, true]);
    expect([beatsOfTraffic([{ accesses: 74 }]), beatsOfTraffic([{ accesses: 32_768 }])]).toEqual([74, 60]);
    expect(beatsOfTraffic([])).toBe(0);
  });

  test('one access that got through is no news, unless somebody asked for it', () => {
    const one = runOf(1, span('hit', 1));
    expect([isNews(one), isNews({ ...one, trafficId: null }), isNews({ ...one, blocked: 1 })]).toEqual([
      false,
      true,
      true,
    ]);
  });

  test('a step leads to where accesses begin to go another way', () => {
    const runs = [runOf(1, span('hit', 32), span('blocked', 10), span('hit', 32))];
    const forth = [0, 32, 42, 74].map((step) => trafficStop(runs, step, 1));
    const back = [74, 42, 32, 0].map((step) => trafficStop(runs, step, -1));
    expect(forth).toEqual([32, 42, 74, 74]);
    expect(back).toEqual([42, 32, 0, 0]);
  });
});

describe('what is on stage', () => {
  const traffic = [runOf(3, span('hit', 9)), runOf(5, span('hit', 4)), runOf(5, span('hit', 20))];
  const on = { playback: idlePlayback, lookups: [walk], traffic };

  test('the runs of a line', () => {
    expect(runsOfLine(traffic, 5)).toEqual(traffic.slice(1));
    expect(runsOfLine(traffic, 4)).toEqual([]);
  });

  test('an access out of traffic comes before a look-up, and that before traffic', () => {
    const of = (stage: Partial<typeof idlePlayback>) => ({ ...on, playback: { ...idlePlayback, ...stage } });
    expect(stagedLookup(of({ sample: hit, lookup: 0, traffic: 5 }))).toBe(hit);
    expect(stagedLookup(of({ lookup: 0, traffic: 5 }))).toBe(walk);
    expect(stagedSteps(of({ traffic: 5 }))).toBe(20);
    expect(stagedSteps(of({}))).toBe(0);
  });

  test('the tempo decides how it begins', () => {
    const stage = { lookup: null, sample: null, traffic: 5 };
    const at = (tempo: 'instant' | 'walk' | 'by-hand') => {
      const { step, playing } = begun({ ...on, playback: { ...idlePlayback, tempo } }, stage);
      return [step, playing];
    };
    expect([at('instant'), at('walk'), at('by-hand')]).toEqual([
      [20, false],
      [0, true],
      [0, false],
    ]);
    expect(completed(on, stage)).toMatchObject({ step: 20, playing: false });
  });
});
