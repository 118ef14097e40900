/** A network card of its own, bound, and two IOASes that map the same memory: what tests of traffic begin with. */
export const busyCard = (machine: string): readonly string[] => [
  `machine m ${machine}`,
  'pci 00:02.0 rciep id=8086:15f3 class=020000 driver=vfio-pci',
  'boot',
  'ctx = open /dev/iommu',
  'ioas = IOAS_ALLOC ctx',
  'other = IOAS_ALLOC ctx',
  'dev = BIND ctx 00:02.0',
  'buf = mmap qemu 64K pages=4K',
  'IOAS_MAP ioas buf iova=0x100000 rw',
  'IOAS_MAP other buf iova=0x100000 rw',
];
