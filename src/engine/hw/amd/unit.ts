import type { IommuDomain } from '../../iommu/ops';
import { ok, type Result } from '../../kernel/errno';
import type { FaultEvent, TraceEvent } from '../../trace/event';
import type { AtsAnswer, AtsQuestion } from '../common/rehearsal';
import type { AddressField, FaultRecordView, TableOfStep, UnitView, WalkStep } from '../common/view';
import type { RegisterBus } from '../port';
import type { DomainTables, HardwareUnit, UnitOptions, UnitSummary } from '../unit';
import { atOnce } from '../common/interrupt';
import { splitAddress } from './describe';
import type { AmdConfig } from './device/config';
import { AmdIommu } from './device/device';
import { explainAmd, explainAmdFault, peekAmd } from './device/explain';
import { summarizeAmd, viewAmd, walkedRoot } from './device/inspect';
import { askTables } from './device/rehearse';
import { createAmdDriver, type AmdDriver } from './driver/driver';
import { UNATTACHED } from './driver/events';
import type { AmdDriverOptions } from './driver/options';
import { codeOf, flagsOf, IO_PAGE_FAULT } from './reasons';
import { EFR, EFR2 } from './regs';
import { EVENT_I } from './structs';

export interface AmdUnitOptions extends UnitOptions {
  readonly config?: Partial<AmdConfig>;
  readonly driver?: Partial<AmdDriverOptions>;
}

/** Bits of the unit's PCI capability that its configuration decides. */
const CAP_IOTLB = 1 << 24;
const CAP_NPCACHE = 1 << 26;
const CAP_EFR = 1 << 27;

/** Levels of guest tables, which processes and guests have. */
const GUEST_LEVELS = 4;

/** One unit with its driver on it, wired as on a board: memory, registers, interrupts, and the devices' end of ATS. */
export function createAmdUnit(options: AmdUnitOptions): Result<AmdUnit> {
  const { config, driver: parameters, ...rest } = options;
  const { deliver = atOnce, onCommand = null } = options;
  let driver: AmdDriver | null = null;
  const device = new AmdIommu(
    { unit: rest.unit, ...(rest.segment === undefined ? {} : { segment: rest.segment }), ...config },
    {
      memory: rest.memory,
      irq: { raise: (source) => deliver(source, () => driver?.interrupt(source)) },
      ...(rest.trace === undefined ? {} : { trace: rest.trace }),
      ...(rest.link === undefined ? {} : { link: rest.link }),
    },
  );
  device.commands.onDone = onCommand;
  const { iotlbSupport, npCache } = device.state.config;
  const created = createAmdDriver({
    ...rest,
    bus: device.registers,
    // As firmware found them.
    efr: device.registers.read64(EFR),
    efr2: device.registers.read64(EFR2),
    capability: (iotlbSupport ? CAP_IOTLB : 0) | (npCache ? CAP_NPCACHE : 0) | CAP_EFR,
    ...parameters,
  });
  if (!created.ok) return created;
  driver = created.value;
  return ok(new AmdUnit(device, driver));
}

/** An AMD IOMMU and its driver. */
export class AmdUnit implements HardwareUnit {
  readonly ops: AmdDriver;
  readonly translator: AmdIommu;
  readonly registers: RegisterBus;

  constructor(
    readonly device: AmdIommu,
    readonly driver: AmdDriver,
  ) {
    this.ops = driver;
    this.translator = device;
    this.registers = device.registers;
  }

  start(): void {
    this.driver.start();
  }

  view(): UnitView {
    return viewAmd(this.device, { ivhd: this.driver.name });
  }

  summary(): UnitSummary {
    return summarizeAmd(this.device);
  }

  faultLog(): readonly FaultRecordView[] {
    return this.driver.faultLog;
  }

  tables(domain: IommuDomain): DomainTables | null {
    return this.driver.describeDomain(domain);
  }

  tagOn(domain: IommuDomain): string | null {
    return this.driver.tagOn(domain);
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
    const levels = (domain && this.tables(domain)?.levels) ?? GUEST_LEVELS;
    return splitAddress(iova, { levels, leafLg2: 12 + 9 * ((leafLevel ?? 1) - 1) });
  }

  explain(events: readonly TraceEvent[]): readonly WalkStep[] {
    return explainAmd(this.device, events);
  }

  peek(table: TableOfStep, index: number): WalkStep | null {
    return peekAmd(this.device, table, index);
  }

  explainFault(
    fault: FaultEvent,
    _steps: readonly WalkStep[],
  ): { readonly why: string; readonly kernelLine: string } {
    const { driver, device } = this;
    const known = driver.isProbed(fault.device);
    const explained = explainAmdFault(device, fault, { ivhd: driver.name, ...(known && { driver: 'pci' }) });
    const memory = codeOf(fault.reason) === IO_PAGE_FAULT && (flagsOf(fault.reason) & EVENT_I) === 0;
    return memory && driver.isUnattached(fault.device) ? { ...explained, kernelLine: UNATTACHED } : explained;
  }
}
