import { destroy } from './cmd/destroy';
import { faultQueueAlloc } from './cmd/fault-queue-alloc';
import { getHwInfo } from './cmd/get-hw-info';
import { hwQueueAlloc } from './cmd/hw-queue-alloc';
import { hwptAlloc } from './cmd/hwpt-alloc';
import { hwptGetDirtyBitmap } from './cmd/hwpt-get-dirty-bitmap';
import { hwptInvalidate } from './cmd/hwpt-invalidate';
import { hwptSetDirtyTracking } from './cmd/hwpt-set-dirty-tracking';
import { ioasAlloc } from './cmd/ioas-alloc';
import { ioasAllowIovas } from './cmd/ioas-allow-iovas';
import { ioasChangeProcess } from './cmd/ioas-change-process';
import { ioasCopy } from './cmd/ioas-copy';
import { ioasIovaRanges } from './cmd/ioas-iova-ranges';
import { ioasMap } from './cmd/ioas-map';
import { ioasMapFile } from './cmd/ioas-map-file';
import { ioasUnmap } from './cmd/ioas-unmap';
import { option } from './cmd/option';
import { vdeviceAlloc } from './cmd/vdevice-alloc';
import { veventqAlloc } from './cmd/veventq-alloc';
import { vfioIoas } from './cmd/vfio-ioas';
import { viommuAlloc } from './cmd/viommu-alloc';

/** Every command that this engine has. Linux: iommufd_ioctl_ops[] */
export const COMMANDS = {
  IOMMU_DESTROY: destroy,
  IOMMU_IOAS_ALLOC: ioasAlloc,
  IOMMU_IOAS_ALLOW_IOVAS: ioasAllowIovas,
  IOMMU_IOAS_COPY: ioasCopy,
  IOMMU_IOAS_IOVA_RANGES: ioasIovaRanges,
  IOMMU_IOAS_MAP: ioasMap,
  IOMMU_IOAS_UNMAP: ioasUnmap,
  IOMMU_IOAS_MAP_FILE: ioasMapFile,
  IOMMU_IOAS_CHANGE_PROCESS: ioasChangeProcess,
  IOMMU_OPTION: option,
  IOMMU_VFIO_IOAS: vfioIoas,
  IOMMU_HWPT_ALLOC: hwptAlloc,
  IOMMU_GET_HW_INFO: getHwInfo,
  IOMMU_HWPT_SET_DIRTY_TRACKING: hwptSetDirtyTracking,
  IOMMU_HWPT_GET_DIRTY_BITMAP: hwptGetDirtyBitmap,
  IOMMU_HWPT_INVALIDATE: hwptInvalidate,
  IOMMU_FAULT_QUEUE_ALLOC: faultQueueAlloc,
  IOMMU_VIOMMU_ALLOC: viommuAlloc,
  IOMMU_VDEVICE_ALLOC: vdeviceAlloc,
  IOMMU_VEVENTQ_ALLOC: veventqAlloc,
  IOMMU_HW_QUEUE_ALLOC: hwQueueAlloc,
} as const;
