import type { PciFunction } from '../../../engine/pci/function';
import type { PciTopology } from '../../../engine/pci/topology';
import { mapId, type Iort, type IortNode } from './iort';
import { ReservedList, type AcpiReserved, type AcpiUnit, type Placement } from './placement';
import type { Remarks } from './table';
import * as says from '../../../words/scenario/import-acpi';

/** Linux: drivers/acpi/arm64/iort.c iort_iommu_configure_id() */
export function placeSmmu(iort: Iort, topology: PciTopology, remarks: Remarks): Placement {
  const nodes = [...iort.nodes.values()];
  const byNode = unitsByNode(iort);
  const unitOf = new Map<PciFunction, AcpiUnit | null>();
  const streams = new Map<PciFunction, Stream>();
  const roots = new Map<number, IortNode>();
  for (const node of nodes)
    if (node.kind === 'root-complex' && !roots.has(node.segment)) roots.set(node.segment, node);
  for (const fn of topology.functions) {
    const root = roots.get(fn.address.domain);
    const mapped = root === undefined ? null : mapId(iort, root, fn.rid, ['smmu', 'smmuv3']);
    const unit = mapped === null ? null : (byNode.get(mapped.node.offset) ?? null);
    unitOf.set(fn, unit);
    if (mapped !== null) streams.set(fn, { smmu: mapped.node, id: mapped.id });
  }
  warnOfStreams(iort, streams, remarks);
  warnOfOthers(iort, roots, streams, remarks);
  return {
    units: [...byNode.values()],
    namesFunctions: [...roots.values()].some(({ mappings }) => mappings.length > 0),
    unitOf,
    reserved: reservedOf(iort, streams, remarks),
    aliases: new Map(),
  };
}

interface Stream {
  readonly smmu: IortNode;
  /** StreamID */
  readonly id: number;
}

export const smmuUnits = (iort: Iort): readonly AcpiUnit[] => [...unitsByNode(iort).values()];

/** Platform devices are numbered as they are made, PMCGs among them. Linux: iort_init_platform_devices() */
function unitsByNode({ table, nodes }: Iort): ReadonlyMap<number, AcpiUnit> {
  const units = new Map<number, AcpiUnit>();
  let number = 0;
  for (const node of nodes.values()) {
    if (node.kind === 'smmu' || node.kind === 'smmuv3') {
      const isV3 = node.kind === 'smmuv3';
      units.set(node.offset, {
        name: `arm-smmu${isV3 ? '-v3' : ''}.${number}.auto`,
        kind: isV3 ? 'smmuv3' : 'smmuv2',
        base: node.base,
        segment: 0,
        includeAll: false,
        line: table.lineAt(node.offset),
      });
    } else if (node.kind !== 'pmcg') continue;
    number++;
  }
  return units;
}

/** Linux: arm-smmu-v3.c arm_smmu_insert_master() */
function warnOfStreams({ table }: Iort, streams: ReadonlyMap<PciFunction, Stream>, remarks: Remarks): void {
  const other: string[] = [];
  const shared: string[] = [];
  const users = new Map<string, PciFunction>();
  for (const [fn, { smmu, id }] of streams) {
    if (id !== fn.rid) other.push(fn.name);
    const key = `${smmu.offset}/${id}`;
    if (users.has(key)) shared.push(fn.name);
    else users.set(key, fn);
  }
  if (other.length > 0) remarks.add(table, 0, says.iortGivesStreamIDs, other);
  if (shared.length > 0) remarks.add(table, 0, says.iortGivesAStreamID, shared);
}

function warnOfOthers(
  iort: Iort,
  roots: ReadonlyMap<number, IortNode>,
  streams: ReadonlyMap<PciFunction, Stream>,
  remarks: Remarks,
): void {
  const ats = [...streams.keys()].filter((fn) => {
    const root = roots.get(fn.address.domain);
    return fn.spec.ats && root?.kind === 'root-complex' && !root.ats;
  });
  if (ats.length > 0)
    remarks.add(
      iort.table,
      0,
      says.theRootComplexNodeOfSays,
      ats.map((fn) => fn.name),
    );
  const named = [...iort.nodes.values()].filter(
    (node) => node.kind === 'named-component' && node.mappings.length > 0,
  );
  if (named.length > 0)
    remarks.add(
      iort.table,
      named[0]?.offset ?? 0,
      says.iortMapsDevices(
        named.length,
        named
          .slice(0, 4)
          .map((node) => (node.kind === 'named-component' ? node.name : ''))
          .join(', '),
        named.length > 4,
      ),
    );
}

/** Linux: iort_node_get_rmr_info(), iort_rmr_has_dev() */
function reservedOf(
  { table, nodes }: Iort,
  streams: ReadonlyMap<PciFunction, Stream>,
  remarks: Remarks,
): readonly AcpiReserved[] {
  const regions = new ReservedList(table, remarks);
  for (const node of nodes.values()) {
    if (node.kind !== 'rmr') continue;
    for (const region of node.regions) {
      if (!regions.isPossible(region.offset, region.start, region.last)) continue;
      for (const [fn, { smmu, id }] of streams) {
        const isFor = node.mappings.some(
          ({ output, outputBase, count }) =>
            output === smmu.offset && id >= outputBase && id <= outputBase + count,
        );
        if (isFor)
          regions.add(region.offset, fn, region, node.remapPermitted ? 'direct-relaxable' : 'direct');
      }
    }
  }
  if (regions.list.length > 0)
    remarks.add(
      table,
      0,
      'memory that IORT reserves (RMR) counts for PCI functions only where firmware tells Linux to keep its bus numbers (_DSM function 5); taken so for %',
      [...new Set(regions.list.map(({ name }) => name))],
    );
  return regions.list;
}
