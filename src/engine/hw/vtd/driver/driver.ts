import { invariant } from '../../../../lib/invariant';
import { done } from '../../../../lib/result';
import type {
  DomainType,
  IommuCap,
  IommuClient,
  IommuDomain,
  IommuOps,
  PagingFlags,
  ResvRegion,
} from '../../../iommu/ops';
import { err, ok, type Result } from '../../../kernel/errno';
import type { PhysicalMemory } from '../../../memory/physical-memory';
import { vtdss } from '../../../pt/fmt/vtdss';
import { PageTable } from '../../../pt/page-table';
import { silent, type Trace } from '../../../trace/trace';
import type { RegisterBus } from '../../port';
import { cap, ecap, TE } from '../regs';
import { DeviceContexts, type Attachment } from './attach';
import { secondStageShape, superpageSizes, VtdDomain, type DomainHost, type DomainTable } from './domain';
import { DomainIds } from './domain-ids';
import type { LoggedFault } from './faults';
import { initUnit, type VtdUnitParts } from './init';

export interface VtdDriverOptions {
  readonly memory: PhysicalMemory;
  readonly bus: RegisterBus;
  /** World id, e.g. `iommu:dmar0`. */
  readonly unit: string;
  readonly trace?: Trace;
  readonly segment?: number;
  /** Physical address of the registers, for the boot message. */
  readonly registerBase?: number;
  /** Interrupt remapping is brought up where the unit has it. Default true. Linux: intremap= */
  readonly interruptRemapping?: boolean;
  /** DMAR table flag DMA_CTRL_PLATFORM_OPT_IN_FLAG. */
  readonly platformOptIn?: boolean;
  /** Whether a function lies in this unit's scope. Default: all do. */
  readonly scope?: (device: IommuClient) => boolean;
  /** Reserved memory of the DMAR table. Linux: struct dmar_rmrr_unit */
  readonly reservedMemory?: readonly ReservedMemory[];
  /** Names domains; give units of one machine the same one. */
  readonly nextLabel?: () => string;
  /** Fault injection: unmap forgets to tell the IOTLB. */
  readonly skipInvalidation?: boolean;
  /** See DeviceContexts.clear(): flush the context cache for every alias, which the kernel does not. */
  readonly flushEveryAlias?: boolean;
}

export interface ReservedMemory {
  readonly start: bigint;
  readonly last: bigint;
  /** PCI names of the devices that use it. */
  readonly devices: readonly string[];
  /** USB controllers' and graphics' regions count only until a driver takes over. */
  readonly relaxable: boolean;
}

const MSI_RANGE: ResvRegion = { start: 0xfee0_0000n, last: 0xfeef_ffffn, kind: 'msi' };
const CLASS_ISA_BRIDGE = 0x0601;

/**
 * Brings a unit up as the kernel does at boot: invalidation queue, interrupt remapping, root table, fault interrupt.
 * Translation is off until enableTranslation(), which the kernel calls when all devices have their default domains.
 */
export function createVtdDriver(options: VtdDriverOptions): Result<VtdDriver> {
  const parts = initUnit({
    memory: options.memory,
    bus: options.bus,
    unit: options.unit,
    trace: options.trace ?? silent,
    segment: options.segment ?? 0,
    registerBase: options.registerBase ?? 0xfed9_0000,
    interruptRemapping: options.interruptRemapping ?? true,
  });
  return parts.ok ? ok(new VtdDriver(options, parts.value)) : parts;
}

/**
 * The Linux side of one VT-d unit.
 *
 * Linux: drivers/iommu/intel/iommu.c intel_iommu_ops
 *
 * Legacy mode: second-stage tables only. One unit per driver object; a domain belongs to its unit.
 */
export class VtdDriver implements IommuOps, DomainHost {
  readonly unit: string;
  readonly driver = 'intel-iommu';
  readonly isolatedMsi: boolean;
  readonly identityDomain: IommuDomain;
  readonly blockedDomain: IommuDomain;
  readonly releaseDomain: IommuDomain;
  readonly pagingExtras = ['pasid'] as const;
  readonly ops = this;
  readonly trace: Trace;
  readonly snoopControl: boolean;
  /** Fault injection: unmap forgets to tell the IOTLB. May be changed at any time. */
  skipInvalidation: boolean;
  private readonly devices = new Map<string, Attachment>();
  private readonly ids: DomainIds;
  private readonly contexts: DeviceContexts;
  private labels = 0;

  constructor(
    private readonly options: VtdDriverOptions,
    private readonly parts: VtdUnitParts,
  ) {
    this.unit = options.unit;
    this.trace = options.trace ?? silent;
    this.skipInvalidation = options.skipInvalidation ?? false;
    this.isolatedMsi = parts.interruptRemapping;
    this.snoopControl = ecap.snoopControl(parts.ecap);
    this.ids = new DomainIds(cap.domains(parts.cap));
    this.contexts = new DeviceContexts(parts, options.flushEveryAlias ?? false);
    this.identityDomain = this.staticDomain('identity', (device) => this.attachIdentity(device));
    this.blockedDomain = this.staticDomain('blocked', (device) => this.attachBlocked(device));
    this.releaseDomain = this.blockedDomain;
  }

  /** The last step of boot. Linux: iommu_enable_translation() */
  enableTranslation(): void {
    invariant(this.parts.io.level(TE, true), `${this.unit} does not enable translation`);
  }

  disableTranslation(): void {
    invariant(this.parts.io.level(TE, false), `${this.unit} does not disable translation`);
  }

  /** The fault event's interrupt handler: wire the unit's interrupt line to it. */
  faultInterrupt(): void {
    this.parts.faults.handle();
  }

  /** Faults that the handler has seen, oldest first. */
  get faultLog(): readonly LoggedFault[] {
    return this.parts.faults.faults;
  }

  /** Null for domains that are not this unit's or have no table. */
  describeDomain(domain: IommuDomain): DomainTable | null {
    return domain instanceof VtdDomain && domain.owner === this ? domain.describe() : null;
  }

  /** Linux: intel_iommu_capable() */
  capable(_device: IommuClient, capability: IommuCap): boolean {
    switch (capability) {
      case 'CACHE_COHERENCY':
        return true;
      case 'PRE_BOOT_PROTECTION':
        return this.options.platformOptIn ?? false;
      case 'ENFORCE_CACHE_COHERENCY':
        return this.snoopControl;
      default:
        // Dirty tracking needs scalable mode; deferred flushing is decided by the core.
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
    this.devices.set(device.name, { client: device, domain: null, attached: false });
    return done;
  }

  /** Linux: intel_iommu_release_device(); the core has attached the blocking domain before. */
  releaseDevice(device: IommuClient): void {
    const info = this.devices.get(device.name);
    if (info === undefined) return;
    this.blockTranslation(info);
    this.devices.delete(device.name);
  }

  /** Linux: intel_iommu_domain_alloc_second_stage() */
  domainAllocPaging(_device: IommuClient, flags: PagingFlags): Result<IommuDomain> {
    if (flags.nestParent === true || flags.dirtyTracking === true) {
      const why = 'nesting and dirty tracking need scalable mode, which this unit lacks';
      return err('EOPNOTSUPP', why, { rule: 'intel_iommu_domain_alloc_second_stage' });
    }
    const shape = secondStageShape(cap.mgaw(this.parts.cap), cap.sagaw(this.parts.cap));
    if (shape === null) return err('EOPNOTSUPP', 'the unit has no usable table width');
    const table = PageTable.create({
      memory: this.options.memory,
      format: vtdss,
      ...shape,
      pageSizesLg2: superpageSizes(cap.superpages(this.parts.cap)),
    });
    return table.ok ? ok(new VtdDomain(this.nextLabel(), this, table.value)) : table;
  }

  /** Linux: intel_iommu_get_resv_regions() */
  getResvRegions(device: IommuClient): readonly ResvRegion[] {
    const regions: ResvRegion[] = [];
    for (const { start, last, devices, relaxable } of this.options.reservedMemory ?? []) {
      if (devices.includes(device.name))
        regions.push({ start, last, kind: relaxable ? 'direct-relaxable' : 'direct' });
    }
    // CONFIG_INTEL_IOMMU_FLOPPY_WA, on by default: the floppy driver uses ISA DMA behind the core's back.
    if (device.classCode !== undefined && device.classCode >>> 8 === CLASS_ISA_BRIDGE) {
      regions.push({ start: 0n, last: 0xff_ffffn, kind: 'direct-relaxable' });
    }
    return [...regions, MSI_RANGE];
  }

  /** Linux: device_def_domain_type() */
  defDomainType(): 'identity' | 'DMA' | null {
    return ecap.passThrough(this.parts.ecap) ? null : 'DMA';
  }

  /**
   * Break before make: the device is blocked first, and stays so when the rest fails.
   *
   * Linux: intel_iommu_attach_device(), dmar_domain_attach_device(), domain_attach_iommu()
   */
  attach(domain: VtdDomain, device: IommuClient): Result<undefined> {
    const info = this.info(device);
    if (!info.ok) return info;
    this.blockTranslation(info.value);
    if (domain.owner !== this) {
      return err('EINVAL', `${domain.label} belongs to another unit`, { rule: 'paging_domain_compatible' });
    }
    // Devices here send no page requests. Linux: iopf_for_domain_set(), intel_iommu_enable_iopf()
    if (domain.iopfHandler) {
      const why = `${device.name} cannot ask for pages: it has no page request interface`;
      return err('ENODEV', why, { rule: 'intel_iommu_enable_iopf', culprit: `dev:${device.name}` });
    }
    if (domain.did === null) {
      const did = this.ids.allocate();
      if (did === null)
        return err('ENOSPC', `${this.unit}: no free domain ids`, { rule: 'domain_attach_iommu' });
      domain.did = did;
    }
    domain.users++;
    info.value.domain = domain;
    info.value.attached = true;
    const { rootPfn, topLevel } = domain.table;
    const target = { did: domain.did, aw: topLevel - 1, rootPa: rootPfn * 4096 };
    const set = this.contexts.set(info.value, target);
    if (set.ok) return set;
    this.blockTranslation(info.value);
    return set;
  }

  flushRange(domain: VtdDomain, firstVpn: number, lastVpn: number, leafOnly: boolean): void {
    // Without an attached device there is no cache tag to flush for. Linux: cache_tag_assign_domain()
    if (domain.did === null || this.skipInvalidation) return;
    this.parts.flush.iotlbRange(domain.did, firstVpn, lastVpn, leafOnly);
  }

  /** Linux: identity_domain_attach_dev(), device_setup_pass_through() */
  private attachIdentity(device: IommuClient): Result<undefined> {
    const info = this.info(device);
    if (!info.ok) return info;
    this.blockTranslation(info.value);
    const set = this.contexts.set(info.value, this.contexts.passThrough);
    if (set.ok) info.value.attached = true;
    return set;
  }

  /** Linux: blocking_domain_attach_dev() */
  private attachBlocked(device: IommuClient): Result<undefined> {
    const info = this.info(device);
    if (!info.ok) return info;
    this.blockTranslation(info.value);
    return done;
  }

  /** Linux: device_block_translation(), domain_detach_iommu() */
  private blockTranslation(info: Attachment): void {
    if (!info.attached) return;
    this.contexts.clear(info);
    info.attached = false;
    const { domain } = info;
    info.domain = null;
    if (domain === null || --domain.users > 0) return;
    if (domain.did !== null) this.ids.release(domain.did);
    domain.did = null;
  }

  private info(device: IommuClient): Result<Attachment> {
    const info = this.devices.get(device.name);
    return info === undefined ? err('EINVAL', `${device.name} is not behind ${this.unit}`) : ok(info);
  }

  private staticDomain(
    type: DomainType & ('identity' | 'blocked'),
    attachDev: (device: IommuClient) => Result<undefined>,
  ): IommuDomain {
    return { label: type, type, owner: this, paging: null, attachDev };
  }

  private nextLabel(): string {
    return this.options.nextLabel?.() ?? `domain ${++this.labels}`;
  }
}
