import type { IommuDomain } from '../../iommu/ops';
import { ok, type Result } from '../../kernel/errno';
import type { FaultEvent, TraceEvent } from '../../trace/event';
import type { AtsAnswer, AtsQuestion } from '../common/rehearsal';
import type { AddressField, FaultRecordView, TableOfStep, UnitView, WalkStep } from '../common/view';
import type { RegisterBus } from '../port';
import type { DomainTables, HardwareUnit, UnitOptions, UnitSummary } from '../unit';
import { atOnce } from '../common/interrupt';
import { splitAddress } from './describe';
import type { VtdConfig } from './device/config';
import { VtdDevice } from './device/device';
import { explainVtd, explainVtdFault, peekVtd } from './device/explain';
import { cachedLevel, inspectVtd, summarizeVtd, walkedRoot } from './device/inspect';
import { askTables } from './device/rehearse';
import { createVtdDriver, type VtdDriver, type VtdDriverOptions } from './driver/driver';

/** The unit's world id may come with the silicon. */
export interface VtdUnitOptions extends Omit<UnitOptions, 'unit'> {
  readonly unit?: string;
  readonly config?: Partial<VtdConfig>;
  readonly driver?: Partial<VtdDriverOptions>;
}

/** A VT-d unit with its driver on it. */
export class VtdUnit implements HardwareUnit {
  readonly ops: VtdDriver;
  readonly translator: VtdDevice;
  readonly registers: RegisterBus;

  constructor(
    readonly device: VtdDevice,
    readonly driver: VtdDriver,
  ) {
    this.ops = driver;
    this.translator = device;
    this.registers = device.registers;
  }

  start(): void {
    this.driver.enableTranslation();
  }

  view(): UnitView {
    return inspectVtd(this.device);
  }

  faultLog(): readonly FaultRecordView[] {
    return this.driver.faultLog;
  }

  summary(): UnitSummary {
    return summarizeVtd(this.device);
  }

  tables(domain: IommuDomain): DomainTables | null {
    return this.driver.tables(domain);
  }

  tagOn(domain: IommuDomain): string | null {
    return this.driver.tagOf(domain);
  }

  askTables(questions: readonly AtsQuestion[]): readonly (AtsAnswer | null)[] {
    return askTables(this.device, questions);
  }

  walkedRoot(rid: number, pasid: number): number | null {
    return walkedRoot(this.device, rid, pasid);
  }

  domainOf(device: string, pasid: number): IommuDomain | null {
    return this.driver.domainOf(device, pasid);
  }

  addressFields(iova: bigint, leafLevel: number | null, domain: IommuDomain | null): readonly AddressField[] {
    const levels = domain && this.driver.levelsOf(domain);
    if (domain === null || levels === null) return [];
    const level = leafLevel ?? cachedLevel(this.device, this.driver.idOf(domain), iova) ?? 1;
    return splitAddress(iova, levels, level);
  }

  explain(events: readonly TraceEvent[]): readonly WalkStep[] {
    return explainVtd(this.device, events);
  }

  peek(table: TableOfStep, index: number): WalkStep | null {
    return peekVtd(this.device, table, index);
  }

  explainFault(fault: FaultEvent, steps: readonly WalkStep[]): ReturnType<HardwareUnit['explainFault']> {
    return explainVtdFault(this.device, fault, steps);
  }
}

/** One unit with its driver on it, wired as on a board: memory, registers, interrupts, and the devices' end of ATS. */
export function createVtdUnit(options: VtdUnitOptions): Result<VtdUnit> {
  const { memory, unit, segment, link, config, driver: parameters, ...rest } = options;
  const { deliver = atOnce, onCommand = null } = options;
  const trace = rest.trace === undefined ? {} : { trace: rest.trace };
  let driver: VtdDriver | null = null;
  const device = new VtdDevice(
    {
      ...(unit === undefined ? {} : { unit }),
      ...(segment === undefined ? {} : { segment }),
      ...config,
    },
    {
      memory,
      irq: { raise: (source) => deliver(source, () => driver?.interrupt(source)) },
      ...(link === undefined ? {} : { link }),
      ...trace,
    },
  );
  device.queue.onDone = onCommand;
  const { config: silicon } = device.state;
  const created = createVtdDriver({
    ...rest,
    memory,
    bus: device.registers,
    unit: silicon.unit,
    segment: silicon.segment,
    ...parameters,
  });
  if (!created.ok) return created;
  driver = created.value;
  return ok(new VtdUnit(device, driver));
}
