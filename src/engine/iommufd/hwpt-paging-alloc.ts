import type { IommuDomain, UserData } from '../iommu/ops';
import { done } from '../../lib/result';
import { err, ok, type Failure, type Result } from '../kernel/errno';
import { assertHeld, type Task } from '../kernel/task';
import {
  IOMMU_HWPT_ALLOC_DIRTY_TRACKING,
  IOMMU_HWPT_ALLOC_NEST_PARENT,
  IOMMU_HWPT_ALLOC_PASID,
  IOMMU_HWPT_FAULT_ID_VALID,
} from '../uapi/iommufd';
import type { IommufdCtx } from './ctx';
import type { IommufdDevice } from './device';
import { HwptPaging } from './hwpt';
import { hwptAttach, hwptDetach } from './hwpt-attach';
import type { Ioas } from './ioas';

export interface HwptRequest {
  readonly ioas: Ioas;
  readonly idev: IommufdDevice;
  /** Whom an immediate attach is for. */
  readonly pasid: number;
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
 * Linux: drivers/iommu/iommufd/hw_pagetable.c iommufd_hwpt_paging_alloc()
 */
export function* allocHwptPaging(ctx: IommufdCtx, request: HwptRequest): Task<Result<HwptPaging>> {
  const { ioas, idev, flags } = request;
  yield* assertHeld(ioas.mutex);
  const refused = checkFlags(request);
  if (refused) return refused;
  const id = ctx.objects.reserve();
  if (!id.ok) return id;
  const hwpt = new HwptPaging(ctx, id.value, ioas, {
    nestParent: (flags & IOMMU_HWPT_ALLOC_NEST_PARENT) !== 0,
    pasidCompat: (flags & IOMMU_HWPT_ALLOC_PASID) !== 0,
  });
  const filled = yield* makeDomain(hwpt, request, idev);
  if (filled.ok) return ok(hwpt);
  yield* ctx.objects.abort(hwpt);
  return filled;
}

function checkFlags({ idev, flags, userData }: HwptRequest): Failure | null {
  const rule = 'iommufd_hwpt_paging_alloc';
  const { device } = idev;
  const culprit = device.worldId;
  if ((flags !== 0 || userData) && device.ops?.finalisesAtAttach === true) {
    const why = `the IOMMU driver of ${device.name} completes a page table only when it is attached, and makes no special ones`;
    return err('EOPNOTSUPP', why, { rule, culprit });
  }
  if ((flags & ~KNOWN_FLAGS) !== 0) return err('EOPNOTSUPP', 'an unknown flag is set', { rule });
  const tracks = device.ops?.capable(device.client, 'DIRTY_TRACKING') ?? false;
  if ((flags & IOMMU_HWPT_ALLOC_DIRTY_TRACKING) !== 0 && !tracks)
    return err('EOPNOTSUPP', `the IOMMU of ${device.name} cannot track dirty pages`, { rule, culprit });
  if ((flags & IOMMU_HWPT_FAULT_ID_VALID) !== 0 && (flags & IOMMU_HWPT_ALLOC_NEST_PARENT) !== 0)
    return err('EOPNOTSUPP', 'a nesting parent cannot report page faults', { rule });
  return null;
}

function* makeDomain(hwpt: HwptPaging, request: HwptRequest, idev: IommufdDevice): Task<Result<undefined>> {
  const domain = driverDomain(request);
  if (!domain.ok) return domain;
  hwpt.setDomain(domain.value);
  // Some hardware decides about snooping per entry: it has to be known before the first one is written.
  const enforced = idev.enforceCacheCoherency ? enforceCoherency(hwpt, domain.value, idev) : done;
  if (!enforced.ok) return enforced;
  const { pasid, immediateAttach } = request;
  if (immediateAttach) {
    const attached = yield* hwptAttach(hwpt, idev, pasid);
    if (!attached.ok) return attached;
  }
  const entered = yield* hwpt.enter(domain.value);
  if (!entered.ok && immediateAttach) yield* hwptDetach(idev, pasid);
  return entered;
}

/** Linux: iommufd_hwpt_paging_enforce_cc() */
function enforceCoherency(hwpt: HwptPaging, domain: IommuDomain, idev: IommufdDevice): Result<undefined> {
  hwpt.enforceCacheCoherency = domain.paging?.enforceCacheCoherency?.() ?? false;
  if (hwpt.enforceCacheCoherency) return done;
  const why = `the IOMMU driver of ${idev.device.name} promised to enforce coherency, but its domain cannot`;
  return err('EINVAL', why, { rule: 'iommufd_hwpt_paging_enforce_cc' });
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
