import { done } from '../../lib/result';
import { IommufdCtx } from '../iommufd/ctx';
import { err, ok, type Failure, type Result } from '../kernel/errno';
import type { Task } from '../kernel/task';
import {
  VFIO_DEVICE_ATTACH_IOMMUFD_PT,
  VFIO_DEVICE_ATTACH_PASID,
  vfio_device_attach_iommufd_pt,
  VFIO_DEVICE_BIND_FLAG_TOKEN,
  VFIO_DEVICE_BIND_IOMMUFD,
  vfio_device_bind_iommufd,
  VFIO_DEVICE_DETACH_IOMMUFD_PT,
  VFIO_DEVICE_DETACH_PASID,
  vfio_device_detach_iommufd_pt,
  VFIO_DEVICE_FLAGS_PCI,
  VFIO_DEVICE_FLAGS_PLATFORM,
  VFIO_DEVICE_FLAGS_RESET,
  VFIO_DEVICE_GET_INFO,
  vfio_device_info,
  VFIO_PCI_NUM_IRQS,
  VFIO_PCI_NUM_REGIONS,
} from '../uapi/vfio';
import { endOf } from '../uapi/struct';
import { attachPt, bindIommufd, boundDevice, detachPt } from './cdev';
import type { VfioFile } from './device-file';
import { runCommand, tooSmall, type UserCall, type VfioCommand } from './user-call';

/**
 * The commands of a vfio device, bytes in, bytes out.
 *
 * Linux: drivers/vfio/vfio_main.c vfio_device_fops_unl_ioctl()
 */
export const deviceIoctl = (file: VfioFile, call: UserCall): Task<Result<number>> =>
  runCommand(COMMANDS, file, file.vdev.device.worldId, call, () => otherwise(file));

function* otherwise(file: VfioFile): Task<Result<number>> {
  return granted(file) ?? unknown();
}

const COMMANDS: ReadonlyMap<number, VfioCommand<VfioFile>> = new Map([
  [VFIO_DEVICE_BIND_IOMMUFD, { name: 'VFIO_DEVICE_BIND_IOMMUFD', run: bind }],
  [VFIO_DEVICE_ATTACH_IOMMUFD_PT, { name: 'VFIO_DEVICE_ATTACH_IOMMUFD_PT', run: attach }],
  [VFIO_DEVICE_DETACH_IOMMUFD_PT, { name: 'VFIO_DEVICE_DETACH_IOMMUFD_PT', run: detach }],
  [VFIO_DEVICE_GET_INFO, { name: 'VFIO_DEVICE_GET_INFO', run: getInfo }],
]);

/** Without access every command but BIND is EINVAL, whatever it says. */
function granted(file: VfioFile): Result<never> | null {
  if (file.accessGranted) return null;
  const refused = boundDevice(file);
  return refused.ok ? null : refused;
}

/** Linux: drivers/vfio/pci/vfio_pci_core.c vfio_pci_core_ioctl() */
const unknown = (): Result<never> =>
  err('ENOTTY', 'a vfio-pci device has no such command here', { rule: 'vfio_pci_core_ioctl' });

/** Linux: drivers/vfio/device_cdev.c vfio_df_ioctl_bind_iommufd() */
function* bind(file: VfioFile, call: UserCall): Task<Result<number>> {
  const rule = 'vfio_df_ioctl_bind_iommufd';
  const layout = vfio_device_bind_iommufd;
  const read = call.readSized(layout, endOf(layout, 'out_devid'), rule);
  if (!read.ok) return read;
  const cmd = read.value;
  if (cmd.iommufd < 0) return err('EINVAL', 'the iommufd descriptor is negative', { rule });
  if ((cmd.flags & ~VFIO_DEVICE_BIND_FLAG_TOKEN) !== 0)
    return err('EINVAL', 'an unknown flag is set', { rule });
  if (file.group) return err('EINVAL', `${file.title} came through its group`, { rule });
  const find = (): Result<IommufdCtx> => {
    const token = checkToken(cmd.flags, call, cmd.token_uuid_ptr);
    return token.ok ? contextOf(call, cmd.iommufd) : token;
  };
  const bound = yield* bindIommufd(file, find, (devid) => {
    cmd.out_devid = devid;
    return call.write(layout, cmd, layout.fields[3].offset, endOf(layout, 'out_devid'));
  });
  return bound.ok ? ok(0) : bound;
}

/** No physical function here has virtual ones in use, so a token is given in vain. Linux: vfio_df_check_token() */
function checkToken(flags: number, { user }: UserCall, uuidVa: bigint): Result<undefined> {
  if ((flags & VFIO_DEVICE_BIND_FLAG_TOKEN) === 0) return done;
  const uuid = user.read(uuidVa, 16);
  if (!uuid.ok) return uuid;
  return err('EINVAL', 'VF token incorrectly provided, not a PF or VF', {
    rule: 'vfio_pci_core_match_token_uuid',
  });
}

/** Linux: iommufd_ctx_from_fd() */
function contextOf({ caller }: UserCall, fd: number): Result<IommufdCtx> {
  const rule = 'iommufd_ctx_from_fd';
  const open = caller.files.get(fd);
  if (!open) return err('EBADF', `${fd} is no open descriptor`, { rule });
  if (open.kind === 'kernel' && open.file instanceof IommufdCtx) return ok(open.file);
  return err('EBADFD', `descriptor ${fd} is no iommufd`, { rule });
}

/** Linux: vfio_platform.c vfio_platform_ops has no pasid_attach_ioas */
const noPasids = (rule: string): Failure =>
  err('EOPNOTSUPP', 'vfio-platform attaches no PASIDs; vfio-pci alone does', { rule });

/** Linux: drivers/vfio/device_cdev.c vfio_df_ioctl_attach_pt() */
function* attach(file: VfioFile, call: UserCall): Task<Result<number>> {
  const rule = 'vfio_df_ioctl_attach_pt';
  const layout = vfio_device_attach_iommufd_pt;
  const refused = granted(file) ?? (file.group ? unknown() : null);
  if (refused) return refused;
  const least = endOf(layout, 'pt_id');
  let read = call.read(layout, least);
  if (!read.ok) return read;
  const { argsz, flags } = read.value;
  if (argsz < least) return tooSmall(argsz, least, rule);
  if ((flags & ~VFIO_DEVICE_ATTACH_PASID) !== 0) return err('EINVAL', 'an unknown flag is set', { rule });
  const byPasid = (flags & VFIO_DEVICE_ATTACH_PASID) !== 0;
  if (byPasid) {
    if (file.vdev.device.traits.platform === true) return noPasids(rule);
    if (argsz < layout.bytes) return tooSmall(argsz, layout.bytes, rule);
    read = call.read(layout);
    if (!read.ok) return read;
  }
  const cmd = read.value;
  const attached = yield* attachPt(file, cmd.pt_id, byPasid ? cmd.pasid : null, (hwptId) => {
    cmd.pt_id = hwptId;
    return call.write(layout, cmd, least - 4, least);
  });
  return attached.ok ? ok(0) : attached;
}

/** Linux: drivers/vfio/device_cdev.c vfio_df_ioctl_detach_pt() */
function* detach(file: VfioFile, call: UserCall): Task<Result<number>> {
  const rule = 'vfio_df_ioctl_detach_pt';
  const layout = vfio_device_detach_iommufd_pt;
  const refused = granted(file) ?? (file.group ? unknown() : null);
  if (refused) return refused;
  const least = endOf(layout, 'flags');
  let read = call.read(layout, least);
  if (!read.ok) return read;
  const { argsz, flags } = read.value;
  if (argsz < least) return tooSmall(argsz, least, rule);
  if ((flags & ~VFIO_DEVICE_DETACH_PASID) !== 0) return err('EINVAL', 'an unknown flag is set', { rule });
  const byPasid = (flags & VFIO_DEVICE_DETACH_PASID) !== 0;
  if (byPasid) {
    if (file.vdev.device.traits.platform === true) return noPasids(rule);
    if (argsz < layout.bytes) return tooSmall(argsz, layout.bytes, rule);
    read = call.read(layout);
    if (!read.ok) return read;
  }
  const detached = yield* detachPt(file, byPasid ? read.value.pasid : null);
  return detached.ok ? ok(0) : detached;
}

/** Linux: drivers/vfio/pci/vfio_pci_core.c vfio_pci_ioctl_get_info(); whether a reset works is not modelled. */
function* getInfo(file: VfioFile, call: UserCall): Task<Result<number>> {
  const refused = granted(file);
  if (refused) return refused;
  const layout = vfio_device_info;
  const least = endOf(layout, 'num_irqs');
  const read = call.read(layout, least);
  if (!read.ok) return read;
  const { argsz } = read.value;
  if (argsz < least) return tooSmall(argsz, least, 'vfio_pci_ioctl_get_info');
  // Of a platform device neither registers nor interrupts are modelled. Linux: vfio_platform_ioctl_get_info()
  const { platform } = file.vdev.device.traits;
  const info =
    platform === true
      ? { argsz, flags: VFIO_DEVICE_FLAGS_PLATFORM | VFIO_DEVICE_FLAGS_RESET, num_regions: 0, num_irqs: 0 }
      : {
          argsz,
          flags: VFIO_DEVICE_FLAGS_PCI,
          num_regions: VFIO_PCI_NUM_REGIONS,
          num_irqs: VFIO_PCI_NUM_IRQS,
        };
  const written = call.write(layout, info, 0, Math.min(argsz, layout.bytes));
  return written.ok ? ok(0) : written;
}
