import type { Device } from '../../iommu/device';
import { err, ok, type Result } from '../../kernel/errno';
import {
  IOMMU_HW_CAP_DIRTY_TRACKING,
  IOMMU_HW_CAP_PCI_ATS_NOT_SUPPORTED,
  IOMMU_HW_CAP_PCI_PASID_EXEC,
  IOMMU_HW_CAP_PCI_PASID_PRIV,
  IOMMU_HW_INFO_FLAG_INPUT_TYPE,
  iommu_hw_info,
} from '../../uapi/iommufd';
import type { FieldsOf } from '../../uapi/struct';
import { defineIoctl, type Ucmd } from '../ioctl';

const RULE = 'iommufd_get_hw_info';
/** Linux: IOMMU_HW_INFO_TYPE_NONE, IOMMU_HW_INFO_TYPE_DEFAULT */
const NO_TYPE = 0;

/** IOMMU_GET_HW_INFO — what the IOMMU of a device can do. Linux: iommufd/device.c iommufd_get_hw_info() */
export const getHwInfo = defineIoctl({
  name: 'IOMMU_GET_HW_INFO',
  nr: 0x8a,
  layout: iommu_hw_info,
  last: '__reserved2',
  payload: { field: 'data_uptr', bytes: (cmd) => BigInt(cmd.data_len) },
  *execute(ucmd) {
    const { ctx, cmd } = ucmd;
    if ((cmd.flags & ~IOMMU_HW_INFO_FLAG_INPUT_TYPE) !== 0)
      return err('EOPNOTSUPP', 'an unknown flag is set', { rule: RULE });
    if (cmd.__reserved0 !== 0 || cmd.__reserved1 !== 0 || cmd.__reserved2 !== 0)
      return err('EOPNOTSUPP', 'a reserved field is set', { rule: RULE });
    if ((cmd.flags & IOMMU_HW_INFO_FLAG_INPUT_TYPE) === 0) cmd.data_type = NO_TYPE;
    const found = ctx.objects.get(cmd.dev_id, 'device');
    if (!found.ok) return found;
    const result = answer(ucmd, found.value.device);
    ctx.objects.put(found.value);
    return result;
  },
});

function answer(ucmd: Ucmd<FieldsOf<typeof iommu_hw_info>>, device: Device): Result<undefined> {
  const { cmd } = ucmd;
  const info = driverInfo(device, cmd.data_type);
  if (!info.ok) return info;
  const { type, bytes } = info.value;
  const room = Math.min(cmd.data_len, bytes.length);
  const copied = ucmd.user.write(cmd.data_uptr, bytes.subarray(0, room));
  if (!copied.ok) return copied;
  const cleared = ucmd.user.clear(cmd.data_uptr + BigInt(room), cmd.data_len - room);
  if (!cleared.ok) return cleared;
  cmd.data_type = type;
  // What there is, not what was copied: the user may come again with more room.
  cmd.data_len = bytes.length;
  cmd.out_capabilities = BigInt(capabilities(device));
  cmd.out_max_pasid_log2 = device.maxPasids > 0 ? Math.floor(Math.log2(device.maxPasids)) : 0;
  return ucmd.respond();
}

/** Linux: iommu_ops::hw_info */
function driverInfo({ ops, client, name }: Device, type: number): ReturnType<NonNullable<DriverInfo>> {
  if (!ops?.hwInfo) return ok({ type: NO_TYPE, bytes: new Uint8Array() });
  const info = ops.hwInfo(client, type);
  if (info.ok && info.value.type === NO_TYPE)
    return err('EOPNOTSUPP', `the IOMMU driver of ${name} does not say what kind of data it gives`, {
      rule: RULE,
    });
  return info;
}
type DriverInfo = NonNullable<Device['ops']>['hwInfo'];

function capabilities({ ops, client, maxPasids, traits }: Device): number {
  let bits = 0;
  if (ops?.capable(client, 'DIRTY_TRACKING') === true) bits |= IOMMU_HW_CAP_DIRTY_TRACKING;
  if (ops?.capable(client, 'PCI_ATS_SUPPORTED') !== true) bits |= IOMMU_HW_CAP_PCI_ATS_NOT_SUPPORTED;
  if (maxPasids > 0 && traits.pasidControl?.exec === true) bits |= IOMMU_HW_CAP_PCI_PASID_EXEC;
  if (maxPasids > 0 && traits.pasidControl?.priv === true) bits |= IOMMU_HW_CAP_PCI_PASID_PRIV;
  return bits;
}
