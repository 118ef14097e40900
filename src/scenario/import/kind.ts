import type { PciFunction } from '../../engine/pci/function';
import { isDownstreamPort } from '../../engine/pci/function';
import type { PciKind } from '../../engine/pci/function-spec';
import { nameOf } from './read-dumps';
import { capabilitiesKnown, losesCapabilities, type LspciRecord } from './record';
import type { Warnings } from './warnings';
import * as says from '../../words/scenario/import';

/** The kind that the text tells; null when its capabilities could not be read. */
export function kindOf(record: LspciRecord, warnings: Warnings): PciKind | null {
  if (typeof record.express === 'string') return record.express;
  if (record.express !== null) {
    warnings.add(record.line, says.aPCIePortType(record.express.unknown.slice(0, 40)), nameOf(record));
    return 'endpoint';
  }
  if (!record.conventional && !capabilitiesKnown(record)) return null;
  return isBridge(record) ? 'pci-bridge' : 'pci';
}

export const isBridge = (record: LspciRecord): boolean =>
  record.isBridge ||
  record.buses !== null ||
  record.classCode === 0x0604 ||
  record.classCode === 0x0607 ||
  record.classCode === 0x0609;

/** The best guess where capabilities are hidden, always with a warning. */
export function inferKind(record: LspciRecord, above: PciFunction | null, warnings: Warnings): PciKind {
  const kind = isBridge(record) ? guessBridge(record, above) : guessEndpoint(record, above);
  const topic = record.asleep
    ? says.asleepWhenTheDump
    : record.capabilities === 'denied'
      ? says.capabilitiesHiddenFromOrdinaryUsers
      : record.cutShort || losesCapabilities(record)
        ? says.theTextEndsWithinTheLinesOf
        : says.onlyALineOrTwo;
  warnings.gap(record.line, topic, nameOf(record), 'sudo lspci -vvvnnxxxx');
  return kind;
}

function guessBridge(record: LspciRecord, above: PciFunction | null): PciKind {
  const named = /pci.?e|pci.?express|root port|gpp bridge/i.test(record.label ?? '');
  if (above === null) return record.driver === 'pcieport' || named ? 'root-port' : 'pci-bridge';
  if (!above.isPcie) return 'pci-bridge';
  if (isDownstreamPort(above)) return 'upstream-port';
  return above.spec.kind === 'upstream-port' ? 'downstream-port' : 'pci-bridge';
}

/** What hangs on a PCIe link is PCIe. On a root bus nobody can tell. */
function guessEndpoint(record: LspciRecord, above: PciFunction | null): PciKind {
  if (above !== null && isDownstreamPort(above)) return 'endpoint';
  return record.classCode === 0x0807 ? 'rcec' : 'pci';
}
