import type { IommuClient, IommuDomain, IommuOps } from '../../../iommu/ops';
import type { Result } from '../../../kernel/errno';
import type { PageTable } from '../../../pt/page-table';
import type { Trace } from '../../../trace/trace';
import { LAST_VPN, TableDomain } from '../../common/table-domain';
import type { CommandQueue } from './command-queue';
import { invalidatePage, invalidatePscid } from './commands';

/** Pages from which on everything is flushed: 2 MiB. Linux: RISCV_IOMMU_IOTLB_INVAL_LIMIT */
const INVAL_LIMIT_PAGES = 512;

/** A unit with a device in the domain. */
export interface BondUnit {
  readonly commands: CommandQueue;
}

/** Linux: struct riscv_iommu_bond */
interface Bond {
  readonly device: IommuClient;
  readonly unit: BondUnit;
}

export interface DomainHost {
  readonly ops: IommuOps;
  attach(domain: RiscvDomain, device: IommuClient): Result<undefined>;
  freed(domain: RiscvDomain): void;
  /** Fault injection: unmap forgets to tell the IOATC. */
  readonly skipInvalidation: boolean;
}

/**
 * A paging domain: a first-stage table. Devices of several units may be in it.
 *
 * Linux: drivers/iommu/riscv/iommu.c struct riscv_iommu_domain, riscv_iommu_paging_domain_ops
 */
export class RiscvDomain extends TableDomain {
  /** Those of one unit stand together. */
  private readonly bonds: Bond[] = [];

  constructor(
    private readonly host: DomainHost,
    readonly pscid: number,
    parts: { readonly label: string; readonly trace: Trace; readonly table: PageTable },
  ) {
    const aperture = { start: 0n, last: parts.table.apertureLast };
    super({ ...parts, owner: host.ops, aperture, snoopControl: false });
  }

  /** iosatp. Linux: riscvpt_iommu_hw_info() */
  get fsc(): bigint {
    return (BigInt(this.table.topLevel + 6) << 60n) | BigInt(this.table.rootPfn);
  }

  attachDev(device: IommuClient, _old: IommuDomain | null): Result<undefined> {
    return this.host.attach(this, device);
  }

  isOn(unit: BondUnit): boolean {
    return this.bonds.some((bond) => bond.unit === unit);
  }

  /** Linux: riscv_iommu_bond_link() */
  link(device: IommuClient, unit: BondUnit): void {
    const first = this.bonds.findIndex((bond) => bond.unit === unit);
    this.bonds.splice(first + 1, 0, { device, unit });
  }

  /** With the last device of a unit its entries go. Linux: riscv_iommu_bond_unlink() */
  unlink(device: IommuClient, unit: BondUnit): void {
    const at = this.bonds.findLastIndex((bond) => bond.device.name === device.name);
    const others = this.bonds.some((bond) => bond.unit === unit && bond.device.name !== device.name);
    if (at >= 0) this.bonds.splice(at, 1);
    if (others) return;
    unit.commands.send(invalidatePscid(this.pscid));
    unit.commands.sync();
  }

  /** Linux: riscv_iommu_free_paging_domain() */
  override free(): void {
    this.host.freed(this);
    super.free();
  }

  /**
   * Commands for pages keep what is cached of tables, so where a table was freed everything goes.
   *
   * Linux: riscv_iommu_iotlb_sync(), riscv_iommu_iotlb_inval()
   */
  protected flushRange(firstVpn: number, lastVpn: number, leafOnly: boolean): void {
    if (this.host.skipInvalidation) return;
    const units = new Set(this.bonds.map(({ unit }) => unit));
    const few = leafOnly && lastVpn < LAST_VPN && lastVpn - firstVpn + 1 < INVAL_LIMIT_PAGES;
    for (const { commands } of units) {
      if (few) for (let vpn = firstVpn; vpn <= lastVpn; vpn++) commands.send(invalidatePage(this.pscid, vpn));
      else commands.send(invalidatePscid(this.pscid));
    }
    for (const { commands } of units) commands.sync();
  }
}
