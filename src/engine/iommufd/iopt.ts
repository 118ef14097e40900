import { invariant } from '../../lib/invariant';
import { done } from '../../lib/result';
import { hex, U64_MAX } from '../../lib/u64';
import type { Device } from '../iommu/device';
import type { IommuDomain, ResvKind } from '../iommu/ops';
import { err, type Failure, type Result } from '../kernel/errno';
import { holding, locked, Mutex, type Task } from '../kernel/task';
import type { Area } from './area';
import { fillDomains, holdArea, pagingOf, unfillLast, unmapArea } from './fill';
import { IntervalList, type Interval } from './interval-list';
import { PAGE_SIZE } from './page';

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
  /** Which domains there are; held, if only to read, over every map and unmap. */
  readonly domainsRwsem = new Mutex('iopt->domains_rwsem');
  /** The lists below. */
  readonly iovaRwsem = new Mutex('iopt->iova_rwsem');
  readonly areas = new IntervalList<Area>(true);
  readonly reserved = new IntervalList<Reserved>(false);
  allowed = new IntervalList<Interval>(true);
  /** The first one is where areas keep their frames. */
  readonly domains: IommuDomain[] = [];
  /** What IOVA, length and offset of every area are multiples of. */
  alignment = 1n;
  /** Everything is entered in 4 KiB pieces. */
  smallPages = false;

  constructor(
    /** For sentences and culprits. */
    readonly owner: { readonly title: string; readonly worldId: string },
  ) {}

  /** Why a stretch cannot be reserved, or null. */
  private inTheWay(start: bigint, last: bigint): string | null {
    const area = this.areas.first(start, last);
    if (area) return `maps ${range(area)} there`;
    const allowed = this.allowed.first(start, last);
    return allowed ? `was told to allow ${range(allowed)}` : null;
  }

  /** Linux: iopt_reserve_iova() */
  reserve(entry: Reserved): Result<undefined> {
    const obstacle = this.inTheWay(entry.start, entry.last);
    if (obstacle !== null) {
      return err(
        'EADDRINUSE',
        `${entry.why} must keep ${range(entry)} clear, but ${this.owner.title} ${obstacle}`,
        {
          rule: 'iopt_reserve_iova',
          culprit: this.owner.worldId,
        },
      );
    }
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

  /** Enters what a device cannot do DMA to as memory: its MSI window, what firmware claims. All or nothing.
   *
   * Linux: iopt_table_enforce_dev_resv_regions()
   */
  *enforceDeviceRegions(device: Device): Task<Result<undefined>> {
    return yield* holding(this.iovaRwsem, (): Result<undefined> => {
      const regions = device.ops?.getResvRegions(device.client) ?? [];
      for (const region of regions) {
        if (region.kind === 'direct-relaxable') continue;
        const why = `${RESERVED_WORDS[region.kind]} of ${device.name}`;
        const reserved = this.reserve({ start: region.start, last: region.last, owner: device, why });
        if (reserved.ok) continue;
        this.unreserve(device);
        return reserved;
      }
      return done;
    });
  }

  /** The whole list at once, or the old one stays. Linux: iopt_set_allow_iova() */
  *setAllowed(ranges: IntervalList<Interval>): Task<Result<undefined>> {
    return yield* holding(this.iovaRwsem, (): Result<undefined> => {
      for (const allowed of ranges.all) {
        const reserved = this.reserved.first(allowed.start, allowed.last);
        if (!reserved) continue;
        return err(
          'EADDRINUSE',
          `${range(allowed)} cannot be allowed: ${range(reserved)} is kept clear for ${reserved.why}`,
          {
            rule: 'iopt_set_allow_iova',
            culprit: this.owner.worldId,
          },
        );
      }
      this.allowed = ranges;
      return done;
    });
  }

  /** Enters everything in one more domain, or changes nothing. Linux: iopt_table_add_domain() */
  *addDomain(domain: IommuDomain, title: string): Task<Result<undefined>> {
    return yield* this.exclusively(() => this.addDomainLocked(domain, title));
  }

  private *addDomainLocked(domain: IommuDomain, title: string): Task<Result<undefined>> {
    const rule = 'iopt_table_add_domain';
    invariant(!this.domains.includes(domain), `${domain.label} added twice`);
    const paging = pagingOf(domain);
    const alignment = max(smallestPage(domain), this.alignment);
    if (alignment > PAGE_SIZE) {
      return err(
        'EINVAL',
        `the smallest page of ${domain.label} is ${hex(alignment)}, larger than the CPU's`,
        { rule },
      );
    }
    const fits = alignment === this.alignment ? null : this.misaligned(alignment);
    if (fits) return fits;
    const edges: Interval[] = [];
    if (paging.apertureStart !== 0n) edges.push({ start: 0n, last: paging.apertureStart - 1n });
    if (paging.apertureLast !== U64_MAX) edges.push({ start: paging.apertureLast + 1n, last: U64_MAX });
    for (const { start, last } of edges) {
      const reserved = this.reserve({ start, last, owner: domain, why: `the limits of ${title}` });
      if (reserved.ok) continue;
      this.unreserve(domain);
      return reserved;
    }
    const filled = yield* this.fill(domain);
    if (!filled.ok) {
      this.unreserve(domain);
      return filled;
    }
    this.alignment = alignment;
    this.domains.push(domain);
    return done;
  }

  /** Linux: iopt_fill_domain() */
  private *fill(domain: IommuDomain): Task<Result<undefined>> {
    const filled: Area[] = [];
    for (const area of this.areas.all) {
      const { pages } = area;
      if (!pages) continue;
      const entered = yield* holding(pages.mutex, (): Result<undefined> => {
        const result = fillDomains(area, pages, [domain], this.smallPages);
        if (result.ok && this.domains.length === 0) holdArea(area, pages, domain);
        return result;
      });
      if (!entered.ok) {
        for (const each of filled) yield* this.unfill(each, domain);
        return entered;
      }
      filled.push(area);
    }
    return done;
  }

  /** Takes one area out of one domain; while others have it, its pages stay. */
  private *unfill(area: Area, domain: IommuDomain): Task<void> {
    const { pages } = area;
    if (!pages) return;
    yield* holding(pages.mutex, () => {
      if (this.domains.length === 0) {
        unfillLast(area, pages, domain);
        return;
      }
      if (area.storageDomain === domain) area.storageDomain = this.domains[0] ?? null;
      unmapArea(area, domain);
    });
  }

  /** Linux: iopt_table_remove_domain() */
  *removeDomain(domain: IommuDomain): Task<void> {
    yield* this.exclusively(() => this.removeDomainLocked(domain));
  }

  private *removeDomainLocked(domain: IommuDomain): Task<void> {
    const index = this.domains.indexOf(domain);
    invariant(index >= 0, `${domain.label} is not in ${this.owner.title}`);
    // The last one takes the place of the removed one: their order is what storage depends on.
    const tail = this.domains.pop();
    if (tail && tail !== domain) this.domains[index] = tail;
    for (const area of this.areas.all) yield* this.unfill(area, domain);
    this.unreserve(domain);
    const aligned = this.recalculateAlignment();
    invariant(aligned.ok, 'removing a domain raised the alignment');
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
  private recalculateAlignment(): Result<undefined> {
    let alignment = this.smallPages ? PAGE_SIZE : 1n;
    for (const domain of this.domains) alignment = max(alignment, smallestPage(domain));
    const misaligned = alignment > this.alignment ? this.misaligned(alignment) : null;
    if (misaligned) return misaligned;
    this.alignment = alignment;
    return done;
  }

  /** Linux: iopt_check_iova_alignment() */
  private misaligned(alignment: bigint): Failure | null {
    const mask = alignment - 1n;
    const area = this.areas.all.find((each) => ((each.start | each.length | each.pageOffset) & mask) !== 0n);
    if (!area) return null;
    return err('EADDRINUSE', `${range(area)} of ${this.owner.title} is not aligned to ${hex(alignment)}`, {
      rule: 'iopt_check_iova_alignment',
      culprit: this.owner.worldId,
    });
  }

  /** Nobody maps or unmaps meanwhile. */
  private *exclusively<T>(body: () => Task<T>): Task<T> {
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

const max = (a: bigint, b: bigint): bigint => (a > b ? a : b);
const smallestPage = (domain: IommuDomain): bigint => 1n << BigInt(pagingOf(domain).pageSizesLg2[0] ?? 12);

/** `0x1000-0x1fff` */
export const range = ({ start, last }: Interval): string => `${hex(start)}-${hex(last)}`;
