import { formatBdf } from '../../engine/pci/address';
import type { PciFunctionSpec } from '../../engine/pci/function-spec';
import { formatStatement, option, text as quoted, type ArgText } from '../format';
import { formatAddress, formatPciLine } from '../pci-line';
import type { AppliedAcpi } from './acpi/apply-acpi';
import type { Facts, ReservedFact, UnitFact } from './facts';
import type { ImportedIommu } from './imported';
import type { Warnings } from './warnings';
import * as says from '../../words/scenario/import';

/** What the script says beside its functions. */
export interface MachineParts {
  readonly specs: readonly PciFunctionSpec[];
  readonly facts: Facts;
  /** What ACPI tables say of units, scopes and reserved memory: they are the source of all that a log tells of these. */
  readonly acpi: AppliedAcpi | null;
  readonly iommu: ImportedIommu;
  /** Words of the command line that matter here. */
  readonly cmdline: string;
}

const TABLES: Readonly<Record<ImportedIommu['kind'], string>> = {
  vtd: 'DMAR',
  amd: 'IVRS',
  smmuv3: 'IORT',
  riscv: 'RIMT',
};
/** The command that prints the table in which firmware tells of IOMMUs. */
export const dumpOf = (iommu: ImportedIommu): string => `sudo acpidump -n ${TABLES[iommu.kind]}`;

/** The script: `machine`, further IOMMUs, the functions, what is reserved, `boot`. */
export function machineLines(parts: MachineParts, warnings: Warnings): readonly string[] {
  const { acpi, facts, iommu, specs } = parts;
  const units = facts.units.filter((unit) => unit.kind === iommu.kind);
  const main = (acpi && units.find(({ name }) => name === acpi.main?.name)) ?? mainUnit(units);
  const placed =
    acpi === null ? placeInUnits(specs, units, main) : { specs, units: acpi.units.map(({ name }) => name) };
  if (acpi === null && units.length > 1 && placed.units.length < units.length - 1)
    warnings.gap(
      units[1]?.line ?? 1,
      says.whichOfTheIOMMUsCovers(units.map(({ name }) => name).join(', ')),
      '',
      dumpOf(iommu),
    );
  sayUnmodelled(facts, warnings);
  return [
    machineLine(parts, main),
    ...placed.units.map((name) => formatStatement({ verb: 'iommu', args: [name, iommu.kind] })),
    ...placed.specs.map(formatPciLine),
    ...reserveLines(parts, warnings),
    'boot',
  ];
}

/** What the log tells and a script has no word for. */
function sayUnmodelled({ interruptRemapping, iommuOff, platformDevices }: Facts, warnings: Warnings): void {
  if (interruptRemapping?.on === false)
    warnings.add(interruptRemapping.line, says.interruptsAreNotRemapped, '');
  if (iommuOff !== null) warnings.add(iommuOff.line, says.theLogSaysThatTheIommuIs, '');
  const [platform] = platformDevices;
  if (platform !== undefined)
    warnings.add(platform.line, says.devicesThatAre(platformDevices.length, platform.name), '');
}

/** The unit that covers what no other does; where none says so, the last, as firmware lists it. */
const mainUnit = (units: readonly UnitFact[]): UnitFact | undefined =>
  units.find(({ includeAll }) => includeAll === true) ??
  units.find(({ scope }) => scope.length === 0) ??
  units.at(-1);

function machineLine({ specs, facts, iommu, cmdline }: MachineParts, main: UnitFact | undefined): string {
  const args: ArgText[] = [quoted(titleOf(specs, facts)), option('iommu', iommu.kind)];
  // VT-d's width is a property of the unit that its groups' domains take over; 48 is what goes without saying.
  if (iommu.kind === 'vtd' && (main?.width === 39 || main?.width === 57))
    args.push(option('width', String(main.width)));
  if (cmdline !== '') args.push(option('cmdline', cmdline));
  if (facts.strict?.on === true) args.push('strict');
  if (facts.passthrough?.on === true) args.push('passthrough');
  return formatStatement({ verb: 'machine', args });
}

/** Firmware's own name of the machine; else that of its host bridge, which says at least the generation. */
function titleOf(specs: readonly PciFunctionSpec[], { machineName }: Facts): string {
  if (machineName !== null) return machineName.text.slice(0, 80);
  const host = specs.find((spec) => spec.classCode >> 8 === 0x0600 && spec.label !== null);
  return (
    host?.label?.replace(/\s+(?:Host Bridge|Root Complex|(?:Express )?DRAM Controller).*$/i, '') ?? 'imported'
  );
}

/** Units whose scope is told, but for the main one, and the functions that are in them. */
function placeInUnits(
  specs: readonly PciFunctionSpec[],
  units: readonly UnitFact[],
  main: UnitFact | undefined,
): { readonly specs: readonly PciFunctionSpec[]; readonly units: readonly string[] } {
  const unitOf = new Map<string, string>();
  const made: string[] = [];
  for (const unit of units) {
    if (unit === main || unit.scope.length === 0) continue;
    const name = scriptName(unit, units.indexOf(unit));
    made.push(name);
    for (const function_ of unit.scope) unitOf.set(function_, name);
  }
  if (made.length === 0) return { specs, units: [] };
  return {
    units: made,
    specs: specs.map((spec) => {
      const iommu = unitOf.get(formatBdf(spec.address));
      return iommu === undefined ? spec : { ...spec, iommu };
    }),
  };
}

/** A name of a script is letters, digits and `_`; dmar0 and ivhd0 are the machine's own. */
const scriptName = ({ name }: UnitFact, index: number): string =>
  /^(?!dmar0$|ivhd0$|smmu0$|riscv0$)[a-z]\w*$/i.test(name) ? name : `unit${index}`;

/** AMD's address range of HyperTransport, which its driver reserves by itself. */
const HT_START = 0xfd_0000_0000n;

function reserveLines({ specs, facts, acpi, iommu }: MachineParts, warnings: Warnings): readonly string[] {
  const lines = new Set<string>();
  const byTable = new Set(acpi?.reserved.map(({ start }) => start));
  for (const region of acpi?.reserved ?? []) lines.add(reserveLine(region.name, region, specs));
  for (const region of facts.reserved) {
    if (byTable.has(region.start)) continue;
    // What the IOMMU's driver reserves for MSIs, it reserves here too.
    if (region.kind === 'msi' || region.kind === 'sw-msi' || region.start === HT_START) continue;
    const names = namesOf(region, specs);
    if (names.length === 0 && !toldElsewhere(region, facts.reserved))
      warnings.gap(region.line, says.memoryIsReservedForSomeFunction, '', dumpOf(iommu));
    for (const name of names) lines.add(reserveLine(name, region, specs));
  }
  return [...lines];
}

const reserveLine = (
  name: string,
  { start, last, kind }: Pick<ReservedFact, 'start' | 'last' | 'kind'>,
  specs: readonly PciFunctionSpec[],
): string => {
  const spec = specs.find(({ address }) => formatBdf(address) === name);
  const range = `0x${start.toString(16)}-0x${last.toString(16)}`;
  return formatStatement({
    verb: 'reserve',
    args: [spec === undefined ? name : formatAddress(spec.address), { kind: 'range', text: range }, kind],
  });
};

/** A group's regions are those of all of its functions: with more than one, whose it is cannot be told; the first stands for all. */
function namesOf({ scope, group }: ReservedFact, specs: readonly PciFunctionSpec[]): readonly string[] {
  if (scope !== null) return scope.filter((name) => specs.some(({ address }) => formatBdf(address) === name));
  if (group === null) return [];
  const first = specs.find(({ recordedGroup }) => recordedGroup === group);
  return first === undefined ? [] : [formatBdf(first.address)];
}

/** The log shows the region, sysfs for whom. */
const toldElsewhere = (region: ReservedFact, all: readonly ReservedFact[]): boolean =>
  all.some(
    (other) =>
      other !== region && other.start === region.start && (other.scope !== null || other.group !== null),
  );
