import type { Facts, UnitFact } from '../facts';
import type { Warnings } from '../warnings';
import { acpiUnits } from './apply-acpi';
import type { AcpiUnit } from './placement';
import type { AcpiFacts } from './read-acpi';
import type { AcpiRemark } from './table';
import * as says from '../../../words/scenario/import-acpi';

/** Adds the IOMMUs of the tables to those that the kernel log names. */
export function tellUnits(acpi: AcpiFacts, facts: Facts, warnings: Warnings): void {
  const { dmar } = acpi;
  if (dmar?.interruptRemapping === false)
    facts.interruptRemapping ??= { on: false, line: dmar.table.lineAt(37) };
  const units = acpiUnits(acpi);
  for (const unit of units) {
    const fact = factOf(unit, units, facts);
    if (fact.base !== null && fact.base !== unit.base)
      warnings.contradiction(
        [fact.line, unit.line],
        says.isAt0xInLine(fact.name, fact.base.toString(16), fact.line, unit.base.toString(16)),
        '',
      );
    fact.base ??= unit.base;
    fact.includeAll ??= unit.kind === 'vtd' ? unit.includeAll : null;
    fact.domain = unit.segment;
  }
}

/** SMMUs are numbered among all platform devices: where the log has as many, they are those, in their order. */
function factOf(unit: AcpiUnit, units: readonly AcpiUnit[], facts: Facts): UnitFact {
  const same = units.filter(({ kind }) => kind === unit.kind);
  const logged = facts.units.filter(({ kind }) => kind === unit.kind);
  if (unit.kind.startsWith('smmu') && logged.length === same.length) {
    const inOrder = logged.toSorted((a, b) => numberOf(a.name) - numberOf(b.name));
    const fact = inOrder[same.indexOf(unit)];
    if (fact !== undefined) return fact;
  }
  return facts.unit(unit.kind, unit.name, unit.line);
}

const numberOf = (name: string): number => Number(/\.(\d{1,6})\.auto$/.exec(name)?.[1] ?? 0);

/** Tables that say which IOMMU covers what, and are not understood yet. */
export function tellUnread(
  tables: readonly { readonly signature: string; readonly line: number }[],
  warnings: Warnings,
): void {
  for (const { signature, line } of tables) warnings.add(line, says.theTableIsNotRead(signature), '');
}

/** What was found in the tables, for those who read the import's findings. */
export function tellRemarks(remarks: readonly AcpiRemark[], command: string, warnings: Warnings): void {
  for (const { sort, text, line, functions } of remarks)
    for (const name of functions.length === 0 ? [''] : functions) {
      const who = name.replace(/^0000:/, '');
      if (sort === 'gap') warnings.gap(line, text, who, command);
      else if (sort === 'contradiction') warnings.contradiction([line], text, who);
      else warnings.add(line, text, who);
    }
}
