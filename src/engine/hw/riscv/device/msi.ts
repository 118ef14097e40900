import { join } from '../../../../lib/u64';
import type { Trace } from '../../../trace/trace';
import { MSI_PT_CORRUPT, MSI_PTE_ACCESS_FAULT, MSI_PTE_MISCONFIGURED, MSI_PTE_NOT_VALID } from '../reasons';
import { cap } from '../regs';
import {
  ATP_PPN_HI,
  DC_MSI_ADDR_MASK,
  DC_MSI_ADDR_PATTERN,
  DC_MSIPTP,
  MSI_C,
  MSI_M_BASIC,
  MSI_M_MASK,
  MSI_M_MRIF,
  MSI_M_SHIFT,
  MSI_PTE_BYTES,
  MSI_V,
} from '../structs';
import { orPfn, READ_FAULT, READ_OK } from './memory';
import type { UnitState } from './unit';

/** Reserved bits: of a basic entry's first doubleword, of an MRIF entry's first and second. */
const BASIC_RESERVED_LO = 0x3f8;
const BASIC_RESERVED_HI = 0x7fc0_0000;
const MRIF_RESERVED_LO = 0x78;
const MRIF_RESERVED_HI = 0x7fc0_0000;
const MRIF_RESERVED_2_HI = 0xefc0_0000 | 0;
const N10 = 1 << 28;

/**
 * Addresses of virtual interrupt files, and the MSI page table.
 *
 * Spec: section "Process to translate addresses of MSIs"; RISC-V AIA, chapter "IOMMU Support for MSIs to Virtual Machines"
 */
export class MsiTables {
  /** What the last translate() found: the frame that the message goes to. */
  pfn = 0;
  /** In MRIF mode: the interrupt file's own address and the notice's number; pfn is where the notice goes. */
  mrif = false;
  mrifPfn = 0;
  mrifOffset = 0;
  nid = 0;
  /** Bits of guest frame numbers that mask and pattern reach. */
  private readonly width: number;

  constructor(
    private readonly unit: UnitState,
    private readonly trace: Trace,
  ) {
    this.width = guestAddressBits(unit.config.capabilities) - 12;
  }

  /** Whether a guest frame is that of an interrupt file of the context at `dc`. */
  matches(dc: number, gpfn: number): boolean {
    const care = this.reach & ~(this.maskOf(dc) & this.reach);
    return (BigInt(gpfn) & care) === (this.patternOf(dc) & care);
  }

  /** 0, or the cause of a fault. */
  translate(dc: number, gpfn: number): number {
    const { unit } = this;
    const file = extract(BigInt(gpfn), this.maskOf(dc) & this.reach);
    const { dcs } = unit.contexts;
    const root =
      ((dcs[dc + DC_MSIPTP * 2 + 1] as number) & ATP_PPN_HI) * 0x1_0000_0000 +
      ((dcs[dc + DC_MSIPTP * 2] as number) >>> 0);
    const at = file * BigInt(MSI_PTE_BYTES);
    const pfn = orWide(root, Number(at >> 12n));
    const offset = Number(at & 0xfffn);
    const status = unit.memory.read(pfn, offset, 2, unit.bigEndian);
    if (status !== READ_OK) return status === READ_FAULT ? MSI_PTE_ACCESS_FAULT : MSI_PT_CORRUPT;
    if (this.trace.on) this.emit(Number(file), pfn * 4096 + offset);
    return this.interpret();
  }

  /**
   * log2 of the bytes around a guest frame that contain no interrupt file, at most those of the page it lies in: a cached
   * translation or an answer to a device must not reach into one.
   */
  clearOfFiles(dc: number, gpfn: number, sizeLg2: number): number {
    const mask = this.maskOf(dc) & this.reach;
    const differs = (BigInt(gpfn) ^ this.patternOf(dc)) & this.reach & ~mask;
    let size = sizeLg2;
    // Within 2^size bytes an interrupt file lies where every bit above agrees that has to.
    while (size > 12 && differs >> BigInt(size - 12) === 0n) size = Math.max(12, size - 9);
    return size;
  }

  private interpret(): number {
    const { memory } = this.unit;
    const lo = memory.word(0);
    const hi = memory.word(1);
    if ((lo & MSI_V) === 0) return MSI_PTE_NOT_VALID;
    // Custom entries: this unit has none.
    if ((hi & MSI_C) !== 0) return MSI_PTE_MISCONFIGURED;
    const mode = (lo >>> MSI_M_SHIFT) & MSI_M_MASK;
    if (mode === MSI_M_BASIC) {
      if (((lo & BASIC_RESERVED_LO) | (hi & BASIC_RESERVED_HI)) !== 0) return MSI_PTE_MISCONFIGURED;
      this.mrif = false;
      this.pfn = (hi & 0x3f_ffff) * 0x40_0000 + (lo >>> 10);
      return 0;
    }
    return mode === MSI_M_MRIF && cap.msiMrif(this.unit.config.capabilities)
      ? this.interpretMrif(hi, lo)
      : MSI_PTE_MISCONFIGURED;
  }

  private interpretMrif(hi: number, lo: number): number {
    const { memory } = this.unit;
    const lo2 = memory.word(2);
    const hi2 = memory.word(3);
    const reserved = (lo & MRIF_RESERVED_LO) | (hi & MRIF_RESERVED_HI) | (hi2 & MRIF_RESERVED_2_HI);
    if (reserved !== 0) return MSI_PTE_MISCONFIGURED;
    this.mrif = true;
    // MRIF_Address[55:9] lies in bits 53:7: two places below where a PPN's address bits are.
    this.mrifPfn = (hi & 0x3f_ffff) * 0x40_0000 + (lo >>> 10);
    this.mrifOffset = ((lo >>> 7) & 7) << 9;
    this.nid = (lo2 & 0x3ff) | ((hi2 & N10) !== 0 ? 0x400 : 0);
    this.pfn = (hi2 & 0x3f_ffff) * 0x40_0000 + (lo2 >>> 10);
    return 0;
  }

  private get reach(): bigint {
    return (1n << BigInt(this.width)) - 1n;
  }

  private maskOf(dc: number): bigint {
    return this.dword(dc + DC_MSI_ADDR_MASK * 2);
  }

  private patternOf(dc: number): bigint {
    return this.dword(dc + DC_MSI_ADDR_PATTERN * 2);
  }

  private dword(at: number): bigint {
    const { dcs } = this.unit.contexts;
    return join(dcs[at + 1] as number, dcs[at] as number) & 0xf_ffff_ffff_ffffn;
  }

  private emit(index: number, pa: number): void {
    const { config, memory } = this.unit;
    this.trace.noteStructure(config.unit, 'msi', index, pa, memory.words, memory.at, 4);
  }
}

/** MGPAW. Spec: section "MSI address mask and pattern" */
const guestAddressBits = (c: bigint): number =>
  cap.sv57x4(c)
    ? 59
    : cap.sv48x4(c)
      ? 50
      : cap.sv39x4(c)
        ? 41
        : cap.sv32x4(c)
          ? 34
          : Math.max(12, cap.pas(c));

/** The bits of `value` that `mask` selects, packed. */
function extract(value: bigint, mask: bigint): bigint {
  let packed = 0n;
  let place = 0n;
  for (let bit = 0n; mask >> bit !== 0n; bit++) {
    if (((mask >> bit) & 1n) === 0n) continue;
    packed |= ((value >> bit) & 1n) << place;
    place++;
  }
  return packed;
}

const orWide = (pfn: number, bits: number): number =>
  bits < 0x8000_0000 ? orPfn(pfn, bits) : Number(BigInt(pfn) | BigInt(bits));
