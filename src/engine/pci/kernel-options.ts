import type { AcsOverride } from './acs-override';

/** What the kernel was built and told to do with PCI, as far as groups can tell. */
export interface PciKernelOptions {
  /** An IOMMU is on, so that Linux turns ACS on wherever it finds it. Linux: pci_request_acs() */
  readonly acsRequested: boolean;
  /** `pci=noats`. Linux: pci_ats_disabled() */
  readonly noAts: boolean;
  /** `pci=disable_acs_redir=`: which functions, in the notation of pciDevStrMatch(); null: none. */
  readonly disableAcsRedir: string | null;
  /** `pci=config_acs=`: bits and functions; null: none. */
  readonly configAcs: string | null;
  /** `pci=pcie_scan_all`: below a port too every device number is tried. Linux: PCI_SCAN_ALL_PCIE_DEVS */
  readonly scanAll: boolean;
  /** False with `pci=nommconf`: extended capabilities, ACS among them, are out of reach on x86. */
  readonly extendedConfig: boolean;
  /** Firmware has an IVRS table; null: when one of the functions is an AMD IOMMU. */
  readonly ivrs: boolean | null;
  /** `pcie_acs_override=` of kernels with that patch. */
  readonly acsOverride: AcsOverride | null;
}

export const DEFAULT_PCI_KERNEL: PciKernelOptions = {
  acsRequested: true,
  noAts: false,
  disableAcsRedir: null,
  configAcs: null,
  scanAll: false,
  extendedConfig: true,
  ivrs: null,
  acsOverride: null,
};
