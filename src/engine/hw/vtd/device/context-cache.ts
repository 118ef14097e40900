import type { CacheShape } from './config';
import { RowCache } from './row-cache';
import type { Service } from './service';

/**
 * Words of a context: what a context entry means to a request, decoded. Those of legacy mode lie where a PASID entry has
 * them (PE_*), so that tables are walked by either.
 */
export const CTX_DID = 2;
/** PGTT_SECOND or PGTT_PASS_THROUGH. */
export const CTX_TYPE = 3;
export const CTX_LEVELS = 4;
export const CTX_ROOT_PFN = 5;
/** High address bits that a request may not have. */
export const CTX_OVER_HI = 6;
/** Of both modes: CTX_* flags. */
export const CTX_FLAGS = 7;
/** Scalable mode: also the frame of the PASID directory, and how many PASIDs it reaches. */
export const CTX_RID_PASID = 8;
export const CTX_DIRECTORY_PFN = 9;
export const CTX_PASID_LIMIT = 10;
/** Of both modes. */
export const CTX_FPD = 11;
/** Not 0: the reason why the entry serves no request, which a unit in caching mode may keep. */
export const CTX_REASON = 12;
export const CTX_WORDS = 14;

export const CTX_SCALABLE = 1 << 0;
/** ATS requests are served. */
export const CTX_DTE = 1 << 1;
export const CTX_PASIDE = 1 << 2;
export const CTX_PRE = 1 << 3;
export const CTX_RID_PRIV = 1 << 4;

/** Source-id bits that a function mask ignores. Spec: section 6.5.2.1, field FM */
export const IGNORED_BY_MASK = [0, 0b100, 0b110, 0b111] as const;

/**
 * Cached context entries, tagged with the source id.
 *
 * Spec: section 6.2.2 "Context-Cache"
 *
 * With CAP.CM = 0 only present, valid entries are cached.
 */
export class ContextCache extends RowCache {
  constructor(shape: CacheShape, service: Service | null = null) {
    super(shape, CTX_WORDS, service);
  }

  /** Entries of scalable mode know no domain: there it drops all of them, as the document has it. */
  invalidateDomain(did: number): number {
    return this.dropWhere((at) => this.isScalable(at) || this.entries[at + CTX_DID] === did);
  }

  /** One source, or up to eight functions of a device by the function mask. */
  invalidateDevice(did: number, rid: number, functionMask: number): number {
    const ignored = IGNORED_BY_MASK[functionMask & 3] ?? 0;
    return this.dropWhere(
      (at) =>
        (this.isScalable(at) || this.entries[at + CTX_DID] === did) &&
        ((this.tagAt(at) ^ rid) & ~ignored) === 0,
    );
  }

  /** Source ids and indices of the valid entries. */
  list(): readonly { readonly rid: number; readonly at: number }[] {
    return this.rows().map((at) => ({ rid: this.tagAt(at), at }));
  }

  private isScalable(at: number): boolean {
    return ((this.entries[at + CTX_FLAGS] as number) & CTX_SCALABLE) !== 0;
  }
}
