import { ok, type Result } from '../../../kernel/errno';
import { structure } from '../../../memory/frame-use';
import type { PhysicalMemory } from '../../../memory/physical-memory';
import { DTE_BYTES, DTE_GPT_MODE_MASK, DTE_GPT_MODE_SHIFT, DTE_GV, DTE_IV, DTE_TV, DTE_V } from '../structs';
import { HAD, ivhdDte, newDte, or, word, type Dte } from './dte';
import type { IvhdDeviceFlags } from './options';

/** Bits of word 5 that DMA translation has to itself; the rest of words 4 and 5 is for interrupts. Linux: DTE_DATA2_INTR_MASK */
const DMA_BITS = 0xf << 20;

/** What its stores are called. */
const WORD = 'DTE';

/** When the entry was written, the unit has to be told. Linux: iommu_flush_dte_sync() */
type FlushDte = (rid: number) => void;

/**
 * The device table of a PCI segment, shared by its units.
 *
 * Linux: drivers/iommu/amd/init.c alloc_dev_table(), init_device_table(), iommu.c update_dte256(), get_dte256()
 */
export class DeviceTable {
  private constructor(
    private readonly memory: PhysicalMemory,
    readonly pa: number,
    readonly frames: number,
    readonly lastBdf: number,
    private readonly flags: readonly IvhdDeviceFlags[],
  ) {}

  /** Below 4 GiB. Linux: alloc_pci_segment(), alloc_dev_table() */
  static create(
    memory: PhysicalMemory,
    lastBdf: number,
    flags: readonly IvhdDeviceFlags[],
  ): Result<DeviceTable> {
    const frames = 2 ** Math.max(0, Math.ceil(Math.log2(((lastBdf + 1) * DTE_BYTES) / 4096)));
    const first = memory.allocateFrames(frames, { align: frames, use: structure('device table') });
    if (!first.ok) return first;
    const table = new DeviceTable(memory, first.value * 4096, frames, lastBdf, flags.filter(counts));
    for (const range of table.flags) {
      for (let rid = range.first; rid <= range.last; rid++) table.store(rid, ivhdDte(range.flags));
    }
    return ok(table);
  }

  /** Interrupts are remapped by tables that are not there yet: none passes. Linux: init_device_table() */
  enableInterruptTables(): void {
    this.setInAll(4, DTE_IV);
  }

  /** Who was given no domain gets no memory. Linux: init_device_table_dma() */
  blockOthers(snp: boolean): void {
    this.setInAll(0, DTE_V | (snp ? 0 : DTE_TV));
  }

  /** An entry that lets nothing through, with what firmware wants of it. Linux: amd_iommu_make_clear_dte() */
  clearEntry(rid: number): Dte {
    const dte = newDte();
    const flags = this.flagsOf(rid);
    if (flags !== 0) dte.set(ivhdDte(flags));
    or(dte, 0, DTE_V);
    return dte;
  }

  /** Linux: get_dte256() */
  load(rid: number): Dte {
    const dte = newDte();
    for (let n = 0; n < 8; n++) dte[n] = this.memory.load32(this.entryPa(rid) + n * 4) ?? 0;
    return dte;
  }

  /**
   * Writes what DMA translation needs of an entry, in two halves: the one with V and GV last when they are set, first when
   * they go. Hardware reads an entry at once.
   *
   * Linux: update_dte256()
   */
  update(rid: number, entry: Dte, flush: FlushDte): void {
    const old = this.load(rid);
    const gv = (dte: Dte): boolean => (word(dte, 1) & DTE_GV) !== 0;
    const valid = (dte: Dte): boolean => (word(dte, 0) & DTE_V) !== 0;
    const gptMode = (dte: Dte): number => (word(dte, 5) >>> DTE_GPT_MODE_SHIFT) & DTE_GPT_MODE_MASK;
    if (!valid(old) || (valid(entry) && !gv(old))) {
      this.writeUpper(rid, entry);
      this.writeLower(rid, entry);
      flush(rid);
    } else if (!valid(entry) || !gv(entry)) {
      this.writeLower(rid, entry);
      this.writeUpper(rid, entry);
      flush(rid);
    } else if (gptMode(old) !== gptMode(entry)) {
      // The kernel calls this disabling the entry; by the document one that is not valid lets every request pass.
      this.writeLower(rid, newDte());
      flush(rid);
      this.writeUpper(rid, entry);
      this.writeLower(rid, entry);
      flush(rid);
    } else {
      this.writeLower(rid, entry);
    }
  }

  /** Linux: amd_iommu_set_dirty_tracking() */
  setHostDirty(rid: number, enable: boolean): void {
    const pa = this.entryPa(rid);
    const lo = this.memory.load32(pa) ?? 0;
    const hi = this.memory.load32(pa + 4) ?? 0;
    this.memory.store64(pa, hi, enable ? lo | HAD : lo & ~HAD);
    this.memory.published(WORD);
  }

  entryPa(rid: number): number {
    return this.pa + rid * DTE_BYTES;
  }

  /** The smallest range that holds the device. Linux: amd_iommu_get_ivhd_dte_flags() */
  private flagsOf(rid: number): number {
    let best: IvhdDeviceFlags | null = null;
    for (const range of this.flags) {
      if (rid < range.first || rid > range.last) continue;
      if (best === null || range.last - range.first < best.last - best.first) best = range;
    }
    return best?.flags ?? 0;
  }

  /** As one store: the kernel uses CMPXCHG16B. Linux: write_dte_lower128() */
  private writeLower(rid: number, entry: Dte): void {
    this.memory.write(this.entryPa(rid), bytesOf(entry.subarray(0, 4)));
    this.memory.published(WORD);
  }

  /** What is for interrupts stays. Linux: write_dte_upper128() */
  private writeUpper(rid: number, entry: Dte): void {
    const old = this.load(rid);
    const upper = entry.slice(4);
    upper[0] = word(old, 4);
    upper[1] = (word(entry, 5) & DMA_BITS) | (word(old, 5) & ~DMA_BITS);
    this.memory.write(this.entryPa(rid) + 16, bytesOf(upper));
    this.memory.published(WORD);
  }

  private store(rid: number, entry: Dte): void {
    this.memory.write(this.entryPa(rid), bytesOf(entry));
  }

  private setInAll(n: number, bits: number): void {
    const { memory, pa, lastBdf } = this;
    const perFrame = 4096 / DTE_BYTES;
    for (let rid = 0; rid <= lastBdf; rid += perFrame) {
      const base = memory.frameToWrite(pa / 4096 + rid / perFrame);
      const { words } = memory;
      const count = Math.min(perFrame, lastBdf - rid + 1);
      for (let at = base + n; at < base + count * 8; at += 8) words[at] = (words[at] as number) | bits;
    }
  }
}

/** Of two equal ranges the first counts. Linux: search_ivhd_dte_flags() */
const counts = (range: IvhdDeviceFlags, n: number, all: readonly IvhdDeviceFlags[]): boolean =>
  range.flags !== 0 &&
  n ===
    all.findIndex(({ first, last, flags }) => flags !== 0 && first === range.first && last === range.last);

function bytesOf(words: Int32Array): Uint8Array {
  const bytes = new Uint8Array(words.length * 4);
  const view = new DataView(bytes.buffer);
  for (const [n, value] of words.entries()) view.setInt32(n * 4, value, true);
  return bytes;
}
