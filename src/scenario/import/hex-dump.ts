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

const HEX_LINE = /^([0-9a-f]{2,3}): ([0-9a-f]{2}(?: [0-9a-f]{2}){0,15})$/i;
const SRIOV_CAP = 0x10;

/** Takes a line such as `40: 01 90 d1 fe …` into the record's bytes; false when it is none, or out of turn. */
export function readHexLine(record: LspciRecord, text: string): boolean {
  const match = HEX_LINE.exec(text);
  if (match === null) return false;
  const offset = parseInt(match[1] ?? '', 16);
  const bytes = (match[2] ?? '').split(' ');
  if (offset !== record.byteCount || offset + bytes.length > 4096) return offset < 4096;
  record.bytes ??= new Uint8Array(offset < 256 ? 256 : 4096);
  if (offset + bytes.length > record.bytes.length) {
    const larger = new Uint8Array(4096);
    larger.set(record.bytes);
    record.bytes = larger;
  }
  bytes.forEach((byte, index) => record.bytes?.set([parseInt(byte, 16)], offset + index));
  record.byteCount = offset + bytes.length;
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
  const sriov = config.findExtCapability(SRIOV_CAP);
  if (sriov !== 0)
    record.sriov = {
      count: config.read16(sriov + 0x10),
      offset: config.read16(sriov + 0x14),
      stride: config.read16(sriov + 0x16),
    };
}
