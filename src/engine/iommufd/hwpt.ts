import { done } from '../../lib/result';
import { freeDomain } from '../iommu/core';
import type { IommuDomain, UserData } from '../iommu/ops';
import { err, ok, type Result } from '../kernel/errno';
import { holding, type Task } from '../kernel/task';
import {
  IOMMU_HWPT_ALLOC_DIRTY_TRACKING,
  IOMMU_HWPT_ALLOC_NEST_PARENT,
  IOMMU_HWPT_ALLOC_PASID,
  IOMMU_HWPT_FAULT_ID_VALID,
} from '../uapi/iommufd';
import type { IommufdCtx } from './ctx';
import type { IommufdDevice } from './device';
import { hwptAttach, hwptDetach } from './hwpt-attach';
import type { Ioas } from './ioas';
import { IommufdObject } from './object';

/**
 * One page table of one IOMMU, filled from an IOAS: made by the user (HWPT_ALLOC), or as needed by an attach.
 *
 * Linux: drivers/iommu/iommufd/hw_pagetable.c struct iommufd_hwpt_paging
 */
export class HwptPaging extends IommufdObject {
  readonly kind = 'hwpt-paging';
  readonly worldId: string;
  readonly title: string;
  /** Made by an attach to the IOAS, shared by whoever fits, gone with its last user. */
  auto = false;
  /** Null only while it is being made. */
  domain: IommuDomain | null = null;
  enforceCacheCoherency = false;
  /** In the IOAS's list, its domain filled. */
  private inIoas = false;

  constructor(
    ctx: IommufdCtx,
    id: number,
    readonly ioas: Ioas,
    readonly nestParent: boolean,
  ) {
    super(ctx, id);
    this.worldId = `hwpt:${ctx.number}.${id}`;
    this.title = `HWPT ${id}`;
    ioas.users++;
  }

  /** Fills the domain and joins the IOAS's list; runs under ioas->mutex. */
  *enter(domain: IommuDomain): Task<Result<undefined>> {
    const added = yield* this.ioas.iopt.addDomain(domain, this.title);
    if (!added.ok) return added;
    this.ioas.hwpts.push(this);
    this.inIoas = true;
    return done;
  }

  /** Linux: iommufd_hwpt_paging_destroy() */
  override *destroy(): Task<void> {
    const { ioas, domain } = this;
    if (this.inIoas && domain) {
      yield* holding(ioas.mutex, () => {
        this.unlist();
      });
      yield* ioas.iopt.removeDomain(domain);
    }
    this.freeDomain();
  }

  /** The maker holds ioas->mutex already. Linux: iommufd_hwpt_paging_abort() */
  override *abort(): Task<void> {
    if (this.inIoas && this.domain) {
      this.unlist();
      yield* this.ioas.iopt.removeDomain(this.domain);
    }
    this.freeDomain();
  }

  private unlist(): void {
    this.ioas.hwpts.splice(this.ioas.hwpts.indexOf(this), 1);
    this.inIoas = false;
  }

  private freeDomain(): void {
    if (this.domain) freeDomain(this.domain);
    this.domain = null;
    this.ioas.users--;
  }

  /** Devices attached to it, of all groups. */
  get devices(): readonly IommufdDevice[] {
    const devices: IommufdDevice[] = [];
    for (const igroup of this.ctx.groups.values()) {
      for (const attach of igroup.attaches.values()) {
        if (attach.hwpt === this) devices.push(...attach.devices.values());
      }
    }
    return devices;
  }

  override holders(): { readonly why: string; readonly culprit?: string } {
    const { devices } = this;
    const [first] = devices;
    if (!first) return { why: 'another call works with it' };
    return {
      why: `${devices.map((each) => each.device.name).join(', ')} ${devices.length > 1 ? 'are' : 'is'} attached to it`,
      culprit: first.device.worldId,
    };
  }
}

export interface HwptRequest {
  readonly ioas: Ioas;
  readonly idev: IommufdDevice;
  readonly flags: number;
  /** Attach the device before filling: for drivers that finish a domain only then. */
  readonly immediateAttach: boolean;
  readonly userData: UserData | null;
}

const KNOWN_FLAGS =
  IOMMU_HWPT_ALLOC_NEST_PARENT |
  IOMMU_HWPT_ALLOC_DIRTY_TRACKING |
  IOMMU_HWPT_FAULT_ID_VALID |
  IOMMU_HWPT_ALLOC_PASID;

/**
 * Makes a HWPT, filled from its IOAS and not yet to be seen by others: finalize or abort it. The caller holds
 * ioas->mutex until then.
 *
 * Linux: iommufd_hwpt_paging_alloc()
 */
export function* allocHwptPaging(ctx: IommufdCtx, request: HwptRequest): Task<Result<HwptPaging>> {
  const { ioas, idev, flags } = request;
  const refused = checkFlags(idev, flags);
  if (refused) return refused;
  const hwpt = new HwptPaging(ctx, ctx.objects.reserve(), ioas, (flags & IOMMU_HWPT_ALLOC_NEST_PARENT) !== 0);
  const filled = yield* makeDomain(hwpt, request);
  if (filled.ok) return ok(hwpt);
  yield* ctx.objects.abort(hwpt);
  return filled;
}

function checkFlags(idev: IommufdDevice, flags: number): ReturnType<typeof err> | null {
  const rule = 'iommufd_hwpt_paging_alloc';
  if ((flags & ~KNOWN_FLAGS) !== 0) return err('EOPNOTSUPP', 'an unknown flag is set', { rule });
  const { device } = idev;
  if (
    (flags & IOMMU_HWPT_ALLOC_DIRTY_TRACKING) !== 0 &&
    !device.ops?.capable(device.client, 'DIRTY_TRACKING')
  ) {
    return err('EOPNOTSUPP', `the IOMMU of ${device.name} cannot track dirty pages`, {
      rule,
      culprit: device.worldId,
    });
  }
  if ((flags & IOMMU_HWPT_FAULT_ID_VALID) !== 0 && (flags & IOMMU_HWPT_ALLOC_NEST_PARENT) !== 0) {
    return err('EOPNOTSUPP', 'a nesting parent cannot report page faults', { rule });
  }
  return null;
}

function* makeDomain(hwpt: HwptPaging, request: HwptRequest): Task<Result<undefined>> {
  const { idev } = request;
  const domain = driverDomain(request);
  if (!domain.ok) return domain;
  hwpt.domain = domain.value;
  // Some hardware decides about snooping per entry: it has to be known before the first one is written.
  if (idev.enforceCacheCoherency) {
    hwpt.enforceCacheCoherency = domain.value.paging?.enforceCacheCoherency?.() ?? false;
    if (!hwpt.enforceCacheCoherency) {
      return err(
        'EINVAL',
        `the IOMMU driver of ${idev.device.name} promised to enforce coherency, but its domain cannot`,
        {
          rule: 'iommufd_hwpt_paging_enforce_cc',
        },
      );
    }
  }
  if (request.immediateAttach) {
    const attached = yield* hwptAttach(hwpt, idev);
    if (!attached.ok) return attached;
  }
  const entered = yield* hwpt.enter(domain.value);
  if (!entered.ok && request.immediateAttach) yield* hwptDetach(idev);
  return entered;
}

/** Linux: iommu_ops::domain_alloc_paging_flags */
function driverDomain({ idev, flags, userData }: HwptRequest): Result<IommuDomain> {
  const { device } = idev;
  const rule = 'domain_alloc_paging_flags';
  if (!device.ops) return err('ENODEV', `${device.name} has no IOMMU`, { rule });
  const extras = device.ops.pagingExtras ?? [];
  const pasid = (flags & IOMMU_HWPT_ALLOC_PASID) !== 0;
  if (userData && !extras.includes('user-data')) {
    return err('EOPNOTSUPP', 'the IOMMU driver takes no data for a paging domain', { rule });
  }
  if (pasid && !extras.includes('pasid')) {
    return err('EOPNOTSUPP', 'the IOMMU driver cannot make a domain for devices that use PASIDs', { rule });
  }
  return device.ops.domainAllocPaging(device.client, {
    nestParent: (flags & IOMMU_HWPT_ALLOC_NEST_PARENT) !== 0,
    dirtyTracking: (flags & IOMMU_HWPT_ALLOC_DIRTY_TRACKING) !== 0,
    ...(pasid ? { pasid } : {}),
    ...(userData ? { userData } : {}),
  });
}
