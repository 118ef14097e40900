/** A scene that goes on and on: pages mapped, reached by a device, and unmapped. */
export function longScene(count: number): string {
  const lines = [
    'machine q35 iommu=vtd',
    'pci 00:01.0 root-port bus=01-01 acs=SV+RR+CR+UF',
    'pci 01:00.0 endpoint driver=vfio-pci',
    'boot',
    'ctx = open /dev/iommu',
    'ioas = IOAS_ALLOC ctx',
    'dev = BIND ctx 01:00.0',
    'hwpt = ATTACH dev ioas',
    'ram = mmap qemu 64K',
    'IOAS_MAP ioas ram iova=0x100000 len=64K rw',
  ];
  for (let n = 0; lines.length < count; n++) {
    const at = (0x100_0000 + (n % 500) * 0x1_0000).toString(16);
    lines.push(`IOAS_MAP ioas ram iova=0x${at} len=64K rw`);
    lines.push(`dma 01:00.0 write 0x${at} 64`, 'dma 01:00.0 read 0x100040 64');
    lines.push(`IOAS_UNMAP ioas iova=0x${at} len=64K`);
  }
  return lines.slice(0, count).join('\n');
}
