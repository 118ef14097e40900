import { parseBdf } from '../pci-line';
import type { Facts, GroupFact, Records } from './facts';
import { mergeDumps, sameDevice } from './merge-dumps';
import { nameOf } from './read-dumps';
import type { ReadText } from './read-text';
import { capabilitiesKnown, newRecord, type LspciRecord } from './record';
import type { Warnings } from './warnings';
import * as says from '../../words/scenario/import';

/** Everything that a text tells of its functions, one record each. */
export interface Merged {
  readonly records: Records;
  /** lspci names groups itself: what it gives none has none. */
  readonly lspciNamesGroups: boolean;
  /** A list of groups is there that has all of them, as far as one can see. */
  readonly wholeList: boolean;
}

interface Source {
  readonly title: string;
  readonly records: Records;
}

/** lspci knows most; the kernel log, sysfs and the tree fill in what it does not say, or stand in for it. */
export function mergeSources(read: ReadText, warnings: Warnings): Merged {
  const { dumps, facts } = read;
  const records = mergeDumps(dumps, warnings);
  const lspciNamesGroups = [...records.values()].some((record) => record.group !== null);
  extendBuses(facts.sysfs);
  const sources: readonly Source[] = [
    { title: says.theKernelLog, records: facts.kernel },
    { title: says.sysfs, records: facts.sysfs },
    { title: says.lspciT, records: facts.tree },
  ];
  // Only a run of lspci claims to list everything: a list of groups leaves out what has none, a log what came later.
  const isListed = dumps.some(({ grouped }) => !grouped);
  for (const source of sources) fold(records, source, isListed, warnings);
  applyGroups(records, facts, isListed, warnings);
  warnOfLastNumber(read, warnings);
  return { records, lspciNamesGroups, wholeList: isWholeList(records) };
}

function fold(records: Records, source: Source, isListed: boolean, warnings: Warnings): void {
  const shared = [...source.records].filter(([name]) => records.has(name));
  const different = shared.filter(([name, record]) => !agrees(records.get(name), record));
  const [firstDifferent] = different;
  if (firstDifferent !== undefined && different.length * 10 > shared.length && shared.length > 1) {
    warnings.contradiction(
      [firstDifferent[1].line],
      says.seemsToBeOfAnotherMachine(source.title),
      nameOf(firstDifferent[1]),
    );
    return;
  }
  // A listing of a few functions (lspci -s) leaves the others to whoever knows them.
  const addsFunctions =
    !isListed || records.size * 2 < source.records.size || (shared.length === 0 && !hasHostBridge(records));
  for (const [name, other] of source.records) {
    const known = records.get(name);
    if (known !== undefined) complete(known, other, source.title, warnings);
    else if (addsFunctions) records.set(name, other);
    else warnings.contradiction([other.line], says.inButNotInTheListing(source.title), nameOf(other));
  }
}

/** Every machine's whole listing begins with one. */
const hasHostBridge = (records: Records): boolean =>
  [...records.values()].some(({ classCode }) => classCode === 0x0600);

const agrees = (a: LspciRecord | undefined, b: LspciRecord): boolean => a === undefined || sameDevice(a, b);

/** What `known` lacks comes from `other`. */
function complete(known: LspciRecord, other: LspciRecord, title: string, warnings: Warnings): void {
  if (!sameDevice(known, other)) {
    warnings.contradiction(
      [known.line, other.line],
      says.namesAnotherDeviceHereTheListing(title),
      nameOf(known),
    );
    return;
  }
  known.label ??= other.label;
  known.vendorId ??= other.vendorId;
  known.deviceId ??= other.deviceId;
  known.subsystem ??= other.subsystem;
  if (known.classCode === null) {
    known.classCode = other.classCode;
    known.interfaceCode ??= other.interfaceCode;
  }
  known.isBridge ||= other.isBridge;
  if (!capabilitiesKnown(known)) {
    known.express ??= other.express;
    known.conventional ||= other.conventional;
  }
  if (known.bars.length === 0) known.bars = other.bars;
  completeBuses(known, other, title, warnings);
  completeDriver(known, other, title, warnings);
}

function completeBuses(known: LspciRecord, other: LspciRecord, title: string, warnings: Warnings): void {
  if (known.buses !== null && other.buses !== null && known.buses.secondary !== other.buses.secondary)
    warnings.contradiction([known.line, other.line], says.leadsToOtherBuses(title), nameOf(known));
  known.buses ??= other.buses;
}

/** The log tells of the past: a driver that was there may be gone. uevents are of now. */
function completeDriver(known: LspciRecord, other: LspciRecord, title: string, warnings: Warnings): void {
  if (other.driver === null) return;
  if (known.driver === null) {
    if (known.hasDetails) return;
    known.driver = other.driver;
    known.driverLine = other.driverLine;
  } else if (known.driver !== other.driver && title === 'sysfs')
    warnings.contradiction(
      [known.driverLine, other.driverLine],
      says.driverInTheListingInWasTaken(known.driver, other.driver, title),
      nameOf(known),
    );
}

const SOURCE_TITLES: Readonly<Record<GroupFact['source'], string>> = {
  sysfs: 'sysfs',
  'group-listing': says.theListOfGroups,
  'kernel-log': says.theKernelLog,
};
/** lspci's own lines come first; the log last, as it tells of the past. */
const ORDER: readonly GroupFact['source'][] = ['sysfs', 'group-listing', 'kernel-log'];

function applyGroups(records: Records, facts: Facts, isListed: boolean, warnings: Warnings): void {
  const latest = new Map<string, Map<GroupFact['source'], GroupFact>>();
  for (const fact of facts.groups) {
    const of = latest.get(fact.name) ?? new Map<GroupFact['source'], GroupFact>();
    latest.set(fact.name, of.set(fact.source, fact));
  }
  const missing = [...latest.keys()].filter((name) => !records.has(name));
  const addsFunctions = !isListed || missing.length >= records.size;
  for (const name of missing) {
    const first = ORDER.map((source) => latest.get(name)?.get(source)).find((fact) => fact !== undefined);
    const address = parseBdf(name);
    // What left its group was unplugged.
    if (first === undefined || address === null || first.group === null) continue;
    const record = newRecord(address, first.line, null);
    if (addsFunctions) records.set(name, record);
    else
      warnings.contradiction(
        [first.line],
        says.inButNotInTheListing(SOURCE_TITLES[first.source]),
        nameOf(record),
      );
  }
  for (const [name, of] of latest) {
    const record = records.get(name);
    if (record !== undefined) applyGroup(record, of, warnings);
  }
}

function applyGroup(
  record: LspciRecord,
  of: ReadonlyMap<GroupFact['source'], GroupFact>,
  warnings: Warnings,
): void {
  let taken = record.group === null ? null : 'lspci';
  for (const source of ORDER) {
    const fact = of.get(source);
    if (fact?.group === undefined || fact.group === null) continue;
    if (record.group === null) {
      record.group = fact.group;
      record.groupLine = fact.line;
      taken = SOURCE_TITLES[source];
    } else if (record.group !== fact.group)
      warnings.contradiction(
        [record.groupLine, fact.line],
        says.iommuGroupInInWasTaken(record.group, taken ?? says.onePlace, fact.group, SOURCE_TITLES[source]),
        nameOf(record),
      );
  }
}

/** `Adding to iommu group 1` at the very end of a text that was cut may have been 12. */
function warnOfLastNumber({ facts, lines, lineEnded }: ReadText, warnings: Warnings): void {
  const last = facts.groups.at(-1);
  if (lineEnded || last === undefined || last.line !== lines || last.source !== 'kernel-log') return;
  warnings.gap(last.line, says.theTextEndsWithTheNumber, last.name.replace(/^0000:/, ''), 'sudo dmesg');
}

/** Numbers without a hole, of three functions in four: nothing was cut off or filtered away. */
function isWholeList(records: Records): boolean {
  const numbers = new Set<number>();
  let grouped = 0;
  for (const { group } of records.values())
    if (group !== null) {
      numbers.add(group);
      grouped++;
    }
  return numbers.size > 1 && Math.max(...numbers) === numbers.size - 1 && grouped * 4 >= records.size * 3;
}

/** A path of sysfs tells the first bus behind a bridge; those behind it show in the paths of others. */
function extendBuses(records: Records): void {
  const led = new Map<string, LspciRecord>();
  for (const record of records.values())
    if (record.buses !== null) led.set(`${record.address.domain}:${record.buses.secondary}`, record);
  for (const record of records.values()) {
    // Upward from every bus; no machine has more bridges above a function than there are buses.
    let above = led.get(`${record.address.domain}:${record.address.bus}`);
    const last = record.buses?.subordinate ?? record.address.bus;
    for (let steps = 0; above?.buses && steps < 256; steps++) {
      if (above.buses.subordinate < last) above.buses = { ...above.buses, subordinate: last };
      above = led.get(`${above.address.domain}:${above.address.bus}`);
    }
  }
}
