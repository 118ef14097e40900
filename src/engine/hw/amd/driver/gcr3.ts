import { done } from '../../../../lib/result';
import { addressOf, hiOfAddress, loOfAddress } from '../../../../lib/u64';
import { err, ok, type Result } from '../../../kernel/errno';
import { structure, type FrameUse } from '../../../memory/frame-use';
import type { PhysicalMemory } from '../../../memory/physical-memory';
import { GCR3_V } from '../structs';
import type { DomainIds } from './ids';

const ENTRIES = 512;

/**
 * A device's guest CR3 table: for each PASID the root of a guest table. Its translations have a domain id of their own.
 *
 * Linux: drivers/iommu/amd/iommu.c struct gcr3_tbl_info, setup_gcr3_table(), __get_gcr3_pte(), free_gcr3_table()
 */
export class Gcr3Table {
  /** Linux: gcr3_tbl_info::pasid_cnt */
  pasids = 0;

  private constructor(
    private readonly memory: PhysicalMemory,
    private readonly ids: DomainIds,
    readonly pa: number,
    /** Levels, minus one. */
    readonly glx: number,
    readonly domid: number,
  ) {}

  /** Linux: setup_gcr3_table() */
  static create(
    memory: PhysicalMemory,
    ids: DomainIds,
    pasids: number,
    maxGlx: number,
    unit: FrameUse['owner'] = null,
  ): Result<Gcr3Table> {
    const rule = 'setup_gcr3_table';
    const glx = glxFor(pasids);
    if (glx > maxGlx) {
      const why = `${pasids} PASIDs need a GCR3 table of ${glx + 1} levels, the unit has ${maxGlx + 1}`;
      return err('EINVAL', why, { rule });
    }
    const domid = ids.allocate();
    if (domid === null) return err('ENOSPC', 'no free domain ids', { rule });
    const root = memory.allocateFrames(1, { use: structure('GCR3 table', unit) });
    if (root.ok) return ok(new Gcr3Table(memory, ids, root.value * 4096, glx, domid));
    ids.release(domid);
    return root;
  }

  /** Null takes the root away. Missing tables are made for that as well. Linux: update_gcr3(), without its flush */
  update(pasid: number, rootPa: number | null): Result<undefined> {
    const entry = this.entry(pasid);
    if (!entry.ok) return entry;
    if (rootPa === null) this.store(entry.value, 0, 0);
    else this.store(entry.value, hiOfAddress(rootPa), (loOfAddress(rootPa) & ~0xfff) | GCR3_V);
    return done;
  }

  private store(pa: number, hi: number, lo: number): void {
    this.memory.store64(pa, hi, lo);
    this.memory.published('GCR3 table entry');
  }

  /** Linux: free_gcr3_table() */
  free(): void {
    this.freeTables(this.pa, this.glx);
    this.ids.release(this.domid);
  }

  /** Linux: __get_gcr3_pte() */
  private entry(pasid: number): Result<number> {
    let table = this.pa;
    for (let level = this.glx; ; level--) {
      const at = table + ((pasid >> (9 * level)) % ENTRIES) * 8;
      if (level === 0) return ok(at);
      let lower = this.lower(at);
      if (lower === null) {
        const use = structure('GCR3 table', this.memory.ownerAt(this.pa));
        const made = this.memory.allocateFrames(1, { use });
        if (!made.ok) return err('ENOMEM', 'no frame for a GCR3 table', { rule: 'update_gcr3' });
        lower = made.value * 4096;
        this.store(at, hiOfAddress(lower), loOfAddress(lower) | GCR3_V);
      }
      table = lower;
    }
  }

  /** Table that an entry points at; null for none. */
  private lower(at: number): number | null {
    const lo = this.memory.load32(at) ?? 0;
    if ((lo & GCR3_V) === 0) return null;
    return addressOf(this.memory.load32(at + 4) ?? 0, lo & ~0xfff);
  }

  /** A table that is spoilt may lead back up: what was met is given back again, as the kernel does, and not entered again. */
  private freeTables(table: number, level: number, met = new Set<number>()): void {
    const entered = !met.has(table);
    met.add(table);
    for (let n = 0; n < ENTRIES && level > 0 && entered; n++) {
      const lower = this.lower(table + n * 8);
      if (lower !== null) this.freeTables(lower, level - 1, met);
    }
    this.memory.freeFrames(table / 4096, 1);
  }
}

/** Linux: get_gcr3_levels() */
function glxFor(pasids: number): number {
  const order = Math.ceil(Math.log2(pasids));
  return order === 0 ? 0 : Math.ceil(order / 9) - 1;
}
