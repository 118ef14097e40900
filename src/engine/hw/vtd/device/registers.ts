import { hiOf, join, loOf } from '../../../../lib/u64';
import type { RegisterBus } from '../../port';
import {
  CAP,
  CCMD,
  CCMD_ICC,
  CFI,
  EAFL,
  ECAP,
  EVENT_IM,
  EVENT_IP,
  FEADDR,
  FECTL,
  FEDATA,
  FEUADDR,
  FRCD_BYTES,
  FSTS,
  FSTS_IQE,
  FSTS_ITE,
  GCMD,
  GSTS,
  ICS,
  ICS_IWC,
  IEADDR,
  IECTL,
  IEDATA,
  IEUADDR,
  IOTLB_IVT,
  IQA,
  IQH,
  IQT,
  IRE,
  IRTA,
  IRTA_EIME,
  PEADDR,
  PECTL,
  PEDATA,
  PEUADDR,
  PHMBASE,
  PHMLIMIT,
  PLMBASE,
  PLMLIMIT,
  PMEN,
  PMEN_EPM,
  PMEN_PRS,
  PQA,
  PQH,
  PQT,
  PRS,
  QIE,
  RTADDR,
  SFL,
  SIRTP,
  SRTP,
  TE,
  TTM_ABORT,
  TTM_LEGACY,
  TTM_SCALABLE,
  VER,
  WBF,
} from '../regs';
import { capabilities, extendedCapabilities, FAULT_OFFSET, IOTLB_OFFSET } from './config';
import { framePfn } from './context';
import { invalidateContext, invalidateIotlb } from './invalidate';
import { PAGE_QUEUE_MASK, type PageRequests } from './page-requests';
import { REGION_MASK } from './protected-memory';
import type { InvalidationQueue } from './queue';
import { PATH_LEGACY, PATH_OFF, PATH_OTHER, type UnitState } from './unit';

const VERSION = 0x10; // 1.0
const IVA = IOTLB_OFFSET;
const IOTLB = IOTLB_OFFSET + 8;

/** Registers that hold what software writes, and nothing happens. */
const PLAIN = new Set([
  RTADDR,
  RTADDR + 4,
  CCMD,
  FEDATA,
  FEADDR,
  FEUADDR,
  IQT + 4,
  IEDATA,
  IEADDR,
  IEUADDR,
  IVA,
  IVA + 4,
  IOTLB,
]);

/**
 * The register file as software sees it.
 *
 * Spec: chapter 11 "Register Descriptions"
 *
 * A 64-bit access is two 32-bit ones, low first: every register acts on its high or its only word.
 */
export class Registers implements RegisterBus {
  constructor(
    private readonly unit: UnitState,
    private readonly queue: InvalidationQueue,
    private readonly pages: PageRequests,
  ) {
    this.reset();
  }

  read32(offset: number): number {
    return offset === GCMD ? 0 : this.unit.reg(offset); // GCMD is write-only
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
    const record = offset - FAULT_OFFSET;
    if (PLAIN.has(offset)) return unit.setReg(offset, value);
    if (record >= 0 && record < unit.config.faultRecords * FRCD_BYTES) {
      if (record % FRCD_BYTES === 12) unit.faults.writeRecord(Math.floor(record / FRCD_BYTES), value);
      return;
    }
    switch (offset) {
      case GCMD:
        return this.command(value);
      case FSTS:
        unit.faults.writeStatus(value);
        // A cleared error lets the queue go on.
        if ((value & (FSTS_IQE | FSTS_ITE)) !== 0) this.queue.process();
        return;
      case FECTL:
        return unit.faults.writeControl(value);
      case IQT:
        unit.setReg(IQT, value);
        return this.queue.process();
      case IQA:
      case IQA + 4:
        if ((unit.reg(GSTS) & QIE) !== 0)
          return unit.guestError('IQA written while the queue is enabled: ignored');
        return unit.setReg(offset, value);
      case IRTA:
      case IRTA + 4:
        return unit.setReg(offset, value);
      case ICS:
        return this.completionStatus(value);
      case IECTL:
        return this.completionControl(value);
      case PMEN:
      case PLMBASE:
      case PLMLIMIT:
      case PHMBASE:
      case PHMBASE + 4:
      case PHMLIMIT:
      case PHMLIMIT + 4:
        return this.protectedMemory(offset, value);
      case PQH:
      case PQH + 4:
      case PQT:
      case PQT + 4:
      case PQA:
      case PQA + 4:
      case PRS:
      case PECTL:
      case PEDATA:
      case PEADDR:
      case PEUADDR:
        return this.pageRequests(offset, value);
      case CCMD + 4:
        return this.contextCommand(value);
      case IOTLB + 4:
        return this.iotlbCommand(value);
      default:
        // Read-only registers and holes.
        return unit.guestError(
          `write of 0x${(value >>> 0).toString(16)} to register 0x${offset.toString(16)}: ignored`,
        );
    }
  }

  reset(): void {
    const { unit } = this;
    unit.regs.fill(0);
    const wide = (offset: number, value: bigint): void => {
      unit.setReg(offset, loOf(value));
      unit.setReg(offset + 4, hiOf(value));
    };
    unit.setReg(VER, VERSION);
    wide(CAP, capabilities(unit.config));
    wide(ECAP, extendedCapabilities(unit.config));
    unit.setReg(FECTL, EVENT_IM);
    unit.setReg(IECTL, EVENT_IM);
    if (unit.config.pageRequests) unit.setReg(PECTL, EVENT_IM);
  }

  /** Spec: section 11.4.4 "Global Command Register": one-shot bits fire, the others are levels. */
  private command(value: number): void {
    const { unit } = this;
    if ((value & SRTP) !== 0) this.latchRoot();
    if ((value & SIRTP) !== 0) this.latchInterruptTable();
    // Done at once: GSTS.WBFS reads as clear.
    if ((value & WBF) !== 0 && !unit.config.writeBufferFlush) {
      unit.guestError('write-buffer flush: CAP.RWBF is clear, nothing to do');
    }
    if ((value & (SFL | EAFL)) !== 0) unit.guestError('advanced fault logging: CAP.AFL is clear, ignored');
    const changed = (value ^ unit.reg(GSTS)) & (QIE | TE | IRE | CFI);
    if ((changed & QIE) !== 0) this.setQueue((value & QIE) !== 0);
    if ((changed & TE) !== 0)
      this.setLevel(TE, value, SRTP, 'translation enabled before the root table pointer was set');
    if ((changed & IRE) !== 0) {
      this.setLevel(IRE, value, SIRTP, 'interrupt remapping enabled before its table pointer was set');
    }
    if ((changed & CFI) !== 0) unit.setReg(GSTS, unit.reg(GSTS) ^ CFI);
    if ((unit.reg(GSTS) & (TE | IRE)) === 0) unit.faults.reset();
    // Spec: section 11.4.4 "Global Command Register", field TE
    if ((changed & TE) !== 0 && (value & TE) === 0 && unit.config.scalable) unit.invalidateAll();
    this.choosePath();
  }

  private choosePath(): void {
    const { unit } = this;
    unit.service.forget();
    const on = (unit.reg(GSTS) & TE) !== 0;
    unit.path = !on ? PATH_OFF : unit.rootMode === TTM_LEGACY ? PATH_LEGACY : PATH_OTHER;
  }

  private setLevel(bit: number, value: number, needs: number, otherwise: string): void {
    const { unit } = this;
    const status = unit.reg(GSTS);
    // The status bits of the one-shot commands have the same positions.
    if ((value & bit) !== 0 && (status & needs) === 0) return unit.guestError(`${otherwise}: ignored`);
    unit.setReg(GSTS, (status & ~bit) | (value & bit));
  }

  private setQueue(on: boolean): void {
    const { unit } = this;
    unit.setReg(GSTS, unit.reg(GSTS) ^ QIE);
    unit.setReg(IQH, 0);
    if (on) this.queue.process();
  }

  private latchRoot(): void {
    const { unit } = this;
    unit.rootPfn = framePfn(unit.reg(RTADDR + 4), unit.reg(RTADDR));
    unit.rootMode = (unit.reg(RTADDR) >>> 10) & 3;
    if (!this.knowsMode()) unit.guestError('RTADDR asks for a translation table mode that the unit lacks');
    if (unit.config.flushOnSetPointer) unit.invalidateAll();
    unit.setReg(GSTS, unit.reg(GSTS) | SRTP);
  }

  private knowsMode(): boolean {
    const { rootMode, config } = this.unit;
    if (rootMode === TTM_SCALABLE) return config.scalable;
    return rootMode === TTM_LEGACY || (rootMode === TTM_ABORT && config.abortDma);
  }

  private latchInterruptTable(): void {
    const { unit } = this;
    if (!unit.config.interruptRemapping) return unit.guestError('SIRTP: ECAP.IR is clear, ignored');
    const irta = unit.reg(IRTA);
    unit.interruptTablePfn = framePfn(unit.reg(IRTA + 4), irta);
    unit.interruptEntries = 2 << (irta & 0xf);
    unit.extendedInterrupts = unit.config.extendedInterrupts && (irta & IRTA_EIME) !== 0;
    if (unit.config.flushOnSetPointer) unit.interruptCache.invalidateAll();
    unit.setReg(GSTS, unit.reg(GSTS) | SIRTP);
  }

  private completionStatus(value: number): void {
    const { unit } = this;
    if ((value & ICS_IWC) === 0) return;
    unit.setReg(ICS, 0);
    unit.setReg(IECTL, unit.reg(IECTL) & ~EVENT_IP);
  }

  /** An event that waited is sent when the mask goes. */
  private completionControl(value: number): void {
    const { unit } = this;
    const pending = unit.reg(IECTL) & EVENT_IP;
    unit.setReg(IECTL, (value & EVENT_IM) | pending);
    if ((value & EVENT_IM) !== 0 || pending === 0) return;
    unit.setReg(IECTL, 0);
    unit.irq.raise('commands');
  }

  /** Spec: section 11.4.8 "Protected Memory Registers": the regions stand still while they are enabled. */
  private protectedMemory(offset: number, value: number): void {
    const { unit } = this;
    if (!unit.config.protectedMemory)
      return unit.guestError('protected memory: CAP.PLMR and CAP.PHMR are clear');
    if (offset === PMEN) {
      return unit.setReg(PMEN, (value & PMEN_EPM) | ((value & PMEN_EPM) === 0 ? 0 : PMEN_PRS));
    }
    if ((unit.reg(PMEN) & PMEN_PRS) !== 0)
      return unit.guestError('a protected region changed while it is enabled');
    const high = offset === PHMBASE + 4 || offset === PHMLIMIT + 4;
    unit.setReg(offset, high ? value & ((1 << (unit.config.hostBits - 32)) - 1) : value & REGION_MASK);
  }

  /** Spec: section 11.4.11 "Page Request Queue Interface" */
  private pageRequests(offset: number, value: number): void {
    const { unit } = this;
    if (!unit.config.pageRequests) return unit.guestError('page requests: ECAP.PRS is clear');
    switch (offset) {
      case PRS:
        return this.pages.writeStatus(value);
      case PECTL:
        return this.pages.writeControl(value);
      case PQH:
      case PQT:
        return unit.setReg(offset, value & PAGE_QUEUE_MASK);
      case PQH + 4:
      case PQT + 4:
        return unit.setReg(offset, 0);
      case PQA:
        return unit.setReg(PQA, value & ~0xff8);
      default:
        return unit.setReg(offset, value);
    }
  }

  /** Spec: section 11.4.6 "Context Command Register": register-based invalidation, before the queue is up. */
  private contextCommand(value: number): void {
    const { unit } = this;
    unit.setReg(CCMD + 4, value & ~CCMD_ICC);
    if ((value & CCMD_ICC) === 0) return;
    const granularity = (value >>> 29) & 3;
    const low = unit.reg(CCMD);
    if (this.refused('CCMD') || granularity === 0) return;
    invalidateContext(unit, granularity, low & 0xffff, low >>> 16, value & 3);
    unit.setReg(CCMD + 4, (value & ~(CCMD_ICC | (3 << 27))) | (granularity << 27));
  }

  /** Spec: section 11.4.12 "IOTLB Registers" */
  private iotlbCommand(value: number): void {
    const { unit } = this;
    unit.setReg(IOTLB + 4, value & ~IOTLB_IVT);
    if ((value & IOTLB_IVT) === 0) return;
    const granularity = (value >>> 28) & 3;
    if (this.refused('IOTLB') || granularity === 0) return;
    const iva = unit.reg(IVA);
    const did = value & 0xffff;
    const leafOnly = (iva & 0x40) !== 0;
    invalidateIotlb(unit, granularity, did, unit.reg(IVA + 4), iva & ~0xfff, iva & 0x3f, leafOnly);
    unit.setReg(IOTLB + 4, (value & ~(IOTLB_IVT | (3 << 25))) | (granularity << 25));
  }

  /** With the queue on, and in every mode but legacy, the queue is the only way. */
  private refused(name: string): boolean {
    const { unit } = this;
    if ((unit.reg(GSTS) & QIE) === 0 && unit.rootMode === TTM_LEGACY) return false;
    unit.guestError(`${name} invalidation beside the queue: ignored`);
    return true;
  }
}
