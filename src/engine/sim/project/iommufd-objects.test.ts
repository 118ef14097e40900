import { expect, test } from 'vitest';
import { reportDeviceFault } from '../../iommu/page-fault-report';
import { MockScene } from '../../iommufd/testing/mock-scene';
import {
  IOMMU_HWPT_ALLOC_NEST_PARENT,
  IOMMU_HWPT_ALLOC_PASID,
  IOMMU_HWPT_FAULT_ID_VALID,
} from '../../uapi/iommufd';
import {
  IOMMU_HWPT_DATA_SELFTEST,
  IOMMU_VEVENTQ_TYPE_SELFTEST,
  IOMMU_VIOMMU_TYPE_SELFTEST,
} from '../../uapi/iommufd-test';
import { DEFAULT_MACHINE, Machine } from '../machine';
import type { WorldObject } from '../world';
import { projectWorld } from './world';

// What each object must say of itself and of the others: ids in the order in which the kernel hands them out, holders as
// in drivers/iommu/iommufd (struct iommufd_viommu, iommufd_vdevice, iommufd_veventq, iommufd_fault, iopt_pages).

/** The context of a mock scene, seen from the page. */
function worldOf(scene: MockScene): (id: string) => WorldObject | undefined {
  const machine = new Machine(DEFAULT_MACHINE);
  machine.iommufd.contexts.push(scene.ctx);
  const world = projectWorld(machine);
  return (id) => world.get(id);
}

test('a vIOMMU with a device, an event queue and a nested page table', () => {
  const scene = new MockScene(['a']);
  const idev = scene.bind('a');
  const ioas = scene.ioas();
  const parent = scene.hwpt(idev, ioas, IOMMU_HWPT_ALLOC_NEST_PARENT);
  const { out_viommu_id } = scene.must('IOMMU_VIOMMU_ALLOC', {
    type: IOMMU_VIOMMU_TYPE_SELFTEST,
    dev_id: idev.id,
    hwpt_id: parent,
  });
  const { out_vdevice_id } = scene.must('IOMMU_VDEVICE_ALLOC', {
    viommu_id: out_viommu_id,
    dev_id: idev.id,
    virt_id: 0x99n,
  });
  const { out_veventq_id } = scene.must('IOMMU_VEVENTQ_ALLOC', {
    viommu_id: out_viommu_id,
    type: IOMMU_VEVENTQ_TYPE_SELFTEST,
    veventq_depth: 4,
  });
  const data = { data_type: IOMMU_HWPT_DATA_SELFTEST, data_len: 4, data_uptr: scene.words(0xbadbeef) };
  const nested = scene.hwpt(idev, out_viommu_id, 0, data);
  const at = worldOf(scene);
  expect(at(`viommu:1.${out_viommu_id}`)).toMatchObject({
    kind: 'IOMMU_VIOMMU_TYPE_SELFTEST',
    parentId: `hwpt:1.${parent}`,
    vdeviceIds: [`vdevice:1.${out_vdevice_id}`],
    veventqIds: [`veventq:1.${out_veventq_id}`],
    hwQueueIds: [],
  });
  expect(at(`vdevice:1.${out_vdevice_id}`)).toMatchObject({ virtId: 0x99n, idevId: `idev:1.${idev.id}` });
  expect(at(`veventq:1.${out_veventq_id}`)).toMatchObject({ depth: 4, queued: 0, lost: false, open: true });
  expect(at(`hwpt:1.${nested}`)).toMatchObject({
    nested: true,
    parentId: `hwpt:1.${parent}`,
    viommuId: `viommu:1.${out_viommu_id}`,
    ioasId: `ioas:1.${ioas}`,
  });
  expect(at(`hwpt:1.${parent}`)).toMatchObject({ nested: false, nestParent: true, parentId: null });
});

test('a page fault waits in its queue, first to be read', () => {
  const scene = new MockScene(['a']);
  const idev = scene.bind('a');
  const { out_fault_id } = scene.must('IOMMU_FAULT_QUEUE_ALLOC', {});
  const hwpt = scene.hwpt(idev, scene.ioas(), IOMMU_HWPT_FAULT_ID_VALID, { fault_id: out_fault_id });
  scene.attach(idev, hwpt);
  const fault = { pasid: null, grpid: 7, perm: 0b0011, addr: 0x5000n, lastPage: true };
  scene.ok(reportDeviceFault(scene.core, idev.device, fault));
  expect(worldOf(scene)(`fault:1.${out_fault_id}`)).toMatchObject({
    hwptIds: [`hwpt:1.${hwpt}`],
    open: true,
    queued: [{ cookie: null, deviceId: idev.device.worldId, grpid: 7, iova: 0x5000n, perm: 'rw' }],
    pending: [],
  });
});

test('a device is on several page tables at a time, by PASID', () => {
  const scene = new MockScene(['a']);
  const idev = scene.bind('a');
  const ioas = scene.ioas();
  const [rid, one] = [1, 2].map(() => scene.hwpt(idev, ioas, IOMMU_HWPT_ALLOC_PASID));
  scene.attach(idev, rid!);
  scene.attach(idev, one!, 5);
  expect(worldOf(scene)(`idev:1.${idev.id}`)).toMatchObject({
    hwptId: `hwpt:1.${rid}`,
    pasids: [{ pasid: 5, hwptId: `hwpt:1.${one}` }],
  });
});

test('where page numbers are kept: nowhere without a domain, then in the table of the first', () => {
  const scene = new MockScene(['a']);
  const idev = scene.bind('a');
  const ioas = scene.ioas();
  scene.memory.map(0x7f00_0000_0000n, 8, (index) => 0x100 + index);
  const map = { ioas_id: ioas, user_va: 0x7f00_0000_0000n, length: 0x8000n, flags: 7, iova: 0x200_0000n };
  scene.must('IOMMU_IOAS_MAP', map);
  scene.must('IOMMU_IOAS_COPY', {
    dst_ioas_id: ioas,
    src_ioas_id: ioas,
    src_iova: map.iova,
    dst_iova: 0x300_0000n,
    length: 0x4000n,
    flags: 7,
  });
  const tiersOf = (): unknown => {
    const object = worldOf(scene)(`ioas:1.${ioas}`);
    return (
      object?.type === 'ioas' &&
      object.areas.map(({ pages }) => [pages?.id, pages?.pinnedPages, pages?.tiers])
    );
  };
  const nowhere = (last: number) => [{ tier: 'nowhere', first: 0, last, hwptId: null }];
  expect(tiersOf()).toEqual([
    [1, 0, nowhere(7)],
    [1, 0, nowhere(3)],
  ]);
  const hwpt = scene.hwpt(idev, ioas);
  const domain = (last: number) => [{ tier: 'domain', first: 0, last, hwptId: `hwpt:1.${hwpt}` }];
  // A copy shares the pages: they are pinned once.
  expect(tiersOf()).toEqual([
    [1, 8, domain(7)],
    [1, 8, domain(3)],
  ]);
});
