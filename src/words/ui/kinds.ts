import type { Kind } from '../../ui/kinds';

/** One sentence for somebody who sees a kind for the first time. */
export const KIND_SAYS: Readonly<Record<Kind, string>> = {
  device: 'A function that does DMA: a card with its connector.',
  bridge: 'A port or bridge that carries the DMA of what is below it.',
  group: 'Devices that the IOMMU cannot tell apart: they share one domain and one owner.',
  iommu: 'The unit that translates: a chip with its caches and queues.',
  hwpt: 'A page table that the IOMMU walks, made by hand.',
  'hwpt-auto': 'A page table that the kernel made for an attach to an IOAS; it goes with its last user.',
  'hwpt-nested': 'A guest’s own table on top of the one that says where the guest’s memory is.',
  ioas: 'An I/O address space: which addresses of a device mean which memory.',
  access: 'A kernel driver’s way into an IOAS without an IOMMU.',
  fault: 'Page faults that wait for a program to read and answer them.',
  viommu: 'A guest’s slice of a real IOMMU.',
  vdevice: 'A device as the guest knows it, under the guest’s number.',
  veventq: 'Events of the hardware that a guest gets to see.',
  'hw-queue': 'A queue in the guest’s memory that hardware reads by itself.',
  process: 'The pages that all of it ends in.',
  context: 'An open /dev/iommu with its table of objects.',
  idev: 'A device that is bound to an iommufd.',
  selftest: 'A mock device of the kernel’s own tests.',
  task: 'A call into the kernel that has not come back yet.',
  traffic: 'DMA that a device goes on making in the background.',
};
