import type { AnyIoctl } from './ioctl';
import { destroy } from './cmd/destroy';
import { hwptAlloc } from './cmd/hwpt-alloc';
import { ioasAlloc } from './cmd/ioas-alloc';
import { ioasAllowIovas } from './cmd/ioas-allow-iovas';
import { ioasCopy } from './cmd/ioas-copy';
import { ioasIovaRanges } from './cmd/ioas-iova-ranges';
import { ioasMap } from './cmd/ioas-map';
import { ioasUnmap } from './cmd/ioas-unmap';
import { option } from './cmd/option';

/** Every command that this engine has. Linux: iommufd_ioctl_ops[] */
export const COMMANDS = {
  IOMMU_DESTROY: destroy,
  IOMMU_IOAS_ALLOC: ioasAlloc,
  IOMMU_IOAS_ALLOW_IOVAS: ioasAllowIovas,
  IOMMU_IOAS_COPY: ioasCopy,
  IOMMU_IOAS_IOVA_RANGES: ioasIovaRanges,
  IOMMU_IOAS_MAP: ioasMap,
  IOMMU_IOAS_UNMAP: ioasUnmap,
  IOMMU_OPTION: option,
  IOMMU_HWPT_ALLOC: hwptAlloc,
} as const;

const rows: readonly AnyIoctl[] = Object.values(COMMANDS);
export const COMMAND_TABLE: ReadonlyMap<number, AnyIoctl> = new Map(rows.map((row) => [row.nr, row]));
