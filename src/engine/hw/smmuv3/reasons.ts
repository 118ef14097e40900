/**
 * Events: why a transaction was refused.
 *
 * Spec: Arm SMMU Architecture Specification (IHI 0070), section 7.3 "Event records"
 */
export const F_UUT = 0x01;
export const C_BAD_STREAMID = 0x02;
export const F_STE_FETCH = 0x03;
export const C_BAD_STE = 0x04;
export const F_BAD_ATS_TREQ = 0x05;
export const F_STREAM_DISABLED = 0x06;
export const F_TRANSL_FORBIDDEN = 0x07;
export const C_BAD_SUBSTREAMID = 0x08;
export const F_CD_FETCH = 0x09;
export const C_BAD_CD = 0x0a;
export const F_WALK_EABT = 0x0b;
export const F_TRANSLATION = 0x10;
export const F_ADDR_SIZE = 0x11;
export const F_ACCESS = 0x12;
export const F_PERMISSION = 0x13;
export const F_TLB_CONFLICT = 0x20;
export const F_CFG_CONFLICT = 0x21;
export const E_PAGE_REQUEST = 0x24;
export const F_VMS_FETCH = 0x25;

/** Not of the document, which has no event for them: what ends a transaction without a word. */
export const STREAM_ABORT = 0x100;
export const GLOBAL_ABORT = 0x101;

const NAMES: Readonly<Record<number, string>> = {
  [F_UUT]: 'F_UUT',
  [C_BAD_STREAMID]: 'C_BAD_STREAMID',
  [F_STE_FETCH]: 'F_STE_FETCH',
  [C_BAD_STE]: 'C_BAD_STE',
  [F_BAD_ATS_TREQ]: 'F_BAD_ATS_TREQ',
  [F_STREAM_DISABLED]: 'F_STREAM_DISABLED',
  [F_TRANSL_FORBIDDEN]: 'F_TRANSL_FORBIDDEN',
  [C_BAD_SUBSTREAMID]: 'C_BAD_SUBSTREAMID',
  [F_CD_FETCH]: 'F_CD_FETCH',
  [C_BAD_CD]: 'C_BAD_CD',
  [F_WALK_EABT]: 'F_WALK_EABT',
  [F_TRANSLATION]: 'F_TRANSLATION',
  [F_ADDR_SIZE]: 'F_ADDR_SIZE',
  [F_ACCESS]: 'F_ACCESS',
  [F_PERMISSION]: 'F_PERMISSION',
  [F_TLB_CONFLICT]: 'F_TLB_CONFLICT',
  [F_CFG_CONFLICT]: 'F_CFG_CONFLICT',
  [E_PAGE_REQUEST]: 'E_PAGE_REQUEST',
  [F_VMS_FETCH]: 'F_VMS_FETCH',
  [STREAM_ABORT]: 'STE.Config = abort',
  [GLOBAL_ABORT]: 'GBPA.ABORT',
};

/** As the document spells it. */
export const reasonName = (reason: number): string => NAMES[reason] ?? 'UNKNOWN';

/** The four that a translation itself comes to: what CD.{A,R,S} and STE.{S2R,S2S} are about. */
export const isTranslationFault = (reason: number): boolean =>
  reason >= F_TRANSLATION && reason <= F_PERMISSION;

/** What went wrong, for a learner. */
const WHY: Readonly<Record<number, string>> = {
  [F_UUT]: 'this SMMU has no use for a transaction of this kind: it does not implement ATS',
  [C_BAD_STREAMID]: 'the StreamID lies outside the stream table, or its level 1 descriptor leads nowhere',
  [F_STE_FETCH]: 'the stream table entry, or the level 1 descriptor before it, cannot be read',
  [C_BAD_STE]:
    'the stream table entry is not valid (V = 0), or asks for something that this SMMU calls ILLEGAL',
  [F_BAD_ATS_TREQ]: 'the device asked for a translation, and its stream table entry allows no ATS',
  [F_STREAM_DISABLED]:
    'the stream table entry reserves what was used: requests without a SubstreamID are terminated (S1DSS), or SubstreamID 0 is theirs',
  [F_TRANSL_FORBIDDEN]:
    'the device sent an address as already translated, and its stream table entry allows no ATS',
  [C_BAD_SUBSTREAMID]:
    'the request has a SubstreamID that no context descriptor belongs to: too large, substreams off, or stage 1 off',
  [F_CD_FETCH]: 'the context descriptor cannot be read',
  [C_BAD_CD]:
    'the context descriptor is not valid (V = 0), or asks for something that this SMMU calls ILLEGAL',
  [F_WALK_EABT]: 'a translation table cannot be read',
  [F_TRANSLATION]: 'no valid descriptor for this address: nothing is mapped there',
  [F_ADDR_SIZE]: 'an address came out wider than it may be',
  [F_ACCESS]: 'the access flag (AF) of the page is clear, and hardware may not set it',
  [F_PERMISSION]: 'the page is mapped, but not for this kind of access',
  [F_TLB_CONFLICT]:
    'two cached translations of different sizes cover the address: a mapping changed size without an invalidation in between',
  [F_CFG_CONFLICT]:
    'two cached stream table entries match: STE.CONT made one of them cover the other’s stream',
  [E_PAGE_REQUEST]: 'a device gives a hint that it will access pages soon',
  [F_VMS_FETCH]: 'the virtual machine structure cannot be read',
  [STREAM_ABORT]: 'the stream table entry says abort: the device may do no DMA, and nothing is recorded',
  [GLOBAL_ABORT]: 'the SMMU is off and GBPA.ABORT is set: no device may do DMA, and nothing is recorded',
};

/** Events that the document leaves to implementations, and that this one never has. */
const ABSENT: Readonly<Record<number, string>> = {
  [F_CFG_CONFLICT]:
    'its configuration cache has an entry for each StreamID and takes no hint from STE.CONT, so that no two can match',
  [E_PAGE_REQUEST]: 'PCI functions have no such hint: they ask for pages by PRI',
  [F_VMS_FETCH]: 'the structure is for MPAM, which it lacks (IDR3.MPAM = 0): it is never fetched',
};

/** Why the SMMU of this model never has an event; null: it has it. */
export const whyAbsent = (reason: number): string | null => ABSENT[reason] ?? null;

export function reasonWhy(reason: number): string {
  const why = WHY[reason] ?? reasonName(reason);
  const absent = whyAbsent(reason);
  return absent === null ? why : `${why}; not in this model: ${absent}`;
}
