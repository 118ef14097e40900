/**
 * Intel's Sunrise and Union Point root ports keep the ACS registers as dwords: control sits at +8, where the
 * specification has it at +6. lspci reads the specification's place and so prints a register that is not there.
 *
 * Linux: drivers/pci/quirks.c pci_quirk_intel_spt_pch_acs_match()
 */
const RANGES: readonly (readonly [first: number, last: number])[] = [
  [0xa110, 0xa11f],
  [0xa167, 0xa16a],
  [0xa290, 0xa29f],
  [0xa2e7, 0xa2ee],
  [0x9d10, 0x9d1b],
];

/** Linux: INTEL_SPT_ACS_CTRL */
export const DWORD_ACS_CTRL = 0x08;

export const hasDwordAcs = (vendorId: number, deviceId: number): boolean =>
  vendorId === 0x8086 && RANGES.some(([first, last]) => deviceId >= first && deviceId <= last);
