import { devfnOf } from './address';
import type { PciFunction } from './function';
import {
  PCI_EXP_TYPE_PCI_BRIDGE,
  PCI_HEADER_TYPE_BRIDGE,
  PCI_SUBSYSTEM_ID,
  PCI_SUBSYSTEM_VENDOR_ID,
} from './regs';

/**
 * Devices that use a requester id other than their own.
 *
 * Linux: drivers/pci/quirks.c, the header fixups from quirk_dma_func0_alias() to quirk_aspeed_pci_bridge_no_alias(), and
 * quirk_plx_ntb_dma_alias(). The aliases of Switchtec NTBs stand in their own memory-mapped tables: a script tells them.
 */
type Fixup = (fn: PciFunction) => void;

/** Linux: pci.c pci_add_dma_alias() */
function addAlias(fn: PciFunction, first: number, count = 1): void {
  const mask = (fn.dmaAliasMask ??= new Set());
  for (let devfn = first; devfn < Math.min(first + count, 256); devfn++) mask.add(devfn);
}

const func0Alias: Fixup = (fn) => {
  if (fn.fn !== 0) addAlias(fn, devfnOf(fn.slot, 0));
};
const func1Alias: Fixup = (fn) => {
  if (fn.fn !== 1) addAlias(fn, devfnOf(fn.slot, 1));
};
/** Adaptec 3405 and 3805: the DMA engine is a hidden device at 01.0. */
const fixedAlias: Fixup = (fn) => {
  const subsystem = fn.config.read16(PCI_SUBSYSTEM_ID);
  const known = subsystem === 0x02bb || subsystem === 0x02bc;
  if (fn.config.read16(PCI_SUBSYSTEM_VENDOR_ID) === 0x9005 && known) addAlias(fn, devfnOf(1, 0));
};
/** PCIe-to-PCI bridges that hide their PCIe capability. */
const pcieBridgeAlias: Fixup = (fn) => {
  const above = fn.bus.self;
  if (fn.bus.parent === null || above === null || fn.headerType !== PCI_HEADER_TYPE_BRIDGE || fn.isPcie)
    return;
  if (above.isPcie && above.pcieType !== PCI_EXP_TYPE_PCI_BRIDGE) fn.flags.pcieBridgeAlias = true;
};
/** Intel MIC x200 */
const micX200Alias: Fixup = (fn) => {
  for (const devfn of [devfnOf(0x10, 0), devfnOf(0x11, 0), devfnOf(0x12, 3)]) addAlias(fn, devfn);
};
/** Intel Visual Compute Accelerator: five functions of every slot. */
const pexVcaAlias: Fixup = (fn) => {
  for (let slot = 0; slot < 32; slot++) addAlias(fn, devfnOf(slot, 0), 5);
};
/** Vulcan, ThunderX2: the IOMMU sits at this bridge, not at the root bus. */
const xlateRoot: Fixup = (fn) => {
  fn.flags.bridgeXlateRoot = true;
};
/** AST1150 passes requester ids on. */
const bridgeNoAlias: Fixup = (fn) => {
  fn.flags.bridgeNoAlias = true;
};
const plxNtbAlias: Fixup = (fn) => {
  addAlias(fn, 0, 256);
};

type Row = readonly [vendorId: number, devices: readonly number[], name: string, fixup: Fixup];

/** Facts of the kernel's declarations, in their order; names are the kernel's. */
export const ALIAS_QUIRKS: readonly Row[] = [
  [0x1180, [0xe832, 0xe476], 'quirk_dma_func0_alias', func0Alias],
  [0x6766, [0x3d40, 0x3d41], 'quirk_dma_func0_alias', func0Alias],
  [
    0x1b4b,
    [
      0x9120, 0x9123, 0x9125, 0x9128, 0x9130, 0x9170, 0x9172, 0x917a, 0x9182, 0x9183, 0x91a0, 0x9215, 0x9220,
      0x9230, 0x9235,
    ],
    'quirk_dma_func1_alias',
    func1Alias,
  ],
  [0x1103, [0x0642, 0x0645], 'quirk_dma_func1_alias', func1Alias],
  [0x197b, [0x2392], 'quirk_dma_func1_alias', func1Alias],
  [0x1c28, [0x0122], 'quirk_dma_func1_alias', func1Alias],
  [0x9005, [0x0285], 'quirk_fixed_dma_alias', fixedAlias],
  [0x1b21, [0x1080], 'quirk_use_pcie_bridge_dma_alias', pcieBridgeAlias],
  [0x10e3, [0x8113], 'quirk_use_pcie_bridge_dma_alias', pcieBridgeAlias],
  [0x1283, [0x8892, 0x8893], 'quirk_use_pcie_bridge_dma_alias', pcieBridgeAlias],
  [0x8086, [0x244e], 'quirk_use_pcie_bridge_dma_alias', pcieBridgeAlias],
  [0x8086, [0x2260, 0x2264], 'quirk_mic_x200_dma_alias', micX200Alias],
  [0x8086, [0x2954, 0x2955, 0x2956, 0x2958, 0x2959, 0x295a], 'quirk_pex_vca_alias', pexVcaAlias],
  [0x14e4, [0x9000, 0x9084], 'quirk_bridge_cavm_thrx2_pcie_root', xlateRoot],
  [0x1a03, [0x1150], 'quirk_aspeed_pci_bridge_no_alias', bridgeNoAlias],
  [0x10b5, [0x87b0, 0x87b1], 'quirk_plx_ntb_dma_alias', plxNtbAlias],
];

/**
 * Runs the header fixups of a function that was just found, and adds what the script tells of it.
 * Linux: amd/iommu.c setup_aliases() for the latter, quirks.c quirk_switchtec_ntb_dma_alias()
 */
export function applyAliasQuirks(fn: PciFunction): void {
  for (const devfn of fn.spec.aliases) addAlias(fn, devfn);
  for (const [vendorId, devices, , fixup] of ALIAS_QUIRKS)
    if (vendorId === fn.vendorId && devices.includes(fn.deviceId)) fixup(fn);
}

/** The quirk that gave a function other requester ids than its own; null: none did. */
export function aliasQuirkOf(fn: PciFunction): string | null {
  if (fn.dmaAliasMask === null) return null;
  const row = ALIAS_QUIRKS.find(
    ([vendorId, devices]) => vendorId === fn.vendorId && devices.includes(fn.deviceId),
  );
  return row?.[2] ?? null;
}
