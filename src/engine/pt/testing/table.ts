import { PhysicalMemory } from '../../memory/physical-memory';
import { readAndClearDirty, setDirty } from '../dirty';
import type { PtFormat } from '../format';
import { mapRange, type MapArgs } from '../map';
import { newGather, PageTable, putTables, type PageTableConfig } from '../page-table';
import { unmapRange } from '../unmap';
import { eachLeaf, iovaToPhys, type LeafEntry } from '../walk';

const RW = { read: true, write: true };
const PLAIN = { forceCoherence: false };

/** Four levels, where the format can have them. */
export const usualTop = (format: PtFormat): number =>
  Math.max(format.minTopLevel, Math.min(3, format.maxTopLevel));

/** A table with gather and flush as a driver does them. */
export class TestTable {
  readonly memory: PhysicalMemory;
  readonly table: PageTable;
  /** Flushes that maps needed, because they replaced tables. */
  flushes = 0;

  constructor(
    readonly format: PtFormat,
    topLevel: number,
    more: Partial<PageTableConfig> = {},
  ) {
    this.memory = more.memory ?? new PhysicalMemory();
    const made = PageTable.create({ ...more, memory: this.memory, format, topLevel });
    if (!made.ok) throw new Error(made.why);
    this.table = made.value;
  }

  /** Undoes what a failure left. Linux: iommu_map() */
  map(iova: bigint, pa: number, bytes: number, more: Partial<MapArgs> = {}) {
    const gather = newGather();
    const mapped = mapRange(this.table, { iova, pa, bytes, prot: RW, features: PLAIN, ...more }, gather);
    if (gather.tables.length > 0) this.flushes++;
    putTables(this.table, gather);
    if (!mapped.result.ok && mapped.bytes > 0) this.unmap(iova, mapped.bytes);
    return mapped.result;
  }

  unmap(iova: bigint, bytes: number): number {
    const gather = newGather();
    const gone = unmapRange(this.table, iova, bytes, gather);
    putTables(this.table, gather);
    return gone.bytes;
  }

  phys(iova: bigint): number | null {
    return iovaToPhys(this.table, iova);
  }

  setDirty(iova: bigint): boolean {
    return setDirty(this.table, iova);
  }

  /** What is recorded, as [iova, bytes]; null when the range is refused. */
  readDirty(iova: bigint, bytes: number, noClear = false): [number, number][] | null {
    const written: [number, number][] = [];
    const record = (at: number, length: number): void => void written.push([at, length]);
    const read = readAndClearDirty(this.table, { iova, bytes, noClear, record }, newGather());
    return read.ok ? written : null;
  }

  dirtyErrno(iova: bigint, bytes: number): string | null {
    const args = { iova, bytes, noClear: false, record: null };
    const read = readAndClearDirty(this.table, args, newGather());
    return read.ok ? null : read.errno;
  }

  leaves(): LeafEntry[] {
    const all: LeafEntry[] = [];
    eachLeaf(this.table, (leaf) => all.push(leaf));
    return all;
  }

  /** Leaves by page size, counted by walking. Linux: count_valids() */
  valids(): Record<number, number> {
    const count: Record<number, number> = {};
    for (const { sizeLg2 } of this.leaves()) count[sizeLg2] = (count[sizeLg2] ?? 0) + 1;
    return count;
  }
}
