import { beforeEach, describe, expect, it } from 'vitest';
import { call } from './call';
import type { IommufdCtx } from './ctx';
import { bindDevice, type IommufdDevice } from './device';
import { attachDeviceTo, detachDeviceFrom, replaceDevice } from './device-attach';
import { prepareMsi } from '../dma/prepare-msi';
import { NO_PASID } from '../iommu/group';
import { outcome, Rig } from './testing/rig';
import type { MockUnit } from './testing/mock-iommu';

// Expected results: drivers/iommu/iommufd/driver.c iommufd_sw_msi(), device.c iommufd_group_setup_msi() of the 7.1 merge
// window. The window is that of Arm's SMMU drivers (MSI_IOVA_BASE 0x8000000, MSI_IOVA_LENGTH 0x100000).
const WINDOW = { start: 0x800_0000n, last: 0x80f_ffffn, kind: 'sw-msi' } as const;
const DOORBELL = 0x2c1_0040n;

describe('MSI pages in a window of software', () => {
  let rig: Rig & { readonly unit: MockUnit };
  let ctx: IommufdCtx;
  let idevs: IommufdDevice[];
  let ioas: number;

  beforeEach(() => {
    rig = Rig.of(['ab', 'c']);
    for (const letter of 'abc') rig.unit.resv.set(letter, [WINDOW]);
    ctx = rig.open();
    idevs = [...'abc'].map((letter) => rig.ok(bindDevice(ctx, rig.device(letter))));
    ioas = rig.ok(call(ctx, 'IOMMU_IOAS_ALLOC', {})).out_ioas_id;
  });

  const idev = (index: number): IommufdDevice => {
    const found = idevs[index];
    if (!found) throw new Error('no such device');
    return found;
  };
  const hwpt = (index = 0): number =>
    rig.ok(call(ctx, 'IOMMU_HWPT_ALLOC', { dev_id: idev(index).id, pt_id: ioas })).out_hwpt_id;
  const attach = (index: number, pt: number): void => {
    rig.ok(attachDeviceTo(idev(index), NO_PASID, pt));
  };
  /** A device is given an interrupt whose doorbell is there: where it writes to. */
  const prepare = (index: number, doorbell = DOORBELL): bigint | string => {
    const result = rig.run(prepareMsi(rig.core, idev(index).device, doorbell));
    return result.ok ? result.value : result.errno;
  };
  const mapped = (id: number, iova: bigint): number | null => {
    const object = ctx.objects.peek(id);
    return object?.kind === 'hwpt-paging' ? (object.domain?.paging?.iovaToPhys(iova) ?? null) : null;
  };

  it('are mapped when the first interrupt asks for them, the same page at the same place for all', () => {
    const [first, second] = [hwpt(), hwpt(2)];
    attach(0, first);
    attach(2, second);
    expect(mapped(first, WINDOW.start)).toBeNull();
    expect([prepare(0), mapped(first, WINDOW.start), mapped(second, WINDOW.start)]).toEqual([
      WINDOW.start + 0x40n,
      0x2c1_0000,
      null,
    ]);
    expect([prepare(2, 0x5000n), prepare(2), prepare(2)]).toEqual([
      WINDOW.start + 4096n,
      WINDOW.start + 0x40n,
      WINDOW.start + 0x40n,
    ]);
    expect([mapped(second, WINDOW.start), mapped(second, WINDOW.start + 4096n)]).toEqual([
      0x2c1_0000, 0x5000,
    ]);
  });

  it('go along to another HWPT before the group moves', () => {
    const [first, second, third] = [hwpt(), hwpt(), hwpt()];
    attach(0, first);
    attach(1, first);
    prepare(0);
    rig.ok(replaceDevice(idev(1), NO_PASID, second));
    expect(mapped(second, WINDOW.start)).toBe(0x2c1_0000);
    for (const index of [0, 1]) rig.run(detachDeviceFrom(idev(index), NO_PASID));
    attach(0, third);
    expect(mapped(third, WINDOW.start)).toBe(0x2c1_0000);
  });

  it('what cannot be mapped refuses the attach and leaves nothing reserved', () => {
    const [first, second] = [hwpt(), hwpt()];
    attach(0, first);
    prepare(0);
    rig.run(detachDeviceFrom(idev(0), NO_PASID));
    rig.unit.failNth('map', 1, 'ENOMEM');
    expect(outcome(rig.run(attachDeviceTo(idev(0), NO_PASID, second)))).toBe('ENOMEM');
    const object = ctx.objects.peek(ioas);
    const left =
      object?.kind === 'ioas'
        ? object.iopt.reserved.all.filter(({ owner }) => owner === idev(0).device)
        : [0];
    expect(left).toEqual([]);
    expect(idev(0).igroup.attaches.size).toBe(0);
  });

  it('a device whose hardware has its own window is left alone', () => {
    rig.unit.resv.set('c', [{ start: 0xfee0_0000n, last: 0xfeef_ffffn, kind: 'msi' }]);
    attach(2, hwpt(2));
    expect(prepare(2)).toBe(DOORBELL);
  });

  it('two windows, or one of each kind, are a driver’s mistake: EINVAL', () => {
    rig.unit.resv.set('c', [WINDOW, { start: 0xfee0_0000n, last: 0xfeef_ffffn, kind: 'msi' }]);
    expect(outcome(rig.run(attachDeviceTo(idev(2), NO_PASID, hwpt(2))))).toBe('EINVAL');
    rig.unit.resv.set('c', [WINDOW, { start: 0x900_0000n, last: 0x90f_ffffn, kind: 'sw-msi' }]);
    expect(outcome(rig.run(attachDeviceTo(idev(2), NO_PASID, hwpt(2))))).toBe('EINVAL');
  });

  it('a context has 64 of them', () => {
    attach(0, hwpt());
    const outcomes = Array.from({ length: 65 }, (_, index) => prepare(0, BigInt(index) * 4096n));
    expect([outcomes[63], outcomes[64]]).toEqual([WINDOW.start + 63n * 4096n, 'EOVERFLOW']);
  });

  it('is device memory, and both kinds of access are allowed', () => {
    const id = hwpt();
    attach(0, id);
    prepare(0);
    const prots = [...rig.unit.live].flatMap(({ leaves }) => [...leaves.values()].map(({ prot }) => prot));
    expect(prots).toEqual([{ read: true, write: true, mmio: true }]);
  });

  it('a second device of the group, whose driver reports the window, brings it to the first', () => {
    rig.unit.resv.delete('a');
    const id = hwpt();
    attach(0, id);
    expect(prepare(0)).toBe(DOORBELL);
    attach(1, id);
    expect([prepare(0), prepare(1)]).toEqual([WINDOW.start + 0x40n, WINDOW.start + 0x40n]);
  });

  // iopt_table_enforce_dev_resv_regions() has written sw_msi_start by then, and nobody takes it back.
  it('a second device that is refused has told the group its window all the same', () => {
    rig.unit.resv.delete('a');
    rig.unit.resv.set('b', [WINDOW, { start: 0xfee0_0000n, last: 0xfeef_ffffn, kind: 'msi' }]);
    const id = hwpt();
    attach(0, id);
    expect(outcome(rig.run(attachDeviceTo(idev(1), NO_PASID, id)))).toBe('EINVAL');
    expect(prepare(0)).toBe(WINDOW.start + 0x40n);
  });

  it('a bound group that is attached to nothing has nobody to map them: EOPNOTSUPP', () => {
    expect(prepare(0)).toBe('EOPNOTSUPP');
  });

  it('a replace that cannot map them leaves the group where it was, and both address spaces as they were', () => {
    const first = hwpt();
    attach(0, first);
    attach(1, first);
    prepare(0);
    const other = rig.ok(call(ctx, 'IOMMU_IOAS_ALLOC', {})).out_ioas_id;
    const second = rig.ok(call(ctx, 'IOMMU_HWPT_ALLOC', { dev_id: idev(0).id, pt_id: other })).out_hwpt_id;
    rig.unit.failNth('map', 1, 'ENOMEM');
    expect(outcome(rig.run(replaceDevice(idev(1), NO_PASID, second)))).toBe('ENOMEM');
    const reservedBy = (id: number): (string | undefined)[] => {
      const object = ctx.objects.peek(id);
      const all = object?.kind === 'ioas' ? object.iopt.reserved.all : [];
      return all.flatMap(({ owner }) => (owner && 'client' in owner ? [owner.name] : []));
    };
    expect([reservedBy(ioas), reservedBy(other)]).toEqual([['a', 'b'], []]);
    expect([idev(0).hwpt?.id, idev(1).hwpt?.id, prepare(1)]).toEqual([first, first, WINDOW.start + 0x40n]);
  });
});
