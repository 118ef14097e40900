/** Help on verbs and their arguments: VFIO. */

export const aBoundDevice = 'a bound device';
export const onlyRequestsWithThisPasid = 'only requests with this PASID';
export const anIoasTheKernelFinds = 'an IOAS (the kernel finds or makes a HWPT) or a HWPT';
export const openedAsDevVfioN = 'opened as /dev/vfio/N';
export const openedAsDevVfioVfio = 'opened as /dev/vfio/vfio, or an iommufd';
export const opensAVfioDeviceAndBinds =
  'opens a vfio device and binds it to a context (VFIO_DEVICE_BIND_IOMMUFD)';
export const aContextMadeByOpen = 'a context made by open';
export const aDeviceWithAVfioDriver = 'a device with a vfio driver';
export const attachesABoundDeviceTheName = 'attaches a bound device; the name is the HWPT that serves it';
export const movesAnAttachedDeviceWithoutAGap = 'moves an attached device without a gap';
export const detachesADeviceItsDma = 'detaches a device; its DMA is blocked from then on';
export const closesTheVfioDevice = 'closes the vfio device';
export const bindsADeviceWhoseOwnNode = 'binds a device whose own node is open';
export const openedAsDevVfioDevicesVfioN = 'opened as /dev/vfio/devices/vfioN';
export const attachesWhatIsNotAttached = 'attaches what is not attached, and replaces what is';
export const asDetach = 'as DETACH';
export const asksWhatTheDeviceHas = 'asks what the device has';
export const asksWhetherTheGroupCanBeHad = 'asks whether the group can be had';
export const putsAGroupInAContainer = 'puts a group in a container';
export const takesAGroupOutAgain = 'takes a group out again';
export const opensADeviceThroughItsGroup = 'opens a device through its group';
export const aDeviceOfTheGroup = 'a device of the group';
export const asksWhatAContainerCanDo = 'asks what a container can do';
export const turnsTheIommuOfAContainerOn = 'turns the IOMMU of a container on';
export const asksForPageSizesAndUsableIOVAs = 'asks for page sizes and usable IOVAs';
export const mapsMemoryOfAProcess = 'maps memory of a process for all devices of a container';
export const memoryMadeByMmap = 'memory made by mmap';
export const whatDevicesMayDo = 'what devices may do';
export const where0UnlessSaid = 'where; 0 unless said';
export const whereInTheBufferToBegin = 'where in the buffer to begin';
export const bytesTheRestOfTheBuffer = 'bytes; the rest of the buffer unless said';
export const takesMappingsOut = 'takes mappings out';
export const firstAddress = 'first address';
