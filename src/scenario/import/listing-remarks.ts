import { REQ_ACS_FLAGS } from '../../engine/pci/acs';
import { UNKNOWN_ID, type PciFunctionSpec } from '../../engine/pci/function-spec';
import type { PciTopology } from '../../engine/pci/topology';
import { busName } from './lspci-tree';
import { nameOf } from './read-dumps';
import type { LspciRecord } from './record';
import type { Warnings } from './warnings';
import * as says from '../../words/scenario/import';

const EVERYTHING = 'sudo lspci -vvvnnxxxx';
const NUMBERS = 'lspci -nn';

/** What holds for the whole text, or for many of its functions. */
export function remarkOnListing(
  records: readonly LspciRecord[],
  hasGroups: boolean,
  warnings: Warnings,
): void {
  const first = records[0];
  if (first !== undefined && !hasGroups && acsIsOff(records))
    warnings.gap(first.line, says.acsIsOffOnEveryPort, '', EVERYTHING);
  for (const record of records) {
    if (record.deviceId === null || record.deviceId === UNKNOWN_ID)
      warnings.gap(record.line, says.noDeviceNumberForQuirks, nameOf(record), NUMBERS);
    if (isSwitchtecNtb(record))
      warnings.add(record.line, says.aSwitchtecNtbKeepsFurtherRequester, nameOf(record));
    if (record.classCode === null)
      warnings.gap(
        record.line,
        record.className === null ? says.noClassFor : 'a class name that is not English and has no number: %',
        nameOf(record),
        NUMBERS,
      );
  }
}

/** Linux: quirks.c quirk_switchtec_ntb_dma_alias() */
const isSwitchtecNtb = (record: LspciRecord): boolean =>
  record.classCode === 0x0680 && (record.vendorId === 0x11f8 || record.vendorId === 0x1055);

/** A PCIe endpoint hangs on a port. Where a bus has one and no bridge leads to it, the text has lost the
 * bridge. Returns what is on such a bus and below. */
export function findOrphans(
  topology: PciTopology,
  rootBuses: ReadonlySet<string>,
  records: ReadonlyMap<string, LspciRecord>,
  warnings: Warnings,
): ReadonlySet<string> {
  const orphans = new Set<string>();
  for (const fn of topology.functions) {
    // Bridges come first, so that what is below an orphan is found after it.
    const { self } = fn.bus;
    if (self !== null && orphans.has(self.name)) orphans.add(fn.name);
    if (self !== null || fn.bus.parent !== null || fn.isVirtual) continue;
    const isRoot =
      fn.address.bus === 0 ||
      rootBuses.has(busName(fn.address)) ||
      fn.bus.functions.some((other) => ROOT_KINDS.has(other.spec.kind));
    const record = records.get(fn.name);
    if (isRoot || record === undefined) continue;
    orphans.add(fn.name);
    warnings.gap(record.line, says.noBridgeInTheTextLeads, nameOf(record), 'lspci -t');
  }
  return orphans;
}

const ROOT_KINDS: ReadonlySet<PciFunctionSpec['kind']> = new Set([
  'root-port',
  'rciep',
  'rcec',
  'pci',
  'pci-bridge',
]);

/** No function with ACS has any of the bits on that Linux sets when an IOMMU is on. */
function acsIsOff(records: readonly LspciRecord[]): boolean {
  const able = records.filter((record) => record.acsCap !== null && (record.acsCap & REQ_ACS_FLAGS) !== 0);
  return able.length > 0 && able.every((record) => ((record.acsCtrl ?? 0) & REQ_ACS_FLAGS) === 0);
}
