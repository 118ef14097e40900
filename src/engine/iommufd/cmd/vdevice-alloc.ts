import { hex } from '../../../lib/u64';
import { done } from '../../../lib/result';
import { err, type Result } from '../../kernel/errno';
import { locked, type Task } from '../../kernel/task';
import { iommu_vdevice_alloc } from '../../uapi/iommufd';
import type { FieldsOf } from '../../uapi/struct';
import type { IommufdDevice } from '../device';
import { defineIoctl, type Ucmd } from '../ioctl';
import { Vdevice } from '../vdevice';
import type { Viommu } from '../viommu';

type VdeviceAlloc = Ucmd<FieldsOf<typeof iommu_vdevice_alloc>>;

const RULE = 'iommufd_vdevice_alloc_ioctl';

/** IOMMU_VDEVICE_ALLOC — the number under which a VM knows a device. Linux: iommufd/viommu.c iommufd_vdevice_alloc_ioctl() */
export const vdeviceAlloc = defineIoctl({
  name: 'IOMMU_VDEVICE_ALLOC',
  nr: 0x91,
  layout: iommu_vdevice_alloc,
  last: 'virt_id',
  *execute(ucmd) {
    const { ctx, cmd } = ucmd;
    const found = ctx.objects.get(cmd.viommu_id, 'viommu');
    if (!found.ok) return found;
    const device = ctx.objects.get(cmd.dev_id, 'device');
    const result = device.ok ? yield* allocFor(ucmd, found.value, device.value) : device;
    // The vDEVICE has the device in hand from now on.
    if (device.ok && !result.ok) ctx.objects.put(device.value);
    ctx.objects.put(found.value);
    return result;
  },
});

function* allocFor(ucmd: VdeviceAlloc, viommu: Viommu, idev: IommufdDevice): Task<Result<undefined>> {
  const { device, igroup } = idev;
  if (viommu.unit !== device.ops) {
    const why = `${device.name} is behind another IOMMU than that of ${viommu.title}`;
    return err('EINVAL', why, { rule: RULE, culprit: viommu.worldId });
  }
  return yield* locked(igroup.lock, () => allocLocked(ucmd, viommu, idev));
}

function* allocLocked(ucmd: VdeviceAlloc, viommu: Viommu, idev: IommufdDevice): Task<Result<undefined>> {
  const { ctx, cmd } = ucmd;
  if (idev.destroying)
    return err('ENOENT', `${idev.device.name} is being unbound`, { rule: RULE, culprit: idev.worldId });
  if (idev.vdev) {
    const why = `${idev.device.name} is ${idev.vdev.title} already`;
    return err('EEXIST', why, { rule: RULE, culprit: idev.vdev.worldId });
  }
  const id = ctx.objects.reserve();
  if (!id.ok) return id;
  const vdev = new Vdevice(ctx, id.value, viommu, idev, cmd.virt_id);
  const result = enter(ucmd, viommu, vdev);
  if (result.ok) ctx.objects.finalize(vdev);
  else yield* ctx.objects.abort(vdev);
  return result;
}

function enter({ ctx, cmd, respond }: VdeviceAlloc, viommu: Viommu, vdev: Vdevice): Result<undefined> {
  const other = viommu.vdevs.get(cmd.virt_id);
  if (other) {
    const why = `${hex(cmd.virt_id)} is the number of ${other.title} in ${viommu.title}`;
    return err('EEXIST', why, { rule: RULE, culprit: other.worldId });
  }
  if (ctx.core.fail.hit(RULE)) return err('ENOMEM', 'no memory for a number', { rule: RULE });
  viommu.vdevs.set(cmd.virt_id, vdev);
  const initialised = viommu.ops?.vdeviceInit?.(vdev) ?? done;
  if (!initialised.ok) return initialised;
  vdev.initialised = true;
  cmd.out_vdevice_id = vdev.id;
  return respond();
}
