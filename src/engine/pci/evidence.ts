import { acsVerdict } from './acs';
import { aliasQuirkOf } from './alias-quirks';
import { DWORD_ACS_CTRL, hasDwordAcs } from './dword-acs';
import type { PciFunction } from './function';
import { kindWords } from './function-spec';
import { ACS_BITS, acsBitNames, PCI_ACS_CTRL, PCI_EXP_TYPE_PCI_BRIDGE } from './regs';

/** One thing that Linux looked at when it chose a group. */
export interface Evidence {
  /** PCI name of the function that has it. */
  readonly device: string;
  /** As lspci names it: `ACSCap`, `ACSCtl`, `header type`, `Express`; else `quirk` (a table in the kernel), `firmware`, `IOMMU`, `host bridge`. */
  readonly where: string;
  readonly what: string;
  /** ACS bits that are missing, by name. */
  readonly missing: readonly string[];
  /** The function of the kernel that asks for it. */
  readonly rule: string;
}

/** Why a function does or does not isolate: the register, or the row of a table, that decides. */
export function acsEvidence(fn: PciFunction, flags: number): Evidence {
  const verdict = acsVerdict(fn, flags);
  const found = (where: string, what: string, missing = 0, rule = 'pci_acs_enabled'): Evidence => ({
    device: fn.name,
    where,
    what,
    missing: acsBitNames(missing),
    rule,
  });
  switch (verdict.ground) {
    case 'quirk':
      return dwordEvidence(fn, flags) ?? found('quirk', quirkWords(verdict), 0, verdict.quirk.name);
    case 'conventional':
      return found('Express', 'no PCI Express capability');
    case 'bridge':
    case 'rcec':
      return found('Express', kindWords(fn.spec.kind));
    case 'no-capability':
      return found('ACSCap', 'no ACS capability', flags, 'pci_acs_flags_enabled');
    case 'control': {
      const what = signs(fn.config.read16(fn.acsCap + PCI_ACS_CTRL), flags);
      return found('ACSCtl', what, verdict.enabled ? 0 : verdict.missing, 'pci_acs_flags_enabled');
    }
    case 'single-function':
      return found('header type', 'single function');
  }
}

const quirkWords = ({
  enabled,
  quirk,
}: Extract<ReturnType<typeof acsVerdict>, { ground: 'quirk' }>): string =>
  enabled ? `isolated: ${quirk.because}` : 'not isolated';

/** `SV+ RR- CR+ UF+`, as lspci writes them. */
const signs = (value: number, flags: number): string =>
  ACS_BITS.filter(([, bit]) => (flags & bit) !== 0)
    .map(([name, bit]) => `${name}${(value & bit) === 0 ? '-' : '+'}`)
    .join(' ');

/** The register that lspci does not print. */
function dwordEvidence(fn: PciFunction, flags: number): Evidence | null {
  if (!hasDwordAcs(fn.vendorId, fn.deviceId) || fn.acsCap === 0) return null;
  const value = fn.config.read16(fn.acsCap + DWORD_ACS_CTRL);
  return {
    device: fn.name,
    where: 'ACSCtl',
    what: `${signs(value, flags)} at +8`,
    missing: acsBitNames(flags & fn.acsCapabilities & ~value),
    rule: 'pci_quirk_intel_spt_pch_acs',
  };
}

/** What puts another requester id on the DMA of whoever is below `at`, or of `at` itself. */
export function aliasEvidence(at: PciFunction): Evidence {
  const found = (where: string, what: string, rule: string): Evidence => ({
    device: at.name,
    where,
    what,
    missing: [],
    rule,
  });
  if (at.flags.pcieBridgeAlias)
    return found('quirk', 'a PCIe-to-PCI bridge without the capability', 'quirk_use_pcie_bridge_dma_alias');
  const quirk = aliasQuirkOf(at);
  if (quirk !== null) return found('quirk', 'sends DMA with other requester ids', quirk);
  if (at.dmaAliasMask !== null)
    return found('firmware', 'sends DMA with other requester ids', 'pci_add_dma_alias');
  if (!at.isPcie) return found('Express', 'no PCI Express capability', 'pci_for_each_dma_alias');
  return at.pcieType === PCI_EXP_TYPE_PCI_BRIDGE
    ? found('Express', 'PCI/PCI-X bridge: its secondary bus stands for all below', 'pci_for_each_dma_alias')
    : found(
        'Express',
        `${kindWords(at.spec.kind)}: its own requester id stands for all below`,
        'pci_for_each_dma_alias',
      );
}

/** All DMA of a VMD's segment carries the requester id of the VMD. */
export const vmdEvidence = (vmd: PciFunction): Evidence => ({
  device: vmd.name,
  where: 'quirk',
  what: 'Volume Management Device: its requester id stands for its whole segment',
  missing: [],
  rule: 'pci_real_dma_dev',
});

/** Several functions of one device may talk behind the IOMMU's back. */
export const multifunctionEvidence = (fn: PciFunction): Evidence => ({
  device: fn.name,
  where: 'header type',
  what: fn.multifunction ? 'multifunction' : 'single function',
  missing: [],
  rule: 'get_pci_function_alias_group',
});
