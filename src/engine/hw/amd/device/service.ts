/**
 * How the plain requests of one device, without a PASID or with one, are translated: what its entries in the device table
 * and in the GCR3 table come to. Kept in a typed array, where words of 32 bits stay what they are.
 *
 * Made anew for whoever asks next; kept while the same one asks again, and nothing changed: neither the cached entries that
 * it was made from, nor a register that has a say. Who may read and write, and no exclusion range, is part of it.
 */
export const S_RID = 0; // -1: nobody's
/** As the requests have it: -1 for none, even where GIoV has PASID 0 stand in. */
export const S_PASID = 1;
export const S_KIND = 2;
/** What the IOTLB is asked for: tagId() and tagHigh(). */
export const S_ID = 3;
export const S_HIGH = 4;
/** The host's tables: the root's frame number, or -1 for one beyond what memory can hold. */
export const S_HOST_ROOT = 5;
export const S_HOST_LEVELS = 6;
export const S_HOST_ID = 7;
/** What every host entry on the way has to have, so that nothing need be written: PR, and A where the unit sets it. */
export const S_HOST_MARKS = 8;
/** V1_D where the unit sets it. */
export const S_HOST_DIRTY = 9;
/** High bits of an address that the tables do not take in. */
export const S_HOST_OVER = 10;
/** The process's tables: the same. */
export const S_GUEST_ROOT = 11;
export const S_GUEST_LEVELS = 12;
/** P, and A unless it is never set; V2_D unless it is never set. */
export const S_GUEST_MARKS = 13;
export const S_GUEST_DIRTY = 14;
export const SERVICE_WORDS = 15;

/** Host tables alone, a process's alone, a process's over the host's; or tables that only the document's walk will do for. */
export const HOST_ONLY = 0;
export const GUEST_ONLY = 1;
export const NESTED_TABLES = 2;
export const WITH_CARE = 3;
