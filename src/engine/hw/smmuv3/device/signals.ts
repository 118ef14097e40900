import { addressOf } from '../../../../lib/u64';
import type { IrqLine, IrqSource } from '../../port';
import * as r from '../regs';
import type { SmmuState } from './unit';

/**
 * Global errors and interrupts.
 *
 * Spec: section 3.18 "Interrupts and notifications", section 7.5 "Global error recording"
 *
 * A unit with messages sends one where an address is configured, and uses its wire where it is zero.
 */
export class Signals {
  private readonly data = new Int32Array(1);

  constructor(
    private readonly unit: SmmuState,
    private readonly irq: IrqLine,
  ) {}

  /** Bits that GERROR has and GERRORN does not acknowledge yet. */
  get errors(): number {
    return (this.unit.reg(r.GERROR) ^ this.unit.reg(r.GERRORN)) & r.GERROR_MASK;
  }

  /** Activates an error by toggling its bit; an active one stays as it is. */
  error(bit: number): void {
    const { unit } = this;
    if ((this.errors & bit) !== 0) return;
    unit.setReg(r.GERROR, unit.reg(r.GERROR) ^ bit);
    if ((unit.reg(r.IRQ_CTRL) & r.IRQ_GERROR) !== 0)
      this.interrupt('errors', r.GERROR_IRQ_CFG0, r.GERROR_MSI_GERROR_ABT_ERR);
  }

  eventQueue(): void {
    if ((this.unit.reg(r.IRQ_CTRL) & r.IRQ_EVENTQ) !== 0)
      this.interrupt('faults', r.EVENTQ_IRQ_CFG0, r.GERROR_MSI_EVENTQ_ABT_ERR);
  }

  pageRequestQueue(): void {
    if ((this.unit.reg(r.IRQ_CTRL) & r.IRQ_PRIQ) !== 0)
      this.interrupt('page-requests', r.PRIQ_IRQ_CFG0, r.GERROR_MSI_PRIQ_ABT_ERR);
  }

  /** CMD_SYNC's own: address and data are in the command. */
  synchronized(hi: number, lo: number, data: number): void {
    this.send('commands', hi, lo, data, r.GERROR_MSI_CMDQ_ABT_ERR);
  }

  /** CFG0 holds an address, CFG1 behind it the data. */
  private interrupt(source: IrqSource, cfg0: number, abort: number): void {
    const { unit } = this;
    this.send(source, unit.reg(cfg0 + 4) & 0xff_ffff, unit.reg(cfg0) & ~3, unit.reg(cfg0 + 8), abort);
  }

  private send(source: IrqSource, hi: number, lo: number, data: number, abort: number): void {
    const { config, reader } = this.unit;
    if (!config.msi || (hi | lo) === 0 || addressOf(hi, lo) === config.doorbell)
      return this.irq.raise(source);
    this.data[0] = data;
    // What cannot be told by the message of global errors itself stays in the register.
    if (!reader.store(hi, lo, this.data, 1)) this.error(abort);
  }
}
