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

/** What pci.ids adds to the names of firms: it would fill a line before the name of the device begins. */
const FIRM = /,? (?:Inc\.?|Corporation|Corp\.?|Co\.,? Ltd\.?|Ltd\.?|GmbH)(?=\s|$)/g;
/** The firm, as far as pci.ids marks where its name ends, and the device itself. */
export function firmAndName(title: string): { readonly firm: string; readonly name: string } {
  const last = [...title.matchAll(FIRM)].at(-1);
  const end = last === undefined ? 0 : last.index + last[0].length;
  const name = title.slice(end).trim();
  return name === '' ? { firm: '', name: title } : { firm: title.slice(0, end).replace(FIRM, ''), name };
}
