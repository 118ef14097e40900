import { hex, hiOf, join, loOf } from '../../../../lib/u64';
import type { RegisterBus } from '../../port';
import {
  CMD_BASE,
  CMD_HEAD,
  CMD_TAIL,
  CONTROL,
  DEVTAB_BASE,
  DEVTAB_SEG1,
  DEVTAB_SEG7,
  DEV_TBL_SEG_EN_SHIFT_HI,
  EFR,
  EFR2,
  EVT_BASE,
  EVT_HEAD,
  EVT_TAIL,
  EXCL_BASE,
  EXCL_LIMIT,
  GA_HEAD,
  GA_LOG_BASE,
  GA_LOG_TAIL_ADDR,
  GA_TAIL,
  IOMMU_EN,
  MMIO_BYTES,
  MSI_ADDR_HI,
  MSI_ADDR_LO,
  MSI_DATA,
  PPR_AUTO_RESP,
  PPR_BASE,
  PPR_HEAD,
  PPR_TAIL,
  STATUS,
  STATUS_CMD_RUN,
  STATUS_COM_WAIT_INT,
  STATUS_EVT_INT,
  STATUS_EVT_OVERFLOW,
  STATUS_EVT_RUN,
  STATUS_GA_INT,
  STATUS_GA_OVERFLOW,
  STATUS_PPR_INT,
  STATUS_PPR_OVERFLOW,
  STATUS_PPR_RUN,
  XT_GA_INT,
  XT_GEN_INT,
  XT_PPR_INT,
} from '../regs';
import { extendedFeatures, extendedFeatures2 } from './config';
import type { CommandBuffer } from './commands';
import type { Log } from './log';
import type { UnitState } from './state';

const POINTER = 0x7_fff0;
const BASE_HI = 0x0f0f_ffff;
const WRITE_ONE_TO_CLEAR =
  STATUS_EVT_OVERFLOW |
  STATUS_EVT_INT |
  STATUS_COM_WAIT_INT |
  STATUS_PPR_OVERFLOW |
  STATUS_PPR_INT |
  STATUS_GA_OVERFLOW |
  STATUS_GA_INT;
/** Bits 21:18, 49, 53:52, 57:55 and 63:60 of CONTROL are reserved, or of features that this unit lacks. */
const CONTROL_LO = ~(0xf << 18);
const CONTROL_HI = 0x0c4d_ffff;

/** Which bits of a register's two words software may write. */
const WRITABLE: ReadonlyMap<number, readonly [lo: number, hi: number]> = new Map([
  [DEVTAB_BASE, [~0xe00, 0xf_ffff]],
  [CMD_BASE, [~0xfff, BASE_HI]],
  [EVT_BASE, [~0xfff, BASE_HI]],
  [PPR_BASE, [~0xfff, BASE_HI]],
  [EXCL_BASE, [~0xffc, 0xf_ffff]],
  [EXCL_LIMIT, [~0xfff, 0xf_ffff]],
  [GA_LOG_BASE, [~0xfff, BASE_HI]],
  [GA_LOG_TAIL_ADDR, [~7, 0xf_ffff]],
  ...Array.from({ length: (DEVTAB_SEG7 - DEVTAB_SEG1) / 8 + 1 }, (_, n): [number, [number, number]] => [
    DEVTAB_SEG1 + 8 * n,
    [~0xf00, 0xf_ffff],
  ]),
  [XT_GEN_INT, [~0xfb, ~0x00ff_fe00]],
  [XT_PPR_INT, [~0xfb, ~0x00ff_fe00]],
  [XT_GA_INT, [~0xfb, ~0x00ff_fe00]],
  [CMD_HEAD, [POINTER, 0]],
  [CMD_TAIL, [POINTER, 0]],
  [EVT_HEAD, [POINTER, 0]],
  [EVT_TAIL, [POINTER, 0]],
  [PPR_HEAD, [POINTER, 0]],
  [PPR_TAIL, [POINTER, 0]],
  [GA_HEAD, [0xfff8, 0]],
  [GA_TAIL, [0xfff8, 0]],
  [PPR_AUTO_RESP, [0x1f, 0]],
]);

/** 32-bit registers, two of which share 64 bits. */
const NARROW = new Set([MSI_ADDR_LO, MSI_ADDR_HI, MSI_DATA]);

/** Registers that must keep still while what they describe runs, and the pointers that a new base resets. */
const LOCKED: ReadonlyMap<number, number> = new Map([
  [CMD_BASE, STATUS_CMD_RUN],
  [CMD_HEAD, STATUS_CMD_RUN],
  [EVT_BASE, STATUS_EVT_RUN],
  [EVT_TAIL, STATUS_EVT_RUN],
  [PPR_BASE, STATUS_PPR_RUN],
  [PPR_TAIL, STATUS_PPR_RUN],
]);
const POINTERS: ReadonlyMap<number, readonly number[]> = new Map([
  [CMD_BASE, [CMD_HEAD, CMD_TAIL]],
  [EVT_BASE, [EVT_HEAD, EVT_TAIL]],
  [PPR_BASE, [PPR_HEAD, PPR_TAIL]],
]);

/** Whether software may write any of it. For people who look at registers. */
export const isWritable = (offset: number): boolean =>
  WRITABLE.has(offset) || NARROW.has(offset) || offset === CONTROL || offset === STATUS;

/**
 * The register file as software sees it.
 *
 * Spec: section 3.4 "IOMMU MMIO Registers"
 *
 * Registers are 64 bits wide; half of one may be written alone.
 */
export class Registers implements RegisterBus {
  constructor(
    private readonly state: UnitState,
    private readonly commands: CommandBuffer,
    private readonly events: Log,
    private readonly pageRequests: Log,
  ) {
    const put = (offset: number, value: bigint): void => {
      state.setReg(offset, loOf(value));
      state.setReg(offset + 4, hiOf(value));
    };
    put(EFR, extendedFeatures(state.config));
    put(EFR2, extendedFeatures2(state.config));
  }

  read32(offset: number): number {
    return offset >= 0 && offset < MMIO_BYTES ? this.state.reg(offset) : 0;
  }

  read64(offset: number): bigint {
    return join(this.read32(offset + 4), this.read32(offset));
  }

  write64(offset: number, value: bigint): void {
    this.write(offset, loOf(value), hiOf(value));
  }

  write32(offset: number, value: number): void {
    if (NARROW.has(offset)) return this.state.setReg(offset, value);
    const low = offset & ~4;
    if (offset === low) this.write(low, value, this.read32(low + 4), false);
    else this.write(low, this.read32(low), value, true);
  }

  /** `high`: of a 32-bit write, whether it is the upper half. */
  private write(offset: number, lo: number, hi: number, high?: boolean): void {
    const { state } = this;
    if (offset === CONTROL) return this.control(lo & CONTROL_LO, hi & CONTROL_HI);
    if (offset === STATUS) {
      if (high !== true) state.setReg(STATUS, state.reg(STATUS) & ~(lo & WRITE_ONE_TO_CLEAR));
      return;
    }
    const mask = WRITABLE.get(offset);
    if (mask === undefined) {
      state.guestError(`write of ${hex(join(hi, lo))} to register ${hex(offset)}: ignored`);
      return;
    }
    const isTable = offset === DEVTAB_BASE || (offset >= DEVTAB_SEG1 && offset <= DEVTAB_SEG7);
    const running = LOCKED.get(offset) ?? 0;
    if ((isTable && state.control(IOMMU_EN)) || (running & state.reg(STATUS)) !== 0) {
      state.guestError(`register ${hex(offset)} written while it is in use: ignored`);
      return;
    }
    state.setReg(offset, lo & mask[0]);
    state.setReg(offset + 4, hi & mask[1]);
    for (const pointer of POINTERS.get(offset) ?? []) state.setReg(pointer, 0);
    if (offset === CMD_TAIL) this.commands.process();
    if (offset === EXCL_BASE || offset === EXCL_LIMIT) state.settleExclusion();
  }

  /** Spec: section 3.4.8 "IOMMU Control Register" */
  private control(lo: number, hi: number): void {
    const { state } = this;
    const before = state.reg(CONTROL);
    const segments = (hi >>> DEV_TBL_SEG_EN_SHIFT_HI) & 7;
    if (segments > state.config.segments) {
      state.guestError('CONTROL asks for more device table segments than the unit has: ignored');
      return;
    }
    state.setReg(CONTROL, lo);
    state.setReg(CONTROL + 4, hi);
    state.forget();
    this.events.settle(before);
    this.pageRequests.settle(before);
    this.commands.settle(before);
  }
}
