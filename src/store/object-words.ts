import type { PciKind, WorldId } from '../engine/sim/world';

/** Words for things of the machine that the canvas and the panels share. */

const KIND: Readonly<Record<PciKind, string>> = {
  'root-port': 'Root port',
  'upstream-port': 'Upstream port',
  'downstream-port': 'Downstream port',
  'pcie-to-pci': 'PCIe to PCI bridge',
  'pci-to-pcie': 'PCI to PCIe bridge',
  endpoint: 'Endpoint',
  'legacy-endpoint': 'Legacy endpoint',
  rciep: 'Root complex endpoint',
  rcec: 'Event collector',
  'pci-bridge': 'PCI bridge',
  pci: 'PCI device',
};

/** What sort of PCI function it is, short enough for a card. */
export const kindName = (kind: PciKind): string => KIND[kind];

/** Owners of a group's DMA that have no place in the world: VFIO's own group, or a kernel driver's word. */
export const ownerWord = (id: WorldId): string =>
  id.startsWith('vfio-group:') ? 'VFIO' : id.replace(/^owner:/, '');
