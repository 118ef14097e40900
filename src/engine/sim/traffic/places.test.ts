import { describe, expect, it } from 'vitest';
import { parseLine } from '../../../scenario/parse';
import { busyCard } from '../../../testing/busy-card';
import { ScriptRun } from '../../../testing/run-script';
import { simLineOf } from '../../../worker/sim-line';
import type { TrafficRun } from '../batch';
import { Places } from './places';

function after(...lines: readonly string[]): TrafficRun {
  const run = ScriptRun.of([...busyCard('iommu=vtd'), 'ATTACH dev ioas'].join('\n'));
  expect(run.wrong).toEqual([]);
  let last: TrafficRun | undefined;
  for (const text of lines) {
    const made = run.simulator.execute(simLineOf(parseLine(text, run.results.length + 1)));
    run.results.push(made.result);
    last = made.traffic[0];
  }
  if (last === undefined) throw new Error('no traffic');
  return last;
}

describe('where accesses went', () => {
  it('a ring goes through its pages one after the other, and each is met as often', () => {
    const { places } = after('burst 00:02.0 read 0x100000-0x10ffff 64 count=1024');
    // 64 accesses of 64 bytes fill a page of 4 KiB.
    const bins = Array.from({ length: 16 }, (_, at) => ({ at, count: 64, blocked: 0, first: 64 * at }));
    expect(places).toEqual([
      { ioasId: 'ioas:1.1', start: 0x10_0000n, last: 0x10_ffffn, binBytes: 0x1000n, bins },
    ]);
  });

  it('where nothing is mapped they are blocked, and counted there', () => {
    const { places, blocked } = after('burst 00:02.0 read 0x108000-0x117fff 4096 count=32');
    expect(blocked).toBe(16);
    // Eight pages with memory behind them, eight without; the ring goes round twice.
    const bins = Array.from({ length: 16 }, (_, at) => ({
      at,
      count: 2,
      blocked: at < 8 ? 0 : 2,
      first: at,
    }));
    expect(places.map((each) => each.bins)).toEqual([bins]);
  });

  it('a replace leads from one IOAS to the other, and what met no table at all went to neither', () => {
    const run = after('net = traffic 00:02.0 read 0x100000-0x10ffff 64', 'REPLACE dev other');
    expect(run.places.map(({ ioasId }) => ioasId)).toEqual(['ioas:1.1', 'ioas:1.2']);
    const inSpaces = run.places.flatMap(({ bins }) => bins).reduce((sum, { count }) => sum + count, 0);
    const behindNone = run.spans
      .filter(({ hwptId }) => hwptId === null)
      .reduce((sum, { count }) => sum + count, 0);
    expect(inSpaces + behindNone).toBe(run.accesses);
  });

  it('bounds: 64 bins of whole pages, and eight spaces', () => {
    const places = new Places(0n, (1n << 64n) - 1n);
    places.add('ioas:1.1', 0n, false, 0);
    places.add('ioas:1.1', (1n << 64n) - 1n, true, 1);
    for (let i = 2; i < 20; i++) places.add(`ioas:1.${i}`, 0n, false, i);
    expect(places.told).toHaveLength(8);
    expect(places.told[0]).toMatchObject({
      binBytes: 1n << 58n,
      bins: [
        { at: 0, count: 1, blocked: 0, first: 0 },
        { at: 63, count: 1, blocked: 1, first: 1 },
      ],
    });
  });
});
