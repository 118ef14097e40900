import type { PciFunction } from '../../../engine/pci/function';
import { bridgeAliases } from '../../../engine/pci/alias';
import { formatShortBdf } from '../../../engine/pci/address';
import type { PciTopology } from '../../../engine/pci/topology';
import type { Ivrs } from './ivrs';
import { ReservedList, type AcpiReserved, type AcpiUnit, type Placement } from './placement';
import type { Remarks } from './table';
import * as says from '../../../words/scenario/import-acpi';

const RIDS = 0x1_0000;

/** By requester id. Linux: rlookup_table and alias_table of struct amd_iommu_pci_seg */
interface Segment {
  /** The unit behind it, counted from 1; 0: none. */
  readonly unit: Uint16Array;
  /** What its DMA carries instead; -1: itself. */
  readonly alias: Int32Array;
}

/** Linux: drivers/iommu/amd/init.c init_iommu_from_acpi(), amd/iommu.c check_device(), setup_aliases() */
export function placeAmd(ivrs: Ivrs, topology: PciTopology, remarks: Remarks): Placement {
  const units = amdUnits(ivrs);
  const segments = new Map<number, Segment>();
  for (const [index, { segment, ranges, aliases }] of ivrs.units.entries()) {
    const known = segments.get(segment) ?? {
      unit: new Uint16Array(RIDS),
      alias: new Int32Array(RIDS).fill(-1),
    };
    segments.set(segment, known);
    for (const { first, last } of ranges) known.unit.fill(index + 1, first, last + 1);
    for (const { first, last, to } of aliases) known.alias.fill(to, first, last + 1);
  }
  // An IOMMU does not translate for itself, whatever the table says.
  for (const { segment, rid } of ivrs.units) segments.get(segment)?.unit.fill(0, rid, rid + 1);

  const unitOf = new Map<PciFunction, AcpiUnit | null>();
  const aliases = new Map<PciFunction, readonly number[]>();
  const elsewhere: string[] = [];
  for (const fn of topology.functions) {
    const { domain, bus } = fn.address;
    const segment = segments.get(domain);
    const number = segment?.unit[fn.rid] ?? 0;
    unitOf.set(fn, units[number - 1] ?? null);
    const to = segment?.alias[fn.rid] ?? -1;
    if (to < 0 || to === fn.rid || number === 0) continue;
    // On its own bus it counts as an alias for groups; another one's entry is only a copy.
    if (to >> 8 === bus) aliases.set(fn, [to & 0xff]);
    else if (!bridgeAliases(fn).includes(to))
      elsewhere.push(says.as(fn.name, formatShortBdf(to >> 8, to & 0xff)));
  }
  if (elsewhere.length > 0)
    remarks.add(
      ivrs.table,
      ivrs.units.find((unit) => unit.aliases.length > 0)?.offset ?? 0,
      says.ivrsHasDmaCarryARequester(
        elsewhere.slice(0, 4).join(', '),
        elsewhere.length > 4 ? says.andMore(elsewhere.length - 4) : '',
      ),
    );
  warnOfRootComplex(ivrs, unitOf, remarks);
  return {
    units,
    namesFunctions: ivrs.units.some(({ ranges }) => ranges.length > 0),
    unitOf,
    reserved: reservedOf(ivrs, unitOf, remarks),
    aliases,
  };
}

/**
 * Functions before an IOMMU in its slot have no group on real machines, as their tables begin after it, and so it is
 * in the machine that is shown.
 */
function warnOfRootComplex(
  { table, units }: Ivrs,
  unitOf: ReadonlyMap<PciFunction, AcpiUnit | null>,
  remarks: Remarks,
): void {
  for (const { offset, segment, rid } of units) {
    const before = [...unitOf]
      .filter(
        ([fn, unit]) => unit !== null && fn.address.domain === segment && fn.spec.recordedGroup === null,
      )
      .filter(([fn]) => fn.rid >> 3 === rid >> 3 && fn.rid < rid)
      .map(([fn]) => fn.name);
    if (before.length > 0) remarks.add(table, offset, says.ivrsCoversWhichStandsBefore, before);
  }
}

export const amdUnits = ({ table, units }: Ivrs): readonly AcpiUnit[] =>
  units.map(({ base, segment, offset }, index) => ({
    name: `ivhd${index}`,
    kind: 'amd',
    base,
    segment,
    includeAll: false,
    line: table.lineAt(offset),
  }));

/** Linux: amd_iommu_get_resv_regions() */
function reservedOf(
  { table, memory }: Ivrs,
  unitOf: ReadonlyMap<PciFunction, AcpiUnit | null>,
  remarks: Remarks,
): readonly AcpiReserved[] {
  const regions = new ReservedList(table, remarks);
  for (const { offset, segment, rids, start, last } of memory) {
    if (!regions.isPossible(offset, start, last)) continue;
    for (const [fn, unit] of unitOf)
      if (unit !== null && fn.address.domain === segment && fn.rid >= rids.first && fn.rid <= rids.last)
        regions.add(offset, fn, { start, last }, 'direct');
  }
  return regions.list;
}
