import { hiOf, join, loOf } from '../../../lib/u64';
import type { IommuDomain } from '../../iommu/ops';
import type { UserMemory } from '../../memory/user-memory';
import { setDirty } from '../../pt/dirty';
import { indexOf, LEAF, TABLE } from '../../pt/format';
import type { PageTable } from '../../pt/page-table';
import { iovaToPhys } from '../../pt/walk';
import type { DomainTables } from '../unit';
import { noteEntry } from '../../trace/notes';
import type { Trace } from '../../trace/trace';
import {
  BYPASSED,
  FAULTED,
  LEAF_LEVEL,
  PA_HI,
  PA_LO,
  REASON,
  RESULT_WORDS,
  WALKED,
  WRITE,
  type Access,
  type DmaTranslator,
  type TranslateStatus,
} from '../port';
import { GenericDomain } from './domain';
import type { GenericUnit } from './unit';

/** Why a generic IOMMU blocks an access. */
export const GENERIC_FAULTS: Readonly<Record<number, { readonly name: string; readonly why: string }>> = {
  1: { name: 'nothing attached', why: 'No domain is attached to the device, so nothing passes.' },
  2: { name: 'blocked', why: 'The device is attached to the domain that blocks everything.' },
  3: { name: 'not mapped', why: 'The page table has no entry for this address.' },
  4: { name: 'no permission', why: 'The entry does not allow this kind of access.' },
};

const BLOCKED: TranslateStatus = FAULTED;
const IR = 1 << 29;
const IW = 1 << 30;

/** The hardware's half: walks the table of whatever is attached, every time. */
export class GenericTranslator implements DmaTranslator {
  readonly result = new Int32Array(RESULT_WORDS);

  constructor(
    private readonly unit: GenericUnit,
    private readonly trace: Trace,
    /** PCI name of a requester. */
    private readonly nameOf: (rid: number) => string | null,
  ) {}

  translate(rid: number, iovaHi: number, iovaLo: number, access: Access, pasid: number): TranslateStatus {
    const name = this.nameOf(rid);
    const iova = join(iovaHi, iovaLo);
    const domain = name === null ? null : this.unit.domainOf(name, pasid);
    if (domain === null) return this.fault(1, name, iova, access);
    if (domain.type === 'blocked') return this.fault(2, name, iova, access);
    if (domain.cookie?.kind === 'sva') {
      const pa = processPa(domain.cookie.mm, iova, access);
      return pa === null ? this.fault(3, name, iova, access) : this.answer(pa, WALKED);
    }
    if (!(domain instanceof GenericDomain)) return this.answer(iova, BYPASSED);
    const allowed = this.walk(domain.table, iova);
    const pa = allowed === null ? null : iovaToPhys(domain.table, iova);
    if (allowed === null || pa === null) return this.fault(3, name, iova, access);
    if ((allowed & access) !== access) return this.fault(4, name, iova, access);
    if (access === WRITE && domain.tracking) setDirty(domain.table, iova);
    return this.answer(BigInt(pa), WALKED);
  }

  /** Messages are never checked. */
  interrupt(): boolean {
    return true;
  }

  private answer(pa: bigint, status: TranslateStatus): TranslateStatus {
    this.result[PA_LO] = loOf(pa);
    this.result[PA_HI] = hiOf(pa);
    return status;
  }

  private fault(reason: number, name: string | null, iova: bigint, access: Access): TranslateStatus {
    this.result[REASON] = reason;
    this.trace.emit({
      kind: 'fault',
      unit: this.unit.unit,
      device: name ?? 'unknown',
      access: access === WRITE ? 'write' : 'read',
      iova,
      reason,
      name: GENERIC_FAULTS[reason]?.name ?? 'fault',
      recorded: false,
    });
    return BLOCKED;
  }

  /** READ and WRITE bits that the leaf allows, null where there is none; tells of each entry read. */
  private walk(table: PageTable, iova: bigint): number | null {
    const { memory, format } = table;
    const page = Number(iova >> BigInt(format.granuleLg2));
    if (page >= table.endVpn) return null;
    let pfn = table.rootPfn;
    for (let level = table.topLevel; level >= 0; level--) {
      const index = indexOf(format, page, level);
      const at = memory.frameBase(pfn) + index * 2;
      const lo = memory.words[at] ?? 0;
      const hi = memory.words[at + 1] ?? 0;
      if (this.trace.on) {
        const pa = pfn * 4096 + index * 8;
        noteEntry(this.trace, this.unit.unit, 'table', level, index, pa, hi, lo);
      }
      const kind = format.kind(lo, hi, level);
      if (kind === LEAF) {
        this.result[LEAF_LEVEL] = level;
        return ((hi & IR) === 0 ? 0 : 1) | ((hi & IW) === 0 ? 0 : 2);
      }
      if (kind !== TABLE) return null;
      pfn = format.tablePfn(lo, hi);
    }
    return null;
  }
}

/** Where a process's own page table leads. It is not walked here entry by entry: the process knows. */
function processPa(mm: UserMemory, iova: bigint, access: Access): bigint | null {
  const page = iova & ~0xfffn;
  const there = mm.alive ? mm.pin(page, 1, access === WRITE) : null;
  if (!there?.ok) return null;
  mm.unpin(there.value);
  return BigInt(there.value[0]?.pfn ?? 0) * 4096n + (iova - page);
}

/** Levels and root of a domain of this unit, for whoever draws it. */
export function describeGeneric(domain: IommuDomain): DomainTables | null {
  if (!(domain instanceof GenericDomain)) return null;
  const { table } = domain;
  return {
    format: table.format.id,
    levels: table.topLevel + 1,
    rootPa: table.rootPfn * 4096,
    leaves: table.pageSizesLg2.map((sizeLg2) => ({ sizeLg2, count: table.leavesOfSize(sizeLg2) })),
    tablePages: table.tablePages,
    tag: null,
  };
}
