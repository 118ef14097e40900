import { hiOf, loOf } from '../../../../lib/u64';
import { tellQueueEntry } from '../../common/queue-event';
import { NO_PASID, type Access, type PageRequestMessage, EXECUTE, PRIVILEGED, READ, WRITE } from '../../port';
import {
  ABORT_MODE,
  LEGACY_PAGE_REQUEST,
  PAGE_REQUEST_DISABLED,
  PASID_BEYOND_DIRECTORY,
  PASID_DISABLED,
  PASID_IS_RID_PASID,
  ROOT_MODE,
} from '../reasons';
import {
  EVENT_IM,
  EVENT_IP,
  PECTL,
  PQA,
  PQH,
  PQT,
  PRS,
  PRS_PPR,
  PRS_PRO,
  TTM_ABORT,
  TTM_LEGACY,
  TTM_SCALABLE,
} from '../regs';
import {
  PAGE_REQUEST_BYTES,
  PAGE_REQUEST_EXE,
  PAGE_REQUEST_INDEX_SHIFT,
  PAGE_REQUEST_LPIG,
  PAGE_REQUEST_PM,
  PAGE_REQUEST_PP,
  PAGE_REQUEST_RD,
  PAGE_REQUEST_WR,
  PGTT_FIRST,
  PGTT_NESTED,
} from '../structs';
import { framePfn } from './context';
import {
  CTX_FLAGS,
  CTX_FPD,
  CTX_PASID_LIMIT,
  CTX_PASIDE,
  CTX_PRE,
  CTX_REASON,
  CTX_RID_PASID,
} from './context-cache';
import type { Faults } from './fault';
import { invalidateIotlb, invalidatePasidPages } from './invalidate';
import type { Lookup } from './lookup';
import { PE_DID, PE_FPD, PE_REASON, PE_TYPE } from './pasid-cache';
import { PATH_OFF, type UnitState } from './unit';

const PQS_MASK = 7;
export const PAGE_QUEUE_MASK = 0x7ffe0;
const PAGE_REQUEST = 0x01;
/** Codes of PRG responses. Spec: table "Response Codes" */
const SUCCESS = 0;
const INVALID_REQUEST = 1;

/**
 * The page request queue: what devices ask for is entered at the tail, or answered at once where it cannot be.
 *
 * Spec: section 7.4 "Recoverable Fault Reporting", section 7.5 "Recoverable Fault Event", section 11.4.11
 */
export class PageRequests {
  constructor(
    private readonly state: UnitState,
    private readonly lookup: Lookup,
    private readonly faults: Faults,
  ) {}

  receive(message: PageRequestMessage): void {
    const { state } = this;
    const dropped = !state.config.pageRequests || state.path === PATH_OFF;
    if (dropped) return state.guestError('page request: the unit takes none');
    if (!this.admit(message)) return this.answer(message, INVALID_REQUEST);
    if ((state.reg(PRS) & PRS_PRO) !== 0) return this.answer(message, SUCCESS);
    const bytes = this.sizeBytes;
    const tail = state.reg(PQT) & PAGE_QUEUE_MASK;
    const next = (tail + PAGE_REQUEST_BYTES) % bytes;
    if (next === (state.reg(PQH) & PAGE_QUEUE_MASK)) {
      this.event(PRS_PRO);
      // A device that hears success asks again when its translation fails again.
      return this.answer(message, SUCCESS);
    }
    if (!this.enter(message, tail % bytes)) return;
    state.setReg(PQT, next);
    this.event(PRS_PPR);
  }

  get sizeBytes(): number {
    return 4096 << (this.state.reg(PQA) & PQS_MASK);
  }

  /** Software writes PRS: both bits are write-one-to-clear. */
  writeStatus(value: number): void {
    const { state } = this;
    state.setReg(PRS, state.reg(PRS) & ~(value & (PRS_PPR | PRS_PRO)));
    if (state.reg(PRS) === 0) state.setReg(PECTL, state.reg(PECTL) & ~EVENT_IP);
  }

  /** Software writes PECTL: only IM. An event that waited is sent when the mask goes. */
  writeControl(value: number): void {
    const { state } = this;
    const pending = state.reg(PECTL) & EVENT_IP;
    state.setReg(PECTL, (value & EVENT_IM) | pending);
    if ((value & EVENT_IM) !== 0 || pending === 0) return;
    state.setReg(PECTL, 0);
    state.irq.raise('page-requests');
  }

  /** Whether the tables let the device ask; drops what is cached for the page, which the device found to be too little. */
  private admit(message: PageRequestMessage): boolean {
    const { state, faults } = this;
    const access: Access =
      (message.read ? READ : 0) |
      (message.write ? WRITE : 0) |
      (message.execute ? EXECUTE : 0) |
      (message.privileged ? PRIVILEGED : 0);
    faults.start(message.rid, hiOf(message.iova), loOf(message.iova), access, message.pasid);
    switch (state.rootMode) {
      case TTM_LEGACY:
        return this.refuse(LEGACY_PAGE_REQUEST, 0);
      case TTM_SCALABLE:
        return state.config.scalable ? this.admitScalable(message) : this.refuse(ROOT_MODE, 0);
      case TTM_ABORT:
        return this.refuse(state.config.abortDma ? ABORT_MODE : ROOT_MODE, 0);
      default:
        return this.refuse(ROOT_MODE, 0);
    }
  }

  private admitScalable({ rid, pasid, iova }: PageRequestMessage): boolean {
    const { state, lookup } = this;
    const ctx = lookup.scalableContext(rid);
    if (ctx < 0) return this.refuse(-ctx, lookup.fpd);
    const context = state.contextCache.entries;
    const word = (n: number): number => context[ctx + n] as number;
    const fpd = word(CTX_FPD);
    if (word(CTX_REASON) !== 0) return this.refuse(word(CTX_REASON), fpd);
    if (pasid !== NO_PASID && (word(CTX_FLAGS) & CTX_PASIDE) === 0) return this.refuse(PASID_DISABLED, fpd);
    if (pasid >= word(CTX_PASID_LIMIT)) return this.refuse(PASID_BEYOND_DIRECTORY, fpd);
    if ((word(CTX_FLAGS) & CTX_PRE) === 0) return this.refuse(PAGE_REQUEST_DISABLED, fpd);
    if (pasid === word(CTX_RID_PASID)) return this.refuse(PASID_IS_RID_PASID, fpd);
    const number = pasid === NO_PASID ? word(CTX_RID_PASID) : pasid;
    const at = lookup.pasidEntry(rid, ctx, number);
    if (at < 0) return this.refuse(-at, lookup.fpd);
    const entry = (n: number): number => state.pasidCache.entries[at + n] as number;
    if (entry(PE_REASON) !== 0) return this.refuse(entry(PE_REASON), entry(PE_FPD));
    this.forget(entry(PE_TYPE), entry(PE_DID), number, iova);
    return true;
  }

  /** Spec: section 6.5.3.1 "Implicit Invalidation on Page Requests" */
  private forget(type: number, did: number, pasid: number, iova: bigint): void {
    const { state } = this;
    const [hi, lo] = [hiOf(iova), loOf(iova)];
    if (type === PGTT_FIRST) invalidatePasidPages(state, did, pasid, hi, lo, 0, false);
    else if (type === PGTT_NESTED) invalidateIotlb(state, 2, did, 0, 0, 0, false);
    else invalidateIotlb(state, 3, did, hi, lo, 0, false);
  }

  private refuse(reason: number, fpd: number): false {
    this.faults.report(reason, fpd, true);
    return false;
  }

  private enter(message: PageRequestMessage, offset: number): boolean {
    const { state } = this;
    const { rid, pasid, iova } = message;
    const first = framePfn(state.reg(PQA + 4), state.reg(PQA));
    const pfn = first < 0 ? -1 : first + (offset >> 12);
    const at = state.writable(pfn, offset & 0xfff, PAGE_REQUEST_BYTES);
    if (at < 0) {
      state.guestError('the page request queue is no memory: a page request is lost');
      return false;
    }
    const { words } = state.memory;
    const flag = (on: boolean, bit: number): number => (on ? bit : 0);
    words[at] = PAGE_REQUEST | flag(pasid !== NO_PASID, PAGE_REQUEST_PP) | (rid << 16);
    words[at + 1] =
      (pasid === NO_PASID ? 0 : pasid) |
      flag(message.execute, PAGE_REQUEST_EXE) |
      flag(message.privileged, PAGE_REQUEST_PM);
    words[at + 2] =
      flag(message.read, PAGE_REQUEST_RD) |
      flag(message.write, PAGE_REQUEST_WR) |
      flag(message.last, PAGE_REQUEST_LPIG) |
      ((message.group & 0x1ff) << PAGE_REQUEST_INDEX_SHIFT) |
      (loOf(iova) & ~0xfff);
    words[at + 3] = hiOf(iova);
    words.fill(0, at + 4, at + 8);
    if (state.trace.on) {
      const entry = { index: offset / PAGE_REQUEST_BYTES, pa: first * 4096 + offset };
      tellQueueEntry(state.trace, state.config.unit, 'page-request', entry, words.subarray(at, at + 8));
    }
    return true;
  }

  /** Only the last request of a group is answered; a stop marker, which wants no access, never is. */
  private answer({ rid, pasid, group, last, read, write }: PageRequestMessage, code: number): void {
    if (last && (read || write)) this.state.link.pageResponse({ rid, pasid, group, code });
  }

  private event(bit: number): void {
    const { state } = this;
    const quiet = state.reg(PRS) === 0;
    state.setReg(PRS, state.reg(PRS) | bit);
    if (!quiet) return;
    if ((state.reg(PECTL) & EVENT_IM) !== 0) state.setReg(PECTL, state.reg(PECTL) | EVENT_IP);
    else state.irq.raise('page-requests');
  }
}
