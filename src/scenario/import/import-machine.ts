import type { PciFunctionSpec } from '../../engine/pci/function-spec';
import { readCmdline } from '../../engine/pci/cmdline';
import { applyAcpi, type AppliedAcpi } from './acpi/apply-acpi';
import { tellRemarks } from './acpi/tell';
import { asksOf } from './ask';
import { bootWords } from './boot-line';
import { buildSpecs, type Undecided } from './build-specs';
import { boundsOf, certaintyOf } from './certainty';
import { compareWithRecorded } from './compare-recorded';
import { groupsOf } from './extremes';
import { MOST_FUNCTIONS } from './facts';
import { fitToRecorded } from './fit-recorded';
import type { Imported, ImportedIommu } from './imported';
import { dumpOf, machineLines } from './machine-lines';
import { mergeSources } from './merge-sources';
import { readText, type ReadText } from './read-text';
import { Warnings } from './warnings';
import { whichIommu } from './which-iommu';
import * as says from '../../words/scenario/import';

export type { Imported } from './imported';

export type ImportedSpecs =
  | {
      readonly status: 'ok';
      readonly specs: readonly PciFunctionSpec[];
      readonly warnings: readonly string[];
    }
  | { readonly status: 'failed'; readonly why: string };

const MIB = 1024 * 1024;
/** A machine of a thousand functions dumped with -xxxx has about 14 MiB. */
export const LARGEST_TEXT = 32 * MIB;

/** Text that people paste → script lines, and all that is to be said about them. */
export function importMachine(text: string): Imported {
  const understood = understand(text);
  if ('why' in understood) return { status: 'failed', why: understood.why };
  const { read, specs, acpi, undecided, unplaced, iommu, warnings, lineOf } = understood;
  const cmdline = bootWords(read.facts, warnings);
  const lines = machineLines({ specs, facts: read.facts, acpi, iommu, cmdline }, warnings);
  // Certainty is about the registers, so it is computed for the kernel that the text shows.
  const kernel = { ...readCmdline(cmdline, iommu.kind).pci, ...(iommu.kind === 'amd' ? { ivrs: true } : {}) };
  const bounds = boundsOf(specs, undecided, unplaced, kernel);
  const certainty = certaintyOf(specs, undecided, unplaced, lineOf, bounds);
  const shown = undecided.size === 0 ? bounds.narrowest : groupsOf(specs, kernel);
  compareWithRecorded(specs, bounds, shown, lineOf, warnings);
  return {
    status: 'ok',
    lines,
    functions: specs.length,
    warnings: warnings.list(),
    sources: read.coverage.sources(),
    iommu,
    contradictions: warnings.contradictions(),
    gaps: warnings.gaps(),
    remarks: warnings.remarks(),
    certainty,
    ask: asksOf(specs, certainty, warnings.gaps(), read, iommu),
    notUnderstood: read.coverage.notUnderstood(),
  };
}

/** The functions that a text tells of, in an order in which they can be added. */
export function importSpecs(text: string): ImportedSpecs {
  const understood = understand(text);
  if ('why' in understood) return { status: 'failed', why: understood.why };
  return { status: 'ok', specs: understood.specs, warnings: understood.warnings.list() };
}

interface Understood {
  readonly read: ReadText;
  readonly specs: readonly PciFunctionSpec[];
  /** Null: the text holds no ACPI table that counts here. */
  readonly acpi: AppliedAcpi | null;
  readonly undecided: ReadonlyMap<string, Undecided>;
  readonly unplaced: ReadonlySet<string>;
  readonly lineOf: ReadonlyMap<string, number>;
  readonly iommu: ImportedIommu;
  readonly warnings: Warnings;
}

function understand(text: string): Understood | { readonly why: string } {
  const refused = refusal(text);
  if (refused !== null) return { why: refused };
  const warnings = new Warnings();
  const read = readText(text, warnings);
  if (read.tooMany) return { why: says.moreThanFunctions(MOST_FUNCTIONS) };
  const merged = mergeSources(read, warnings);
  if (merged.records.size === 0) return { why: nothingIn(read) };
  const built = buildSpecs(merged, read.facts.rootBuses, warnings);
  const { specs: fittedSpecs, fitted } = fitToRecorded(built.specs, built.undecided);
  if (fitted.size > 0) sayFitted(fitted, built.lineOf, warnings);
  const iommu = whichIommu(fittedSpecs, read.facts, warnings);
  const acpi = applyAcpi(fittedSpecs, read.acpi, iommu.kind);
  tellRemarks([...read.acpi.remarks, ...acpi.remarks], dumpOf(iommu), warnings);
  return { ...built, read, specs: acpi.specs, acpi: acpi.isUsed ? acpi : null, iommu, warnings };
}

function refusal(text: string): string | null {
  if (text.length > LARGEST_TEXT)
    return says.thisTextHasMiBAtMost(Math.ceil(text.length / MIB), LARGEST_TEXT / MIB);
  if (isBinary(text)) return says.thisIsNoPlainText;
  return null;
}

function nothingIn({ lines, coverage, facts }: ReadText): string {
  const known = coverage
    .sources()
    .filter(({ kind }) => kind !== 'command')
    .map((source) => says.lines(source.title, source.lines));
  const units = facts.units.map(({ name }) => name).join(', ');
  const found =
    known.length === 0
      ? ''
      : says.foundWereButNoneThatNames(known.join(', '), units === '' ? '' : says.about(units));
  return says.noLspciOutputInTheseLines(lines, found);
}

function sayFitted(
  fitted: ReadonlySet<string>,
  lineOf: ReadonlyMap<string, number>,
  warnings: Warnings,
): void {
  for (const name of fitted)
    warnings.add(lineOf.get(name) ?? 1, says.whetherIsolateIsTaken, name.replace(/^0000:/, ''));
}

const SAMPLE = 65536;

/** Characters that text never has, in its beginning: NUL at all, or one in a hundred of other controls or broken UTF-8. */
function isBinary(text: string): boolean {
  const length = Math.min(text.length, SAMPLE);
  let strange = 0;
  for (let at = 0; at < length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0) return true;
    const control =
      code < 0x20 && code !== 0x09 && code !== 0x0a && code !== 0x0d && code !== 0x0c && code !== 0x1b;
    if (control || code === 0xfffd) strange++;
  }
  return strange * 100 > length;
}
