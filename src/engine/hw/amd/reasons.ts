import {
  EVENT_GN,
  EVENT_I,
  EVENT_NX,
  EVENT_PE,
  EVENT_PR,
  EVENT_RW,
  EVENT_RZ,
  EVENT_TR,
  EVENT_TYPE_SHIFT,
  EVENT_US,
} from './structs';

/**
 * Event codes, and what their flags say.
 *
 * Spec: AMD I/O Virtualization Technology (IOMMU) Specification, section 2.5 "Event Logging"
 * Linux: drivers/iommu/amd/amd_iommu_types.h EVENT_TYPE_*
 */
export const ILLEGAL_DEV_TABLE_ENTRY = 0x1;
export const IO_PAGE_FAULT = 0x2;
export const DEV_TAB_HARDWARE_ERROR = 0x3;
export const PAGE_TAB_HARDWARE_ERROR = 0x4;
export const ILLEGAL_COMMAND_ERROR = 0x5;
export const COMMAND_HARDWARE_ERROR = 0x6;
export const IOTLB_INV_TIMEOUT = 0x7;
export const INVALID_DEVICE_REQUEST = 0x8;
export const INVALID_PPR_REQUEST = 0x9;

const NAMES: Readonly<Record<number, string>> = {
  [ILLEGAL_DEV_TABLE_ENTRY]: 'ILLEGAL_DEV_TABLE_ENTRY',
  [IO_PAGE_FAULT]: 'IO_PAGE_FAULT',
  [DEV_TAB_HARDWARE_ERROR]: 'DEV_TAB_HARDWARE_ERROR',
  [PAGE_TAB_HARDWARE_ERROR]: 'PAGE_TAB_HARDWARE_ERROR',
  [ILLEGAL_COMMAND_ERROR]: 'ILLEGAL_COMMAND_ERROR',
  [COMMAND_HARDWARE_ERROR]: 'COMMAND_HARDWARE_ERROR',
  [IOTLB_INV_TIMEOUT]: 'IOTLB_INV_TIMEOUT',
  [INVALID_DEVICE_REQUEST]: 'INVALID_DEVICE_REQUEST',
  [INVALID_PPR_REQUEST]: 'INVALID_PPR_REQUEST',
};

/** A reason is the top 16 bits of an event's first 64: the code, then the twelve flags. */
export const reasonOf = (code: number, flags: number): number => (code << 12) | flags;
export const codeOf = (reason: number): number => reason >>> 12;
export const flagsOf = (reason: number): number => reason & 0xfff;

export const eventName = (code: number): string => NAMES[code] ?? 'UNKNOWN';
export const reasonName = (reason: number): string => eventName(codeOf(reason));

/** Type of a hardware error. Spec: section 2.5.4 to 2.5.7, field Type */
export const MASTER_ABORT = 1;
export const TARGET_ABORT = 2;
export const DATA_ERROR = 3;

/** Type of an INVALID_DEVICE_REQUEST. Spec: section 2.5.9, field Type */
export const REQUEST_INTERRUPT_READ = 0;
export const REQUEST_PRETRANSLATED = 1;
export const REQUEST_PORT_IO = 2;
export const REQUEST_SYSMGT = 3;
export const REQUEST_INTERRUPT_BLOCKED = 5;
export const REQUEST_INTERRUPT_RESERVED = 6;
export const REQUEST_SYSMGT_RANGE = 7;
/** With TR. */
export const TRANSLATION_RANGE = 0;
export const TRANSLATION_DISABLED = 1;

const HARDWARE = [
  'in an unknown way',
  'as nothing answers there',
  'as the access was refused',
  'as the data came back corrupt',
];
const how = (flags: number): string => HARDWARE[(flags >> EVENT_TYPE_SHIFT) & 3] ?? '';

const REQUESTS: Readonly<Record<number, string>> = {
  [REQUEST_INTERRUPT_READ]:
    'the device read from the interrupt address range, which takes posted writes only',
  [REQUEST_PRETRANSLATED]:
    'the device sent an address as already translated, but its device table entry has V = 0 or I = 0',
  [REQUEST_PORT_IO]: 'the device wrote to port I/O space, but its device table entry has IoCtl = 00b',
  [REQUEST_SYSMGT]:
    'the device sent a system management message that SysMgt of its device table entry does not allow',
  [REQUEST_INTERRUPT_BLOCKED]:
    'the device sent an interrupt, but its device table entry has IntCtl = 00b: interrupts are aborted',
  [REQUEST_INTERRUPT_RESERVED]: 'the device wrote to a reserved part of the interrupt address range',
  [REQUEST_SYSMGT_RANGE]: 'the device read from the system management address range',
};

const TRANSLATIONS: Readonly<Record<number, string>> = {
  [TRANSLATION_RANGE]:
    'the device asked to translate an address of a special range, which has no translation',
  [TRANSLATION_DISABLED]:
    'the device asked for a translation, but its device table entry has V = 0, TV = 0 or I = 0: ATS is off for it',
};

function pageFault(flags: number): string {
  const write = (flags & EVENT_RW) !== 0;
  if ((flags & EVENT_I) !== 0) {
    if ((flags & EVENT_GN) !== 0)
      return 'an interrupt message carried a PASID, which interrupts may not have';
    if ((flags & EVENT_RZ) !== 0)
      return 'the interrupt table entry has a reserved bit or a reserved type set';
    return (flags & EVENT_PR) !== 0
      ? 'the interrupt table entry refuses this interrupt'
      : 'the interrupt is not mapped: its index lies beyond the table, its entry has RemapEn = 0, or its kind may not pass';
  }
  if ((flags & EVENT_PR) === 0) {
    return (flags & EVENT_GN) !== 0
      ? `the process address space has no page for this ${write ? 'write' : 'read'}: a GCR3 entry, a table entry or the PASID itself is not valid`
      : `no page is mapped at this address for the ${write ? 'write' : 'read'}: an entry on the way is not present, or the address has more bits than the tables translate`;
  }
  if ((flags & EVENT_RZ) !== 0) return 'a reserved bit of a table entry is set';
  if ((flags & EVENT_PE) === 0) {
    return 'a table entry is no valid step: a wrong next level, a page size that its level cannot have, or address bits in a skipped level';
  }
  if ((flags & EVENT_NX) !== 0) return 'the page may not be executed: an entry on the way has NX = 1';
  const who = (flags & EVENT_GN) !== 0 && (flags & EVENT_US) !== 0 ? ', or is for the supervisor alone' : '';
  return write
    ? `the page may not be written: the device table entry or an entry on the way forbids it${who}`
    : `the page may not be read: the device table entry or an entry on the way forbids it${who}`;
}

/** What went wrong, in a sentence for a learner. */
export function reasonWhy(reason: number): string {
  const flags = flagsOf(reason);
  switch (codeOf(reason)) {
    case ILLEGAL_DEV_TABLE_ENTRY:
      return (flags & EVENT_RZ) !== 0
        ? 'the device table entry has a reserved bit set, or asks for something that this unit lacks'
        : 'the device table entry has a reserved value in Mode, GLX, guest paging mode or IntTabLen';
    case IO_PAGE_FAULT:
      return pageFault(flags);
    case DEV_TAB_HARDWARE_ERROR:
      return `the device table entry could not be read, ${how(flags)}`;
    case PAGE_TAB_HARDWARE_ERROR:
      return `a table could not be read or updated, ${how(flags)}`;
    case ILLEGAL_COMMAND_ERROR:
      return 'the command has an unknown opcode or a reserved bit set: the command buffer stops here';
    case COMMAND_HARDWARE_ERROR:
      return `the command could not be read, or its completion not stored, ${how(flags)}: the command buffer stops here`;
    case IOTLB_INV_TIMEOUT:
      return 'the device did not complete an invalidation of its own translations in time';
    case INVALID_DEVICE_REQUEST: {
      const type = (flags >> EVENT_TYPE_SHIFT) & 7;
      const known = (flags & EVENT_TR) !== 0 ? TRANSLATIONS[type] : REQUESTS[type];
      return known ?? 'the device sent a request that its device table entry does not allow';
    }
    case INVALID_PPR_REQUEST:
      return 'the device asked for a page, but page requests are off for it, or for its PASID';
    default:
      return 'an event that the document does not name';
  }
}
