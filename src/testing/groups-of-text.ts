import { groupTopology, type TopologyGroup } from '../engine/iommu/pci-device-group';
import { PciTopology } from '../engine/pci/topology';
import { formatBdf } from '../engine/pci/address';
import { importSpecs } from '../scenario/import/import-machine';

/** Partitions compare as sorted lists of sorted names. */
export type Partition = readonly (readonly string[])[];

export const partition = (groups: Iterable<Iterable<string>>): Partition =>
  [...groups]
    .map((names) => [...names].sort())
    .filter((names) => names.length > 0)
    .sort((a, b) => ((a[0] ?? '') < (b[0] ?? '') ? -1 : 1));

/** The groups computed for a pasted text. `multifunction`: functions whose header bit is known from elsewhere. */
export function groupsOfText(text: string, multifunction: readonly string[] = []): readonly TopologyGroup[] {
  const imported = importSpecs(text);
  if (imported.status === 'failed') throw new Error(imported.why);
  const topology = new PciTopology();
  for (const spec of imported.specs) {
    const known = multifunction.includes(formatBdf(spec.address));
    const added = topology.addFunction(known ? { ...spec, multifunction: true } : spec);
    if (!added.ok) throw new Error(added.why);
  }
  return groupTopology(topology).groups;
}

/** As groupsOfText, of the functions in `only`: recorded groups tell nothing of the others. */
export function partitionOfText(
  text: string,
  only: ReadonlySet<string>,
  multifunction: readonly string[] = [],
): Partition {
  const groups = groupsOfText(text, multifunction);
  return partition(
    groups.map((group) => group.functions.map((fn) => fn.name).filter((name) => only.has(name))),
  );
}

/** `groups.json` of the recordings. */
export function recordedPartition(json: string): {
  readonly groups: Partition;
  readonly members: ReadonlySet<string>;
} {
  const groups = Object.values(JSON.parse(json) as Record<string, string[]>);
  return { groups: partition(groups), members: new Set(groups.flat()) };
}

/** The text without the kernel's own answer. */
export const withoutGroupLines = (text: string): string => text.replace(/^.*IOMMU group: \d+.*\n/gm, '');
