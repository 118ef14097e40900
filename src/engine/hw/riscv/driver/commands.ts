import {
  DIR_DV,
  FENCE_PR,
  FENCE_PW,
  FUNC3_SHIFT,
  FUNC_INVAL_DDT,
  FUNC_IOFENCE_C,
  FUNC_VMA,
  INVAL_AV,
  INVAL_GV,
  INVAL_PSCV,
  OP_IODIR,
  OP_IOFENCE,
  OP_IOTINVAL,
} from '../structs';

/** Commands, as four 32-bit words, low first. Linux: iommu-bits.h riscv_iommu_cmd_*() */
export type Command = readonly [number, number, number, number];

const PSCID_SHIFT = 12;
const GSCID_SHIFT = 12;
const DID_SHIFT = 8;
/** Page numbers stand in bits 61:10 of the second doubleword. */
const ADDR_SHIFT = 10;
const ADDR_LO_SCALE = 2 ** (32 - ADDR_SHIFT);

const VMA = OP_IOTINVAL | (FUNC_VMA << FUNC3_SHIFT);

/** Everything of the first stage. Linux: riscv_iommu_cmd_inval_vma() */
export const invalidateAll: Command = [VMA, 0, 0, 0];

/** Linux: riscv_iommu_cmd_inval_set_pscid() */
export const invalidatePscid = (pscid: number): Command => [VMA | (pscid << PSCID_SHIFT), INVAL_PSCV, 0, 0];

/** Linux: riscv_iommu_cmd_inval_set_gscid() */
export const invalidateGscid = (gscid: number): Command => [VMA, INVAL_GV | (gscid << GSCID_SHIFT), 0, 0];

/** One page of 4 KiB. Linux: riscv_iommu_cmd_inval_set_addr() */
export const invalidatePage = (pscid: number, vpn: number): Command => [
  VMA | INVAL_AV | (pscid << PSCID_SHIFT),
  INVAL_PSCV,
  vpn << ADDR_SHIFT,
  Math.floor(vpn / ADDR_LO_SCALE) | 0,
];

/** Of all devices. Linux: riscv_iommu_cmd_iodir_inval_ddt() */
export const invalidateDirectory: Command = [OP_IODIR | (FUNC_INVAL_DDT << FUNC3_SHIFT), 0, 0, 0];

/** Linux: riscv_iommu_cmd_iodir_set_did() */
export const invalidateDevice = (did: number): Command => [
  OP_IODIR | (FUNC_INVAL_DDT << FUNC3_SHIFT),
  DIR_DV | (did << DID_SHIFT),
  0,
  0,
];

/** After everything before it, and after all reads and writes. Linux: riscv_iommu_cmd_iofence() */
export const fence: Command = [OP_IOFENCE | (FUNC_IOFENCE_C << FUNC3_SHIFT) | FENCE_PR | FENCE_PW, 0, 0, 0];
