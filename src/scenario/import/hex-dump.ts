import { ConfigSpace } from '../../engine/pci/config-space';
import type { PciKind } from '../../engine/pci/function-spec';
import { DWORD_ACS_CTRL, hasDwordAcs } from '../../engine/pci/dword-acs';
import {
  PCI_ACS_CAP,
  PCI_ACS_CTRL,
  PCI_CAP_ID_EXP,
  PCI_CLASS_REVISION,
  PCI_DEVICE_ID,
  PCI_EXP_FLAGS,
  PCI_EXP_FLAGS_TYPE,
  PCI_EXT_CAP_ID_ACS,
  PCI_HEADER_TYPE,
  PCI_HEADER_TYPE_MASK,
  PCI_HEADER_TYPE_MFD,
  PCI_HEADER_TYPE_NORMAL,
  PCI_SECONDARY_BUS,
  PCI_SUBORDINATE_BUS,
  PCI_SUBSYSTEM_ID,
  PCI_SUBSYSTEM_VENDOR_ID,
  PCI_VENDOR_ID,
} from '../../engine/pci/regs';
import type { LspciRecord } from './record';

const SRIOV_CAP = 0x10;
const ATS_CAP = 0x0f;
const PRI_CAP = 0x13;
const PASID_CAP = 0x1b;

/** The value of a hex digit's character; -1 for any other. */
function digit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

const COLON = 0x3a;
const SPACE = 0x20;
/** Of one row: what is not known to be one yet must not touch the record. */
const row = new Uint8Array(16);

/** `40: 01 90 …`: where the colon is behind two or three digits; 0 for anything else. Cheap. */
export function rowColon(text: string, at: number): number {
  const colon = text.charCodeAt(at + 2) === COLON ? at + 2 : text.charCodeAt(at + 3) === COLON ? at + 3 : 0;
  return colon > 0 && text.charCodeAt(colon + 1) === SPACE ? colon : 0;
}

/**
 * Takes a row such as `40: 01 90 d1 fe …` into the record's bytes; false when it is none. One that is out of turn is
 * dropped. By characters: a large machine's text is a quarter of a million of these.
 */
export function readHexRow(record: LspciRecord, text: string, at: number, end: number): boolean {
  const colon = rowColon(text, at);
  if (colon === 0) return false;
  let offset = 0;
  for (let i = at; i < colon; i++) {
    const value = digit(text.charCodeAt(i));
    if (value < 0) return false;
    offset = offset * 16 + value;
  }
  let count = 0;
  for (let i = colon + 1; i < end; i += 3) {
    const high = digit(text.charCodeAt(i + 1));
    const low = digit(text.charCodeAt(i + 2));
    if (text.charCodeAt(i) !== SPACE || high < 0 || low < 0 || i + 3 > end || count === 16) return false;
    row[count++] = high * 16 + low;
  }
  if (count === 0) return false;
  if (offset !== record.byteCount || offset + count > 4096) return true;
  record.bytes ??= new Uint8Array(offset < 256 ? 256 : 4096);
  if (offset + count > record.bytes.length) {
    const larger = new Uint8Array(4096);
    larger.set(record.bytes);
    record.bytes = larger;
  }
  record.bytes.set(count === 16 ? row : row.subarray(0, count), offset);
  record.byteCount = offset + count;
  return true;
}

const PORT_KINDS: Readonly<Record<number, PciKind>> = {
  0x0: 'endpoint',
  0x1: 'legacy-endpoint',
  0x4: 'root-port',
  0x5: 'upstream-port',
  0x6: 'downstream-port',
  0x7: 'pcie-to-pci',
  0x8: 'pci-to-pcie',
  0x9: 'rciep',
  0xa: 'rcec',
};

/** What only bytes show, and null where the dump is too short or the function slept. */
export interface HexFacts {
  readonly multifunction: boolean;
}

/**
 * Lets the bytes speak: whatever they hold overrules the prose, which was made from them. Returns null when there are
 * no usable bytes.
 */
export function applyBytes(record: LspciRecord): HexFacts | null {
  if (record.bytes === null || record.byteCount < 0x40) return null;
  const config = new ConfigSpace(record.bytes.subarray(0, record.byteCount));
  if (config.read32(PCI_VENDOR_ID) === 0xffff_ffff) {
    if (config.read8(PCI_HEADER_TYPE) === 0xff) record.asleep = true;
    return null; // asleep, or a virtual function whose ids are elsewhere
  }
  record.vendorId = config.read16(PCI_VENDOR_ID);
  record.deviceId = config.read16(PCI_DEVICE_ID);
  const classRevision = config.read32(PCI_CLASS_REVISION);
  record.classCode = classRevision >>> 16;
  record.interfaceCode = (classRevision >>> 8) & 0xff;
  record.revision = classRevision & 0xff;
  readHeader(record, config);
  if (record.byteCount >= 0x100) readExpress(record, config);
  if (record.byteCount === 0x1000) readExtended(record, config);
  return { multifunction: (config.read8(PCI_HEADER_TYPE) & PCI_HEADER_TYPE_MFD) !== 0 };
}

function readHeader(record: LspciRecord, config: ConfigSpace): void {
  if ((config.read8(PCI_HEADER_TYPE) & PCI_HEADER_TYPE_MASK) === PCI_HEADER_TYPE_NORMAL) {
    record.subsystem = {
      vendorId: config.read16(PCI_SUBSYSTEM_VENDOR_ID),
      deviceId: config.read16(PCI_SUBSYSTEM_ID),
    };
    return;
  }
  const secondary = config.read8(PCI_SECONDARY_BUS);
  record.buses = secondary === 0 ? null : { secondary, subordinate: config.read8(PCI_SUBORDINATE_BUS) };
}

function readExpress(record: LspciRecord, config: ConfigSpace): void {
  const offset = config.findCapability(PCI_CAP_ID_EXP);
  if (offset === 0) {
    record.express = null;
    return;
  }
  const type = (config.read16(offset + PCI_EXP_FLAGS) & PCI_EXP_FLAGS_TYPE) >> 4;
  record.express = PORT_KINDS[type] ?? { unknown: `type ${type}` };
}

function readExtended(record: LspciRecord, config: ConfigSpace): void {
  const acs = config.findExtCapability(PCI_EXT_CAP_ID_ACS);
  record.acsListed = acs !== 0;
  if (acs !== 0) {
    const dword = hasDwordAcs(record.vendorId ?? 0, record.deviceId ?? 0);
    record.acsCap = config.read16(acs + PCI_ACS_CAP) & 0x7f;
    record.acsCtrl = config.read16(acs + (dword ? DWORD_ACS_CTRL : PCI_ACS_CTRL)) & 0x7f;
  } else {
    record.acsCap = null;
    record.acsCtrl = null;
  }
  record.ats = config.findExtCapability(ATS_CAP) !== 0;
  record.pri = config.findExtCapability(PRI_CAP) !== 0;
  const pasid = config.findExtCapability(PASID_CAP);
  // Capability register at +4: width in bits 12:8.
  const width = pasid === 0 ? 0 : (config.read16(pasid + 4) >> 8) & 0x1f;
  record.pasids = width >= 1 && width <= 20 ? 2 ** width : 0;
  const sriov = config.findExtCapability(SRIOV_CAP);
  if (sriov !== 0)
    record.sriov = {
      count: config.read16(sriov + 0x10),
      total: config.read16(sriov + 0x0e),
      vfDevice: config.read16(sriov + 0x1a),
      offset: config.read16(sriov + 0x14),
      stride: config.read16(sriov + 0x16),
    };
}
