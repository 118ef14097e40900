import type { IoctlEvent } from '../trace/event';
import * as uapi from './iommufd';
import * as test from './iommufd-test';
import * as vendor from './iommufd-vendor';
import { layoutOf } from './layouts';
import { decode, type Fields, type Struct } from './struct';

/**
 * Which structure lies where a command's structure points: for data of a driver its type says so.
 *
 * Linux: include/uapi/linux/iommufd.h enum iommu_hwpt_data_type, iommu_hwpt_invalidate_data_type, iommu_hw_info_type,
 * iommu_viommu_type, iommu_veventq_type; the mock driver's: drivers/iommu/iommufd/iommufd_test.h
 */
type ByType = ReadonlyMap<number | bigint | undefined, Struct>;

const HWPT_DATA: ByType = new Map<number, Struct>([
  [1, vendor.iommu_hwpt_vtd_s1],
  [2, vendor.iommu_hwpt_arm_smmuv3],
  [3, vendor.iommu_hwpt_amd_guest],
  [test.IOMMU_HWPT_DATA_SELFTEST, test.iommu_hwpt_selftest],
]);
const INVALIDATE_DATA: ByType = new Map<number, Struct>([
  [0, vendor.iommu_hwpt_vtd_s1_invalidate],
  [1, vendor.iommu_viommu_arm_smmuv3_invalidate],
]);
const HW_INFO: ByType = new Map<number, Struct>([
  [1, vendor.iommu_hw_info_vtd],
  [2, vendor.iommu_hw_info_arm_smmuv3],
  [3, vendor.iommu_hw_info_tegra241_cmdqv],
  [4, vendor.iommu_hw_info_amd],
  [test.IOMMU_HW_INFO_TYPE_SELFTEST, test.iommu_test_hw_info],
]);
const VIOMMU_DATA: ByType = new Map<number, Struct>([
  [2, vendor.iommu_viommu_tegra241_cmdqv],
  [test.IOMMU_VIOMMU_TYPE_SELFTEST, test.iommu_viommu_selftest],
]);
const VEVENTS: ByType = new Map<number, Struct>([
  [1, vendor.iommu_vevent_arm_smmuv3],
  [2, vendor.iommu_vevent_tegra241_cmdqv],
  [test.IOMMU_VEVENTQ_TYPE_SELFTEST, test.iommu_viommu_event_selftest],
]);

/** What GET_HW_INFO gives of a type. */
export const hwInfoOf = (type: number): Struct | null => HW_INFO.get(type) ?? null;

/** What follows the header of an event of a type. */
export const veventOf = (type: number): Struct | null => VEVENTS.get(type) ?? null;

/** One structure that was pointed to. */
export interface PayloadEntry {
  readonly struct: Struct;
  readonly before: Uint8Array;
  readonly after: Uint8Array;
}

/** As strace does with arrays: no more are printed. */
const MOST_ENTRIES = 32;

/** Everything that a structure pointed to, as far as the kernel looked at it. */
export interface Payload {
  /** The field that pointed to it. */
  readonly field: string;
  readonly entries: readonly PayloadEntry[];
  readonly read: boolean;
  readonly written: boolean;
  /** There is more, which the kernel did not look at, or is too much to tell. */
  readonly more: boolean;
}

/** Null when the call pointed to nothing, did not get as far as looking there, or nobody knows what lay there. */
export function payloadOf(event: IoctlEvent): Payload | null {
  const { name, cmd, before, after, payload } = event;
  const layout = layoutOf(name, cmd, before);
  if (layout === null || payload === undefined) return null;
  const { field, read, written, claimed } = payload;
  const known = structOf(name, decode(layout, before), decode(layout, after));
  if (known === null) return null;
  const length = Math.max(read.length, written.length);
  // Nobody knows what was there before: not what the kernel only writes.
  const struct = read.length > 0 ? known.struct : onlyOut(known.struct);
  const was = new Uint8Array(length);
  was.set(read);
  const is = written.length > 0 ? written : was;
  const stride = known.entryBytes ?? length;
  const entries: PayloadEntry[] = [];
  const shown = Math.min(length, MOST_ENTRIES * stride);
  for (let at = 0; at < shown; at += stride) {
    entries.push({ struct, before: was.subarray(at, at + stride), after: is.subarray(at, at + stride) });
  }
  const more = shown < length || (read.length > 0 && claimed > length);
  return { field, entries, read: read.length > 0, written: written.length > 0, more };
}

/** What a command points to, by the values of its structure. `entryBytes`: it is an array of such; null: it is one, however long. */
export function structOf(
  name: string | null,
  was: Fields,
  is: Fields,
): { readonly struct: Struct; readonly entryBytes: number | null } | null {
  const one = (struct: Struct | undefined) => (struct ? { struct, entryBytes: null } : null);
  switch (name) {
    case 'IOMMU_HWPT_ALLOC':
      return one(HWPT_DATA.get(was['data_type']));
    case 'IOMMU_GET_HW_INFO':
      return one(HW_INFO.get(is['data_type']));
    case 'IOMMU_VIOMMU_ALLOC':
      return one(VIOMMU_DATA.get(was['type']));
    case 'IOMMU_HWPT_INVALIDATE': {
      const entryBytes = Number(was['entry_len'] ?? 0);
      const struct = invalidation(was['data_type'], entryBytes);
      return struct && entryBytes > 0 ? { struct, entryBytes } : null;
    }
    case 'IOMMU_IOAS_ALLOW_IOVAS':
    case 'IOMMU_IOAS_IOVA_RANGES':
      return { struct: uapi.iommu_iova_range, entryBytes: uapi.iommu_iova_range.bytes };
    default:
      return null;
  }
}

/** The mock driver has one type for two structures, of which the object's kind decides; their lengths tell as well. */
function invalidation(type: number | bigint | undefined, entryBytes: number): Struct | null {
  if (type !== test.IOMMU_HWPT_INVALIDATE_DATA_SELFTEST) return INVALIDATE_DATA.get(type) ?? null;
  const ofViommu = entryBytes >= test.iommu_viommu_invalidate_selftest.bytes;
  return ofViommu ? test.iommu_viommu_invalidate_selftest : test.iommu_hwpt_invalidate_selftest;
}

const onlyOut = ({ name, bytes, fields }: Struct): Struct => ({
  name,
  bytes,
  fields: fields.map((field) => ({ ...field, dir: 'out' })),
});
