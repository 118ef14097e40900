import { ALL_INBOUND_DISALLOWED, recordedDespiteDtf, TRANSACTION_DISALLOWED, TTYP_MESSAGE } from '../reasons';
import {
  DDTP,
  DDTP_BARE,
  DDTP_MODE_MASK,
  DDTP_OFF,
  PQB,
  PQCSR,
  PQH,
  PQT,
  QUEUE_EN,
  QUEUE_MF,
  QUEUE_OF,
  QUEUE_ON,
} from '../regs';
import {
  MSG_PAGE_REQUEST,
  MSG_PRG_RESPONSE,
  PAGE_EXEC,
  PAGE_PRIV,
  PAGE_PV,
  PAGE_REQUEST_BYTES,
  PAYLOAD_L,
  PAYLOAD_R,
  PAYLOAD_W,
  PRGR_FAILURE,
  PRGR_INVALID,
  PRGR_SUCCESS,
  TC_DTF,
  TC_EN_PRI,
  TC_PRPR,
} from '../structs';
import type { DeviceDirectory } from './ddt';
import { entryFrame, queueEntries, tellEntry } from './faults';
import { Service } from './service';
import type { UnitState } from './unit';

/** A PCIe Page Request message, field by field. */
export interface PageRequest {
  readonly rid: number;
  readonly segmentValid: boolean;
  readonly segment: number;
  readonly pasidValid: boolean;
  readonly pasid: number;
  readonly privileged: boolean;
  readonly execute: boolean;
  readonly payloadHi: number;
  readonly payloadLo: number;
}

/** The message found its place in the queue. */
const QUEUED = -1;

/**
 * Page requests: into the queue, or answered by the unit itself.
 *
 * Spec: section "PCIe ATS Page Request handling", section "Page-Request-Queue (PQ)"
 */
export class PageRequestQueue {
  private readonly record = new Int32Array(PAGE_REQUEST_BYTES / 4);
  private readonly service = new Service();

  constructor(
    private readonly unit: UnitState,
    private readonly directory: DeviceDirectory,
  ) {}

  handle(request: PageRequest): void {
    const did = request.segmentValid ? request.rid | (request.segment << 16) : request.rid;
    this.service.did = did;
    this.service.pid = request.pasidValid ? request.pasid : -1;
    const dc = this.locate(request, did);
    const tc = dc.at < 0 ? 0 : (this.unit.contexts.dcs[dc.at] as number);
    const response = dc.at < 0 ? dc.response : this.accept(request, did, tc);
    if (response !== QUEUED) this.respond(request, response, (tc & TC_PRPR) !== 0);
  }

  /** The device context, or the response code where there is none. */
  private locate(request: PageRequest, did: number): { readonly at: number; readonly response: number } {
    const { unit, directory } = this;
    const mode = unit.reg(DDTP) & DDTP_MODE_MASK;
    const none = (cause: number, response: number): { at: number; response: number } => {
      this.report(request, did, cause, false);
      return { at: -1, response };
    };
    if (mode === DDTP_OFF) return none(ALL_INBOUND_DISALLOWED, PRGR_FAILURE);
    if (mode === DDTP_BARE || !directory.reaches(did)) return none(TRANSACTION_DISALLOWED, PRGR_INVALID);
    const at = directory.locate(did, this.service);
    return at < 0 ? none(directory.cause, PRGR_FAILURE) : { at, response: QUEUED };
  }

  private accept(request: PageRequest, did: number, tc: number): number {
    if ((tc & TC_EN_PRI) === 0) {
      this.report(request, did, TRANSACTION_DISALLOWED, (tc & TC_DTF) !== 0);
      return PRGR_INVALID;
    }
    const csr = this.unit.reg(PQCSR);
    const on = QUEUE_ON | QUEUE_EN;
    if ((csr & on) !== on || (csr & QUEUE_MF) !== 0) return PRGR_FAILURE;
    return (csr & QUEUE_OF) !== 0 ? PRGR_SUCCESS : this.append(request, did);
  }

  private append(request: PageRequest, did: number): number {
    const { unit, record } = this;
    const tail = unit.reg(PQT) >>> 0;
    const next = (tail + 1) % queueEntries(unit.reg(PQB));
    let response = QUEUED;
    if (next === unit.reg(PQH) >>> 0) {
      unit.setReg(PQCSR, unit.reg(PQCSR) | QUEUE_OF);
      response = PRGR_SUCCESS;
    } else {
      const { pasidValid } = request;
      const privileged = pasidValid && request.privileged ? PAGE_PRIV : 0;
      const execute = pasidValid && request.execute ? PAGE_EXEC : 0;
      record[0] = request.pasid << 12;
      record[1] = (did << 8) | (pasidValid ? PAGE_PV : 0) | privileged | execute;
      record[2] = request.payloadLo;
      record[3] = request.payloadHi;
      const pfn = entryFrame(unit, PQB, tail, PAGE_REQUEST_BYTES);
      if (unit.memory.write(pfn, (tail * PAGE_REQUEST_BYTES) % 4096, record, unit.bigEndian)) {
        if (unit.trace.on) tellEntry(unit, 'page-request', PQB, tail, record);
        unit.setReg(PQT, next | 0);
      } else {
        unit.setReg(PQCSR, unit.reg(PQCSR) | QUEUE_MF);
        response = PRGR_FAILURE;
      }
    }
    unit.interrupts.raisePageRequests();
    return response;
  }

  private report(request: PageRequest, did: number, cause: number, dtf: boolean): void {
    if (dtf && !recordedDespiteDtf(cause)) return;
    const pid = request.pasidValid ? request.pasid : -1;
    this.unit.faults
      .blame(did, pid, request.privileged)
      .record(cause, TTYP_MESSAGE, 0, MSG_PAGE_REQUEST, 0, 0);
  }

  /** Stop markers, and requests with more of their group to come, want no answer. */
  private respond(request: PageRequest, code: number, pasidRequired: boolean): void {
    const { payloadLo } = request;
    if ((payloadLo & PAYLOAD_L) === 0 || (payloadLo & (PAYLOAD_R | PAYLOAD_W)) === 0) return;
    const withPasid = request.pasidValid && (code === PRGR_FAILURE || pasidRequired);
    this.unit.ats.send({
      code: MSG_PRG_RESPONSE,
      tag: 0,
      rid: request.rid,
      segmentValid: request.segmentValid,
      segment: request.segment,
      pasidValid: withPasid,
      pasid: withPasid ? request.pasid : 0,
      payloadHi: (request.rid << 16) | (code << 12) | ((payloadLo >>> 3) & 0x1ff),
      payloadLo: 0,
    });
  }
}
