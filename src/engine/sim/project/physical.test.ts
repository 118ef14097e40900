import { describe, expect, it } from 'vitest';
import { scenarioFiles, ScriptRun } from '../../../testing/run-script';
import { parseScript } from '../../../scenario/parse';
import { readPci, simLineOf } from '../../../worker/sim-line';
import { Simulator } from '../simulator';
import type { Lookup } from '../batch';
import type { PhysicalMap, PhysicalRun } from '../physical-map';

const KIB64 = 64 * 1024;
const MIB2 = 2 * 1024 * 1024;

const mapOf = (run: ScriptRun): PhysicalMap => run.simulator.physical()!;
const at = ({ runs }: PhysicalMap, pa: number): PhysicalRun | undefined =>
  runs.find(({ start, bytes }) => pa >= start && pa < start + bytes);
const ofKind = ({ runs }: PhysicalMap, use: PhysicalRun['use']): readonly PhysicalRun[] =>
  runs.filter((run) => run.use === use);
const bytesOf = (runs: readonly { readonly bytes: number }[]): number =>
  runs.reduce((sum, { bytes }) => sum + bytes, 0);

const SCRIPT = (iommu: string): string => `machine "t" iommu=${iommu}
pci 00:02.0 rciep id=8086:15f3 class=020000 driver=vfio-pci
boot
ctx = open /dev/iommu
ioas = IOAS_ALLOC ctx
dev = BIND ctx 00:02.0
hwpt = ATTACH dev ioas
buf = mmap qemu 64K pages=4K
big = mmap qemu 4M pages=2M
IOAS_MAP ioas buf iova=0x100000 rw
IOAS_MAP ioas big iova=0x40000000 rw`;

describe('physical memory by use', () => {
  it.each(['vtd', 'vtd mode=scalable', 'amd', 'amd mode=v2', 'smmuv3', 'generic'])(
    'every table that a look-up reads is one of the HWPT that it goes through, of the level it is read at: %s',
    (iommu) => {
      const simulator = new Simulator(readPci);
      const lookups: Lookup[] = [];
      const script = `${SCRIPT(iommu)}\ndma 00:02.0 write 0x100040 64`;
      for (const line of parseScript(script).lines)
        lookups.push(...simulator.execute(simLineOf(line)).lookups);
      const map = simulator.physical()!;
      const [lookup] = lookups;
      const reads = lookup!.parts
        .flatMap(({ steps }) => steps)
        .filter(({ kind, structure }) => kind === 'read' && structure === 'table');
      expect(reads.length).toBeGreaterThan(1);
      for (const { pa, level } of reads)
        expect(at(map, pa!)).toMatchObject({ use: 'page-table', ownerId: lookup!.hwptId, level });
      // What is read before them belongs to the unit: root and context tables, DTEs, STEs and CDs.
      const above = lookup!.parts
        .flatMap(({ steps }) => steps)
        .filter(({ kind, structure, pa }) => kind === 'read' && structure !== 'table' && pa !== null);
      for (const { pa } of above)
        expect(at(map, pa!)).toMatchObject({ use: 'structure', ownerId: lookup!.iommuId });
    },
  );

  it('a table that grows has the frames of all its levels, and as many as the HWPT says', () => {
    const run = ScriptRun.of(SCRIPT('amd'));
    run.line('IOAS_MAP ioas buf iova=0x8000000000 rw');
    expect(run.wrong).toEqual([]);
    const hwpt = [...run.simulator.world().values()].find(({ type }) => type === 'hwpt');
    const tables = ofKind(mapOf(run), 'page-table').filter(({ ownerId }) => ownerId === hwpt!.id);
    // Linux: generic_pt allocates a level-3 top when an IOVA of 2^39 is mapped.
    expect(new Set(tables.map(({ level }) => level))).toEqual(new Set([1, 2, 3, 4]));
    expect(bytesOf(tables) / 4096).toBe(hwpt!.type === 'hwpt' ? hwpt!.tablePages : 0);
  });

  it('a process’s pages are named by their buffers, and are where the process has them', () => {
    const run = ScriptRun.of(SCRIPT('vtd'));
    const map = mapOf(run);
    const pages = ofKind(map, 'process');
    expect(pages.map(({ label, ownerId, bytes }) => [label, ownerId, bytes]).toSorted()).toEqual([
      ['big', 'mm:qemu', 2 * MIB2],
      ['buf', 'mm:qemu', KIB64],
    ]);
    const process = run.simulator.object('mm:qemu');
    for (const buffer of process?.type === 'process' ? process.buffers : [])
      expect(at(map, buffer.pa)!.label).toBe(buffer.name);
  });

  it('unmapped memory that is pinned stays taken, and is free once it is not', () => {
    const run = ScriptRun.of(SCRIPT('vtd'));
    run.line('munmap buf');
    expect(ofKind(mapOf(run), 'process').map(({ label }) => label)).toContain('unmapped but pinned');
    run.line('IOAS_UNMAP ioas all');
    expect(bytesOf(ofKind(mapOf(run), 'process'))).toBe(2 * MIB2);
  });

  it('after the HWPT is gone all its frames are free again', () => {
    const before = ScriptRun.of(SCRIPT('vtd').split('\n').slice(0, 6).join('\n'));
    const run = ScriptRun.of(SCRIPT('vtd'));
    for (const line of ['DETACH dev', 'IOAS_UNMAP ioas all', 'munmap buf', 'munmap big']) run.line(line);
    expect(run.wrong).toEqual([]);
    expect(mapOf(run).runs).toEqual(mapOf(before).runs);
  });

  it.each(scenarioFiles())(
    '$name: frames are accounted once, and nothing is left without a reason',
    ({ script }) => {
      const { simulator } = ScriptRun.of(script);
      const map = simulator.physical();
      if (map === null) return;
      let end = 0;
      for (const { start, bytes } of map.runs) {
        expect(start).toBeGreaterThanOrEqual(end);
        end = start + bytes;
        expect(map.ram.some((range) => start >= range.start && end - 1 <= range.last)).toBe(true);
      }
      expect(ofKind(map, 'other')).toEqual([]);
    },
  );
});

describe('leaves, as tables say them', () => {
  const leavesOf = (iommu: string) => mapOf(ScriptRun.of(SCRIPT(iommu))).leaves[0]!.runs;

  it('pages of 4 KiB stand in leaves of 4 KiB, and 2 MiB pages in one leaf each', () => {
    // VT-d: superpages of 2 MiB, CAP.SLLPS; the areas are aligned to them.
    expect(leavesOf('vtd')).toEqual([
      { iova: 0x10_0000n, bytes: BigInt(KIB64), pageBytes: 4096, dirty: null },
      { iova: 0x4000_0000n, bytes: BigInt(2 * MIB2), pageBytes: MIB2, dirty: null },
    ]);
  });

  it('with large pages off every entry is one page', () => {
    const lines = SCRIPT('vtd').split('\n');
    const run = ScriptRun.of(
      [...lines.slice(0, 5), 'OPTION ioas HUGE_PAGES 0', ...lines.slice(5)].join('\n'),
    );
    expect(run.wrong).toEqual([]);
    expect(mapOf(run).leaves[0]!.runs.map(({ pageBytes }) => pageBytes)).toEqual([4096, 4096]);
  });

  it('two areas side by side are two runs', () => {
    const run = ScriptRun.of(SCRIPT('vtd'));
    run.line('IOAS_MAP ioas buf iova=0x110000 r');
    const runs = mapOf(run).leaves[0]!.runs.filter(({ iova }) => iova < 0x4000_0000n);
    expect(runs.map(({ iova }) => iova)).toEqual([0x10_0000n, 0x11_0000n]);
  });

  it('a page that a device wrote is marked where it is tracked', () => {
    const lines = SCRIPT('vtd mode=scalable').split('\n');
    lines[6] = 'hwpt = HWPT_ALLOC dev ioas dirty\nATTACH dev hwpt';
    const run = ScriptRun.of(lines.join('\n'));
    run.line('HWPT_SET_DIRTY_TRACKING hwpt on');
    run.line('dma 00:02.0 write 0x103000 64');
    expect(run.wrong).toEqual([]);
    const runs = mapOf(run).leaves[0]!.runs.filter(({ dirty }) => (dirty ?? 0) > 0);
    expect(runs).toEqual([{ iova: 0x10_3000n, bytes: 4096n, pageBytes: 4096, dirty: 1 }]);
  });
});

describe('where areas are', () => {
  it('their frames are those that the leaves lead to', () => {
    const run = ScriptRun.of(SCRIPT('vtd'));
    const map = mapOf(run);
    for (const { frames, cut } of map.areas) {
      expect(cut).toBe(false);
      for (const { start } of frames) expect(at(map, start)!.use).toBe('process');
    }
    expect(map.areas.map(({ iova, frames }) => [iova, bytesOf(frames)])).toEqual([
      [0x10_0000n, KIB64],
      [0x4000_0000n, 2 * MIB2],
    ]);
  });

  it('what nobody has pinned is nowhere', () => {
    const run = ScriptRun.of(SCRIPT('vtd'));
    run.line('DETACH dev');
    expect(mapOf(run).areas.map(({ frames }) => frames)).toEqual([[], []]);
  });
});
