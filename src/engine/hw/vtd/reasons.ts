/**
 * Fault reasons in legacy mode.
 *
 * Spec: Intel Virtualization Technology for Directed I/O, rev. 4.1, section 7.1.3 "Fault Reporting", section 5.1.4.1
 * Linux: drivers/iommu/intel/dmar.c dma_remap_fault_reasons, irq_remap_fault_reasons
 */
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
export const INTERRUPT_OUTPUT = 0xe;
export const ROOT_MODE = 0x30;

export const IR_RESERVED = 0x20;
export const IR_INDEX = 0x21;
export const IRTE_NOT_PRESENT = 0x22;
export const IRTE_ACCESS = 0x23;
export const IRTE_RESERVED = 0x24;
export const IR_COMPATIBILITY = 0x25;
export const IR_SOURCE = 0x26;

/** The names that the kernel prints; it has none for reason 0xe. */
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
  0xd: 'PCE for translation request specifies blocking',
  [ROOT_MODE]: 'SM: Invalid Root Table Address',
  [IR_RESERVED]: 'Detected reserved fields in the decoded interrupt-remapped request',
  [IR_INDEX]: 'Interrupt index exceeded the interrupt-remapping table size',
  [IRTE_NOT_PRESENT]: 'Present field in the IRTE entry is clear',
  [IRTE_ACCESS]: 'Error accessing interrupt-remapping table pointed by IRTA_REG',
  [IRTE_RESERVED]: 'Detected reserved fields in the IRTE entry',
  [IR_COMPATIBILITY]: 'Blocked a compatibility format interrupt request',
  [IR_SOURCE]: 'Blocked an interrupt request due to source-id verification failure',
};

/** Linux: dmar_get_fault_reason() */
export const reasonName = (reason: number): string => NAMES[reason] ?? 'Unknown';

export const isInterruptReason = (reason: number): boolean => reason >= 0x20 && reason <= 0x26;

/** What went wrong, for a learner: where the kernel's words leave it open. */
const WHY: Readonly<Record<number, string>> = {
  [ROOT_NOT_PRESENT]: "no device of this bus was ever given a context entry: the bus's root entry is empty",
  [CONTEXT_NOT_PRESENT]:
    'the device is attached to nothing: its context entry is not present, so its DMA is blocked',
  [CONTEXT_INVALID]:
    'the context entry asks for a width or translation type that this unit lacks, or its table is no memory',
  [BEYOND_WIDTH]: 'the address has more bits than the tables translate',
  [NO_WRITE]: 'no writable mapping at this address: an entry on the way has W = 0',
  [NO_READ]: 'no readable mapping at this address: an entry on the way has R = 0',
  [TABLE_ACCESS]: 'a table entry points at a table that is no memory',
  [ROOT_ACCESS]: 'the root table is no memory',
  [CONTEXT_ACCESS]: 'the root entry points at a context table that is no memory',
  [ROOT_RESERVED]: 'a reserved bit of the root entry is set',
  [CONTEXT_RESERVED]: 'a reserved bit of the context entry is set',
  [TABLE_RESERVED]: 'a reserved bit of a table entry is set, or a large page is misaligned',
  [INTERRUPT_OUTPUT]: 'the translation ends in the interrupt address range 0xfee00000-0xfeefffff',
  [ROOT_MODE]: 'the root table register asks for a mode that this unit lacks',
  [IR_COMPATIBILITY]: 'interrupt remapping is on and lets only remappable interrupt messages pass',
  [IRTE_NOT_PRESENT]: 'the interrupt message names an interrupt-remapping entry that is not present',
};

export const reasonWhy = (reason: number): string => WHY[reason] ?? reasonName(reason);
