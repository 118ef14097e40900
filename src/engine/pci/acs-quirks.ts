import { MF_ENDPOINTS, NXP_ROOT_PORTS, PCH_ROOT_PORTS, QCOM_ROOT_PORTS } from './acs-quirk-ids';
import { overrideFor } from './acs-override';
import { DWORD_ACS_CTRL, hasDwordAcs } from './dword-acs';
import type { PciFunction } from './function';
import {
  PCI_ACS_CAP,
  PCI_ACS_CR,
  PCI_ACS_DT,
  PCI_ACS_EC,
  PCI_ACS_RR,
  PCI_ACS_SV,
  PCI_ACS_TB,
  PCI_ACS_UF,
  PCI_EXP_TYPE_DOWNSTREAM,
  PCI_EXP_TYPE_RC_END,
  PCI_EXP_TYPE_ROOT_PORT,
} from './regs';

/**
 * Devices whose isolation their vendors vouch for (or deny) apart from the standard registers.
 *
 * Linux: drivers/pci/quirks.c pci_dev_acs_enabled[] and the functions that it names
 */
export interface AcsQuirk {
  /** The kernel function, for people who want to read it. */
  readonly name: string;
  /** Why its answer is what it is, as half a sentence. */
  readonly because: string;
  /** Null: every vendor's. */
  readonly vendorId: number | null;
  /** Device ids it is for; null for every device of the vendor. */
  readonly devices: ReadonlySet<number> | null;
  /** Whether all of `flags` are in force; null when it does not apply after all and the next one is asked. */
  readonly judge: (fn: PciFunction, flags: number) => boolean | null;
}

const SV_RR_CR_UF = PCI_ACS_SV | PCI_ACS_RR | PCI_ACS_CR | PCI_ACS_UF;

/** Linux: pci_acs_ctrl_enabled() */
const covers = (flags: number, enabled: number): boolean => (flags & enabled) === flags;
const isolated = (_fn: PciFunction, flags: number): boolean => covers(flags, SV_RR_CR_UF);
const isRootPort = (fn: PciFunction): boolean => fn.isPcie && fn.pcieType === PCI_EXP_TYPE_ROOT_PORT;
const inRanges = (id: number, ranges: readonly (readonly [number, number])[]): boolean =>
  ranges.some(([first, last]) => id >= first && id <= last);

const AMD_SB: Omit<AcsQuirk, 'vendorId' | 'devices'> = {
  name: 'pci_quirk_amd_sb_acs',
  because: 'AMD states that functions of this south bridge never talk to each other',
  judge(fn, flags) {
    if (!fn.multifunction || fn.bus.parent !== null || !fn.bus.topology.hasIvrs()) return null;
    return covers(flags & (PCI_ACS_RR | PCI_ACS_CR | PCI_ACS_EC | PCI_ACS_DT), PCI_ACS_RR | PCI_ACS_CR);
  },
};

const MF_ENDPOINT: Omit<AcsQuirk, 'vendorId' | 'devices'> = {
  name: 'pci_quirk_mf_endpoint_acs',
  because: 'its vendor states that its functions never talk to each other',
  judge: (_fn, flags) => covers(flags, SV_RR_CR_UF | PCI_ACS_TB | PCI_ACS_DT),
};

const INTEL_RCIEP: AcsQuirk = {
  name: 'pci_quirk_rciep_acs',
  because: 'VT-d demands that Intel endpoints inside the root complex send everything through the IOMMU',
  vendorId: 0x8086,
  devices: null,
  judge: (fn, flags) => (fn.pcieType === PCI_EXP_TYPE_RC_END ? isolated(fn, flags) : null),
};

const INTEL_PCH: AcsQuirk = {
  name: 'pci_quirk_intel_pch_acs',
  because: 'this PCH root port has registers of its own that do what ACS does',
  vendorId: 0x8086,
  devices: PCH_ROOT_PORTS,
  judge(fn, flags) {
    if (!isRootPort(fn)) return null;
    return covers(flags, fn.flags.acsEnabledQuirk ? SV_RR_CR_UF : 0);
  },
};

const INTEL_SPT: AcsQuirk = {
  name: 'pci_quirk_intel_spt_pch_acs',
  because: 'this PCH root port keeps its ACS control register at +8, where Linux reads it',
  vendorId: 0x8086,
  devices: null,
  judge(fn, flags) {
    if (!isRootPort(fn) || !hasDwordAcs(fn.vendorId, fn.deviceId) || fn.acsCap === 0) return null;
    const cap = fn.config.read32(fn.acsCap + PCI_ACS_CAP);
    return covers(flags & (cap | PCI_ACS_EC), fn.config.read32(fn.acsCap + DWORD_ACS_CTRL));
  },
};

const CAVIUM: AcsQuirk = {
  name: 'pci_quirk_cavium_acs',
  because: 'Cavium root ports isolate in hardware without saying so in a capability',
  vendorId: 0x177d,
  devices: null,
  judge(fn, flags) {
    const matches =
      isRootPort(fn) &&
      inRanges(fn.deviceId, [
        [0xa000, 0xa7ff],
        [0xaf84, 0xaf84],
        [0xb884, 0xb884],
      ]);
    return matches ? isolated(fn, flags) : null;
  },
};

const ANNAPURNA: AcsQuirk = {
  name: 'pci_quirk_al_acs',
  because: 'Annapurna root ports cannot send to each other',
  vendorId: 0x1c36,
  devices: new Set([0x0031]),
  judge: (fn, flags) => (fn.pcieType === PCI_EXP_TYPE_ROOT_PORT ? (flags & ~SV_RR_CR_UF) === 0 : null),
};

const ZHAOXIN: AcsQuirk = {
  name: 'pci_quirk_zhaoxin_pcie_ports_acs',
  because: 'Zhaoxin ports isolate in hardware without saying so in a capability, from model 0710 to 0752',
  vendorId: 0x1d17,
  devices: null,
  judge(fn, flags) {
    const port = fn.pcieType === PCI_EXP_TYPE_ROOT_PORT || fn.pcieType === PCI_EXP_TYPE_DOWNSTREAM;
    if (!fn.isPcie || !port) return null;
    const known = inRanges(fn.deviceId, [
      [0x0710, 0x071e],
      [0x0721, 0x0721],
      [0x0723, 0x0752],
    ]);
    // A port that is not on the list is "not isolated", whatever its ACS capability says.
    return known && isolated(fn, flags);
  },
};

const WANGXUN: AcsQuirk = {
  name: 'pci_quirk_wangxun_nic_acs',
  because: 'Wangxun network controllers send everything between functions upstream',
  vendorId: 0x8088,
  devices: null,
  judge(fn, flags) {
    const singles = [0x1001, 0x2001, 0x5010, 0x5025, 0x5040, 0x5110, 0x5125, 0x5140];
    const known = inRanges(fn.deviceId, [[0x0100, 0x010f]]) || singles.includes(fn.deviceId);
    return known && isolated(fn, flags);
  },
};

/** Of a patch that was never merged; it goes at the end of the table. */
const ACS_OVERRIDE: AcsQuirk = {
  name: 'pcie_acs_overrides',
  because: 'pcie_acs_override= on the command line says so; no register was changed',
  vendorId: null,
  devices: null,
  judge(fn) {
    const override = fn.bus.topology.kernel.acsOverride;
    return override !== null && overrideFor(fn, override) !== null ? true : null;
  },
};

const rootPorts = (
  name: string,
  because: string,
  vendorId: number,
  devices: readonly number[],
): AcsQuirk => ({
  name,
  because,
  vendorId,
  devices: new Set(devices),
  judge: isolated,
});

const mfEndpoints = (vendorId: number, devices: readonly number[]): AcsQuirk => ({
  ...MF_ENDPOINT,
  vendorId,
  devices: new Set(devices),
});

/** In the kernel's order: the first that applies decides. */
export const ACS_QUIRKS: readonly AcsQuirk[] = [
  { ...AMD_SB, vendorId: 0x1002, devices: new Set([0x4385, 0x439c, 0x4383, 0x439d, 0x4384, 0x4399]) },
  { ...AMD_SB, vendorId: 0x1022, devices: new Set([0x780f, 0x7809]) },
  ...MF_ENDPOINTS.slice(0, 2).map(([vendorId, devices]) => mfEndpoints(vendorId, devices)),
  INTEL_RCIEP,
  ...QCOM_ROOT_PORTS.map(([vendorId, devices]) =>
    rootPorts(
      'pci_quirk_qcom_rp_acs',
      'each of these root ports is a root complex of its own',
      vendorId,
      devices,
    ),
  ),
  INTEL_PCH,
  INTEL_SPT,
  CAVIUM,
  ...MF_ENDPOINTS.slice(2).map(([vendorId, devices]) => mfEndpoints(vendorId, devices)),
  rootPorts('pci_quirk_xgene_acs', 'X-Gene root ports cannot send to each other', 0x10e8, [0xe004]),
  rootPorts(
    'pci_quirk_xgene_acs',
    'Ampere root ports cannot send to each other',
    0x1def,
    [0xe005, 0xe006, 0xe007, 0xe008, 0xe009, 0xe00a, 0xe00b, 0xe00c],
  ),
  rootPorts('pci_quirk_brcm_acs', 'iProc root ports cannot send to each other', 0x14e4, [0xd714]),
  rootPorts(
    'pci_quirk_loongson_acs',
    'Loongson root ports cannot send to each other',
    0x0014,
    [0x3c09, 0x3c19, 0x3c29, 0x7a09, 0x7a19, 0x7a29, 0x7a39, 0x7a49, 0x7a59, 0x7a69],
  ),
  ANNAPURNA,
  rootPorts(
    'pci_quirk_nxp_rp_acs',
    'each of these root ports is a root complex of its own',
    0x1957,
    NXP_ROOT_PORTS,
  ),
  ZHAOXIN,
  WANGXUN,
  ACS_OVERRIDE,
];

/** The rows that a vendor's functions come to, in the same order. */
const BY_VENDOR: ReadonlyMap<number, readonly AcsQuirk[]> = new Map(
  ACS_QUIRKS.flatMap(({ vendorId }) => (vendorId === null ? [] : vendorId)).map((vendorId) => [
    vendorId,
    ACS_QUIRKS.filter((quirk) => quirk.vendorId === vendorId || quirk.vendorId === null),
  ]),
);
const OF_ANY_VENDOR = ACS_QUIRKS.filter((quirk) => quirk.vendorId === null);

/** The quirk that decides for this function, and its answer; null when the standard registers do. */
export function judgeByQuirk(
  fn: PciFunction,
  flags: number,
): { readonly quirk: AcsQuirk; readonly enabled: boolean } | null {
  for (const quirk of BY_VENDOR.get(fn.vendorId) ?? OF_ANY_VENDOR) {
    if (quirk.devices !== null && !quirk.devices.has(fn.deviceId)) continue;
    const enabled = quirk.judge(fn, flags);
    if (enabled !== null) return { quirk, enabled };
  }
  return null;
}
