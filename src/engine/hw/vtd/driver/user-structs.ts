import type { UserData, UserDataArray } from '../../../iommu/ops';
import { err, ok, type Result } from '../../../kernel/errno';

/**
 * What users of iommufd and this driver tell each other.
 *
 * Linux: include/uapi/linux/iommufd.h struct iommu_hwpt_vtd_s1, iommu_hwpt_vtd_s1_invalidate, iommu_hw_info_vtd
 */
export const HWPT_ALLOC_PASID = 8;
export const HWPT_TYPE_VTD_S1 = 1;
export const INVALIDATE_TYPE_VTD_S1 = 0;
const HW_INFO_TYPE_DEFAULT = 0;
const HW_INFO_TYPE_VTD = 1;

export const S1_SRE = 1n << 0n;
export const S1_EAFE = 1n << 1n;
export const S1_WPE = 1n << 2n;
export const INVALIDATE_FLAGS_LEAF = 1 << 0;
/** Read-only second-stage mappings must not be: Sapphire Rapids. */
const HW_INFO_ERRATA_772415 = 1 << 0;

const STRUCT_BYTES = 24;

export interface FirstStageConfig {
  readonly flags: bigint;
  readonly tableAddress: bigint;
  readonly addressWidth: number;
}

export interface Invalidation {
  readonly addr: bigint;
  readonly npages: bigint;
  readonly flags: number;
  readonly reserved: number;
}

/** These structures cannot grow: exactly so long. Linux: iommu_copy_struct_from_user() */
function checkLength(bytes: number): Result<undefined> {
  if (bytes === STRUCT_BYTES) return ok(undefined);
  return err('EINVAL', `the structure has ${STRUCT_BYTES} bytes, not ${bytes}`, {
    rule: 'iommu_copy_struct_from_user',
  });
}

/** The flags are not looked at here, and the reserved field nowhere. */
export function readFirstStage(data: UserData): Result<FirstStageConfig> {
  const fits = checkLength(data.length);
  if (!fits.ok) return fits;
  const bytes = data.read();
  if (!bytes.ok) return bytes;
  const view = viewOf(bytes.value);
  return ok({
    flags: view.getBigUint64(0, true),
    tableAddress: view.getBigUint64(8, true),
    addressWidth: view.getUint32(16, true),
  });
}

export function readInvalidation(array: UserDataArray, index: number): Result<Invalidation> {
  const fits = checkLength(array.entryLength);
  if (!fits.ok) return fits;
  const bytes = array.read(index);
  if (!bytes.ok) return bytes;
  const view = viewOf(bytes.value);
  return ok({
    addr: view.getBigUint64(0, true),
    npages: view.getBigUint64(8, true),
    flags: view.getUint32(16, true),
    reserved: view.getUint32(20, true),
  });
}

/** Linux: intel_iommu_hw_info() */
export function hwInfo(
  caps: { readonly cap: bigint; readonly ecap: bigint },
  type: number,
): Result<{ readonly type: number; readonly bytes: Uint8Array }> {
  if (type !== HW_INFO_TYPE_DEFAULT && type !== HW_INFO_TYPE_VTD)
    return err('EOPNOTSUPP', `there is no information of type ${type} about a VT-d unit`, {
      rule: 'intel_iommu_hw_info',
    });
  const bytes = new Uint8Array(STRUCT_BYTES);
  const view = viewOf(bytes);
  view.setUint32(0, HW_INFO_ERRATA_772415, true);
  view.setBigUint64(8, caps.cap, true);
  view.setBigUint64(16, caps.ecap, true);
  return ok({ type: HW_INFO_TYPE_VTD, bytes });
}

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
