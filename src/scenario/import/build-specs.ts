import { formatBdf, functionOf } from '../../engine/pci/address';
import { hasDwordAcs } from '../../engine/pci/dword-acs';
import { REQ_ACS_FLAGS } from '../../engine/pci/acs';
import { isPcieKind } from '../../engine/pci/config-image';
import type { PciFunction } from '../../engine/pci/function';
import { isBridgeKind, plainSpec, UNKNOWN_ID, type PciFunctionSpec } from '../../engine/pci/function-spec';
import { PciTopology } from '../../engine/pci/topology';
import { guessBuses } from './guess-buses';
import { applyBytes } from './hex-dump';
import { inferKind, kindOf } from './kind';
import { idsOfName } from './names';
import { nameOf } from './read-dumps';
import { capabilitiesKnown, type LspciRecord } from './record';
import { findOrphans, remarkOnListing } from './listing-remarks';
import { inScanOrder } from './scan-order';
import { maybeVirtual, virtualFunctions } from './virtual-functions';
import type { Merged } from './merge-sources';
import type { Warnings } from './warnings';
import * as says from '../../words/scenario/import';

const EVERYTHING = 'sudo lspci -vvvnnxxxx';

/** What the text hides of a function and groups depend on. */
export interface Undecided {
  readonly what: 'acs' | 'kind-and-acs' | 'multifunction';
  readonly line: number;
}

export interface BuiltSpecs {
  /** In an order in which they can be added: a bus, then what is behind each of its bridges. */
  readonly specs: readonly PciFunctionSpec[];
  /** By `0000:01:00.0`. */
  readonly undecided: ReadonlyMap<string, Undecided>;
  /** What hangs nobody knows where. */
  readonly unplaced: ReadonlySet<string>;
  /** Where each function's lines begin, for findings. */
  readonly lineOf: ReadonlyMap<string, number>;
}

/** What holds for the whole listing. */
interface Listing {
  readonly records: ReadonlyMap<string, LspciRecord>;
  readonly undecided: Map<string, Undecided>;
  readonly merged: Merged;
  /** Header multifunction bits that a hex dump shows. */
  readonly headerBits: ReadonlyMap<string, boolean>;
  readonly virtualOf: ReadonlyMap<string, LspciRecord>;
  readonly maybeVirtual: ReadonlySet<string>;
  readonly hasGroups: boolean;
  readonly warnings: Warnings;
}

/** What a `pci` line can say of each function, and what it would have to guess. */
export function buildSpecs(merged: Merged, rootBuses: ReadonlySet<string>, warnings: Warnings): BuiltSpecs {
  const { records } = merged;
  const unplaced = guessBuses(records, rootBuses, warnings);
  const headerBits = new Map<string, boolean>();
  for (const [name, record] of records) {
    const facts = applyBytes(record);
    if (facts !== null) headerBits.set(name, facts.multifunction);
    nameToIds(record);
  }
  const all = [...records.values()];
  const hasGroups = all.some((record) => record.group !== null);
  const undecided = new Map<string, Undecided>();
  const listing: Listing = {
    records,
    merged,
    undecided,
    headerBits,
    virtualOf: virtualFunctions(records),
    maybeVirtual: maybeVirtual(records),
    hasGroups,
    warnings,
  };
  remarkOnListing(all, hasGroups, warnings);

  const specs: PciFunctionSpec[] = [];
  const topology = new PciTopology();
  for (const record of inScanOrder(all, listing.virtualOf)) {
    const fn = place(topology, record, listing);
    if (fn !== null) specs.push(fn.spec);
  }
  const orphans = findOrphans(topology, rootBuses, records, warnings);
  const lineOf = new Map([...records].map(([name, record]) => [name, record.line]));
  return { specs, undecided, unplaced: new Set([...unplaced, ...orphans]), lineOf };
}

/** Adds one function to a trial machine: what that refuses, a script could not make either. */
function place(topology: PciTopology, record: LspciRecord, listing: Listing): PciFunction | null {
  const { warnings } = listing;
  const above = topology.bridgeTo(record.address);
  const spec = specOf(record, above, listing);
  const added = topology.addFunction(spec);
  if (added.ok) return added.value;
  const without = spec.buses === null ? null : topology.addFunction({ ...spec, buses: null });
  if (without?.ok === true) {
    warnings.contradiction([record.line], says.takenAsABridgeWithoutBuses(added.why), nameOf(record));
    return without.value;
  }
  listing.undecided.delete(formatBdf(record.address));
  warnings.gap(record.line, says.leftOut(added.why), nameOf(record), EVERYTHING);
  return null;
}

function specOf(record: LspciRecord, above: PciFunction | null, listing: Listing): PciFunctionSpec {
  const { warnings } = listing;
  const name = formatBdf(record.address);
  const physical = listing.virtualOf.get(name) ?? null;
  const told = kindOf(record, warnings);
  const kind = told ?? inferKind(record, above, warnings);
  // A virtual function's place says what it is, and it has no ACS control of its own to be off.
  if (told === null && physical === null)
    listing.undecided.set(name, { what: 'kind-and-acs', line: record.line });
  else if (isPcieKind(kind) && physical === null && hidesAcs(record, name, listing)) {
    listing.undecided.set(name, { what: 'acs', line: record.line });
    sayHidden(record, name, listing);
  }
  const isBridge = isBridgeKind(kind);
  const subclass = record.classCode ?? (isBridge ? 0x0604 : 0);
  const hasBuses = isBridge && record.buses !== null && record.buses.secondary <= record.buses.subordinate;
  return {
    ...plainSpec(record.address, kind),
    vendorId: record.vendorId ?? UNKNOWN_ID,
    deviceId: record.deviceId ?? UNKNOWN_ID,
    subsystem: record.vendorId === 0x9005 && record.deviceId === 0x0285 ? record.subsystem : null,
    classCode: (subclass << 8) | (record.interfaceCode ?? 0),
    revision: record.asleep ? 0 : (record.revision ?? 0),
    buses: hasBuses ? record.buses : null,
    acs: isPcieKind(kind) ? acsOf(record, listing) : null,
    multifunction: physical === null && headerMultifunction(record, above, kind, listing),
    virtualOf: physical?.address ?? null,
    recordedGroup: record.group ?? (hasNone(record, listing) ? 'none' : null),
    driver: record.driver,
    pasids: record.pasids,
    ats: record.ats,
    pri: record.pri,
    bars: record.bars,
    sriov: physical === null ? sriovOf(record) : null,
    label: record.label,
  };
}

/** Whether its ACS is there or on is not told, or told of another register. */
function hidesAcs(record: LspciRecord, name: string, { maybeVirtual }: Listing): boolean {
  if (!capabilitiesKnown(record) || maybeVirtual.has(name)) return true;
  if (!record.acsListed) return false;
  const dword = hasDwordAcs(record.vendorId ?? UNKNOWN_ID, record.deviceId ?? UNKNOWN_ID);
  return record.acsCap === null || record.acsCtrl === null || (dword && record.byteCount < 0x1000);
}

/** What acsOf() does not say. */
function sayHidden(record: LspciRecord, name: string, { maybeVirtual, warnings }: Listing): void {
  if (maybeVirtual.has(name))
    warnings.gap(record.line, says.mayBeVirtualFunctionsOneBefore, nameOf(record), EVERYTHING);
  else if (!capabilitiesKnown(record))
    warnings.gap(record.line, says.noAcsRegistersOfTheyCount, nameOf(record), EVERYTHING);
}

/** Whether the text shows that its kernel gave it no group: only a complete list of groups can. */
function hasNone(record: LspciRecord, { merged, hasGroups }: Listing): boolean {
  if (merged.lspciNamesGroups) return hasGroups && capabilitiesKnown(record);
  // Host bridges and IOMMUs are what kernels leave out; of anything else a list may have lost it.
  const leftOut = record.classCode === 0x0600 || record.classCode === 0x0806;
  return merged.wholeList && leftOut;
}

function sriovOf({ sriov }: LspciRecord): PciFunctionSpec['sriov'] {
  if (sriov === null || sriov.total === 0) return null;
  const { total, vfDevice, offset, stride } = sriov;
  return { total, vfDevice, offset, stride };
}

/** The header's bit: from bytes, else from what Linux must have seen to find the other functions of the slot. */
function headerMultifunction(
  record: LspciRecord,
  above: PciFunction | null,
  kind: PciFunctionSpec['kind'],
  listing: Listing,
): boolean {
  const { domain, bus, devfn } = record.address;
  const shown = listing.headerBits.get(formatBdf(record.address));
  if (shown !== undefined) return shown;
  if (functionOf(devfn) !== 0) return false;
  for (let fn = 1; fn < 8; fn++) {
    const sibling = formatBdf({ domain, bus, devfn: devfn + fn });
    if (listing.records.has(sibling) && !listing.virtualOf.has(sibling)) return true;
  }
  if (kind === 'upstream-port' && record.acsCap === null && above !== null) {
    const name = formatBdf(record.address);
    if (!listing.undecided.has(name))
      listing.undecided.set(name, { what: 'multifunction', line: record.line });
    listing.warnings.gap(record.line, says.whetherTheHeaderOfSaysMultifunction, nameOf(record), EVERYTHING);
  }
  return false;
}

function acsOf(record: LspciRecord, listing: Listing): PciFunctionSpec['acs'] {
  const { warnings } = listing;
  const cap = record.acsCap;
  if (cap === null) {
    if (!record.acsListed) return null;
    warnings.gap(record.line, says.listedWithAcsButWithout, nameOf(record), EVERYTHING);
    return { cap: REQ_ACS_FLAGS, ctrl: REQ_ACS_FLAGS };
  }
  const asLinuxSets = cap & REQ_ACS_FLAGS;
  const dword = hasDwordAcs(record.vendorId ?? UNKNOWN_ID, record.deviceId ?? UNKNOWN_ID);
  if (dword && record.byteCount < 0x1000) {
    warnings.gap(record.line, says.thisChipsetKeepsAcsControl, nameOf(record), EVERYTHING);
    return { cap, ctrl: asLinuxSets };
  }
  if (record.acsCtrl === null) {
    warnings.gap(record.line, says.noACSCtlLineTakenAsLinux, nameOf(record), EVERYTHING);
    return { cap, ctrl: asLinuxSets };
  }
  return { cap, ctrl: record.acsCtrl };
}

function nameToIds(record: LspciRecord): void {
  if (record.vendorId !== null || record.label === null) return;
  const ids = idsOfName(record.label);
  record.vendorId = ids?.vendorId ?? null;
  record.deviceId = ids?.deviceId ?? null;
}
