import { done } from '../../../lib/result';
import type { IommuCap, IommuClient, IommuDomain, PagingFlags, ResvRegion } from '../../iommu/ops';
import type { PageFault, PageResponse } from '../../iommu/page-fault';
import { err, ok, type Result } from '../../kernel/errno';
import type { UserMemory } from '../../memory/user-memory';
import type { PhysicalMemory } from '../../memory/physical-memory';
import { amdv1 } from '../../pt/fmt/amdv1';
import { PageTable } from '../../pt/page-table';
import type { Trace } from '../../trace/trace';
import { NO_PASID } from '../port';
import { GenericDomain, type GenericHost } from './domain';
import type { GenericOptions, Refusal } from './options';
import { Refusals } from './refusals';

/** What a unit knows of the machine around it. */
export interface GenericSurroundings {
  /** What firmware keeps of a device's addresses. */
  reservedOf(device: string): readonly ResvRegion[];
  /** Lets a device ask for pages, or no more. Linux: iopf_queue_add_device(), iopf_queue_remove_device() */
  allowPageRequests(device: IommuClient): Result<undefined>;
  forbidPageRequests(device: IommuClient): void;
  /** Every unit of this kind, of whatever driver. */
  readonly units: readonly GenericUnit[];
}

const ALONE: GenericSurroundings = {
  reservedOf: () => [],
  allowPageRequests: () => err('ENODEV', 'nobody handles page requests'),
  forbidPageRequests: () => undefined,
  units: [],
};

/** A driver's op for attaching decides what fits its units. */
const ATTACH = { rule: 'attach_dev' };

/** Top level of the tables: 48 address bits. */
const TOP_LEVEL = 3;

/**
 * An IOMMU of no vendor, driver and hardware in one: for machines with several kinds of IOMMU, with limits and with
 * refusals that are the scenario's to choose. Its tables are of the AMD v1 format. It caches nothing, and devices reach
 * memory only while something is attached.
 */
export class GenericUnit implements GenericHost {
  readonly unit: string;
  readonly driver: string;
  readonly isolatedMsi: boolean;
  readonly finalisesAtAttach: boolean;
  readonly maxPasids: number;
  readonly snoopControl: boolean;
  readonly aperture: { readonly start: bigint; readonly last: bigint };
  readonly identityDomain: IommuDomain;
  readonly blockedDomain: IommuDomain | null;
  readonly pagingExtras: readonly ('pasid' | 'user-data')[];
  readonly refusals = new Refusals();
  /** PCI names of its devices. */
  readonly scope = new Set<string>();
  /** What each device uses, by PCI name. */
  readonly attached = new Map<string, IommuDomain>();
  readonly pasids = new Map<string, Map<number, IommuDomain>>();
  /** Answers to page requests, the newest last. */
  readonly responses: {
    readonly device: string;
    readonly fault: PageFault;
    readonly response: PageResponse;
  }[] = [];
  /** Attachments of each device whose domain takes page faults, over all PASIDs. */
  private readonly iopfUsers = new Map<string, number>();
  private made = 0;

  constructor(
    readonly options: GenericOptions,
    private readonly memory: PhysicalMemory,
    readonly trace: Trace,
    private readonly around: GenericSurroundings = ALONE,
  ) {
    this.unit = options.unit;
    this.driver = options.driver;
    this.isolatedMsi = options.isolatedMsi;
    this.finalisesAtAttach = options.finalisesAtAttach;
    this.maxPasids = options.maxPasids;
    this.snoopControl = options.snoopControl;
    this.aperture = { start: options.apertureStart, last: options.apertureLast };
    this.pagingExtras = options.maxPasids > 0 ? ['pasid'] : [];
    this.identityDomain = this.staticDomain('identity');
    this.blockedDomain = options.staticBlocked ? this.staticDomain('blocked') : null;
  }

  refuse(refusal: Refusal): void {
    this.refusals.add(refusal);
  }

  capable(_device: IommuClient, cap: IommuCap): boolean {
    const { coherent, snoopControl, dirtyTracking } = this.options;
    switch (cap) {
      case 'CACHE_COHERENCY':
        return coherent;
      case 'ENFORCE_CACHE_COHERENCY':
        return snoopControl;
      case 'DIRTY_TRACKING':
        return dirtyTracking;
      default:
        return false;
    }
  }

  probeDevice(device: IommuClient): Result<undefined> {
    return this.scope.has(device.name) ? done : err('ENODEV', `${device.name} is not behind ${this.unit}`);
  }

  releaseDevice(device: IommuClient): void {
    if ((this.iopfUsers.get(device.name) ?? 0) > 0) this.around.forbidPageRequests(device);
    this.iopfUsers.delete(device.name);
    this.attached.delete(device.name);
    this.pasids.delete(device.name);
  }

  domainAllocPaging(_device: IommuClient, flags: PagingFlags): Result<IommuDomain> {
    const refused = this.refusals.due('alloc', null);
    if (refused) return refused;
    if (flags.nestParent) return err('EOPNOTSUPP', 'this IOMMU has one stage only');
    const table = PageTable.create({
      memory: this.memory,
      format: amdv1,
      topLevel: TOP_LEVEL,
      pageSizesLg2: this.options.pageSizesLg2,
    });
    if (!table.ok) return table;
    const label = `${this.title} domain ${++this.made}`;
    return ok(new GenericDomain(label, this, table.value, flags.dirtyTracking ?? false));
  }

  /** A domain that walks the page table of a process, for PASIDs only. */
  domainAllocSva(_device: IommuClient, mm: UserMemory): Result<IommuDomain> {
    if (this.maxPasids === 0) return err('EOPNOTSUPP', `${this.unit} knows no PASIDs`);
    const domain: IommuDomain = {
      label: `${this.title} sva ${mm.name}`,
      type: 'sva',
      owner: this,
      paging: null,
      attachDev: () => err('EINVAL', 'a process is shared under a PASID only'),
      setDevPasid: (device, pasid) => this.attachPasid(domain, device, pasid),
    };
    return ok(domain);
  }

  /** What serves a device's requests, with a PASID or without. */
  domainOf(device: string, pasid: number): IommuDomain | null {
    const found = pasid === NO_PASID ? this.attached.get(device) : this.pasids.get(device)?.get(pasid);
    return found ?? null;
  }

  private get title(): string {
    return this.unit.replace(/^iommu:/, '');
  }

  getResvRegions(device: IommuClient): readonly ResvRegion[] {
    return this.around.reservedOf(device.name);
  }

  defDomainType(): null {
    return null;
  }

  pageResponse(device: IommuClient, fault: PageFault, response: PageResponse): void {
    this.responses.push({ device: device.name, fault, response });
  }

  /** A domain may have been made for a device behind a sister unit: the one that serves the device attaches it. */
  attach(domain: IommuDomain, device: IommuClient): Result<undefined> {
    const unit = this.serving(device);
    return unit ? unit.use(domain, device) : notOurs(this, device);
  }

  attachPasid(domain: IommuDomain, device: IommuClient, pasid: number): Result<undefined> {
    const unit = this.serving(device);
    return unit ? unit.usePasid(domain, device, pasid) : notOurs(this, device);
  }

  private serving(device: IommuClient): GenericUnit | null {
    if (this.scope.has(device.name)) return this;
    const sister = this.around.units.find(({ scope }) => scope.has(device.name));
    return sister?.driver === this.driver ? sister : null;
  }

  private use(domain: IommuDomain, device: IommuClient): Result<undefined> {
    const refused = this.refusals.due('attach', device.name);
    if (refused) return refused;
    if (domain instanceof GenericDomain) {
      const problem = this.unfit(domain);
      if (problem) return problem;
    }
    const moved = this.movePageRequests(device, this.attached.get(device.name), domain);
    if (moved.ok) this.attached.set(device.name, domain);
    return moved;
  }

  private usePasid(domain: IommuDomain, device: IommuClient, pasid: number): Result<undefined> {
    const refused = this.refusals.due('attach', device.name);
    if (refused) return refused;
    const pasids = this.pasids.get(device.name) ?? new Map<number, IommuDomain>();
    this.pasids.set(device.name, pasids);
    const moved = this.movePageRequests(device, pasids.get(pasid), domain);
    if (!moved.ok) return moved;
    if (domain.type === 'blocked') pasids.delete(pasid);
    else pasids.set(pasid, domain);
    return done;
  }

  refusesMap(): Result<undefined> {
    return this.refusals.due('map', null) ?? done;
  }

  /**
   * The device may ask for pages while a domain that it is on takes page faults: on before the old one goes.
   *
   * Linux: each driver's own, e.g. intel/iommu.h iopf_for_domain_replace()
   */
  private movePageRequests(
    device: IommuClient,
    old: IommuDomain | undefined,
    next: IommuDomain,
  ): Result<undefined> {
    const users = this.iopfUsers.get(device.name) ?? 0;
    const gained = next.iopfHandler ? 1 : 0;
    const lost = old?.iopfHandler ? 1 : 0;
    if (users === 0 && gained > 0) {
      const enabled = this.around.allowPageRequests(device);
      if (!enabled.ok) return enabled;
    }
    const left = users + gained - lost;
    if (users > 0 && left === 0) this.around.forbidPageRequests(device);
    this.iopfUsers.set(device.name, left);
    return done;
  }

  /** A domain of a sister unit with other abilities. EINVAL: try another. */
  private unfit(domain: GenericDomain): ReturnType<typeof err> | null {
    const { pageSizesLg2 } = this.options;
    if (domain.owner.driver !== this.driver)
      return err('EINVAL', `${domain.label} belongs to the driver ${domain.owner.driver}`, ATTACH);
    if (domain.forceCoherence && !this.snoopControl)
      return err('EINVAL', `${domain.label} enforces coherency, which ${this.unit} cannot`, ATTACH);
    if (domain.pageSizesLg2.some((size) => !pageSizesLg2.includes(size)))
      return err('EINVAL', `${this.unit} lacks page sizes of ${domain.label}`, ATTACH);
    if (domain.apertureStart < this.aperture.start || domain.apertureLast > this.aperture.last)
      return err('EINVAL', `${domain.label} reaches beyond the addresses of ${this.unit}`, ATTACH);
    return null;
  }

  private staticDomain(type: 'identity' | 'blocked'): IommuDomain {
    const domain: IommuDomain = {
      label: `${this.title} ${type}`,
      type,
      owner: this,
      paging: null,
      attachDev: (device) => this.attach(domain, device),
      ...(this.options.maxPasids > 0
        ? { setDevPasid: (device: IommuClient, pasid: number) => this.attachPasid(domain, device, pasid) }
        : {}),
    };
    return domain;
  }
}

/** Linux: each driver's attach_dev(), of a domain that is not its own */
const notOurs = ({ driver }: GenericUnit, device: IommuClient): Result<undefined> =>
  err('EINVAL', `${device.name} is behind no IOMMU of the driver ${driver}`, ATTACH);
