import { DEFAULT_AMD_CONFIG, type AmdConfig } from '../hw/amd/device/config';
import type { AmdDriverOptions } from '../hw/amd/driver/options';
import { DEFAULT_CAPABILITIES, type RiscvConfig } from '../hw/riscv/device/config';
import type { RiscvDriverOptions } from '../hw/riscv/driver/driver';
import { CAP_SV48, CAP_SV57 } from '../hw/riscv/regs';
import type { SmmuConfig } from '../hw/smmuv3/device/config';
import { SCALABLE_VTD_CONFIG, type VtdConfig } from '../hw/vtd/device/config';
import type { VendorSpec } from './vendor';

/** What a script says of an IOMMU, in the words of each vendor's configuration; what it does not say is left out. */

/** Those that have no absent entries. */
const said = <T extends object>(config: { readonly [K in keyof T]: T[K] | null }): Partial<T> =>
  Object.fromEntries(Object.entries(config).filter(([, value]) => value !== null)) as Partial<T>;

export function vtdConfig(spec: VendorSpec): { readonly config: Partial<VtdConfig> } {
  const { mode, widthBits, iotlb, deviceCache, processCache, walkCache } = spec;
  const width = widthBits === 39 || widthBits === 57 ? widthBits : null;
  const caches = said<Partial<VtdConfig>>({ iotlb, deviceCache, processCache, walkCache });
  return {
    config: {
      deviceTlb: true,
      ...(mode === 'scalable' ? SCALABLE_VTD_CONFIG : {}),
      ...(width === null ? {} : { widthBits: width }),
      ...caches,
    },
  };
}

export function amdConfig(spec: VendorSpec): {
  readonly config: Partial<AmdConfig>;
  readonly driver: Partial<AmdDriverOptions>;
} {
  const { mode, widthBits, iotlb, deviceCache, processCache, walkCache } = spec;
  const caches = said<Partial<AmdConfig>>({
    iotlb,
    dteCache: deviceCache,
    pasidCache: processCache,
    pdeCache: walkCache,
  });
  const guestLevels = widthBits === 57 ? 5 : 4;
  return {
    config: { guestLevels, hostLevels: widthBits === 57 ? 5 : DEFAULT_AMD_CONFIG.hostLevels, ...caches },
    driver: { pageTable: mode === 'v2' ? 'v2' : 'v1' },
  };
}

export function smmuConfig(spec: VendorSpec): { readonly config: Partial<SmmuConfig> } {
  const { iotlb, deviceCache, processCache, walkCache } = spec;
  return {
    config: said<Partial<SmmuConfig>>({ iotlb, steCache: deviceCache, cdCache: processCache, walkCache }),
  };
}

export function riscvConfig(spec: VendorSpec): {
  readonly config: Partial<RiscvConfig>;
  readonly driver: Partial<RiscvDriverOptions>;
} {
  const { mode, widthBits, iotlb, deviceCache, processCache, walkCache } = spec;
  const tooWide = widthBits === 57 ? [] : widthBits === 39 ? [CAP_SV57, CAP_SV48] : [CAP_SV57];
  const lacks = tooWide.reduce((bits, at) => bits | (1n << at), 0n);
  const caches = said<Partial<RiscvConfig>>({
    iotlb,
    ddtCache: deviceCache,
    pdtCache: processCache,
    walkCache,
  });
  return {
    config: { capabilities: DEFAULT_CAPABILITIES & ~lacks, ...caches },
    driver: { reportCoherency: mode === 'coherent' },
  };
}
