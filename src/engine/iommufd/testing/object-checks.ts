import type { Device } from '../../iommu/device';
import { NO_PASID, type IommuGroup } from '../../iommu/group';
import { domainOfEntry } from '../../iommu/pasid';
import type { IommufdCtx } from '../ctx';
import type { Igroup } from '../igroup';
import type { AnyHwpt, AnyObject } from '../object';

/**
 * What must hold of a context whenever nobody is inside a call, counted anew from who points at whom.
 *
 * Linux: drivers/iommu/iommufd/iommufd_private.h iommufd_object::users, wait_cnt; device.c iommufd_group::pasid_attach
 */

/** How often each attachment, by whichever PASID, names what `which` says. */
function attachments(ctx: IommufdCtx, which: (hwpt: AnyHwpt, idev: AnyObject) => boolean): number {
  let count = 0;
  for (const { attaches } of ctx.groups.values())
    for (const { hwpt, devices } of attaches.values())
      for (const idev of devices.values()) if (which(hwpt, idev)) count++;
  return count;
}

/** Who holds an object, the table not counted. */
function holdersOf(ctx: IommufdCtx, object: AnyObject): number {
  const others = ctx.objects.list();
  const count = (which: (other: AnyObject) => boolean): number => others.filter(which).length;
  switch (object.kind) {
    case 'device': {
      const attached = attachments(ctx, (_hwpt, idev) => idev === object);
      return 1 + attached + (object.vdev ? 1 : 0);
    }
    case 'ioas':
      return count(
        (other) =>
          (other.kind === 'hwpt-paging' && other.ioas === object) ||
          (other.kind === 'access' && other.ioasUnpin === object),
      );
    case 'hwpt-paging':
    case 'hwpt-nested': {
      const standing = count(
        (other) =>
          (other.kind === 'viommu' && other.hwpt === object) ||
          (other.kind === 'hwpt-nested' && !other.viommu && other.parent === object),
      );
      return standing + attachments(ctx, (hwpt) => hwpt === object);
    }
    case 'fault': {
      const told = count(
        (other) => (other.kind === 'hwpt-paging' || other.kind === 'hwpt-nested') && other.fault === object,
      );
      return told + (object.file ? 1 : 0);
    }
    case 'viommu':
      return count((other) => 'viommu' in other && other.viommu === object);
    case 'veventq':
      return object.file ? 1 : 0;
    case 'access':
      return 1;
    case 'hw-queue':
      // The mock lets a queue depend on the one before it.
      return count(
        (other) =>
          other.kind === 'hw-queue' && other.viommu === object.viommu && other.index === object.index + 1,
      );
    case 'vdevice':
    case 'selftest':
      return 0;
  }
}

/** Sentences about what is wrong. */
export function checkObjects(ctx: IommufdCtx): readonly string[] {
  const wrong: string[] = [];
  for (const object of ctx.objects.list()) {
    const users = 1 + holdersOf(ctx, object);
    const inHand = 1 + (object.kind === 'device' && object.vdev ? 1 : 0);
    if (object.users !== users) wrong.push(`${object.title}: users ${object.users}, not ${users}`);
    if (object.waitCnt !== inHand) wrong.push(`${object.title}: wait_cnt ${object.waitCnt}, not ${inHand}`);
    if (object.kind === 'hwpt-paging' && object.auto && !attachments(ctx, (hwpt) => hwpt === object))
      wrong.push(`${object.title} is automatic and nobody's`);
    if (object.kind === 'ioas') wrong.push(...checkIoas(ctx, object));
  }
  for (const igroup of ctx.groups.values()) wrong.push(...checkGroup(ctx, igroup));
  return wrong;
}

/** Its domains are those of its HWPTs; it keeps clear what they and the devices attached to them ask for, no more. */
function checkIoas(ctx: IommufdCtx, ioas: Extract<AnyObject, { kind: 'ioas' }>): readonly string[] {
  const wrong: string[] = [];
  const hwpts = ctx.objects
    .list()
    .flatMap((each) => (each.kind === 'hwpt-paging' && each.ioas === ioas ? [each] : []));
  const domains = new Set(hwpts.map(({ domain }) => domain));
  if (ioas.hwpts.length !== hwpts.length || ioas.iopt.domains.length !== hwpts.length)
    wrong.push(
      `${ioas.title} lists ${ioas.hwpts.length} HWPTs and ${ioas.iopt.domains.length} domains, there are ${hwpts.length}`,
    );
  if (ioas.iopt.domains.some((domain) => !domains.has(domain)))
    wrong.push(`${ioas.title} fills a domain that is not of its HWPTs`);
  const asked = new Map<Device, number>();
  for (const { attaches } of ctx.groups.values()) {
    const attach = attaches.get(NO_PASID);
    if (attach?.hwpt.filled.ioas !== ioas) continue;
    for (const { device } of attach.devices.values())
      asked.set(
        device,
        (device.ops?.getResvRegions(device.client) ?? []).filter(({ kind }) => kind !== 'direct-relaxable')
          .length,
      );
  }
  const kept = new Map<unknown, number>();
  for (const { owner } of ioas.iopt.reserved.all) kept.set(owner, (kept.get(owner) ?? 0) + 1);
  for (const [device, count] of asked)
    if ((kept.get(device) ?? 0) !== count)
      wrong.push(`${ioas.title} keeps ${kept.get(device) ?? 0} regions of ${device.name}, not ${count}`);
  for (const owner of kept.keys())
    if (!asked.has(owner as Device) && !domains.has(owner as never))
      wrong.push(`${ioas.title} keeps regions of somebody who is not attached`);
  return wrong;
}

/** The group is where its attachment says, and so is every member; no PASID is left over. */
function checkGroup(
  ctx: IommufdCtx,
  { group, attaches, requiredSwMsi, swMsiStart }: Igroup,
): readonly string[] {
  const wrong: string[] = [];
  const title = `group ${group.id}`;
  const bound = ctx.objects.list().filter((each) => each.kind === 'device' && each.igroup.group === group);
  if (group.owner !== ctx || group.ownerCnt !== bound.length)
    wrong.push(
      `${title}: ${group.ownerCnt} claims of ${group.owner?.title ?? 'nobody'}, ${bound.length} bound`,
    );
  const plain = attaches.get(NO_PASID);
  const where = plain ? plain.hwpt.domain : group.blockingDomain;
  if (group.domain !== where)
    wrong.push(`${title} is on ${group.domain?.label ?? 'nothing'}, not ${where?.label}`);
  wrong.push(...checkMembers(group));
  if ([...group.pasidArray.keys()].sort().join() !== [...attaches.keys()].sort().join())
    wrong.push(
      `${title}: PASIDs ${[...group.pasidArray.keys()].join()}, attached ${[...attaches.keys()].join()}`,
    );
  for (const [pasid, { hwpt, devices }] of attaches) {
    const entry = group.pasidArray.get(pasid);
    if (entry && domainOfEntry(entry) !== hwpt.domain)
      wrong.push(`${title}: PASID ${pasid} is on ${domainOfEntry(entry).label}`);
    if (devices.size === 0) wrong.push(`${title}: PASID ${pasid} is attached for nobody`);
    for (const idev of devices.values())
      if (!bound.includes(idev)) wrong.push(`${idev.title} is gone and attached`);
  }
  if (plain && swMsiStart !== null) {
    const missing = [...requiredSwMsi].filter((id) => !plain.hwpt.filled.presentSwMsi.has(id));
    if (missing.length > 0) wrong.push(`${title}: MSI pages ${missing.join()} are not mapped`);
  }
  return wrong;
}

/** Every member of a group is on the group's domain. */
export const checkMembers = (group: IommuGroup): readonly string[] =>
  group.devices
    .filter((device) => device.attached !== group.domain)
    .map((device) => `${device.name} is on ${device.attached?.label ?? 'nothing'}, its group is not`);
