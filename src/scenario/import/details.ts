import type { PciKind } from '../../engine/pci/function-spec';
import {
  PCI_ACS_CR,
  PCI_ACS_DT,
  PCI_ACS_EC,
  PCI_ACS_RR,
  PCI_ACS_SV,
  PCI_ACS_TB,
  PCI_ACS_UF,
} from '../../engine/pci/regs';
import { readMemoryBar } from './memory-bar';
import type { LspciRecord } from './record';

/** How lspci's own lines begin, for telling them from the tail of a wrapped line. */
const DETAIL = /^(?:!!!|Memory at |I\/O ports at |Expansion ROM at |[A-Za-z][A-Za-z0-9/ ]{0,36}:)/;
export const beginsDetail = (text: string): boolean => DETAIL.test(text);

/** What can follow a title. A title's own tail may hold a colon, so this is narrower. */
const FIRST_DETAIL =
  /^(?:!!!|(?:DeviceName|Subsystem|Device tree node|Physical Slot|Control|Flags|Status|IOMMU group|NUMA node|Bus|Capabilities|Kernel driver in use|Kernel modules):|Memory at |I\/O ports at |Expansion ROM at )/;
export const beginsDetails = (text: string): boolean => FIRST_DETAIL.test(text);

/** As pciutils prints the port type of the Express capability. */
const PORT_TYPES: readonly (readonly [words: string, kind: PciKind])[] = [
  ['Endpoint', 'endpoint'],
  ['Legacy Endpoint', 'legacy-endpoint'],
  ['Root Port', 'root-port'],
  ['Upstream Port', 'upstream-port'],
  ['Downstream Port', 'downstream-port'],
  ['PCI-Express to PCI', 'pcie-to-pci'],
  ['PCI/PCI-X to PCI-Express', 'pci-to-pcie'],
  ['Root Complex Integrated Endpoint', 'rciep'],
  ['Root Complex Event Collector', 'rcec'],
];

const EXPRESS = /^Express (?:\(v\d+\) )?(.*)$/;
const BUS = /primary=([0-9a-f]{2}), secondary=([0-9a-f]{2}), subordinate=([0-9a-f]{2})/i;
const GROUP = /^IOMMU group: (\d{1,9})(?:\s|$)/;
const FLAGS_GROUP = /, IOMMU group (\d{1,9})(?:,|$)/;
const SUBSYSTEM = /(?:\[|^Subsystem: )([0-9a-f]{4}):([0-9a-f]{4})\]?$/i;
const VF_COUNT = /Number of VFs: (\d{1,5})/;
const VF_TOTAL = /Total VFs: (\d{1,5})/;
const VF_PLACE = /VF offset: (\d{1,5}), stride: (\d{1,5})(?:, Device ID: ([0-9a-f]{4}))?/i;
const PASID_WIDTH = /Max PASID Width: (\d{1,2})/;

const ACS_WORDS: readonly (readonly [word: string, bit: number])[] = [
  ['SrcValid', PCI_ACS_SV],
  ['TransBlk', PCI_ACS_TB],
  ['ReqRedir', PCI_ACS_RR],
  ['CmpltRedir', PCI_ACS_CR],
  ['UpstreamFwd', PCI_ACS_UF],
  ['EgressCtrl', PCI_ACS_EC],
  ['DirectTrans', PCI_ACS_DT],
];

/** Takes what one detail line says into the record. */
export function readDetail(record: LspciRecord, text: string, line: number): void {
  switch (text.charCodeAt(0)) {
    case 0x43: // C
      if (text.startsWith('Capabilities: ')) readCapability(record, text.slice(14));
      break;
    case 0x41: // A
      if (text.startsWith('ACSCap:')) record.acsCap = acsBits(text) ?? record.acsCap;
      else if (text.startsWith('ACSCtl:')) record.acsCtrl = acsBits(text) ?? record.acsCtrl;
      break;
    case 0x42: // B
      if (text.startsWith('Bus: ')) readBuses(record, text);
      break;
    case 0x49: // I
      if (text.startsWith('IOMMU group: ')) readGroup(record, numberIn(GROUP, text), line);
      else if (text.startsWith('Initial VFs: ')) readVfs(record, text);
      break;
    case 0x46: // F
      if (text.startsWith('Flags: ')) {
        record.capabilityList = 'none';
        readGroup(record, numberIn(FLAGS_GROUP, text), line);
      }
      break;
    case 0x4b: // K
      if (text.startsWith('Kernel driver in use: ')) {
        record.driver = driverName(text.slice(22));
        record.driverLine = line;
      }
      break;
    case 0x53: // S
      if (text.startsWith('Subsystem: ')) readSubsystem(record, text);
      else if (text.startsWith('Status: Cap+')) record.capabilityList = 'there';
      else if (text.startsWith('Status: Cap-')) record.capabilityList = 'none';
      break;
    case 0x4d: // M
      if (text.startsWith('Memory at ')) readMemoryBar(record, text);
      break;
    case 0x50: // P
      if (text.startsWith('PASIDCap:')) readPasid(record, text);
      break;
    case 0x52: // R
      if (text.startsWith('Region ')) readMemoryBar(record, text);
      break;
    case 0x56: // V
      if (text.startsWith('VF offset: ')) readVfs(record, text);
      break;
    case 0x4e: // N, T: where a line about virtual functions wrapped
    case 0x54:
      if (text.startsWith('Number of VFs: ') || text.startsWith('Total VFs: ')) readVfs(record, text);
      break;
    case 0x21: // !
      if (text.startsWith('!!! Unknown header type 7f')) record.asleep = true;
      break;
  }
}

function readCapability(record: LspciRecord, text: string): void {
  if (text.startsWith('<access denied>')) {
    record.capabilities = 'denied';
    return;
  }
  const close = text.indexOf('] ');
  if (!text.startsWith('[') || close < 0) return;
  if (record.capabilities === 'none') record.capabilities = 'listed';
  const what = text.slice(close + 2);
  if (what.startsWith('Access Control Services')) record.acsListed = true;
  else if (what.startsWith('Address Translation Service')) record.ats = true;
  else if (what.startsWith('Page Request Interface')) record.pri = true;
  else if (what.startsWith('Single Root I/O Virtualization')) record.sriovListed = true;
  const express = EXPRESS.exec(what)?.[1];
  if (express === undefined || record.express !== null) return;
  record.express = PORT_TYPES.find(([words]) => express.startsWith(words))?.[1] ?? { unknown: express };
}

function readBuses(record: LspciRecord, text: string): void {
  const match = BUS.exec(text);
  if (match === null) return;
  const secondary = parseInt(match[2] ?? '', 16);
  const subordinate = parseInt(match[3] ?? '', 16);
  // A bridge that nobody configured says 00.
  if (secondary !== 0) record.buses = { secondary, subordinate };
}

function readSubsystem(record: LspciRecord, text: string): void {
  const match = SUBSYSTEM.exec(text);
  if (match === null) return;
  record.subsystem = { vendorId: parseInt(match[1] ?? '', 16), deviceId: parseInt(match[2] ?? '', 16) };
}

function readGroup(record: LspciRecord, group: number | null, line: number): void {
  if (group === null) return;
  record.group = group;
  record.groupLine = line;
}

/** A width of n bits is 2^n PASIDs. */
function readPasid(record: LspciRecord, text: string): void {
  const width = numberIn(PASID_WIDTH, text);
  if (width !== null && width >= 1 && width <= 20) record.pasids = 2 ** width;
}

function readVfs(record: LspciRecord, text: string): void {
  const place = VF_PLACE.exec(text);
  record.sriov = {
    count: numberIn(VF_COUNT, text) ?? record.sriov?.count ?? 0,
    total: numberIn(VF_TOTAL, text) ?? record.sriov?.total ?? 0,
    vfDevice: place?.[3] === undefined ? (record.sriov?.vfDevice ?? null) : parseInt(place[3], 16),
    offset: place === null ? (record.sriov?.offset ?? 0) : Number(place[1]),
    stride: place === null ? (record.sriov?.stride ?? 0) : Number(place[2]),
  };
}

/** `SrcValid+ TransBlk- …`; null when the line was cut off. */
function acsBits(text: string): number | null {
  let bits = 0;
  for (const [word, bit] of ACS_WORDS) {
    const at = text.indexOf(word);
    const sign = at < 0 ? '' : text.charAt(at + word.length);
    if (sign === '+') bits |= bit;
    else if (sign !== '-') return null;
  }
  return bits;
}

function numberIn(pattern: RegExp, text: string): number | null {
  const digits = pattern.exec(text)?.[1];
  return digits === undefined ? null : Number(digits);
}

/** A driver's name is a word; anything else is not one. */
const driverName = (text: string): string | null => (/^[A-Za-z0-9_.-]{1,64}$/.test(text) ? text : null);
