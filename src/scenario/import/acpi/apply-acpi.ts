import type { PciFunctionSpec } from '../../../engine/pci/function-spec';
import { formatBdf } from '../../../engine/pci/address';
import { PciTopology } from '../../../engine/pci/topology';
import type { ImportedIommu } from '../imported';
import { placeAmd, amdUnits } from './place-amd';
import { placeSmmu, smmuUnits } from './place-smmu';
import { placeVtd, vtdUnits } from './place-vtd';
import type { AcpiReserved, AcpiUnit, Placement } from './placement';
import type { AcpiFacts } from './read-acpi';
import { Remarks, type AcpiRemark, type AcpiTable } from './table';
import * as says from '../../../words/scenario/import-acpi';

/** What ACPI tables make of a machine. */
export interface AppliedAcpi {
  /** False: no table that counts on this machine, or one of another; all else is as it was. */
  readonly isUsed: boolean;
  /** With the IOMMU in whose scope each is (null: the main one), and the aliases that firmware tells. */
  readonly specs: readonly PciFunctionSpec[];
  /** The unit that the script's machine line stands for. */
  readonly main: AcpiUnit | null;
  /** Further units that cover functions, by the names that the script gives them. */
  readonly units: readonly { readonly name: string; readonly unit: AcpiUnit }[];
  readonly reserved: readonly AcpiReserved[];
  readonly remarks: readonly AcpiRemark[];
}

/** Units as the tables list them. */
export const acpiUnits = ({ dmar, ivrs, iort }: AcpiFacts): readonly AcpiUnit[] => [
  ...(dmar === null ? [] : vtdUnits(dmar)),
  ...(ivrs === null ? [] : amdUnits(ivrs)),
  ...(iort === null ? [] : smmuUnits(iort)),
];

/** Whether the facts have the table that counts on such a machine. */
export const appliesTo = (facts: AcpiFacts, kind: ImportedIommu['kind']): boolean =>
  tableFor(facts, kind) !== null;

/** SMMUv2 is shown on a machine of another kind, so IORT counts wherever no other table does. */
function tableFor({ dmar, ivrs, iort }: AcpiFacts, kind: ImportedIommu['kind']): AcpiTable | null {
  if (kind === 'vtd' && dmar !== null) return dmar.table;
  if (kind === 'amd' && ivrs !== null) return ivrs.table;
  return dmar === null && ivrs === null ? (iort?.table ?? null) : null;
}

/** Puts every function behind the IOMMU that the machine's table names, as the kernel does. */
export function applyAcpi(
  specs: readonly PciFunctionSpec[],
  facts: AcpiFacts,
  kind: ImportedIommu['kind'],
): AppliedAcpi {
  const remarks = new Remarks();
  const table = tableFor(facts, kind);
  const placement = table === null ? null : place(facts, table, topologyOf(specs), remarks);
  if (table === null || placement === null || placement.units.length === 0 || isOfOther(placement)) {
    if (table !== null && placement !== null && placement.units.length > 0)
      remarks.contradiction(table, 0, says.theTableCoversNoFunction(table.signature));
    return { isUsed: false, specs, main: null, units: [], reserved: [], remarks: remarks.list };
  }
  const main = mainOf(placement);
  const names = scriptNames(placement, main);
  // Of a table that could not be read whole, nobody knows what it leaves out.
  const nobody = facts.damaged.has(table) ? null : 'none';
  const nameOf = new Map(
    [...placement.unitOf].map(([fn, unit]) => [fn.name, unit === null ? nobody : (names.get(unit) ?? null)]),
  );
  const aliasesOf = new Map([...placement.aliases].map(([fn, aliases]) => [fn.name, aliases]));
  warnOfRecorded(specs, nameOf, table, remarks);
  warnOfNone(specs, nameOf, table, remarks);
  return {
    isUsed: true,
    specs: specs.map((spec) => {
      const name = formatBdf(spec.address);
      const aliases = [...new Set([...spec.aliases, ...(aliasesOf.get(name) ?? [])])];
      const iommu = nameOf.get(name) ?? null;
      // Its own kernel's word counts for more than a table.
      const isKept = iommu === 'none' && typeof spec.recordedGroup === 'number';
      return { ...spec, aliases, iommu: isKept ? spec.iommu : iommu };
    }),
    main,
    units: [...names].map(([unit, name]) => ({ name, unit })),
    reserved: placement.reserved,
    remarks: remarks.list,
  };
}

function place(
  { dmar, ivrs, iort }: AcpiFacts,
  table: AcpiTable,
  topology: PciTopology,
  remarks: Remarks,
): Placement | null {
  if (table === dmar?.table) return placeVtd(dmar, topology, remarks);
  if (table === ivrs?.table) return placeAmd(ivrs, topology, remarks);
  return iort === null ? null : placeSmmu(iort, topology, remarks);
}

/** It names functions, but none of these: the table is of another machine, or damaged. */
const isOfOther = ({ unitOf, namesFunctions }: Placement): boolean =>
  namesFunctions && ![...unitOf.values()].some((unit) => unit !== null);

function topologyOf(specs: readonly PciFunctionSpec[]): PciTopology {
  const topology = new PciTopology();
  for (const spec of specs) topology.addFunction(spec);
  return topology;
}

/** The one that covers the rest of segment 0; else the one with the most functions. */
function mainOf({ units, unitOf }: Placement): AcpiUnit | null {
  const counts = new Map<AcpiUnit, number>();
  for (const unit of unitOf.values()) if (unit !== null) counts.set(unit, (counts.get(unit) ?? 0) + 1);
  const rest = units.find((unit) => unit.includeAll && unit.segment === 0 && counts.has(unit));
  if (rest !== undefined) return rest;
  let best: AcpiUnit | null = null;
  for (const [unit, count] of counts) if (best === null || count > (counts.get(best) ?? 0)) best = unit;
  return best;
}

/** A name of a script is letters, digits and `_`; those of the machine's own units are taken. */
const PLAIN_NAME = /^(?!(?:dmar|ivhd|smmu|riscv)0$)[a-z]\w*$/i;

function scriptNames({ units, unitOf }: Placement, main: AcpiUnit | null): ReadonlyMap<AcpiUnit, string> {
  const used = new Set(unitOf.values());
  const names = new Map<AcpiUnit, string>();
  for (const [index, unit] of units.entries())
    if (unit !== main && used.has(unit))
      names.set(unit, PLAIN_NAME.test(unit.name) ? unit.name : `unit${index}`);
  return names;
}

function warnOfRecorded(
  specs: readonly PciFunctionSpec[],
  nameOf: ReadonlyMap<string, string | null>,
  table: AcpiTable,
  remarks: Remarks,
): void {
  const against = specs
    .filter(
      (spec) => typeof spec.recordedGroup === 'number' && nameOf.get(formatBdf(spec.address)) === 'none',
    )
    .map((spec) => formatBdf(spec.address));
  if (against.length > 0)
    remarks.contradiction(table, 0, says.theTablePutsBehindNoIommu(table.signature), against);
}

function warnOfNone(
  specs: readonly PciFunctionSpec[],
  nameOf: ReadonlyMap<string, string | null>,
  table: AcpiTable,
  remarks: Remarks,
): void {
  const none = specs
    .filter((spec) => spec.recordedGroup === null && nameOf.get(formatBdf(spec.address)) === 'none')
    .map((spec) => formatBdf(spec.address));
  if (none.length > 0) remarks.add(table, 0, says.byTheTableNoIommuCovers(table.signature), none);
}
