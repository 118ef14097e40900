import { routeOf } from '../pci/fabric';
import type { PciFunction } from '../pci/function';
import type { Lookup } from './batch';
import type { DmaOrder } from './dma';
import type { Machine } from './machine';
import type { WorldId } from './world';

/**
 * A request whose address is another device's: the fabric may send it there without asking any IOMMU. Null: it goes up to
 * the root complex. Where it goes is told by its first byte; a device's own memory is not modelled, so nothing is stored.
 */
export function firePeer(machine: Machine, order: DmaOrder): Lookup | null {
  const { device, iova, bytes, access, line, pasid = null } = order;
  const from = machine.topology.findByName(device.name);
  // A PASID changes nothing: it is why Linux wants redirection on the whole way before it enables PASIDs (pci_enable_pasid()).
  if (from === null) return null;
  const route = routeOf(from, iova);
  if (route.to === 'root') return null;
  const peer = {
    deviceId: idOf(route.peer),
    viaId: idOf(route.via),
    path: pathOf(from, route.peer, route.via).map(idOf),
    why: route.why,
  };
  const pa = Number(iova);
  const under = pasid === null ? {} : { pasid };
  machine.trace.emit({ kind: 'dma', device: device.name, ...under, access, iova, bytes, pa, from: 'peer' });
  return {
    line,
    deviceId: device.worldId,
    iommuId: null,
    hwptId: null,
    ioasId: null,
    processId: null,
    access,
    ...under,
    iova,
    bytes,
    parts: [
      {
        iova,
        bytes,
        pa,
        from: 'peer',
        peer,
        denied: false,
        interrupt: false,
        address: [],
        steps: [],
        fault: null,
      },
    ],
  };
}

const idOf = ({ name }: PciFunction): WorldId => `dev:${name}`;

/** Up from one and down to the other; the bridge above both has a part only where it is the one that turns. */
function pathOf(from: PciFunction, to: PciFunction, via: PciFunction): readonly PciFunction[] {
  const [up, down] = [chain(from), chain(to)];
  const shared = up.find((fn) => down.includes(fn));
  const below = (way: readonly PciFunction[]): readonly PciFunction[] =>
    shared === undefined ? way : way.slice(0, way.indexOf(shared));
  return [...below(up), ...(shared === via ? [via] : []), ...below(down).toReversed()];
}

/** A function and every bridge above it. */
function chain(fn: PciFunction): readonly PciFunction[] {
  const found = [fn];
  for (let { bus } = fn; ;) {
    if (bus.self !== null) found.push(bus.self);
    if (bus.parent === null) return found;
    bus = bus.parent;
  }
}
