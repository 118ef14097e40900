import { hiOf, join, loOf } from '../../../../lib/u64';
import type { RegisterBus } from '../../port';
import * as r from '../regs';
import type { CommandQueue } from './commands';
import { idr0, idr1, idr3, idr5, priSupported } from './config';
import type { EventQueue } from './events';
import type { PageRequestQueue } from './page-requests';
import type { Stalls } from './stalls';
import type { SmmuState } from './unit';

export interface RegisterParts {
  readonly commands: CommandQueue;
  readonly events: EventQueue;
  readonly pageRequests: PageRequestQueue;
  readonly stalls: Stalls;
}

/** Registers that hold what software writes while a bit of CR0 or IRQ_CTRL is clear. */
const GUARDED: ReadonlyMap<number, { readonly by: number; readonly bit: number }> = new Map(
  [
    ...[r.STRTAB_BASE, r.STRTAB_BASE + 4, r.STRTAB_BASE_CFG, r.CR2].map(
      (at) => [at, r.CR0, r.CR0_SMMUEN] as const,
    ),
    ...[r.CMDQ_BASE, r.CMDQ_BASE + 4].map((at) => [at, r.CR0, r.CR0_CMDQEN] as const),
    ...[r.EVENTQ_BASE, r.EVENTQ_BASE + 4].map((at) => [at, r.CR0, r.CR0_EVENTQEN] as const),
    ...[r.PRIQ_BASE, r.PRIQ_BASE + 4].map((at) => [at, r.CR0, r.CR0_PRIQEN] as const),
    ...messageWords(r.GERROR_IRQ_CFG0).map((at) => [at, r.IRQ_CTRL, r.IRQ_GERROR] as const),
    ...messageWords(r.EVENTQ_IRQ_CFG0).map((at) => [at, r.IRQ_CTRL, r.IRQ_EVENTQ] as const),
    ...messageWords(r.PRIQ_IRQ_CFG0).map((at) => [at, r.IRQ_CTRL, r.IRQ_PRIQ] as const),
  ].map(([at, by, bit]) => [at, { by, bit }]),
);

/** Bits of a register that exist in every unit; absent: all. */
const KEPT: ReadonlyMap<number, number> = new Map([
  [r.STRTAB_BASE, ~0x3f],
  [r.STRTAB_BASE + 4, 0x40ff_ffff],
  [r.STRTAB_BASE_CFG, 0x3_07ff],
  [r.CMDQ_BASE + 4, 0x40ff_ffff],
  [r.EVENTQ_BASE + 4, 0x40ff_ffff],
  [r.PRIQ_BASE + 4, 0x40ff_ffff],
]);

/**
 * The register file as software sees it.
 *
 * Spec: chapter 6 "Memory map and registers"
 *
 * A 64-bit access is two 32-bit ones, low first. Updates complete at once: each acknowledge register follows its control.
 */
export class Registers implements RegisterBus {
  constructor(
    private readonly unit: SmmuState,
    private readonly parts: RegisterParts,
  ) {
    this.reset();
  }

  read32(offset: number): number {
    return this.unit.reg(offset) | 0;
  }

  read64(offset: number): bigint {
    return join(this.read32(offset + 4), this.read32(offset));
  }

  write64(offset: number, value: bigint): void {
    this.write32(offset, loOf(value));
    this.write32(offset + 4, hiOf(value));
  }

  write32(offset: number, value: number): void {
    const { unit } = this;
    const guard = GUARDED.get(offset);
    if (guard !== undefined) {
      if ((unit.reg(guard.by) & guard.bit) !== 0) return this.ignored(offset, value, 'while it is in use');
      return unit.setReg(offset, value & this.keeps(offset));
    }
    switch (offset) {
      case r.CR0:
        return this.control(value);
      case r.CR1:
        return this.attributes(value);
      case r.GBPA:
        return this.globalBypass(value);
      case r.IRQ_CTRL:
        return this.interruptControl(value);
      case r.GERRORN:
        return this.acknowledge(value);
      case r.CMDQ_PROD:
        unit.setReg(offset, value & r.Q_INDEX_MASK);
        return this.parts.commands.process();
      case r.CMDQ_CONS:
        if (unit.enabled(r.CR0_CMDQEN)) return this.ignored(offset, value, 'while the queue is enabled');
        return unit.setReg(offset, value & (r.Q_INDEX_MASK | r.CMDQ_CONS_ERR_MASK));
      case r.EVENTQ_PROD:
        if (unit.enabled(r.CR0_EVENTQEN)) return this.ignored(offset, value, 'while the queue is enabled');
        return unit.setReg(offset, value & (r.Q_OVFLG | this.parts.events.ring.indexMask));
      case r.EVENTQ_CONS:
        unit.setReg(offset, value & (r.Q_OVFLG | this.parts.events.ring.indexMask));
        return this.parts.stalls.report();
      case r.PRIQ_PROD:
        if (unit.enabled(r.CR0_PRIQEN)) return this.ignored(offset, value, 'while the queue is enabled');
        return unit.setReg(offset, value & (r.Q_OVFLG | this.parts.pageRequests.ring.indexMask));
      case r.PRIQ_CONS:
        return unit.setReg(offset, value & (r.Q_OVFLG | this.parts.pageRequests.ring.indexMask));
      default:
        // Read-only registers and holes.
        return this.ignored(offset, value, 'read-only or not there');
    }
  }

  reset(): void {
    const { unit } = this;
    const { config } = unit;
    unit.regs.fill(0);
    unit.setReg(r.IDR0, idr0(config));
    unit.setReg(r.IDR1, idr1(config));
    unit.setReg(r.IDR3, idr3(config));
    unit.setReg(r.IDR5, idr5(config));
    unit.setReg(r.IIDR, config.iidr);
    unit.setReg(r.AIDR, config.aidr);
    if (config.attrTypesOvr) unit.setReg(r.GBPA, r.SHCFG_INCOMING << r.GBPA_SHCFG_SHIFT);
  }

  /** Spec: section 6.3.9 "SMMU_CR0" */
  private control(value: number): void {
    const { unit, parts } = this;
    unit.sources.forget();
    const { config } = unit;
    const known =
      r.CR0_SMMUEN |
      r.CR0_EVENTQEN |
      r.CR0_CMDQEN |
      (priSupported(config) ? r.CR0_PRIQEN : 0) |
      (config.ats ? r.CR0_ATSCHK : 0);
    const before = unit.reg(r.CR0);
    const now = value & known;
    unit.setReg(r.CR0, now);
    unit.setReg(r.CR0ACK, now);
    if ((before & ~now & r.CR0_SMMUEN) !== 0) parts.stalls.terminate(-1);
    if ((~before & now & r.CR0_EVENTQEN) !== 0) parts.stalls.report();
    if ((~before & now & r.CR0_CMDQEN) !== 0) parts.commands.process();
  }

  /** Each half is fixed while what it is about is on. */
  private attributes(value: number): void {
    const { unit } = this;
    const queues = r.CR0_CMDQEN | r.CR0_EVENTQEN | r.CR0_PRIQEN;
    const free = (unit.enabled(r.CR0_SMMUEN) ? 0 : r.CR1_TABLE) | (unit.enabled(queues) ? 0 : r.CR1_QUEUE);
    const before = unit.reg(r.CR1);
    if (((before ^ value) & (r.CR1_TABLE | r.CR1_QUEUE) & ~free) !== 0)
      this.ignored(r.CR1, value, 'while it is in use');
    unit.setReg(r.CR1, (before & ~free) | (value & free));
  }

  private globalBypass(value: number): void {
    const { unit } = this;
    if ((value & r.GBPA_UPDATE) === 0) return this.ignored(r.GBPA, value, 'for UPDATE is clear');
    const { attrTypesOvr, attrPermsOvr } = unit.config;
    const types = attrTypesOvr ? 0x3f1f : 0;
    const perms = attrPermsOvr ? 0xf_0000 : 0;
    unit.setReg(r.GBPA, value & (r.GBPA_ABORT | types | perms));
  }

  private interruptControl(value: number): void {
    const { unit } = this;
    const known = r.IRQ_GERROR | r.IRQ_EVENTQ | (priSupported(unit.config) ? r.IRQ_PRIQ : 0);
    unit.setReg(r.IRQ_CTRL, value & known);
    unit.setReg(r.IRQ_CTRLACK, value & known);
  }

  /** Bits that acknowledge nothing are left alone: the document allows anything. */
  private acknowledge(value: number): void {
    const { unit, parts } = this;
    const active = unit.signals.errors;
    const toggled = (unit.reg(r.GERRORN) ^ value) & r.GERROR_MASK;
    if ((toggled & ~active) !== 0) unit.guestError('GERRORN acknowledges errors that are not active');
    unit.setReg(r.GERRORN, unit.reg(r.GERRORN) ^ (toggled & active));
    if ((toggled & active & r.GERROR_CMDQ_ERR) !== 0) parts.commands.process();
    if ((toggled & active & r.GERROR_EVENTQ_ABT_ERR) !== 0) parts.stalls.report();
  }

  private keeps(offset: number): number {
    const { config } = this.unit;
    if (offset !== r.CR2) return KEPT.get(offset) ?? -1;
    return (
      r.CR2_RECINVSID |
      (config.hyp ? r.CR2_E2H : 0) |
      // Broadcasts can only be ignored where they are heard.
      r.CR2_PTM |
      (config.atsrecerr ? r.CR2_REC_CFG_ATS : 0)
    );
  }

  private ignored(offset: number, value: number, why: string): void {
    const name = r.REGISTERS.find((each) => each.offset === offset)?.name ?? `0x${offset.toString(16)}`;
    this.unit.guestError(`write of 0x${(value >>> 0).toString(16)} to ${name} ${why}: ignored`);
  }
}

/** Address, data and attributes of a message. */
function messageWords(cfg0: number): readonly number[] {
  return [cfg0, cfg0 + 4, cfg0 + 8, cfg0 + 12];
}
