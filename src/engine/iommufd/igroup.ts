import type { AttachHandle, IommuGroup } from '../iommu/group';
import type { IommuDomain } from '../iommu/ops';
import { err, ok, type Result } from '../kernel/errno';
import { Mutex } from '../kernel/task';
import type { IommufdCtx } from './ctx';
import type { IommufdDevice } from './device';
import type { AnyHwpt } from './object';

/** What one PASID of a group is attached to, and the devices that asked for it. Linux: struct iommufd_attach */
export interface Attach {
  hwpt: AnyHwpt;
  readonly devices: Map<number, IommufdDevice>;
}

/**
 * What a context keeps of a group: a group moves as a whole, but each device attaches for itself.
 *
 * Linux: drivers/iommu/iommufd/iommufd_private.h struct iommufd_group
 */
export class Igroup {
  readonly lock: Mutex;
  /** By PASID; requests without one are under NO_PASID. */
  readonly attaches = new Map<number, Attach>();
  /** Where software maps MSI pages for devices of this group; null: hardware needs none. */
  swMsiStart: bigint | null = null;
  /** Ids of the MSI pages that its devices use. Linux: required_sw_msi */
  readonly requiredSwMsi = new Set<number>();
  private refs = 1;

  private constructor(
    readonly ctx: IommufdCtx,
    readonly group: IommuGroup,
  ) {
    this.lock = new Mutex('igroup->lock', { of: group.worldId });
  }

  /** Linux: iommufd_get_group() */
  static get(ctx: IommufdCtx, group: IommuGroup): Result<Igroup> {
    const known = ctx.groups.get(group.id);
    if (known) {
      known.refs++;
      return ok(known);
    }
    const rule = 'iommufd_get_group';
    // The igroup, and its place in the context.
    if (ctx.core.fail.hit(rule) || ctx.core.fail.hit(rule))
      return err('ENOMEM', 'no memory for what is kept of a group', { rule });
    const igroup = new Igroup(ctx, group);
    ctx.core.getGroup(group);
    ctx.groups.set(group.id, igroup);
    return ok(igroup);
  }

  /** Linux: iommufd_put_group() */
  put(): void {
    if (--this.refs > 0) return;
    if (this.attaches.size > 0)
      this.ctx.core.log('warn', `WARNING: iommufd_group_release: group ${this.group.id} is still attached`);
    this.ctx.groups.delete(this.group.id);
    this.ctx.core.putGroup(this.group);
  }
}

/** Lets a fault find its way back to the device. Linux: struct iommufd_attach_handle */
export class IommufdAttachHandle implements AttachHandle {
  constructor(
    public domain: IommuDomain,
    readonly idev: IommufdDevice,
  ) {}
}
