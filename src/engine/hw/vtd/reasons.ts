/**
 * Fault reasons: numbers, what reports them, and their names.
 *
 * Spec: Intel Virtualization Technology for Directed I/O, rev. 4.1, section 7.1.3 "Fault Conditions and Remapping Hardware
 * Behavior for Various Requests", section 5.1.4.1 "Interrupt Remapping Fault Conditions"
 * Linux: drivers/iommu/intel/dmar.c dma_remap_fault_reasons, dma_remap_sm_fault_reasons, irq_remap_fault_reasons
 */

/** Legacy mode. */
export const ROOT_NOT_PRESENT = 0x1;
export const CONTEXT_NOT_PRESENT = 0x2;
export const CONTEXT_INVALID = 0x3;
export const BEYOND_WIDTH = 0x4;
export const NO_WRITE = 0x5;
export const NO_READ = 0x6;
export const TABLE_ACCESS = 0x7;
export const ROOT_ACCESS = 0x8;
export const CONTEXT_ACCESS = 0x9;
export const ROOT_RESERVED = 0xa;
export const CONTEXT_RESERVED = 0xb;
export const TABLE_RESERVED = 0xc;
export const ATS_BLOCKED = 0xd;
export const INTERRUPT_OUTPUT = 0xe;

/** Interrupts. */
export const IR_RESERVED = 0x20;
export const IR_INDEX = 0x21;
export const IRTE_NOT_PRESENT = 0x22;
export const IRTE_ACCESS = 0x23;
export const IRTE_RESERVED = 0x24;
export const IR_COMPATIBILITY = 0x25;
export const IR_SOURCE = 0x26;
export const POSTED_ACCESS = 0x27;
export const POSTED_RESERVED = 0x28;

/** The root table register. */
export const ROOT_MODE = 0x30;
export const LEGACY_PASID = 0x31;
export const LEGACY_PAGE_REQUEST = 0x32;
export const ABORT_MODE = 0x33;

/** Scalable mode. */
export const SM_ROOT_ACCESS = 0x38;
export const SM_ROOT_NOT_PRESENT = 0x39;
export const SM_ROOT_RESERVED = 0x3a;
export const SM_CONTEXT_ACCESS = 0x40;
export const SM_CONTEXT_NOT_PRESENT = 0x41;
export const SM_CONTEXT_RESERVED = 0x42;
export const SM_CONTEXT_INVALID = 0x43;
export const SM_ATS_BLOCKED = 0x44;
export const PASID_DISABLED = 0x45;
export const PASID_BEYOND_DIRECTORY = 0x46;
export const PAGE_REQUEST_DISABLED = 0x47;
export const PASID_IS_RID_PASID = 0x48;
export const DIRECTORY_ACCESS = 0x50;
export const DIRECTORY_NOT_PRESENT = 0x51;
export const DIRECTORY_RESERVED = 0x52;
export const PASID_ACCESS = 0x58;
export const PASID_NOT_PRESENT = 0x59;
export const PASID_RESERVED = 0x5a;
export const PASID_INVALID = 0x5b;
export const EXECUTE_DISABLED = 0x5c;
export const SUPERVISOR_DISABLED = 0x5d;
export const FS_ACCESS = 0x70;
export const FS_NOT_PRESENT = 0x71;
export const FS_RESERVED = 0x72;
export const FS_ROOT_ACCESS = 0x73;
export const FS_BEYOND_WIDTH = 0x74;
export const NESTED_ROOT_READ = 0x75;
export const NESTED_TABLE_READ = 0x76;
export const NESTED_TABLE_WRITE = 0x77;
export const SS_ACCESS = 0x78;
export const SS_NOT_PRESENT = 0x79;
export const SS_RESERVED = 0x7a;
export const SS_ROOT_ACCESS = 0x7b;
export const SS_NO_SNOOP = 0x7c;
export const SS_UPDATE_FAILED = 0x7d;
export const NOT_CANONICAL = 0x80;
export const SUPERVISOR_PAGE = 0x81;
export const NO_EXECUTE = 0x82;
export const BEYOND_HOST_WIDTH = 0x83;
export const SM_BEYOND_WIDTH = 0x84;
export const SM_NO_WRITE = 0x85;
export const SM_NO_READ = 0x86;
export const SM_INTERRUPT_OUTPUT = 0x87;
export const PASID_BEYOND_SUPPORT = 0x89;
export const FS_NO_SNOOP = 0x90;
export const FS_UPDATE_FAILED = 0x91;

/** The names that the kernel prints; it has none for reasons 0xe, 0x33, 0x7d, 0x89 and 0x91. */
const NAMES: Readonly<Record<number, string>> = {
  0x0: 'Software',
  [ROOT_NOT_PRESENT]: 'Present bit in root entry is clear',
  [CONTEXT_NOT_PRESENT]: 'Present bit in context entry is clear',
  [CONTEXT_INVALID]: 'Invalid context entry',
  [BEYOND_WIDTH]: 'Access beyond MGAW',
  [NO_WRITE]: 'PTE Write access is not set',
  [NO_READ]: 'PTE Read access is not set',
  [TABLE_ACCESS]: 'Next page table ptr is invalid',
  [ROOT_ACCESS]: 'Root table address invalid',
  [CONTEXT_ACCESS]: 'Context table ptr is invalid',
  [ROOT_RESERVED]: 'non-zero reserved fields in RTP',
  [CONTEXT_RESERVED]: 'non-zero reserved fields in CTP',
  [TABLE_RESERVED]: 'non-zero reserved fields in PTE',
  [ATS_BLOCKED]: 'PCE for translation request specifies blocking',
  [IR_RESERVED]: 'Detected reserved fields in the decoded interrupt-remapped request',
  [IR_INDEX]: 'Interrupt index exceeded the interrupt-remapping table size',
  [IRTE_NOT_PRESENT]: 'Present field in the IRTE entry is clear',
  [IRTE_ACCESS]: 'Error accessing interrupt-remapping table pointed by IRTA_REG',
  [IRTE_RESERVED]: 'Detected reserved fields in the IRTE entry',
  [IR_COMPATIBILITY]: 'Blocked a compatibility format interrupt request',
  [IR_SOURCE]: 'Blocked an interrupt request due to source-id verification failure',
  [ROOT_MODE]: 'SM: Invalid Root Table Address',
  [LEGACY_PASID]: 'SM: TTM 0 for request with PASID',
  [LEGACY_PAGE_REQUEST]: 'SM: TTM 0 for page group request',
  [SM_ROOT_ACCESS]: 'SM: Error attempting to access Root Entry',
  [SM_ROOT_NOT_PRESENT]: 'SM: Present bit in Root Entry is clear',
  [SM_ROOT_RESERVED]: 'SM: Non-zero reserved field set in Root Entry',
  [SM_CONTEXT_ACCESS]: 'SM: Error attempting to access Context Entry',
  [SM_CONTEXT_NOT_PRESENT]: 'SM: Present bit in Context Entry is clear',
  [SM_CONTEXT_RESERVED]: 'SM: Non-zero reserved field set in the Context Entry',
  [SM_CONTEXT_INVALID]: 'SM: Invalid Context Entry',
  [SM_ATS_BLOCKED]: 'SM: DTE field in Context Entry is clear',
  [PASID_DISABLED]: 'SM: PASID Enable field in Context Entry is clear',
  [PASID_BEYOND_DIRECTORY]: 'SM: PASID is larger than the max in Context Entry',
  [PAGE_REQUEST_DISABLED]: 'SM: PRE field in Context-Entry is clear',
  [PASID_IS_RID_PASID]: 'SM: RID_PASID field error in Context-Entry',
  [DIRECTORY_ACCESS]: 'SM: Error attempting to access the PASID Directory Entry',
  [DIRECTORY_NOT_PRESENT]: 'SM: Present bit in Directory Entry is clear',
  [DIRECTORY_RESERVED]: 'SM: Non-zero reserved field set in PASID Directory Entry',
  [PASID_ACCESS]: 'SM: Error attempting to access PASID Table Entry',
  [PASID_NOT_PRESENT]: 'SM: Present bit in PASID Table Entry is clear',
  [PASID_RESERVED]: 'SM: Non-zero reserved field set in PASID Table Entry',
  [PASID_INVALID]: 'SM: Invalid Scalable-Mode PASID Table Entry',
  [EXECUTE_DISABLED]: 'SM: ERE field is clear in PASID Table Entry',
  [SUPERVISOR_DISABLED]: 'SM: SRE field is clear in PASID Table Entry',
  [FS_ACCESS]: 'SM: Error attempting to access first-level paging entry',
  [FS_NOT_PRESENT]: 'SM: Present bit in first-level paging entry is clear',
  [FS_RESERVED]: 'SM: Non-zero reserved field set in first-level paging entry',
  [FS_ROOT_ACCESS]: 'SM: Error attempting to access FL-PML4 entry',
  [FS_BEYOND_WIDTH]: 'SM: First-level entry address beyond MGAW in Nested translation',
  [NESTED_ROOT_READ]: 'SM: Read permission error in FL-PML4 entry in Nested translation',
  [NESTED_TABLE_READ]: 'SM: Read permission error in first-level paging entry in Nested translation',
  [NESTED_TABLE_WRITE]: 'SM: Write permission error in first-level paging entry in Nested translation',
  [SS_ACCESS]: 'SM: Error attempting to access second-level paging entry',
  [SS_NOT_PRESENT]: 'SM: Read/Write permission error in second-level paging entry',
  [SS_RESERVED]: 'SM: Non-zero reserved field set in second-level paging entry',
  [SS_ROOT_ACCESS]: 'SM: Invalid second-level page table pointer',
  [SS_NO_SNOOP]: 'SM: A/D bit update needed in second-level entry when set up in no snoop',
  [NOT_CANONICAL]: 'SM: Address in first-level translation is not canonical',
  [SUPERVISOR_PAGE]: 'SM: U/S set 0 for first-level translation with user privilege',
  [NO_EXECUTE]: 'SM: No execute permission for request with PASID and ER=1',
  [BEYOND_HOST_WIDTH]: 'SM: Address beyond the DMA hardware max',
  [SM_BEYOND_WIDTH]: 'SM: Second-level entry address beyond the max',
  [SM_NO_WRITE]: 'SM: No write permission for Write/AtomicOp request',
  [SM_NO_READ]: 'SM: No read permission for Read/AtomicOp request',
  [SM_INTERRUPT_OUTPUT]: 'SM: Invalid address-interrupt address',
  [FS_NO_SNOOP]: 'SM: A/D bit update needed in first-level entry when set up in no snoop',
};

/** Linux: dmar_get_fault_reason() */
export const reasonName = (reason: number): string => NAMES[reason] ?? 'Unknown';

/** Reasons whose record holds an interrupt index. */
export const isInterruptReason = (reason: number): boolean => reason >= 0x20 && reason <= 0x28;

/** Reported whatever FPD bits were met: all that comes before a context entry, and errors of reading PASID structures. */
const UNQUALIFIED = new Set([
  ROOT_NOT_PRESENT,
  ROOT_ACCESS,
  CONTEXT_ACCESS,
  ROOT_RESERVED,
  ROOT_MODE,
  LEGACY_PASID,
  LEGACY_PAGE_REQUEST,
  ABORT_MODE,
  SM_ROOT_ACCESS,
  SM_ROOT_NOT_PRESENT,
  SM_ROOT_RESERVED,
  SM_CONTEXT_ACCESS,
  DIRECTORY_ACCESS,
  PASID_ACCESS,
]);

/** Whether a Fault Processing Disable bit on the way suppresses the record. */
export const isQualified = (reason: number): boolean => !UNQUALIFIED.has(reason);

/** How a translation request that meets a reason is completed: by a status, or successfully with no or fewer permissions. */
export type TranslationOutcome = 'unsupported-request' | 'completer-abort' | 'success';

const TRANSLATION_ABORTS = new Set([
  CONTEXT_INVALID,
  TABLE_ACCESS,
  ROOT_ACCESS,
  CONTEXT_ACCESS,
  ROOT_RESERVED,
  CONTEXT_RESERVED,
  TABLE_RESERVED,
  INTERRUPT_OUTPUT,
  ROOT_MODE,
  SM_ROOT_ACCESS,
  SM_ROOT_RESERVED,
  SM_CONTEXT_ACCESS,
  SM_CONTEXT_RESERVED,
  SM_CONTEXT_INVALID,
  DIRECTORY_ACCESS,
  DIRECTORY_RESERVED,
  PASID_ACCESS,
  PASID_RESERVED,
  PASID_INVALID,
  SS_ACCESS,
  SS_RESERVED,
  SS_ROOT_ACCESS,
  SS_NO_SNOOP,
  SS_UPDATE_FAILED,
  SM_INTERRUPT_OUTPUT,
]);

const TRANSLATION_UNSUPPORTED = new Set([
  ROOT_NOT_PRESENT,
  CONTEXT_NOT_PRESENT,
  ATS_BLOCKED,
  LEGACY_PASID,
  ABORT_MODE,
  SM_ROOT_NOT_PRESENT,
  SM_CONTEXT_NOT_PRESENT,
  SM_ATS_BLOCKED,
  PASID_DISABLED,
  PASID_BEYOND_DIRECTORY,
  PASID_IS_RID_PASID,
  PASID_BEYOND_SUPPORT,
]);

export function translationOutcome(reason: number): TranslationOutcome {
  if (TRANSLATION_ABORTS.has(reason)) return 'completer-abort';
  return TRANSLATION_UNSUPPORTED.has(reason) ? 'unsupported-request' : 'success';
}

/** A translated request is aborted where PASID structures are broken; everything else makes it an unsupported request. */
const TRANSLATED_ABORTS = new Set([
  DIRECTORY_ACCESS,
  DIRECTORY_RESERVED,
  PASID_ACCESS,
  PASID_RESERVED,
  PASID_INVALID,
]);
export const abortsTranslated = (reason: number): boolean => TRANSLATED_ABORTS.has(reason);

/** A second-stage reason as legacy mode numbers it. */
export function legacyReason(reason: number, write: boolean): number {
  switch (reason) {
    case SS_ACCESS:
      return TABLE_ACCESS;
    case SS_ROOT_ACCESS:
      return CONTEXT_INVALID;
    case SS_RESERVED:
      return TABLE_RESERVED;
    case SM_INTERRUPT_OUTPUT:
      return INTERRUPT_OUTPUT;
    case BEYOND_HOST_WIDTH:
    case SM_BEYOND_WIDTH:
      return BEYOND_WIDTH;
    case SM_NO_WRITE:
      return NO_WRITE;
    case SM_NO_READ:
      return NO_READ;
    default:
      return write ? NO_WRITE : NO_READ;
  }
}

/** What went wrong, for a learner: where the kernel's words leave it open. */
const WHY: Readonly<Record<number, string>> = {
  0x0: 'the address lies in a protected memory region, which no device may reach',
  [ROOT_NOT_PRESENT]: "no device of this bus was ever given a context entry: the bus's root entry is empty",
  [CONTEXT_NOT_PRESENT]:
    'the device is attached to nothing: its context entry is not present, so its DMA is blocked',
  [CONTEXT_INVALID]:
    'the context entry asks for a width or translation type that this unit lacks, or its table cannot be read',
  [BEYOND_WIDTH]: 'the address has more bits than the tables translate',
  [NO_WRITE]: 'no writable mapping at this address: an entry on the way has W = 0',
  [NO_READ]: 'no readable mapping at this address: an entry on the way has R = 0',
  [TABLE_ACCESS]: 'a table entry points at a table that cannot be read',
  [ROOT_ACCESS]: 'the root table cannot be read',
  [CONTEXT_ACCESS]: 'the root entry points at a context table that cannot be read',
  [ROOT_RESERVED]: 'a reserved bit of the root entry is set',
  [CONTEXT_RESERVED]: 'a reserved bit of the context entry is set',
  [TABLE_RESERVED]: 'a reserved bit of a table entry is set, or a large page is misaligned',
  [ATS_BLOCKED]: "the device used ATS, but its context entry's translation type does not allow a device TLB",
  [INTERRUPT_OUTPUT]: 'the translation ends in the interrupt address range 0xfee00000-0xfeefffff',
  [IR_RESERVED]: 'the interrupt message has reserved bits set',
  [IR_INDEX]: 'the interrupt message names an entry beyond the end of the interrupt-remapping table',
  [IRTE_NOT_PRESENT]: 'the interrupt message names an interrupt-remapping entry that is not present',
  [IRTE_ACCESS]: 'the interrupt-remapping table cannot be read',
  [IRTE_RESERVED]: 'a reserved bit of the interrupt-remapping entry is set',
  [IR_COMPATIBILITY]: 'interrupt remapping is on and lets only remappable interrupt messages pass',
  [IR_SOURCE]: 'the interrupt-remapping entry belongs to another device than the one that sent the message',
  [POSTED_ACCESS]:
    'the posted-interrupt descriptor that the interrupt-remapping entry points at cannot be read',
  [POSTED_RESERVED]: 'a reserved bit of the posted-interrupt descriptor is set',
  [ROOT_MODE]: 'the root table register asks for a mode that this unit lacks',
  [LEGACY_PASID]: 'the request carries a PASID, which legacy mode has no tables for',
  [LEGACY_PAGE_REQUEST]: 'the device asks for a page, which only scalable mode allows',
  [ABORT_MODE]: 'the unit is in abort-DMA mode and lets nothing pass',
  [SM_ROOT_ACCESS]: 'the root table cannot be read',
  [SM_ROOT_NOT_PRESENT]:
    'no device of this half of the bus was ever given a context entry: its half of the root entry is empty',
  [SM_ROOT_RESERVED]: 'a reserved bit of the used half of the root entry is set',
  [SM_CONTEXT_ACCESS]: 'the root entry points at a context table that cannot be read',
  [SM_CONTEXT_NOT_PRESENT]: 'the device has no PASID table: its context entry is not present',
  [SM_CONTEXT_RESERVED]:
    'a reserved bit of the context entry is set, or one of a feature that this unit lacks',
  [SM_CONTEXT_INVALID]:
    'the context entry contradicts itself: RID_PASID beyond its PASID directory, or page requests without a device TLB',
  [SM_ATS_BLOCKED]: 'the device used ATS, but DTE is clear in its context entry',
  [PASID_DISABLED]: 'the request carries a PASID, but PASIDE is clear in the context entry',
  [PASID_BEYOND_DIRECTORY]: 'the PASID lies beyond the PASID directory of the device',
  [PAGE_REQUEST_DISABLED]: 'the device asks for a page, but PRE is clear in its context entry',
  [PASID_IS_RID_PASID]: 'the request carries the PASID that stands for requests without one',
  [DIRECTORY_ACCESS]: 'the context entry points at a PASID directory that cannot be read',
  [DIRECTORY_NOT_PRESENT]: 'no PASID of this block of 64 is in use: the PASID directory entry is not present',
  [DIRECTORY_RESERVED]: 'a reserved bit of the PASID directory entry is set',
  [PASID_ACCESS]: 'the PASID directory entry points at a PASID table that cannot be read',
  [PASID_NOT_PRESENT]: 'nothing is attached to this PASID of the device: its PASID entry is not present',
  [PASID_RESERVED]: 'a reserved bit of the PASID entry is set, or one of a feature that this unit lacks',
  [PASID_INVALID]: 'the PASID entry asks for a translation type, width or paging mode that this unit lacks',
  [EXECUTE_DISABLED]: 'the device wants to execute, which the PASID entry does not allow: ERE is clear',
  [SUPERVISOR_DISABLED]:
    'the device wants privileged access, which the PASID entry does not allow: SRE is clear',
  [FS_ACCESS]: 'a first-stage entry points at a table that cannot be read',
  [FS_NOT_PRESENT]: 'nothing is mapped at this address: a first-stage entry on the way has P = 0',
  [FS_RESERVED]: 'a reserved bit of a first-stage entry is set, or a large page is misaligned',
  [FS_ROOT_ACCESS]: 'the first-stage root table cannot be read',
  [FS_BEYOND_WIDTH]:
    'a first-stage entry holds a guest-physical address beyond the width of the second stage',
  [NESTED_ROOT_READ]: 'the second stage does not let the first-stage root table be read',
  [NESTED_TABLE_READ]: 'the second stage does not let a first-stage table be read',
  [NESTED_TABLE_WRITE]:
    'an accessed or dirty bit of a first-stage table must be set, but the second stage does not let it be written',
  [SS_ACCESS]: 'a second-stage entry points at a table that cannot be read',
  [SS_NOT_PRESENT]: 'nothing is mapped at this address: a second-stage entry on the way has R = W = 0',
  [SS_RESERVED]: 'a reserved bit of a second-stage entry is set, or a large page is misaligned',
  [SS_ROOT_ACCESS]: 'the second-stage root table cannot be read',
  [SS_NO_SNOOP]:
    'an accessed or dirty bit of the second stage must be set, but the PASID entry does not let page walks snoop',
  [SS_UPDATE_FAILED]: 'setting an accessed or dirty bit of the second stage failed',
  [NOT_CANONICAL]:
    "the address is not canonical: the bits above the first stage's width are not all the same",
  [SUPERVISOR_PAGE]: 'the page is for privileged accesses alone: an entry on the way has U/S = 0',
  [NO_EXECUTE]: 'the page may not be executed: an entry on the way has XD = 1',
  [BEYOND_HOST_WIDTH]: 'the address has more bits than physical addresses of this machine',
  [SM_BEYOND_WIDTH]: 'the address has more bits than the second stage translates',
  [SM_NO_WRITE]: 'the page is mapped, but not for writing',
  [SM_NO_READ]: 'the page is mapped, but not for reading',
  [SM_INTERRUPT_OUTPUT]: 'the translation ends in the interrupt address range 0xfee00000-0xfeefffff',
  [PASID_BEYOND_SUPPORT]: 'the PASID has more bits than this unit supports',
  [FS_NO_SNOOP]:
    'an accessed or dirty bit of the first stage must be set, but the PASID entry does not let page walks snoop',
  [FS_UPDATE_FAILED]: 'setting an accessed or dirty bit of the first stage failed',
};

/** One sentence without its full stop. */
export const reasonWhy = (reason: number): string => WHY[reason] ?? reasonName(reason);

/** Every reason that this model can give. */
export const REASONS: readonly number[] = Object.keys(WHY)
  .map(Number)
  .filter((reason) => reason !== 0);
