/**
 * Causes of fault records, and the transaction types that they name.
 *
 * Spec: RISC-V IOMMU Architecture Specification, section "Fault/Event-Queue (FQ)", tables "Fault record CAUSE field
 * encodings" and "Fault record TTYP field encodings"
 */
export const INSTRUCTION_ACCESS_FAULT = 1;
export const READ_MISALIGNED = 4;
export const READ_ACCESS_FAULT = 5;
export const WRITE_MISALIGNED = 6;
export const WRITE_ACCESS_FAULT = 7;
export const INSTRUCTION_PAGE_FAULT = 12;
export const READ_PAGE_FAULT = 13;
export const WRITE_PAGE_FAULT = 15;
export const INSTRUCTION_GUEST_PAGE_FAULT = 20;
export const READ_GUEST_PAGE_FAULT = 21;
export const WRITE_GUEST_PAGE_FAULT = 23;
export const ALL_INBOUND_DISALLOWED = 256;
export const DDT_ACCESS_FAULT = 257;
export const DDT_NOT_VALID = 258;
export const DDT_MISCONFIGURED = 259;
export const TRANSACTION_DISALLOWED = 260;
export const MSI_PTE_ACCESS_FAULT = 261;
export const MSI_PTE_NOT_VALID = 262;
export const MSI_PTE_MISCONFIGURED = 263;
export const MRIF_ACCESS_FAULT = 264;
export const PDT_ACCESS_FAULT = 265;
export const PDT_NOT_VALID = 266;
export const PDT_MISCONFIGURED = 267;
export const DDT_CORRUPT = 268;
export const PDT_CORRUPT = 269;
export const MSI_PT_CORRUPT = 270;
export const MRIF_CORRUPT = 271;
export const INTERNAL_ERROR = 272;
export const MSI_WRITE_FAULT = 273;
export const PAGE_TABLE_CORRUPT = 274;

export const TTYP_NONE = 0;
export const TTYP_UNTRANSLATED_EXECUTE = 1;
export const TTYP_UNTRANSLATED_READ = 2;
export const TTYP_UNTRANSLATED_WRITE = 3;
export const TTYP_TRANSLATED_EXECUTE = 5;
export const TTYP_TRANSLATED_READ = 6;
export const TTYP_TRANSLATED_WRITE = 7;
export const TTYP_ATS_REQUEST = 8;
export const TTYP_MESSAGE = 9;

interface Cause {
  /** As in the document. */
  readonly name: string;
  /** What went wrong, for a learner. */
  readonly why: string;
  /** Recorded even where DC.tc.DTF = 1. */
  readonly always?: true;
}

const page = (what: string): string =>
  `the first-stage table does not let the device ${what} this address: no valid entry, no permission, or an accessed or dirty bit is clear`;
const guestPage = (what: string): string =>
  `the second-stage table does not let the device ${what} this guest physical address: no valid entry, no permission, or an accessed or dirty bit is clear`;
const access = 'a page table lies where no memory answers';

const CAUSES: Readonly<Record<number, Cause>> = {
  [INSTRUCTION_ACCESS_FAULT]: {
    name: 'Instruction access fault',
    why: `${access}, or the device asked to execute from an interrupt file`,
  },
  [READ_MISALIGNED]: { name: 'Read address misaligned', why: 'the address of the read is not aligned' },
  [READ_ACCESS_FAULT]: { name: 'Read access fault', why: access },
  [WRITE_MISALIGNED]: {
    name: 'Write/AMO address misaligned',
    why: 'the address of the write is not aligned',
  },
  [WRITE_ACCESS_FAULT]: { name: 'Write/AMO access fault', why: access },
  [INSTRUCTION_PAGE_FAULT]: { name: 'Instruction page fault', why: page('execute from') },
  [READ_PAGE_FAULT]: { name: 'Read page fault', why: page('read') },
  [WRITE_PAGE_FAULT]: { name: 'Write/AMO page fault', why: page('write to') },
  [INSTRUCTION_GUEST_PAGE_FAULT]: { name: 'Instruction guest page fault', why: guestPage('execute from') },
  [READ_GUEST_PAGE_FAULT]: { name: 'Read guest-page fault', why: guestPage('read') },
  [WRITE_GUEST_PAGE_FAULT]: { name: 'Write/AMO guest-page fault', why: guestPage('write to') },
  [ALL_INBOUND_DISALLOWED]: {
    name: 'All inbound transactions disallowed',
    why: 'the IOMMU is off (ddtp.iommu_mode), and then it lets nothing pass',
    always: true,
  },
  [DDT_ACCESS_FAULT]: {
    name: 'DDT entry load access fault',
    why: 'the device directory lies where no memory answers',
    always: true,
  },
  [DDT_NOT_VALID]: {
    name: 'DDT entry not valid',
    why: 'the device is attached to nothing: its device context, or an entry on the way to it, has V = 0',
    always: true,
  },
  [DDT_MISCONFIGURED]: {
    name: 'DDT entry misconfigured',
    why: 'a reserved bit of the device context is set, or it asks for what this IOMMU lacks',
    always: true,
  },
  [TRANSACTION_DISALLOWED]: {
    name: 'Transaction type disallowed',
    why: 'the device context does not let the device make this kind of request, or use this process id',
  },
  [MSI_PTE_ACCESS_FAULT]: {
    name: 'MSI PTE load access fault',
    why: 'the MSI page table lies where no memory answers',
  },
  [MSI_PTE_NOT_VALID]: {
    name: 'MSI PTE not valid',
    why: 'the interrupt file that the message goes to has no valid MSI page-table entry',
  },
  [MSI_PTE_MISCONFIGURED]: {
    name: 'MSI PTE misconfigured',
    why: 'a reserved bit of the MSI page-table entry is set, or its mode is reserved',
  },
  [MRIF_ACCESS_FAULT]: {
    name: 'MRIF access fault',
    why: 'the memory-resident interrupt file lies where no memory answers',
  },
  [PDT_ACCESS_FAULT]: {
    name: 'PDT entry load access fault',
    why: 'the process directory lies where no memory answers',
  },
  [PDT_NOT_VALID]: {
    name: 'PDT entry not valid',
    why: 'the process id has no address space: its process context, or an entry on the way to it, has V = 0',
  },
  [PDT_MISCONFIGURED]: {
    name: 'PDT entry misconfigured',
    why: 'a reserved bit of the process context is set, or it asks for what this IOMMU lacks',
  },
  [DDT_CORRUPT]: {
    name: 'DDT data corruption',
    why: 'memory marked an entry of the device directory as corrupt',
    always: true,
  },
  [PDT_CORRUPT]: {
    name: 'PDT data corruption',
    why: 'memory marked an entry of the process directory as corrupt',
  },
  [MSI_PT_CORRUPT]: {
    name: 'MSI PT data corruption',
    why: 'memory marked an MSI page-table entry as corrupt',
  },
  [MRIF_CORRUPT]: {
    name: 'MSI MRIF data corruption',
    why: 'memory marked the memory-resident interrupt file as corrupt',
  },
  [INTERNAL_ERROR]: {
    name: 'Internal data path error',
    why: 'something inside the IOMMU broke',
    always: true,
  },
  [MSI_WRITE_FAULT]: {
    name: 'IOMMU MSI write access fault',
    why: "no memory answers where the IOMMU's own interrupt message goes",
    always: true,
  },
  [PAGE_TABLE_CORRUPT]: {
    name: 'First/second-stage PT data corruption',
    why: 'memory marked a page-table entry as corrupt',
  },
};

export const causeName = (cause: number): string => CAUSES[cause]?.name ?? `Reserved cause ${cause}`;
export const causeWhy = (cause: number): string => CAUSES[cause]?.why ?? causeName(cause);
/** Whether DC.tc.DTF leaves a cause alone. */
export const recordedDespiteDtf = (cause: number): boolean => CAUSES[cause]?.always === true;
export const DEFINED_CAUSES: readonly number[] = Object.keys(CAUSES).map(Number);

/** A guest-page fault: iotval2 holds the guest physical address. */
export const isGuestPageFault = (cause: number): boolean => cause >= 20 && cause <= 23;

const TTYPS: Readonly<Record<number, string>> = {
  [TTYP_NONE]: 'None',
  [TTYP_UNTRANSLATED_EXECUTE]: 'Untranslated read for execute transaction',
  [TTYP_UNTRANSLATED_READ]: 'Untranslated read transaction',
  [TTYP_UNTRANSLATED_WRITE]: 'Untranslated write/AMO transaction',
  [TTYP_TRANSLATED_EXECUTE]: 'Translated read for execute transaction',
  [TTYP_TRANSLATED_READ]: 'Translated read transaction',
  [TTYP_TRANSLATED_WRITE]: 'Translated write/AMO transaction',
  [TTYP_ATS_REQUEST]: 'PCIe ATS Translation Request',
  [TTYP_MESSAGE]: 'PCIe Message Request',
};
export const ttypName = (ttyp: number): string => TTYPS[ttyp] ?? 'Reserved';
