import { TT_WORDS } from './translation-table';

/** Words of a decoded context descriptor; the first two are the cache's tags. */
export const CD_FLAGS = 2;
/** VMID 31:16 and ASID 15:0: what tags its translations. */
export const CD_CTX = 3;
/** KIND_* of its translations. */
export const CD_KIND = 4;
export const CD_TT0 = 5;
export const CD_TT1 = CD_TT0 + TT_WORDS;
export const CD_WORDS = CD_TT1 + TT_WORDS;

/** Bits of CD_FLAGS. */
export const FLAG_A = 1 << 0;
export const FLAG_R = 1 << 1;
export const FLAG_S = 1 << 2;
export const FLAG_HA = 1 << 3;
export const FLAG_HD = 1 << 4;
export const FLAG_AFFD = 1 << 5;
export const FLAG_WXN = 1 << 6;
export const FLAG_PAN = 1 << 7;
/** EL2 without E2H: one address range, one privilege. */
export const FLAG_EL2 = 1 << 8;
