import { formatBdf, formatShortBdf, functionOf, ridOf, slotOf, type PciAddress } from './address';
import { configImage } from './config-image';
import type { ConfigSpace } from './config-space';
import type { PciFunctionSpec } from './function-spec';
import {
  PCI_ACS_CAP,
  PCI_ACS_SV,
  PCI_CAP_ID_EXP,
  PCI_CLASS_REVISION,
  PCI_DEVICE_ID,
  PCI_EXP_FLAGS,
  PCI_EXP_FLAGS_TYPE,
  PCI_EXP_TYPE_DOWNSTREAM,
  PCI_EXP_TYPE_PCIE_BRIDGE,
  PCI_EXP_TYPE_ROOT_PORT,
  PCI_EXP_TYPE_UPSTREAM,
  PCI_EXT_CAP_ID_ACS,
  PCI_HEADER_TYPE,
  PCI_HEADER_TYPE_MASK,
  PCI_HEADER_TYPE_MFD,
  PCI_VENDOR_ID,
} from './regs';
import type { PciBus } from './topology';
import { isTunneled } from './untrusted';

/** What quirks found out about a function. Linux: enum pci_dev_flags */
export interface PciDevFlags {
  /** PCI_DEV_FLAGS_ACS_ENABLED_QUIRK */
  acsEnabledQuirk: boolean;
  /** PCI_DEV_FLAG_PCIE_BRIDGE_ALIAS */
  pcieBridgeAlias: boolean;
  /** PCI_DEV_FLAGS_BRIDGE_XLATE_ROOT */
  bridgeXlateRoot: boolean;
  /** PCI_DEV_FLAGS_PCI_BRIDGE_NO_ALIAS */
  bridgeNoAlias: boolean;
}

/**
 * One PCI function as Linux knows it: what it read from the registers once, and what it concluded.
 *
 * Linux: struct pci_dev; drivers/pci/probe.c pci_setup_device(), set_pcie_port_type(), pci.c pci_acs_init()
 */
export class PciFunction {
  readonly address: PciAddress;
  /** `0000:01:00.0` */
  readonly name: string;
  readonly config: ConfigSpace;
  readonly vendorId: number;
  readonly deviceId: number;
  /** 24 bits, base class first. */
  readonly classCode: number;
  readonly headerType: number;
  /** Offset of the PCIe capability, 0 for a conventional function. */
  readonly pcieCap: number;
  /** Cached PCI_EXP_FLAGS, with the port type corrected. */
  readonly pcieFlags: number;
  /** What it reads and writes must be translated. Linux: probe.c set_pcie_untrusted() */
  readonly untrusted: boolean;
  /** Offset of the ACS capability, 0 for none. */
  readonly acsCap: number;
  /** Cached ACS capability bits, less the broken ones. */
  readonly acsCapabilities: number;
  readonly flags: PciDevFlags = {
    acsEnabledQuirk: false,
    pcieBridgeAlias: false,
    bridgeXlateRoot: false,
    bridgeNoAlias: false,
  };
  /** Other devfns of its bus that it may use as requester id; null for none. */
  dmaAliasMask: Set<number> | null = null;
  /** Linux's idea, which differs from the header's bit: see PciTopology.finishSlotScan(). */
  multifunction: boolean;
  /** The bus behind it. */
  subordinate: PciBus | null = null;

  constructor(
    readonly spec: PciFunctionSpec,
    readonly bus: PciBus,
  ) {
    this.address = spec.address;
    this.name = formatBdf(spec.address);
    const config = configImage(spec);
    this.config = config;
    this.vendorId = this.isVirtual ? spec.vendorId : config.read16(PCI_VENDOR_ID);
    this.deviceId = this.isVirtual ? spec.deviceId : config.read16(PCI_DEVICE_ID);
    this.classCode = config.read32(PCI_CLASS_REVISION) >>> 8;
    const headerType = config.read8(PCI_HEADER_TYPE);
    this.headerType = headerType & PCI_HEADER_TYPE_MASK;
    // Linux: iov.c pci_iov_add_virtfn() clears it for virtual functions.
    this.multifunction = !this.isVirtual && (headerType & PCI_HEADER_TYPE_MFD) !== 0;
    this.pcieCap = config.findCapability(PCI_CAP_ID_EXP);
    this.pcieFlags =
      this.pcieCap === 0 ? 0 : correctedFlags(config.read16(this.pcieCap + PCI_EXP_FLAGS), bus.self);
    this.untrusted = spec.untrusted || isTunneled(this);
    this.acsCap = bus.topology.kernel.extendedConfig ? config.findExtCapability(PCI_EXT_CAP_ID_ACS) : 0;
    this.acsCapabilities =
      this.acsCap === 0 ? 0 : config.read16(this.acsCap + PCI_ACS_CAP) & ~this.brokenAcsBits();
  }

  /** Own requester id. */
  get rid(): number {
    return ridOf(this.address.bus, this.address.devfn);
  }
  get slot(): number {
    return slotOf(this.address.devfn);
  }
  get fn(): number {
    return functionOf(this.address.devfn);
  }
  get isVirtual(): boolean {
    return this.spec.virtualOf !== null;
  }
  /** Linux: pci_is_pcie() */
  get isPcie(): boolean {
    return this.pcieCap !== 0;
  }
  /** Linux: pci_pcie_type(); 0 for conventional functions too. */
  get pcieType(): number {
    return portType(this.pcieFlags);
  }
  /** `01:00.0`, with the segment only where it is not 0: for sentences. */
  get shortName(): string {
    return this.address.domain === 0 ? formatShortBdf(this.address.bus, this.address.devfn) : this.name;
  }

  /**
   * Two IDT switches apply Source Validation to completions, so Linux does without it.
   * Linux: quirks.c pci_disable_broken_acs_cap()
   */
  private brokenAcsBits(): number {
    return this.vendorId === 0x111d && (this.deviceId === 0x80b5 || this.deviceId === 0x8090)
      ? PCI_ACS_SV
      : 0;
  }
}

const portType = (flags: number): number => (flags & PCI_EXP_FLAGS_TYPE) >> 4;

/** Linux: include/linux/pci.h pcie_downstream_port() */
export function isDownstreamPort(fn: PciFunction): boolean {
  const type = fn.pcieType;
  return (
    type === PCI_EXP_TYPE_ROOT_PORT || type === PCI_EXP_TYPE_DOWNSTREAM || type === PCI_EXP_TYPE_PCIE_BRIDGE
  );
}

/**
 * Ports that sit where their type cannot: a downstream port below a downstream port, an upstream port below an
 * upstream port. Linux clears the type field to correct it, but then ORs the new type in without shifting it, so the
 * type ends as 0 (endpoint) and the version field is spoilt.
 *
 * Linux: probe.c set_pcie_port_type()
 */
function correctedFlags(flags: number, parent: PciFunction | null): number {
  const type = portType(flags);
  if (parent === null) return flags;
  if (type === PCI_EXP_TYPE_DOWNSTREAM && isDownstreamPort(parent))
    return (flags & ~PCI_EXP_FLAGS_TYPE) | PCI_EXP_TYPE_UPSTREAM;
  if (type === PCI_EXP_TYPE_UPSTREAM && parent.pcieType === PCI_EXP_TYPE_UPSTREAM)
    return (flags & ~PCI_EXP_FLAGS_TYPE) | PCI_EXP_TYPE_DOWNSTREAM;
  return flags;
}
