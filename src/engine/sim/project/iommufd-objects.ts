import type { Access } from '../../iommufd/access';
import type { IommufdDevice } from '../../iommufd/device';
import type { FaultQueue } from '../../iommufd/fault';
import type { HwQueue } from '../../iommufd/hw-queue';
import type { SelftestObject as Selftest } from '../../iommufd/selftest/selftest-object';
import type { Vdevice } from '../../iommufd/vdevice';
import type { Veventq } from '../../iommufd/veventq';
import type { Viommu } from '../../iommufd/viommu';
import { NO_PASID } from '../../iommu/group';
import type { IopfGroup } from '../../iommu/page-fault';
import { formatWord } from '../../uapi/format';
import { iommu_hw_queue_alloc, iommu_veventq_alloc, iommu_viommu_alloc } from '../../uapi/iommufd';
import type { Struct } from '../../uapi/struct';
import type { Machine } from '../machine';
import type {
  AccessObject,
  FaultQueueObject,
  HwQueueObject,
  IdevObject,
  PendingFault,
  SelftestObject,
  VdeviceObject,
  VeventqObject,
  ViommuObject,
} from '../world';
import { objectBase } from './object-base';

export function projectIdev(machine: Machine, idev: IommufdDevice): IdevObject {
  const pasids = [...idev.igroup.attaches].flatMap(([pasid, { hwpt, devices }]) =>
    pasid !== NO_PASID && devices.has(idev.id) ? [{ pasid, hwptId: hwpt.worldId }] : [],
  );
  return {
    ...objectBase(machine, idev),
    type: 'idev',
    deviceId: idev.device.worldId,
    hwptId: idev.hwpt?.worldId ?? null,
    pasids: pasids.sort((a, b) => a.pasid - b.pasid),
  };
}

export const projectAccess = (machine: Machine, access: Access): AccessObject => ({
  ...objectBase(machine, access),
  type: 'access',
  ioasId: access.ioas?.worldId ?? null,
  needsPins: access.ops?.needsPinPages ?? true,
  internal: access.internal,
});

export function projectFaultQueue(machine: Machine, queue: FaultQueue): FaultQueueObject {
  const users = queue.ctx.objects
    .list()
    .filter((each) => (each.kind === 'hwpt-paging' || each.kind === 'hwpt-nested') && each.fault === queue);
  return {
    ...objectBase(machine, queue),
    type: 'fault',
    hwptIds: users.map((hwpt) => hwpt.worldId),
    open: queue.file !== null,
    queued: queue.deliver.flatMap((group) => faultsOf(group, null)),
    pending: queue.response.list.flatMap((group) => faultsOf(group, group.cookie)),
  };
}

/** IOMMU_PGFAULT_PERM_*, bit by bit. */
const PERMS = 'rwxp';

const faultsOf = (group: IopfGroup, cookie: number | null): readonly PendingFault[] =>
  group.faults.map(({ pasid, grpid, addr, perm }) => ({
    cookie,
    deviceId: `dev:${group.device.name}`,
    pasid,
    grpid,
    iova: addr,
    perm: [...PERMS].filter((_, bit) => (perm >> bit) & 1).join(''),
  }));

/** A type's number as the header names it. */
function typeName(struct: Struct, value: number): string {
  const field = struct.fields.find((each) => each.name === 'type');
  return field ? formatWord(field, value) : String(value);
}

export function projectViommu(machine: Machine, viommu: Viommu): ViommuObject {
  const parts = viommu.ctx.objects.list().filter((each) => 'viommu' in each && each.viommu === viommu);
  const idsOf = (kind: (typeof parts)[number]['kind']) =>
    parts.filter((each) => each.kind === kind).map((each) => each.worldId);
  return {
    ...objectBase(machine, viommu),
    type: 'viommu',
    kind: typeName(iommu_viommu_alloc, viommu.type),
    iommuId: viommu.unit.unit,
    parentId: viommu.hwpt.worldId,
    vdeviceIds: idsOf('vdevice'),
    veventqIds: idsOf('veventq'),
    hwQueueIds: idsOf('hw-queue'),
  };
}

export const projectVdevice = (machine: Machine, vdevice: Vdevice): VdeviceObject => ({
  ...objectBase(machine, vdevice),
  type: 'vdevice',
  viommuId: vdevice.viommu.worldId,
  idevId: vdevice.idev.worldId,
  virtId: vdevice.virtId,
});

export const projectVeventq = (machine: Machine, queue: Veventq): VeventqObject => ({
  ...objectBase(machine, queue),
  type: 'veventq',
  viommuId: queue.viommu.worldId,
  kind: typeName(iommu_veventq_alloc, queue.type),
  depth: queue.depth,
  queued: queue.events.size,
  lost: queue.events.hasLost,
  open: queue.file !== null,
});

export const projectHwQueue = (machine: Machine, queue: HwQueue): HwQueueObject => ({
  ...objectBase(machine, queue),
  type: 'hw-queue',
  viommuId: queue.viommu.worldId,
  kind: typeName(iommu_hw_queue_alloc, queue.type),
  index: queue.index,
  iova: queue.baseIova,
  bytes: Number(queue.length),
});

export const projectSelftest = (machine: Machine, mock: Selftest): SelftestObject => ({
  ...objectBase(machine, mock),
  type: 'selftest',
  title: mock.mock.name,
  idevId: mock.idev.worldId,
});
