import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseScript } from '../../scenario/parse';
import { readPci, simLineOf } from '../../worker/sim-line';
import type { Lookup, WalkStep } from './batch';
import { Simulator } from './simulator';

/** Runs a scene of the gallery, or lines, and keeps its look-ups. */
function run(script: string): { readonly simulator: Simulator; readonly lookups: readonly Lookup[] } {
  const simulator = new Simulator(readPci);
  const lookups: Lookup[] = [];
  for (const line of parseScript(script).lines) lookups.push(...simulator.execute(simLineOf(line)).lookups);
  return { simulator, lookups };
}
const scene = (name: string): string =>
  readFileSync(new URL(`../../gallery/iommus/${name}.iommu`, import.meta.url), 'utf8');

const tablesOf = ({ parts }: Lookup): readonly WalkStep[] =>
  parts
    .flatMap(({ steps }) => steps)
    .filter(({ kind, structure }) => kind === 'read' && structure === 'table');

const SMALL = (machine: string): string => `machine "t" ${machine}
pci 00:02.0 rciep id=8086:15f3 class=020000 driver=vfio-pci
boot
ctx = open /dev/iommu
ioas = IOAS_ALLOC ctx
dev = BIND ctx 00:02.0
hwpt = ATTACH dev ioas
buf = mmap qemu 64K pages=4K
IOAS_MAP ioas buf iova=0x100000 rw
dma 00:02.0 write 0x100040 64`;

/** Linux has no RISC-V IOMMU for vfio yet: the kernel's own driver maps. */
const RISCV = `machine "t" iommu=riscv
pci 00:02.0 rciep id=144d:a80a class=010802
boot
buf = mmap qemu 64K pages=4K
domain = iommu_paging_domain_alloc 00:02.0
iommu_attach_device domain 00:02.0
iommu_map domain 0x101000 buf 4K rw
iommu_map domain 0x102000 buf 4K rw
dma 00:02.0 write 0x101040 64`;

describe('another entry of a table that was read', () => {
  it.each(['vtd', 'vtd mode=scalable', 'amd', 'smmuv3', 'riscv', 'generic'])(
    'is read in the same way: %s',
    (machine) => {
      const { simulator, lookups } = run(machine === 'riscv' ? RISCV : SMALL(`iommu=${machine}`));
      const [lookup] = lookups;
      const steps = tablesOf(lookup!);
      expect(steps.length).toBeGreaterThan(1);
      for (const step of steps) {
        const peeked = simulator.peekEntry(lookup!.iommuId!, step, step.index!)!;
        expect(peeked).toMatchObject({ level: step.level, pa: step.pa, index: step.index });
        // The walk set accessed and dirty bits after it had read the entry.
        expect(peeked.fields.map(({ name, bits }) => [name, bits])).toEqual(
          step.fields.map(({ name, bits }) => [name, bits]),
        );
        expect(peeked.outcome).toBe(step.outcome);
      }
      // 16 pages in a row: the neighbour is mapped as well, and what is behind the last one is not.
      const leaf = steps.at(-1)!;
      const next = simulator.peekEntry(lookup!.iommuId!, leaf, leaf.index! + 1)!;
      expect(next.outcome).toBe('leaf');
      expect(next.pa).toBe(leaf.pa! + 8);
      expect(next.words[0]).toBe(wordAt(simulator, leaf.pa! + 8));
      expect(simulator.peekEntry(lookup!.iommuId!, leaf, leaf.index! + 16)!.words).toEqual([0n]);
    },
  );

  it('ends where the table ends', () => {
    const { simulator, lookups } = run(SMALL('iommu=vtd'));
    const [step] = tablesOf(lookups[0]!);
    expect(simulator.peekEntry(lookups[0]!.iommuId!, step!, 511)).not.toBeNull();
    expect(simulator.peekEntry(lookups[0]!.iommuId!, step!, 512)).toBeNull();
    expect(simulator.peekEntry(lookups[0]!.iommuId!, step!, -1)).toBeNull();
  });

  it('says whose stage it is where two meet', () => {
    const { simulator, lookups } = run(scene('vtd-3-nested'));
    const lookup = lookups.find((each) => tablesOf(each).some(({ stage }) => stage === 1))!;
    const first = tablesOf(lookup).findLast(({ stage }) => stage === 1)!;
    // The scene's second entry is read-only for users: 0x51005, P and U/S. Intel VT-d, "First-Stage Paging Entries"
    const peeked = simulator.peekEntry(lookup.iommuId!, first, 1)!;
    expect(peeked.stage).toBe(1);
    expect(peeked.allows).toBe('RXU');
  });
});

const wordAt = (simulator: Simulator, pa: number): bigint => {
  const bytes = simulator.readMemory(pa, 8)!;
  return new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
};

describe('an IOVA in index fields', () => {
  const addressOf = (script: string) => run(script).lookups.at(-1)!.parts[0]!.address;

  it('a 2 MiB page makes the lowest index part of the offset', () => {
    const large = SMALL('iommu=vtd')
      .replace('64K pages=4K', '2M')
      .replaceAll('0x100000', '0x200000')
      .replace('0x100040', '0x212340');
    // VT-d, "Second-Stage Translation": bits 20:0 are the offset of a 2 MiB page.
    expect(addressOf(large).at(-1)).toEqual({
      label: 'offset',
      level: 0,
      bits: 21,
      value: 0x1_2340,
      merged: [{ level: 1, label: 'level 1', bits: 9 }],
    });
  });

  it('of two stages it is the first one’s: large pages of the host change nothing', () => {
    const script = scene('vtd-3-nested').replace('mmap qemu 1M pages=4K', 'mmap qemu 2M');
    const nested = run(script).lookups.find((each) => tablesOf(each).some(({ stage }) => stage === 1))!;
    expect(nested.parts[0]!.address.map(({ bits }) => bits)).toEqual([9, 9, 9, 9, 12]);
  });

  it('a level that an AMD entry leads past is marked', () => {
    // AMD IOMMU spec, section 2.2.3: Next Level may be lower by more than one; the index bits between have to be zero.
    const script = `${SMALL('iommu=amd iotlb=off walk-cache=off')}
expect hwpt levels 3`;
    const { simulator, lookups } = run(script);
    const [l3, , l1] = tablesOf(lookups[0]!);
    const skip = (wordAt(simulator, l3!.pa!) & ~0xfff_ffff_fe00n & ~(7n << 9n)) | (1n << 9n);
    const table = BigInt(Math.floor(l1!.pa! / 4096) * 4096);
    const word = (skip & ~0xf_ffff_ffff_f000n) | table;
    const again = run(`${script}
poke 0x${l3!.pa!.toString(16)} "0x${word.toString(16)}"
dma 00:02.0 write 0x100040 64`).lookups.at(-1)!;
    expect(tablesOf(again).map(({ level }) => level)).toEqual([3, 1]);
    expect(again.parts[0]!.address.map(({ level, skipped }) => [level, skipped ?? false])).toEqual([
      [3, false],
      [2, true],
      [1, false],
      [0, false],
    ]);
  });
});

describe('entries of a table at a glance', () => {
  const occupied = (step: WalkStep): number => step.occupancy!.filter((cell) => cell !== 0).length;

  /** The guest's own table with the 64 KiB granule (TG0 of its context descriptor), one page at 0x200000. */
  const GUEST_64K = scene('smmu-2-nested')
    .split('\nnote "The guest\'s mistakes')[0]!
    .replace('0x1e205c0003510', '0x1e205c0003550')
    .replace(
      /store ram 0x30000[^]*?store ram 0x33000 .*/,
      'store ram 0x30000 "0x40003"\nstore ram 0x40000 "0x50003"\nstore ram 0x50100 "0x60f47"',
    );

  it('are as many as the table has', () => {
    const sizes = (script: string) =>
      tablesOf(run(script).lookups.at(-1)!)
        .filter(({ stage }) => stage !== 2)
        .map(({ occupancy }) => occupancy!.length);
    expect(sizes(SMALL('iommu=vtd'))).toEqual([512, 512, 512, 512]);
    // Arm ARM, "Translation process", 64 KiB granule: 47:42, 41:29, 28:16.
    expect(sizes(GUEST_64K)).toEqual([64, 8192, 8192]);
  });

  it('and the IOVA is cut as the guest has it', () => {
    const { address } = run(GUEST_64K).lookups.at(-1)!.parts[0]!;
    expect(address.map(({ bits, value }) => [bits, value])).toEqual([
      [6, 0],
      [13, 0],
      [13, 0x20],
      [16, 0x40],
    ]);
  });

  it('tell leaves: 16 pages in a row', () => {
    const leaf = tablesOf(run(SMALL('iommu=smmuv3')).lookups[0]!).at(-1)!;
    expect(occupied(leaf)).toBe(16);
    expect(leaf.sizeLg2).toBe(12);
  });
});
