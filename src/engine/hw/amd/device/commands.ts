import { addressOf, hex, join } from '../../../../lib/u64';
import { tellQueueEntry } from '../../common/queue-event';
import { commandName } from '../describe';
import {
  CMD_BASE,
  CMD_BUF_EN,
  CMD_HEAD,
  CMD_TAIL,
  COM_WAIT_INT_EN,
  CONTROL,
  INV_TIMEOUT_SHIFT,
  IOMMU_EN,
  STATUS,
  STATUS_CMD_RUN,
  STATUS_COM_WAIT_INT,
} from '../regs';
import {
  CMD_COMPLETE_PPR_REQUEST,
  CMD_COMPLETION_WAIT,
  CMD_INVALIDATE_DEVTAB_ENTRY,
  CMD_INVALIDATE_INTERRUPT_TABLE,
  CMD_INVALIDATE_IOMMU_ALL,
  CMD_INVALIDATE_IOMMU_PAGES,
  CMD_INVALIDATE_IOTLB_PAGES,
  CMD_PREFETCH_IOMMU_PAGES,
  COMMAND_BYTES,
  INV_GN,
  INV_PDE,
  INV_S,
  PREFETCH_INVAL,
  WAIT_I,
  WAIT_S,
} from '../structs';
import type { Events } from './events';
import { invalidateAll, invalidateDevice, invalidateInterrupts, invalidatePages } from './invalidate';
import { trailingOnes } from './host-walk';
import { ringBase, ringBytes } from './log';
import { readWords, writeWords } from './memory';
import type { UnitState } from './state';

const POINTER_MASK = 0x7_fff0;

/** What a command did; ILLEGAL; or where memory refused it. */
type Outcome = string | typeof ILLEGAL | { readonly pa: number; readonly type: number };
const ILLEGAL = 0;

/** What commands need of who can walk. */
export interface CommandWalker {
  /** Fetches a translation ahead. */
  prefetch(rid: number, pasid: number, hi: number, lo: number): boolean;
  /** Whether a device's requests without a PASID count as those of PASID 0. */
  servesAsZero(rid: number): boolean;
}

/**
 * The command buffer: fetches from head to tail, one command after the other, and stops at the first bad one.
 *
 * Spec: section 2.4 "Commands"
 *
 * All of it happens within the write to CMD_TAIL: every command is complete before the next is fetched, so F of a
 * COMPLETION_WAIT has nothing to order.
 */
export class CommandBuffer {
  /** Commands done since reset. */
  done = 0;
  /** Told of each command when it is done. */
  onDone: ((name: string) => void) | null = null;
  private readonly words = new Int32Array(4);

  constructor(
    private readonly state: UnitState,
    private readonly events: Events,
    private readonly walker: CommandWalker,
  ) {}

  get running(): boolean {
    return (this.state.reg(STATUS) & STATUS_CMD_RUN) !== 0;
  }

  /** Software wrote CONTROL: the buffer starts and stops with its enable bits. */
  settle(before: number): void {
    const { state } = this;
    const both = IOMMU_EN | CMD_BUF_EN;
    const was = (before & both) === both;
    const is = (state.reg(CONTROL) & both) === both;
    if (!is) state.setReg(STATUS, state.reg(STATUS) & ~STATUS_CMD_RUN);
    if (!is || was) return;
    if (ringBytes(state, CMD_BASE) === 0)
      return state.guestError('the command buffer was turned on with a reserved length');
    state.setReg(STATUS, state.reg(STATUS) | STATUS_CMD_RUN);
    this.process();
  }

  process(): void {
    const { state } = this;
    while (this.running) {
      const bytes = ringBytes(state, CMD_BASE);
      const head = (state.reg(CMD_HEAD) & POINTER_MASK) % bytes;
      const tail = (state.reg(CMD_TAIL) & POINTER_MASK) % bytes;
      if (head === tail) return;
      const pa = ringBase(state, CMD_BASE) + head;
      const unread = readWords(state.memory, pa, this.words);
      if (unread !== 0) return this.stop(() => this.events.commandHardware(pa, unread));
      if (state.trace.on)
        tellQueueEntry(
          state.trace,
          state.config.unit,
          'command',
          { index: head / COMMAND_BYTES, pa },
          this.words,
        );
      const outcome = this.execute(pa);
      this.trace(outcome);
      if (outcome === ILLEGAL) return this.stop(() => this.events.illegalCommand(pa));
      if (typeof outcome === 'object')
        return this.stop(() => this.events.commandHardware(outcome.pa, outcome.type));
      this.done++;
      state.setReg(CMD_HEAD, (head + COMMAND_BYTES) % bytes);
      if (this.onDone !== null) this.onDone(commandName(this.word(1) >>> 28));
    }
  }

  private execute(pa: number): Outcome {
    const { config } = this.state;
    switch (this.word(1) >>> 28) {
      case CMD_COMPLETION_WAIT:
        return this.wait();
      case CMD_INVALIDATE_DEVTAB_ENTRY:
        return this.forDevice(invalidateDevice);
      case CMD_INVALIDATE_IOMMU_PAGES:
        return this.pages();
      case CMD_INVALIDATE_IOTLB_PAGES:
        return config.iotlbSupport ? this.deviceTlb(pa) : ILLEGAL;
      case CMD_INVALIDATE_INTERRUPT_TABLE:
        return this.forDevice(invalidateInterrupts);
      case CMD_PREFETCH_IOMMU_PAGES:
        return config.prefetch ? this.prefetchPages() : ILLEGAL;
      case CMD_COMPLETE_PPR_REQUEST:
        return config.pageRequests ? this.pageResponse() : ILLEGAL;
      case CMD_INVALIDATE_IOMMU_ALL:
        return config.invalidateAll && this.reserved(-1, 0x0fff_ffff, -1, -1)
          ? invalidateAll(this.state)
          : ILLEGAL;
      default:
        // INSERT_GUEST_EVENT and RESET_VMMIO too: this unit has no virtual IOMMUs.
        return ILLEGAL;
    }
  }

  /** Spec: section 2.4.1 */
  private wait(): Outcome {
    const { state } = this;
    const first = this.word(0);
    if (!this.reserved(0, 0x0ff0_0000, 0, 0)) return ILLEGAL;
    let effect = 'all before it is done';
    if ((first & WAIT_S) !== 0) {
      const pa = addressOf(this.word(1) & 0xf_ffff, first & ~7);
      const problem = writeWords(state.memory, pa, this.words.subarray(2));
      if (problem !== 0) return { pa, type: problem };
      effect = `${hex(join(this.word(3), this.word(2)))} written to ${hex(pa)}`;
    }
    if ((first & WAIT_I) !== 0) {
      const before = state.reg(STATUS);
      state.setReg(STATUS, before | STATUS_COM_WAIT_INT);
      if ((before & STATUS_COM_WAIT_INT) === 0 && state.control(COM_WAIT_INT_EN)) state.raise('commands');
    }
    return effect;
  }

  /** Spec: section 2.4.2 and 2.4.5 */
  private forDevice(invalidate: (state: UnitState, rid: number) => string): Outcome {
    if (!this.reserved(~0xffff, 0x0fff_ffff, -1, -1)) return ILLEGAL;
    return invalidate(this.state, this.word(0) & 0xffff);
  }

  /** Spec: section 2.4.3 */
  private pages(): Outcome {
    if (!this.reserved(~0xf_ffff, 0x0fff_0000, 0xff8, 0)) return ILLEGAL;
    const flags = this.word(2);
    const { hi, lo, sizeLg2 } = this.range();
    return invalidatePages(this.state, {
      domain: this.word(1) & 0xffff,
      pasid: (flags & INV_GN) !== 0 ? this.word(0) & 0xf_ffff : -1,
      hi,
      lo,
      sizeLg2,
      tables: (flags & INV_PDE) !== 0,
    });
  }

  /**
   * Spec: section 2.4.4
   *
   * With GIoV a device that knows no PASIDs is served by PASID 0, and has kept its translations without one: what is said
   * of PASID 0 goes to it without a PASID too. Linux relies on it: amd_iommu_domain_flush_pages() of a v2 domain names
   * PASID 0 with GN = 1, and sends nothing else.
   */
  private deviceTlb(pa: number): Outcome {
    const { state } = this;
    if (!this.reserved(0, 0x0000_0000, 0xffa, 0)) return ILLEGAL;
    const [first, second, flags] = [this.word(0), this.word(1), this.word(2)];
    const rid = first & 0xffff;
    const { hi, lo, sizeLg2 } = this.range();
    const named =
      (flags & INV_GN) !== 0
        ? ((second >>> 16) & 0xff) | (((first >>> 16) & 0xff) << 8) | (((second >>> 24) & 0xf) << 16)
        : -1;
    const pasid = named === 0 && this.walker.servesAsZero(rid) ? -1 : named;
    const size = Math.min(sizeLg2, 64);
    const iova = size === 64 ? 0n : join(hi, lo) & ~((1n << BigInt(size)) - 1n);
    if (state.link.invalidate({ rid, pasid, iova, sizeLg2: size, global: false }))
      return 'the device dropped its translations';
    if (((state.reg(CONTROL) >>> INV_TIMEOUT_SHIFT) & 7) === 0) {
      state.guestError(
        'a device does not complete an invalidation, and no time-out is set: taken as complete',
      );
      return 'the device did not answer';
    }
    this.events.invalidationTimeout(rid, pa);
    return 'the device did not answer in time';
  }

  /** Spec: section 2.4.6 */
  private prefetchPages(): Outcome {
    if (!this.reserved(0xff_0000, 0x0ff0_0000, 0xfea, 0)) return ILLEGAL;
    const [first, flags] = [this.word(0), this.word(2)];
    const rid = first & 0xffff;
    const count = first >>> 24;
    const pasid = (flags & INV_GN) !== 0 ? this.word(1) & 0xf_ffff : -1;
    if ((flags & PREFETCH_INVAL) !== 0) invalidateDevice(this.state, rid);
    const start = addressOf(this.word(3), flags & ~0xfff);
    let fetched = 0;
    for (let n = 0; n <= count; n++) {
      const at = start + n * 4096;
      if (this.walker.prefetch(rid, pasid, Math.floor(at / 0x1_0000_0000) | 0, at | 0)) fetched++;
    }
    return `${fetched} of ${count + 1} pages fetched`;
  }

  /** Spec: section 2.4.7 */
  private pageResponse(): Outcome {
    if (!this.reserved(~0xffff, 0x0ff0_0000, ~4, ~0xffff)) return ILLEGAL;
    const tag = this.word(3);
    const pasid = (this.word(2) & INV_GN) !== 0 ? this.word(1) & 0xf_ffff : -1;
    const group = tag & 0x1ff;
    const code = (tag >>> 12) & 0xf;
    this.state.link.pageResponse({ rid: this.word(0) & 0xffff, pasid, group, code });
    return `group ${group} answered with ${code}`;
  }

  /** The range that S and the address name. Spec: table 14 "Example Page Size Encodings" */
  private range(): { readonly hi: number; readonly lo: number; readonly sizeLg2: number } {
    const lo = this.word(2) & ~0xfff;
    const hi = this.word(3);
    const sizeLg2 = (this.word(2) & INV_S) === 0 ? 12 : trailingOnes(hi, lo | 0xfff) + 1;
    return { hi, lo, sizeLg2 };
  }

  /** Whether the bits that must be zero are. */
  private reserved(first: number, second: number, third: number, fourth: number): boolean {
    return (
      ((this.word(0) & first) |
        (this.word(1) & second) |
        (this.word(2) & third) |
        (this.word(3) & fourth)) ===
      0
    );
  }

  private word(n: number): number {
    return this.words[n] as number;
  }

  private stop(log: () => void): void {
    const { state } = this;
    state.setReg(STATUS, state.reg(STATUS) & ~STATUS_CMD_RUN);
    state.guestError(`the command buffer stopped at offset ${hex(state.reg(CMD_HEAD))}`);
    log();
  }

  private trace(outcome: Outcome): void {
    const { trace, config } = this.state;
    if (!trace.on) return;
    const effect =
      typeof outcome === 'string'
        ? outcome
        : outcome === ILLEGAL
          ? 'refused: ILLEGAL_COMMAND_ERROR'
          : `refused: COMMAND_HARDWARE_ERROR at ${hex(outcome.pa)}`;
    trace.emit({
      kind: 'command',
      unit: config.unit,
      name: commandName(this.word(1) >>> 28),
      words: [join(this.word(1), this.word(0)), join(this.word(3), this.word(2))],
      effect,
    });
  }
}
