/** Kinds of things of the machine, and what an instance is called. */

export const rootPort = 'Root port';
export const upstreamPort = 'Upstream port';
export const downstreamPort = 'Downstream port';
export const pCIeToPciBridge = 'PCIe to PCI bridge';
export const pciToPCIeBridge = 'PCI to PCIe bridge';
export const endpoint = 'Endpoint';
export const legacyEndpoint = 'Legacy endpoint';
export const rootComplexEndpoint = 'Root complex endpoint';
export const eventCollector = 'Event collector';
export const pciBridge = 'PCI bridge';
export const pciDevice = 'PCI device';
export const device = 'Device';
export const iommuGroup = 'IOMMU group';
export const iommufdContext = 'iommufd context';
export const iommufdDevice = 'iommufd device';
export const access = 'Access';
export const faultQueue = 'Fault queue';
export const hwQueue = 'HW queue';
export const mockDevice = 'Mock device';
export const processMemory = 'Process memory';
export const task = 'Task';
export const traffic = 'Traffic';
export const group = (number: number): string => `Group ${number}`;
export const iommufd = (number: number): string => `iommufd ${number}`;
export const deviceObject = (objectId: number): string => `device object ${objectId}`;
export const line = (line: number): string => `line ${line}`;
