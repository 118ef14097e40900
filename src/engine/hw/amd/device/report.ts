import { hex, join } from '../../../../lib/u64';
import type { CacheEvent } from '../../../trace/event';
import { cacheWording } from '../../../trace/wording';
import { formatBdf } from '../../common/bdf';
import {
  ATS_REQUEST,
  COMPLETER_ABORT,
  COMPLETION,
  FAULTED,
  PRIVILEGED,
  REASON,
  WRITE,
  type TranslateStatus,
} from '../../port';
import { INVALID_DEVICE_REQUEST, IO_PAGE_FAULT, reasonName, reasonOf } from '../reasons';
import { DTE_SA, DTE_SE, EVENT_GN, EVENT_I, EVENT_RW, EVENT_TR, EVENT_US } from '../structs';
import { D_LOGGED, D_RAW } from './dte';
import type { Events } from './events';
import { ID_GN } from './iotlb';
import type { Request } from './request';
import type { UnitState } from './state';

/** Where no device table entry is known. */
export const NO_ENTRY = -1;

/**
 * Tells what became of requests: as events in the log, and as events of the trace.
 *
 * Spec: section 2.5 "Event Logging", section 2.2.2.1, fields SE and SA
 */
export class Reporter {
  constructor(
    private readonly state: UnitState,
    private readonly events: Events,
    private readonly request: Request,
    private readonly result: Int32Array,
  ) {}

  /** The request at hand fails: `flags` as the code has them, what the request itself tells apart. */
  fail(code: number, flags: number, at: number): TranslateStatus {
    const { request, result } = this;
    const { access, pasid } = request;
    const guest = pasid >= 0 ? EVENT_GN : 0;
    const user = guest !== 0 && (access & PRIVILEGED) === 0 && code === IO_PAGE_FAULT ? EVENT_US : 0;
    const asked = (access & ATS_REQUEST) !== 0;
    const write = (access & WRITE) !== 0 && !asked && code !== INVALID_DEVICE_REQUEST ? EVENT_RW : 0;
    const all = flags | guest | user | write | (asked ? EVENT_TR : 0);
    this.log(code, all, at, request.hi, request.lo, this.isSilenced(code, at));
    result[REASON] = reasonOf(code, all);
    result[COMPLETION] = COMPLETER_ABORT;
    return FAULTED;
  }

  /** As fail(), where memory refused the unit itself: `pa` is what it wanted. */
  failHardware(code: number, flags: number, at: number, pa: number): TranslateStatus {
    const { request, result } = this;
    const asked = (request.access & ATS_REQUEST) !== 0;
    const write = (request.access & WRITE) !== 0 && !asked ? EVENT_RW : 0;
    const guest = request.pasid >= 0 ? EVENT_GN : 0;
    const all = flags | guest | write | (asked ? EVENT_TR : 0);
    this.log(code, all, at, Math.floor(pa / 0x1_0000_0000) | 0, pa | 0, false);
    result[REASON] = reasonOf(code, all);
    result[COMPLETION] = COMPLETER_ABORT;
    return FAULTED;
  }

  /** An interrupt message fails. */
  failInterrupt(code: number, flags: number, at: number, address: number, silent: boolean): void {
    const hi = Math.floor(address / 0x1_0000_0000) | 0;
    this.log(code, flags, at, hi, address | 0, silent);
    this.result[REASON] = reasonOf(code, flags);
    this.result[COMPLETION] = COMPLETER_ABORT;
  }

  cache(cache: 'dte' | 'pasid', op: CacheEvent['op'], rid: number, pasid = -1): void {
    const { trace, config } = this.state;
    trace.note(cache === 'dte' ? ofDtes : ofPasids, config.unit, op, config.segment, rid, pasid);
  }

  /** A look-up of the IOTLB, by what it is tagged with. */
  translation(op: CacheEvent['op'], id: number, pasid: number, hi: number, lo: number): void {
    const { trace, config } = this.state;
    trace.note(ofIotlb, config.unit, op, id, pasid, hi, lo);
  }

  /** SA silences all page faults of a device, SE all but the first since its entry was read. */
  private isSilenced(code: number, at: number): boolean {
    if (code !== IO_PAGE_FAULT || at < 0) return false;
    const { entries } = this.state.dtes;
    const third = entries[at + D_RAW + 3] as number;
    if ((third & DTE_SA) !== 0) return true;
    const logged = entries[at + D_LOGGED] !== 0;
    entries[at + D_LOGGED] = 1;
    return (third & DTE_SE) !== 0 && logged;
  }

  private log(code: number, flags: number, at: number, hi: number, lo: number, silent: boolean): void {
    const { state, events, request } = this;
    const domain = at < 0 ? 0 : (state.dtes.entries[at + D_RAW + 2] as number) & 0xffff;
    const tag = (flags & EVENT_GN) !== 0 ? request.pasid : domain;
    const raise = (): boolean => !silent && events.request(code, flags, request.rid, tag, hi, lo);
    if (!state.trace.on) {
      raise();
      return;
    }
    // The log may interrupt at once: tell the fault before what the handler prints.
    const reason = reasonOf(code, flags);
    const interrupt = (flags & EVENT_I) !== 0;
    state.trace.emit({
      kind: 'fault',
      unit: state.config.unit,
      device: formatBdf(state.config.segment, request.rid),
      access: (request.access & WRITE) !== 0 || interrupt ? 'write' : 'read',
      ...(request.pasid >= 0 ? { pasid: request.pasid } : {}),
      iova: join(request.hi, request.lo),
      reason,
      name: reasonName(reason),
      recorded: !silent && events.log.hasRoom,
    });
    raise();
  }
}

const deviceTag = (segment: number, rid: number, pasid: number): string => {
  const device = formatBdf(segment, rid);
  return pasid < 0 ? device : `${device} pasid ${pasid}`;
};

const ofDtes = cacheWording('dte', deviceTag);
const ofPasids = cacheWording('pasid', deviceTag);
const ofIotlb = cacheWording('iotlb', (id, pasid, hi, lo) => {
  const process = (id & ID_GN) === 0 ? '' : ` pasid ${pasid}`;
  return `domain ${id >>> 16}${process} iova ${hex(join(hi, lo & ~0xfff))}`;
});
