import { addressOf } from '../../../lib/u64';
import type { IommuDomain } from '../../iommu/ops';
import { ok, type Result } from '../../kernel/errno';
import type { FaultEvent, TraceEvent } from '../../trace/event';
import { leafLevelAt } from '../common/address-fields';
import { formatBdf } from '../common/bdf';
import type { AtsAnswer, AtsQuestion } from '../common/rehearsal';
import type { AddressField, FaultRecordView, TableOfStep, UnitView, WalkStep } from '../common/view';
import type { RegisterBus } from '../port';
import type { DomainTables, HardwareUnit, UnitOptions, UnitSummary } from '../unit';
import { atOnce } from '../common/interrupt';
import { decodeEvent } from './describe';
import { CD_TT0 } from './device/cd-layout';
import type { SmmuConfig } from './device/config';
import { TAG_SID, TAG_SSID } from './device/config-cache';
import { SmmuV3 } from './device/device';
import { addressFieldsOf, explainSmmu, kernelLinesOf, peekSmmu, whyFault } from './device/explain';
import { inspectSmmu, summarizeSmmu } from './device/inspect';
import { askTables } from './device/rehearse';
import { MODE_NESTED, MODE_S1, MODE_S2, STE_MODE, STE_TT } from './device/ste';
import { TT_ROOT_HI, TT_ROOT_LO } from './device/translation-table';
import { createSmmuDriver, type SmmuDriver, type SmmuDriverOptions } from './driver/driver';
import { eventLines } from './kernel-log';
import { reasonName } from './reasons';

/** In the second word of an event record. */
const RNW = 1n << 35n;

export interface SmmuUnitOptions extends UnitOptions {
  readonly config?: Partial<SmmuConfig>;
  readonly driver?: Partial<SmmuDriverOptions>;
}

/** An SMMUv3 with its driver on it. */
export class SmmuUnit implements HardwareUnit {
  readonly ops: SmmuDriver;
  readonly translator: SmmuV3;
  readonly registers: RegisterBus;

  constructor(
    readonly device: SmmuV3,
    readonly driver: SmmuDriver,
  ) {
    this.ops = driver;
    this.translator = device;
    this.registers = device.registers;
  }

  /** The driver has turned translation on already: every stream aborts until its device is attached. */
  start(): void {
    // Nothing is left to do.
  }

  view(): UnitView {
    return inspectSmmu(this.device);
  }

  summary(): UnitSummary {
    return summarizeSmmu(this.device);
  }

  faultLog(): readonly FaultRecordView[] {
    return this.driver.handler.records.map((words, index) => this.recordView(words, index));
  }

  tables(domain: IommuDomain): DomainTables | null {
    return this.driver.describeDomain(domain);
  }

  domainOf(device: string, pasid: number): IommuDomain | null {
    return this.driver.domainOf(device, pasid);
  }

  askTables(questions: readonly AtsQuestion[]): readonly (AtsAnswer | null)[] {
    return askTables(this.device, questions);
  }

  /** Of two stages the second, whose table lies at a physical address. */
  walkedRoot(rid: number, pasid: number): number | null {
    return walkedRoot(this.device, rid, pasid);
  }

  addressFields(iova: bigint, leafLevel: number | null, domain: IommuDomain | null): readonly AddressField[] {
    // A guest chooses its own granule and width: only the hardware knows them.
    const guest = domain?.nested ? this.device.walker.firstStageShape() : null;
    if (guest !== null) return addressFieldsOf(iova, leafLevel, guest);
    const shape = domain && this.driver.shapeOf(domain);
    if (!shape) return [];
    const { format, topLevel } = shape;
    const level = leafLevel ?? leafLevelAt(this.driver.smmu.memory, shape, iova);
    const { granuleLg2, maxVaLg2 } = format;
    return addressFieldsOf(iova, level, { granuleLg2, inputBits: maxVaLg2, startLevel: 3 - topLevel });
  }

  explain(events: readonly TraceEvent[]): readonly WalkStep[] {
    return explainSmmu(this.device, events);
  }

  peek(table: TableOfStep, index: number): WalkStep | null {
    return peekSmmu(this.device, table, index);
  }

  explainFault(fault: FaultEvent, steps: readonly WalkStep[]): ReturnType<HardwareUnit['explainFault']> {
    return { why: whyFault(fault, steps), kernelLine: kernelLinesOf(this.device, fault) };
  }

  private recordView(words: readonly bigint[], index: number): FaultRecordView {
    const { segment, device: name } = this.device.state.config;
    const [first = 0n, second = 0n, iova = 0n] = words;
    const reason = Number(first & 0xffn);
    const sid = Number(first >> 32n);
    const fields = decodeEvent(words);
    const access = fields.some((field) => field.name === 'RnW');
    const client = this.driver.clientOf(sid);
    return {
      index,
      device: client ?? formatBdf(segment, sid & 0xffff),
      access: access ? ((second & RNW) !== 0n ? 'read' : 'write') : null,
      iova,
      reason,
      name: reasonName(reason),
      words,
      fields,
      kernelLine: eventLines(name, words, client).join('\n'),
    };
  }
}

/** By what is in the configuration caches. */
function walkedRoot({ state }: SmmuV3, rid: number, pasid: number): number | null {
  const { steCache, cdCache } = state;
  const tagged = ({ entries }: typeof cdCache, at: number, ssid: number): boolean =>
    entries[at + TAG_SID] === rid + 1 && entries[at + TAG_SSID] === ssid;
  const rootAt = ({ entries }: typeof cdCache, at: number): number =>
    addressOf(entries[at + TT_ROOT_HI] as number, entries[at + TT_ROOT_LO] as number);
  const ste = steCache.list().find(({ at }) => tagged(steCache, at, 0));
  if (ste === undefined) return null;
  const mode = steCache.entries[ste.at + STE_MODE];
  if (mode === MODE_S2 || mode === MODE_NESTED) return rootAt(steCache, ste.at + STE_TT);
  const cd = cdCache.list().find(({ at }) => tagged(cdCache, at, Math.max(0, pasid)));
  return mode === MODE_S1 && cd !== undefined ? rootAt(cdCache, cd.at + CD_TT0) : null;
}

/** One unit with its driver on it, wired as on a board: memory, registers, interrupts, and the devices' end of ATS. */
export function createSmmuUnit(options: SmmuUnitOptions): Result<SmmuUnit> {
  const { unit, memory, trace, segment, link, config, driver: parameters, ...rest } = options;
  const { deliver = atOnce, onCommand = null } = options;
  let driver: SmmuDriver | null = null;
  const device = new SmmuV3(
    { unit, ...(segment === undefined ? {} : { segment }), ...config },
    {
      memory,
      irq: { raise: (source) => deliver(source, () => driver?.interrupt(source)) },
      requester: (sid) => driver?.clientOf(sid) ?? null,
      ...(trace === undefined ? {} : { trace }),
      ...(link === undefined ? {} : { link }),
    },
  );
  device.commands.onDone = onCommand;
  const created = createSmmuDriver({
    ...rest,
    ...(trace === undefined ? {} : { trace }),
    unit,
    memory,
    bus: device.registers,
    name: device.state.config.device,
    ...parameters,
  });
  if (!created.ok) return created;
  driver = created.value;
  return ok(new SmmuUnit(device, driver));
}
