import { REQ_ACS_FLAGS } from '../../engine/pci/acs';
import { formatBdf } from '../../engine/pci/address';
import { isPcieKind } from '../../engine/pci/config-image';
import type { PciFunctionSpec, PciKind } from '../../engine/pci/function-spec';
import { PciTopology } from '../../engine/pci/topology';
import type { PciKernelOptions } from '../../engine/pci/kernel-options';
import { groupTopology } from '../../engine/iommu/pci-device-group';
import type { Undecided } from './build-specs';

/** Groups as lists of `0000:01:00.0`. */
export type Groups = readonly (readonly string[])[];

/** The groups that Linux makes of these functions at boot. */
export function groupsOf(specs: readonly PciFunctionSpec[], kernel: Partial<PciKernelOptions>): Groups {
  const topology = new PciTopology(kernel);
  for (const spec of specs) topology.addFunction(spec);
  return groupTopology(topology).groups.map(({ functions }) => functions.map((fn) => fn.name));
}

/** How a hidden function is completed; `above`: the bridge that it hangs on, completed before. */
type Change = (spec: PciFunctionSpec, hidden: Undecided, above: PciFunctionSpec | null) => PciFunctionSpec;

/** Every register that the text hides as it isolates most. */
export const mostIsolating: Change = (spec, { what }, above) =>
  what === 'multifunction'
    ? { ...spec, multifunction: false }
    : withAcs(what === 'acs' ? spec : { ...spec, kind: asExpress(spec, above) });

/** And as it isolates least. */
export const leastIsolating: Change = (spec, { what }) =>
  what === 'multifunction'
    ? { ...spec, multifunction: true }
    : {
        ...spec,
        acs: spec.acs === null ? null : { ...spec.acs, ctrl: 0 },
        // A switch's upstream port may say so in its header, which shows nowhere here.
        multifunction: spec.multifunction || spec.kind === 'upstream-port',
      };

/** A bit that the capability lacks counts as on. */
function withAcs(spec: PciFunctionSpec): PciFunctionSpec {
  if (!isPcieKind(spec.kind)) return spec;
  const cap = spec.acs?.cap ?? REQ_ACS_FLAGS;
  return { ...spec, acs: { cap, ctrl: cap & REQ_ACS_FLAGS } };
}

/** What a function that was guessed to be conventional may be instead, where it sits. */
function asExpress({ kind, address }: PciFunctionSpec, above: PciFunctionSpec | null): PciKind {
  if (kind !== 'pci' && kind !== 'pci-bridge') return kind;
  if (above === null) return kind === 'pci' ? (address.bus === 0 ? 'rciep' : 'endpoint') : 'root-port';
  if (above.kind === 'root-port' || above.kind === 'downstream-port')
    return kind === 'pci' ? 'endpoint' : 'upstream-port';
  return kind === 'pci-bridge' && above.kind === 'upstream-port' ? 'downstream-port' : kind;
}

/** All of a machine's functions, bridges first, those of which something is hidden changed. */
export function changed(
  specs: readonly PciFunctionSpec[],
  undecided: ReadonlyMap<string, Undecided>,
  change: Change,
): readonly PciFunctionSpec[] {
  const bridgeTo = new Map<string, PciFunctionSpec>();
  return specs.map((spec) => {
    const { domain, bus } = spec.address;
    const hidden = undecided.get(formatBdf(spec.address));
    const above = bridgeTo.get(`${domain}:${bus}`) ?? null;
    const result = hidden === undefined ? spec : change(spec, hidden, above);
    if (result.buses !== null) bridgeTo.set(`${domain}:${result.buses.secondary}`, result);
    return result;
  });
}
