import type { PciFunction } from './function';
import {
  PCI_EXP_TYPE_DOWNSTREAM,
  PCI_EXP_TYPE_ENDPOINT,
  PCI_EXP_TYPE_ROOT_PORT,
  PCI_EXP_TYPE_UPSTREAM,
} from './regs';

/** Intel's integrated Thunderbolt root ports from before Alder Lake: firmware does not tell that they are. */
const USB4_ROOT_PORTS: ReadonlySet<number> = new Set([
  0x8a1d, 0x8a1f, 0x8a21, 0x8a23, 0x9a23, 0x9a25, 0x9a27, 0x9a29, 0x9a2b, 0x9a2d, 0x9a2f, 0x9a31,
]);

/**
 * Whether a function comes from outside: below something untrusted, or below an external-facing root port, where a
 * Thunderbolt chip that is soldered to the port is still the machine's own.
 *
 * Linux: probe.c set_pcie_untrusted(); arch/x86/pci/acpi.c arch_pci_dev_is_removable()
 */
export function isTunneled(fn: PciFunction): boolean {
  const parent = bridgeOf(fn);
  if (parent === null) return false;
  if (parent.untrusted) return true;
  const root = rootPortOf(parent);
  if (root?.spec.external !== true) return false;
  if (parent.vendorId === 0x8086 && USB4_ROOT_PORTS.has(parent.deviceId)) return true;
  return !isOfSwitchUnder(root, fn, parent);
}

const bridgeOf = (fn: PciFunction): PciFunction | null => (fn.bus.parent === null ? null : fn.bus.self);

/** Linux: pcie_find_root_port() */
function rootPortOf(bridge: PciFunction): PciFunction | null {
  for (let fn: PciFunction | null = bridge; fn !== null; fn = bridgeOf(fn))
    if (fn.pcieType === PCI_EXP_TYPE_ROOT_PORT) return fn;
  return null;
}

/** Linux: arch/x86/pci/acpi.c pcie_switch_directly_under() */
function isOfSwitchUnder(root: PciFunction, fn: PciFunction, parent: PciFunction): boolean {
  switch (fn.pcieType) {
    case PCI_EXP_TYPE_UPSTREAM:
      return parent === root;
    case PCI_EXP_TYPE_DOWNSTREAM:
      return parent.pcieType === PCI_EXP_TYPE_UPSTREAM && bridgeOf(parent) === root;
    case PCI_EXP_TYPE_ENDPOINT: {
      if (parent.pcieType !== PCI_EXP_TYPE_DOWNSTREAM) return false;
      const upstream = bridgeOf(parent);
      return upstream?.pcieType === PCI_EXP_TYPE_UPSTREAM && bridgeOf(upstream) === root;
    }
    default:
      return false;
  }
}
