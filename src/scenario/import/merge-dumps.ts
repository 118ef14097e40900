import { detailOf, type LspciRecord } from './record';
import { nameOf, type Dump } from './read-dumps';
import type { Records } from './facts';
import type { Warnings } from './warnings';
import * as says from '../../words/scenario/import';

/**
 * Several listings in one paste: the most detailed one is the machine; others of the same machine fill in what it does
 * not say, and add functions when they are excerpts (`lspci -s`). Another machine's listing is left out, and said so.
 */
export function mergeDumps(dumps: readonly Dump[], warnings: Warnings): Records {
  const [base, ...others] = dumps.toSorted((a, b) => weight(b) - weight(a) || a.firstLine - b.firstLine);
  if (base === undefined) return new Map();
  const merged: Records = new Map(base.records);
  for (const other of others) {
    if (isOtherMachine(merged, other)) {
      warnings.contradiction(
        [other.firstLine],
        says.anotherMachinesListingFunctionsStartsHere(other.records.size, base.firstLine),
        nameOf([...other.records.values()][0] as LspciRecord),
      );
      continue;
    }
    mergeInto(merged, other, base, warnings);
  }
  return merged;
}

const weight = (dump: Dump): number => {
  let sum = 0;
  for (const record of dump.records.values()) sum += detailOf(record);
  return sum;
};

/** Where two listings name the same function, they must mean the same device. */
function isOtherMachine(merged: Records, dump: Dump): boolean {
  let shared = 0;
  let different = 0;
  for (const [name, record] of dump.records) {
    const known = merged.get(name);
    if (known === undefined) continue;
    shared++;
    if (!sameDevice(known, record)) different++;
  }
  return different * 10 > shared;
}

export function sameDevice(a: LspciRecord, b: LspciRecord): boolean {
  const differ = <T>(x: T | null, y: T | null): boolean => x !== null && y !== null && x !== y;
  return (
    !differ(a.vendorId, b.vendorId) && !differ(a.deviceId, b.deviceId) && !differ(a.classCode, b.classCode)
  );
}

function mergeInto(merged: Records, other: Dump, base: Dump, warnings: Warnings): void {
  // A list of groups leaves out what has none.
  const excerpt =
    base.grouped ||
    other.records.size * 2 < base.records.size ||
    ![...other.records.keys()].some((name) => merged.has(name));
  for (const [name, record] of other.records) {
    const known = merged.get(name);
    if (known !== undefined) {
      compare(known, record, warnings);
      merged.set(name, fill(known, record));
    } else if (excerpt) {
      merged.set(name, record);
    } else {
      warnings.contradiction(
        [record.line, base.firstLine],
        says.inThisListingOnly(base.firstLine),
        nameOf(record),
      );
    }
  }
}

/** What two listings say of the same function and cannot both be so. The more detailed one is believed. */
function compare(a: LspciRecord, b: LspciRecord, warnings: Warnings): void {
  const [best, rest] = detailOf(b) > detailOf(a) ? [b, a] : [a, b];
  if (!sameDevice(best, rest))
    warnings.contradiction([best.line, rest.line], says.twoListingsNameDifferentDevicesHere, nameOf(best));
  if (best.group !== null && rest.group !== null && best.group !== rest.group)
    warnings.contradiction(
      [best.groupLine, rest.groupLine],
      says.iommuGroupInOneListing(best.group, rest.group),
      nameOf(best),
    );
  if (best.driver !== null && rest.driver !== null && best.driver !== rest.driver)
    warnings.contradiction(
      [best.driverLine, rest.driverLine],
      says.driverInOneListing(best.driver, rest.driver),
      nameOf(best),
    );
}

/** The more detailed of two records of one function, completed by the other. */
function fill(a: LspciRecord, b: LspciRecord): LspciRecord {
  const [best, rest] = detailOf(b) > detailOf(a) ? [b, a] : [a, b];
  if (!sameDevice(best, rest)) return best;
  return {
    ...best,
    label: best.label ?? rest.label,
    className: best.className ?? rest.className,
    vendorId: best.vendorId ?? rest.vendorId,
    deviceId: best.deviceId ?? rest.deviceId,
    subsystem: best.subsystem ?? rest.subsystem,
    classCode: best.classCode ?? rest.classCode,
    interfaceCode: best.interfaceCode ?? rest.interfaceCode,
    buses: best.buses ?? rest.buses,
    group: best.group ?? rest.group,
    groupLine: best.group === null ? rest.groupLine : best.groupLine,
    driver: best.driver ?? rest.driver,
    driverLine: best.driver === null ? rest.driverLine : best.driverLine,
    bars: best.bars.length > 0 ? best.bars : rest.bars,
    bytes: best.bytes ?? rest.bytes,
    byteCount: best.bytes === null ? rest.byteCount : best.byteCount,
  };
}
