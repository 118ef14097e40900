import { groupStatus } from './group-status';
import { createCompatIoas } from '../iommufd/vfio-compat/compat-ioas';
import { IommufdCtx } from '../iommufd/ctx';
import type { Caller } from '../kernel/caller';
import { err, ok, type Failure, type Result } from '../kernel/errno';
import { O_CLOEXEC, type KernelFile } from '../kernel/file';
import { holding, locked, type Task } from '../kernel/task';
import {
  vfio_container_fd,
  VFIO_GROUP_GET_DEVICE_FD,
  VFIO_GROUP_GET_STATUS,
  VFIO_GROUP_SET_CONTAINER,
  VFIO_GROUP_UNSET_CONTAINER,
} from '../uapi/vfio';
import { attachContainer, detachContainer, VfioContainer } from './container';
import { VfioFile } from './device-file';
import type { VfioGroup } from './group';
import { groupOpen } from './group-device';
import { runCommand, UserCall, type VfioCommand } from './user-call';
import type { Vfio, VfioDevice } from './vfio';

/**
 * /dev/vfio/N of a group's number.
 *
 * Linux: drivers/vfio/group.c vfio_group_fops_open()
 */
export function* openGroup(vfio: Vfio, number: number): Task<Result<VfioGroupFile>> {
  const rule = 'vfio_group_fops_open';
  const group = [...vfio.groups.values()].find((each) => each.iommuGroup.id === number);
  if (!group) {
    const why = `no device of group ${number} has a vfio driver, so there is no /dev/vfio/${number}`;
    return err('ENOENT', why, { rule, culprit: `group:${number}` });
  }
  return yield* holding(group.groupLock, (): Result<VfioGroupFile> => {
    const culprit = group.iommuGroup.worldId;
    if (group.cdevOpenCount > 0) {
      const why = `a device of group ${number} is open by its own node, so the group cannot be had`;
      return err('EBUSY', why, { rule, culprit });
    }
    if (group.opened)
      return err('EBUSY', `${group.title} is open, and once is all there is`, { rule, culprit });
    group.opened = new VfioGroupFile(group);
    return ok(group.opened);
  });
}

/** The one open descriptor of a group. */
export class VfioGroupFile implements KernelFile {
  /** The descriptor, and each device that is open through a container. */
  refs = 1;

  constructor(readonly group: VfioGroup) {}

  get title(): string {
    return this.group.title;
  }

  ioctl(caller: Caller, cmd: number, arg: bigint): Task<Result<number>> {
    const call = new UserCall(this.group.core, { caller, cmd, arg });
    return runCommand(COMMANDS, this.group, this.group.worldId, call, notty);
  }

  *release(): Task<void> {
    if (--this.refs === 0) yield* this.lastPut();
  }

  /** Linux: vfio_group_fops_release() */
  *lastPut(): Task<void> {
    const { group } = this;
    if (group.opened !== this) return;
    yield* locked(group.groupLock, function* () {
      if (group.container) yield* detachContainer(group);
      const ctx = group.iommufd;
      group.iommufd = null;
      if (ctx) yield* ctx.put();
      group.opened = null;
    });
  }
}

function* notty(): Task<Result<number>> {
  return err('ENOTTY', 'a group has no such command', { rule: 'vfio_group_fops_unl_ioctl' });
}

const COMMANDS: ReadonlyMap<number, VfioCommand<VfioGroup>> = new Map([
  [VFIO_GROUP_GET_STATUS, { name: 'VFIO_GROUP_GET_STATUS', run: groupStatus }],
  [VFIO_GROUP_SET_CONTAINER, { name: 'VFIO_GROUP_SET_CONTAINER', run: setContainer }],
  [VFIO_GROUP_UNSET_CONTAINER, { name: 'VFIO_GROUP_UNSET_CONTAINER', run: (group) => unsetContainer(group) }],
  [VFIO_GROUP_GET_DEVICE_FD, { name: 'VFIO_GROUP_GET_DEVICE_FD', run: getDeviceFd }],
]);

const goneNow = ({ title }: VfioGroup, rule: string): Failure =>
  err('ENODEV', `the last vfio device of ${title} is gone`, { rule });

/** A container, or an iommufd that stands in for one. Linux: vfio_group_ioctl_set_container() */
function* setContainer(group: VfioGroup, call: UserCall): Task<Result<number>> {
  const rule = 'vfio_group_ioctl_set_container';
  const read = call.read(vfio_container_fd);
  if (!read.ok) return read;
  const { fd } = read.value;
  const open = call.caller.files.get(fd);
  if (!open) return err('EBADF', `${fd} is no open descriptor`, { rule });
  return yield* locked(group.groupLock, function* (): Task<Result<number>> {
    if (group.hasIommu) {
      const has = group.container ?? group.iommufd;
      const why = `${group.title} is in ${has?.title ?? 'a container'} already`;
      return err('EINVAL', why, { rule, ...(has ? { culprit: has.worldId } : {}) });
    }
    if (group.gone) return goneNow(group, rule);
    const file = open.kind === 'kernel' ? open.file : null;
    if (file instanceof VfioContainer) {
      const attached = yield* attachContainer(file, group);
      return attached.ok ? ok(0) : attached;
    }
    if (file instanceof IommufdCtx) return setIommufd(group, file);
    return err('EBADFD', `descriptor ${fd} is neither a container nor an iommufd`, { rule });
  });
}

/** Whose device is opened later claims the group; the IOAS for VFIO's commands is there from now on. */
function setIommufd(group: VfioGroup, ctx: IommufdCtx): Result<number> {
  const made = createCompatIoas(ctx);
  if (!made.ok) return made;
  ctx.get();
  group.iommufd = ctx;
  return ok(0);
}

/** Linux: vfio_group_ioctl_unset_container() */
const unsetContainer = (group: VfioGroup): Task<Result<number>> =>
  locked(group.groupLock, function* (): Task<Result<number>> {
    const rule = 'vfio_group_ioctl_unset_container';
    if (!group.hasIommu) return err('EINVAL', `${group.title} is in no container`, { rule });
    if (group.container) {
      if (group.containerUsers !== 1) {
        const user = group.devices.find((vdev) => vdev.files.length > 0)?.device;
        const why = `${user?.name ?? 'a device'} of ${group.title} is open`;
        return err('EBUSY', why, { rule, ...(user ? { culprit: user.worldId } : {}) });
      }
      yield* detachContainer(group);
    }
    const ctx = group.iommufd;
    group.iommufd = null;
    if (ctx) yield* ctx.put();
    return ok(0);
  });

/** The argument is the device's name. Linux: vfio_group_ioctl_get_device_fd(), vfio_device_open_file() */
function* getDeviceFd(group: VfioGroup, call: UserCall): Task<Result<number>> {
  const name = readName(call);
  if (!name.ok) return name;
  const found = yield* holding(group.deviceLock, () => findDevice(group, name.value));
  if (!found.ok) return found;
  const { files } = call.caller;
  const fd = files.reserve(O_CLOEXEC);
  if (!fd.ok) return fd;
  const file = new VfioFile(found.value, group);
  const opened = yield* groupOpen(file, group);
  if (!opened.ok) {
    files.abandon(fd.value);
    return opened;
  }
  files.install(fd.value, file);
  return fd;
}

/** Linux: vfio_device_get_from_name(), vfio_pci_core_match() */
function findDevice(group: VfioGroup, text: string): Result<VfioDevice> {
  const rule = 'vfio_device_get_from_name';
  const [name = '', ...options] = text.split(' ').filter((part) => part !== '');
  const vdev = group.devices.find(({ device }) => device.name === name);
  if (!vdev) {
    const why = `${group.title} has no device ${name} with a vfio driver`;
    return err('ENODEV', why, { rule, culprit: group.iommuGroup.worldId });
  }
  if (options.length === 0) return ok(vdev);
  // There are no VF tokens here: one that is given is given in vain.
  return err('EINVAL', `nothing can stand behind the name ${name}`, { rule: 'vfio_pci_core_match' });
}

const MOST_NAME = 4096;

/** Linux: strndup_user() */
function readName({ user, arg }: UserCall): Result<string> {
  let name = '';
  for (let at = 0; at < MOST_NAME; at++) {
    const byte = user.read(arg + BigInt(at), 1);
    if (!byte.ok) return byte;
    const [code = 0] = byte.value;
    if (code === 0) return ok(name);
    name += String.fromCharCode(code);
  }
  return err('EINVAL', 'the name does not end', { rule: 'strndup_user' });
}
