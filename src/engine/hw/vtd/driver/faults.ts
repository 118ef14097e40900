import { decodeFault, type DecodedFault } from '../describe';
import { FRCD_BYTES, FRCD_F, FSTS, FSTS_FRI_SHIFT, FSTS_PFO, FSTS_PPF } from '../regs';
import type { KernelLog } from './log';
import type { RegisterIo } from './register-io';

const FSTS_PRO = 1 << 7;
const KEPT = 64;

/** A fault that the handler took out of its register, with the register's index. */
export type LoggedFault = DecodedFault & { readonly index: number };

/**
 * The fault interrupt's handler.
 *
 * Linux: drivers/iommu/intel/dmar.c dmar_fault(), dmar_fault_do_one()
 *
 * Printing is not rate-limited: there is no clock here.
 */
export class FaultHandler {
  /** The last faults, oldest first. */
  readonly faults: LoggedFault[] = [];

  constructor(
    private readonly io: RegisterIo,
    private readonly offset: number,
    private readonly count: number,
    private readonly segment: number,
    private readonly log: KernelLog,
  ) {}

  handle(): void {
    const { io } = this;
    const status = io.readl(FSTS);
    if (status !== 0) this.log('err', `DRHD: handling fault status reg ${(status >>> 0).toString(16)}`);
    if ((status & FSTS_PPF) === 0) return;
    let index = (status >>> FSTS_FRI_SHIFT) & 0xff;
    for (;;) {
      const at = this.offset + index * FRCD_BYTES;
      const highest = io.readl(at + 12);
      if ((highest & FRCD_F) === 0) break;
      const words = [io.readq(at), (BigInt(highest >>> 0) << 32n) | BigInt(io.readl(at + 8) >>> 0)];
      io.writel(at + 12, FRCD_F);
      const fault = { index, ...decodeFault(words, this.segment) };
      this.log('err', fault.kernelLine);
      this.faults.push(fault);
      if (this.faults.length > KEPT) this.faults.shift();
      index = (index + 1) % this.count;
    }
    io.writel(FSTS, FSTS_PFO | FSTS_PPF | FSTS_PRO);
  }
}
