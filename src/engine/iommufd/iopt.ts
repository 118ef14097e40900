import { done } from '../../lib/result';
import { hex } from '../../lib/u64';
import type { Device } from '../iommu/device';
import type { IommuDomain, ResvKind } from '../iommu/ops';
import { err, type Failure, type Result } from '../kernel/errno';
import { holding, locked, Mutex, type Task } from '../kernel/task';
import type { Access } from './access';
import type { Area } from './area';
import { IntervalList, type Interval } from './interval-list';
import { addDomain, removeDomain, smallestPage } from './iopt-domains';
import type { IoptEnv } from './iopt-env';
import { PAGE_SIZE } from './page';

/** Who wants to know where software has to map MSI pages. Linux: sw_msi_start */
export interface MsiWindow {
  swMsiStart: bigint | null;
}

/** A stretch of IOVAs that may not be mapped. */
export interface Reserved extends Interval {
  /** The domain or device it comes from, and goes with. */
  readonly owner: IommuDomain | Device | null;
  readonly why: string;
}

/**
 * The software side of an I/O address space: areas, what they keep clear of, and the domains they are entered in.
 * Nothing is pinned while there is no domain.
 *
 * Linux: drivers/iommu/iommufd/io_pagetable.c struct io_pagetable
 */
export class IoPagetable {
  /** Which domains and accesses there are; held, if only to read, over every map and unmap. */
  readonly domainsRwsem: Mutex;
  /** The lists below. */
  readonly iovaRwsem: Mutex;
  readonly areas = new IntervalList<Area>();
  readonly reserved = new IntervalList<Reserved>();
  allowed = new IntervalList<Interval>();
  /** The first one is where areas keep their frames. */
  readonly domains: IommuDomain[] = [];
  /** By their number in this list. Linux: access_list */
  readonly accesses = new Map<number, Access>();
  /** What IOVA, length and offset of every area are multiples of. */
  alignment = 1n;
  /** Everything is entered in 4 KiB pieces. Linux: disable_large_pages */
  smallPages = false;

  constructor(
    /** For sentences and culprits. */
    readonly owner: { readonly title: string; readonly worldId: string },
    readonly env: IoptEnv,
  ) {
    this.domainsRwsem = new Mutex('iopt->domains_rwsem', { of: owner.worldId });
    this.iovaRwsem = new Mutex('iopt->iova_rwsem', { of: owner.worldId });
  }

  /** Why a stretch cannot be reserved, or null. */
  private inTheWay(start: bigint, last: bigint): string | null {
    const area = this.areas.first(start, last);
    if (area) return `maps ${range(area)} there`;
    const allowed = this.allowed.first(start, last);
    return allowed ? `was told to allow ${range(allowed)}` : null;
  }

  /** Linux: iopt_reserve_iova() */
  reserve(entry: Reserved): Result<undefined> {
    const rule = 'iopt_reserve_iova';
    const obstacle = this.inTheWay(entry.start, entry.last);
    if (obstacle !== null) {
      const why = `${entry.why} must keep ${range(entry)} clear, but ${this.owner.title} ${obstacle}`;
      return err('EADDRINUSE', why, { rule, culprit: this.owner.worldId });
    }
    if (this.env.fail.hit(rule)) return err('ENOMEM', 'there is no memory for a reserved range', { rule });
    this.reserved.insert(entry);
    return done;
  }

  /** Linux: __iopt_remove_reserved_iova() */
  unreserve(owner: Reserved['owner']): void {
    this.reserved.removeIf((each) => each.owner === owner);
  }

  /** Linux: iopt_remove_reserved_iova() */
  *removeReserved(owner: Reserved['owner']): Task<void> {
    yield* holding(this.iovaRwsem, () => {
      this.unreserve(owner);
    });
  }

  /**
   * Enters what a device cannot do DMA to as memory: its MSI window, what firmware claims. All or nothing. `msi` is told
   * where software has to map MSI pages, if it does, even when this fails in the end; asking for it checks that the
   * driver's regions make sense.
   *
   * Linux: iopt_table_enforce_dev_resv_regions()
   */
  *enforceDeviceRegions(device: Device, msi: MsiWindow | null = null): Task<Result<undefined>> {
    const rule = 'iopt_table_enforce_dev_resv_regions';
    if (this.env.fail.hit(rule)) return err('EINVAL', 'this was made to fail', { rule });
    return yield* holding(this.iovaRwsem, () => {
      const entered = this.enterRegions(device, msi);
      if (!entered.ok) this.unreserve(device);
      return entered;
    });
  }

  private enterRegions(device: Device, msi: MsiWindow | null): Result<undefined> {
    const regions = device.ops?.getResvRegions(device.client) ?? [];
    for (const region of regions) {
      if (region.kind === 'direct-relaxable') continue;
      if (msi && region.kind === 'sw-msi') msi.swMsiStart = region.start;
      const why = `${RESERVED_WORDS[region.kind]} of ${device.name}`;
      const reserved = this.reserve({ start: region.start, last: region.last, owner: device, why });
      if (!reserved.ok) return reserved;
    }
    const software = regions.filter((each) => each.kind === 'sw-msi');
    const mixed = software.length > 0 && regions.some((each) => each.kind === 'msi');
    if (msi && (mixed || software.length > 1)) {
      return err(
        'EINVAL',
        `the IOMMU driver of ${device.name} reports MSI windows that contradict each other`,
        {
          rule: 'iopt_table_enforce_dev_resv_regions',
        },
      );
    }
    return done;
  }

  /** The whole list at once, or the old one stays. Linux: iopt_set_allow_iova() */
  *setAllowed(ranges: IntervalList<Interval>): Task<Result<undefined>> {
    return yield* holding(this.iovaRwsem, (): Result<undefined> => {
      for (const allowed of ranges) {
        const reserved = this.reserved.first(allowed.start, allowed.last);
        if (!reserved) continue;
        const why = `${range(allowed)} cannot be allowed: ${range(reserved)} is kept clear for ${reserved.why}`;
        return err('EADDRINUSE', why, { rule: 'iopt_set_allow_iova', culprit: this.owner.worldId });
      }
      this.allowed = ranges;
      return done;
    });
  }

  /** Enters everything in one more domain, or changes nothing. Linux: iopt_table_add_domain() */
  addDomain(domain: IommuDomain, title: string): Task<Result<undefined>> {
    return addDomain(this, domain, title);
  }

  /** Linux: iopt_table_remove_domain() */
  removeDomain(domain: IommuDomain): Task<void> {
    return removeDomain(this, domain);
  }

  /** Linux: iopt_enable_large_pages(), iopt_disable_large_pages() */
  *setSmallPages(small: boolean): Task<Result<undefined>> {
    return yield* locked(this.domainsRwsem, () =>
      holding(this.iovaRwsem, () => this.setSmallPagesLocked(small)),
    );
  }

  private setSmallPagesLocked(small: boolean): Result<undefined> {
    if (small && this.smallPages) return done;
    if (small && this.domains.length > 0 && this.areas.size > 0) {
      return err('EINVAL', `${this.owner.title} has mappings in a domain already, perhaps with large pages`, {
        rule: 'iopt_disable_large_pages',
        culprit: this.owner.worldId,
      });
    }
    this.smallPages = small;
    const aligned = this.recalculateAlignment();
    if (!aligned.ok) this.smallPages = false;
    return aligned;
  }

  /** Linux: iopt_calculate_iova_alignment() */
  recalculateAlignment(): Result<undefined> {
    let alignment = this.smallPages ? PAGE_SIZE : 1n;
    for (const domain of this.domains) alignment = max(alignment, smallestPage(domain));
    for (const access of this.accesses.values()) alignment = max(alignment, access.iovaAlignment);
    const misaligned = alignment > this.alignment ? this.misaligned(alignment) : null;
    if (misaligned) return misaligned;
    this.alignment = alignment;
    return done;
  }

  /** Linux: iopt_check_iova_alignment() */
  misaligned(alignment: bigint): Failure | null {
    const mask = alignment - 1n;
    for (const area of this.areas) {
      if (((area.start | area.length | BigInt(area.pageOffset)) & mask) === 0n) continue;
      return err('EADDRINUSE', `${range(area)} of ${this.owner.title} is not aligned to ${hex(alignment)}`, {
        rule: 'iopt_check_iova_alignment',
        culprit: this.owner.worldId,
      });
    }
    return null;
  }

  /** Nobody maps or unmaps meanwhile. */
  *exclusively<T>(body: () => Task<T>): Task<T> {
    return yield* locked(this.domainsRwsem, () => locked(this.iovaRwsem, body));
  }
}

const RESERVED_WORDS: Readonly<Record<ResvKind, string>> = {
  direct: 'the memory that firmware maps 1:1 for the use',
  'direct-relaxable': 'the memory that firmware maps 1:1 for the use',
  reserved: 'a reserved region',
  msi: 'the MSI window',
  'sw-msi': 'the window for MSI pages',
};

export const max = (a: bigint, b: bigint): bigint => (a > b ? a : b);

/** `0x1000-0x1fff` */
export const range = ({ start, last }: Interval): string => `${hex(start)}-${hex(last)}`;
