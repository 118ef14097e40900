import { describe, expect, test } from 'vitest';
import { accessibleName, describeTarget, nameOf } from './names';
import { guestWorld } from './testing/guest-world';
import { desktop } from './testing/worlds';
import { device, world } from './testing/build';

describe('accessible names', () => {
  test('a device: what it is, its group, its driver, what it is attached to', () => {
    expect(nameOf(desktop, 'dev:0000:01:00.0')).toBe(
      'Device 0000:01:00.0 NVIDIA AD104 [GeForce RTX 4070], in group 7, driver vfio-pci, attached to HWPT 4',
    );
    expect(nameOf(desktop, 'dev:0000:01:00.1')).toContain('follows its group to HWPT 4');
  });

  test('a bridge says its ACS', () => {
    expect(nameOf(desktop, 'dev:0000:00:1a.0')).toBe('Root port 0000:00:1a.0, in group 5, ACS SV RR CR UF');
    expect(nameOf(desktop, 'dev:0000:00:01.0')).toContain('no ACS');
  });

  test('a device without a group says why', () => {
    const lonely = device('00:02.0', 'rciep', { ungrouped: 'no IOMMU covers it' });
    expect(accessibleName(world(lonely), lonely)).toContain('no IOMMU covers it');
  });

  test('the IOMMU counts what is stale and what faulted', () => {
    expect(nameOf(desktop, 'iommu:dmar0')).toContain('IOTLB 3 of 256 entries, 1 stale');
    expect(nameOf(desktop, 'iommu:dmar0')).toContain('1 fault');
  });

  test('page tables, address spaces and memory', () => {
    expect(nameOf(desktop, 'hwpt:1.4')).toContain('1,022 leaf entries of 2M');
    expect(nameOf(desktop, 'ioas:1.5')).toBe('IOAS 5, I/O address space, 1 area, 2 MiB mapped, 1 page table');
    expect(nameOf(desktop, 'mm:qemu')).toContain('3 buffers');
  });

  test('what a guest has of an IOMMU', () => {
    expect(nameOf(guestWorld, 'viommu:1.7')).toBe('vIOMMU 7, arm smmuv3, 1 device, 2 queues');
    expect(nameOf(guestWorld, 'vdevice:1.9')).toBe('vDEVICE 9, id 0x10 in the guest');
    expect(nameOf(guestWorld, 'veventq:1.10')).toBe('vEVENTQ 10, 16 of 16 events, some were lost');
    expect(nameOf(guestWorld, 'hwpt:1.5')).toContain('HWPT 5, nested page table');
    expect(nameOf(guestWorld, 'fault:1.8')).toBe('Fault queue 8, 1 to be read, 0 to be answered');
    expect(nameOf(guestWorld, 'access:1.12')).toContain('reaches memory without an IOMMU');
  });

  test('every kind of object has one', () => {
    for (const scene of [desktop, guestWorld])
      for (const object of Object.values(scene)) expect(accessibleName(scene, object)).not.toBe('');
  });
});

describe('targets', () => {
  const target = { targetId: 'ioas:1.2', action: 'attach', lines: [], rule: null } as const;

  test('a legal one says what would happen', () => {
    expect(describeTarget(desktop, { ...target, ok: true, errno: null, why: null, culprit: null })).toBe(
      'IOAS 2: attach allowed',
    );
  });

  test('a refusal says errno, reason and what stands in the way', () => {
    const refused = {
      ...target,
      ok: false,
      errno: 'EBUSY',
      why: 'the group is owned by the kernel',
      culprit: 'group:7',
    } as const;
    expect(describeTarget(desktop, refused)).toBe(
      'IOAS 2: refused, EBUSY, the group is owned by the kernel (Group 7)',
    );
  });
});
