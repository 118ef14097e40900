import type { PhysicalMemory } from '../../../memory/physical-memory';
import type { Trace } from '../../../trace/trace';
import type { Result } from '../../../kernel/errno';
import type { FaultRecordView } from '../../common/view';
import type { CommandBuffer } from './command-buffer';
import { ALL_PAGES, invAll, invDte, invInterruptTable, invIommuPages } from './commands';
import type { Features } from './features';
import type { AmdGlobals, PciSegment } from './globals';
import type { KernelLog } from './log';
import type { RegisterIo } from './register-io';
import { efr } from '../regs';

/** One unit, as its driver knows it. Linux: struct amd_iommu */
export interface IvhdParts {
  readonly index: number;
  /** Requester id of its own PCI function. */
  readonly devid: number;
  readonly globals: AmdGlobals;
  readonly segment: PciSegment;
  readonly features: Features;
  readonly memory: PhysicalMemory;
  readonly io: RegisterIo;
  readonly trace: Trace;
  readonly log: KernelLog;
  /** As log, for lines that have their prefix. */
  readonly print: KernelLog;
  readonly commands: CommandBuffer;
  readonly eventLogPa: number;
  /** Null: the unit knows no page requests. */
  readonly pprLogPa: number | null;
  readonly irqRemap: boolean;
  /** Firmware's alias of a requester id: itself where it names none. Linux: alias_table */
  readonly aliasOf: (rid: number) => number;
}

/** A unit and the invalidations that concern no single domain. */
export class Ivhd {
  readonly index: number;
  readonly devid: number;
  readonly globals: AmdGlobals;
  readonly segment: PciSegment;
  readonly features: Features;
  readonly memory: PhysicalMemory;
  readonly io: RegisterIo;
  readonly trace: Trace;
  readonly log: KernelLog;
  readonly print: KernelLog;
  readonly commands: CommandBuffer;
  readonly eventLogPa: number;
  readonly irqRemap: boolean;
  readonly aliasOf: (rid: number) => number;
  pprLogPa: number | null;
  /** Events that the handler has read, oldest first. */
  readonly faults: FaultRecordView[] = [];
  /** It remembers no interrupt entries. */
  irtCacheDisabled = false;

  constructor(parts: IvhdParts) {
    this.index = parts.index;
    this.devid = parts.devid;
    this.globals = parts.globals;
    this.segment = parts.segment;
    this.features = parts.features;
    this.memory = parts.memory;
    this.io = parts.io;
    this.trace = parts.trace;
    this.log = parts.log;
    this.print = parts.print;
    this.commands = parts.commands;
    this.eventLogPa = parts.eventLogPa;
    this.pprLogPa = parts.pprLogPa;
    this.irqRemap = parts.irqRemap;
    this.aliasOf = parts.aliasOf;
  }

  /** As iommu_device_sysfs_add() has it. */
  get name(): string {
    return `ivhd${this.index}`;
  }

  /** Linux: iommu_flush_dte() */
  flushDte(rid: number): Result<undefined> {
    return this.commands.queue(invDte(rid));
  }

  /** Linux: iommu_flush_dte_sync() */
  flushDteSync(rid: number): void {
    if (this.flushDte(rid).ok) this.commands.completionWait();
  }

  /** Linux: amd_iommu_flush_tlb_domid() */
  flushDomain(domid: number): void {
    this.commands.queue(invIommuPages(0n, ALL_PAGES, { domid, pasid: null }));
    this.commands.completionWait();
  }

  /** Linux: amd_iommu_flush_all_caches() */
  flushAllCaches(): void {
    if (efr.invalidateAll(this.features.efr)) {
      this.commands.queue(invAll);
      this.commands.completionWait();
      return;
    }
    const { lastBdf } = this.segment.table;
    for (let rid = 0; rid <= lastBdf; rid++) this.commands.queue(invDte(rid));
    this.commands.completionWait();
    if (!this.irtCacheDisabled) {
      for (let rid = 0; rid <= lastBdf; rid++) this.commands.queue(invInterruptTable(rid));
      this.commands.completionWait();
    }
    // As many domains as devices, the kernel holds.
    for (let domid = 0; domid <= lastBdf; domid++)
      this.commands.queue(invIommuPages(0n, ALL_PAGES, { domid, pasid: null }));
    this.commands.completionWait();
  }
}
