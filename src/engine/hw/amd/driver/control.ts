/**
 * Bits of the CONTROL register, as the driver counts them.
 *
 * Linux: drivers/iommu/amd/amd_iommu_types.h CONTROL_*, CTRL_INV_TO_*
 */
export const CONTROL_IOMMU_EN = 0;
export const CONTROL_HT_TUN_EN = 1;
export const CONTROL_EVT_LOG_EN = 2;
export const CONTROL_EVT_INT_EN = 3;
export const CONTROL_INV_TIMEOUT = 5;
export const CONTROL_PASSPW_EN = 8;
export const CONTROL_RESPASSPW_EN = 9;
export const CONTROL_COHERENT_EN = 10;
export const CONTROL_ISOC_EN = 11;
export const CONTROL_CMDBUF_EN = 12;
export const CONTROL_PPRLOG_EN = 13;
export const CONTROL_PPRINT_EN = 14;
export const CONTROL_PPR_EN = 15;
export const CONTROL_GT_EN = 16;
export const CONTROL_GA_EN = 17;
export const CONTROL_GALOG_EN = 28;
export const CONTROL_GAINT_EN = 29;
export const CONTROL_NUM_INT_REMAP_MODE = 43;
export const CONTROL_EPH_EN = 45;
export const CONTROL_XT_EN = 50;
export const CONTROL_INTCAPXT_EN = 51;
export const CONTROL_GCR3TRPMODE = 58;
export const CONTROL_IRTCACHEDIS = 59;

export const CTRL_INV_TO_MASK = 7n;
export const CTRL_INV_TO_1S = 4n;
export const NUM_INT_REMAP_MODE_MASK = 3n;
export const NUM_INT_REMAP_MODE_2K = 1n;
