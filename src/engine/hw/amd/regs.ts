/**
 * Registers of an AMD IOMMU: offsets and fields, with the document's names.
 *
 * Spec: AMD I/O Virtualization Technology (IOMMU) Specification, chapter 3 "Registers", section 3.4 "IOMMU MMIO Registers"
 * Linux: drivers/iommu/amd/amd_iommu_types.h MMIO_*, CONTROL_*, FEATURE_*
 */
export const DEVTAB_BASE = 0x0000;
export const CMD_BASE = 0x0008;
export const EVT_BASE = 0x0010;
export const CONTROL = 0x0018;
export const EXCL_BASE = 0x0020;
export const EXCL_LIMIT = 0x0028;
export const EFR = 0x0030;
export const PPR_BASE = 0x0038;
export const GA_LOG_BASE = 0x00e0;
export const GA_LOG_TAIL_ADDR = 0x00e8;
/** Segments 1 to 7 of the device table follow each other. */
export const DEVTAB_SEG1 = 0x0100;
export const DEVTAB_SEG7 = 0x0130;
export const MSI_ADDR_LO = 0x015c;
export const MSI_ADDR_HI = 0x0160;
export const MSI_DATA = 0x0164;
export const XT_GEN_INT = 0x0170;
export const XT_PPR_INT = 0x0178;
export const XT_GA_INT = 0x0180;
export const EFR2 = 0x01a0;
export const CMD_HEAD = 0x2000;
export const CMD_TAIL = 0x2008;
export const EVT_HEAD = 0x2010;
export const EVT_TAIL = 0x2018;
export const STATUS = 0x2020;
export const PPR_HEAD = 0x2030;
export const PPR_TAIL = 0x2038;
export const GA_HEAD = 0x2040;
export const GA_TAIL = 0x2048;
export const PPR_AUTO_RESP = 0x2080;
/** 16 KiB: no counters. */
export const MMIO_BYTES = 0x4000;

/** Names and widths in bytes, in the order the page lists them. */
export const REGISTERS: readonly { readonly name: string; readonly offset: number; readonly bytes: 4 | 8 }[] =
  [
    { name: 'DEVTAB_BASE', offset: DEVTAB_BASE, bytes: 8 },
    { name: 'CMD_BASE', offset: CMD_BASE, bytes: 8 },
    { name: 'EVT_BASE', offset: EVT_BASE, bytes: 8 },
    { name: 'CONTROL', offset: CONTROL, bytes: 8 },
    { name: 'EXCL_BASE', offset: EXCL_BASE, bytes: 8 },
    { name: 'EXCL_LIMIT', offset: EXCL_LIMIT, bytes: 8 },
    { name: 'EFR', offset: EFR, bytes: 8 },
    { name: 'PPR_BASE', offset: PPR_BASE, bytes: 8 },
    { name: 'GA_LOG_BASE', offset: GA_LOG_BASE, bytes: 8 },
    { name: 'GA_LOG_TAIL_ADDR', offset: GA_LOG_TAIL_ADDR, bytes: 8 },
    ...Array.from({ length: 7 }, (_, n) => ({
      name: `DEVTAB_SEG${n + 1}_BASE`,
      offset: DEVTAB_SEG1 + 8 * n,
      bytes: 8 as const,
    })),
    { name: 'MSI_ADDR_LO', offset: MSI_ADDR_LO, bytes: 4 },
    { name: 'MSI_ADDR_HI', offset: MSI_ADDR_HI, bytes: 4 },
    { name: 'MSI_DATA', offset: MSI_DATA, bytes: 4 },
    { name: 'XT_GEN_INT', offset: XT_GEN_INT, bytes: 8 },
    { name: 'XT_PPR_INT', offset: XT_PPR_INT, bytes: 8 },
    { name: 'XT_GA_INT', offset: XT_GA_INT, bytes: 8 },
    { name: 'EFR2', offset: EFR2, bytes: 8 },
    { name: 'CMD_HEAD', offset: CMD_HEAD, bytes: 8 },
    { name: 'CMD_TAIL', offset: CMD_TAIL, bytes: 8 },
    { name: 'EVT_HEAD', offset: EVT_HEAD, bytes: 8 },
    { name: 'EVT_TAIL', offset: EVT_TAIL, bytes: 8 },
    { name: 'STATUS', offset: STATUS, bytes: 8 },
    { name: 'PPR_HEAD', offset: PPR_HEAD, bytes: 8 },
    { name: 'PPR_TAIL', offset: PPR_TAIL, bytes: 8 },
    { name: 'GA_HEAD', offset: GA_HEAD, bytes: 8 },
    { name: 'GA_TAIL', offset: GA_TAIL, bytes: 8 },
    { name: 'PPR_AUTO_RESP', offset: PPR_AUTO_RESP, bytes: 8 },
  ];

/** CONTROL, low word, as signed 32-bit values. */
export const IOMMU_EN = 1 << 0;
export const HT_TUN_EN = 1 << 1;
export const EVT_LOG_EN = 1 << 2;
export const EVT_INT_EN = 1 << 3;
export const COM_WAIT_INT_EN = 1 << 4;
export const INV_TIMEOUT_SHIFT = 5;
export const PASS_PW = 1 << 8;
export const RES_PASS_PW = 1 << 9;
export const COHERENT = 1 << 10;
export const ISOC = 1 << 11;
export const CMD_BUF_EN = 1 << 12;
export const PPR_LOG_EN = 1 << 13;
export const PPR_INT_EN = 1 << 14;
export const PPR_EN = 1 << 15;
export const GT_EN = 1 << 16;
export const GA_EN = 1 << 17;
export const GAM_EN_SHIFT = 25;
export const GA_LOG_EN = 1 << 28;
export const GA_INT_EN = 1 << 29;
/** CONTROL, high word. */
export const DEV_TBL_SEG_EN_SHIFT_HI = 2;
export const PPR_AUTO_RSP_EN_HI = 1 << 7;
export const PPR_AUTO_RSP_AON_HI = 1 << 10;
export const NUM_INT_REMAP_MODE_SHIFT_HI = 11;
export const EPH_EN_HI = 1 << 13;
export const HAD_UPDATE_SHIFT_HI = 14;
export const GD_UPDATE_DIS_HI = 1 << 16;
export const XT_EN_HI = 1 << 18;
export const INT_CAP_XT_EN_HI = 1 << 19;
export const GA_UPDATE_DIS_HI = 1 << 22;
export const GCR3_TRP_MODE_HI = 1 << 26;
export const IRT_CACHE_DIS_HI = 1 << 27;

/** STATUS, low word. */
export const STATUS_EVT_OVERFLOW = 1 << 0;
export const STATUS_EVT_INT = 1 << 1;
export const STATUS_COM_WAIT_INT = 1 << 2;
export const STATUS_EVT_RUN = 1 << 3;
export const STATUS_CMD_RUN = 1 << 4;
export const STATUS_PPR_OVERFLOW = 1 << 5;
export const STATUS_PPR_INT = 1 << 6;
export const STATUS_PPR_RUN = 1 << 7;
export const STATUS_GA_RUN = 1 << 8;
export const STATUS_GA_OVERFLOW = 1 << 9;
export const STATUS_GA_INT = 1 << 10;

/** EXCL_BASE, low word. */
export const EXCL_ENABLE = 1 << 0;
export const EXCL_ALLOW_ALL = 1 << 1;

/** High word of CMD_BASE, EVT_BASE and PPR_BASE: log2 of the entries, at least 8. */
export const LOG_LEN_SHIFT_HI = 24;
export const LOG_LEN_MASK = 0xf;

const bits = (value: bigint, high: number, low: number): number =>
  Number((value >> BigInt(low)) & ((1n << BigInt(high - low + 1)) - 1n));

/** Fields of the extended feature register. */
export const efr = {
  prefetch: (e: bigint): boolean => bits(e, 0, 0) === 1,
  ppr: (e: bigint): boolean => bits(e, 1, 1) === 1,
  x2apic: (e: bigint): boolean => bits(e, 2, 2) === 1,
  noExecute: (e: bigint): boolean => bits(e, 3, 3) === 1,
  guestTranslation: (e: bigint): boolean => bits(e, 4, 4) === 1,
  invalidateAll: (e: bigint): boolean => bits(e, 6, 6) === 1,
  guestApic: (e: bigint): boolean => bits(e, 7, 7) === 1,
  /** Host tables have at most this many levels; 3 is reserved. */
  hostLevels: (e: bigint): number => bits(e, 11, 10) + 4,
  /** Guest tables have at most this many levels. */
  guestLevels: (e: bigint): number => bits(e, 13, 12) + 4,
  /** The most levels of a guest CR3 table, minus one. */
  glx: (e: bigint): number => bits(e, 15, 14),
  pasidBits: (e: bigint): number => bits(e, 36, 32) + 1,
  /** log2 of the most segments of the device table. */
  segments: (e: bigint): number => bits(e, 39, 38),
  pprAutoResponse: (e: bigint): boolean => bits(e, 41, 41) === 1,
  guestIo: (e: bigint): boolean => bits(e, 48, 48) === 1,
  hostAccess: (e: bigint): boolean => bits(e, 49, 49) === 1,
  enhancedPpr: (e: bigint): boolean => bits(e, 50, 50) === 1,
  hostDirty: (e: bigint): boolean => bits(e, 52, 52) === 1,
};

/** Fields of the second extended feature register. */
export const efr2 = {
  /** Interrupt tables may have 2048 entries. */
  interrupts2k: (e: bigint): boolean => bits(e, 9, 8) === 1,
  htRangeIgnore: (e: bigint): boolean => bits(e, 11, 11) === 1,
};
