import type { MemoryHazards } from '../memory/hazards';

/** What a hardware model may see of the machine. The machine's PhysicalMemory satisfies MemoryPort. */
export interface MemoryPort {
  /** Little-endian 32-bit words; read anew after any write, it is replaced when memory grows. */
  readonly words: Int32Array;
  /** Which frame is where in `words`, for findFrame(): frames that were never written are not in it. */
  readonly frames: Int32Array;
  readonly frameMask: number;
  /** Places where memory does not answer as it should; null on a healthy machine. */
  readonly hazards: MemoryHazards | null;
  /** Index in `words` of a frame's first word, for reading; -1 where no memory is. Any frame number below 2^52. */
  frameBase(pfn: number): number;
  /** As frameBase, for writing: gives the frame words of its own. */
  frameToWrite(pfn: number): number;
  load32(pa: number): number | null;
  store32(pa: number, value: number): boolean;
}

/** A driver's only way to its hardware, memory apart. Linux: readl(), writel(), readq(), writeq() */
export interface RegisterBus {
  read32(offset: number): number;
  write32(offset: number, value: number): void;
  read64(offset: number): bigint;
  write64(offset: number, value: bigint): void;
}

/** Why a unit interrupts: each has a message of its own where the document gives it one. */
export type IrqSource = 'faults' | 'page-requests' | 'commands' | 'errors' | 'counters';

/** The message a hardware unit sends to have its driver's interrupt handler run. */
export interface IrqLine {
  raise(source: IrqSource): void;
}

/** How a request of a device came out. Numbers, because the hot path returns one for every request. */
export const TRANSLATED = 0;
export const WALKED = 1;
export const BYPASSED = 2;
/** A write into the interrupt address range: an interrupt message, not DMA. */
export const INTERRUPT = 3;
export const FAULTED = 4;
export type TranslateStatus = 0 | 1 | 2 | 3 | 4;

/** What a request asks for, one bit each; READ, WRITE and EXECUTE may come together in an ATS request alone. */
export const READ = 1;
export const WRITE = 2;
export const EXECUTE = 4;
/** Of a request with a PASID: it asks for privileged mode. PCIe: Privileged Mode Requested */
export const PRIVILEGED = 8;
/** The address is the answer to an earlier ATS request. PCIe: address type 10b */
export const ATS_TRANSLATED = 0x10;
/** The device asks for a translation, not for memory. PCIe: address type 01b */
export const ATS_REQUEST = 0x20;
/** READ | ATS_REQUEST without WRITE: the device does not mean to write. PCIe: No Write */
export type Access = number;

/** `pasid` of a request that carries none. */
export const NO_PASID = -1;

/** Slots of DmaTranslator.result. */
export const PA_LO = 0;
export const PA_HI = 1;
/** On a fault: the document's number of the reason. */
export const REASON = 2;
/** Of the leaf entry that a walk found: its level, and the permissions that add up to it. */
export const LEAF_LEVEL = 3;
export const LEAF_PERMS = 4;
/** Of the answer to an ATS request: log2 of the bytes that it covers, and what it grants (READ, WRITE, EXECUTE and the ATS_ bits). */
export const ATS_SIZE_LG2 = 5;
export const ATS_GRANTS = 6;
/** On a fault: how the request is completed. */
export const COMPLETION = 7;
export const RESULT_WORDS = 8;

/** Of ATS_GRANTS, beside READ, WRITE, EXECUTE and PRIVILEGED. */
export const ATS_GLOBAL = 0x40;
/** Only untranslated requests may use the address. PCIe: U */
export const ATS_UNTRANSLATED_ONLY = 0x80;

/** PCIe completion statuses. */
export const UNSUPPORTED_REQUEST = 1;
export const COMPLETER_ABORT = 4;
/** Of COMPLETION: refused, but completed as if all were well: reads give zeroes, writes go nowhere. */
export const SILENT_SUCCESS = 0;
/** Of COMPLETION: not completed. The unit holds the request, by the number in PA_LO, until a page response with it as its group. */
export const STALLED = 0x100;

/** A hardware model as a requester sees it. */
export interface DmaTranslator {
  /** Of the last translate(): written in place, so that a request allocates nothing. */
  readonly result: Int32Array;
  /**
   * `pasid`: NO_PASID of a request that carries none. An ATS request that ends without permission is no fault: it is
   * answered with ATS_GRANTS = 0 (or as the document has it).
   */
  translate(rid: number, iovaHi: number, iovaLo: number, access: Access, pasid: number): TranslateStatus;
  /** A write into the interrupt range. Whether it was accepted. */
  interrupt(rid: number, address: number, data: Uint8Array): boolean;
  /** A Page Request message. Absent: the unit has no use for them, and drops them. */
  pageRequest?(message: PageRequestMessage): void;
}

/** PCIe Page Request message, and the stalled transactions of SMMUv3 that take its place. */
export interface PageRequestMessage {
  readonly rid: number;
  readonly pasid: number;
  /** Page-aligned. */
  readonly iova: bigint;
  readonly read: boolean;
  readonly write: boolean;
  readonly execute: boolean;
  readonly privileged: boolean;
  /** Page Request Group index, and whether this is the group's last. */
  readonly group: number;
  readonly last: boolean;
}

/** What a unit tells a device that has translations of its own. */
export interface DeviceLink {
  /** PCIe Invalidate Request. False: no completion comes, and the unit's time-out passes. */
  invalidate(message: AtsInvalidation): boolean;
  /** PCIe PRG Response; `code`: 0 success, 1 invalid request, 15 failure. */
  pageResponse(message: PageResponseMessage): void;
}

export interface AtsInvalidation {
  readonly rid: number;
  readonly pasid: number;
  readonly iova: bigint;
  /** 64: the whole address space. */
  readonly sizeLg2: number;
  /** Of every PASID. PCIe: Global Invalidate */
  readonly global: boolean;
}

export interface PageResponseMessage {
  readonly rid: number;
  readonly pasid: number;
  readonly group: number;
  readonly code: number;
}
