import { expect, it } from 'vitest';
import { NESTING_ALLOWED_0, NESTING_ALLOWED_1 } from './driver/bits';

/**
 * What OpenVMM hands to the kernel of a VM's stream table entry that has every bit set (MIT; smmu/src/shared.rs, snapshot
 * 1488a37b7 of 21 Aug 2026): V, Config, S1ContextPtr; S1CIR, S1COR, S1CSH, S1STALLD. Our driver has to take all of it.
 */
it('[openvmm] test_canonical_s1_ste_dwords_preserves_allowed_fields, ..._drops_ignored_fields', () => {
  const canonical = [0x0000_ffff_ffff_ffcfn, 0x0800_00fcn] as const;
  expect([canonical[0] & ~NESTING_ALLOWED_0, canonical[1] & ~NESTING_ALLOWED_1]).toEqual([0n, 0n]);
  // What the kernel allows beyond that: S1Fmt, 52-bit pointers and S1CDMax; S1DSS and EATS.
  // Linux: arm-smmu-v3.h STRTAB_STE_0_NESTING_ALLOWED, STRTAB_STE_1_NESTING_ALLOWED
  expect([NESTING_ALLOWED_0 & ~canonical[0], NESTING_ALLOWED_1 & ~canonical[1]]).toEqual([
    (3n << 4n) | (0xfn << 48n) | (0x1fn << 59n),
    3n | (3n << 28n),
  ]);
});
