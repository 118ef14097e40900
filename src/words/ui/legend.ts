/** The key to shapes, letters, lines and colours. */

export const device = 'Device';
export const bridge = 'Bridge';
export const group = 'Group';
export const hwptAutomatic = 'HWPT, automatic';
export const hwptNested = 'HWPT, nested';
export const access = 'Access';
export const faultQueue = 'Fault queue';
export const hwQueue = 'HW queue';
export const processMemory = 'Process memory';
export const deviceObject = 'Device object';
export const selfTestObject = 'Self-test object';
export const controlPath = 'Control path';
export const traffic = 'Traffic';

export const aDevicesOwnAttach =
  'A device’s own attach to an HWPT, through its IOMMU: it can be moved and cut.';
export const followsItsGroup = 'follows its group';
export const aDeviceThatGoes = 'A device that goes where another one of its group was attached to.';
export const defaultDomain = 'default domain';
export const theDmaOfAGroup =
  'The DMA of a group that nobody has attached: by the kernel’s own table, or blocked.';
export const attachedByPasid = 'attached by PASID';
export const onlyDmaThatCarriesThePasid = 'Only DMA that carries the PASID goes this way.';
export const standsOn = 'stands on';
export const aGuestsTableOrAVIOMMU =
  'A guest’s table, or a vIOMMU, and the HWPT that translates what it gives.';
export const anHwptOrAnAccess = 'An HWPT or an access, and the IOAS whose areas it has.';
export const pagesOf = 'pages of';
export const anIoasAndTheProcess = 'An IOAS, and the process whose memory it maps.';
export const pageFaultsGoTo = 'page faults go to';
export const anHwptAndTheQueue = 'An HWPT, and the queue that gets its page faults.';
export const isKnownAs = 'is known as';
export const aDeviceAndWhatItsGuest =
  'A device, and what its guest knows it as: seen while one of the two is selected.';

export const objects = 'Objects';
export const wires = 'Wires';
export const colours = 'Colours';
export const staleBlockedWaiting = 'stale, blocked, waiting';
export const amberTrueOnceShutOff = 'Amber: true once, shut off, or not answered yet.';
export const faultRefusal = 'fault, refusal';
export const redWhatHardwareOrTheKernel = 'Red: what hardware or the kernel refused, and nothing else.';
