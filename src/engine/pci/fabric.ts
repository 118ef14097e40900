import { judgeByQuirk } from './acs-quirks';
import { DWORD_ACS_CTRL, hasDwordAcs } from './dword-acs';
import { isDownstreamPort, type PciFunction } from './function';
import { PCI_ACS_CTRL, PCI_ACS_DT, PCI_ACS_RR, PCI_ACS_UF, PCI_EXP_TYPE_PCI_BRIDGE } from './regs';
import type { PciBus } from './topology';

/** Where a memory request of a device goes before any IOMMU has a say. */
export type Route =
  /** Up to the root complex, and so to its IOMMU. */
  | { readonly to: 'root' }
  /** To another function, past the IOMMU; `via`: where it turned. */
  | { readonly to: 'peer'; readonly peer: PciFunction; readonly via: PciFunction; readonly why: string };

const ROOT: Route = { to: 'root' };

/**
 * How the fabric routes a memory request by its address. Where the document leaves a component free to pass requests from
 * function to function or from root port to root port, it does here: that is what Linux reckons with.
 *
 * Spec: PCI Express Base 6.0, 6.12.1.1 "ACS Downstream Ports", 6.12.1.2 "ACS Functions in SR-IOV Capable and Multi-Function
 * Devices", 6.12.3 "ACS Peer-to-Peer Control Interactions"
 *
 * `translated`: the address comes from an answer to an ATS request (address type 10b).
 */
export function routeOf(from: PciFunction, address: bigint, translated = false): Route {
  const peer = from.bus.topology.functions.find((fn) => fn !== from && holds(fn, address));
  if (peer === undefined || peer.address.domain !== from.address.domain) return ROOT;
  const bus = deviceBus(from);
  if (deviceBus(peer) === bus && isOneDevice(from, peer) && !redirects(from, translated)) {
    const both = `${from.shortName} and ${peer.shortName}`;
    return toPeer(peer, from, `${both} are functions of one device, which may pass requests on inside`);
  }
  return climb(from, bus, peer, translated);
}

/** Upward from bus to bus, until something turns the request. */
function climb(from: PciFunction, start: PciBus, peer: PciFunction, translated: boolean): Route {
  let port = from;
  for (let bus = start; ;) {
    const bridge = bus.self;
    // Through which function of this bus the peer is reached; null: it is elsewhere.
    const among = towards(bus, peer);
    if (among !== null && isConventional(bus))
      return toPeer(
        peer,
        among,
        `on a conventional bus, as that of ${among.shortName}, whoever knows the address answers`,
      );
    if (among !== null && among !== port && isDownstreamPort(port) && !redirects(port, translated))
      return toPeer(
        peer,
        port,
        `${port.shortName} sends it straight on to ${among.shortName}: ${whyOn(port, translated)}`,
      );
    if (bridge === null || bus.parent === null) return ROOT;
    if (among !== null && isDownstreamPort(bridge) && !does(bridge, PCI_ACS_UF))
      return toPeer(
        peer,
        bridge,
        `${bridge.shortName} sends it back down, where its address belongs: ${lacking(bridge, 'Upstream Forwarding')}`,
      );
    port = bridge;
    bus = bus.parent;
  }
}

/** Why a port sends a request on to its peer. */
const whyOn = (port: PciFunction, translated: boolean): string =>
  translated && does(port, PCI_ACS_DT)
    ? 'Direct Translated P2P is on'
    : lacking(port, 'P2P Request Redirect');

/** Why a port does not do something. */
const lacking = ({ acsCap }: PciFunction, control: string): string =>
  acsCap === 0 ? `without an ACS capability it has no ${control}` : `${control} is off`;

const toPeer = (peer: PciFunction, via: PciFunction, why: string): Route => ({ to: 'peer', peer, via, why });

/** Whether a function answers for an address. */
const holds = ({ spec }: PciFunction, address: bigint): boolean =>
  spec.bars.some(({ start, bytes }) => address >= start && address < start + bytes);

/** The bus of the device itself: a virtual function may have a number on a bus that nothing leads to. */
const deviceBus = ({ bus }: PciFunction): PciBus =>
  bus.self === null && bus.parent !== null ? bus.parent : bus;

/** Functions of one slot; below a port there is one device, whatever its functions' numbers. */
const isOneDevice = (a: PciFunction, b: PciFunction): boolean => {
  const { self } = deviceBus(a);
  return (self !== null && isDownstreamPort(self)) || (a.bus === b.bus && a.slot === b.slot);
};

/** The function of `bus` that is `peer` or leads to it. */
function towards(bus: PciBus, peer: PciFunction): PciFunction | null {
  for (let fn = peer; ;) {
    const on = deviceBus(fn);
    if (on === bus) return fn;
    if (on.self === null) return null;
    fn = on.self;
  }
}

/** A bus that its functions share. */
const isConventional = ({ self }: PciBus): boolean =>
  self !== null && (!self.isPcie || self.pcieType === PCI_EXP_TYPE_PCI_BRIDGE);

/** Whether a port, or a device of several functions, sends requests for its peers up instead. */
function redirects(fn: PciFunction, translated: boolean): boolean {
  if (!isDownstreamPort(fn) && !fn.multifunction) return true;
  if (translated && does(fn, PCI_ACS_DT)) return false;
  return does(fn, PCI_ACS_RR);
}

/** As the hardware does it, whatever Linux was told to believe. A bit that an ACS capability lacks has nothing to control. */
function does(fn: PciFunction, bit: number): boolean {
  const special = judgeByQuirk(fn, bit);
  if (special !== null && special.quirk.name !== OVERRIDE) return special.enabled;
  if (fn.acsCap === 0) return false;
  if ((fn.acsCapabilities & bit) === 0) return bit !== PCI_ACS_DT;
  const at = hasDwordAcs(fn.vendorId, fn.deviceId) ? DWORD_ACS_CTRL : PCI_ACS_CTRL;
  return (fn.config.read16(fn.acsCap + at) & bit) !== 0;
}

/** It writes no register. */
const OVERRIDE = 'pcie_acs_overrides';
