import type { IommufdCtx } from '../iommufd/ctx';
import type { Caller } from '../kernel/caller';
import type { Result } from '../kernel/errno';
import type { KernelFile } from '../kernel/file';
import type { Task } from '../kernel/task';
import { closeFile } from './cdev';
import { deviceIoctl } from './device-ioctl';
import type { VfioGroup } from './group';
import { UserCall } from './user-call';
import type { VfioDevice } from './vfio';

/**
 * An open vfio device: by its own node, and then useless until it is bound to an iommufd context, or through its group.
 *
 * Linux: drivers/vfio/vfio.h struct vfio_device_file, vfio_main.c vfio_device_fops
 */
export class VfioFile implements KernelFile {
  /** Set while its device works with an iommufd. Linux: vfio_device_file::iommufd */
  ctx: IommufdCtx | null = null;
  /** Every other call than BIND is refused before. */
  accessGranted = false;

  constructor(
    readonly vdev: VfioDevice,
    /** Null: opened by its own node. */
    readonly group: VfioGroup | null,
  ) {}

  get title(): string {
    return `the descriptor of ${this.vdev.device.name}`;
  }

  ioctl(caller: Caller, cmd: number, arg: bigint): Task<Result<number>> {
    return deviceIoctl(this, new UserCall(this.vdev.core, { caller, cmd, arg }));
  }

  release(): Task<void> {
    return closeFile(this);
  }
}
