import { hex, join } from '../../../../lib/u64';
import { commandName } from '../describe';
import {
  cap,
  CQB,
  CQCSR,
  CQH,
  CQT,
  CQ_CMD_ILL,
  CQ_CMD_TO,
  CQ_FENCE_W_IP,
  QUEUE_BUSY,
  QUEUE_EN,
  QUEUE_MF,
  QUEUE_ON,
} from '../regs';
import {
  ATS_DSV,
  ATS_PV,
  COMMAND_BYTES,
  DIR_DV,
  FENCE_AV,
  FENCE_PR,
  FENCE_PW,
  FENCE_WSI,
  FUNC3_SHIFT,
  FUNC_ATS_INVAL,
  FUNC_ATS_PRGR,
  FUNC_GVMA,
  FUNC_INVAL_DDT,
  FUNC_INVAL_PDT,
  FUNC_IOFENCE_C,
  FUNC_VMA,
  INVAL_AV,
  INVAL_GV,
  INVAL_NL,
  INVAL_PSCV,
  INVAL_S,
  MSG_INVALIDATE_REQUEST,
  MSG_PRG_RESPONSE,
  OP_ATS,
  OP_IODIR,
  OP_IOFENCE,
  OP_IOTINVAL,
  OPCODE_MASK,
} from '../structs';
import { InvalidationTags } from './ats';
import { entryFrame, queueEntries, tellEntry } from './faults';
import type { PageRange } from './iotlb';
import { READ_OK } from './memory';
import type { AtsMessage } from './messages';
import type { UnitState } from './unit';

/** What a command came to: a phrase for the trace; ILLEGAL; WAITING where it is not done yet; FAILED where memory refused. */
type Outcome = string | typeof ILLEGAL | typeof WAITING | typeof FAILED | typeof TIMED_OUT;
const ILLEGAL = 0;
const WAITING = 1;
const FAILED = 2;
const TIMED_OUT = 3;

/** Reserved bits by word. */
const IOTINVAL_RESERVED = [1 << 11, 0xf000_0ff8 | 0, 0x1ff, 0xc000_0000 | 0] as const;
const IOFENCE_RESERVED_LO = 0xffff_c000 | 0;
const IODIR_RESERVED = [0xc00, 0xfd] as const;
const ATS_RESERVED = [0xc00, 0xfc] as const;

const entries = (n: number, what: string): string => `${n} ${what} ${n === 1 ? 'entry' : 'entries'} dropped`;

/**
 * The command queue: fetches from head to tail, one command after the other.
 *
 * Spec: section "Command-Queue (CQ)"
 *
 * A command is done before the next is fetched, but for invalidations of device TLBs: those wait for the device, and
 * IOFENCE.C waits for them.
 */
export class CommandQueue {
  readonly tags: InvalidationTags;
  private readonly words = new Int32Array(4);
  /** An IOFENCE.C at the head waits for invalidations to complete. */
  private fenceWaits = false;
  /** An ATS.INVAL that found no free tag; the head is past it. */
  private blocked: AtsMessage | null = null;
  /** Commands done since reset. */
  done = 0;
  /** Told of each command when it is done. */
  onDone: ((name: string) => void) | null = null;
  private running = false;

  constructor(private readonly unit: UnitState) {
    this.tags = new InvalidationTags(unit.config.itags);
  }

  /** Software moved the tail, or made the queue go on. */
  kick(): void {
    if (!this.unit.config.holdCommands) this.run(Infinity);
  }

  /** Does up to so many commands, until the head stops. */
  run(limit: number): void {
    // A message to a device may come back at once, with a completion: the loop below goes on with it.
    if (this.running) return;
    this.running = true;
    for (let n = 0; n < limit && this.step(); n++);
    this.running = false;
  }

  /** An Invalidation Completion message. False: nobody waits for it. */
  complete(rid: number, segmentValid: boolean, segment: number, tags: number, count: number): boolean {
    if (!this.tags.complete(rid, segmentValid, segment, tags, count)) return false;
    this.resume();
    return true;
  }

  /** The time for the completions of these tags is over. */
  timeOut(tags: number): void {
    this.tags.timeOut(tags);
    this.resume();
  }

  /** Software switches the queue: `on` clears what stopped it. */
  switchTo(on: boolean): void {
    const { unit } = this;
    const csr = unit.reg(CQCSR);
    if (on) {
      unit.setReg(CQH, 0);
      const errors = QUEUE_MF | CQ_CMD_TO | CQ_CMD_ILL | CQ_FENCE_W_IP;
      unit.setReg(CQCSR, (csr & ~errors) | QUEUE_EN | QUEUE_ON);
    } else {
      // A fence that waits keeps the queue on, and busy, until it is done.
      unit.setReg(CQCSR, csr & ~(QUEUE_EN | (this.fenceWaits ? 0 : QUEUE_ON)));
    }
  }

  reset(): void {
    this.tags.reset();
    this.fenceWaits = false;
    this.blocked = null;
    this.done = 0;
  }

  /** Whether the head may have moved. */
  private step(): boolean {
    const { unit } = this;
    const csr = unit.reg(CQCSR);
    const on = QUEUE_EN | QUEUE_ON;
    if ((csr & on) !== on || (csr & (QUEUE_MF | CQ_CMD_ILL | CQ_CMD_TO)) !== 0) return false;
    if (this.fenceWaits || this.blocked !== null) return false;
    const head = unit.reg(CQH) >>> 0;
    if (head === unit.reg(CQT) >>> 0) return false;
    const pfn = entryFrame(unit, CQB, head, COMMAND_BYTES);
    if (unit.memory.read(pfn, (head * COMMAND_BYTES) % 4096, 2, unit.bigEndian) !== READ_OK) {
      this.stop(QUEUE_MF);
      return false;
    }
    for (let n = 0; n < 4; n++) this.words[n] = unit.memory.word(n);
    if (unit.trace.on) tellEntry(unit, 'command', CQB, head, this.words);
    return this.finish(this.execute());
  }

  private finish(outcome: Outcome): boolean {
    this.trace(outcome);
    if (outcome === WAITING) return false;
    if (typeof outcome === 'string') {
      this.advance();
      return true;
    }
    this.stop(outcome === ILLEGAL ? CQ_CMD_ILL : outcome === TIMED_OUT ? CQ_CMD_TO : QUEUE_MF);
    return false;
  }

  private advance(): void {
    const { unit } = this;
    unit.setReg(CQH, (((unit.reg(CQH) >>> 0) + 1) % queueEntries(unit.reg(CQB))) | 0);
    this.done++;
    if (this.onDone !== null) this.onDone(commandName([join(this.word(1), this.word(0))]));
  }

  private stop(bit: number): void {
    const { unit } = this;
    unit.setReg(CQCSR, unit.reg(CQCSR) | bit);
    if (bit === CQ_CMD_ILL) unit.guestError(`illegal command at index ${unit.reg(CQH)} of the command queue`);
    if (bit === QUEUE_MF) unit.guestError('memory refused an access of the command queue');
    unit.interrupts.raiseCommands();
  }

  private execute(): Outcome {
    const lo = this.word(0);
    const func = (lo >>> FUNC3_SHIFT) & 7;
    switch (lo & OPCODE_MASK) {
      case OP_IOTINVAL:
        return this.invalidate(func);
      case OP_IOFENCE:
        return func === FUNC_IOFENCE_C ? this.fence() : ILLEGAL;
      case OP_IODIR:
        return this.directory(func);
      case OP_ATS:
        return this.ats(func);
      default:
        return ILLEGAL;
    }
  }

  /** Spec: section "IOMMU Page-Table cache invalidation commands" */
  private invalidate(func: number): Outcome {
    const { capabilities } = this.unit.config;
    const hi = this.word(1);
    const reserved = IOTINVAL_RESERVED.some((mask, n) => (this.word(n) & mask) !== 0);
    if (reserved || ((hi & INVAL_NL) !== 0 && !cap.nl(capabilities))) return ILLEGAL;
    if ((this.word(2) & INVAL_S) !== 0 && !cap.s(capabilities)) return ILLEGAL;
    const gscid = (hi & INVAL_GV) !== 0 ? (hi >>> 12) & 0xffff : -1;
    const range = (this.word(0) & INVAL_AV) !== 0 ? this.range() : null;
    if (func === FUNC_VMA) return this.vma(gscid, (hi & INVAL_PSCV) !== 0 ? this.word(0) >>> 12 : -1, range);
    if (func !== FUNC_GVMA || (hi & INVAL_PSCV) !== 0) return ILLEGAL;
    return this.gvma(gscid, gscid < 0 ? null : range);
  }

  private vma(gscid: number, pscid: number, range: PageRange | null): string {
    const { iotlb, walkCache } = this.unit;
    const leaves = iotlb.invalidateFirstStage({ gscid, pscid, range });
    if (range !== null && (this.word(1) & INVAL_NL) === 0) return entries(leaves, 'IOATC');
    const tables = walkCache.invalidateFirstStage(gscid, pscid, range);
    return `${entries(leaves, 'IOATC')}, ${tables} of tables`;
  }

  private gvma(gscid: number, range: PageRange | null): string {
    const { iotlb, walkCache } = this.unit;
    const leaves = iotlb.invalidateSecondStage(gscid, range);
    const spared = range !== null && (this.word(1) & INVAL_NL) === 0;
    const tables = spared ? walkCache.invalidateNested(gscid) : walkCache.invalidateSecondStage(gscid, range);
    return `${entries(leaves, 'IOATC')}, ${tables} of tables`;
  }

  /** ADDR, with S as a range. Spec: section "Address Range Invalidation Extension" */
  private range(): PageRange {
    const lo = this.word(2);
    const hi = this.word(3);
    // ADDR[63:12] lies two bits below where an address has it.
    const vpnLo = (hi << 22) | (lo >>> 10);
    const vpnHi = (hi >>> 10) & 0xf_ffff;
    if ((lo & INVAL_S) === 0) return { vpnHi, vpnLo, lg2: 0 };
    const ones = ~vpnLo === 0 ? 32 + trailingOnes(vpnHi) : trailingOnes(vpnLo);
    const lg2 = Math.min(52, ones + 1);
    return { vpnHi, vpnLo, lg2 };
  }

  /** Spec: section "IOMMU Command-queue Fence commands" */
  private fence(): Outcome {
    const { unit } = this;
    const lo = this.word(0);
    if ((lo & IOFENCE_RESERVED_LO) !== 0 || (this.word(3) & (0xc000_0000 | 0)) !== 0) return ILLEGAL;
    if ((lo & FENCE_WSI) !== 0 && !unit.wired) return ILLEGAL;
    if (this.tags.pending) {
      this.fenceWaits = true;
      return WAITING;
    }
    if (this.tags.takeTimeOut()) return TIMED_OUT;
    if ((lo & (FENCE_PR | FENCE_PW)) !== 0) unit.ats.sync((lo & FENCE_PR) !== 0, (lo & FENCE_PW) !== 0);
    let effect = 'all before it is done';
    if ((lo & FENCE_AV) !== 0) {
      // ADDR[63:2] is in bits 61:0 of the second doubleword.
      const addressHi = (this.word(3) << 2) | (this.word(2) >>> 30);
      const addressLo = this.word(2) << 2;
      const pfn = (addressHi >>> 0) * 0x10_0000 + (addressLo >>> 12);
      if (!unit.memory.write32(pfn, addressLo & 0xfff, this.word(1), unit.bigEndian)) return FAILED;
      effect = `${hex(this.word(1) >>> 0)} written to ${hex(join(addressHi, addressLo))}`;
    }
    if ((lo & FENCE_WSI) !== 0 && (unit.reg(CQCSR) & CQ_FENCE_W_IP) === 0) {
      unit.setReg(CQCSR, unit.reg(CQCSR) | CQ_FENCE_W_IP);
      unit.interrupts.raiseCommands();
    }
    return effect;
  }

  /** Spec: section "IOMMU directory cache invalidation commands" */
  private directory(func: number): Outcome {
    const { unit } = this;
    const lo = this.word(0);
    const hi = this.word(1);
    const reserved = (lo & IODIR_RESERVED[0]) | (hi & IODIR_RESERVED[1]) | this.word(2) | this.word(3);
    if (reserved !== 0) return ILLEGAL;
    const pid = lo >>> 12;
    const valid = (hi & DIR_DV) !== 0;
    const did = hi >>> 8;
    if (valid && (did & ~unit.config.deviceIdMask) !== 0) return ILLEGAL;
    unit.forget();
    if (func === FUNC_INVAL_DDT) {
      if (pid !== 0) return ILLEGAL;
      return entries(unit.contexts.invalidateDevice(valid ? did : -1), 'directory');
    }
    if (func !== FUNC_INVAL_PDT || !valid || pid >= 2 ** this.processIdBits) return ILLEGAL;
    return entries(unit.contexts.invalidateProcess(did, pid), 'directory');
  }

  private get processIdBits(): number {
    const { capabilities } = this.unit.config;
    return cap.pd20(capabilities) ? 20 : cap.pd17(capabilities) ? 17 : 8;
  }

  /** Spec: section "IOMMU PCIe ATS commands" */
  private ats(func: number): Outcome {
    const { unit } = this;
    if (!cap.ats(unit.config.capabilities)) return ILLEGAL;
    const lo = this.word(0);
    const hi = this.word(1);
    if (((lo & ATS_RESERVED[0]) | (hi & ATS_RESERVED[1])) !== 0) return ILLEGAL;
    const message: AtsMessage = {
      code: func === FUNC_ATS_INVAL ? MSG_INVALIDATE_REQUEST : MSG_PRG_RESPONSE,
      tag: 0,
      rid: (hi >>> 8) & 0xffff,
      segmentValid: (hi & ATS_DSV) !== 0,
      segment: hi >>> 24,
      pasidValid: (hi & ATS_PV) !== 0,
      pasid: lo >>> 12,
      payloadHi: this.word(3),
      payloadLo: this.word(2),
    };
    if (func === FUNC_ATS_INVAL) return this.invalidateDevice(message);
    if (func !== FUNC_ATS_PRGR) return ILLEGAL;
    unit.ats.send(message);
    return 'answer sent to the device';
  }

  private invalidateDevice(message: AtsMessage): Outcome {
    const tag = this.tags.allocate(message);
    if (tag < 0) {
      this.blocked = message;
      return 'every tag is in use: it is sent when one is free';
    }
    this.unit.ats.send({ ...message, tag });
    return `sent to the device with tag ${tag}`;
  }

  /** A tag is free, or all are. */
  private resume(): void {
    if (this.fenceWaits && !this.tags.pending) this.resumeFence();
    if (!this.fenceWaits && this.blocked !== null) {
      const { blocked } = this;
      this.blocked = null;
      if (this.tags.free) this.invalidateDevice(blocked);
      else this.blocked = blocked;
    }
    this.kick();
  }

  private resumeFence(): void {
    const { unit } = this;
    this.fenceWaits = false;
    this.finish(this.fence());
    const csr = unit.reg(CQCSR) & ~(QUEUE_BUSY | QUEUE_ON);
    unit.setReg(CQCSR, csr | ((csr & QUEUE_EN) !== 0 ? QUEUE_ON : 0));
  }

  private word(n: number): number {
    return this.words[n] as number;
  }

  private trace(outcome: Outcome): void {
    const { trace, config } = this.unit;
    if (!trace.on) return;
    const words = [join(this.word(1), this.word(0)), join(this.word(3), this.word(2))];
    const effect = typeof outcome === 'string' ? outcome : (STOPPED[outcome] ?? '');
    trace.emit({ kind: 'command', unit: config.unit, name: commandName(words), words, effect });
  }
}

const STOPPED: Readonly<Record<number, string>> = {
  [ILLEGAL]: 'refused: illegal or not supported',
  [WAITING]: 'waits for the devices to complete invalidations',
  [FAILED]: 'refused: memory does not take the write',
  [TIMED_OUT]: 'refused: an invalidation before it timed out',
};

/** How many of the lowest bits are ones. */
const trailingOnes = (value: number): number => (~value === 0 ? 32 : 31 - Math.clz32(~value & -~value));
