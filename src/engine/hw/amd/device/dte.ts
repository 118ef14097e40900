import { silent, type Trace } from '../../../trace/trace';
import type { MemoryPort } from '../../port';
import { CONTROL, DEVTAB_BASE, DEVTAB_SEG1, DEV_TBL_SEG_EN_SHIFT_HI, GT_EN } from '../regs';
import {
  DTE_BYTES,
  DTE_DOMAIN_MASK,
  DTE_GCR3_14_12_SHIFT,
  DTE_GCR3_30_15_SHIFT,
  DTE_GCR3_51_31_SHIFT,
  DTE_GIOV,
  DTE_GLX_MASK,
  DTE_GLX_SHIFT,
  DTE_GPRP,
  DTE_GPT_MODE_MASK,
  DTE_GPT_MODE_SHIFT,
  DTE_GV,
  DTE_HAD_SHIFT,
  DTE_IOCTL_SHIFT,
  DTE_MODE_MASK,
  DTE_MODE_SHIFT,
  DTE_PPR,
  DTE_TV,
  DTE_V,
} from '../structs';
import type { AmdConfig } from './config';
import { tagId } from './iotlb';
import { accessProblem, framePfn } from './memory';

/** Words of a cached device table entry: what it means to a request, decoded. */
export const D_TAG = 0; // device id with VALID
/** D_* words 1 and 2 are tags that it does not need. */
export const D_KIND = 3;
/** READ and WRITE bits: IR and IW. */
export const D_PERMS = 4;
/** tagId() of requests without a PASID. */
export const D_ID = 5;
export const D_LEVELS = 6; // of the host table; 0: none
export const D_ROOT = 7;
export const D_HAD = 8;
/** Levels of guest tables; 0: requests with a PASID have no table. */
export const D_GUEST = 9;
export const D_GLX = 10;
export const D_GCR3_HI = 11;
export const D_GCR3_LO = 12;
/** An IO_PAGE_FAULT of this device was logged: SE silences the others. */
export const D_LOGGED = 13;
/** The entry as it stands in memory. */
export const D_RAW = 14;
export const DTE_WORDS = D_RAW + 8;

export const DTE_VALID = 1 << 16;
/** D_HAD = 11b: accessed and dirty bits; 01b: accessed bits alone. */
export const HAD_DIRTY = 2;

/** D_KIND: what becomes of a request without a PASID. */
export const KIND_FORWARD = 0; // V = 0
export const KIND_BLOCKED = 1; // TV = 0
export const KIND_PASS = 2; // Mode = 0
export const KIND_HOST = 3;
export const KIND_GUEST = 4; // GIoV: as if it had PASID 0

/** What read() returns beside 0. */
export const DTE_BEYOND = 1;
export const DTE_UNREADABLE = 2;
export const DTE_RESERVED = 3;
export const DTE_ENCODING = 4;

const SEGMENT_REGISTERS = [DEVTAB_BASE, ...Array.from({ length: 7 }, (_, n) => DEVTAB_SEG1 + 8 * n)];

/**
 * The device table.
 *
 * Spec: section 2.2.2 "Device Table", section 2.2.2.2 "Device Table Segmentation"
 */
export class DeviceTable {
  /** The last entry read, decoded: words from D_KIND on. */
  readonly out = new Int32Array(DTE_WORDS);
  /** Physical address of the last entry asked for, and the Type of the hardware error when it was not readable. */
  pa = 0;
  problem = 0;

  constructor(
    private readonly memory: MemoryPort,
    private readonly regs: Int32Array,
    private readonly config: AmdConfig,
  ) {}

  /** 0 and the entry in `out`, or what is wrong. The raw words are there whenever it was readable. */
  read(rid: number, trace: Trace = silent): number {
    const { memory, out } = this;
    out.fill(0);
    const pa = this.locate(rid);
    if (pa < 0) return DTE_BEYOND;
    this.pa = pa;
    const pfn = Math.floor(pa / 4096);
    this.problem = accessProblem(memory, pfn, pa % 4096, DTE_BYTES, false);
    if (this.problem !== 0) return DTE_UNREADABLE;
    const base = memory.frameBase(pfn) + ((pa % 4096) >> 2);
    for (let n = 0; n < 8; n++) out[D_RAW + n] = memory.words[base + n] as number;
    if (trace.on) this.emit(rid, trace);
    return this.decode();
  }

  /** Physical address of a device's entry, or -1 beyond the table. */
  locate(rid: number): number {
    const segmentsLg2 = ((this.regs[(CONTROL + 4) >> 2] as number) >> DEV_TBL_SEG_EN_SHIFT_HI) & 7;
    const shift = 16 - segmentsLg2;
    const register = (SEGMENT_REGISTERS[rid >>> shift] ?? DEVTAB_BASE) >> 2;
    const lo = this.regs[register] as number;
    const hi = this.regs[register + 1] as number;
    const offset = (rid & ((1 << shift) - 1)) * DTE_BYTES;
    if (offset >= ((lo & 0x1ff) + 1) * 4096) return -1;
    return (hi & 0xf_ffff) * 0x1_0000_0000 + ((lo & ~0xfff) >>> 0) + offset;
  }

  /** What bits 127:0 say. Spec: section 2.2.2.1 "Device Table Entry Format", table 8 "Feature Enablement" */
  private decode(): number {
    const { out, config } = this;
    const [w0, w1, w2, w3] = [D_RAW, D_RAW + 1, D_RAW + 2, D_RAW + 3].map((n) => out[n] as number) as [
      number,
      number,
      number,
      number,
    ];
    if ((w0 & DTE_V) === 0) {
      out[D_KIND] = KIND_FORWARD;
      return 0;
    }
    const mode = (w0 >>> DTE_MODE_SHIFT) & DTE_MODE_MASK;
    const had = (w0 >>> DTE_HAD_SHIFT) & 3;
    const glx = (w1 >>> DTE_GLX_SHIFT) & DTE_GLX_MASK;
    const guest = (w1 & DTE_GV) !== 0 && config.guestTranslation;
    const guestMode = ((out[D_RAW + 5] as number) >>> DTE_GPT_MODE_SHIFT) & DTE_GPT_MODE_MASK;
    if ((w0 & 0x7c) !== 0 || (w1 & this.reservedHigh()) !== 0) return DTE_RESERVED;
    if (!config.guestTranslation && (w2 >>> DTE_GCR3_30_15_SHIFT !== 0 || w3 >>> DTE_GCR3_51_31_SHIFT !== 0))
      return DTE_RESERVED;
    if (had === 2 || (had !== 0 && !config.hostAccess) || (had === 3 && !config.hostDirty))
      return DTE_RESERVED;
    if (((w3 >>> DTE_IOCTL_SHIFT) & 3) === 3) return DTE_RESERVED;
    const translates = (w0 & DTE_TV) !== 0;
    if (translates && (mode === 7 || mode > config.hostLevels)) return DTE_ENCODING;
    if (translates && guest && (glx > config.glx || guestMode + 4 > config.guestLevels)) return DTE_ENCODING;

    const on = guest && ((this.regs[CONTROL >> 2] as number) & GT_EN) !== 0;
    out[D_PERMS] = (w1 >>> 29) & 3;
    out[D_ID] = tagId(w2 & DTE_DOMAIN_MASK, -1);
    out[D_LEVELS] = mode;
    out[D_ROOT] = framePfn(w1, w0);
    out[D_HAD] = had;
    out[D_GUEST] = on ? guestMode + 4 : 0;
    out[D_GLX] = glx;
    // Bits 14:12, 30:15 and 51:31 of the address.
    out[D_GCR3_HI] = w3 >>> (DTE_GCR3_51_31_SHIFT + 1);
    out[D_GCR3_LO] =
      (((w1 >>> DTE_GCR3_14_12_SHIFT) & 7) << 12) |
      ((w2 >>> DTE_GCR3_30_15_SHIFT) << 15) |
      ((w3 >>> DTE_GCR3_51_31_SHIFT) << 31);
    out[D_KIND] = !translates
      ? KIND_BLOCKED
      : on && (w1 & DTE_GIOV) !== 0
        ? KIND_GUEST
        : mode === 0
          ? KIND_PASS
          : KIND_HOST;
    return 0;
  }

  /** Bits 63:32 that this unit has no use for. */
  private reservedHigh(): number {
    const { config } = this;
    const guest = DTE_GV | (DTE_GLX_MASK << DTE_GLX_SHIFT) | (7 << DTE_GCR3_14_12_SHIFT);
    return (
      (1 << 31) |
      (config.guestTranslation ? 0 : guest) |
      (config.guestIo ? 0 : DTE_GIOV) |
      (config.enhancedPpr ? 0 : DTE_PPR | DTE_GPRP)
    );
  }

  private emit(rid: number, trace: Trace): void {
    trace.noteStructure(this.config.unit, 'dte', rid, this.pa, this.out, D_RAW, 8);
  }
}
