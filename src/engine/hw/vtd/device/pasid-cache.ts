import type { CacheShape } from './config';
import { RowCache, TAG2 } from './row-cache';
import type { Service } from './service';

/** Words of a PASID entry, decoded. Legacy mode walks by such a row too. The PASID is the second tag. */
export const PE_DID = 2;
/** PGTT_*. */
export const PE_TYPE = 3;
export const PE_SS_LEVELS = 4;
export const PE_SS_ROOT_PFN = 5;
/** High address bits that the second stage does not take in. */
export const PE_OVER_HI = 6;
export const PE_FS_LEVELS = 7;
/** Address of the first-stage root table; guest-physical in nested translation. */
export const PE_FS_LO = 8;
export const PE_FS_HI = 9;
/** PE_* flags. */
export const PE_FLAGS = 10;
/** Of the entries that led here and of this one. */
export const PE_FPD = 11;
/** As CTX_REASON. */
export const PE_REASON = 12;
/** What tags its translations: 0 for the second stage alone, which PASIDs share. */
export const PE_SPACE = 13;
export const PE_WORDS = 14;

export const PE_SSADE = 1 << 0;
/** Page walks snoop: accessed and dirty bits can be set. */
export const PE_PWSNP = 1 << 1;
export const PE_SRE = 1 << 2;
export const PE_ERE = 1 << 3;
export const PE_WPE = 1 << 4;
export const PE_EAFE = 1 << 5;

/**
 * Cached PASID entries, tagged with source id and PASID.
 *
 * Spec: section 6.2.3 "PASID-Cache"
 */
export class PasidCache extends RowCache {
  constructor(shape: CacheShape, service: Service | null = null) {
    super(shape, PE_WORDS, service);
  }

  invalidateDomain(did: number): number {
    return this.dropWhere((at) => this.entries[at + PE_DID] === did);
  }

  invalidatePasid(did: number, pasid: number): number {
    return this.dropWhere((at) => this.entries[at + PE_DID] === did && this.entries[at + TAG2] === pasid);
  }

  pasidAt(at: number): number {
    return this.entries[at + TAG2] as number;
  }
}
