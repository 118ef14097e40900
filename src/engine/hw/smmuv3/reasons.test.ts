import { expect, it } from 'vitest';
import { idr3, DEFAULT_SMMU_CONFIG } from './device/config';
import { reasonName, reasonWhy, whyAbsent } from './reasons';

// Arm IHI 0070, section 7.3: event numbers; F_TLB_CONFLICT, F_CFG_CONFLICT and E_PAGE_REQUEST are left to implementations.
const NUMBERS = Array.from({ length: 0x100 }, (_, n) => n).filter((n) => reasonName(n) !== 'UNKNOWN');

it('the document has 19 events', () => {
  expect(NUMBERS).toHaveLength(19);
});

it('an event that never comes says why, in the place where it is explained', () => {
  const absent = NUMBERS.filter((n) => whyAbsent(n) !== null);
  expect(absent.map(reasonName)).toEqual(['F_CFG_CONFLICT', 'E_PAGE_REQUEST', 'F_VMS_FETCH']);
  for (const n of NUMBERS) expect(reasonWhy(n).includes('not in this model: ')).toBe(absent.includes(n));
});

it('there is no MPAM, for which alone a VMS would be fetched', () => {
  // IDR3.MPAM is bit 7.
  expect(idr3(DEFAULT_SMMU_CONFIG) & (1 << 7)).toBe(0);
});
