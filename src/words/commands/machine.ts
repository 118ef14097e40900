/** Commands (machine): titles, search words, explanations, and why not. */

export const newIommufdContext = 'New iommufd context';
export const devIommuFileFinds = '/dev/iommu file';
export const newIoas = 'New IOAS';
export const addressSpaceFinds = 'address space';
export const newProcessMemory = 'New process memory';
export const bufferQemuFinds = 'buffer qemu';
export const addAPciFunction = 'Add a PCI function';
export const plugHotAddEndpointBridgeCardFinds = 'plug hot-add endpoint bridge card';
export const addAPlatformDevice = 'Add a platform device';
export const deviceTreeAcpiFinds = 'device tree ACPI';
export const linuxIsRunningSuchDevices = 'Linux is running: such devices are listed before it boots.';
export const bootLinux = 'Boot Linux';
export const startKernelFinds = 'start kernel';
export const linuxIsRunning = 'Linux is running.';
export const let10MsPass = 'Let 10 ms pass';
export const lazyIotlbFlushQueueFinds = 'lazy IOTLB flush queue';
export const lookForNewDevices = 'Look for new devices';
export const sysBusPciRescanHotAddFinds = '/sys/bus/pci/rescan hot-add';
export const letAnAllocationFail = 'Let an allocation fail';
export const memoryEnomemInjectFinds = 'memory ENOMEM inject';
export const writeANote = 'Write a note';
export const captionTellFinds = 'caption tell';
