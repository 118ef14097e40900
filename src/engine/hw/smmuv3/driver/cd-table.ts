import { err, ok, type Result } from '../../../kernel/errno';
import { structure, type FrameUse } from '../../../memory/frame-use';
import type { PhysicalMemory } from '../../../memory/physical-memory';
import { CD_0, ENTRY_BYTES, L1_CD, S1FMT_64K_L2, S1FMT_LINEAR } from './bits';
import { cdKind } from './cd';
import { writeEntry, type LiveEntry } from './entry-writer';
import type { CdTableFields } from './ste';

/** Descriptors of a level-2 table: 64 KiB. Linux: CTXDESC_L2_ENTRIES */
const L2_BITS = 10;
const L2_ENTRIES = 1 << L2_BITS;
const PAGE = 4096;
/** Where the unit knows only linear tables: 64 KiB. Linux: CTXDESC_LINEAR_CDMAX */
export const LINEAR_CDMAX = 10;

/** Tells the unit that descriptors of all the device's streams changed. Linux: arm_smmu_sync_cd() */
export type SyncCd = (ssid: number, leaf: boolean) => void;

/**
 * The context descriptors of one device, by SSID; 0 is for requests without one.
 *
 * Linux: arm-smmu-v3.h struct arm_smmu_ctx_desc_cfg; arm-smmu-v3.c arm_smmu_alloc_cd_tables(), arm_smmu_alloc_cd_ptr(),
 * arm_smmu_write_cd_entry()
 */
export class CdTable {
  private pa: number | null = null;
  private readonly second = new Map<number, number>();
  /** Valid descriptors of SSIDs above 0. */
  usedSsids = 0;
  /** The stream table entry points here. */
  inSte = false;

  constructor(
    private readonly memory: PhysicalMemory,
    private readonly ssidBits: number,
    private readonly twoLevelKnown: boolean,
    private readonly sync: SyncCd,
    /** World id, for people who look at memory. */
    private readonly unit: FrameUse['owner'] = null,
  ) {}

  get fields(): CdTableFields {
    const s1fmt = this.twoLevel ? S1FMT_64K_L2 : S1FMT_LINEAR;
    return { s1fmt, cdtabPa: BigInt(this.pa ?? 0), s1cdmax: this.ssidBits };
  }

  get allocated(): boolean {
    return this.pa !== null;
  }

  get ssidsInUse(): boolean {
    return this.usedSsids > 0;
  }

  private get twoLevel(): boolean {
    return this.twoLevelKnown && 2 ** this.ssidBits > L2_ENTRIES;
  }

  /** The descriptor's place; null where no table is. Linux: arm_smmu_get_cd_ptr() */
  entryPa(ssid: number): number | null {
    if (this.pa === null) return null;
    if (!this.twoLevel) return this.pa + ssid * ENTRY_BYTES;
    const table = this.second.get(ssid >>> L2_BITS);
    return table === undefined ? null : table + (ssid & (L2_ENTRIES - 1)) * ENTRY_BYTES;
  }

  /** Tables are made on the way. Linux: arm_smmu_alloc_cd_ptr() */
  allocate(ssid: number): Result<undefined> {
    const made = this.allocateTables();
    if (!made.ok || !this.twoLevel) return made;
    const index = ssid >>> L2_BITS;
    if (this.second.has(index)) return ok(undefined);
    const frames = (L2_ENTRIES * ENTRY_BYTES) / PAGE;
    const use = structure('level-2 CD table', this.unit);
    const table = this.memory.allocateFrames(frames, { align: frames, use });
    if (!table.ok) return table;
    const pa = table.value * PAGE;
    this.second.set(index, pa);
    const descriptor = (BigInt(pa) & L1_CD.L2PTR) | L1_CD.V;
    this.memory.publishU64((this.pa ?? 0) + index * 8, descriptor, 'level-1 CD table descriptor');
    // An invalid level-1 descriptor may be cached.
    this.sync(ssid, false);
    return ok(undefined);
  }

  /** Linux: arm_smmu_write_cd_entry(); the descriptor has a place */
  write(ssid: number, target: readonly bigint[]): void {
    const pa = this.entryPa(ssid);
    if (pa === null) return;
    const entry = this.entryAt(pa);
    const valid = (word: bigint | undefined): boolean => ((word ?? 0n) & CD_0.V) !== 0n;
    const change = Number(valid(target[0])) - Number(valid(entry.read(0)));
    if (ssid !== 0) this.usedSsids += change;
    writeEntry(entry, target, cdKind, () => this.sync(ssid, true));
  }

  free(): void {
    const level2 = (L2_ENTRIES * ENTRY_BYTES) / PAGE;
    for (const pa of this.second.values()) this.memory.freeFrames(pa / PAGE, level2);
    this.second.clear();
    if (this.pa !== null) this.memory.freeFrames(this.pa / PAGE, this.topFrames());
    this.pa = null;
  }

  private entryAt(pa: number): LiveEntry {
    return {
      read: (index) => this.memory.readU64(pa + index * 8) ?? 0n,
      write: (index, word) => this.memory.publishU64(pa + index * 8, word, 'CD'),
    };
  }

  private topFrames(): number {
    const entries = 2 ** this.ssidBits;
    const bytes = this.twoLevel ? Math.ceil(entries / L2_ENTRIES) * 8 : entries * ENTRY_BYTES;
    return Math.max(1, bytes / PAGE);
  }

  /** Linux: arm_smmu_alloc_cd_tables() */
  private allocateTables(): Result<undefined> {
    if (this.pa !== null) return ok(undefined);
    const frames = this.topFrames();
    const use = structure(this.twoLevel ? 'level-1 CD table' : 'CD table', this.unit);
    const top = this.memory.allocateFrames(frames, { align: frames, use });
    if (!top.ok) {
      return err('ENOMEM', 'no memory for context descriptors', { rule: 'arm_smmu_alloc_cd_tables' });
    }
    this.pa = top.value * PAGE;
    return ok(undefined);
  }
}
