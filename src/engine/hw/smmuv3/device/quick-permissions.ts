import { WRITE } from '../../port';
import * as s from '../structs';
import { FLAG_EL2, FLAG_HD, FLAG_PAN, FLAG_WXN } from './cd-layout';
import { stage1Permissions, stage2Permissions } from './permissions';
import { FLAG_S2HD } from './ste';
import { PRIV_SHIFT } from './tlb';

const WRITES = WRITE | (WRITE << PRIV_SHIFT);
/** One value for each set of bits that a leaf descriptor has to do with permissions. */
const BITS_LG2 = 6;
/** Sets of flags of stage 1; those of stage 2 follow. */
const OF_STAGE2 = 16;
const FLAG_SETS = OF_STAGE2 + 4;

/** AP and S2AP in 1:0, DBM in 2, PXN and UXN or XN in 5:4. */
export const permissionBits = (hi: number, lo: number): number => ((lo >>> 6) & 3) | ((hi >>> 17) & 0x34);

/** Where the permissions of a stage 1 begin; `flags`: CD_FLAGS. */
export const quickPermissions1 = (flags: number): number =>
  (bit(flags & FLAG_HD, 0) |
    bit(flags & FLAG_WXN, 1) |
    bit(flags & FLAG_PAN, 2) |
    bit(flags & FLAG_EL2, 3)) <<
  BITS_LG2;

/** Where those of a stage 2 begin; `flags`: STE_FLAGS. */
export const quickPermissions2 = (flags: number, xnx: boolean): number =>
  (OF_STAGE2 | bit(flags & FLAG_S2HD, 0) | (xnx ? 2 : 0)) << BITS_LG2;

const bit = (set: number, n: number): number => (set !== 0 ? 1 << n : 0);

/**
 * What a leaf grants as it stands, by what surrounds it and by its permissionBits(): of a clean page nothing that would
 * make it dirty.
 */
export const QUICK_PERMISSIONS = Int32Array.from({ length: FLAG_SETS << BITS_LG2 }, (_, n) => {
  const set = n >> BITS_LG2;
  const lo = (n & 3) << 6;
  const hi = (n & 0x34) << 17;
  if (set >= OF_STAGE2) {
    const perms = stage2Permissions((set & 1) !== 0 ? FLAG_S2HD : 0, hi, lo, (set & 2) !== 0);
    return (lo & s.S2_AP_WRITE) === 0 ? perms & ~WRITES : perms;
  }
  const flags = [FLAG_HD, FLAG_WXN, FLAG_PAN, FLAG_EL2].reduce(
    (sum, flag, n) => ((set >> n) & 1 ? sum | flag : sum),
    0,
  );
  const perms = stage1Permissions(flags, hi, lo, 0);
  return (lo & s.S1_AP_RO) !== 0 ? perms & ~WRITES : perms;
});
