import { addressOf } from '../../../lib/u64';
import {
  ATS_GLOBAL,
  ATS_GRANTS,
  ATS_REQUEST,
  ATS_SIZE_LG2,
  ATS_UNTRANSLATED_ONLY,
  FAULTED,
  PA_HI,
  PA_LO,
  READ,
  WRITE,
  type Access,
  type AtsInvalidation,
  type DmaTranslator,
  type PageResponseMessage,
  type TranslateStatus,
} from '../port';

/** What a device keeps of an answer to an ATS request. PCIe: address translation cache */
export interface DeviceTlbEntry {
  readonly pasid: number;
  /** First byte of what it covers. */
  readonly iova: bigint;
  readonly sizeLg2: number;
  readonly pa: number;
  /** READ, WRITE, EXECUTE, PRIVILEGED and the ATS_ bits. */
  readonly grants: number;
  /** How the IOMMU came to it when it was asked. */
  readonly status: TranslateStatus;
}

const PAGE = 12n;

/**
 * A PCI function's end of ATS and PRI: it asks for translations, keeps them until it is told otherwise, and may ask for
 * pages that are not there.
 *
 * Spec: PCI Express Base Specification, rev. 6.0, chapter 10 "ATS Specification"
 */
export class Endpoint {
  /** Switched on by the system's software. */
  ats = false;
  pri = false;
  pasid = false;
  /** It ignores invalidations, keeps what it has and answers none: for those who want to see a time-out. */
  silent = false;
  /** Oldest first. */
  private kept: DeviceTlbEntry[] = [];
  private nextGroup = 0;
  /** Answers to its page requests, oldest first. */
  readonly responses: PageResponseMessage[] = [];

  constructor(
    readonly name: string,
    /** Entries that it has room for. */
    readonly size = 16,
  ) {}

  get entries(): readonly DeviceTlbEntry[] {
    return this.kept;
  }

  /** The kept translation that serves an access, or null. */
  find(pasid: number, iova: bigint, need: Access): DeviceTlbEntry | null {
    const covers = (entry: DeviceTlbEntry): boolean =>
      (entry.pasid === pasid || ((entry.grants & ATS_GLOBAL) !== 0 && pasid >= 0 && entry.pasid >= 0)) &&
      iova >> BigInt(entry.sizeLg2) === entry.iova >> BigInt(entry.sizeLg2) &&
      (entry.grants & need) === need;
    return this.kept.find(covers) ?? null;
  }

  /** Asks the IOMMU and keeps the answer; null where it grants nothing of what is needed, or refuses to answer. */
  ask(iommu: DmaTranslator, rid: number, pasid: number, iova: bigint, need: Access): DeviceTlbEntry | null {
    const page = (iova >> PAGE) << PAGE;
    // Asking to write asks for both: a device reads what it has just written.
    const asked = ATS_REQUEST | need | ((need & WRITE) === 0 ? 0 : READ);
    const status = iommu.translate(
      rid,
      Number(BigInt.asIntN(32, page >> 32n)),
      Number(BigInt.asIntN(32, page)),
      asked,
      pasid,
    );
    const { result } = iommu;
    const grants = result[ATS_GRANTS] as number;
    if (status === FAULTED || (grants & need) !== need) return null;
    const sizeLg2 = Math.max(12, result[ATS_SIZE_LG2] as number);
    const size = BigInt(sizeLg2);
    const pa = addressOf(result[PA_HI] as number, result[PA_LO] as number);
    const entry = {
      pasid,
      iova: (iova >> size) << size,
      sizeLg2,
      pa: Number((BigInt(pa) >> size) << size),
      grants,
      status,
    };
    // Only untranslated requests may use such an address: there is nothing to keep.
    if ((grants & ATS_UNTRANSLATED_ONLY) !== 0) return entry;
    this.kept = [...this.kept.filter((old) => old.pasid !== pasid || old.iova !== entry.iova), entry].slice(
      -this.size,
    );
    return entry;
  }

  /** Spec: section 10.3 "ATS Invalidation Protocol". Whether it answers. */
  invalidate({ pasid, iova, sizeLg2, global }: AtsInvalidation): boolean {
    if (this.silent) return false;
    const last = sizeLg2 >= 64 ? (1n << 64n) - 1n : iova + (1n << BigInt(sizeLg2)) - 1n;
    const first = sizeLg2 >= 64 ? 0n : iova;
    this.kept = this.kept.filter((entry) => {
      const named = global ? entry.pasid >= 0 : entry.pasid === pasid;
      const overlaps = entry.iova <= last && entry.iova + (1n << BigInt(entry.sizeLg2)) - 1n >= first;
      return !(named && overlaps);
    });
    return true;
  }

  /** Asks the system for a page; the number under which it will be answered. Null where it may not, or nobody listens. */
  requestPage(
    iommu: DmaTranslator,
    request: { readonly rid: number; readonly pasid: number; readonly iova: bigint; readonly need: Access },
  ): number | null {
    if (!this.pri || iommu.pageRequest === undefined) return null;
    const group = this.nextGroup;
    this.nextGroup = (this.nextGroup + 1) % 512;
    const { rid, pasid, iova, need } = request;
    iommu.pageRequest({
      rid,
      pasid,
      iova: (iova >> PAGE) << PAGE,
      read: (need & READ) !== 0,
      write: (need & WRITE) !== 0,
      execute: false,
      privileged: false,
      group,
      last: true,
    });
    return group;
  }

  /** A function that loses its bus connection, or is reset, forgets all. */
  forget(): void {
    this.kept = [];
  }
}
