import { addressOf, hiOfAddress, loOfAddress } from '../../../../lib/u64';
import { err, ok, type Result } from '../../../kernel/errno';
import type { PhysicalMemory } from '../../../memory/physical-memory';
import {
  AW_MASK,
  DID_MASK,
  DID_SHIFT,
  P,
  TABLE_ENTRY_BYTES,
  TT_MULTI_LEVEL,
  TT_PASS_THROUGH,
  TT_SHIFT,
} from '../structs';

/** What a device's context entry is to say. */
export interface ContextTarget {
  readonly did: number;
  /** Address width code. */
  readonly aw: number;
  /** Physical address of the second-stage table; null for pass-through. */
  readonly rootPa: number | null;
}

/**
 * Root table and context tables, as the driver writes them.
 *
 * Linux: drivers/iommu/intel/iommu.c iommu_alloc_root_entry(), iommu_context_addr(); iommu.h context_set_*()
 */
export class ContextTables {
  private readonly pair = new Int32Array(2);

  private constructor(
    private readonly memory: PhysicalMemory,
    readonly rootPa: number,
  ) {}

  static create(memory: PhysicalMemory): Result<ContextTables> {
    const root = memory.allocateFrames(1);
    return root.ok ? ok(new ContextTables(memory, root.value * 4096)) : root;
  }

  /** Physical address of a source's context entry; null when its table is missing and `alloc` is false. */
  entry(rid: number, alloc: boolean): Result<number | null> {
    const rootEntry = this.rootPa + (rid >>> 8) * TABLE_ENTRY_BYTES;
    this.memory.load64(rootEntry, this.pair);
    const lo = this.pair[0] as number;
    if ((lo & P) !== 0)
      return ok(addressOf(this.pair[1] as number, lo & ~0xfff) + (rid & 0xff) * TABLE_ENTRY_BYTES);
    if (!alloc) return ok(null);
    const table = this.memory.allocateFrames(1);
    if (!table.ok) return err('ENOMEM', 'no frame for a context table', { rule: 'iommu_context_addr' });
    const pa = table.value * 4096;
    this.memory.store64(rootEntry, hiOfAddress(pa), loOfAddress(pa) | P);
    return ok(pa + (rid & 0xff) * TABLE_ENTRY_BYTES);
  }

  isPresent(entry: number): boolean {
    return (this.low(entry) & P) !== 0;
  }

  /** Linux: context_domain_id() */
  domainId(entry: number): number {
    this.memory.load64(entry + 8, this.pair);
    return ((this.pair[0] as number) >>> DID_SHIFT) & DID_MASK;
  }

  /** Fills an entry that is not present, and makes it so with its last word. Linux: domain_context_mapping_one() */
  set(entry: number, target: ContextTarget): void {
    this.clear(entry);
    this.memory.store64(entry + 8, 0, (target.did << DID_SHIFT) | (target.aw & AW_MASK));
    const pa = target.rootPa ?? 0;
    const tt = target.rootPa === null ? TT_PASS_THROUGH : TT_MULTI_LEVEL;
    const lo = loOfAddress(pa) | (tt << TT_SHIFT);
    this.memory.store64(entry, hiOfAddress(pa), lo);
    this.memory.store64(entry, hiOfAddress(pa), lo | P);
  }

  /** Takes the entry from the hardware; the rest of it stays until the caches forgot it. Linux: context_clear_present() */
  clearPresent(entry: number): void {
    const lo = this.low(entry);
    this.memory.store64(entry, this.pair[1] as number, lo & ~P);
  }

  /** Linux: context_clear_entry() */
  clear(entry: number): void {
    this.memory.store64(entry, 0, 0);
    this.memory.store64(entry + 8, 0, 0);
  }

  private low(entry: number): number {
    this.memory.load64(entry, this.pair);
    return this.pair[0] as number;
  }
}
