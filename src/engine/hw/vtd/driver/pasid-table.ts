import { err, ok, type Result } from '../../../kernel/errno';
import { structure, type FrameUse } from '../../../memory/frame-use';
import type { PhysicalMemory } from '../../../memory/physical-memory';
import {
  DID_MASK,
  FSPM_MASK,
  FSPM_SHIFT,
  P,
  PASID_AW_SHIFT,
  PASID_DIRECTORY_ENTRY_BYTES,
  PASID_ENTRY_BYTES,
  PASIDS_PER_TABLE_LG2,
  PGTT_MASK,
  PGTT_SHIFT,
  AW_MASK,
  FPD,
} from '../structs';

const PAGE = 4096;
const POINTER = 0xffff_ffff_ffff_f000n;
const PASID_ENTRY_WORDS = PASID_ENTRY_BYTES / 8;

/**
 * A device's PASID directory and the tables below it.
 *
 * Linux: drivers/iommu/intel/pasid.c intel_pasid_alloc_table(), intel_pasid_get_entry(), intel_pasid_free_table()
 */
export class PasidTable {
  private constructor(
    private readonly memory: PhysicalMemory,
    readonly directoryPa: number,
    private readonly orderLg2: number,
  ) {}

  /** `maxPasid`: 0 when only requests without PASID come. A page of the directory serves 32 Ki PASIDs. */
  static create(
    memory: PhysicalMemory,
    maxPasid: number,
    unit: FrameUse['owner'] = null,
  ): Result<PasidTable> {
    const pages = Math.ceil((maxPasid >>> (PASIDS_PER_TABLE_LG2 - 3)) / PAGE);
    const orderLg2 = pages > 1 ? Math.ceil(Math.log2(pages)) : 0;
    const frames = 1 << orderLg2;
    const directory = memory.allocateFrames(frames, {
      align: frames,
      use: structure('PASID directory', unit),
    });
    return directory.ok ? ok(new PasidTable(memory, directory.value * PAGE, orderLg2)) : directory;
  }

  /** PASIDs that have room. */
  get maxPasid(): number {
    return 1 << (this.orderLg2 + 12 + 3);
  }

  /** PDTS of the context entry. Linux: context_get_sm_pds() */
  get pdts(): number {
    return this.orderLg2 + 12 + 3 - PASIDS_PER_TABLE_LG2 - 7;
  }

  /** Makes the table of a PASID where there is none. No memory counts as no such entry. */
  entry(pasid: number): Result<PasidEntry> {
    const rule = 'intel_pasid_get_entry';
    if (pasid < 0 || pasid >= this.maxPasid)
      return err('ENODEV', `PASID ${pasid} has no room in the device's PASID table`, { rule });
    const slot = this.slotOf(pasid);
    const known = this.tableAt(slot);
    if (known !== null) return ok(this.entryIn(known, pasid));
    const table = this.memory.allocateFrames(1, {
      use: structure('PASID table', this.memory.ownerAt(this.directoryPa)),
    });
    if (!table.ok) return err('ENODEV', 'no memory for a PASID table', { rule });
    const pa = table.value * PAGE;
    this.memory.publishU64(slot, BigInt(pa) | BigInt(P), 'PASID directory entry');
    return ok(this.entryIn(pa, pasid));
  }

  free(): void {
    const entries = (PAGE << this.orderLg2) / PASID_DIRECTORY_ENTRY_BYTES;
    for (let n = 0; n < entries; n++) {
      const table = this.tableAt(this.directoryPa + n * PASID_DIRECTORY_ENTRY_BYTES);
      if (table !== null) this.memory.freeFrames(table / PAGE, 1);
    }
    this.memory.freeFrames(this.directoryPa / PAGE, 1 << this.orderLg2);
  }

  private slotOf(pasid: number): number {
    return this.directoryPa + (pasid >>> PASIDS_PER_TABLE_LG2) * PASID_DIRECTORY_ENTRY_BYTES;
  }

  private tableAt(slot: number): number | null {
    const entry = this.memory.readU64(slot) ?? 0n;
    return (entry & BigInt(P)) === 0n ? null : Number(entry & POINTER);
  }

  private entryIn(table: number, pasid: number): PasidEntry {
    const index = pasid & ((1 << PASIDS_PER_TABLE_LG2) - 1);
    return new PasidEntry(this.memory, table + index * PASID_ENTRY_BYTES);
  }
}

/** One PASID entry; each setter is one write of a 64-bit word. Linux: pasid.h pasid_set_*() */
export class PasidEntry {
  constructor(
    private readonly memory: PhysicalMemory,
    readonly pa: number,
  ) {}

  get present(): boolean {
    return (this.read(0) & BigInt(P)) !== 0n;
  }

  get faultDisabled(): boolean {
    return (this.read(0) & BigInt(FPD)) !== 0n;
  }

  get did(): number {
    return Number(this.read(1) & BigInt(DID_MASK));
  }

  get pgtt(): number {
    return Number(this.read(0) >> BigInt(PGTT_SHIFT)) & PGTT_MASK;
  }

  has(word: number, bit: number): boolean {
    return (this.read(word) & BigInt(bit)) !== 0n;
  }

  /** Not present with the first word. Linux: pasid_clear_entry(), pasid_clear_entry_with_fpd() */
  clear(faultDisable = false): void {
    this.write(0, faultDisable ? BigInt(FPD) : 0n);
    for (let word = 1; word < PASID_ENTRY_WORDS; word++) this.write(word, 0n);
  }

  setSecondStage(pa: number): void {
    this.set(0, POINTER, BigInt(pa));
  }

  setAddressWidth(aw: number): void {
    this.set(0, BigInt(AW_MASK << PASID_AW_SHIFT), BigInt(aw << PASID_AW_SHIFT));
  }

  setTranslationType(pgtt: number): void {
    this.set(0, BigInt(PGTT_MASK << PGTT_SHIFT), BigInt(pgtt << PGTT_SHIFT));
  }

  enableFaults(): void {
    this.set(0, BigInt(FPD), 0n);
  }

  setDomainId(did: number): void {
    this.set(1, BigInt(DID_MASK), BigInt(did));
  }

  setFirstStage(pa: bigint): void {
    this.set(2, POINTER, pa);
  }

  setFirstStageMode(mode: number): void {
    this.set(2, BigInt(FSPM_MASK << FSPM_SHIFT), BigInt(mode << FSPM_SHIFT));
  }

  setFlag(word: number, bit: number, on: boolean): void {
    this.set(word, BigInt(bit), on ? BigInt(bit) : 0n);
  }

  /** Linux: pasid_set_present(), pasid_clear_present() */
  setPresent(on: boolean): void {
    this.setFlag(0, P, on);
  }

  /** What lies beyond the mask is the caller's care, as in the kernel. Linux: pasid_set_bits() */
  private set(word: number, mask: bigint, bits: bigint): void {
    this.write(word, (this.read(word) & ~mask) | bits);
  }

  private write(word: number, value: bigint): void {
    this.memory.publishU64(this.pa + word * 8, value, 'PASID entry');
  }

  private read(word: number): bigint {
    return this.memory.readU64(this.pa + word * 8) ?? 0n;
  }
}
