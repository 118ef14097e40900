import { attachGroupHandle, detachGroupHandle, replaceGroupHandle } from '../iommu/attach';
import { NO_PASID } from '../iommu/group';
import { attachDevicePasid, attachHandleGet, detachDevicePasid, replaceDevicePasid } from '../iommu/pasid';
import { done } from '../../lib/result';
import { err, ok, type Failure, type Result } from '../kernel/errno';
import type { Task } from '../kernel/task';
import type { IommufdDevice } from './device';
import { domainOf, type Hwpt } from './hwpt';
import { IommufdAttachHandle } from './igroup';

/**
 * Moving a group, or one PASID of it, to the domain of a HWPT, in a way that page faults find back to the device.
 * Everything here runs under igroup->lock.
 *
 * Linux: drivers/iommu/iommufd/device.c, "attach/detach/replace helpers for attach_handle"
 */

/** Linux: iommufd_hwpt_attach_device() */
export function* attachHandle(hwpt: Hwpt, idev: IommufdDevice, pasid: number): Task<Result<undefined>> {
  const made = newHandle(hwpt, idev, pasid, 'iommufd_hwpt_attach_device');
  if (!made.ok) return made;
  const { core } = idev.ctx;
  const { domain } = made.value;
  return pasid === NO_PASID
    ? yield* attachGroupHandle(core, idev.igroup.group, made.value)
    : yield* attachDevicePasid(core, idev.device, pasid, domain, made.value);
}

/** Page faults that nobody has answered yet are answered: nobody can any more. Linux: iommufd_hwpt_detach_device() */
export function* detachHandle(hwpt: Hwpt, idev: IommufdDevice, pasid: number): Task<void> {
  const { core } = idev.ctx;
  const { group } = idev.igroup;
  const handle = attachHandleGet(group, pasid);
  if (pasid === NO_PASID) yield* detachGroupHandle(core, group);
  else yield* detachDevicePasid(core, idev.device, pasid, domainOf(hwpt));
  if (hwpt.fault && handle.ok) yield* hwpt.fault.answerAll(handle.value);
}

/** Linux: iommufd_hwpt_replace_device() */
export function* replaceHandle(
  hwpt: Hwpt,
  old: Hwpt,
  idev: IommufdDevice,
  pasid: number,
): Task<Result<undefined>> {
  const { core, module } = idev.ctx;
  const { group } = idev.igroup;
  const oldHandle = attachHandleGet(group, pasid);
  const made = newHandle(hwpt, idev, pasid, 'iommufd_hwpt_replace_device');
  if (!made.ok) return made;
  const { domain } = made.value;
  const replaced =
    pasid === NO_PASID
      ? yield* replaceGroupHandle(core, group, made.value)
      : yield* replaceDevicePasid(core, idev.device, pasid, domain, made.value);
  if (!replaced.ok) return replaced;
  const fault = module.options.kernelDefects.has('replace-answers-new-queue') ? hwpt.fault : old.fault;
  if (fault && oldHandle.ok) yield* fault.answerAll(oldHandle.value);
  return done;
}

function newHandle(
  hwpt: Hwpt,
  idev: IommufdDevice,
  pasid: number,
  rule: string,
): Result<IommufdAttachHandle> {
  const refused = checkFaults(hwpt, idev) ?? checkPasid(hwpt, idev, pasid);
  if (refused) return refused;
  if (idev.ctx.core.fail.hit(rule)) return err('ENOMEM', 'no memory for an attachment', { rule });
  return ok(new IommufdAttachHandle(domainOf(hwpt), idev));
}

/** Page requests of virtual functions end in what they share with their siblings. Linux: iommufd_hwpt_compatible_device() */
function checkFaults(hwpt: Hwpt, { device }: IommufdDevice): Failure | null {
  if (!hwpt.fault || device.traits.sharedPri !== true) return null;
  const why = `${device.name} is a virtual function that shares the page request interface of its physical one, so a failed request would stop them all`;
  return err('EINVAL', why, { rule: 'iommufd_hwpt_compatible_device', culprit: device.worldId });
}

/**
 * A page table for requests without PASID must be made for company if there are PASIDs beside it, and the other way round.
 *
 * Linux: iommufd_hwpt_pasid_compat()
 */
function checkPasid(hwpt: Hwpt, { igroup }: IommufdDevice, pasid: number): Failure | null {
  const rule = 'iommufd_hwpt_pasid_compat';
  const alone = `${hwpt.title} was made without IOMMU_HWPT_ALLOC_PASID`;
  if (pasid === NO_PASID) {
    const others = [...igroup.attaches.keys()].filter((each) => each !== NO_PASID);
    if (hwpt.pasidCompat || others.length === 0) return null;
    const why = `${alone}, and group ${igroup.group.id} has attachments by PASID (${others.join(', ')})`;
    return err('EINVAL', why, { rule, culprit: hwpt.worldId });
  }
  if (!hwpt.pasidCompat)
    return err('EINVAL', `${alone}, so no PASID can use it`, { rule, culprit: hwpt.worldId });
  const plain = igroup.attaches.get(NO_PASID)?.hwpt;
  if (!plain || plain.pasidCompat) return null;
  const why = `${plain.title}, which serves the group's requests without PASID, was made without IOMMU_HWPT_ALLOC_PASID`;
  return err('EINVAL', why, { rule, culprit: plain.worldId });
}
