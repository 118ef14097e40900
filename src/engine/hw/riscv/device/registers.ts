import { hiOf, join, loOf } from '../../../../lib/u64';
import { EXECUTE, FAULTED, PA_HI, PA_LO, PRIVILEGED, READ, WRITE, ATS_SIZE_LG2 } from '../../port';
import type { RegisterBus } from '../../port';
import {
  cap,
  CAPABILITIES,
  CQB,
  CQCSR,
  CQH,
  CQT,
  CQ_CMD_ILL,
  CQ_CMD_TO,
  CQ_FENCE_W_IP,
  DDTP,
  DDTP_BARE,
  DDTP_MODE_MASK,
  EVT_EVENT_MASK,
  EVT_OF,
  FCTL,
  FCTL_BE,
  FCTL_GXL,
  FCTL_WSI,
  FQB,
  FQCSR,
  FQH,
  FQT,
  ICVEC,
  IGS_BOTH,
  IGS_WSI,
  IOCOUNTINH,
  IOCOUNTOVF,
  IOHPMCTR,
  IOHPMCYCLES,
  IOHPMEVT,
  IOMMU_QOSID,
  IPSR,
  LOG2SZ_MASK,
  MAX_COUNTERS,
  MSI_CFG_TBL,
  MSI_ENTRY_BYTES,
  PQB,
  PQCSR,
  PQH,
  PQT,
  QUEUE_BUSY,
  QUEUE_EN,
  QUEUE_IE,
  QUEUE_MF,
  QUEUE_OF,
  QUEUE_ON,
  REGISTERS,
  TR_DID_SHIFT,
  TR_EXE,
  TR_FAULT,
  TR_GO_BUSY,
  TR_NW,
  TR_PBMT_SHIFT,
  TR_PID_SHIFT,
  TR_PRIV,
  TR_PV,
  TR_REQ_CTL,
  TR_REQ_IOVA,
  TR_RESPONSE,
  TR_S,
} from '../regs';
import type { CommandQueue } from './command-queue';
import { queueEntries } from './faults';
import { FOR_DEBUG, OUT_PBMT, type Translation } from './translation';
import type { UnitState } from './unit';

/** Bytes of the register that an offset lies in; 0 where there is none. */
const SIZES = new Uint8Array(0x1000);
for (const { offset, bytes } of REGISTERS) SIZES.fill(bytes, offset, offset + bytes);

const TR_CTL_LO = 0xffff_f00f | 0;
const TR_CTL_HI = 0xffff_ff01 | 0;

/**
 * The register file as software sees it.
 *
 * Spec: chapter "Memory-mapped register interface"
 *
 * Accesses that are not aligned, or that span two registers, read zero and write nothing: the document leaves them open.
 * Everything is done within the write, so no busy bit is ever seen, but cqcsr.busy while a fence waits for devices.
 */
export class Registers implements RegisterBus {
  constructor(
    private readonly unit: UnitState,
    private readonly queue: CommandQueue,
    private readonly translation: Translation,
  ) {
    this.reset();
  }

  read32(offset: number): number {
    if (offset % 4 !== 0 || SIZES[offset] === undefined || SIZES[offset] === 0) return 0;
    return offset === IOCOUNTOVF ? this.overflows() : this.unit.reg(offset);
  }

  read64(offset: number): bigint {
    if (offset % 8 !== 0 || SIZES[offset] !== 8) return 0n;
    return join(this.unit.reg(offset + 4), this.unit.reg(offset));
  }

  write32(offset: number, value: number): void {
    if (offset % 4 !== 0 || (SIZES[offset] ?? 0) === 0) {
      return this.unit.guestError(
        `write of 0x${(value >>> 0).toString(16)} to 0x${offset.toString(16)}: no register`,
      );
    }
    if (SIZES[offset] === 4) return this.write4(offset, value | 0);
    const at = offset & ~7;
    // The other half keeps its value: the register is written with both.
    if (offset === at) this.write8(at, this.unit.reg(at + 4), value | 0);
    else this.write8(at, value | 0, this.unit.reg(at));
  }

  write64(offset: number, value: bigint): void {
    if (offset % 8 !== 0 || SIZES[offset] !== 8) {
      return this.unit.guestError(`8-byte write to 0x${offset.toString(16)}: no register of that size`);
    }
    this.write8(offset, hiOf(value), loOf(value));
  }

  reset(): void {
    const { unit } = this;
    const { config } = unit;
    unit.regs.fill(0);
    unit.setReg(CAPABILITIES, loOf(config.capabilities));
    unit.setReg(CAPABILITIES + 4, hiOf(config.capabilities));
    unit.setReg(FCTL, config.fctl);
    unit.setReg(DDTP, config.resetMode);
    this.translation.directory.configure();
    unit.interrupts.reset();
    this.queue.reset();
    unit.counters.refresh();
  }

  private write4(offset: number, value: number): void {
    const { unit } = this;
    switch (offset) {
      case FCTL:
        return this.features(value);
      case CQT:
        unit.setReg(CQT, this.index(value, CQB));
        return this.queue.kick();
      case FQH:
        return unit.setReg(FQH, this.index(value, FQB));
      case PQH:
        if (this.has(cap.ats)) unit.setReg(PQH, this.index(value, PQB));
        return;
      case CQCSR:
        return this.commandQueue(value);
      case FQCSR:
        return this.recordQueue(FQCSR, FQT, value);
      case PQCSR:
        if (this.has(cap.ats)) this.recordQueue(PQCSR, PQT, value);
        return;
      case IPSR:
        return unit.interrupts.clear(value);
      case IOCOUNTINH:
        if (!this.has(cap.hpm)) return;
        unit.setReg(IOCOUNTINH, value & (2 ** unit.config.counters - 1));
        return unit.counters.refresh();
      case IOMMU_QOSID:
        if (this.has(cap.qosid)) unit.setReg(IOMMU_QOSID, value & unit.config.qosMask);
        return;
      case CQH:
      case FQT:
      case PQT:
      case IOCOUNTOVF:
        return unit.guestError(`write to 0x${offset.toString(16)}: read-only`);
      default:
        return this.messageWord(offset, value);
    }
  }

  private write8(offset: number, hi: number, lo: number): void {
    const { unit } = this;
    switch (offset) {
      case CAPABILITIES:
      case TR_RESPONSE:
        return unit.guestError(`write to 0x${offset.toString(16)}: read-only`);
      case DDTP:
        return this.directory(hi, lo);
      case CQB:
        return this.base(CQB, CQCSR, CQT, hi, lo);
      case FQB:
        return this.base(FQB, FQCSR, FQH, hi, lo);
      case PQB:
        if (this.has(cap.ats)) this.base(PQB, PQCSR, PQH, hi, lo);
        return;
      case IOHPMCYCLES:
        if (unit.config.counters > 0) this.counter(offset, hi & ~EVT_OF, lo, hi & EVT_OF);
        return;
      case TR_REQ_IOVA:
        if (this.has(cap.dbg)) this.wide(TR_REQ_IOVA, hi, lo & ~0xfff);
        return;
      case TR_REQ_CTL:
        return this.debugTranslate(hi, lo);
      case ICVEC:
        return unit.setReg(ICVEC, lo & this.vectorMask());
      default:
        return this.counterOrMessage(offset, hi, lo);
    }
  }

  private counterOrMessage(offset: number, hi: number, lo: number): void {
    const { unit } = this;
    if (offset >= MSI_CFG_TBL) return this.messageAddress(offset, hi, lo);
    const event = offset >= IOHPMEVT;
    const n = (offset - (event ? IOHPMEVT : IOHPMCTR)) / 8;
    if (n >= unit.counters.events || n >= MAX_COUNTERS) return;
    if (!event) return this.counter(offset, hi, lo, 0);
    // An event that the unit does not count: the field keeps its value.
    const id =
      (lo & EVT_EVENT_MASK) > unit.config.lastEvent ? unit.reg(offset) & EVT_EVENT_MASK : lo & EVT_EVENT_MASK;
    this.wide(offset, hi, (lo & ~EVT_EVENT_MASK) | id);
    unit.counters.refresh();
  }

  /** Spec: section "Features-control register (fctl)" */
  private features(value: number): void {
    const { unit } = this;
    const { config } = unit;
    const enabled = [CQCSR, FQCSR, PQCSR].some((csr) => (unit.reg(csr) & (QUEUE_EN | QUEUE_ON)) !== 0);
    if (enabled || (unit.reg(DDTP) & DDTP_MODE_MASK) !== 0) {
      return unit.guestError('fctl written while the IOMMU or a queue is on: ignored');
    }
    const writable =
      (cap.end(config.capabilities) ? FCTL_BE : 0) |
      (cap.igs(config.capabilities) === IGS_BOTH ? FCTL_WSI : 0) |
      (config.gxlWritable ? FCTL_GXL : 0);
    unit.setReg(FCTL, (unit.reg(FCTL) & ~writable) | (value & writable));
    this.translation.directory.configure();
    unit.forget();
  }

  /** Spec: section "Device-directory-table pointer (ddtp)" */
  private directory(hi: number, lo: number): void {
    const { unit } = this;
    const mode = lo & DDTP_MODE_MASK;
    const before = unit.reg(DDTP) & DDTP_MODE_MASK;
    if (mode > unit.config.maxMode)
      return unit.guestError(`ddtp.iommu_mode ${mode} is not supported: ignored`);
    if (before > DDTP_BARE && mode > DDTP_BARE) {
      return unit.guestError(
        'ddtp changed from one directory to another without Off or Bare between: ignored',
      );
    }
    const [ppnHi, ppnLo] = this.ppn(hi, lo);
    this.wide(DDTP, ppnHi, ppnLo | mode);
    this.translation.directory.configure();
    unit.forget();
  }

  private base(offset: number, csr: number, index: number, hi: number, lo: number): void {
    const { unit } = this;
    if ((unit.reg(csr) & (QUEUE_BUSY | QUEUE_ON)) !== 0) {
      return unit.guestError('the base of a queue was written while it is on: ignored');
    }
    const [ppnHi, ppnLo] = this.ppn(hi, lo);
    this.wide(offset, ppnHi, ppnLo | (lo & LOG2SZ_MASK));
    unit.setReg(index, 0);
  }

  /** The PPN field, as wide as physical addresses are. */
  private ppn(hi: number, lo: number): readonly [number, number] {
    const bits = cap.pas(this.unit.config.capabilities) - 12;
    const mask = bits <= 0 ? 0n : ((1n << BigInt(bits)) - 1n) << 10n;
    const kept = join(hi & 0x3f_ffff, lo) & mask;
    return [hiOf(kept), loOf(kept)];
  }

  private index(value: number, base: number): number {
    const entries = queueEntries(this.unit.reg(base));
    return ((value >>> 0) % entries) | 0;
  }

  /** Spec: section "Command-queue CSR (cqcsr)" */
  private commandQueue(value: number): void {
    const { unit } = this;
    const before = unit.reg(CQCSR);
    if ((before & QUEUE_BUSY) !== 0) return unit.guestError('cqcsr written while it is busy: ignored');
    if (((before ^ value) & QUEUE_EN) !== 0) this.queue.switchTo((value & QUEUE_EN) !== 0);
    const clear = value & (QUEUE_MF | CQ_CMD_TO | CQ_CMD_ILL | CQ_FENCE_W_IP);
    let csr = (unit.reg(CQCSR) & ~(clear | QUEUE_IE)) | (value & QUEUE_IE);
    // Still on, though switched off: a fence waits.
    if (((csr & QUEUE_EN) !== 0) !== ((csr & QUEUE_ON) !== 0)) csr |= QUEUE_BUSY;
    unit.setReg(CQCSR, csr);
    this.queue.kick();
  }

  /** Spec: section "Fault queue CSR (fqcsr)", section "Page-request-queue CSR (pqcsr)" */
  private recordQueue(offset: number, tail: number, value: number): void {
    const { unit } = this;
    const before = unit.reg(offset);
    let csr = before & ~(value & (QUEUE_MF | QUEUE_OF));
    if (((before ^ value) & QUEUE_EN) !== 0) {
      csr &= ~(QUEUE_EN | QUEUE_ON);
      if ((value & QUEUE_EN) !== 0) {
        csr = (csr & ~(QUEUE_MF | QUEUE_OF)) | QUEUE_EN | QUEUE_ON;
        unit.setReg(tail, 0);
      }
    }
    unit.setReg(offset, (csr & ~QUEUE_IE) | (value & QUEUE_IE));
  }

  private counter(offset: number, hi: number, lo: number, keep: number): void {
    const bits = this.unit.config.counterBits;
    const keptLo = bits < 32 ? lo & (2 ** bits - 1) : lo;
    const keptHi = bits <= 32 ? 0 : bits < 64 ? hi & (2 ** (bits - 32) - 1) : hi;
    this.wide(offset, keptHi | keep, keptLo);
  }

  /** Shadow copies of the OF bits. Spec: section "Performance-monitoring counter overflow status (iocountovf)" */
  private overflows(): number {
    const { unit } = this;
    let found = unit.reg(IOHPMCYCLES + 4) >>> 31;
    for (let n = 0; n < unit.counters.events; n++)
      found |= (unit.reg(IOHPMEVT + 8 * n + 4) >>> 31) << (n + 1);
    return found;
  }

  /** Fields of causes that the unit does not have are zero. Spec: section "Interrupt-cause-to-vector register (icvec)" */
  private vectorMask(): number {
    const one = 2 ** this.unit.config.vectorBits - 1;
    return one | (one << 4) | (this.has(cap.hpm) ? one << 8 : 0) | (this.has(cap.ats) ? one << 12 : 0);
  }

  /** Spec: section "MSI configuration table (msi_cfg_tbl)" */
  private messageWord(offset: number, value: number): void {
    const { unit } = this;
    const vector = this.vectorAt(offset);
    if (vector < 0) return;
    if (offset % MSI_ENTRY_BYTES === 8) return unit.setReg(offset, value);
    if ((value & 1) === 0 && (unit.reg(offset) & 1) !== 0) unit.interrupts.unmask(vector);
    unit.setReg(offset, value & 1);
  }

  private messageAddress(offset: number, hi: number, lo: number): void {
    if (this.vectorAt(offset) < 0) return;
    const mask = (1n << BigInt(cap.pas(this.unit.config.capabilities))) - 1n;
    const kept = join(hi, lo & ~3) & mask;
    this.wide(offset, hiOf(kept), loOf(kept));
  }

  private vectorAt(offset: number): number {
    const { config } = this.unit;
    const vector = Math.floor((offset - MSI_CFG_TBL) / MSI_ENTRY_BYTES);
    const none = cap.igs(config.capabilities) === IGS_WSI || vector >= 1 << config.vectorBits;
    return none ? -1 : vector;
  }

  /** Spec: chapter "Debug support" */
  private debugTranslate(hi: number, lo: number): void {
    const { unit, translation } = this;
    if (!this.has(cap.dbg)) return;
    this.wide(TR_REQ_CTL, hi & TR_CTL_HI, lo & TR_CTL_LO & ~TR_GO_BUSY);
    if ((lo & TR_GO_BUSY) === 0) return;
    const pasid = (hi & TR_PV) !== 0 ? lo >>> TR_PID_SHIFT : -1;
    // Without NW both read and write permission are asked for: what may be written may be read.
    const asked = (lo & TR_NW) === 0 ? WRITE : (lo & TR_EXE) !== 0 ? EXECUTE : READ;
    const access = asked | ((lo & TR_PRIV) !== 0 ? PRIVILEGED : 0);
    const [iovaHi, iovaLo] = [unit.reg(TR_REQ_IOVA + 4), unit.reg(TR_REQ_IOVA)];
    const { out } = translation;
    const failed =
      translation.request(hi >>> TR_DID_SHIFT, iovaHi, iovaLo, access, pasid, FOR_DEBUG) === FAULTED;
    if (failed) return this.wide(TR_RESPONSE, 0, TR_FAULT);
    const ppn = napot(out[PA_HI] as number, out[PA_LO] as number, out[ATS_SIZE_LG2] as number);
    const size = (out[ATS_SIZE_LG2] as number) > 12 ? TR_S : 0;
    const response =
      ((ppn & 0xfff_ffff_ffffn) << 10n) | BigInt(size | ((out[OUT_PBMT] as number) << TR_PBMT_SHIFT));
    this.wide(TR_RESPONSE, hiOf(response), loOf(response));
  }

  private has(capability: (c: bigint) => boolean): boolean {
    return capability(this.unit.config.capabilities);
  }

  private wide(offset: number, hi: number, lo: number): void {
    this.unit.setReg(offset, lo);
    this.unit.setReg(offset + 4, hi);
  }
}

/** A frame number that tells the size of its range too. Spec: section "Translation-response (tr_response)", field PPN */
export function napot(paHi: number, paLo: number, sizeLg2: number): bigint {
  const pa = join(paHi, paLo);
  const size = 1n << BigInt(sizeLg2);
  return ((pa & ~(size - 1n)) | (size / 2n - 1n)) >> 12n;
}
