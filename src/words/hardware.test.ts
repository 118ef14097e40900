import { expect, it } from 'vitest';
import { faultNumber, levelNumber } from './hardware';

it('faults are numbered as each document does', () => {
  // VT-d "Fault Reason Encodings"; AMD "Event Logging": code in bits 63:60, flags in 59:48; SMMUv3 "Event records":
  // F_TRANSLATION is 0x10; RISC-V "Fault record CAUSE field encodings": 13 is a read page fault.
  expect(faultNumber('vtd', 5)).toBe('fault 0x05');
  expect(faultNumber('amd', 0x2020)).toBe('event 0x2, flags 0x020');
  expect(faultNumber('smmuv3', 0x10)).toBe('event 0x10');
  expect(faultNumber('riscv', 13)).toBe('cause 13');
});

it('levels are numbered as each document does', () => {
  // Pages of 4 KiB, four levels, from the root to the leaf. Arm ARM: 0 to 3.
  const numbers = (vendor: Parameters<typeof levelNumber>[0]) =>
    [4, 3, 2, 1].map((level) => levelNumber(vendor, level));
  expect(numbers('vtd')).toEqual([4, 3, 2, 1]);
  expect(numbers('smmuv3')).toEqual([0, 1, 2, 3]);
});
