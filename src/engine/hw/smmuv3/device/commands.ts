import { addressOf, hex, join } from '../../../../lib/u64';
import { NO_PASID } from '../../port';
import { commandName } from '../describe';
import * as r from '../regs';
import * as s from '../structs';
import { hypSupported, priSupported } from './config';
import { invalidateCds, invalidateStreams, invalidateTranslations, scopeOf } from './invalidate';
import type { Stalls } from './stalls';
import { Ring, tellEntry, type SmmuState } from './unit';

/** What a command did, or the CERROR code of what is wrong with it. */
type Outcome = string | number;

/** Brings a stream's configuration into the caches. */
export type Prefetch = (sid: number, pasid: number) => string;

const RESPONSES = [s.PRG_FAILURE, s.PRG_INVALID, s.PRG_SUCCESS];

/**
 * The command queue: consumes from CONS to PROD, one command after the other, and stops at the first bad one.
 *
 * Spec: section 3.5.1, chapter 4 "Commands", section 7.1 "Command queue errors"
 *
 * All of it happens within the write to PROD: each command is complete before the next is fetched.
 */
export class CommandQueue {
  readonly ring: Ring;
  private readonly words = new Int32Array(s.CMD_BYTES / 4);
  /** An invalidation of a device's TLB was not answered: the next CMD_SYNC tells. */
  private timedOut = false;
  private busy = false;
  /** Commands consumed since reset. */
  done = 0;
  /** Told of each command when it is done. */
  onDone: ((name: string) => void) | null = null;

  constructor(
    private readonly unit: SmmuState,
    private readonly stalls: Stalls,
    private readonly prefetch: Prefetch,
  ) {
    this.ring = new Ring(unit, r.CMDQ_BASE, r.CMDQ_PROD, r.CMDQ_CONS, unit.config.cmdqs, s.CMD_BYTES);
  }

  process(): void {
    // A command may have a handler run that submits more: those are found by the loop that is under way.
    if (this.busy) return;
    this.busy = true;
    // As many as a ring holds at a time, and no more than were ever submitted: garbage in PROD ends too.
    for (let left = 2 * this.ring.size; left > 0 && this.step(); left--);
    this.busy = false;
  }

  get error(): number {
    return (this.unit.reg(r.CMDQ_CONS) & r.CMDQ_CONS_ERR_MASK) >>> r.CMDQ_CONS_ERR_SHIFT;
  }

  get stopped(): boolean {
    return (this.unit.signals.errors & r.GERROR_CMDQ_ERR) !== 0;
  }

  private step(): boolean {
    const { unit, ring } = this;
    if (!unit.enabled(r.CR0_CMDQEN) || this.stopped || ring.empty) return false;
    const head = ring.head;
    if (!unit.reader.load(ring.baseHi, ring.entryLo(head), this.words, this.words.length)) {
      unit.guestError(`the command queue at ${hex(addressOf(ring.baseHi, ring.entryLo(head)))} is no memory`);
      return this.fail(r.CERROR_ABT);
    }
    if (unit.trace.on) tellEntry(unit, ring, 'command', head, this.words);
    const words = this.words.slice();
    const outcome = this.execute();
    this.tell(words, outcome);
    if (typeof outcome === 'number') {
      unit.guestError(
        `command ${commandName((words[0] as number) & s.CMD_OP_MASK)} refused at index ${head}`,
      );
      return this.fail(outcome);
    }
    this.done++;
    unit.setReg(r.CMDQ_CONS, (head + 1) & ring.indexMask);
    if (this.onDone !== null) this.onDone(commandName((words[0] as number) & s.CMD_OP_MASK));
    // The interrupt of a CMD_SYNC tells that it was consumed.
    if (((words[0] as number) & s.CMD_OP_MASK) === s.CMD_SYNC) this.signal(words);
    return true;
  }

  private execute(): Outcome {
    const first = this.words[0] as number;
    const op = first & s.CMD_OP_MASK;
    const sid = (this.words[1] as number) >>> 0;
    // Secure streams are none of this queue's business. The bit exists in commands that name a stream.
    const secure = (first & s.CMD_SSEC) !== 0;
    if (secure && (op <= s.CMD_CFGI_VMS_PIDM || op === s.CMD_RESUME || op === s.CMD_STALL_TERM))
      return r.CERROR_ILL;
    switch (op) {
      case s.CMD_PREFETCH_CONFIG:
      case s.CMD_PREFETCH_ADDR:
        return this.prefetch(sid, (first & s.CMD_SSV) === 0 ? NO_PASID : first >>> s.CMD_SSID_SHIFT);
      case s.CMD_CFGI_STE:
        return invalidateStreams(this.unit, sid, sid);
      case s.CMD_CFGI_STE_RANGE:
        return this.configRange(sid);
      case s.CMD_CFGI_CD:
        return this.unit.config.s1p
          ? invalidateCds(this.unit, sid, first >>> s.CMD_SSID_SHIFT)
          : r.CERROR_ILL;
      case s.CMD_CFGI_CD_ALL:
        return this.unit.config.s1p ? invalidateCds(this.unit, sid, -1) : r.CERROR_ILL;
      case s.CMD_ATC_INV:
        return this.invalidateAtc(first, sid);
      case s.CMD_PRI_RESP:
        return this.respond(first, sid);
      case s.CMD_RESUME:
        return this.resume(first, sid);
      case s.CMD_STALL_TERM:
        return this.terminateStalls(sid);
      case s.CMD_SYNC:
        return this.sync(first);
      default:
        return this.tlbi(op);
    }
  }

  private configRange(sid: number): Outcome {
    const range = (this.words[2] as number) & s.CMD_RANGE_MASK;
    const count = 2 ** (range + 1);
    const start = sid - (sid % count);
    return invalidateStreams(this.unit, start, start + count - 1);
  }

  private tlbi(op: number): Outcome {
    const { config } = this.unit;
    if (!tlbiSupported(op, config.s1p, config.s2p, hypSupported(config))) return r.CERROR_ILL;
    const scope = scopeOf(this.unit, this.words);
    if (scope === null) return r.CERROR_ILL;
    const leaf = scope.firstVpn >= 0 && ((this.words[2] as number) & s.CMD_LEAF) !== 0;
    return invalidateTranslations(this.unit, scope, leaf);
  }

  /** Spec: section 4.5.1 */
  private invalidateAtc(first: number, sid: number): Outcome {
    const { unit } = this;
    if (!unit.config.ats) return r.CERROR_ILL;
    if (!unit.enabled(r.CR0_SMMUEN)) return 'ignored: the SMMU is off';
    const third = this.words[2] as number;
    const size = third & s.CMD_ATC_SIZE_MASK;
    if (size > s.ATC_SIZE_ALL) return r.CERROR_ILL;
    const ssv = (first & s.CMD_SSV) !== 0;
    const sizeLg2 = 12 + size;
    const address = BigInt.asUintN(
      64,
      (join(this.words[3] as number, third & ~0xfff) >> BigInt(sizeLg2)) << BigInt(sizeLg2),
    );
    const answered = unit.link?.invalidate({
      rid: sid,
      pasid: ssv ? first >>> s.CMD_SSID_SHIFT : NO_PASID,
      iova: address,
      sizeLg2,
      global: ssv && (first & s.CMD_ATC_G) !== 0,
    });
    if (answered !== false) return 'the device dropped what it had';
    this.timedOut = true;
    return 'the device does not answer';
  }

  /** Spec: section 4.5.2 */
  private respond(first: number, sid: number): Outcome {
    const { unit } = this;
    const third = this.words[2] as number;
    const code = RESPONSES[(third >>> s.CMD_RESP_SHIFT) & 3];
    if (!priSupported(unit.config) || code === undefined) return r.CERROR_ILL;
    if (!unit.enabled(r.CR0_SMMUEN)) return 'ignored: the SMMU is off';
    const pasid = (first & s.CMD_SSV) === 0 ? NO_PASID : first >>> s.CMD_SSID_SHIFT;
    unit.link?.pageResponse({ rid: sid, pasid, group: third & s.CMD_PRG_MASK, code });
    return `page request group ${third & s.CMD_PRG_MASK} answered`;
  }

  private resume(first: number, sid: number): Outcome {
    const { config } = this.unit;
    if (config.stallModel === r.STALL_NONE) return r.CERROR_ILL;
    const stag = (this.words[2] as number) & s.CMD_STAG_MASK;
    const retry = (first & s.CMD_RESUME_RETRY) !== 0;
    const abort = config.termModel || (first & s.CMD_RESUME_ABORT) !== 0;
    const found = this.stalls.resume(sid, stag, retry, abort);
    if (!found) return `no stalled transaction has STAG ${stag}`;
    return retry ? `transaction ${stag} is retried` : `transaction ${stag} is terminated`;
  }

  private terminateStalls(sid: number): Outcome {
    if (this.unit.config.stallModel === r.STALL_NONE) return r.CERROR_ILL;
    return `${this.stalls.terminate(sid)} stalled transactions terminated`;
  }

  /** Spec: section 4.7.3 */
  private sync(first: number): Outcome {
    const cs = (first >>> s.CMD_CS_SHIFT) & 3;
    if (cs > s.CS_SEV) return r.CERROR_ILL;
    if (this.timedOut) {
      this.timedOut = false;
      return r.CERROR_ATC_INV_SYNC;
    }
    return 'all before it is done';
  }

  private signal(words: Int32Array): void {
    if ((((words[0] as number) >>> s.CMD_CS_SHIFT) & 3) !== s.CS_IRQ) return;
    this.unit.signals.synchronized(
      (words[3] as number) & 0xff_ffff,
      (words[2] as number) & ~3,
      words[1] as number,
    );
  }

  private fail(code: number): boolean {
    const { unit } = this;
    unit.setReg(r.CMDQ_CONS, (unit.reg(r.CMDQ_CONS) & r.Q_INDEX_MASK) | (code << r.CMDQ_CONS_ERR_SHIFT));
    unit.signals.error(r.GERROR_CMDQ_ERR);
    // A handler may have mended and acknowledged it by now.
    return !this.stopped;
  }

  private tell(words: Int32Array, outcome: Outcome): void {
    const { trace, config } = this.unit;
    if (!trace.on) return;
    const word = (n: number): number => words[n] as number;
    trace.emit({
      kind: 'command',
      unit: config.unit,
      name: commandName(word(0) & s.CMD_OP_MASK),
      words: [join(word(1), word(0)), join(word(3), word(2))],
      effect: typeof outcome === 'number' ? `refused: CERROR ${outcome}` : outcome,
    });
  }
}

/** Whether a TLB invalidation exists in a unit with these features, on the Non-secure queue. */
function tlbiSupported(op: number, s1p: boolean, s2p: boolean, hyp: boolean): boolean {
  switch (op) {
    case s.CMD_TLBI_NH_ALL:
    case s.CMD_TLBI_NH_ASID:
    case s.CMD_TLBI_NH_VA:
    case s.CMD_TLBI_NH_VAA:
      return s1p;
    case s.CMD_TLBI_EL2_ALL:
    case s.CMD_TLBI_EL2_ASID:
    case s.CMD_TLBI_EL2_VA:
    case s.CMD_TLBI_EL2_VAA:
      return hyp;
    case s.CMD_TLBI_S12_VMALL:
    case s.CMD_TLBI_S2_IPA:
      return s2p;
    default:
      // EL3 is the Secure queue's, and the rest are no commands.
      return op === s.CMD_TLBI_NSNH_ALL;
  }
}
