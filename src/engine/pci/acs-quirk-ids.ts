/**
 * Device ids of the ACS quirks. A table: facts of the kernel's list, in its order.
 *
 * Linux: drivers/pci/quirks.c pci_dev_acs_enabled[], pci_quirk_intel_pch_acs_ids[]
 */
type VendorDevices = readonly (readonly [vendorId: number, devices: readonly number[]])[];

/** pci_quirk_mf_endpoint_acs: the first two rows stand before Intel's RCiEP rule, the others after it. */
export const MF_ENDPOINTS: VendorDevices = [
  // Solarflare
  [0x1924, [0x0903, 0x0923, 0x0a03]],
  // Intel 82598, 82599, 82580, 82576, 82575, I350, 82571, I219
  [
    0x8086,
    [
      0x10c6, 0x10db, 0x10dd, 0x10e1, 0x10f1, 0x10f7, 0x10f8, 0x10f9, 0x10fa, 0x10fb, 0x10fc, 0x1507, 0x1514,
      0x151c, 0x1529, 0x152a, 0x154d, 0x154f, 0x1551, 0x1558, 0x1509, 0x150e, 0x150f, 0x1510, 0x1511, 0x1516,
      0x1527, 0x10c9, 0x10e6, 0x10e7, 0x10e8, 0x150a, 0x150d, 0x1518, 0x1526, 0x10a7, 0x10a9, 0x10d6, 0x1521,
      0x1522, 0x1523, 0x1524, 0x105e, 0x105f, 0x1060, 0x10d9, 0x15b7, 0x15b8,
    ],
  ],
  // Emulex BE3-R, Skyhawk-R
  [0x19a2, [0x0710]],
  [0x10df, [0x0720]],
  // Cavium BGX, CGX, RPM
  [0x177d, [0xa026, 0xa059, 0xa060]],
  // Broadcom NetXtreme-E
  [0x14e4, [0x16d7, 0x1750, 0x1751, 0x1752, 0x1760, 0x1761, 0x1762, 0x1763]],
  // Zhaoxin
  [0x1d17, [0x3038, 0x3104, 0x9083]],
];

/** pci_quirk_qcom_rp_acs: QDF2xxx, SA8775P, Hamoa, Glymur; HXT SD4800 */
export const QCOM_ROOT_PORTS: VendorDevices = [
  [0x17cb, [0x0400, 0x0401, 0x0115, 0x0111, 0x0120]],
  [0x1dbf, [0x0401]],
];

/** pci_quirk_nxp_rp_acs: LX2xx0 and LX2xx2 with 16, 12 and 8 cores */
export const NXP_ROOT_PORTS: readonly number[] = [
  0x8d81, 0x8da1, 0x8d83, 0x8d80, 0x8da0, 0x8d82, 0x8d90, 0x8db0, 0x8d92, 0x8d91, 0x8db1, 0x8d93, 0x8d89,
  0x8da9, 0x8d8b, 0x8d88, 0x8da8, 0x8d8a, 0x8d98, 0x8db8, 0x8d9a, 0x8d99, 0x8db9, 0x8d9b,
];

const span = (first: number, last: number, step = 1): number[] =>
  Array.from({ length: Math.floor((last - first) / step) + 1 }, (_, index) => first + index * step);

/** pci_quirk_intel_pch_acs_ids[] */
export const PCH_ROOT_PORTS: ReadonlySet<number> = new Set([
  ...span(0x3b42, 0x3b51), // Ibex Peak
  ...span(0x1c10, 0x1c1f), // Cougar Point
  ...span(0x1e10, 0x1e1f), // Panther Point
  ...span(0x8c10, 0x8c1f), // Lynx Point-H
  ...span(0x9c10, 0x9c1b), // Lynx Point-LP
  ...span(0x9c90, 0x9c9b), // Wildcat Point
  ...span(0x1d10, 0x1d1e, 2), // Patsburg (X79)
  ...span(0x8d10, 0x8d1e), // Wellsburg (X99)
  ...span(0x8c90, 0x8c9e, 2), // Lynx Point (9 series)
]);
