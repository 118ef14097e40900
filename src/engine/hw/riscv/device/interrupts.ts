import type { IrqLine, IrqSource } from '../../port';
import { MSI_WRITE_FAULT } from '../reasons';
import {
  CQCSR,
  CQ_CMD_ILL,
  CQ_CMD_TO,
  CQ_FENCE_W_IP,
  FQCSR,
  ICVEC,
  IPSR,
  IPSR_CIP,
  IPSR_FIP,
  IPSR_PIP,
  IPSR_PMIP,
  MSI_CFG_TBL,
  MSI_ENTRY_BYTES,
  PQCSR,
  QUEUE_IE,
  QUEUE_MF,
  QUEUE_OF,
} from '../regs';
import type { UnitState } from './unit';

interface Source {
  readonly bit: number;
  readonly name: IrqSource;
  /** The register that enables it, and the conditions there that keep it pending; the counters have none. */
  readonly csr: number | null;
  readonly conditions: number;
}

const SOURCES = {
  commands: {
    bit: IPSR_CIP,
    name: 'commands',
    csr: CQCSR,
    conditions: QUEUE_MF | CQ_CMD_TO | CQ_CMD_ILL | CQ_FENCE_W_IP,
  },
  faults: { bit: IPSR_FIP, name: 'faults', csr: FQCSR, conditions: QUEUE_MF | QUEUE_OF },
  counters: { bit: IPSR_PMIP, name: 'counters', csr: null, conditions: 0 },
  pageRequests: { bit: IPSR_PIP, name: 'page-requests', csr: PQCSR, conditions: QUEUE_MF | QUEUE_OF },
} as const satisfies Record<string, Source>;
const ALL: readonly Source[] = [SOURCES.commands, SOURCES.faults, SOURCES.pageRequests, SOURCES.counters];

/**
 * Interrupts of the unit itself: pending bits, and the wires or messages that tell them.
 *
 * Spec: sections "Interrupt pending status register (ipsr)", "Interrupt-cause-to-vector register (icvec)" and "MSI
 * configuration table (msi_cfg_tbl)"
 */
export class Interrupts {
  /** Vectors whose message waits for its mask to go. */
  private waiting = 0;

  constructor(
    private readonly unit: UnitState,
    private readonly irq: IrqLine,
  ) {}

  raiseCommands(): void {
    this.raise(SOURCES.commands);
  }

  raiseFaults(): void {
    this.raise(SOURCES.faults);
  }

  raiseCounters(): void {
    this.raise(SOURCES.counters);
  }

  raisePageRequests(): void {
    this.raise(SOURCES.pageRequests);
  }

  /** Software writes ipsr: write-one-to-clear, and set again where the reason is still there. */
  clear(value: number): void {
    const { unit } = this;
    for (const source of ALL) {
      if ((value & source.bit) === 0) continue;
      unit.setReg(IPSR, unit.reg(IPSR) & ~source.bit);
      if (source.csr !== null && (unit.reg(source.csr) & source.conditions) !== 0) this.raise(source);
    }
  }

  /** Software unmasks a vector: a message that waited is sent. */
  unmask(vector: number): void {
    if ((this.waiting & (1 << vector)) === 0) return;
    this.waiting &= ~(1 << vector);
    this.send(vector);
    for (const source of ALL) {
      const pending = (this.unit.reg(IPSR) & source.bit) !== 0;
      if (pending && this.vectorOf(source) === vector) this.irq.raise(source.name);
    }
  }

  reset(): void {
    this.waiting = 0;
  }

  private raise(source: Source): void {
    const { unit } = this;
    if ((unit.reg(IPSR) & source.bit) !== 0) return;
    if (source.csr !== null && (unit.reg(source.csr) & QUEUE_IE) === 0) return;
    unit.setReg(IPSR, unit.reg(IPSR) | source.bit);
    if (unit.wired) return this.irq.raise(source.name);
    const vector = this.vectorOf(source);
    const entry = MSI_CFG_TBL + MSI_ENTRY_BYTES * vector;
    if ((unit.reg(entry + 12) & 1) !== 0) {
      this.waiting |= 1 << vector;
      return;
    }
    this.send(vector);
    this.irq.raise(source.name);
  }

  /** icvec has a nibble for each bit of ipsr. */
  private vectorOf(source: Source): number {
    return (this.unit.reg(ICVEC) >>> (4 * (31 - Math.clz32(source.bit)))) & 0xf;
  }

  private send(vector: number): void {
    const { unit } = this;
    const entry = MSI_CFG_TBL + MSI_ENTRY_BYTES * vector;
    const lo = unit.reg(entry);
    const hi = unit.reg(entry + 4);
    const pfn = (hi >>> 0) * 0x10_0000 + (lo >>> 12);
    const data = unit.reg(entry + 8);
    if (!unit.memory.write32(pfn, lo & 0xffc, data, unit.bigEndian)) {
      unit.faults.record(MSI_WRITE_FAULT, 0, hi, lo, 0, 0);
    }
  }
}
