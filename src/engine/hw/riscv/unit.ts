import type { IommuDomain } from '../../iommu/ops';
import { ok, type Result } from '../../kernel/errno';
import type { PhysicalMemory } from '../../memory/physical-memory';
import { addressFieldsOf } from '../common/address-fields';
import type { FaultEvent, TraceEvent } from '../../trace/event';
import type { AtsAnswer, AtsQuestion } from '../common/rehearsal';
import type { AddressField, FaultRecordView, TableOfStep, UnitView, WalkStep } from '../common/view';
import type { RegisterBus } from '../port';
import type { DomainTables, HardwareUnit, UnitOptions, UnitSummary } from '../unit';
import { atOnce } from '../common/interrupt';
import type { RiscvConfig } from './device/config';
import { RiscvIommu } from './device/device';
import { explainRiscv, explainRiscvFault, peekRiscv } from './device/explain';
import { describeRecord, summarizeRiscv, viewRiscv, walkedRoot } from './device/inspect';
import { askTables } from './device/rehearse';
import { createRiscvDriver, type RiscvDriver, type RiscvDriverOptions } from './driver/driver';

export interface RiscvUnitOptions extends UnitOptions {
  readonly config?: Partial<RiscvConfig>;
  readonly driver?: Partial<RiscvDriverOptions>;
}

/** A RISC-V IOMMU with its driver on it. */
export class RiscvUnit implements HardwareUnit {
  readonly ops: RiscvDriver;
  readonly translator: RiscvIommu;
  readonly registers: RegisterBus;

  constructor(
    readonly device: RiscvIommu,
    readonly driver: RiscvDriver,
    private readonly memory: PhysicalMemory,
  ) {
    this.ops = driver;
    this.translator = device;
    this.registers = device.registers;
  }

  /** The driver has turned translation on already: every request is a fault until its device is attached. */
  start(): void {
    // Nothing is left to do.
  }

  view(): UnitView {
    return viewRiscv(this.device);
  }

  summary(): UnitSummary {
    return summarizeRiscv(this.device);
  }

  faultLog(): readonly FaultRecordView[] {
    const { segment } = this.device.state.config;
    return this.driver.parts.faults.records.map((words, index) => describeRecord(index, words, segment));
  }

  askTables(questions: readonly AtsQuestion[]): readonly (AtsAnswer | null)[] {
    return askTables(this.device, questions);
  }

  walkedRoot(rid: number, pasid: number): number | null {
    return walkedRoot(this.device, rid, pasid);
  }

  explain(events: readonly TraceEvent[]): readonly WalkStep[] {
    return explainRiscv(this.device, events);
  }

  peek(table: TableOfStep, index: number): WalkStep | null {
    return peekRiscv(this.device, table, index);
  }

  explainFault(fault: FaultEvent, steps: readonly WalkStep[]): ReturnType<HardwareUnit['explainFault']> {
    return explainRiscvFault(this.device, fault, steps);
  }

  tables(domain: IommuDomain): DomainTables | null {
    return this.driver.describeDomain(domain);
  }

  tagOn(domain: IommuDomain): string | null {
    return this.driver.tagOn(domain);
  }

  domainOf(device: string, pasid: number): IommuDomain | null {
    return this.driver.domainOf(device, pasid);
  }

  addressFields(iova: bigint, leafLevel: number | null, domain: IommuDomain | null): readonly AddressField[] {
    const shape = domain && this.driver.shapeOf(domain);
    return shape ? addressFieldsOf(this.memory, shape, iova, leafLevel) : [];
  }
}

/** One unit with its driver on it, wired as on a board: memory, registers, interrupts, and the devices' end of ATS. */
export function createRiscvUnit(options: RiscvUnitOptions): Result<RiscvUnit> {
  const { unit, memory, trace, segment, link, config, driver: parameters, ...rest } = options;
  const { deliver = atOnce, onCommand = null } = options;
  let driver: RiscvDriver | null = null;
  const device = new RiscvIommu(
    { unit, ...(segment === undefined ? {} : { segment }), ...config },
    {
      memory,
      irq: { raise: (source) => deliver(source, () => driver?.interrupt(source)) },
      ...(trace === undefined ? {} : { trace }),
      ...(link === undefined ? {} : { link }),
    },
  );
  device.commands.onDone = onCommand;
  const created = createRiscvDriver({
    ...rest,
    ...(trace === undefined ? {} : { trace }),
    unit,
    memory,
    bus: device.registers,
    ...parameters,
  });
  if (!created.ok) return created;
  driver = created.value;
  return ok(new RiscvUnit(device, driver, memory));
}
