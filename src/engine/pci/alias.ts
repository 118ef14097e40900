import { ridOf } from './address';
import type { PciFunction } from './function';
import { VMD_FIRST_DOMAIN } from './known-devices';
import {
  PCI_EXP_TYPE_DOWNSTREAM,
  PCI_EXP_TYPE_PCI_BRIDGE,
  PCI_EXP_TYPE_PCIE_BRIDGE,
  PCI_EXP_TYPE_ROOT_PORT,
  PCI_EXP_TYPE_UPSTREAM,
} from './regs';

/**
 * Calls `visit` with every requester id that DMA of `fn` may carry on the root bus, and the function that puts it
 * there; stops when it returns true.
 *
 * Linux: drivers/pci/search.c pci_for_each_dma_alias()
 */
export function forEachDmaAlias(fn: PciFunction, visit: (at: PciFunction, rid: number) => boolean): boolean {
  const real = fn.bus.topology.realDmaDevice(fn);
  if (visit(real, real.rid)) return true;
  if (real.dmaAliasMask !== null)
    for (let devfn = 0; devfn < 256; devfn++)
      if (real.dmaAliasMask.has(devfn) && visit(real, ridOf(real.address.bus, devfn))) return true;

  for (let bus = real.bus; bus.parent !== null; bus = bus.parent) {
    const bridge = bus.self;
    if (bridge === null) continue; // the virtual bus of virtual functions
    if (bridge.flags.bridgeXlateRoot) return false;
    const rid = bridgeAlias(bridge);
    if (rid !== null && visit(bridge, rid)) return true;
  }
  return false;
}

/** The requester id that a bridge puts in the place of what comes from below; null when it passes it on. */
function bridgeAlias(bridge: PciFunction): number | null {
  const secondary = bridge.subordinate?.number ?? 0;
  if (!bridge.isPcie) return bridge.flags.pcieBridgeAlias ? ridOf(secondary, 0) : bridge.rid;
  switch (bridge.pcieType) {
    case PCI_EXP_TYPE_ROOT_PORT:
    case PCI_EXP_TYPE_UPSTREAM:
    case PCI_EXP_TYPE_DOWNSTREAM:
      return null;
    case PCI_EXP_TYPE_PCI_BRIDGE:
      return bridge.flags.bridgeNoAlias ? null : ridOf(secondary, 0);
    case PCI_EXP_TYPE_PCIE_BRIDGE:
      return bridge.rid;
    default:
      return null;
  }
}

/** Those of its requester ids that a bridge on the way puts there. */
export function bridgeAliases(fn: PciFunction): readonly number[] {
  const real = fn.bus.topology.realDmaDevice(fn);
  const rids = new Set<number>();
  forEachDmaAlias(fn, (at, rid) => {
    if (at !== real) rids.add(rid);
    return false;
  });
  return [...rids];
}

/** Every requester id that DMA of `fn` may carry, its own (or its VMD's) first, each once. */
export function dmaAliases(fn: PciFunction): readonly number[] {
  const rids = new Set<number>();
  forEachDmaAlias(fn, (_at, rid) => {
    rids.add(rid);
    return false;
  });
  return [...rids];
}

/** Functions of its bus that `fn` may share a requester id with, in the order of their adding. */
export const aliasCandidates = (fn: PciFunction): readonly PciFunction[] =>
  fn.dmaAliasMask === null && fn.address.domain < VMD_FIRST_DOMAIN ? fn.bus.aliasing : fn.bus.functions;

/** Linux: pci.c pci_devs_are_dma_aliases() */
export function areDmaAliases(a: PciFunction, b: PciFunction): boolean {
  const { topology } = a.bus;
  return (
    a.dmaAliasMask?.has(b.address.devfn) === true ||
    b.dmaAliasMask?.has(a.address.devfn) === true ||
    topology.realDmaDevice(a) === b ||
    topology.realDmaDevice(b) === a
  );
}
