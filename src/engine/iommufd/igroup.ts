import { invariant } from '../../lib/invariant';
import type { AttachHandle, IommuGroup } from '../iommu/group';
import { Mutex } from '../kernel/task';
import type { IommufdCtx } from './ctx';
import type { IommufdDevice } from './device';
import type { HwptPaging } from './hwpt';

/** What one PASID of a group is attached to, and the devices that asked for it. Linux: struct iommufd_attach */
export interface Attach {
  hwpt: HwptPaging;
  readonly devices: Map<number, IommufdDevice>;
}

/**
 * What a context keeps of a group: a group moves as a whole, but each device attaches for itself.
 *
 * Linux: drivers/iommu/iommufd/iommufd_private.h struct iommufd_group
 */
export class Igroup {
  readonly lock = new Mutex('igroup->lock');
  /** By PASID; requests without one are under NO_PASID. */
  readonly attaches = new Map<number, Attach>();
  private refs = 1;

  private constructor(
    readonly ctx: IommufdCtx,
    readonly group: IommuGroup,
  ) {}

  /** Linux: iommufd_get_group() */
  static get(ctx: IommufdCtx, group: IommuGroup): Igroup {
    const known = ctx.groups.get(group.id);
    if (known) {
      known.refs++;
      return known;
    }
    const igroup = new Igroup(ctx, group);
    ctx.core.getGroup(group);
    ctx.groups.set(group.id, igroup);
    return igroup;
  }

  /** Linux: iommufd_put_group() */
  put(): void {
    if (--this.refs > 0) return;
    invariant(this.attaches.size === 0, `group ${this.group.id} is still attached`);
    this.ctx.groups.delete(this.group.id);
    this.ctx.core.putGroup(this.group);
  }
}

/** Lets a fault find its way back to the HWPT. Linux: struct iommufd_attach_handle */
export interface IommufdAttachHandle extends AttachHandle {
  readonly idev: IommufdDevice;
}
