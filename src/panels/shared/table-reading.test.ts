import { describe, expect, it } from 'vitest';
import type { Lookup, WalkStep } from '../../engine/sim/batch';
import { parseScript } from '../../scenario/parse';
import { Simulator } from '../../engine/sim/simulator';
import { readPci, simLineOf } from '../../worker/sim-line';
import { pointersOf, readingOf } from './table-reading';

const SCRIPT = (iommu: string): string => `machine "t" iommu=${iommu}
pci 00:02.0 rciep id=8086:15f3 class=020000 driver=vfio-pci
boot
ctx = open /dev/iommu
ioas = IOAS_ALLOC ctx
dev = BIND ctx 00:02.0
hwpt = ATTACH dev ioas
buf = mmap qemu 64K pages=4K
IOAS_MAP ioas buf iova=0x100000 rw
IOAS_MAP ioas buf iova=0x4000000000 rw
dma 00:02.0 write 0x100040 64`;

function run(script: string): { readonly simulator: Simulator; readonly lookups: readonly Lookup[] } {
  const simulator = new Simulator(readPci);
  const lookups: Lookup[] = [];
  for (const line of parseScript(script).lines) lookups.push(...simulator.execute(simLineOf(line)).lookups);
  return { simulator, lookups };
}
const tables = ({ parts }: Lookup): readonly WalkStep[] =>
  parts.flatMap(({ steps }) => steps).filter(({ structure }) => structure === 'table');

describe.each(['vtd', 'amd', 'smmuv3', 'generic'])('a word of a table of %s', (iommu) => {
  const { simulator, lookups } = run(SCRIPT(iommu));
  const lookup = lookups[0]!;
  const runs = simulator.physical()!.runs.filter(({ ownerId }) => ownerId === lookup.hwptId);

  it('beside one that was read is read in the same way', () => {
    for (const step of tables(lookup)) {
      const pa = step.pa! + 8;
      const { unitId, table, index } = readingOf(lookups, { pa, hwptId: lookup.hwptId, level: step.level })!;
      expect(simulator.peekEntry(unitId, table, index)).toMatchObject({ pa, level: step.level });
    }
  });

  it('of a table that nothing went through leads to where memory is, as one of its own kind does', () => {
    const read = new Set(tables(lookup).map(({ pa }) => Math.floor(pa! / 4096)));
    const leafTable = runs.find(({ start, level }) => level === 1 && !read.has(Math.floor(start / 4096)))!;
    const reading = readingOf(lookups, { pa: leafTable.start, hwptId: lookup.hwptId, level: 1 })!;
    const entry = simulator.peekEntry(reading.unitId, reading.table, reading.index)!;
    // IOVA 0x40_0000_0000 has index 0 everywhere but at the top, and maps the buffer's first page.
    expect([entry.pa, entry.level, entry.outcome]).toEqual([leafTable.start, 1, 'leaf']);
    const later = run(`${SCRIPT(iommu)}\ndma 00:02.0 write 0x4000000000 4`).lookups.at(-1)!;
    expect(pointersOf(entry.fields)).toContain(later.parts[0]!.pa);
  });

  it('of another table, or of none, is nobody’s to read', () => {
    expect(readingOf(lookups, { pa: 0x5_0000, hwptId: null, level: null })).toBeNull();
    expect(readingOf([], { pa: leafOf(runs), hwptId: lookup.hwptId, level: 1 })).toBeNull();
  });
});

const leafOf = (runs: readonly { readonly start: number; readonly level: number | null }[]): number =>
  runs.find(({ level }) => level === 1)!.start;

it('what a guest’s entry points to is no address of memory', () => {
  expect(pointersOf([{ meaning: 'second-stage table at 0x103000' }, { meaning: 'ignored' }])).toEqual([
    0x10_3000,
  ]);
  expect(pointersOf([{ meaning: 'first-stage table at guest-physical 0x190000' }])).toEqual([]);
});
