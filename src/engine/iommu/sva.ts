import { err, ok, type Result } from '../kernel/errno';
import { locked, type Task } from '../kernel/task';
import type { UserMemory } from '../memory/user-memory';
import { freeDomain, type IommuCore } from './core';
import type { Device } from './device';
import type { AttachHandle, IommuGroup } from './group';
import type { IommuDomain } from './ops';
import { attachDevicePasid, attachHandleGet, detachDevicePasid } from './pasid';
import { svaIopfHandler } from './sva-fault';
import { warn } from './set-domain';

/**
 * Shared virtual addressing: a device uses a process's own page table, under a PASID that is the process's everywhere.
 *
 * Linux: drivers/iommu/iommu-sva.c
 */

/** What a process has of the IOMMU once it was bound. Linux: struct iommu_mm_data */
export interface IommuMm {
  readonly pasid: number;
  /** One a kind of IOMMU, newest first; devices share them. */
  domains: readonly SvaDomain[];
}

/** A domain and how many bonds use it. Linux: iommu_domain::users */
export interface SvaDomain {
  readonly domain: IommuDomain;
  users: number;
}

/** A device bound to a process. Linux: struct iommu_sva */
export class SvaBond implements AttachHandle {
  users = 1;

  constructor(
    readonly device: Device,
    readonly mm: UserMemory,
    readonly pasid: number,
    public domain: IommuDomain,
  ) {}
}

/** Linux: mm->iommu_mm */
const iommuMms = new WeakMap<IommuCore, Map<UserMemory, IommuMm>>();

function mmsOf(core: IommuCore): Map<UserMemory, IommuMm> {
  const known = iommuMms.get(core) ?? new Map<UserMemory, IommuMm>();
  iommuMms.set(core, known);
  return known;
}

/** Null for a process that was never bound. */
export const iommuMmOf = (core: IommuCore, mm: UserMemory): IommuMm | null => mmsOf(core).get(mm) ?? null;

/** A second bind of the same pair gives the same bond. Linux: iommu_sva_bind_device() */
export function* svaBindDevice(core: IommuCore, device: Device, mm: UserMemory): Task<Result<SvaBond>> {
  const rule = 'iommu_sva_bind_device';
  const { group } = device;
  if (!group) return err('ENODEV', `${device.name} is in no IOMMU group`, { rule, culprit: device.worldId });
  return yield* locked(core.svaLock, () => bindLocked(core, device, group, mm));
}

function* bindLocked(
  core: IommuCore,
  device: Device,
  group: IommuGroup,
  mm: UserMemory,
): Task<Result<SvaBond>> {
  const rule = 'iommu_sva_bind_device';
  const data = allocMmData(core, device, mm);
  if (!data.ok) return data;
  const { pasid } = data.value;
  const found = attachHandleGet(group, pasid, 'sva');
  if (found.ok) return shareBond(found.value, group, pasid, mm);
  if (found.errno !== 'ENOENT') return found;
  if (core.fail.hit(rule)) return err('ENOMEM', 'no memory for the bond', { rule });
  for (const shared of data.value.domains) {
    const bond = new SvaBond(device, mm, pasid, shared.domain);
    const attached = yield* attachDevicePasid(core, device, pasid, shared.domain, bond);
    if (!attached.ok) continue;
    shared.users++;
    return ok(bond);
  }
  const domain = allocDomain(device, mm);
  if (!domain.ok) return domain;
  const bond = new SvaBond(device, mm, pasid, domain.value);
  const attached = yield* attachDevicePasid(core, device, pasid, domain.value, bond);
  if (!attached.ok) {
    freeDomain(domain.value);
    return attached;
  }
  data.value.domains = [{ domain: domain.value, users: 1 }, ...data.value.domains];
  return ok(bond);
}

function shareBond(handle: AttachHandle, group: IommuGroup, pasid: number, mm: UserMemory): Result<SvaBond> {
  if (handle instanceof SvaBond && handle.mm === mm) {
    handle.users++;
    return ok(handle);
  }
  const why = `PASID ${pasid} of group ${group.id} is another process's`;
  return err('EBUSY', why, { rule: 'iommu_sva_bind_device', culprit: group.worldId });
}

/** A process keeps its PASID to its end, even unbound. Linux: iommu_alloc_mm_data() */
function allocMmData(core: IommuCore, device: Device, mm: UserMemory): Result<IommuMm> {
  const rule = 'iommu_alloc_mm_data';
  const mms = mmsOf(core);
  const known = mms.get(mm);
  if (known) {
    if (known.pasid < device.maxPasids) return ok(known);
    const why = `the PASID ${known.pasid} of ${mm.name} is too large for ${device.name}, which knows ${device.maxPasids}`;
    return err('EOVERFLOW', why, { rule, culprit: device.worldId });
  }
  if (core.fail.hit(rule)) return err('ENOMEM', 'no memory for the process’s PASID', { rule });
  const pasid = allocGlobalPasid(core, device);
  if (pasid === null)
    return err('ENOSPC', `no PASID is left for ${device.name}`, { rule, culprit: device.worldId });
  const made: IommuMm = { pasid, domains: [] };
  mms.set(mm, made);
  return ok(made);
}

/** The lowest free from 1 on; null: none, or the device knows none. Linux: iommu_alloc_global_pasid() */
export function allocGlobalPasid(core: IommuCore, device: Device): number | null {
  for (let pasid = 1; pasid < device.maxPasids; pasid++) {
    if (core.globalPasids.has(pasid)) continue;
    core.globalPasids.add(pasid);
    return pasid;
  }
  return null;
}

/** Linux: iommu_sva_domain_alloc() */
function allocDomain(device: Device, mm: UserMemory): Result<IommuDomain> {
  const rule = 'iommu_sva_domain_alloc';
  const { ops } = device;
  if (!ops?.domainAllocSva)
    return err('EOPNOTSUPP', `the IOMMU of ${device.name} cannot walk a process's page table`, {
      rule,
      culprit: device.worldId,
    });
  const domain = ops.domainAllocSva(device.client, mm);
  if (!domain.ok) return domain;
  domain.value.type = 'sva';
  domain.value.cookie = { kind: 'sva', mm };
  domain.value.iopfHandler = svaIopfHandler;
  return domain;
}

/** Linux: iommu_sva_unbind_device() */
export function* svaUnbindDevice(core: IommuCore, bond: SvaBond): Task<void> {
  yield* locked(core.svaLock, function* (): Task<void> {
    if (--bond.users > 0) return;
    const { domain, device, mm, pasid } = bond;
    yield* detachDevicePasid(core, device, pasid, domain);
    const data = mmsOf(core).get(mm);
    const shared = data?.domains.find((each) => each.domain === domain);
    if (!data || !shared || --shared.users > 0) return;
    data.domains = data.domains.filter((each) => each !== shared);
    freeDomain(domain);
  });
}

/** The process is gone, and with it its page table; its PASID can be another's. Linux: mm_pasid_drop() */
export function mmPasidDrop(core: IommuCore, mm: UserMemory): void {
  const mms = mmsOf(core);
  const data = mms.get(mm);
  if (!data) return;
  if (data.domains.length > 0) warn(core, 'mm_pasid_drop', `${mm.name} is still bound to a device`);
  mms.delete(mm);
  core.globalPasids.delete(data.pasid);
}
