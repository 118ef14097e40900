import { hazard, ignoreInvalidations, peek, poke, readRegister, store, writeRegister } from './verbs/by-hand';
import { cat, echo, ls, readlink } from './verbs/sysfs';
import { expect, expectLog } from './verbs/check';
import { flushQueueTimer, mapSingle, setMask, unmapSingle } from './verbs/dma-api';
import { dma } from './verbs/dma';
import {
  attachDevicePasidVerb,
  attachDeviceVerb,
  attachGroupHandleVerb,
  attachGroupVerb,
  detachDevicePasidVerb,
  detachDeviceVerb,
  detachGroupHandleVerb,
  detachGroupVerb,
  domainFree,
  map,
  pagingDomainAllocVerb,
  replaceGroupHandleVerb,
  unmap,
} from './verbs/domains';
import {
  deviceClaimDmaOwner,
  deviceIommuCapable,
  deviceReleaseDmaOwner,
  devResetIommuDone,
  devResetIommuPrepare,
  groupAddDevice,
  groupAlloc,
  groupClaimDmaOwner,
  groupGet,
  groupPut,
  groupReleaseDmaOwner,
  groupRemoveDevice,
  groupSetName,
} from './verbs/kernel-api';
import { pageRequest, svaBind, svaUnbind } from './verbs/sva';
import { iommu, refuse, remove, reserve } from './verbs/hardware';
import { boot, driver, note, pci, place } from './verbs/machine';
import { platform } from './verbs/platform';
import { setpci } from './verbs/setpci';
import { PROGRAM_VERBS } from './verbs/program';
import { begin, failNth, finish, step } from './verbs/tasks';
import { burst, stop, traffic } from './verbs/traffic';
import type { Verb } from './verbs/verb';

/** Every verb but `machine`, which makes what the others act on. src/scenario/verbs.ts describes the same for people. */
export const VERBS: Readonly<Record<string, Verb>> = {
  iommu,
  pci,
  platform,
  reserve,
  refuse,
  boot,
  remove,
  setpci,
  driver,
  expect,
  'expect-log': expectLog,
  cat,
  ls,
  readlink,
  echo,
  ...PROGRAM_VERBS,
  iommu_device_claim_dma_owner: deviceClaimDmaOwner,
  iommu_device_release_dma_owner: deviceReleaseDmaOwner,
  iommu_group_claim_dma_owner: groupClaimDmaOwner,
  iommu_group_release_dma_owner: groupReleaseDmaOwner,
  iommu_group_alloc: groupAlloc,
  group_get: groupGet,
  group_put: groupPut,
  iommu_group_set_name: groupSetName,
  iommu_group_add_device: groupAddDevice,
  iommu_group_remove_device: groupRemoveDevice,
  device_iommu_capable: deviceIommuCapable,
  pci_dev_reset_iommu_prepare: devResetIommuPrepare,
  pci_dev_reset_iommu_done: devResetIommuDone,
  iommu_paging_domain_alloc: pagingDomainAllocVerb,
  iommu_domain_free: domainFree,
  iommu_attach_device: attachDeviceVerb,
  iommu_detach_device: detachDeviceVerb,
  iommu_attach_group: attachGroupVerb,
  iommu_detach_group: detachGroupVerb,
  iommu_attach_group_handle: attachGroupHandleVerb,
  iommu_replace_group_handle: replaceGroupHandleVerb,
  iommu_detach_group_handle: detachGroupHandleVerb,
  iommu_attach_device_pasid: attachDevicePasidVerb,
  iommu_detach_device_pasid: detachDevicePasidVerb,
  iommu_map: map,
  iommu_unmap: unmap,
  iommu_sva_bind_device: svaBind,
  iommu_sva_unbind_device: svaUnbind,
  dma_set_mask_and_coherent: setMask,
  dma_map_single: mapSingle,
  dma_unmap_single: unmapSingle,
  'flush-queue-timer': flushQueueTimer,
  'page-request': pageRequest,
  dma,
  burst,
  traffic,
  stop,
  poke,
  peek,
  store,
  read_register: readRegister,
  write_register: writeRegister,
  hazard,
  'ignore-invalidations': ignoreInvalidations,
  begin,
  step,
  finish,
  'fail-nth': failNth,
  place,
  note,
};
