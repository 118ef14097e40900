import { cacheWording } from '../../../trace/wording';
import {
  INVALID_DEVICE_REQUEST,
  ILLEGAL_DEV_TABLE_ENTRY,
  IO_PAGE_FAULT,
  PAGE_TAB_HARDWARE_ERROR,
  REQUEST_INTERRUPT_BLOCKED,
} from '../reasons';
import { CONTROL, GAM_EN_SHIFT, GA_EN, NUM_INT_REMAP_MODE_SHIFT_HI, XT_EN_HI } from '../regs';
import {
  DTE_EINT_PASS,
  DTE_IG,
  DTE_INIT_PASS,
  DTE_INT_CTL_MASK,
  DTE_INT_CTL_SHIFT,
  DTE_INT_TAB_LEN_MASK,
  DTE_INT_TAB_LEN_SHIFT,
  DTE_IV,
  DTE_NMI_PASS,
  EVENT_I,
  EVENT_PR,
  EVENT_RZ,
  EVENT_TYPE_SHIFT,
  INT_CTL_ABORT,
  INT_CTL_FORWARD,
  INT_CTL_REMAP,
  IRTE_BYTES,
  IRTE_DM,
  IRTE_GA_BYTES,
  IRTE_GUEST_MODE,
  IRTE_INT_TYPE_MASK,
  IRTE_INT_TYPE_SHIFT,
  IRTE_REMAP_EN,
  IRTE_SUP_IOPF,
} from '../structs';
import { D_RAW } from './dte';
import { readWords } from './memory';
import type { UnitState } from './state';
import { TAGS } from './tag-cache';

/** Words of a cached interrupt table entry: the entry as it stands in memory. */
export const I_RAW = TAGS;
export const IRTE_WORDS = TAGS + 4;

/** What became of an interrupt message. */
export interface RemappedInterrupt {
  /** Event code; 0: it reaches the processors. */
  readonly code: number;
  readonly flags: number;
  /** Of a hardware error: the physical address; else the message's. */
  readonly address: number;
  /** Nothing is logged. */
  readonly silent: boolean;
  /** As the processors see it. */
  readonly destination: number;
  readonly logical: boolean;
  readonly vector: number;
  /** 0 fixed, 1 arbitrated (lowest priority), 2 SMI, 4 NMI, 5 INIT, 7 ExtInt */
  readonly type: number;
}

const MAX_TABLE_LG2 = 11;
const SMI = 2;
const PASSES: Readonly<Record<number, number>> = { 4: DTE_NMI_PASS, 5: DTE_INIT_PASS, 7: DTE_EINT_PASS };
/** Bits 181:180 and 245:240, 206:192 of a device table entry. */
const RESERVED_5 = 0x30_0000;
const RESERVED_6 = 0x7fff;
const RESERVED_7 = 0x3f_0000;

/**
 * Interrupt remapping: what an upstream interrupt message becomes.
 *
 * Spec: section 2.2.5 "Interrupt Remapping Tables", table 19 "IOMMU Controls and Actions for Upstream Interrupts"
 *
 * Entries in guest mode post to a virtual APIC, which is not modelled: they are refused as if GAM were off.
 */
export class InterruptRemapping {
  private readonly irte = new Int32Array(4);

  constructor(private readonly state: UnitState) {}

  /** `dte`: decoded, from index `d` on. */
  remap(rid: number, dte: Int32Array, d: number, address: number, data: number): RemappedInterrupt {
    const word = (n: number): number => dte[d + D_RAW + n] as number;
    const through: RemappedInterrupt = {
      code: 0,
      flags: 0,
      address,
      silent: false,
      destination: (address >>> 12) & 0xff,
      logical: (address & 4) !== 0,
      vector: data & 0xff,
      type: (data >>> 8) & 7,
    };
    const refuse = (code: number, flags: number, silent = false): RemappedInterrupt => ({
      ...through,
      code,
      flags: flags | EVENT_I,
      silent,
    });
    if ((word(4) & DTE_IV) === 0) return through;
    if ((word(5) & RESERVED_5) !== 0 || (word(6) & RESERVED_6) !== 0 || (word(7) & RESERVED_7) !== 0)
      return refuse(ILLEGAL_DEV_TABLE_ENTRY, EVENT_RZ);
    const ignore = (word(4) & DTE_IG) !== 0;
    if (through.type > 1 && !this.remapsAll) {
      const pass = through.type === SMI || (word(5) & (PASSES[through.type] ?? 0)) !== 0;
      // Those that are not remapped go to a physical destination alone.
      return pass && !through.logical ? through : refuse(IO_PAGE_FAULT, 0, ignore);
    }
    switch ((word(5) >>> DTE_INT_CTL_SHIFT) & DTE_INT_CTL_MASK) {
      case INT_CTL_FORWARD:
        return through;
      case INT_CTL_ABORT:
        return {
          ...refuse(INVALID_DEVICE_REQUEST, REQUEST_INTERRUPT_BLOCKED << EVENT_TYPE_SHIFT),
          flags: REQUEST_INTERRUPT_BLOCKED << EVENT_TYPE_SHIFT,
        };
      case INT_CTL_REMAP:
        return this.lookUp(rid, word(4), word(5), data, ignore, through, refuse);
      default:
        return refuse(ILLEGAL_DEV_TABLE_ENTRY, EVENT_RZ);
    }
  }

  /** With 2048 interrupts, the message's type is a part of the index, and no kind is left to pass by itself. */
  private get remapsAll(): boolean {
    const { state } = this;
    return state.config.interrupts2k && ((state.reg(CONTROL + 4) >>> NUM_INT_REMAP_MODE_SHIFT_HI) & 3) === 1;
  }

  private lookUp(
    rid: number,
    low: number,
    high: number,
    data: number,
    ignore: boolean,
    through: RemappedInterrupt,
    refuse: (code: number, flags: number, silent?: boolean) => RemappedInterrupt,
  ): RemappedInterrupt {
    const { state, irte } = this;
    const lengthLg2 = (low >>> DTE_INT_TAB_LEN_SHIFT) & DTE_INT_TAB_LEN_MASK;
    if (lengthLg2 > MAX_TABLE_LG2) return refuse(ILLEGAL_DEV_TABLE_ENTRY, 0);
    const index = data & 0x7ff;
    if (index >= 1 << lengthLg2) return refuse(IO_PAGE_FAULT, 0, ignore);

    const wide = state.control(GA_EN);
    const bytes = wide ? IRTE_GA_BYTES : IRTE_BYTES;
    const pa = (high & 0xf_ffff) * 0x1_0000_0000 + ((low & ~0x3f) >>> 0) + index * bytes;
    const problem = this.fetch(rid, index, pa, wide);
    if (problem !== 0)
      return { ...refuse(PAGE_TAB_HARDWARE_ERROR, problem << EVENT_TYPE_SHIFT), address: pa };
    const first = irte[0] as number;
    const third = wide ? (irte[2] as number) : 0;
    const fourth = wide ? (irte[3] as number) : 0;
    const quiet = ignore || (first & IRTE_SUP_IOPF) !== 0;
    if ((first & IRTE_REMAP_EN) === 0) return refuse(IO_PAGE_FAULT, 0, quiet);
    const type = (first >>> IRTE_INT_TYPE_SHIFT) & IRTE_INT_TYPE_MASK;
    const reserved = wide ? (third & 0xf00) | (fourth & 0x00f0_0000) : first & 0xff00_0000;
    if (reserved !== 0 || (first & IRTE_GUEST_MODE) !== 0 || type > 1) {
      if (wide && (first & IRTE_GUEST_MODE) !== 0 && ((state.reg(CONTROL) >>> GAM_EN_SHIFT) & 7) !== 0)
        state.unimplemented('an interrupt entry in guest mode: virtual APICs are not modelled');
      return refuse(IO_PAGE_FAULT, EVENT_PR | EVENT_RZ, (first & IRTE_SUP_IOPF) !== 0);
    }
    const destination = wide ? this.wideDestination(first, fourth) : (first >>> 8) & 0xff;
    return {
      ...through,
      destination,
      logical: (first & IRTE_DM) !== 0,
      vector: wide ? third & 0xff : (first >>> 16) & 0xff,
      type,
    };
  }

  /** Bits 31:8 of the entry and 127:120 above them; eight bits without x2APIC mode. */
  private wideDestination(first: number, fourth: number): number {
    const low = first >>> 8;
    return this.state.controlHigh(XT_EN_HI) ? (low | ((fourth >>> 24) << 24)) >>> 0 : low & 0xff;
  }

  /** An entry into `irte`, from the cache where it is there. 0, or the Type of a hardware error. */
  private fetch(rid: number, index: number, pa: number, wide: boolean): number {
    const { state, irte } = this;
    const { interrupts, cachesInterrupts, trace } = state;
    const first = rid | (1 << 16) | (wide ? 1 << 17 : 0);
    const at = cachesInterrupts ? interrupts.find(first, index, 0) : -1;
    if (trace.on && cachesInterrupts && interrupts.shape.sets > 0)
      this.tell(at >= 0 ? 'hit' : 'miss', rid, index);
    if (at >= 0) {
      for (let n = 0; n < 4; n++) irte[n] = interrupts.entries[at + I_RAW + n] as number;
      return 0;
    }
    irte.fill(0);
    const problem = readWords(state.memory, pa, wide ? irte : irte.subarray(0, 1));
    if (problem !== 0) return problem;
    if (trace.on) this.emit(index, pa, wide);
    // An entry with RemapEn = 0 is absent: it is not kept.
    if (!cachesInterrupts || ((irte[0] as number) & IRTE_REMAP_EN) === 0) return 0;
    const kept = interrupts.claim(first, index, 0);
    for (let n = 0; n < 4; n++) interrupts.entries[kept + I_RAW + n] = irte[n] as number;
    return 0;
  }

  private tell(op: 'hit' | 'miss', rid: number, index: number): void {
    const { trace, config } = this.state;
    trace.note(ofInterrupts, config.unit, op, rid, index);
  }

  private emit(index: number, pa: number, wide: boolean): void {
    const { trace, config } = this.state;
    // A narrow entry is one 32-bit word; the next is 0.
    trace.noteStructure(config.unit, 'irte', index, pa, this.irte, 0, wide ? 4 : 2);
  }
}

const ofInterrupts = cacheWording('interrupt', (rid, index) => `device 0x${rid.toString(16)} index ${index}`);
