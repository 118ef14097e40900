import { MEMORY_FAULT, MEMORY_OK, MEMORY_POISON } from '../../../memory/hazards';
import type { MemoryPort } from '../../port';

export const READ_OK = MEMORY_OK;
/** The bus refused: no memory, a hazard, or an address wider than capabilities.PAS. */
export const READ_FAULT = MEMORY_FAULT;
/** The data is marked as corrupt. */
export const READ_CORRUPT = MEMORY_POISON;
export type ReadStatus = typeof READ_OK | typeof READ_FAULT | typeof READ_CORRUPT;

const swap = (word: number): number =>
  ((word & 0xff) << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24);

/**
 * The unit's own accesses to memory: in either byte order, up to the physical address size, and with what memory answers.
 *
 * Addresses are a frame number and an offset: a frame number has up to 52 bits and is exact as a number.
 */
export class UnitMemory {
  /** Where the last read's 32-bit words are, low first: words[at] and on. To be taken before anything is written. */
  words: Int32Array;
  at = 0;
  /** First frame number that capabilities.PAS does not reach. */
  readonly frameLimit: number;
  /** Words of the other byte order. */
  private readonly swapped = new Int32Array(16);
  /** What memory said to the last read. */
  private told: ReadStatus = READ_OK;

  constructor(
    readonly port: MemoryPort,
    pas: number,
    /** For looking only: writes succeed and change nothing. */
    private readonly dry = false,
  ) {
    this.words = port.words;
    this.frameLimit = 2 ** Math.max(0, pas - 12);
  }

  /** Reads so many doublewords, as one access that stays within a frame. */
  read(pfn: number, offset: number, doublewords: number, bigEndian: boolean): ReadStatus {
    const base = this.frame(pfn, offset, doublewords * 8);
    if (base < 0) return READ_FAULT;
    this.words = this.port.words;
    this.at = base + (offset >> 2);
    if (bigEndian) this.swap(doublewords * 2, 1);
    return this.told;
  }

  /** Reads one 32-bit word. The one behind it is not to be looked at. */
  read32(pfn: number, offset: number, bigEndian: boolean): ReadStatus {
    const base = this.frame(pfn, offset, 4);
    if (base < 0) return READ_FAULT;
    this.words = this.port.words;
    this.at = base + (offset >> 2);
    if (bigEndian) this.swap(1, 0);
    return this.told;
  }

  word(n: number): number {
    return this.words[this.at + n] as number;
  }

  /** Writes doublewords, or nothing where memory refuses. Whether it did. */
  write(pfn: number, offset: number, data: Int32Array, bigEndian: boolean): boolean {
    const base = this.frameToWrite(pfn, offset, data.length * 4);
    if (base < 0) return false;
    if (this.dry) return true;
    const { words } = this.port;
    const at = base + (offset >> 2);
    for (let n = 0; n < data.length; n++) {
      words[at + n] = bigEndian ? swap(data[n ^ 1] as number) : (data[n] as number);
    }
    return true;
  }

  write32(pfn: number, offset: number, value: number, bigEndian: boolean): boolean {
    const base = this.frameToWrite(pfn, offset, 4);
    if (base < 0) return false;
    if (!this.dry) this.port.words[base + (offset >> 2)] = bigEndian ? swap(value) : value;
    return true;
  }

  /** `flip`: 1 exchanges the halves of each doubleword. */
  private swap(count: number, flip: 0 | 1): void {
    const { words, at, swapped } = this;
    for (let n = 0; n < count; n++) swapped[n] = swap(words[at + (n ^ flip)] as number);
    this.words = swapped;
    this.at = 0;
  }

  private frame(pfn: number, offset: number, bytes: number): number {
    if (pfn >= this.frameLimit) return -1;
    const { hazards } = this.port;
    this.told = hazards === null ? MEMORY_OK : hazards.at(pfn, offset, bytes, false);
    return this.told === MEMORY_FAULT ? -1 : this.port.frameBase(pfn);
  }

  private frameToWrite(pfn: number, offset: number, bytes: number): number {
    if (pfn >= this.frameLimit) return -1;
    const { hazards } = this.port;
    if (hazards !== null && hazards.at(pfn, offset, bytes, true) !== MEMORY_OK) return -1;
    return this.dry ? this.port.frameBase(pfn) : this.port.frameToWrite(pfn);
  }
}

/** Memory as it is behind its hazards: for looking. */
export class PlainPort implements MemoryPort {
  readonly hazards = null;

  constructor(private readonly port: MemoryPort) {}

  get words(): Int32Array {
    return this.port.words;
  }

  get frames(): Int32Array {
    return this.port.frames;
  }

  get frameMask(): number {
    return this.port.frameMask;
  }

  frameBase(pfn: number): number {
    return this.port.frameBase(pfn);
  }

  frameToWrite(pfn: number): number {
    return this.port.frameBase(pfn);
  }

  load32(pa: number): number | null {
    return this.port.load32(pa);
  }

  store32(): boolean {
    return false;
  }
}

/** `pfn | bits` for frame numbers of any size; `bits` below 2^31. */
export const orPfn = (pfn: number, bits: number): number => {
  const low = pfn % 0x8000_0000;
  return pfn - low + (low | bits);
};
