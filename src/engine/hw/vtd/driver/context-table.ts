import { addressOf, hiOfAddress, loOfAddress } from '../../../../lib/u64';
import { err, ok, type Result } from '../../../kernel/errno';
import { structure } from '../../../memory/frame-use';
import type { PhysicalMemory } from '../../../memory/physical-memory';
import {
  AW_MASK,
  DID_MASK,
  DID_SHIFT,
  P,
  SM_CONTEXT_BYTES,
  SM_DTE,
  SM_PASIDE,
  SM_PDTS_MASK,
  SM_PDTS_SHIFT,
  SM_PRE,
  TABLE_ENTRY_BYTES,
  TT_DEV_TLB,
  TT_MULTI_LEVEL,
  TT_PASS_THROUGH,
  TT_SHIFT,
} from '../structs';

/** What a device's context entry is to say in legacy mode. */
export interface ContextTarget {
  readonly did: number;
  /** Address width code. */
  readonly aw: number;
  /** Physical address of the second-stage table; null for pass-through. */
  readonly rootPa: number | null;
  /** The device may ask for translations. */
  readonly deviceTlb: boolean;
}

/** And in scalable mode. */
export interface PasidTarget {
  readonly directoryPa: number;
  /** The directory has 2^(pdts + 7) entries. */
  readonly pdts: number;
  readonly deviceTlb: boolean;
  readonly pasid: boolean;
  readonly pageRequests: boolean;
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
    private readonly scalable: boolean,
  ) {}

  static create(memory: PhysicalMemory, scalable: boolean): Result<ContextTables> {
    const root = memory.allocateFrames(1, { use: structure('root table') });
    return root.ok ? ok(new ContextTables(memory, root.value * 4096, scalable)) : root;
  }

  /**
   * Physical address of a source's context entry; null when its table is missing and `alloc` is false.
   *
   * Scalable mode has two tables a bus: the root entry's upper half leads to the one of devices 16 to 31.
   */
  entry(rid: number, alloc: boolean): Result<number | null> {
    const devfn = rid & 0xff;
    const upper = this.scalable && devfn >= 0x80;
    const rootEntry = this.rootPa + (rid >>> 8) * TABLE_ENTRY_BYTES + (upper ? 8 : 0);
    const offset = this.scalable ? (devfn & 0x7f) * SM_CONTEXT_BYTES : devfn * TABLE_ENTRY_BYTES;
    const lo = this.low(rootEntry);
    if ((lo & P) !== 0) return ok(addressOf(this.pair[1] as number, lo & ~0xfff) + offset);
    if (!alloc) return ok(null);
    const table = this.memory.allocateFrames(1, {
      use: structure('context table', this.memory.ownerAt(this.rootPa)),
    });
    if (!table.ok) return err('ENOMEM', 'no frame for a context table', { rule: 'iommu_context_addr' });
    const pa = table.value * 4096;
    this.memory.store64(rootEntry, hiOfAddress(pa), loOfAddress(pa) | P);
    this.memory.published('root entry');
    return ok(pa + offset);
  }

  isPresent(entry: number): boolean {
    return (this.low(entry) & P) !== 0;
  }

  /** Linux: context_domain_id() */
  domainId(entry: number): number {
    return (this.low(entry + 8) >>> DID_SHIFT) & DID_MASK;
  }

  /** Fills an entry that is not present, and makes it so with its last word. Linux: domain_context_mapping_one() */
  set(entry: number, target: ContextTarget): void {
    const { rootPa, deviceTlb } = target;
    this.clear(entry);
    this.store(entry + 8, 0, (target.did << DID_SHIFT) | (target.aw & AW_MASK));
    const tt = rootPa === null ? TT_PASS_THROUGH : deviceTlb ? TT_DEV_TLB : TT_MULTI_LEVEL;
    this.publish(entry, rootPa ?? 0, tt << TT_SHIFT);
  }

  /** Its RID_PASID is 0. Linux: pasid.c context_entry_set_pasid_table() */
  setPasidTable(entry: number, target: PasidTarget): void {
    this.clear(entry);
    const bits =
      ((target.pdts & SM_PDTS_MASK) << SM_PDTS_SHIFT) |
      (target.deviceTlb ? SM_DTE : 0) |
      (target.pasid ? SM_PASIDE : 0) |
      (target.pageRequests ? SM_PRE : 0);
    this.publish(entry, target.directoryPa, bits);
  }

  /** Takes the entry from the hardware; the rest of it stays until the caches forgot it. Linux: context_clear_present() */
  clearPresent(entry: number): void {
    const lo = this.low(entry);
    this.store(entry, this.pair[1] as number, lo & ~P);
  }

  /** Linux: context_clear_entry() */
  clear(entry: number): void {
    this.store(entry, 0, 0);
    this.store(entry + 8, 0, 0);
  }

  private publish(entry: number, pa: number, bits: number): void {
    const lo = loOfAddress(pa) | bits;
    this.store(entry, hiOfAddress(pa), lo);
    this.store(entry, hiOfAddress(pa), lo | P);
  }

  private store(pa: number, hi: number, lo: number): void {
    this.memory.store64(pa, hi, lo);
    this.memory.published('context entry');
  }

  private low(entry: number): number {
    this.memory.load64(entry, this.pair);
    return this.pair[0] as number;
  }
}
