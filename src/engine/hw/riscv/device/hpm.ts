import {
  EVENT_FIRST_STAGE_WALK,
  EVENT_SECOND_STAGE_WALK,
  EVENT_TLB_MISS,
  EVT_DMASK,
  EVT_DV_GSCV,
  EVT_EVENT_MASK,
  EVT_IDT,
  EVT_OF,
  EVT_PV_PSCV,
  IOCOUNTINH,
  IOHPMCTR,
  IOHPMCYCLES,
  IOHPMEVT,
} from '../regs';
import type { UnitState } from './unit';

/** Whom an event belongs to. -1: the transaction has no such id. */
export interface EventIds {
  did: number;
  pid: number;
  gscid: number;
  pscid: number;
}

/**
 * Event counters.
 *
 * Spec: sections "Performance-monitoring event counters (iohpmctr1-31)" and "Performance-monitoring event selectors
 * (iohpmevt1-31)"
 *
 * Nothing drives the cycle counter but tick(): the unit has no clock of its own.
 */
export class Counters {
  /** Some counter counts something: requests take the path that tells events. */
  active = false;

  constructor(private readonly unit: UnitState) {}

  /** Event counters there are: the first of `config.counters` counts cycles. */
  get events(): number {
    return Math.max(0, this.unit.config.counters - 1);
  }

  /** After a write to a selector or to the inhibits. */
  refresh(): void {
    const { unit } = this;
    this.active = false;
    for (let n = 0; n < this.events; n++) {
      if ((unit.reg(IOHPMEVT + 8 * n) & EVT_EVENT_MASK) !== 0) this.active = true;
    }
    unit.forget();
  }

  count(event: number, ids: EventIds): void {
    if (!this.active) return;
    const { unit } = this;
    const inhibited = unit.reg(IOCOUNTINH);
    for (let n = 0; n < this.events; n++) {
      const lo = unit.reg(IOHPMEVT + 8 * n);
      if ((lo & EVT_EVENT_MASK) !== event || ((inhibited >>> (n + 1)) & 1) === 1) continue;
      if (this.selects(lo, unit.reg(IOHPMEVT + 8 * n + 4), ids, hasSpace(event))) this.increment(n);
    }
  }

  /** So many clock cycles passed. */
  tick(cycles: number): void {
    const { unit } = this;
    if (unit.config.counters === 0 || (unit.reg(IOCOUNTINH) & 1) !== 0) return;
    const bits = BigInt(Math.min(63, unit.config.counterBits));
    const hi = unit.reg(IOHPMCYCLES + 4);
    const before = (BigInt(hi & 0x7fff_ffff) << 32n) | BigInt(unit.reg(IOHPMCYCLES) >>> 0);
    const after = BigInt.asUintN(Number(bits), before + BigInt(cycles));
    const overflow = after < before;
    unit.setReg(IOHPMCYCLES, Number(BigInt.asIntN(32, after)));
    unit.setReg(IOHPMCYCLES + 4, Number(after >> 32n) | (hi & EVT_OF) | (overflow ? EVT_OF : 0));
    if (overflow && (hi & EVT_OF) === 0) unit.interrupts.raiseCounters();
  }

  private selects(lo: number, hi: number, ids: EventIds, spaceKnown: boolean): boolean {
    const pidPscid = ((hi & 0xf) << 16) | (lo >>> 16);
    const didGscid = (hi >>> 4) & 0xff_ffff;
    const bySpace = (hi & EVT_IDT) !== 0;
    const process = bySpace ? (spaceKnown ? ids.pscid : -1) : ids.pid;
    const device = bySpace ? (spaceKnown ? ids.gscid : -1) : ids.did;
    if ((hi & EVT_PV_PSCV) !== 0 && process !== pidPscid) return false;
    if ((hi & EVT_DV_GSCV) === 0) return true;
    // Partial match: everything up to the lowest 0 bit, itself included, is masked.
    const mask = (lo & EVT_DMASK) !== 0 ? ~((didGscid + 1) ^ didGscid) : -1;
    return device >= 0 && (device & mask) === (didGscid & mask);
  }

  private increment(n: number): void {
    const { unit } = this;
    const bits = unit.config.counterBits;
    const at = IOHPMCTR + 8 * n;
    const lo = (unit.reg(at) + 1) | 0;
    const hi = (unit.reg(at + 4) + (lo === 0 ? 1 : 0)) | 0;
    const keptLo = bits < 32 ? lo & (2 ** bits - 1) : lo;
    const keptHi = bits <= 32 ? 0 : bits < 64 ? hi & (2 ** (bits - 32) - 1) : hi;
    unit.setReg(at, keptLo);
    unit.setReg(at + 4, keptHi);
    if (keptLo !== 0 || keptHi !== 0) return;
    const selector = IOHPMEVT + 8 * n + 4;
    if ((unit.reg(selector) & EVT_OF) !== 0) return;
    unit.setReg(selector, unit.reg(selector) | EVT_OF);
    unit.interrupts.raiseCounters();
  }
}

/** Events that can be told apart by GSCID and PSCID. Spec: table "Standard Events list" */
const hasSpace = (event: number): boolean =>
  event === EVENT_TLB_MISS || event === EVENT_FIRST_STAGE_WALK || event === EVENT_SECOND_STAGE_WALK;
