import { freeDomain } from '../iommu/core';
import type { IommuDomain } from '../iommu/ops';
import { invariant } from '../../lib/invariant';
import { done } from '../../lib/result';
import type { Result } from '../kernel/errno';
import { assertHeld, holding, type Task } from '../kernel/task';
import type { IommufdCtx } from './ctx';
import type { IommufdDevice } from './device';
import type { FaultQueue } from './fault';
import type { Ioas } from './ioas';
import { IommufdObject, type AnyObject, type Holders } from './object';
import { swMsi } from './sw-msi';

/**
 * One page table of one IOMMU.
 *
 * Linux: drivers/iommu/iommufd/iommufd_private.h struct iommufd_hw_pagetable
 */
export abstract class Hwpt extends IommufdObject {
  readonly worldId: string;
  readonly title: string;
  /** Null only while it is being made. */
  domain: IommuDomain | null = null;
  /** Where page faults of its devices are told. */
  fault: FaultQueue | null = null;

  constructor(
    ctx: IommufdCtx,
    id: number,
    /** Devices may use it beside others, each for one PASID. */
    readonly pasidCompat: boolean,
  ) {
    super(ctx, id);
    this.worldId = `hwpt:${ctx.number}.${id}`;
    this.title = `HWPT ${id}`;
  }

  /** The HWPT that an IOAS fills: itself, or what it nests in. Linux: find_hwpt_paging() */
  abstract readonly filled: HwptPaging;

  setDomain(domain: IommuDomain): void {
    this.domain = domain;
    domain.cookie = { kind: 'iommufd', hwpt: this, swMsi: (group, msiPa) => swMsi(this, group, msiPa) };
  }

  /** Linux: __iommufd_hwpt_destroy() */
  protected destroyDomain(): void {
    if (this.domain) freeDomain(this.domain);
    this.domain = null;
    if (this.fault) this.fault.users--;
    this.fault = null;
  }

  /** Devices attached to it, of all groups, by whichever PASID. */
  get devices(): readonly IommufdDevice[] {
    const devices = new Set<IommufdDevice>();
    for (const igroup of this.ctx.groups.values()) {
      for (const attach of igroup.attaches.values()) {
        if ((attach.hwpt as Hwpt) !== this) continue;
        for (const idev of attach.devices.values()) devices.add(idev);
      }
    }
    return [...devices];
  }

  override holders(): Holders {
    const { devices } = this;
    const [first] = devices;
    if (first) {
      return {
        why: `${devices.map((each) => each.device.name).join(', ')} ${devices.length > 1 ? 'are' : 'is'} attached to it`,
        culprit: first.device.worldId,
      };
    }
    const child = this.ctx.objects.list().find((each) => standsOn(each, this));
    if (child) return { why: `${child.title} stands on it`, culprit: child.worldId };
    return { why: 'another call works with it' };
  }
}

/** Of a HWPT that others can see. */
export function domainOf(hwpt: Hwpt): IommuDomain {
  invariant(hwpt.domain, `${hwpt.title} has no domain`);
  return hwpt.domain;
}

/** Whether an object holds a HWPT as what it translates through. */
function standsOn(object: AnyObject, hwpt: Hwpt): boolean {
  if (object.kind === 'viommu') return object.hwpt === hwpt;
  return object.kind === 'hwpt-nested' && object.viommu === null && object.parent === hwpt;
}

/**
 * A page table filled from an IOAS: made by the user (HWPT_ALLOC), or as needed by an attach.
 *
 * Linux: drivers/iommu/iommufd/hw_pagetable.c struct iommufd_hwpt_paging
 */
export class HwptPaging extends Hwpt {
  readonly kind = 'hwpt-paging';
  /** Made by an attach to the IOAS, shared by whoever fits, gone with its last user. */
  auto = false;
  enforceCacheCoherency = false;
  /** Ids of the MSI pages that it maps. */
  readonly presentSwMsi = new Set<number>();
  /** In the IOAS's list, its domain filled. */
  private inIoas = false;

  constructor(
    ctx: IommufdCtx,
    id: number,
    readonly ioas: Ioas,
    { nestParent, pasidCompat }: { readonly nestParent: boolean; readonly pasidCompat: boolean },
  ) {
    super(ctx, id, pasidCompat);
    this.nestParent = nestParent;
    ioas.users++;
  }

  /** Users' own page tables may be nested in it. */
  readonly nestParent: boolean;

  get filled(): HwptPaging {
    return this;
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
    this.letGo();
  }

  /** The maker holds ioas->mutex already. Linux: iommufd_hwpt_paging_abort() */
  override *abort(): Task<void> {
    yield* assertHeld(this.ioas.mutex);
    if (this.inIoas && this.domain) {
      this.unlist();
      yield* this.ioas.iopt.removeDomain(this.domain);
    }
    this.letGo();
  }

  private unlist(): void {
    this.ioas.hwpts.splice(this.ioas.hwpts.indexOf(this), 1);
    this.inIoas = false;
  }

  private letGo(): void {
    this.destroyDomain();
    this.ioas.users--;
  }
}
