import { judgeByQuirk, type AcsQuirk } from './acs-quirks';
import type { PciFunction } from './function';
import { kindWords } from './function-spec';
import {
  acsBitNames,
  PCI_ACS_CR,
  PCI_ACS_CTRL,
  PCI_ACS_EC,
  PCI_ACS_RR,
  PCI_ACS_SV,
  PCI_ACS_UF,
  PCI_EXP_TYPE_DOWNSTREAM,
  PCI_EXP_TYPE_ENDPOINT,
  PCI_EXP_TYPE_LEG_END,
  PCI_EXP_TYPE_PCI_BRIDGE,
  PCI_EXP_TYPE_PCIE_BRIDGE,
  PCI_EXP_TYPE_RC_EC,
  PCI_EXP_TYPE_RC_END,
  PCI_EXP_TYPE_ROOT_PORT,
  PCI_EXP_TYPE_UPSTREAM,
} from './regs';

/** What isolation asks for. Linux: drivers/iommu/iommu.c REQ_ACS_FLAGS */
export const REQ_ACS_FLAGS = PCI_ACS_SV | PCI_ACS_RR | PCI_ACS_CR | PCI_ACS_UF;

/** Whether a function keeps its traffic apart, and on what ground. */
export type AcsVerdict =
  | { readonly enabled: boolean; readonly ground: 'quirk'; readonly quirk: AcsQuirk }
  | { readonly enabled: false; readonly ground: 'conventional' | 'bridge' | 'rcec' | 'no-capability' }
  | { readonly enabled: false; readonly ground: 'control'; readonly missing: number }
  | { readonly enabled: true; readonly ground: 'control' | 'single-function' };

/** Linux: drivers/pci/pci.c pci_acs_enabled(), with the ground of its answer. */
export function acsVerdict(fn: PciFunction, flags: number): AcsVerdict {
  const special = judgeByQuirk(fn, flags);
  if (special !== null) return { ground: 'quirk', quirk: special.quirk, enabled: special.enabled };
  if (!fn.isPcie) return { ground: 'conventional', enabled: false };
  switch (fn.pcieType) {
    case PCI_EXP_TYPE_PCIE_BRIDGE:
    case PCI_EXP_TYPE_PCI_BRIDGE:
      return { ground: 'bridge', enabled: false };
    case PCI_EXP_TYPE_RC_EC:
      return { ground: 'rcec', enabled: false };
    case PCI_EXP_TYPE_DOWNSTREAM:
    case PCI_EXP_TYPE_ROOT_PORT:
      return flagsVerdict(fn, flags);
    case PCI_EXP_TYPE_ENDPOINT:
    case PCI_EXP_TYPE_UPSTREAM:
    case PCI_EXP_TYPE_LEG_END:
    case PCI_EXP_TYPE_RC_END:
      return fn.multifunction ? flagsVerdict(fn, flags) : { ground: 'single-function', enabled: true };
    default:
      return { ground: 'single-function', enabled: true };
  }
}

export const acsEnabled = (fn: PciFunction, flags: number): boolean => acsVerdict(fn, flags).enabled;

/** Linux: pci.c pci_acs_flags_enabled(). A bit that the capability lacks counts as hard-wired on, except egress control. */
function flagsVerdict(fn: PciFunction, flags: number): AcsVerdict {
  if (fn.acsCap === 0) return { ground: 'no-capability', enabled: false };
  const wanted = flags & (fn.acsCapabilities | PCI_ACS_EC);
  const missing = wanted & ~fn.config.read16(fn.acsCap + PCI_ACS_CTRL);
  return missing === 0
    ? { ground: 'control', enabled: true }
    : { ground: 'control', enabled: false, missing };
}

/** The first bridge from `start` to the root bus that does not isolate; null when all do. Linux: pci_acs_path_enabled() */
export function firstLeakyBridge(start: PciFunction, flags: number): PciFunction | null {
  for (let fn: PciFunction | null = start; fn !== null; fn = fn.bus.self) {
    if (!acsEnabled(fn, flags)) return fn;
    if (fn.bus.parent === null) return null;
  }
  // A bus without a bridge below another bus: the kernel walks into it only through virtual functions.
  return null;
}

/** Why `fn` does not isolate, as a phrase that starts with what it is. */
export function explainLeak(fn: PciFunction, flags: number): string {
  const who = `${kindWords(fn.spec.kind)} ${fn.shortName}`;
  const verdict = acsVerdict(fn, flags);
  switch (verdict.ground) {
    case 'quirk':
      return verdict.quirk.name === 'pci_quirk_intel_spt_pch_acs'
        ? `${who} has ACS bits off in its control register at +8`
        : `${who} counts as not isolating (${verdict.quirk.name})`;
    case 'conventional':
      return `${who} is not PCI Express, and a conventional bus has no ACS`;
    case 'bridge':
      return `${who} leads to a conventional bus, which has no ACS`;
    case 'rcec':
      return `${who} cannot have ACS`;
    case 'no-capability':
      return `${who} has no ACS capability`;
    case 'control':
      return verdict.enabled
        ? `${who} isolates`
        : `${who} has ${acsBitNames(verdict.missing).join(', ')} off in its ACS control register`;
    case 'single-function':
      return `${who} isolates`;
  }
}
