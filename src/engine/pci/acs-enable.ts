import { REQ_ACS_FLAGS } from './acs';
import { PCH_ROOT_PORTS } from './acs-quirk-ids';
import { pciDevStrMatch } from './device-match';
import { DWORD_ACS_CTRL, hasDwordAcs } from './dword-acs';
import type { PciFunction } from './function';
import {
  PCI_ACS_CAP,
  PCI_ACS_CR,
  PCI_ACS_CTRL,
  PCI_ACS_DT,
  PCI_ACS_EC,
  PCI_ACS_RR,
  PCI_ACS_SV,
  PCI_ACS_TB,
  PCI_ACS_UF,
  PCI_EXP_TYPE_ROOT_PORT,
} from './regs';

const REDIRECTS = PCI_ACS_RR | PCI_ACS_CR | PCI_ACS_EC;
const KNOWN_BITS = PCI_ACS_SV | PCI_ACS_TB | PCI_ACS_RR | PCI_ACS_CR | PCI_ACS_UF | PCI_ACS_EC | PCI_ACS_DT;

/**
 * What Linux writes when it gets to know a function, when a driver binds and after a reset: its own bits if an IOMMU is on, then
 * what the command line asks for, which starts from the firmware's value again. A control register that the script gives
 * is what that machine's Linux left: only the command line changes it.
 *
 * Linux: drivers/pci/pci.c pci_enable_acs()
 */
export function enableAcs(fn: PciFunction): void {
  const { kernel } = fn.bus.topology;
  const specific = kernel.acsRequested && enableSpecific(fn);
  if (fn.acsCap === 0) return;
  const at = fn.acsCap + PCI_ACS_CTRL;
  const firmware = fn.config.read16(at);
  const given = isDwordPort(fn) ? null : (fn.spec.acs?.ctrl ?? null);
  let ctrl = given ?? firmware;
  if (kernel.acsRequested && !specific) ctrl |= fn.acsCapabilities & standardBits(fn, given !== null);
  if (kernel.disableAcsRedir !== null && namedIn(fn, kernel.disableAcsRedir) && !disableSpecificRedir(fn))
    ctrl = firmware & ~REDIRECTS;
  const config = kernel.configAcs === null ? null : configFor(fn, kernel.configAcs);
  if (config !== null && !disableSpecificRedir(fn))
    ctrl = (firmware & ~config.mask) | (config.flags & config.mask);
  // The hardware keeps 0 where it has no such control.
  if (!isDwordPort(fn)) ctrl &= fn.config.read16(fn.acsCap + PCI_ACS_CAP);
  fn.config.write16(at, ctrl);
}

/** `given`: Linux has been there already, so only what the command line adds counts. Linux: pci_std_enable_acs() */
function standardBits(fn: PciFunction, given: boolean): number {
  const { noAts } = fn.bus.topology.kernel;
  if (given) return noAts ? PCI_ACS_TB : 0;
  return noAts || fn.spec.external || fn.untrusted ? REQ_ACS_FLAGS | PCI_ACS_TB : REQ_ACS_FLAGS;
}

/** Linux: quirks.c pci_quirk_intel_spt_pch_acs_match() */
const isDwordPort = (fn: PciFunction): boolean =>
  fn.pcieType === PCI_EXP_TYPE_ROOT_PORT && hasDwordAcs(fn.vendorId, fn.deviceId);

/** True: done, and the standard bits stay as they are. Linux: quirks.c pci_dev_specific_enable_acs() */
function enableSpecific(fn: PciFunction): boolean {
  // Linux first switches off peer decoding in the chipset (RCBA registers), which this model takes to succeed.
  if (fn.vendorId === 0x8086 && fn.pcieType === PCI_EXP_TYPE_ROOT_PORT && PCH_ROOT_PORTS.has(fn.deviceId)) {
    fn.flags.acsEnabledQuirk = true;
    return true;
  }
  if (!isDwordPort(fn) || fn.acsCap === 0) return false;
  const at = fn.acsCap + DWORD_ACS_CTRL;
  const given = fn.spec.acs?.ctrl ?? null;
  const bits = fn.config.read32(fn.acsCap + PCI_ACS_CAP) & standardBits(fn, given !== null);
  fn.config.write32(at, (given ?? fn.config.read32(at)) | bits);
  return true;
}

/**
 * True: done, and the standard register stays as it is. `config_acs=` comes here too, so on these ports it switches
 * redirection off whatever it says.
 * Linux: quirks.c pci_dev_specific_disable_acs_redir()
 */
function disableSpecificRedir(fn: PciFunction): boolean {
  if (!isDwordPort(fn)) return false;
  const at = fn.acsCap + DWORD_ACS_CTRL;
  fn.config.write32(at, fn.config.read32(at) & ~REDIRECTS);
  return true;
}

/** Linux: __pci_config_acs() with a mask of its own */
function namedIn(fn: PciFunction, text: string): boolean {
  for (let rest = text; rest !== ''; rest = rest.slice(1)) {
    const match = pciDevStrMatch(fn, rest);
    if (!match.ok) return false;
    if (match.matches) return true;
    rest = match.rest;
    if (rest[0] !== ';' && rest[0] !== ',') return false;
  }
  return false;
}

/**
 * The bits that `config_acs=` gives for a function: `01x@WHO;01x@WHO…`, the lowest bit last. What cannot be read ends it.
 * Linux: __pci_config_acs()
 */
function configFor(fn: PciFunction, text: string): { readonly mask: number; readonly flags: number } | null {
  for (let rest = text; rest !== ''; rest = rest.slice(1)) {
    const at = rest.indexOf('@');
    const bits = at < 0 ? null : parseBits(rest.slice(0, at));
    if (bits === null) return null;
    const match = pciDevStrMatch(fn, rest.slice(at + 1));
    if (!match.ok) return null;
    if (match.matches) return bits;
    rest = match.rest;
    if (rest[0] !== ';' && rest[0] !== ',') return null;
  }
  return null;
}

/** Null: other characters than 0, 1 and x, or a bit that is none. */
export function parseBits(text: string): { readonly mask: number; readonly flags: number } | null {
  if (!/^[01xX]*$/.test(text)) return null;
  let [mask, flags] = [0, 0];
  for (const [shift, digit] of [...text].toReversed().entries()) {
    if (digit === 'x' || digit === 'X') continue;
    if (1 << shift > KNOWN_BITS || shift > 30) return null;
    mask |= 1 << shift;
    if (digit === '1') flags |= 1 << shift;
  }
  return { mask, flags };
}
