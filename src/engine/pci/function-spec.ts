import type { PciAddress } from './address';

/** What kind of function it is: the port type of its PCIe capability, or a conventional one without that capability. */
export const PCI_KINDS = [
  'root-port',
  'upstream-port',
  'downstream-port',
  'pcie-to-pci',
  'pci-to-pcie',
  'endpoint',
  'legacy-endpoint',
  'rciep',
  'rcec',
  'pci-bridge',
  'pci',
] as const;
export type PciKind = (typeof PCI_KINDS)[number];

/** Everything that a `pci` line of a script says: a function as it comes out of the factory and the firmware. */
export interface PciFunctionSpec {
  readonly address: PciAddress;
  readonly kind: PciKind;
  /** UNKNOWN_ID where a dump gives names only. */
  readonly vendorId: number;
  readonly deviceId: number;
  /** Needed by one DMA alias quirk only; null when not told. */
  readonly subsystem: { readonly vendorId: number; readonly deviceId: number } | null;
  /** 24 bits, base class first: 0x020000 is Ethernet. */
  readonly classCode: number;
  readonly revision: number;
  /** The buses behind a bridge; null for none (not a bridge, or not configured). */
  readonly buses: { readonly secondary: number; readonly subordinate: number } | null;
  readonly acs: AcsSpec | null;
  /** Bit 7 of the header type register. */
  readonly multifunction: boolean;
  /** The physical function, for an SR-IOV virtual one. */
  readonly virtualOf: PciAddress | null;
  /** `IOMMU group: N` of the dump it came from; `none` when the dump shows groups, but none for this function. */
  readonly recordedGroup: number | 'none' | null;
  readonly driver: string | null;
  /** Name of the IOMMU in whose scope it is, `none` for no IOMMU's; null: the machine's main one. */
  readonly iommu: string | null;
  /** PASIDs that it can use; 0 without that capability. */
  readonly pasids: number;
  /** It caches translations. Linux: pci_ats_supported() */
  readonly ats: boolean;
  /** It can ask for pages that are not there. Linux: pci_pri_supported() */
  readonly pri: boolean;
  /** Behind an external port, whatever the bridges above it are. Linux: pci_dev->untrusted */
  readonly untrusted: boolean;
  /** Firmware says that what is below this port comes from outside. Linux: pci_dev->external_facing */
  readonly external: boolean;
  /** Memory that it answers for, in the order of its base address registers; what is off or not told is left out. */
  readonly bars: readonly PciBar[];
  /** Virtual functions that it could have; null without that capability. */
  readonly sriov: SriovSpec | null;
  /** Devfns of its bus that its DMA carries too, as firmware or its own tables tell: an IVRS alias entry, an NTB's proxy ids. */
  readonly aliases: readonly number[];
  /** Text from outside: never markup. */
  readonly label: string | null;
}

export interface AcsSpec {
  /** The capability register. */
  readonly cap: number;
  /** The control register as that machine's Linux left it; null: as this one sets it. */
  readonly ctrl: number | null;
  /** The control register as firmware left it; absent: `ctrl`, or nothing set. */
  readonly firmware?: number;
}

/** A memory region behind a base address register. */
export interface PciBar {
  readonly start: bigint;
  readonly bytes: bigint;
  readonly prefetchable: boolean;
}

/** Spec: PCI Express Base 6.0, 9.3.3 "SR-IOV Extended Capability" */
export interface SriovSpec {
  /** TotalVFs */
  readonly total: number;
  /** VF Device ID; null when not told. */
  readonly vfDevice: number | null;
  /** First VF Offset: from the physical function's routing id to that of its first virtual function. */
  readonly offset: number;
  /** VF Stride */
  readonly stride: number;
}

/** Stands for "the text does not tell": no vendor or device has this number. */
export const UNKNOWN_ID = 0xffff;

/** A function that has nothing but its place and kind. */
export const plainSpec = (address: PciAddress, kind: PciKind): PciFunctionSpec => ({
  address,
  kind,
  vendorId: UNKNOWN_ID,
  deviceId: UNKNOWN_ID,
  subsystem: null,
  classCode: defaultClass(kind),
  revision: 0,
  buses: null,
  acs: null,
  multifunction: false,
  virtualOf: null,
  recordedGroup: null,
  driver: null,
  iommu: null,
  pasids: 0,
  ats: false,
  pri: false,
  untrusted: false,
  external: false,
  bars: [],
  sriov: null,
  aliases: [],
  label: null,
});

export const BRIDGE_KINDS: ReadonlySet<PciKind> = new Set([
  'root-port',
  'upstream-port',
  'downstream-port',
  'pcie-to-pci',
  'pci-to-pcie',
  'pci-bridge',
]);

export const isBridgeKind = (kind: PciKind): boolean => BRIDGE_KINDS.has(kind);

const KIND_WORDS: Readonly<Record<PciKind, string>> = {
  'root-port': 'root port',
  'upstream-port': 'switch upstream port',
  'downstream-port': 'switch downstream port',
  'pcie-to-pci': 'PCIe-to-PCI bridge',
  'pci-to-pcie': 'PCI-to-PCIe bridge',
  endpoint: 'endpoint',
  'legacy-endpoint': 'legacy endpoint',
  rciep: 'root complex integrated endpoint',
  rcec: 'root complex event collector',
  'pci-bridge': 'conventional PCI bridge',
  pci: 'conventional PCI function',
};

/** For sentences. */
export const kindWords = (kind: PciKind): string => KIND_WORDS[kind];

/** The class a script means when it names none. */
export function defaultClass(kind: PciKind): number {
  if (isBridgeKind(kind)) return 0x060400;
  return kind === 'rcec' ? 0x080700 : 0;
}
