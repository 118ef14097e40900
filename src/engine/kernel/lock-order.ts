/**
 * In which order the kernel's locks nest, outer before inner; each row is a chain, and chains join where they share a
 * name. A lock that stands in no row after another is never taken under one; one that stands last is a leaf.
 *
 * Linux: drivers/iommu/{iommu,iommu-sva,io-pgfault}.c, drivers/iommu/iommufd, drivers/vfio; their lockdep_assert_*()
 */
export const LOCK_ORDER: readonly (readonly string[])[] = [
  // Attach and replace by an IOAS's id, HWPT_ALLOC.
  ['device->dev_set->lock', 'ioas->mutex', 'igroup->lock', 'iopt->iova_rwsem'],
  ['group->group_lock', 'device->dev_set->lock'],
  // A VFIO group in a container; nobody needs the group's list of devices together with anything.
  ['group->group_lock', 'container->group_lock', 'iommu->lock', 'group->mutex'],
  ['group->device_lock'],
  // Under igroup->lock the group moves, and what waits for an answer of the old domain gets one.
  ['igroup->lock', 'group->mutex', 'ictx->sw_msi_lock'],
  ['group->mutex', 'viommu->vdevs'],
  ['group->mutex', 'queue->lock'],
  ['igroup->lock', 'viommu->vdevs'],
  ['igroup->lock', 'fault->mutex', 'fault_param->lock'],
  // A domain comes or goes; map and unmap hold domains_rwsem as readers.
  ['ioas->mutex', 'iopt->domains_rwsem', 'iopt->iova_rwsem', 'pages->mutex', 'mmap_lock'],
  ['device->dev_set->lock', 'access->ioas_lock', 'iopt->domains_rwsem'],
  // The self-test's access and mock device.
  ['staccess->lock', 'access->ioas_lock'],
  ['group->mutex', 'mdev->viommu_rwsem', 'viommu->veventqs_rwsem'],
  ['mdev->viommu_rwsem', 'viommu->vdevs'],
  ['iopt->iova_rwsem', 'pages->mutex/dma-buf'],
  ['dma_resv', 'pages->mutex/dma-buf'],
  // IOAS_CHANGE_PROCESS, under which alone several iova_rwsem nest.
  ['ictx->ioas_creation_lock', 'iopt->iova_rwsem', 'mmap_lock'],
  ['iommu_probe_device_lock', 'group->mutex'],
  ['iommu_sva_lock', 'group->mutex'],
  ['queue->lock', 'param->lock', 'fault_param->lock'],
  ['fault->mutex', 'eventq->lock'],
  ['viommu->veventqs_rwsem', 'eventq->lock'],
];

/** Locks of outside code, which iommufd lets others wait under. Linux: vfio_df_close() unbinds under dev_set->lock */
export const WAIT_UNDER: ReadonlySet<string> = new Set(['device->dev_set->lock', 'group->group_lock']);

/** Whether the order allows `inner` to be taken under `outer`; null when one of them is no lock of it. */
export function orderAllows(
  outer: string,
  inner: string,
  order: readonly (readonly string[])[] = LOCK_ORDER,
): boolean | null {
  const names = new Set(order.flat());
  if (!names.has(outer) || !names.has(inner)) return null;
  const reached = new Set([outer]);
  for (const name of reached) {
    for (const chain of order) {
      const at = chain.indexOf(name);
      if (at >= 0) for (const further of chain.slice(at + 1)) reached.add(further);
    }
  }
  return outer !== inner && reached.has(inner);
}

/** Every lock that has a place in the order. */
export const LOCK_NAMES: readonly string[] = [...new Set(LOCK_ORDER.flat())];
