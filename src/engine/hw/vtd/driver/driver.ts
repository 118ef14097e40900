import { invariant } from '../../../../lib/invariant';
import { done } from '../../../../lib/result';
import type {
  IommuCap,
  IommuClient,
  IommuDomain,
  IommuOps,
  PagingFlags,
  ResvRegion,
  UserData,
} from '../../../iommu/ops';
import type { PageFault, PageResponse } from '../../../iommu/page-fault';
import { err, ok, type Result } from '../../../kernel/errno';
import type { PhysicalMemory } from '../../../memory/physical-memory';
import type { UserMemory } from '../../../memory/user-memory';
import { silent, type Trace } from '../../../trace/trace';
import type { IrqSource, RegisterBus } from '../../port';
import type { DomainTables, UnitOptions } from '../../unit';
import { ecap, TE } from '../regs';
import { attachBlocked, attachIdentity, blockTranslation, setBlockedPasid, setIdentityPasid } from './attach';
import { DeviceInfo, probe, probeFinalize, release } from './device-info';
import { isDmarDomain, type DomainHost } from './dmar-domain';
import { VtdDomain } from './domain';
import type { LoggedFault } from './faults';
import { initUnit } from './init';
import type { IntelIommu } from './intel-iommu';
import { allocNestedDomain } from './nested-alloc';
import { NestedDomain } from './nested-domain';
import { allocPagingDomain } from './paging';
import { reservedRegions } from './reserved';
import { staticDomain } from './static-domain';
import { SvaDomain } from './sva-domain';
import { hwInfo } from './user-structs';

/** What the driver takes of UnitOptions, and its own module parameters. */
export interface VtdDriverOptions extends Pick<
  UnitOptions,
  | 'trace'
  | 'segment'
  | 'scope'
  | 'reservedOf'
  | 'abilitiesOf'
  | 'control'
  | 'nextLabel'
  | 'pageRequests'
  | 'sisters'
> {
  readonly memory: PhysicalMemory;
  readonly bus: RegisterBus;
  /** World id, e.g. `iommu:dmar0`. */
  readonly unit: string;
  /** Physical address of the registers, for the boot message. */
  readonly registerBase?: number;
  /** Interrupt remapping is brought up where the unit has it. Default true. Linux: intremap= */
  readonly interruptRemapping?: boolean;
  /** Scalable mode is left alone where the unit has it. Linux: intel_iommu=sm_off */
  readonly legacy?: boolean;
  /** DMAR table flag DMA_CTRL_PLATFORM_OPT_IN_FLAG. */
  readonly platformOptIn?: boolean;
  /** Fault injection: unmap forgets to tell the caches. */
  readonly skipInvalidation?: boolean;
  /** See clearContexts(): flush the context cache for every alias, which the kernel does not. */
  readonly flushEveryAlias?: boolean;
}

const NO_ABILITIES = { ats: false, pri: false, maxPasids: 0 };
/** Linux: enum iommu_page_response_code */
const RESPONSE_CODES: Readonly<Record<PageResponse, number>> = { success: 0, invalid: 1, failure: 0xf };

/**
 * Brings a unit up as the kernel does at boot: invalidation queue, interrupt remapping, root table, page requests, fault
 * interrupt. Translation is off until enableTranslation(), which the kernel calls when all devices have their default domains.
 */
export function createVtdDriver(options: VtdDriverOptions): Result<VtdDriver> {
  const iommu = initUnit({
    memory: options.memory,
    bus: options.bus,
    unit: options.unit,
    trace: options.trace ?? silent,
    segment: options.segment ?? 0,
    registerBase: options.registerBase ?? 0xfed9_0000,
    interruptRemapping: options.interruptRemapping ?? true,
    legacy: options.legacy ?? false,
    control: options.control ?? null,
    pageRequestGate: options.pageRequests ?? null,
    skipInvalidation: options.skipInvalidation ?? false,
    flushEveryAlias: options.flushEveryAlias ?? false,
  });
  return iommu.ok ? ok(new VtdDriver(options, iommu.value)) : iommu;
}

/**
 * The Linux side of one VT-d unit, in legacy or scalable mode as its capabilities tell.
 *
 * Linux: drivers/iommu/intel/iommu.c intel_iommu_ops
 *
 * Not modelled: tables taken over from an earlier kernel (is_attach_deferred), suspend, PCI quirks.
 */
export class VtdDriver implements IommuOps, DomainHost {
  readonly unit: string;
  readonly driver = 'intel-iommu';
  readonly isolatedMsi: boolean;
  readonly identityDomain: IommuDomain;
  readonly blockedDomain: IommuDomain;
  readonly releaseDomain: IommuDomain;
  readonly pagingExtras = ['pasid'] as const;
  readonly maxPasids: number;
  readonly ops = this;
  readonly trace: Trace;
  private labels = 0;

  constructor(
    private readonly options: VtdDriverOptions,
    readonly iommu: IntelIommu,
  ) {
    this.unit = options.unit;
    this.trace = options.trace ?? silent;
    this.isolatedMsi = iommu.interruptRemapping;
    this.maxPasids = iommu.caps.maxPasids;
    this.identityDomain = staticDomain(this, 'identity', {
      attach: attachIdentity,
      setPasid: (domain, info, pasid, old) => setIdentityPasid(domain, info, pasid, old),
    });
    this.blockedDomain = staticDomain(this, 'blocked', {
      attach: (info) => {
        attachBlocked(info);
        return done;
      },
      setPasid: (_domain, info, pasid, old) => {
        setBlockedPasid(info, pasid, old);
        return done;
      },
    });
    this.releaseDomain = this.blockedDomain;
  }

  /** Fault injection: unmap forgets to tell the caches. May be changed at any time. */
  get skipInvalidation(): boolean {
    return this.iommu.skipInvalidation;
  }

  set skipInvalidation(skip: boolean) {
    this.iommu.skipInvalidation = skip;
  }

  /** The last step of boot. Linux: iommu_enable_translation() */
  enableTranslation(): void {
    invariant(this.iommu.io.level(TE, true), `${this.unit} does not enable translation`);
  }

  disableTranslation(): void {
    invariant(this.iommu.io.level(TE, false), `${this.unit} does not disable translation`);
  }

  /** The unit's interrupt handlers: wire its interrupt line to it. */
  interrupt(source: IrqSource): void {
    if (source === 'faults') this.iommu.faults.handle();
    if (source === 'page-requests') this.iommu.requests?.handle(this.iommu);
  }

  /** Faults that the handler has seen, oldest first. */
  get faultLog(): readonly LoggedFault[] {
    return this.iommu.faults.faults;
  }

  /** Null for domains that are not this driver's or have no table. */
  tables(domain: IommuDomain): DomainTables | null {
    const tag = this.tagOf(domain);
    if (domain instanceof VtdDomain) return domain.describe(tag);
    return domain instanceof NestedDomain ? domain.describe(tag) : null;
  }

  /** Levels of the table that a domain's addresses go through first: of a user's or a process's where there is one. */
  levelsOf(domain: IommuDomain): number | null {
    if (domain instanceof VtdDomain) return domain.table.topLevel + 1;
    return domain instanceof NestedDomain || domain instanceof SvaDomain ? domain.levels : null;
  }

  /** What tags it in this unit's caches: every unit gives out ids of its own. Linux: domain_id_iommu() */
  tagOf(domain: IommuDomain): string | null {
    const did = this.idOf(domain);
    return did === null ? null : `DID ${did}`;
  }

  /** Its id on this unit; null while it has none. */
  idOf(domain: IommuDomain): number | null {
    return isDmarDomain(domain) ? domain.use.idOn(this.iommu) : null;
  }

  /** Null where the device, or the PASID, has none. */
  domainOf(device: string, pasid: number): IommuDomain | null {
    const info = this.iommu.devices.get(device);
    if (info === undefined) return null;
    if (pasid > 0) return info.pasids.get(pasid) ?? null;
    return info.domain ?? (info.attached ? this.identityDomain : null);
  }

  /** Linux: dev_iommu_priv_get() */
  infoOf(name: string): Result<DeviceInfo> {
    const own = this.iommu.devices.get(name);
    if (own !== undefined) return ok(own);
    const units = this.sisters().map(({ iommu }) => iommu);
    const other = units.find(({ devices }) => devices.has(name))?.devices.get(name);
    return other === undefined ? err('EINVAL', `${name} is not behind ${this.unit}`) : ok(other);
  }

  /** Linux: intel_iommu_capable() */
  capable(device: IommuClient, capability: IommuCap): boolean {
    const { caps, devices } = this.iommu;
    switch (capability) {
      case 'CACHE_COHERENCY':
        return true;
      case 'PRE_BOOT_PROTECTION':
        return this.options.platformOptIn ?? false;
      case 'ENFORCE_CACHE_COHERENCY':
        return ecap.snoopControl(caps.ecap);
      case 'DIRTY_TRACKING':
        return caps.dirty;
      case 'PCI_ATS_SUPPORTED':
        return devices.get(device.name)?.atsSupported ?? false;
      default:
        // Deferred flushing is decided by the core.
        return false;
    }
  }

  /** Linux: intel_iommu_probe_device() */
  probeDevice(device: IommuClient): Result<undefined> {
    if (this.options.scope !== undefined && !this.options.scope(device)) {
      return err('ENODEV', `${device.name} is not in the scope of ${this.unit}`, {
        rule: 'device_lookup_iommu',
      });
    }
    const abilities = this.options.abilitiesOf?.(device.name) ?? NO_ABILITIES;
    // No PASID table is larger than what the weakest unit can do. Linux: intel_pasid_max_id
    const maxima = [this, ...this.sisters()].map(({ maxPasids }) => maxPasids).filter((max) => max > 0);
    return probe(new DeviceInfo(device, this.iommu, abilities), Math.min(...maxima));
  }

  probeFinalize(device: IommuClient): void {
    const info = this.iommu.devices.get(device.name);
    if (info) probeFinalize(info);
  }

  /** The core has attached the blocking domain before; who has not is blocked here. */
  releaseDevice(device: IommuClient): void {
    const info = this.iommu.devices.get(device.name);
    if (info === undefined) return;
    blockTranslation(info);
    release(info);
  }

  domainAllocPaging(_device: IommuClient, flags: PagingFlags): Result<IommuDomain> {
    const nextLabel = (): string => this.nextLabel();
    return allocPagingDomain(this.iommu, { host: this, trace: this.trace, nextLabel, flags });
  }

  domainAllocNested(
    _device: IommuClient,
    parent: IommuDomain,
    flags: number,
    data: UserData,
  ): Result<IommuDomain> {
    return allocNestedDomain(this.iommu, {
      host: this,
      nextLabel: () => this.nextLabel(),
      parent,
      flags,
      data,
    });
  }

  domainAllocSva(device: IommuClient, mm: UserMemory): Result<IommuDomain> {
    const info = this.infoOf(device.name);
    return info.ok ? SvaDomain.create(this.nextLabel(), this, info.value, mm) : info;
  }

  hwInfo(_device: IommuClient, type: number): ReturnType<typeof hwInfo> {
    return hwInfo(this.iommu.caps, type);
  }

  /** Linux: intel_iommu_page_response() */
  pageResponse(device: IommuClient, fault: PageFault, response: PageResponse): void {
    const info = this.iommu.devices.get(device.name);
    if (info) this.iommu.flush.pageResponse(info.rid, fault.pasid, fault.grpid, RESPONSE_CODES[response]);
  }

  getResvRegions(device: IommuClient): readonly ResvRegion[] {
    return reservedRegions(device, this.options.reservedOf?.(device.name) ?? []);
  }

  /** Linux: device_def_domain_type() */
  defDomainType(): 'identity' | 'DMA' | null {
    return ecap.passThrough(this.iommu.caps.ecap) ? null : 'DMA';
  }

  private sisters(): readonly VtdDriver[] {
    const all = this.options.sisters?.() ?? [];
    return all.filter((ops): ops is VtdDriver => ops instanceof VtdDriver && ops !== this);
  }

  private nextLabel(): string {
    return this.options.nextLabel?.() ?? `domain ${++this.labels}`;
  }
}
