import { plainSpec, type PciFunctionSpec, type PciKind } from '../engine/pci/function-spec';
import type { PciFunction } from '../engine/pci/function';
import { ACS_BITS } from '../engine/pci/regs';
import type { PciKernelOptions } from '../engine/pci/kernel-options';
import { PciTopology } from '../engine/pci/topology';
import { parseBdf } from '../scenario/pci-line';

/** ACS bits by name: `acs('SV RR')`. */
export const acsBits = (names: string): number =>
  ACS_BITS.reduce((bits, [name, bit]) => (names.split(' ').includes(name) ? bits | bit : bits), 0);

export const ISOLATING = { cap: acsBits('SV RR CR UF'), ctrl: acsBits('SV RR CR UF') };

/** A spec in a few words; `ids` as `8086:10d3`, `bus` as `01-02`. */
export function spec(
  bdf: string,
  kind: PciKind,
  more: Partial<PciFunctionSpec> & { readonly ids?: string; readonly bus?: string } = {},
): PciFunctionSpec {
  const address = parseBdf(bdf);
  if (address === null) throw new Error(`${bdf} is no address`);
  const { ids, bus, ...rest } = more;
  const [vendorId = 0xffff, deviceId = 0xffff] = (ids ?? '').split(':').filter(Boolean).map(hex);
  const [secondary, subordinate] = (bus ?? '').split('-').filter(Boolean).map(hex);
  return {
    ...plainSpec(address, kind),
    vendorId,
    deviceId,
    buses: secondary === undefined || subordinate === undefined ? null : { secondary, subordinate },
    ...rest,
  };
}

const hex = (text: string): number => parseInt(text, 16);

/** A machine of these functions, as after a cold boot. */
export function machineOf(
  specs: readonly PciFunctionSpec[],
  kernel: Partial<PciKernelOptions> = {},
): PciTopology {
  const topology = new PciTopology(kernel);
  for (const one of specs) {
    const added = topology.addFunction(one);
    if (!added.ok) throw new Error(added.why);
  }
  for (const fn of topology.scanOrder()) topology.finishSlotScan(fn);
  return topology;
}

/** The function at `bdf`; it must be there. */
export function at(topology: PciTopology, bdf: string): PciFunction {
  const address = parseBdf(bdf);
  const fn = address === null ? null : topology.find(address);
  if (fn === null) throw new Error(`no ${bdf} there`);
  return fn;
}
