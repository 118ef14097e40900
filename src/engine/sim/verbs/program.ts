import * as access from './access';
import * as files from './files';
import * as hwpt from './hwpt';
import * as iommufd from './iommufd';
import * as legacy from './legacy-vfio';
import { mmap } from './memory';
import * as mock from './mock';
import * as nesting from './nesting';
import * as queues from './queues';
import type { Verb } from './verb';
import * as vfio from './vfio';

/** What programs do: files, memory, iommufd and VFIO; and the drivers that reach memory in their name. */
export const PROGRAM_VERBS: Readonly<Record<string, Verb>> = {
  open: files.open,
  close: files.close,
  read: queues.read,
  write: queues.write,
  ioctl: files.ioctl,
  mmap,
  munmap: files.munmap,
  memfd_create: files.memfdCreate,
  exit: files.exit,
  IOAS_ALLOC: iommufd.ioasAlloc,
  IOAS_MAP: iommufd.ioasMap,
  IOAS_MAP_FILE: iommufd.ioasMapFile,
  IOAS_UNMAP: iommufd.ioasUnmap,
  IOAS_COPY: iommufd.ioasCopy,
  IOAS_IOVA_RANGES: iommufd.ioasIovaRanges,
  IOAS_ALLOW_IOVAS: iommufd.ioasAllowIovas,
  IOAS_CHANGE_PROCESS: iommufd.ioasChangeProcess,
  OPTION: iommufd.option,
  VFIO_IOAS: iommufd.vfioIoas,
  DESTROY: iommufd.destroy,
  BIND: vfio.bind,
  UNBIND: vfio.unbind,
  ATTACH: vfio.attach,
  REPLACE: vfio.replace,
  DETACH: vfio.detach,
  VFIO_DEVICE_BIND_IOMMUFD: vfio.bindIommufd,
  VFIO_DEVICE_ATTACH_IOMMUFD_PT: vfio.attachPt,
  VFIO_DEVICE_DETACH_IOMMUFD_PT: vfio.detach,
  VFIO_DEVICE_GET_INFO: vfio.getInfo,
  GET_HW_INFO: hwpt.getHwInfo,
  HWPT_ALLOC: hwpt.hwptAlloc,
  HWPT_SET_DIRTY_TRACKING: hwpt.setDirtyTracking,
  HWPT_GET_DIRTY_BITMAP: hwpt.getDirtyBitmap,
  HWPT_INVALIDATE: hwpt.invalidate,
  FAULT_QUEUE_ALLOC: queues.faultQueueAlloc,
  VIOMMU_ALLOC: nesting.viommuAlloc,
  VDEVICE_ALLOC: nesting.vdeviceAlloc,
  VEVENTQ_ALLOC: nesting.veventqAlloc,
  HW_QUEUE_ALLOC: nesting.hwQueueAlloc,
  TEST_MOCK_DOMAIN: mock.mockDomain,
  TEST_MOCK_DOMAIN_REPLACE: mock.mockReplace,
  TEST_TRIGGER_IOPF: mock.triggerIopf,
  TEST_TRIGGER_VEVENT: mock.triggerVevent,
  ACCESS: access.access,
  access_pin: access.accessPin,
  access_unpin: access.accessUnpin,
  access_rw: access.accessRw,
  access_replace: access.accessReplace,
  access_destroy: access.accessDestroy,
  VFIO_GROUP_GET_STATUS: legacy.groupGetStatus,
  VFIO_GROUP_SET_CONTAINER: legacy.groupSetContainer,
  VFIO_GROUP_UNSET_CONTAINER: legacy.groupUnsetContainer,
  VFIO_GROUP_GET_DEVICE_FD: legacy.groupGetDeviceFd,
  VFIO_CHECK_EXTENSION: legacy.checkExtension,
  VFIO_SET_IOMMU: legacy.setIommu,
  VFIO_IOMMU_GET_INFO: legacy.iommuGetInfo,
  VFIO_IOMMU_MAP_DMA: legacy.iommuMapDma,
  VFIO_IOMMU_UNMAP_DMA: legacy.iommuUnmapDma,
};
