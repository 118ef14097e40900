import { hex } from '../../../../lib/u64';
import { silent, type Trace } from '../../../trace/trace';
import {
  NO_PASID,
  PA_HI,
  PA_LO,
  RESULT_WORDS,
  TRANSLATED,
  WRITE,
  type Access,
  type DmaTranslator,
  type PageRequestMessage,
  type RegisterBus,
  type TranslateStatus,
} from '../../port';
import { INVALID_DEVICE_REQUEST } from '../reasons';
import { IOMMU_EN } from '../regs';
import { EVENT_RW } from '../structs';
import { CommandBuffer } from './commands';
import { DEFAULT_AMD_CONFIG, type AmdConfig } from './config';
import { DTE_VALID } from './dte';
import { Events } from './events';
import { InterruptRemapping, type RemappedInterrupt } from './interrupt';
import { DATA_HI, DATA_LO, HINT_MASK, READY_USER, TAG_HI, TAG_ID, TAG_LO } from './iotlb';
import { Log, PPR_LOG } from './log';
import { pageRequest } from './ppr';
import { Registers } from './registers';
import { Reporter } from './report';
import { Request } from './request';
import { S_HIGH, S_ID, S_PASID, S_RID } from './service';
import { UnitState, type AmdPorts } from './state';
import { PLAIN, Translation } from './translation';
import { Walker } from './walker';

/**
 * An AMD IOMMU: the silicon. It sees memory and its registers, nothing else.
 *
 * Spec: AMD I/O Virtualization Technology (IOMMU) Specification, rev. 3.10
 *
 * Not modelled: virtual APICs and their log, the SMI filter, MARC, dual logs, performance counters, virtual IOMMUs,
 * SEV-SNP.
 */
export class AmdIommu implements DmaTranslator {
  readonly result = new Int32Array(RESULT_WORDS);
  readonly registers: RegisterBus;
  /** For introspection: what the unit holds. Nothing outside the unit may write it. */
  readonly state: UnitState;
  readonly commands: CommandBuffer;
  readonly events: Events;
  readonly pprLog: Log;
  readonly walker: Walker;
  readonly report: Reporter;
  readonly request = new Request();
  /** The last interrupt message as the processors got it, or why they did not; null before the first. */
  lastInterrupt: RemappedInterrupt | null = null;
  private readonly interrupts: InterruptRemapping;
  private readonly translation: Translation;
  /** The hot path's own hold of what is in `state`. */
  private readonly service: Int32Array;
  private readonly tlb: Int32Array;
  private readonly hints: Int32Array;
  private readonly trace: Trace;

  constructor(config: Partial<AmdConfig>, ports: AmdPorts) {
    const full = { ...DEFAULT_AMD_CONFIG, ...config };
    const irq = ports.irq ?? { raise: () => undefined };
    const link = ports.link ?? { invalidate: () => false, pageResponse: () => undefined };
    const state = new UnitState(full, ports.memory, ports.trace ?? silent, irq, link);
    this.state = state;
    this.service = state.service;
    this.tlb = state.iotlb.entries;
    this.hints = state.iotlb.hints;
    this.trace = state.trace;
    this.events = new Events(state);
    this.pprLog = new Log(state, PPR_LOG);
    this.report = new Reporter(state, this.events, this.request, this.result);
    this.walker = new Walker(state, this.report, this.request, this.result);
    this.translation = new Translation(state, this.walker, this.report, this.request, this.result);
    this.commands = new CommandBuffer(state, this.events, this.walker);
    this.registers = new Registers(state, this.commands, this.events.log, this.pprLog);
    this.interrupts = new InterruptRemapping(state);
  }

  /** One request of a device; the address or the reason of a fault is in `result`. */
  translate(rid: number, hi: number, lo: number, access: Access, pasid: number): TranslateStatus {
    const { service, tlb, result } = this;
    // Not the device or process that was served last, not a plain request, or somebody watches.
    if (rid !== service[S_RID] || pasid !== service[S_PASID] || access > PLAIN || this.trace.on)
      return this.translation.translate(rid, hi, lo, access, pasid);
    // What is looked for first is where this page was found last; the entry's tags decide.
    const vpn = (hi << 20) | (lo >>> 12);
    const at = this.hints[vpn & HINT_MASK] as number;
    const data = tlb[at + DATA_LO] as number;
    // PRIVILEGED is READY_USER's bit: who asks without it needs pages of user mode.
    const need = access ^ READY_USER;
    if (
      tlb[at + TAG_LO] === vpn &&
      tlb[at + TAG_HI] === ((service[S_HIGH] as number) | (hi >>> 12)) &&
      tlb[at + TAG_ID] === service[S_ID] &&
      (data & need) === need
    ) {
      result[PA_LO] = (data & ~0xfff) | (lo & 0xfff);
      result[PA_HI] = tlb[at + DATA_HI] as number;
      return TRANSLATED;
    }
    return this.translation.translate(rid, hi, lo, access, pasid);
  }

  /** A write to the interrupt range. Whether it reached the processor. */
  interrupt(rid: number, address: number, data: Uint8Array): boolean {
    const { state } = this;
    if (data.length !== 4 || address % 4 !== 0) {
      state.guestError(
        `write of ${data.length} bytes to ${hex(address)}: an interrupt message is one aligned dword`,
      );
      return false;
    }
    const message = new DataView(data.buffer, data.byteOffset, 4).getInt32(0, true);
    if (!state.control(IOMMU_EN)) return true;
    this.request.set(rid, 0, address, WRITE, NO_PASID);
    let at = state.dtes.find(rid | DTE_VALID, 0, 0);
    if (state.trace.on) this.report.cache('dte', at >= 0 ? 'hit' : 'miss', rid);
    if (at < 0) at = this.walker.fillDevice(true);
    if (at < 0) return false;
    const outcome = this.interrupts.remap(rid, state.dtes.entries, at, address, message);
    this.lastInterrupt = outcome;
    if (outcome.code === 0) return true;
    // An interrupt message is a write.
    const flags = outcome.code === INVALID_DEVICE_REQUEST ? outcome.flags : outcome.flags | EVENT_RW;
    this.report.failInterrupt(outcome.code, flags, at, outcome.address, outcome.silent);
    return false;
  }

  pageRequest(message: PageRequestMessage): void {
    pageRequest(this, message);
  }
}
