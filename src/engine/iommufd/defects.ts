import type { KernelDefect } from './options';

/**
 * What Linux's iommufd of the 7.1 merge window, and the drivers below it, do that they should not, and what this engine does about it.
 *
 * `same`: programs may rely on it, or it is recorded, so it is done here as well. `right`: done as it was meant; where
 * the kernel's way teaches something, `option` brings it back.
 */
export interface DefectNote {
  readonly id: string;
  /** The kernel function at fault. */
  readonly where: string;
  readonly kernel: string;
  readonly here: string;
  readonly policy: 'same' | 'right';
  readonly option?: KernelDefect;
}

export const DEFECTS: readonly DefectNote[] = [
  {
    id: 'pending-detach',
    where: 'iommufd_auto_response_faults()',
    kernel:
      'The driver frees the pending page faults of a device that leaves its last fault-capable domain; iommufd then walks over them: use after free.',
    here: 'The faults are answered INVALID, once, and leave the queue before the device leaves the domain.',
    policy: 'right',
  },
  {
    id: 'pending-replace',
    where: 'iommufd_hwpt_replace_device()',
    kernel:
      'A replace looks for pending page faults in the queue of the new HWPT instead of that of the old one. Those of the old keep a freed handle: the next read of its descriptor is a use after free.',
    here: 'The faults of the old HWPT are answered INVALID.',
    policy: 'right',
    option: 'replace-answers-new-queue',
  },
  {
    id: 'read-efault-loop',
    where: 'iommufd_fault_fops_read()',
    kernel:
      'When the buffer cannot be written, the loop over a group of faults ends but the one over groups goes on with the same group, for ever, holding fault->mutex.',
    here: 'EFAULT, and the group stays in the queue.',
    policy: 'right',
  },
  {
    id: 'hw-queue-leak',
    where: 'iommufd_access_notify_unmap()',
    kernel:
      'The access of a hardware queue gets a reference that nobody gives back when another area of its IOAS is unmapped under an access: destroying the queue waits for it in vain.',
    here: 'The kernel’s own accesses are passed over before a reference is taken.',
    policy: 'right',
  },
  {
    id: 'change-process-dead-owner',
    where: 'iommufd_ioas_change_process()',
    kernel:
      'When the former owner is dead and pins count against its memory, the call warns and returns EINVAL, though everything has moved to the caller.',
    here: 'The call succeeds: what a dead process was charged with is nobody’s any more.',
    policy: 'right',
  },
  {
    id: 'failed-replace-unreserves',
    where: 'iommufd_device_do_replace()',
    kernel:
      'A replace that fails takes the reserved regions of the group out of the new HWPT’s IOAS, also when that is the IOAS in which the group stays.',
    here: 'The regions stay.',
    policy: 'right',
    option: 'failed-replace-unreserves',
  },
  {
    id: 'pasid-left',
    where: 'iommufd_selftest_destroy()',
    kernel:
      'Destroying a mock device detaches it, but none of its PASIDs: warnings, and their HWPTs stay busy for ever.',
    here: 'The PASIDs are detached as well.',
    policy: 'right',
  },
  {
    id: 'dma-buf-fd-leak',
    where: 'iommufd_test_dmabuf_get()',
    kernel: 'Without a free descriptor the new dma-buf is leaked.',
    here: 'It is released.',
    policy: 'right',
  },
  {
    id: 'dma-buf-unpin',
    where: 'iopt_release_pages()',
    kernel:
      'dma_buf_unpin() is called without the reservation lock that it needs: a warning with lock debugging.',
    here: 'Nothing of a dma-buf is pinned, so nothing is to be unpinned.',
    policy: 'right',
  },
  {
    id: 'map-failure',
    where: 'iommu_map_nosync()',
    kernel:
      'The test for failure is inverted for drivers without generic page tables: a failed map is reported as done.',
    here: 'The failure is reported; every driver here has generic page tables anyway.',
    policy: 'right',
  },
  {
    id: 'change-process-half-mapped',
    where: 'iommufd_ioas_change_process()',
    kernel: 'An area that another thread is just mapping has no pages yet: a null pointer.',
    here: 'Such an area is passed over.',
    policy: 'right',
  },
  {
    id: 'huge-counts',
    where: 'mock_viommu_cache_invalidate(), iommufd_test_dirty()',
    kernel: 'A huge number of entries, or a huge range, makes the allocator warn before it refuses.',
    here: 'ENOMEM without a warning.',
    policy: 'right',
  },
  {
    id: 'vfio-no-permission',
    where: 'iommufd_vfio_map_dma()',
    kernel: 'MAP_DMA with neither READ nor WRITE gets as far as the page tables, which warn and refuse.',
    here: 'EINVAL, without a warning; without a domain it succeeds, as in the kernel.',
    policy: 'same',
  },
  {
    id: 'cookie-zero',
    where: 'iommufd_fault_fops_write()',
    kernel:
      'An answer to cookie 0 fails, but while others wait for theirs it makes number 0 free: the next group gets it.',
    here: 'The same.',
    policy: 'same',
  },
  {
    id: 'partial-unmap',
    where: 'iopt_unmap_iova_range()',
    kernel:
      'An UNMAP that ends inside an area fails ENOENT after it has unmapped all areas before, and tells no count.',
    here: 'The same.',
    policy: 'same',
  },
  {
    id: 'map-stays',
    where: 'iommufd_ioas_map()',
    kernel: 'When the IOVA cannot be copied back, MAP fails EFAULT and the mapping stays.',
    here: 'The same.',
    policy: 'same',
  },
  {
    id: 'dirty-errors-dropped',
    where: 'iommu_read_and_clear_dirty()',
    kernel: 'GET_DIRTY_BITMAP succeeds though the bitmap cannot be written, or the walk met an error.',
    here: 'The same.',
    policy: 'same',
  },
  {
    id: 'dirty-short-leaf',
    where: 'record_dirty()',
    kernel:
      'Of a leaf that fills several slots of its table, what is reported dirty ends one slot early, as the index of the last slot is taken for a count.',
    here: 'The same: the kernel’s own tests rely on it for 4 KiB pages of a 2 KiB table.',
    policy: 'same',
  },
  {
    id: 'smmu-dirty-without-flush',
    where: 'arm_smmu_read_and_clear_dirty(), arm_smmu_iotlb_sync()',
    kernel:
      'The range gathered while dirty bits are cleared has no page size, so the SMMUv3 driver invalidates nothing: a page that the SMMU still holds as written is written again, and nobody notes it.',
    here: 'The range is invalidated.',
    policy: 'right',
    option: 'smmu-dirty-without-flush',
  },
  {
    id: 'unchecked-reserved',
    where:
      'iommufd_hwpt_alloc(), iommufd_hwpt_set_dirty_tracking(), iommufd_viommu_alloc_ioctl(), iommufd_test()',
    kernel: 'Some reserved fields are not checked for zero.',
    here: 'The same.',
    policy: 'same',
  },
  {
    id: 'change-process-vmpin',
    where: 'iommufd_ioas_change_process()',
    kernel:
      'Pages that count against nobody’s limit stay in the VmPin of the process that had them, and are later taken off that of the new one.',
    here: 'The same.',
    policy: 'same',
  },
  {
    id: 'mock-queue-place',
    where: 'mock_hw_queue_destroy()',
    kernel: 'The mock’s hardware queues forget their index: whichever is destroyed, place 0 becomes free.',
    here: 'The same.',
    policy: 'same',
  },
  {
    id: 'mock-viommu-first',
    where: 'mock_domain_nop_attach()',
    kernel: 'The mock notes the device’s new vIOMMU before the page fault queue may refuse the attach.',
    here: 'The same.',
    policy: 'same',
  },
];
