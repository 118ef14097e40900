import { formatBdf, functionOf, slotOf } from '../../engine/pci/address';
import { hasDwordAcs } from '../../engine/pci/dword-acs';
import { REQ_ACS_FLAGS } from '../../engine/pci/acs';
import { isPcieKind } from '../../engine/pci/config-image';
import type { PciFunction } from '../../engine/pci/function';
import { isBridgeKind, plainSpec, UNKNOWN_ID, type PciFunctionSpec } from '../../engine/pci/function-spec';
import { PciTopology } from '../../engine/pci/topology';
import { applyBytes } from './hex-dump';
import { inferKind, kindOf } from './kind';
import { idsOfName } from './names';
import { nameOf } from './read-dumps';
import { capabilitiesKnown, type LspciRecord } from './record';
import { virtualFunctions } from './virtual-functions';
import type { Warnings } from './warnings';

/** What holds for the whole listing. */
interface Listing {
  readonly records: ReadonlyMap<string, LspciRecord>;
  /** Header multifunction bits that a hex dump shows. */
  readonly headerBits: ReadonlyMap<string, boolean>;
  readonly virtualOf: ReadonlyMap<string, LspciRecord>;
  readonly hasGroups: boolean;
  readonly warnings: Warnings;
}

/** Function specs in an order in which they can be added: a bus, then what is behind each of its bridges. */
export function buildSpecs(
  records: ReadonlyMap<string, LspciRecord>,
  warnings: Warnings,
): readonly PciFunctionSpec[] {
  const headerBits = new Map<string, boolean>();
  for (const [name, record] of records) {
    const facts = applyBytes(record);
    if (facts !== null) headerBits.set(name, facts.multifunction);
    nameToIds(record);
  }
  const all = [...records.values()];
  const hasGroups = all.some((record) => record.group !== null);
  const listing: Listing = {
    records,
    headerBits,
    virtualOf: virtualFunctions(records),
    hasGroups,
    warnings,
  };
  warnOfListing(all, listing);

  const specs: PciFunctionSpec[] = [];
  const topology = new PciTopology();
  for (const record of inScanOrder(all, listing.virtualOf)) {
    const fn = place(topology, record, listing);
    if (fn !== null) specs.push(fn.spec);
  }
  return specs;
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
    warnings.add(record.line, `${added.why}; % taken as a bridge without buses behind it`, nameOf(record));
    return without.value;
  }
  warnings.add(record.line, `${added.why}; left out (%)`, nameOf(record));
  return null;
}

function specOf(record: LspciRecord, above: PciFunction | null, listing: Listing): PciFunctionSpec {
  const { warnings } = listing;
  const name = formatBdf(record.address);
  const physical = listing.virtualOf.get(name) ?? null;
  const told = kindOf(record, warnings);
  const kind = told ?? inferKind(record, above, warnings);
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
    recordedGroup: record.group ?? (listing.hasGroups && capabilitiesKnown(record) ? 'none' : null),
    driver: record.driver,
    label: record.label,
  };
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
  if (kind === 'upstream-port' && record.acsCap === null && above !== null)
    listing.warnings.add(
      record.line,
      'whether the header of % says multifunction shows only in lspci -x; taken as single (if it does, all below it is one group)',
      nameOf(record),
    );
  return false;
}

function acsOf(record: LspciRecord, listing: Listing): PciFunctionSpec['acs'] {
  const { warnings } = listing;
  const cap = record.acsCap;
  if (cap === null) {
    if (!record.acsListed) return null;
    warnings.add(
      record.line,
      '% listed with ACS but without its bits; taken as SV, RR, CR and UF, all on. Run sudo lspci -vvvnn to know',
      nameOf(record),
    );
    return { cap: REQ_ACS_FLAGS, ctrl: REQ_ACS_FLAGS };
  }
  const asLinuxSets = cap & REQ_ACS_FLAGS;
  const dword = hasDwordAcs(record.vendorId ?? UNKNOWN_ID, record.deviceId ?? UNKNOWN_ID);
  if (dword && record.byteCount < 0x1000) {
    warnings.add(
      record.line,
      '%: this chipset keeps ACS control where lspci does not look; taken as Linux sets it. Run sudo lspci -vvvxxxx to know',
      nameOf(record),
    );
    return { cap, ctrl: asLinuxSets };
  }
  if (record.acsCtrl === null) {
    warnings.add(record.line, '%: no ACSCtl line; taken as Linux sets it', nameOf(record));
    return { cap, ctrl: asLinuxSets };
  }
  return { cap, ctrl: record.acsCtrl };
}

/** No function with ACS has any of the bits on that Linux sets when an IOMMU is on. */
function acsIsOff(records: readonly LspciRecord[]): boolean {
  const able = records.filter((record) => record.acsCap !== null && (record.acsCap & REQ_ACS_FLAGS) !== 0);
  return able.length > 0 && able.every((record) => ((record.acsCtrl ?? 0) & REQ_ACS_FLAGS) === 0);
}

function nameToIds(record: LspciRecord): void {
  if (record.vendorId !== null || record.label === null) return;
  const ids = idsOfName(record.label);
  record.vendorId = ids?.vendorId ?? null;
  record.deviceId = ids?.deviceId ?? null;
}

function warnOfListing(records: readonly LspciRecord[], listing: Listing): void {
  const { warnings } = listing;
  const first = records[0];
  if (first !== undefined && !listing.hasGroups && acsIsOff(records))
    warnings.add(
      first.line,
      'ACS is off on every port that has it. If this kernel ran without an IOMMU, Linux turns it on with one and makes smaller groups: take away what follows the / of acs= to see, or dump again with the IOMMU on',
      '',
    );
  for (const record of records) {
    if (record.deviceId === null || record.deviceId === UNKNOWN_ID)
      warnings.add(
        record.line,
        'no device number for %: quirks that go by number are not applied to them. lspci -nn shows numbers',
        nameOf(record),
      );
    if (isSwitchtecNtb(record))
      warnings.add(
        record.line,
        '%: a Switchtec NTB keeps further requester ids in its own memory, which no listing shows; they are not counted',
        nameOf(record),
      );
    if (record.classCode === null)
      warnings.add(record.line, 'a class name that is not English and has no number: %', nameOf(record));
  }
}

/** Linux: quirks.c quirk_switchtec_ntb_dma_alias() */
const isSwitchtecNtb = (record: LspciRecord): boolean =>
  record.classCode === 0x0680 && (record.vendorId === 0x11f8 || record.vendorId === 0x1055);

/** Ascending buses, each followed by what is behind its bridges; virtual functions last, as a driver makes them. */
function inScanOrder(
  records: readonly LspciRecord[],
  virtualOf: ReadonlyMap<string, LspciRecord>,
): readonly LspciRecord[] {
  const byBus = new Map<number, LspciRecord[]>();
  const busKey = (domain: number, bus: number): number => domain * 256 + bus;
  for (const record of records) {
    const key = busKey(record.address.domain, record.address.bus);
    const bus = byBus.get(key);
    if (bus === undefined) byBus.set(key, [record]);
    else bus.push(record);
  }
  const ordered: LspciRecord[] = [];
  const virtual: LspciRecord[] = [];
  const pending = [...byBus.keys()].sort((a, b) => b - a);
  // A stack, not recursion: bridges may be nested as deep as there are buses.
  while (pending.length > 0) {
    const key = pending.pop() ?? 0;
    const bus = byBus.get(key);
    if (bus === undefined) continue;
    byBus.delete(key);
    bus.sort(
      (a, b) => slotOf(a.address.devfn) - slotOf(b.address.devfn) || a.address.devfn - b.address.devfn,
    );
    for (const record of bus) (virtualOf.has(formatBdf(record.address)) ? virtual : ordered).push(record);
    for (const record of bus.toReversed())
      if (record.buses !== null) pending.push(busKey(record.address.domain, record.buses.secondary));
  }
  return [...ordered, ...virtual];
}
