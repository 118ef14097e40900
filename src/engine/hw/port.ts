/** What a hardware model may see of the machine. The machine's PhysicalMemory satisfies MemoryPort. */
export interface MemoryPort {
  /** Little-endian 32-bit words; read anew after any write, it is replaced when memory grows. */
  readonly words: Int32Array;
  /** Which frame is where in `words`, for findFrame(): frames that were never written are not in it. */
  readonly frames: Int32Array;
  readonly frameMask: number;
  /** Index in `words` of a frame's first word, for reading; -1 where no memory is. */
  frameBase(pfn: number): number;
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

/** The message a hardware unit sends to have its driver's interrupt handler run. */
export interface IrqLine {
  raise(): void;
}

/** How a request of a device came out. Numbers, because the hot path returns one for every request. */
export const TRANSLATED = 0;
export const WALKED = 1;
export const BYPASSED = 2;
/** A write into the interrupt address range: an interrupt message, not DMA. */
export const INTERRUPT = 3;
export const FAULTED = 4;
export type TranslateStatus = 0 | 1 | 2 | 3 | 4;

/** Kinds of access; the values are the permission bits that a table entry must have. */
export const READ = 1;
export const WRITE = 2;
export type Access = typeof READ | typeof WRITE;

/** Slots of DmaTranslator.result. */
export const PA_LO = 0;
export const PA_HI = 1;
/** On a fault: the document's number of the reason. */
export const REASON = 2;
/** Of the leaf entry that a walk found: its level, and the permissions that add up to it. */
export const LEAF_LEVEL = 3;
export const LEAF_PERMS = 4;
export const RESULT_WORDS = 5;

/** A hardware model as a requester sees it. */
export interface DmaTranslator {
  /** Of the last translate(): written in place, so that a request allocates nothing. */
  readonly result: Int32Array;
  /** `pasid`: of a request that carries one. */
  translate(rid: number, iovaHi: number, iovaLo: number, access: Access, pasid?: number): TranslateStatus;
  /** A write into the interrupt range. Whether it was accepted. */
  interrupt(rid: number, address: number, data: Uint8Array): boolean;
}
