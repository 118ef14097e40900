import { join } from '../../../../lib/u64';
import { formatBdf } from '../../common/bdf';
import {
  ATS_GRANTS,
  ATS_REQUEST,
  ATS_TRANSLATED,
  COMPLETER_ABORT,
  COMPLETION,
  FAULTED,
  NO_PASID,
  PRIVILEGED,
  REASON,
  UNSUPPORTED_REQUEST,
  WALKED,
  WRITE,
  type Access,
  type TranslateStatus,
} from '../../port';
import { abortsTranslated, FS_UPDATE_FAILED, isQualified, reasonName, translationOutcome } from '../reasons';
import type { UnitState } from './unit';

/**
 * What becomes of a request that met a fault: how it is completed, and whether that is recorded.
 *
 * Spec: section 7.1 "Remapping Hardware Behavior on Faults"
 */
export class Faults {
  private rid = 0;
  private hi = 0;
  private lo = 0;
  private access: Access = 0;
  private pasid = NO_PASID;

  constructor(
    private readonly state: UnitState,
    private readonly result: Int32Array,
  ) {}

  /** The request that the next refusal is about. */
  start(rid: number, hi: number, lo: number, access: Access, pasid: number): void {
    this.rid = rid;
    this.hi = hi;
    this.lo = lo;
    this.access = access;
    this.pasid = pasid;
  }

  /** `fpd`: not 0 when a structure on the way had FPD set. */
  refuse(reason: number, fpd: number): TranslateStatus {
    const { result, access } = this;
    result[REASON] = reason;
    if ((access & ATS_REQUEST) !== 0) return this.refuseTranslation(reason, fpd);
    const abort = (access & ATS_TRANSLATED) !== 0 && abortsTranslated(reason);
    result[COMPLETION] = abort ? COMPLETER_ABORT : UNSUPPORTED_REQUEST;
    this.report(reason, fpd, false);
    return FAULTED;
  }

  /** Refused without a fault to record. */
  block(completion: number, name: string): TranslateStatus {
    this.result[REASON] = 0;
    this.result[COMPLETION] = completion;
    this.tell(0, name, false);
    return FAULTED;
  }

  /** Records a reason unless FPD says not to, and tells of it. */
  report(reason: number, fpd: number, pageRequest: boolean): void {
    const { state, rid, hi, lo, access, pasid } = this;
    const wanted = fpd === 0 || !isQualified(reason);
    // The fault event interrupts at once: tell the fault before what the handler prints.
    if (state.trace.on) this.tell(reason, reasonName(reason), wanted && state.faults.hasRoom());
    if (wanted) state.faults.record({ rid, reason, hi, lo, access, pasid, pageRequest });
  }

  /** What a device's own TLB can make out of the answer is for it to recover from: that is no fault. */
  private refuseTranslation(reason: number, fpd: number): TranslateStatus {
    const { result, access } = this;
    const outcome = translationOutcome(reason);
    if (outcome !== 'success') {
      result[COMPLETION] = outcome === 'completer-abort' ? COMPLETER_ABORT : UNSUPPORTED_REQUEST;
      this.report(reason, fpd, false);
      return FAULTED;
    }
    result[ATS_GRANTS] = access & PRIVILEGED;
    if (reason === FS_UPDATE_FAILED) this.report(reason, fpd, false);
    return WALKED;
  }

  private tell(reason: number, name: string, recorded: boolean): void {
    const { state, rid, hi, lo, access, pasid } = this;
    const { trace, config } = state;
    if (!trace.on) return;
    trace.emit({
      kind: 'fault',
      unit: config.unit,
      device: formatBdf(config.segment, rid),
      access: (access & WRITE) !== 0 ? 'write' : 'read',
      ...(pasid === NO_PASID ? {} : { pasid }),
      iova: join(hi, lo),
      reason,
      name,
      recorded,
    });
  }
}
