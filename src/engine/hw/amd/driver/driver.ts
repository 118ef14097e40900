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
import type { ViommuHandle, ViommuOps } from '../../../iommu/viommu-ops';
import { err, ok, type Result } from '../../../kernel/errno';
import type { UserMemory } from '../../../memory/user-memory';
import { silent, type Trace } from '../../../trace/trace';
import type { FaultRecordView } from '../../common/view';
import type { IrqSource } from '../../port';
import type { DeviceAbilities, DomainTables } from '../../unit';
import { efr2 } from '../regs';
import { detach, moveTo } from './attach';
import { allocPaging } from './alloc';
import { AmdDomain, staticDomain, type DomainHost } from './domain';
import { clearEntry, cloneAliases } from './entry';
import { AmdGlobals, type ProbedDevice } from './globals';
import type { DomainIds } from './ids';
import { initUnit, startUnit } from './init';
import { handleInterrupt } from './interrupts';
import type { Ivhd } from './ivhd';
import { allocNested, type NestedHost } from './nested';
import type { AmdDriverOptions } from './options';
import { complete, RESPONSES } from './ppr';
import { ProtectionDomain } from './protection-domain';
import { AmdSvaDomain, allocSva } from './sva';
import { DeviceSwitches } from './switches';
import { AmdViommu } from './viommu';

const MSI_RANGE: ResvRegion = { start: 0xfee0_0000n, last: 0xfeef_ffffn, kind: 'msi' };
/** HyperTransport's interrupts and configuration space. */
const HT_RANGE: ResvRegion = { start: 0xfd_0000_0000n, last: 0xff_ffff_ffffn, kind: 'reserved' };

/** Linux: include/uapi/linux/iommufd.h IOMMU_HW_INFO_TYPE_DEFAULT, IOMMU_HW_INFO_TYPE_AMD */
const HW_INFO_DEFAULT = 0;
const HW_INFO_AMD = 4;

/**
 * Brings a unit up as the kernel does at boot; start() follows when the devices that are there have their domains. Units of
 * one machine know each other by `sisters`.
 */
export function createAmdDriver(options: AmdDriverOptions): Result<AmdDriver> {
  const sister = options.sisters?.().find((ops) => ops instanceof AmdDriver);
  const globals = sister?.globals ?? new AmdGlobals();
  const iommu = initUnit(options, globals);
  if (!iommu.ok) return iommu;
  const id = globals.ids.allocate();
  return id === null
    ? err('ENOSPC', 'no domain id for the identity domain')
    : ok(new AmdDriver(options, iommu.value, id));
}

/**
 * The Linux side of one AMD IOMMU.
 *
 * Linux: drivers/iommu/amd/iommu.c amd_iommu_ops
 */
export class AmdDriver implements IommuOps, DomainHost {
  readonly unit: string;
  readonly driver = 'amd-iommu';
  readonly isolatedMsi: boolean;
  readonly identityDomain: IommuDomain;
  readonly blockedDomain: IommuDomain;
  readonly releaseDomain: IommuDomain;
  readonly pagingExtras = ['pasid'] as const;
  readonly maxPasids: number;
  readonly ops = this;
  readonly trace: Trace;
  readonly globals: AmdGlobals;
  readonly ids: DomainIds;
  /** Fault injection: unmap forgets to tell the IOTLB. May be changed at any time. */
  skipInvalidation: boolean;
  private readonly switches: DeviceSwitches;
  private readonly identity: ProtectionDomain;
  /** What domains without a table of this driver's need of it. */
  private readonly ties: NestedHost = {
    owner: this,
    label: () => this.nextLabel(),
    deviceOf: (device) => this.globals.dataOf(device),
  };
  private labels = 0;

  constructor(
    private readonly options: AmdDriverOptions,
    readonly iommu: Ivhd,
    identityId: number,
  ) {
    this.unit = options.unit;
    this.trace = options.trace ?? silent;
    this.globals = iommu.globals;
    this.ids = iommu.globals.ids;
    this.skipInvalidation = options.skipInvalidation ?? false;
    this.isolatedMsi = iommu.irqRemap;
    this.maxPasids = iommu.features.maxPasids;
    this.switches = new DeviceSwitches(options.control ?? null, options.pageRequests ?? null);
    this.identityDomain = staticDomain(this, 'identity', (device) => this.attachIdentity(device));
    this.identity = new ProtectionDomain(this.identityDomain, identityId, 'identity', null);
    this.blockedDomain = {
      ...staticDomain(this, 'blocked', (device) => this.attachBlocked(device)),
      setDevPasid: (device, pasid, old) => this.removePasid(device, pasid, old),
    };
    this.releaseDomain = this.blockedDomain;
  }

  /** The last part of boot. */
  start(): void {
    startUnit(this.iommu);
  }

  /** The interrupt handler: wire the unit's interrupt line to it. */
  interrupt(source: IrqSource): void {
    handleInterrupt(this.iommu, source, this.options.pageRequests ?? null);
  }

  /** Null for domains that are not this unit's or have no table. */
  describeDomain(domain: IommuDomain): DomainTables | null {
    if (!(domain instanceof AmdDomain) || domain.owner !== this) return null;
    const ids = domain.protection.cacheIds;
    return domain.describe(ids.length > 0 ? `DomID ${ids.join(', ')}` : null);
  }

  /** One id on all units that it is attached behind. */
  tagOn(domain: IommuDomain): string | null {
    const used = domain instanceof AmdDomain && domain.protection.isBehind(this.iommu);
    return used ? `DomID ${domain.protection.cacheIds.join(', ')}` : null;
  }

  /** What serves a device's requests, or those of one of its PASIDs; null for nothing. */
  domainOf(device: string, pasid: number): IommuDomain | null {
    const data = this.globals.byName.get(device);
    if (data === undefined || data.iommu !== this.iommu) return null;
    if (pasid <= 0) return data.shown;
    // A guest that has the device's table of PASIDs has them all.
    return data.pasidDomains.get(pasid) ?? (data.shown?.type === 'nested' ? data.shown : null);
  }

  /** As the kernel names the unit. */
  get name(): string {
    return this.iommu.name;
  }

  /** Events that the handler has read, oldest first. */
  get faultLog(): readonly FaultRecordView[] {
    return [...this.iommu.faults];
  }

  /** What the kernel prints first for a page fault of a device: it depends on what it knows of it. */
  isUnattached(device: string): boolean {
    return this.globals.byName.get(device)?.domain === null;
  }

  isProbed(device: string): boolean {
    return this.globals.byName.has(device);
  }

  /** Linux: amd_iommu_capable() */
  capable(device: IommuClient, capability: IommuCap): boolean {
    switch (capability) {
      case 'CACHE_COHERENCY':
      case 'ENFORCE_CACHE_COHERENCY':
        return true;
      case 'PRE_BOOT_PROTECTION':
        return this.options.dmaRemapSupport ?? false;
      case 'DIRTY_TRACKING':
        return this.iommu.features.hostDirty;
      case 'PCI_ATS_SUPPORTED':
        return this.iommu.features.iotlb && (this.globals.byName.get(device.name)?.can.ats ?? false);
      case 'NOEXEC':
      case 'DEFERRED_FLUSH':
        return false;
    }
  }

  /** Linux: amd_iommu_probe_device(), check_device() */
  probeDevice(device: IommuClient): Result<undefined> {
    const { iommu, options } = this;
    const rule = 'amd_iommu_probe_device';
    const { lastBdf } = iommu.segment.table;
    // Whatever firmware's table says, a unit does not translate for itself.
    const known = device.rid !== iommu.devid && (options.scope?.(device) ?? true);
    if (!known || device.rid > lastBdf)
      return err('ENODEV', `${device.name} is not in the scope of ${this.unit}`, { rule });
    if (this.globals.byName.has(device.name)) return done;
    const data = this.globals.find(iommu, device.rid);
    data.client = device;
    data.iommu = iommu;
    this.globals.byName.set(device.name, data);
    const probed = data as ProbedDevice;
    cloneAliases(probed);
    this.readAbilities(probed);
    if (iommu.features.pageTable === null) {
      iommu.log('warn', 'amd_iommu_probe_device: DMA translation not supported by iommu.');
      return err('ENODEV', `${this.unit} has neither host nor guest tables`, { rule });
    }
    iommu.commands.completionWait();
    return done;
  }

  /** The core has attached the blocking domain before. What is kept of the requester id stays. Linux: amd_iommu_release_device() */
  releaseDevice(device: IommuClient): void {
    const data = this.globals.byName.get(device.name);
    if (data === undefined || data.iommu !== this.iommu) return;
    this.globals.byName.delete(device.name);
    data.client = null;
    data.iommu = null;
    data.shown = null;
  }

  /** Linux: amd_iommu_domain_alloc_paging_flags() */
  domainAllocPaging(_device: IommuClient, flags: PagingFlags): Result<IommuDomain> {
    return allocPaging(this, this.iommu, flags, this.options.pageSizes ?? 'all');
  }

  /** Linux: amd_iommu_domain_alloc_sva() */
  domainAllocSva(_device: IommuClient, mm: UserMemory): Result<IommuDomain> {
    return allocSva(this.ties, this.iommu, mm);
  }

  /** Linux: amd_iommufd_hw_info() */
  hwInfo(_device: IommuClient, type: number): Result<{ readonly type: number; readonly bytes: Uint8Array }> {
    if (type !== HW_INFO_DEFAULT && type !== HW_INFO_AMD)
      return err('EOPNOTSUPP', 'the data asked for is another vendor’s', { rule: 'amd_iommufd_hw_info' });
    const bytes = new Uint8Array(16);
    const view = new DataView(bytes.buffer);
    view.setBigUint64(0, this.iommu.features.efr, true);
    view.setBigUint64(8, this.iommu.features.efr2, true);
    return ok({ type: HW_INFO_AMD, bytes });
  }

  /** The kernel's driver does not look at the type. Linux: amd_iommufd_get_viommu_size() */
  supportsViommu(): boolean {
    return true;
  }

  /** Linux: amd_iommufd_viommu_init() */
  viommuInit(_viommu: ViommuHandle, parent: IommuDomain): Result<ViommuOps> {
    if (!(parent instanceof AmdDomain))
      return err('EINVAL', `${parent.label} has no host table`, { rule: 'amd_iommufd_viommu_init' });
    const alloc =
      this.options.nestedDomains === true
        ? (viommu: AmdViommu, data: UserData) => allocNested(this.ties, viommu, data)
        : null;
    return ok(new AmdViommu(this.iommu, parent.protection, alloc));
  }

  /** Linux: amd_iommu_page_response() */
  pageResponse(device: IommuClient, fault: PageFault, response: PageResponse): void {
    const data = this.globals.dataOf(device);
    if (data.ok) complete(data.value, fault.pasid ?? 0, RESPONSES[response], fault.grpid);
  }

  /** Linux: amd_iommu_get_resv_regions() */
  getResvRegions(device: IommuClient): readonly ResvRegion[] {
    const unity = this.options.reservedOf?.(device.name) ?? [];
    return [...unity, MSI_RANGE, ...(efr2.htRangeIgnore(this.iommu.features.efr2) ? [] : [HT_RANGE])];
  }

  /** Linux: amd_iommu_def_domain_type() */
  defDomainType(device: IommuClient): 'identity' | 'DMA' | null {
    const data = this.globals.byName.get(device.name);
    if (data === undefined) return null;
    if (this.abilitiesOf(device).untrusted === true) return 'DMA';
    const forced = this.options.memoryEncryption === true || this.iommu.features.snp;
    return data.can.pasid && !forced ? 'identity' : null;
  }

  /** For domains, whichever unit the device is behind. */
  attachTo(domain: ProtectionDomain, client: IommuClient): Result<undefined> {
    const device = this.globals.dataOf(client);
    return device.ok ? moveTo(device.value, domain, this.switches) : device;
  }

  nextLabel(): string {
    return this.options.nextLabel?.() ?? `domain ${++this.labels}`;
  }

  /** DTE.Mode = 0 is forbidden where SNP is on. Linux: amd_iommu_identity_attach() */
  private attachIdentity(client: IommuClient): Result<undefined> {
    if (this.iommu.features.snp)
      return err('EINVAL', 'SNP allows no device without a table', { rule: 'amd_iommu_identity_attach' });
    return this.attachTo(this.identity, client);
  }

  /** The entry is cleared a second time where a domain had it. Linux: blocked_domain_attach_device() */
  private attachBlocked(client: IommuClient): Result<undefined> {
    const device = this.globals.dataOf(client);
    if (!device.ok) return device;
    if (device.value.domain !== null) detach(device.value, this.switches);
    clearEntry(device.value);
    device.value.shown = this.blockedDomain;
    return done;
  }

  /** Linux: blocked_domain_set_dev_pasid() */
  private removePasid(client: IommuClient, pasid: number, old: IommuDomain | null): Result<undefined> {
    const device = this.globals.dataOf(client);
    if (!device.ok) return device;
    if (old instanceof AmdSvaDomain) old.removeDevPasid(device.value, pasid);
    return done;
  }

  /** What only a unit that has PASIDs and page requests looks for. Linux: pdev_get_caps() */
  private readAbilities(device: ProbedDevice): void {
    const { passthrough, forceIsolation } = this.options;
    const { features } = this.iommu;
    const abilities = this.abilitiesOf(device.client);
    if ((passthrough === true || forceIsolation !== true) && features.guestPageRequests) {
      const ats = abilities.ats && abilities.untrusted !== true;
      device.can = { ats, pri: abilities.pri, pasid: abilities.maxPasids > 0 };
      device.priTlp = abilities.prgResponsePasid === true;
    }
    if (features.pasids && device.can.pasid)
      device.maxPasids = Math.min(features.maxPasids, abilities.maxPasids);
  }

  private abilitiesOf(device: IommuClient): DeviceAbilities {
    return this.options.abilitiesOf?.(device.name) ?? { ats: false, pri: false, maxPasids: 0 };
  }
}
