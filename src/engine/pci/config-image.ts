import { ConfigSpace } from './config-space';
import { DWORD_ACS_CTRL, hasDwordAcs } from './dword-acs';
import {
  isBridgeKind,
  UNKNOWN_ID,
  type PciBar,
  type PciFunctionSpec,
  type PciKind,
  type SriovSpec,
} from './function-spec';
import {
  PCI_ACS_CAP,
  PCI_ACS_CTRL,
  PCI_BASE_ADDRESS_0,
  PCI_BASE_ADDRESS_MEM_PREFETCH,
  PCI_BASE_ADDRESS_MEM_TYPE_64,
  PCI_CAP_ID_EXP,
  PCI_CAPABILITY_LIST,
  PCI_CFG_SPACE_EXP_SIZE,
  PCI_CFG_SPACE_SIZE,
  PCI_CLASS_REVISION,
  PCI_DEVICE_ID,
  PCI_EXP_FLAGS,
  PCI_EXP_TYPE_DOWNSTREAM,
  PCI_EXP_TYPE_ENDPOINT,
  PCI_EXP_TYPE_LEG_END,
  PCI_EXP_TYPE_PCIE_BRIDGE,
  PCI_EXP_TYPE_PCI_BRIDGE,
  PCI_EXP_TYPE_RC_EC,
  PCI_EXP_TYPE_RC_END,
  PCI_EXP_TYPE_ROOT_PORT,
  PCI_EXP_TYPE_UPSTREAM,
  PCI_EXT_CAP_ID_ACS,
  PCI_EXT_CAP_ID_SRIOV,
  PCI_HEADER_TYPE,
  PCI_HEADER_TYPE_BRIDGE,
  PCI_HEADER_TYPE_CARDBUS,
  PCI_HEADER_TYPE_MFD,
  PCI_HEADER_TYPE_NORMAL,
  PCI_PRIMARY_BUS,
  PCI_SECONDARY_BUS,
  PCI_SRIOV_INITIAL_VF,
  PCI_SRIOV_TOTAL_VF,
  PCI_SRIOV_VF_DID,
  PCI_SRIOV_VF_OFFSET,
  PCI_SRIOV_VF_STRIDE,
  PCI_STATUS,
  PCI_STATUS_CAP_LIST,
  PCI_SUBORDINATE_BUS,
  PCI_SUBSYSTEM_ID,
  PCI_SUBSYSTEM_VENDOR_ID,
  PCI_VENDOR_ID,
} from './regs';

/** Where this model puts its capabilities. Real devices vary; software must look them up. */
const EXP_OFFSET = 0x40;
const ACS_OFFSET = 0x100;
const SRIOV_OFFSET = 0x140;

const PORT_TYPE: Readonly<Record<PciKind, number | null>> = {
  'root-port': PCI_EXP_TYPE_ROOT_PORT,
  'upstream-port': PCI_EXP_TYPE_UPSTREAM,
  'downstream-port': PCI_EXP_TYPE_DOWNSTREAM,
  'pcie-to-pci': PCI_EXP_TYPE_PCI_BRIDGE,
  'pci-to-pcie': PCI_EXP_TYPE_PCIE_BRIDGE,
  endpoint: PCI_EXP_TYPE_ENDPOINT,
  'legacy-endpoint': PCI_EXP_TYPE_LEG_END,
  rciep: PCI_EXP_TYPE_RC_END,
  rcec: PCI_EXP_TYPE_RC_EC,
  'pci-bridge': null,
  pci: null,
};

export const isPcieKind = (kind: PciKind): boolean => PORT_TYPE[kind] !== null;

/** The header type a spec means; a CardBus bridge (class 0607) has a layout of its own. */
export function headerTypeOf(spec: PciFunctionSpec): number {
  if (!isBridgeKind(spec.kind)) return PCI_HEADER_TYPE_NORMAL;
  return spec.classCode >> 8 === 0x0607 ? PCI_HEADER_TYPE_CARDBUS : PCI_HEADER_TYPE_BRIDGE;
}

/**
 * The registers of a function before any software touched them.
 *
 * Spec: PCI Express Base 6.0, 7.5.1 "PCI-Compatible Configuration Registers", 7.5.3 "PCI Express Capability Structure",
 * 7.7.11 "Access Control Services (ACS) Extended Capability"
 */
export function configImage(spec: PciFunctionSpec): ConfigSpace {
  const portType = PORT_TYPE[spec.kind];
  const config = new ConfigSpace(
    new Uint8Array(portType === null ? PCI_CFG_SPACE_SIZE : PCI_CFG_SPACE_EXP_SIZE),
  );
  const headerType = headerTypeOf(spec);
  // A virtual function answers all ones for its ids; software takes the physical function's.
  const virtual = spec.virtualOf !== null;
  config.write16(PCI_VENDOR_ID, virtual ? UNKNOWN_ID : spec.vendorId);
  config.write16(PCI_DEVICE_ID, virtual ? UNKNOWN_ID : spec.deviceId);
  config.write32(PCI_CLASS_REVISION, spec.classCode * 0x100 + spec.revision);
  config.write8(PCI_HEADER_TYPE, headerType | (spec.multifunction ? PCI_HEADER_TYPE_MFD : 0));
  if (headerType === PCI_HEADER_TYPE_NORMAL && spec.subsystem !== null) {
    config.write16(PCI_SUBSYSTEM_VENDOR_ID, spec.subsystem.vendorId);
    config.write16(PCI_SUBSYSTEM_ID, spec.subsystem.deviceId);
  }
  if (spec.buses !== null) {
    config.write8(PCI_PRIMARY_BUS, spec.address.bus);
    config.write8(PCI_SECONDARY_BUS, spec.buses.secondary);
    config.write8(PCI_SUBORDINATE_BUS, spec.buses.subordinate);
  }
  if (portType !== null) {
    config.write16(PCI_STATUS, PCI_STATUS_CAP_LIST);
    config.write8(PCI_CAPABILITY_LIST, EXP_OFFSET);
    config.write16(EXP_OFFSET, PCI_CAP_ID_EXP);
    config.write16(EXP_OFFSET + PCI_EXP_FLAGS, (portType << 4) | 2);
  }
  if (!virtual && headerType !== PCI_HEADER_TYPE_CARDBUS) {
    const registers = headerType === PCI_HEADER_TYPE_BRIDGE ? 2 : 6;
    writeBars(config, spec.bars, PCI_BASE_ADDRESS_0 + registers * 4);
  }
  const sriovAt = spec.sriov === null ? 0 : spec.acs === null ? PCI_CFG_SPACE_SIZE : SRIOV_OFFSET;
  if (spec.sriov !== null) writeSriov(config, spec.sriov, sriovAt);
  if (spec.acs !== null) {
    config.write32(ACS_OFFSET, extCapability(PCI_EXT_CAP_ID_ACS, sriovAt));
    config.write16(ACS_OFFSET + PCI_ACS_CAP, spec.acs.cap);
    const ctrl = hasDwordAcs(spec.vendorId, spec.deviceId) ? DWORD_ACS_CTRL : PCI_ACS_CTRL;
    config.write16(ACS_OFFSET + ctrl, spec.acs.firmware ?? spec.acs.ctrl ?? 0);
  }
  return config;
}

/** Spec: PCI Express Base 6.0, 7.6.3 "PCI Express Extended Capability Header", version 1 */
const extCapability = (id: number, next: number): number => id | (1 << 16) | (next << 20);

/** As the BIOS assigned them. A region above 4 GiB takes two registers; what finds no room is left out. */
function writeBars(config: ConfigSpace, bars: readonly PciBar[], end: number): void {
  let at = PCI_BASE_ADDRESS_0;
  for (const { start, bytes, prefetchable } of bars) {
    const wide = start + bytes > 1n << 32n;
    if (at + (wide ? 8 : 4) > end) return;
    const kind =
      (prefetchable ? PCI_BASE_ADDRESS_MEM_PREFETCH : 0) | (wide ? PCI_BASE_ADDRESS_MEM_TYPE_64 : 0);
    config.write32(at, Number(start & 0xffff_fff0n) | kind);
    if (wide) config.write32(at + 4, Number(start >> 32n));
    at += wide ? 8 : 4;
  }
}

/** Switched off, as after a reset. Spec: PCI Express Base 6.0, 9.3.3 "SR-IOV Extended Capability" */
function writeSriov(config: ConfigSpace, sriov: SriovSpec, at: number): void {
  config.write32(at, extCapability(PCI_EXT_CAP_ID_SRIOV, 0));
  config.write16(at + PCI_SRIOV_INITIAL_VF, sriov.total);
  config.write16(at + PCI_SRIOV_TOTAL_VF, sriov.total);
  config.write16(at + PCI_SRIOV_VF_OFFSET, sriov.offset);
  config.write16(at + PCI_SRIOV_VF_STRIDE, sriov.stride);
  config.write16(at + PCI_SRIOV_VF_DID, sriov.vfDevice ?? UNKNOWN_ID);
}
