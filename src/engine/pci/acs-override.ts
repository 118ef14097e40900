import type { PciFunction } from './function';
import {
  PCI_EXP_TYPE_DOWNSTREAM,
  PCI_EXP_TYPE_ENDPOINT,
  PCI_EXP_TYPE_LEG_END,
  PCI_EXP_TYPE_RC_END,
  PCI_EXP_TYPE_ROOT_PORT,
  PCI_EXP_TYPE_UPSTREAM,
} from './regs';

/**
 * What `pcie_acs_override=` asks for: that functions without an ACS capability count as isolated. It writes no register, so
 * whatever can reach its neighbours still does.
 *
 * Linux: "pci: Enable overrides for missing ACS capabilities", a patch that was never merged
 */
export interface AcsOverride {
  readonly downstream: boolean;
  readonly multifunction: boolean;
  readonly ids: readonly { readonly vendorId: number; readonly deviceId: number }[];
}

/** The patch has room for sixteen and uses fifteen. */
const MOST_IDS = 15;

/** The patch's pcie_acs_override_setup(): prefixes count, what it does not know it passes over. */
export function parseAcsOverride(text: string, remark: (what: string) => void): AcsOverride | null {
  let [downstream, multifunction] = [false, false];
  const ids: { vendorId: number; deviceId: number }[] = [];
  for (const word of text.split(',')) {
    if (word.startsWith('downstream')) downstream = true;
    else if (word.startsWith('multifunction')) multifunction = true;
    else if (word.startsWith('id:')) {
      const match = /^id:([0-9a-f]{1,4}):([0-9a-f]{1,4})/i.exec(word);
      if (match === null) remark(`PCIe ACS invalid ID: ${word}`);
      else if (ids.length >= MOST_IDS) remark(`Out of PCIe ACS override slots (${MOST_IDS + 1})`);
      else ids.push({ vendorId: parseInt(match[1] ?? '', 16), deviceId: parseInt(match[2] ?? '', 16) });
    } else if (word !== '') remark(`pcie_acs_override does not know ${word}`);
  }
  return downstream || multifunction || ids.length > 0 ? { downstream, multifunction, ids } : null;
}

/** The word of the override that speaks for this function; null: none does. The patch's pcie_acs_overrides() */
export function overrideFor(fn: PciFunction, override: AcsOverride): string | null {
  if (!fn.isPcie || fn.acsCap !== 0) return null;
  if (override.ids.some((id) => id.vendorId === fn.vendorId && id.deviceId === fn.deviceId)) return 'id';
  switch (fn.pcieType) {
    case PCI_EXP_TYPE_DOWNSTREAM:
    case PCI_EXP_TYPE_ROOT_PORT:
      return override.downstream ? 'downstream' : null;
    case PCI_EXP_TYPE_ENDPOINT:
    case PCI_EXP_TYPE_UPSTREAM:
    case PCI_EXP_TYPE_LEG_END:
    case PCI_EXP_TYPE_RC_END:
      return override.multifunction && fn.multifunction ? 'multifunction' : null;
    default:
      return null;
  }
}
