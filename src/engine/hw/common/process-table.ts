import { invariant } from '../../../lib/invariant';
import { err, ok, type Failure, type Result } from '../../kernel/errno';
import type { PhysicalMemory } from '../../memory/physical-memory';
import type { MappingListener, UserMemory } from '../../memory/user-memory';
import type { PtFormat } from '../../pt/format';
import { mapRange } from '../../pt/map';
import { newGather, PageTable, putTables, type Gather } from '../../pt/page-table';
import { unmapRange } from '../../pt/unmap';

/** Hears what a unit must forget of a process. Linux: mmu_notifier_ops of a driver's SVA domain */
export interface ProcessTableObserver {
  /** Gone from the table; its frames are not reused before this returns. Linux: arch_invalidate_secondary_tlbs() */
  invalidate(userVa: bigint, bytes: number): void;
  /** The process ends: stop walking, the table is emptied next. Linux: mmu_notifier_ops release() */
  released(): void;
}

/** Four levels: programs have 47 bits of addresses. */
const TOP_LEVEL = 3;
const FEATURES = { forceCoherence: false };

/** Tables of a process by format, so that all of its bonds walk one. */
const tables = new WeakMap<UserMemory, Map<PtFormat, ProcessTable>>();

/** What the CPU and IOMMUs walk of a process, for people who look at memory. */
export const processTablesOf = (mm: UserMemory): readonly PageTable[] =>
  [...(tables.get(mm)?.values() ?? [])].map(({ table }) => table);

/**
 * The page table that the CPU uses for a process, in physical memory, so that hardware can walk it too.
 *
 * Linux: mm->pgd; drivers/iommu/iommu-sva.c. Pages are what user pages are: for everyone, cached, not executable, accessed,
 * and dirty where they may be written.
 *
 * The process's memory is present from the start, and so is this table from the first bond on; before, nobody looks.
 */
export class ProcessTable implements MappingListener {
  private readonly observers = new Set<ProcessTableObserver>();
  private users = 1;
  private failure: Failure | null = null;
  private stop: () => void = () => undefined;

  private constructor(
    private readonly mm: UserMemory,
    readonly table: PageTable,
  ) {}

  /** The table of a process in a format, with a reference for the caller. */
  static of(memory: PhysicalMemory, mm: UserMemory, format: PtFormat): Result<ProcessTable> {
    if (!mm.alive || mm.observe === undefined) {
      return err('ENODEV', `${mm.name} has no page table here`, { rule: 'iommu_sva_bind_device' });
    }
    const formats = tables.get(mm) ?? new Map<PtFormat, ProcessTable>();
    const known = formats.get(format);
    if (known !== undefined) {
      known.users++;
      return ok(known);
    }
    const topLevel = Math.min(TOP_LEVEL, format.maxTopLevel);
    const table = PageTable.create({ memory, format, topLevel, ofProcess: true });
    if (!table.ok) return table;
    const made = new ProcessTable(mm, table.value);
    made.stop = mm.observe(made);
    if (made.failure !== null) {
      made.release();
      return made.failure;
    }
    tables.set(mm, formats.set(format, made));
    return ok(made);
  }

  get rootPfn(): number {
    return this.table.rootPfn;
  }

  get topLevel(): number {
    return this.table.topLevel;
  }

  get format(): PtFormat {
    return this.table.format;
  }

  /** Until the result is called. */
  observe(observer: ProcessTableObserver): () => void {
    this.observers.add(observer);
    return () => this.observers.delete(observer);
  }

  /** Gives a reference back; with the last one the table goes, and no hardware may walk it any more. */
  release(): void {
    invariant(this.users > 0, `the page table of ${this.mm.name} is released too often`);
    if (--this.users > 0) return;
    this.stop();
    tables.get(this.mm)?.delete(this.table.format);
    this.table.free();
  }

  mapped(userVa: bigint, pa: number, bytes: number, writable: boolean): void {
    const prot = { read: true, write: writable, noexec: true };
    const gather = newGather();
    const made = mapRange(this.table, { iova: userVa, pa, bytes, prot, features: FEATURES }, gather);
    this.tell(gather);
    // Where no table can be had the page is absent, and whoever needs it takes a fault.
    if (!made.result.ok) this.failure = made.result;
  }

  unmapped(userVa: bigint, bytes: number): void {
    const gather = newGather();
    for (let done = 0; done < bytes;) {
      const gone = unmapRange(this.table, userVa + BigInt(done), bytes - done, gather);
      // Over a page that is absent.
      done += gone.bytes > 0 ? gone.bytes : this.table.format.granuleBytes;
    }
    this.tell(gather);
  }

  released(): void {
    for (const observer of [...this.observers]) observer.released();
  }

  /** Caches first, then the tables that lost their parent. */
  private tell(gather: Gather): void {
    if (gather.lastVpn < 0) return;
    const { granuleBytes, granuleLg2 } = this.table.format;
    const userVa = BigInt(gather.firstVpn) << BigInt(granuleLg2);
    const bytes = (gather.lastVpn - gather.firstVpn + 1) * granuleBytes;
    for (const observer of this.observers) observer.invalidate(userVa, bytes);
    putTables(this.table, gather);
  }
}
