import { describe, expect, it } from 'vitest';
import { NO_PASID } from '../iommu/group';
import { err, ok } from '../kernel/errno';
import { Descriptors } from '../kernel/file-table';
import { locked } from '../kernel/task';
import { call } from './call';
import { rootCaller } from './caller';
import { bindDevice } from './device';
import { attachDeviceTo, detachDeviceFrom } from './device-attach';
import { DmaBuf } from './dma-buf';
import type { MockPaging } from './testing/mock-iommu';
import { MIB, outcome, Rig } from './testing/rig';

// Expected results: drivers/iommu/iommufd/pages.c iopt_alloc_dmabuf_pages(), iopt_revoke_notify() of the 7.1 merge window.
const FIXED_RW = 7;
const PA = 0x8000_0000;

function scene({ revoked = false } = {}) {
  const rig = Rig.of(['a', 'b']);
  // Each device its own domain.
  rig.unit.refuses = (device, { label, type }) =>
    type === 'unmanaged' &&
    [...rig.unit.attached].some(([at, domain]) => at !== device && domain.label === label)
      ? 'EINVAL'
      : null;
  const ctx = rig.open();
  const files = new Descriptors();
  const caller = { ...rootCaller(rig.memory), files };
  let released = 0;
  const buffer = new DmaBuf('a BAR', 0x4000n, {
    iommufdMap: () => (revoked ? err('ENODEV', 'taken back') : ok({ pa: PA, bytes: 0x4000 })),
    *release() {
      released++;
    },
  });
  const fd = files.open({ kind: 'kernel', file: buffer });
  if (!fd.ok) throw new Error(fd.why);
  const ioas = rig.ok(call(ctx, 'IOMMU_IOAS_ALLOC', {})).out_ioas_id;
  const map = (iova: bigint, length: bigint, start = 0n, number = fd.value): string => {
    const fields = { ioas_id: ioas, flags: FIXED_RW, iova, length, start, fd: number };
    return outcome(rig.run(call(ctx, 'IOMMU_IOAS_MAP_FILE', fields, caller)));
  };
  const attach = (letter: string) => {
    const idev = rig.ok(bindDevice(ctx, rig.device(letter)));
    rig.ok(attachDeviceTo(idev, NO_PASID, ioas));
    return idev;
  };
  const tables = (): MockPaging[] => [...rig.unit.live].filter((each) => each.leaves.size > 0);
  return { rig, ctx, caller, files, buffer, ioas, map, attach, tables, released: () => released };
}

describe('a dma-buf', () => {
  it('is mapped as one stretch of device memory in every domain, and pins nothing', () => {
    const { rig, map, attach, tables } = scene();
    attach('a');
    expect(map(MIB, 0x2000n, 0x1000n)).toBe('ok');
    attach('b');
    expect(tables().map((each) => each.runs)).toEqual([
      [{ iova: MIB, pa: PA + 0x1000, bytes: 0x2000 }],
      [{ iova: MIB, pa: PA + 0x1000, bytes: 0x2000 }],
    ]);
    expect(tables()[0]?.leaves.get(MIB)?.prot).toEqual({ read: true, write: true, mmio: true });
    expect([rig.memory.pinned, rig.memory.pinnedVm]).toEqual([0, 0]);
  });

  it('that is taken back leaves every domain at once; the area stays, and new domains get nothing', () => {
    const { rig, ctx, ioas, map, attach, tables, buffer } = scene();
    const a = attach('a');
    attach('b');
    map(MIB, 0x4000n);
    rig.run(locked(buffer.resv, () => buffer.invalidateMappings()));
    expect(tables()).toEqual([]);
    rig.run(detachDeviceFrom(a, NO_PASID));
    rig.ok(attachDeviceTo(a, NO_PASID, ioas));
    expect(tables()).toEqual([]);
    const all = { ioas_id: ioas, iova: 0n, length: 2n ** 64n - 1n };
    expect(rig.ok(call(ctx, 'IOMMU_IOAS_UNMAP', all)).length).toBe(0x4000n);
  });

  it('outlives its descriptor until the last mapping goes', () => {
    const { rig, ctx, ioas, map, buffer, released } = scene();
    map(MIB, 0x1000n);
    rig.run(buffer.release());
    expect(released()).toBe(0);
    rig.ok(call(ctx, 'IOMMU_DESTROY', { id: ioas }));
    expect(released()).toBe(1);
  });

  it('is refused: too long EINVAL, taken back ENODEV, of an unknown exporter EOPNOTSUPP', () => {
    expect(scene().map(MIB, 0x5000n)).toBe('EINVAL');
    expect(scene().map(MIB, 0x1000n, 0x4000n)).toBe('EINVAL');
    const revoked = scene({ revoked: true });
    expect(revoked.map(MIB, 0x1000n)).toBe('ENODEV');
    const unknown = scene();
    Object.assign(unknown.buffer.exporter, { iommufdMap: undefined });
    expect(unknown.map(MIB, 0x1000n)).toBe('EOPNOTSUPP');
    unknown.rig.run(unknown.buffer.release());
    expect(unknown.released()).toBe(1);
  });

  it('is told from other files: EBADF for no descriptor, EINVAL for no memfd once it is needed', () => {
    const { rig, ctx, ioas, map, files } = scene();
    expect(map(MIB, 0x1000n, 0n, 99)).toBe('EBADF');
    const other = files.open({ kind: 'other' });
    if (!other.ok) throw new Error(other.why);
    expect(map(MIB, 0x1000n, 0n, other.value)).toBe('ok');
    const idev = rig.ok(bindDevice(ctx, rig.device('a')));
    expect(outcome(rig.run(attachDeviceTo(idev, NO_PASID, ioas)))).toBe('EINVAL');
  });
});
