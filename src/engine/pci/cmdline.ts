import { bootParams, parseBool } from '../kernel/cmdline';
import { parseAcsOverride } from './acs-override';
import { parseBits } from './acs-enable';
import type { PciKernelOptions } from './kernel-options';

/** Whose IOMMU a machine has. */
export type IommuVendor = 'vtd' | 'amd' | 'smmuv3' | 'riscv';

/** What a kernel's command line changes here; null: it does not say. */
export interface Cmdline {
  readonly pci: Partial<PciKernelOptions>;
  /** Linux: iommu_dma_strict */
  readonly strict: boolean | null;
  /** Linux: iommu_def_domain_type */
  readonly passthrough: boolean | null;
  /** Which IOMMUs the kernel leaves alone, and the word that says so. */
  readonly off: ReadonlyMap<IommuVendor, string>;
  /** The modes that it chooses for IOMMUs of a vendor. */
  readonly modes: ReadonlyMap<IommuVendor, string>;
  readonly unsafeInterrupts: boolean;
  /** `vfio-pci.ids=`: what vfio-pci takes before any other driver. */
  readonly vfioIds: readonly VfioId[];
  /** Words that mean nothing to this kernel, as sentences. */
  readonly remarks: readonly string[];
}

export interface VfioId {
  readonly vendorId: number;
  readonly deviceId: number;
}

/**
 * Whether Linux turns ACS on because of such an IOMMU. AMD's driver asks for it as soon as firmware tells of one, and only
 * then looks whether it is switched off. Linux: amd/init.c detect_ivrs(), intel/dmar.c detect_intel_iommu()
 */
export function requestsAcs({ off }: Cmdline, vendor: IommuVendor): boolean {
  const word = off.get(vendor);
  return word === undefined || word === 'amd_iommu=off';
}

/** A command line being read. */
interface Draft {
  readonly x86: boolean;
  pci: { -readonly [key in keyof PciKernelOptions]?: PciKernelOptions[key] };
  strict: boolean | null;
  passthrough: boolean | null;
  readonly off: Map<IommuVendor, string>;
  readonly modes: Map<IommuVendor, string>;
  unsafeInterrupts: boolean;
  readonly vfioIds: VfioId[];
  readonly remarks: string[];
}

/** Reads a command line as the kernel of a machine with such an IOMMU does; later words win. */
export function readCmdline(text: string, vendor: IommuVendor | null): Cmdline {
  const draft: Draft = {
    x86: vendor !== 'smmuv3' && vendor !== 'riscv',
    pci: {},
    strict: null,
    passthrough: null,
    off: new Map(),
    modes: new Map(),
    unsafeInterrupts: false,
    vfioIds: [],
    remarks: [],
  };
  const strange: string[] = [];
  for (const { name, value } of bootParams(text)) {
    const reader = Object.hasOwn(READERS, name) ? READERS[name] : undefined;
    const known = reader !== undefined && (draft.x86 || !X86_ONLY.has(name));
    if (known) reader(draft, value ?? '');
    else strange.push(value === null ? name : `${name}=${value}`);
  }
  if (strange.length > 0) draft.remarks.push(`nothing here reads ${strange.join(' ')}`);
  return draft;
}

type Reader = (draft: Draft, value: string) => void;

const X86_ONLY: ReadonlySet<string> = new Set(['iommu', 'intel_iommu', 'amd_iommu']);

/** By the names of kernel parameters. */
const READERS: Readonly<Record<string, Reader>> = {
  iommu: eachWord((draft, word) => {
    if (word.startsWith('off'))
      for (const vendor of ['vtd', 'amd'] as const) draft.off.set(vendor, 'iommu=off');
    else if (word.startsWith('pt')) draft.passthrough = true;
    else if (word.startsWith('nopt')) draft.passthrough = false;
    else idle(draft, 'iommu', word);
  }),
  'iommu.passthrough': (draft, value) => {
    draft.passthrough = boolOf(draft, 'iommu.passthrough', value) ?? draft.passthrough;
  },
  'iommu.strict': (draft, value) => {
    draft.strict = boolOf(draft, 'iommu.strict', value) ?? draft.strict;
  },
  'iommu.forcedac': () => undefined,
  intel_iommu: eachWord((draft, word) => {
    if (word.startsWith('on')) draft.off.delete('vtd');
    else if (word.startsWith('off')) draft.off.set('vtd', 'intel_iommu=off');
    else if (word.startsWith('strict')) draft.strict = true;
    else if (word.startsWith('sm_on')) draft.modes.set('vtd', 'scalable');
    else if (word.startsWith('sm_off')) draft.modes.set('vtd', 'legacy');
    else idle(draft, 'intel_iommu', word);
  }),
  amd_iommu: eachWord((draft, word) => {
    if (word.startsWith('off')) draft.off.set('amd', 'amd_iommu=off');
    else if (word.startsWith('fullflush')) draft.strict = true;
    else if (word.startsWith('pgtbl_v1')) draft.modes.set('amd', 'v1');
    else if (word.startsWith('pgtbl_v2')) draft.modes.set('amd', 'v2');
    else idle(draft, 'amd_iommu', word);
  }),
  pci: eachWord(readPciWord),
  pcie_acs_override(draft, value) {
    const remark = (what: string): void => void draft.remarks.push(what);
    draft.pci.acsOverride = parseAcsOverride(value, remark);
    if (draft.pci.acsOverride !== null)
      remark(
        'pcie_acs_override is of a patch that was never merged: it only makes Linux believe in isolation',
      );
  },
  'vfio_iommu_type1.allow_unsafe_interrupts': unsafeInterrupts,
  'iommufd.allow_unsafe_interrupts': unsafeInterrupts,
  'vfio_pci.ids': eachWord((draft, word) => {
    const match = /^([0-9a-f]{1,4}):([0-9a-f]{1,4})(?::|$)/i.exec(word);
    if (match === null) draft.remarks.push(`vfio-pci: invalid id string "${word}"`);
    else
      draft.vfioIds.push({ vendorId: parseInt(match[1] ?? '', 16), deviceId: parseInt(match[2] ?? '', 16) });
  }),
};

function eachWord(read: Reader): Reader {
  return (draft, value) => {
    for (const word of value.split(',')) if (word !== '') read(draft, word);
  };
}

function unsafeInterrupts(draft: Draft, value: string): void {
  if (boolOf(draft, 'allow_unsafe_interrupts', value) === true) draft.unsafeInterrupts = true;
}

function boolOf({ remarks }: Draft, name: string, value: string): boolean | null {
  const bool = parseBool(value);
  if (bool === null) remarks.push(`${name}=${value} is neither on nor off`);
  return bool;
}

const idle = ({ remarks }: Draft, name: string, word: string): void => {
  remarks.push(`${name}=${word} changes nothing here`);
};

/** Linux: drivers/pci/pci.c pci_setup(); arch/x86/pci/common.c pcibios_setup() */
function readPciWord(draft: Draft, word: string): void {
  const { pci, remarks } = draft;
  if (draft.x86 && word === 'nommconf') pci.extendedConfig = false;
  else if (word.startsWith('noats')) pci.noAts = true;
  else if (word.startsWith('pcie_scan_all')) pci.scanAll = true;
  else if (word.startsWith('disable_acs_redir='))
    pci.disableAcsRedir = word.slice('disable_acs_redir='.length);
  else if (word.startsWith('config_acs=')) {
    pci.configAcs = word.slice('config_acs='.length);
    remarks.push(...pci.configAcs.split(';').flatMap((part) => acsFlagsRemark(part) ?? []));
  } else if (OTHER_PCI.test(word)) idle(draft, 'pci', word);
  else remarks.push(`PCI: Unknown option \`${word}'`);
}

/** What the kernel says of each function that it tries; once is enough. Linux: __pci_config_acs() */
function acsFlagsRemark(part: string): string | null {
  const at = part.indexOf('@');
  if (at < 0) return `ACS Flags missing in ${part}`;
  if (parseBits(part.slice(0, at)) !== null) return null;
  return /[^01xX]/.test(part.slice(0, at))
    ? `Invalid ACS flags... Ignoring: ${part}`
    : `Invalid ACS flags specified: ${part}`;
}

/** Words that the kernel knows and that have nothing to do with groups. */
const OTHER_PCI =
  /^(?:nomsi|noaer|earlydump|nodomains|noari|notph|realloc|resource_alignment=|ecrc=|hp\w+=|pcie_bus_|cb\w+=|noacpi|nocrs|use_crs|noearly|assign-busses|big_root_window|routeirq|rom$|norom|nobar|use_e820|no_e820|bfsort|nobfsort|off$)/;
