import { describe, expect, it } from 'vitest';
import { call } from '../iommufd/call';
import type { Result } from '../kernel/errno';
import type { Task } from '../kernel/task';
import { plainSpec, type PciFunctionSpec, type PciKind } from '../pci/function-spec';
import { attachOnly, detachPt, openAndBind, replaceOnly } from '../vfio/cdev';
import type { Lookup } from './batch';
import { boot } from './boot';
import { fireDma } from './dma';
import { DEFAULT_MACHINE, Machine } from './machine';

// Linux 7.1 merge window, drivers/iommu/intel: domain_context_clear_one() is called with each alias's bus and devfn, but
// intel_context_flush_no_pasid() names PCI_DEVID(info->bus, info->devfn), the device's own requester id. What the unit
// cached for the alias 03:00.0, which the bridge lends to 03:01.0 (pci_for_each_dma_alias()), outlives every change.
const fn = (bus: number, devfn: number, kind: PciKind, more: Partial<PciFunctionSpec> = {}) => ({
  ...plainSpec({ domain: 0, bus, devfn }, kind),
  ...more,
});

function setup() {
  const machine = new Machine(DEFAULT_MACHINE);
  const run = <T>(task: Task<Result<T>>): T => {
    const result = machine.run(task);
    if (!result.ok) throw new Error(result.why);
    return result.value;
  };
  machine.topology.addFunction(
    fn(0, 0xe0, 'root-port', { buses: { secondary: 2, subordinate: 3 }, acs: { cap: 0x1d, ctrl: null } }),
  );
  machine.topology.addFunction(fn(2, 0, 'pcie-to-pci', { buses: { secondary: 3, subordinate: 3 } }));
  machine.topology.addFunction(fn(3, 8, 'pci', { driver: 'vfio-pci' }));
  expect(boot(machine).ok).toBe(true);
  const device = machine.core.devices.get('0000:03:01.0')!;
  const ctx = machine.iommufd.open(machine.process('qemu'));
  const file = run(openAndBind(machine.vfio, ctx, device));
  const mapping = machine.process('qemu').mmap(4096);
  if (!mapping.ok) throw new Error(mapping.why);
  /** A HWPT of the user's own, which outlives a detach; `iova` is mapped in it. */
  const hwpt = (iova: bigint): number => {
    const ioas_id = run(call(ctx, 'IOMMU_IOAS_ALLOC', {})).out_ioas_id;
    // FIXED_IOVA, WRITEABLE, READABLE
    const map = { flags: 7, ioas_id, user_va: mapping.value.userVa, length: 4096n, iova };
    run(call(ctx, 'IOMMU_IOAS_MAP', map));
    return run(call(ctx, 'IOMMU_HWPT_ALLOC', { dev_id: file.vdev.idev!.id, pt_id: ioas_id })).out_hwpt_id;
  };
  const read = (iova: bigint): Lookup =>
    fireDma(machine, { line: 1, device, access: 'read', iova, bytes: 8 });
  return { run, file, hwpt, read };
}

describe('a context entry that stays cached for an alias', () => {
  it('is told by the table that the unit walked, not by the one that the group is on', () => {
    const { run, file, hwpt, read } = setup();
    const [first, second] = [hwpt(0x1000n), hwpt(0x2000n)];
    run(attachOnly(file, first));
    expect(read(0x1000n)).toMatchObject({ hwptId: `hwpt:1.${first}`, parts: [{ fault: null }] });

    run(replaceOnly(file, second));
    const old = read(0x1000n);
    expect(old).toMatchObject({ hwptId: `hwpt:1.${first}`, parts: [{ fault: null }] });
    expect(old.parts[0]?.steps[0]?.title).toBe('Context cache hit: 0000:03:00.0, stale');
    const { fault } = read(0x2000n).parts[0]!;
    expect(fault?.reason).toBe(6);
    expect(fault?.why).toMatch(/^The unit goes by the context entry of 0000:03:00.0 that it cached before/);

    run(detachPt(file));
    expect(read(0x1000n)).toMatchObject({ hwptId: `hwpt:1.${first}`, parts: [{ fault: null }] });
  });

  it('is nothing special while memory still says the same', () => {
    const { run, file, hwpt, read } = setup();
    run(attachOnly(file, hwpt(0x1000n)));
    read(0x1000n);
    const again = read(0x5000n).parts[0]!;
    expect(again.steps[0]?.title).toBe('Context cache hit: 0000:03:00.0');
    expect(again.fault?.why).toMatch(/^Nothing is mapped at this IOVA/);
  });
});
