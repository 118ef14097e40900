import type { PciFunction } from './function';

/** What Linux lets a function use of its translation services. */
export interface PciServices {
  readonly ats: boolean;
  readonly pri: boolean;
  /** 0: none. */
  readonly maxPasids: number;
}

/**
 * Their capabilities lie in extended configuration space. What comes from outside may not say that its addresses have
 * been translated already.
 *
 * Linux: drivers/pci/ats.c pci_ats_init(), pci_ats_supported(), pci_pri_init(), pci_pasid_init()
 */
export function servicesOf(fn: PciFunction): PciServices {
  const { extendedConfig, noAts } = fn.bus.topology.kernel;
  const { ats, pri, pasids } = fn.spec;
  return {
    ats: ats && extendedConfig && !noAts && !fn.untrusted,
    pri: pri && extendedConfig,
    maxPasids: extendedConfig ? pasids : 0,
  };
}
