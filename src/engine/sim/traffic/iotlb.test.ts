import { expect, it } from 'vitest';
import { parseLine } from '../../../scenario/parse';
import { ScriptRun } from '../../../testing/run-script';
import { simLineOf } from '../../../worker/sim-line';
import type { TrafficPattern } from '../world';
import { patternOf } from './pattern';

/**
 * The IOTLB as its options say: sets by the low bits of the page number; of a full set the ways go in turn.
 * An access is a hit when each page of it is there.
 */
function expected(sets: number, ways: number, accesses: readonly (readonly [first: number, last: number])[]) {
  const cache = Array.from({ length: sets }, () => ({ pages: [] as number[], turn: 0 }));
  let hits = 0;
  for (const [first, last] of accesses) {
    let all = true;
    for (let page = first; page <= last; page++) {
      const set = cache[page % sets]!;
      if (set.pages.includes(page)) continue;
      all = false;
      if (set.pages.length < ways) set.pages.push(page);
      else {
        set.pages[set.turn] = page;
        set.turn = (set.turn + 1) % ways;
      }
    }
    if (all) hits++;
  }
  return { hits, misses: accesses.length - hits };
}

const START = 0x100_0000;

const machine = (iommu: string, shape: string): ScriptRun => {
  const run = ScriptRun.of(
    [
      `machine m iommu=${iommu} iotlb=${shape}`,
      'pci 00:02.0 rciep id=8086:15f3 class=020000 driver=vfio-pci',
      'boot',
      'ctx = open /dev/iommu',
      'ioas = IOAS_ALLOC ctx',
      'dev = BIND ctx 00:02.0',
      'buf = mmap qemu 4M pages=4K',
      `IOAS_MAP ioas buf iova=${START} rw`,
      'ATTACH dev ioas',
    ].join('\n'),
  );
  expect(run.wrong).toEqual([]);
  return run;
};

const cases = ['vtd', 'smmuv3'].flatMap((iommu) =>
  ['64x4', '16x2', '1x8'].flatMap((shape) =>
    [
      ['ring', 64, 0x10_0000, 20_000],
      ['ring', 64, 0x20_0000, 40_000],
      ['ring', 4096, 0x20_0000, 2000],
      ['random', 64, 0x10_0000, 3000],
      ['random', 512, 0x40_0000, 3000],
      ['scatter', 4096, 0x40_0000, 3000],
    ].map((each) => ({ iommu, shape, each: each as [TrafficPattern, number, number, number] })),
  ),
);

it.each(cases)(
  '$iommu, IOTLB $shape: hits of $each',
  ({ iommu, shape, each: [pattern, size, length, count] }) => {
    const last = START + length - 1;
    const next = patternOf({ pattern, start: BigInt(START), last: BigInt(last), size, seed: 5 });
    const accesses = Array.from({ length: count }, () => {
      const { iova, bytes } = next();
      return [Number(iova) >> 12, (Number(iova) + bytes - 1) >> 12] as const;
    });
    const [sets = 1, ways = 1] = shape.split('x').map(Number);
    const line = `burst 00:02.0 read ${START}-${last} ${size} count=${count} pattern=${pattern} seed=5`;
    const run = machine(iommu, shape);
    const { traffic } = run.simulator.execute(simLineOf(parseLine(line, 10)));
    expect(traffic[0]).toMatchObject({ ...expected(sets, ways, accesses), blocked: 0 });
  },
);
