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
import { riscv64 } from '../../../pt/fmt/riscv';
import { PageTable } from '../../../pt/page-table';
import { silent, type Trace } from '../../../trace/trace';
import type { TableShape } from '../../common/address-fields';
import type { IrqSource, RegisterBus } from '../../port';
import type { DomainTables } from '../../unit';
import { cap } from '../regs';
import { BARE, type ContextTarget } from './directory';
import { RiscvDomain, type DomainHost } from './domain';
import { initUnit, type RiscvUnitParts } from './init';
import { deviceLog } from './log';
import { RegisterIo } from './register-io';

export interface RiscvDriverOptions {
  readonly memory: PhysicalMemory;
  readonly bus: RegisterBus;
  /** World id, e.g. `iommu:riscv0`. */
  readonly unit: string;
  readonly trace?: Trace;
  /** Name of the unit's platform device. Default: as on QEMU's machine. */
  readonly name?: string;
  /** Whether a device's requests come to this unit. Default: all do. */
  readonly scope?: (device: IommuClient) => boolean;
  readonly nextLabel?: () => string;
  /** PSCIDs of the machine; units of one get the same. */
  readonly pscids?: PscidSpace;
  /** The machine's other units, whose devices may be in our domains. */
  readonly sisters?: () => readonly IommuOps[];
  /**
   * The driver of 7.1 has no capable(), so nothing that asks for coherent accesses can use its devices: VFIO and iommufd
   * refuse them. True: as if it said what its hardware does.
   */
  readonly reportCoherency?: boolean;
  /** Fault injection: unmap forgets to tell the IOATC. */
  readonly skipInvalidation?: boolean;
}

/** Linux: riscv_iommu_pscids, RISCV_IOMMU_MAX_PSCID */
const MAX_PSCID = 2 ** 20 - 1;

export class PscidSpace {
  private readonly used = new Set<number>();

  allocate(): number | null {
    for (let id = 1; id <= MAX_PSCID; id++) {
      if (this.used.has(id)) continue;
      this.used.add(id);
      return id;
    }
    return null;
  }

  release(id: number): void {
    this.used.delete(id);
  }
}

/** Physical addresses of 56 bits. */
const OA_LG2 = 56;
/** riscv64 with its top level 2, 3 and 4. */
const TOP_OF_SV39 = 2;

/** What the driver keeps of a device. Linux: struct riscv_iommu_info */
interface Attachment {
  readonly client: IommuClient;
  domain: IommuDomain | null;
}

/** Brings a unit up as the kernel does at boot. Linux: riscv_iommu_platform_probe(), riscv_iommu_init() */
export function createRiscvDriver(options: RiscvDriverOptions): Result<RiscvDriver> {
  const trace = options.trace ?? silent;
  const io = new RegisterIo(options.bus, options.unit, trace);
  const log = deviceLog(trace, options.name ?? '3010000.iommu');
  const parts = initUnit(options.memory, io, log);
  return parts.ok ? ok(new RiscvDriver(options, parts.value)) : parts;
}

/**
 * The Linux side of one RISC-V IOMMU: first-stage tables, no PASIDs, no nesting.
 *
 * Linux: drivers/iommu/riscv/iommu.c riscv_iommu_ops
 */
export class RiscvDriver implements IommuOps, DomainHost {
  readonly unit: string;
  readonly driver = 'riscv-iommu';
  /** Nothing checks who sends which message. Linux: irq-riscv-imsic-platform.c has no IRQ_DOMAIN_FLAG_ISOLATED_MSI */
  readonly isolatedMsi = false;
  readonly identityDomain: IommuDomain;
  readonly blockedDomain: IommuDomain;
  readonly releaseDomain: IommuDomain;
  readonly ops = this;
  skipInvalidation: boolean;
  private readonly trace: Trace;
  private readonly pscids: PscidSpace;
  private readonly devices = new Map<string, Attachment>();
  private labels = 0;

  constructor(
    private readonly options: RiscvDriverOptions,
    readonly parts: RiscvUnitParts,
  ) {
    this.unit = options.unit;
    this.trace = options.trace ?? silent;
    this.pscids = options.pscids ?? new PscidSpace();
    this.skipInvalidation = options.skipInvalidation ?? false;
    // Without V every request is a fault: "DDT entry not valid".
    this.blockedDomain = this.staticDomain('blocked', { valid: false, fsc: BARE, pscid: 0 });
    this.identityDomain = this.staticDomain('identity', { valid: true, fsc: BARE, pscid: 0 });
    this.releaseDomain = this.blockedDomain;
  }

  capable(_device: IommuClient, capability: IommuCap): boolean {
    return this.options.reportCoherency === true && capability === 'CACHE_COHERENCY';
  }

  /** The unit interrupts. Linux: riscv_iommu_cmdq_process(), riscv_iommu_fltq_process() */
  interrupt(source: IrqSource): void {
    if (source === 'commands') this.parts.commands.handle();
    else if (source === 'faults') this.parts.faults.handle();
  }

  /** Linux: riscv_iommu_probe_device() */
  probeDevice(device: IommuClient): Result<undefined> {
    const { directory } = this.parts;
    const about = { rule: 'riscv_iommu_probe_device', culprit: `dev:${device.name}` };
    if (this.options.scope?.(device) === false)
      return err('ENODEV', `${device.name} is not behind ${this.unit}`, about);
    for (const did of device.aliasRids) {
      const context = directory.context(did);
      if (context === null)
        return err('ENODEV', `the device directory has no place for ${device.name}`, about);
      if (directory.isValid(context)) {
        const text = `pci ${device.name}: already attached to IOMMU device directory`;
        if (this.trace.on) this.trace.emit({ kind: 'log', level: 'warn', text });
      }
      directory.clearControl(context);
    }
    this.devices.set(device.name, { client: device, domain: null });
    return done;
  }

  /** Linux: riscv_iommu_release_device(); the core has attached the blocking domain before. */
  releaseDevice(device: IommuClient): void {
    this.devices.delete(device.name);
  }

  /** Linux: riscv_iommu_alloc_paging_domain() */
  domainAllocPaging(_device: IommuClient, flags: PagingFlags): Result<IommuDomain> {
    const rule = 'riscv_iommu_alloc_paging_domain';
    if (flags.nestParent === true || flags.dirtyTracking === true)
      return err('EOPNOTSUPP', 'this driver knows neither nesting nor dirty tracking', { rule });
    const { capabilities } = this.parts;
    const supported = [cap.sv39, cap.sv48, cap.sv57].map((has) => has(capabilities));
    const widest = supported.lastIndexOf(true);
    if (widest < 0) return err('ENODEV', 'cannot find supported page table mode', { rule });
    const pscid = this.pscids.allocate();
    if (pscid === null) return err('ENOMEM', 'no PSCID is left', { rule });
    const table = PageTable.create({
      memory: this.options.memory,
      format: riscv64,
      topLevel: TOP_OF_SV39 + widest,
      oaLg2: OA_LG2,
      signExtend: true,
    });
    if (!table.ok) {
      this.pscids.release(pscid);
      return table;
    }
    const label = this.options.nextLabel?.() ?? `domain ${++this.labels}`;
    return ok(new RiscvDomain(this, pscid, { label, trace: this.trace, table: table.value }));
  }

  /** The driver has none to tell of. Linux: riscv_iommu_ops has no get_resv_regions */
  getResvRegions(): readonly ResvRegion[] {
    return [];
  }

  defDomainType(): null {
    return null;
  }

  /** A device of another unit is that one's. Linux: riscv_iommu_attach_paging_domain() */
  attach(domain: RiscvDomain, device: IommuClient): Result<undefined> {
    if (this.devices.has(device.name)) return this.attachHere(domain, device);
    const other = this.options.sisters?.().find((ops) => ops instanceof RiscvDriver && ops.has(device));
    return other instanceof RiscvDriver
      ? other.attachHere(domain, device)
      : err('ENODEV', `${device.name} is not behind ${this.unit}`);
  }

  has(device: IommuClient): boolean {
    return this.devices.has(device.name);
  }

  freed({ pscid }: RiscvDomain): void {
    this.pscids.release(pscid);
  }

  /** Null for domains that are not this unit's or have no table. */
  describeDomain(domain: IommuDomain): DomainTables | null {
    if (!(domain instanceof RiscvDomain) || domain.owner !== this) return null;
    return domain.describe(`PSCID ${domain.pscid}`);
  }

  /** One id on all units that have a device in it. */
  tagOn(domain: IommuDomain): string | null {
    return domain instanceof RiscvDomain && domain.isOn(this.parts) ? `PSCID ${domain.pscid}` : null;
  }

  /** Null: none of this driver's. */
  shapeOf(domain: IommuDomain): TableShape | null {
    return domain instanceof RiscvDomain ? domain.table : null;
  }

  domainOf(device: string, pasid: number): IommuDomain | null {
    return pasid < 0 ? (this.devices.get(device)?.domain ?? null) : null;
  }

  private attachHere(domain: RiscvDomain, device: IommuClient): Result<undefined> {
    const info = this.devices.get(device.name);
    const rule = 'riscv_iommu_attach_paging_domain';
    if (!info) return err('ENODEV', `${device.name} is not behind ${this.unit}`, { rule });
    const { capabilities } = this.parts;
    const modes = [cap.sv39, cap.sv48, cap.sv57];
    if (modes[domain.table.topLevel - TOP_OF_SV39]?.(capabilities) !== true)
      return err('ENODEV', `${this.unit} cannot walk tables of ${domain.table.topLevel + 1} levels`, {
        rule,
      });
    domain.link(device, this.parts);
    this.parts.directory.update(device.aliasRids, { valid: true, fsc: domain.fsc, pscid: domain.pscid });
    this.leave(info);
    info.domain = domain;
    return done;
  }

  /** Linux: riscv_iommu_bond_unlink() */
  private leave({ client, domain }: Attachment): void {
    if (domain instanceof RiscvDomain) domain.unlink(client, this.parts);
  }

  /** Linux: riscv_iommu_attach_blocking_domain(), riscv_iommu_attach_identity_domain() */
  private staticDomain(type: DomainType & ('identity' | 'blocked'), target: ContextTarget): IommuDomain {
    const domain: IommuDomain = {
      label: type,
      type,
      owner: this,
      paging: null,
      attachDev: (device) => {
        const info = this.devices.get(device.name);
        if (!info) return err('ENODEV', `${device.name} is not behind ${this.unit}`);
        this.parts.directory.update(device.aliasRids, target);
        this.leave(info);
        info.domain = domain;
        return done;
      },
    };
    return domain;
  }
}
