import type { IoctlEvent } from '../../../engine/trace/event';
import type { Struct } from '../../../engine/uapi/struct';

/**
 * Which of the kernel's headers has a command, and since which release in the form that the program uses. Where nobody
 * knows better a later one: older headers only mean that the program brings its own definitions along.
 *
 * Linux: include/uapi/linux/iommufd.h, include/uapi/linux/vfio.h
 */
const SINCE: Readonly<Record<string, readonly [number, number]>> = {
  IOMMU_DESTROY: [6, 2],
  IOMMU_IOAS_ALLOC: [6, 2],
  IOMMU_IOAS_ALLOW_IOVAS: [6, 2],
  IOMMU_IOAS_COPY: [6, 2],
  IOMMU_IOAS_IOVA_RANGES: [6, 2],
  IOMMU_IOAS_MAP: [6, 2],
  IOMMU_IOAS_UNMAP: [6, 2],
  IOMMU_OPTION: [6, 2],
  IOMMU_VFIO_IOAS: [6, 2],
  IOMMU_HWPT_SET_DIRTY_TRACKING: [6, 8],
  IOMMU_HWPT_GET_DIRTY_BITMAP: [6, 8],
  IOMMU_FAULT_QUEUE_ALLOC: [6, 12],
  IOMMU_IOAS_MAP_FILE: [6, 14],
  IOMMU_IOAS_CHANGE_PROCESS: [6, 14],
};
/** Everything else that VFIO had before its devices had nodes of their own. */
const OLD_VFIO = /^VFIO_(?!DEVICE_(?:BIND|ATTACH|DETACH)_IOMMUFD)/;
const NEWEST: readonly [number, number] = [6, 18];
const OLDEST: readonly [number, number] = [5, 12];

export type Header = 'iommufd' | 'vfio' | 'selftest';

export const headerOf = (name: string): Header =>
  name === 'IOMMU_TEST_CMD' ? 'selftest' : name.startsWith('VFIO_') ? 'vfio' : 'iommufd';

export const sinceOf = (name: string): readonly [number, number] =>
  SINCE[name] ?? (OLD_VFIO.test(name) ? OLDEST : NEWEST);

/** What the header calls a command's number; the engine's name for it, but for the test command. */
export const commandName = ({ name }: IoctlEvent): string | null => name;

/** Structures of AMD's came last. */
export const structSince = ({ name }: Struct): readonly [number, number] =>
  /amd/.test(name) ? [7, 1] : /^vfio_/.test(name) ? OLDEST : NEWEST;

export const later = (
  a: readonly [number, number],
  b: readonly [number, number],
): readonly [number, number] => (a[0] > b[0] || (a[0] === b[0] && a[1] >= b[1]) ? a : b);
