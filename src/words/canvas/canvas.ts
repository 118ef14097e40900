/** The canvas, its columns, its key, and short names on its cards. */

export const pCIeDevices = 'PCIe devices';
export const guest = 'Guest';
export const memory = 'Memory';

export const onNoBus = 'on no bus';
export const onNoPciBus = 'on no PCI bus';
export const stream = (list: string): string => `stream ${list}`;
export const noAcs = 'no ACS';
export const acsOff = 'ACS off';
export const kernelDma = 'kernel DMA';
export const noOwner = 'no owner';
export const iommufd = (number: number): string => `iommufd ${number}`;
export const access = 'Access';
export const faultQueue = 'Fault queue';
export const hwQueue = 'HW queue';
export const group = (number: number): string => `Group ${number}`;
export const deviceObject = (objectId: number): string => `device object ${objectId}`;
export const line = (line: number): string => `line ${line}`;
export const traffic = 'Traffic';

export const detach = 'Detach';

export const whatShapesLettersAndLinesMean = 'What shapes, letters and lines mean';
export const key = 'Key';

export const canvas = 'Canvas';
export const machineDiagram = 'machine diagram';
export const arrowsGoFromObjectToObject =
  'Arrows go from object to object, with Shift they select more, Enter selects, C connects, N makes something new, Delete takes away, Alt and arrows move, plus, minus and 0 zoom.';
