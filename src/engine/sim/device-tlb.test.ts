import { describe, expect, it } from 'vitest';
import { ScriptRun } from '../../testing/run-script';

// PCIe 6.0, section 10.3: what a device keeps stays valid until it is told otherwise. What Linux sends, and when, is in each
// driver's flush functions: qi_flush_dev_iotlb(), amd_iommu_flush_iotlb(), arm_smmu_atc_inv_master().
const MACHINES = ['vtd', 'vtd mode=scalable', 'amd', 'smmuv3'] as const;

const on = (machine: string): ScriptRun => {
  const run = ScriptRun.of(
    [
      `machine t iommu=${machine}`,
      'pci 00:02.0 rciep id=144d:a80a class=010802 driver=vfio-pci ats',
      'boot',
      'ctx = open /dev/iommu',
      'ioas = IOAS_ALLOC ctx',
      'dev = BIND ctx 00:02.0',
      'hwpt = ATTACH dev ioas',
      'buf = mmap qemu 64K pages=4K',
      'IOAS_MAP ioas buf iova=0x100000 rw',
      'dma 00:02.0 write 0x100040 64',
      'dma 00:02.0 read 0x101040 64',
    ].join('\n'),
  );
  expect(run.wrong).toEqual([]);
  return run;
};

const staleOf = (run: ScriptRun): readonly boolean[] => {
  const device = run.simulator.world().get('dev:0000:00:02.0');
  return device?.type === 'device' ? device.deviceTlb.map(({ stale }) => stale) : [];
};

describe.each(MACHINES)('what a device keeps, behind %s', (machine) => {
  it('is what the tables say, until they say something else', () => {
    const run = on(machine);
    expect(staleOf(run)).toEqual([false, false]);
    // The leaf of the page that was read last.
    const leaf = run.line('peek leaf').result;
    run.line('poke leaf "0x0"');
    expect(staleOf(run)).toEqual([false, true]);
    run.line(`poke leaf "${/0x[0-9a-f_]+/.exec(leaf)?.[0].replaceAll('_', '')}"`);
    expect(staleOf(run)).toEqual([false, false]);
  });

  it('is stale where the device does not let go', () => {
    const run = on(machine);
    run.line('ignore-invalidations 00:02.0 on');
    run.line('IOAS_UNMAP ioas all');
    expect(staleOf(run)).toEqual([true, true]);
  });

  it('is stale where another page is mapped by now, and not where the same one is', () => {
    const run = on(machine);
    run.line('ignore-invalidations 00:02.0 on');
    run.line('IOAS_UNMAP ioas all');
    run.line('other = mmap qemu 4K pages=4K');
    run.line('IOAS_MAP ioas other iova=0x100000 rw');
    expect(staleOf(run)).toEqual([true, true]);
    run.line('IOAS_UNMAP ioas all');
    run.line('IOAS_MAP ioas buf iova=0x100000 rw');
    expect(staleOf(run)).toEqual([false, false]);
    run.line('IOAS_UNMAP ioas all');
    run.line('IOAS_MAP ioas buf iova=0x100000 r');
    // Both were granted read and write but where the unit listens to No Write.
    expect(staleOf(run)[0]).toBe(true);
  });

  it('is looked at without a trace: what the unit holds stays as it is', () => {
    const run = on(machine);
    const { simulator } = run;
    const [unit] = [...simulator.world().keys()].filter((id) => id.startsWith('iommu:'));
    const before = simulator.hardware(unit ?? '');
    expect(before?.caches.some(({ entries }) => entries.length > 0)).toBe(true);
    const world = [...simulator.world().values()];
    expect(simulator.hardware(unit ?? '')).toEqual(before);
    expect([...simulator.world().values()]).toEqual(world);
  });
});
