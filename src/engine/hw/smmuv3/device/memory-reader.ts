import { MEMORY_OK } from '../../../memory/hazards';
import { findFrame } from '../../../memory/frame-store';
import type { MemoryPort } from '../../port';

/** Slots of MemoryReader.word. */
export const WORD_LO = 0;
export const WORD_HI = 1;

const NEAR_MASK = 0x3ff;

/** Frame number of the address in a pair, -1 for one beyond what memory can hold. */
export const framePfn = (hi: number, lo: number): number => (hi >>> 11 === 0 ? (hi << 20) | (lo >>> 12) : -1);

/** How a unit reads and writes memory: addresses as pairs, and no allocation. */
export class MemoryReader {
  /** The last 64-bit word read. */
  readonly word = new Int32Array(2);
  /**
   * Where memory keeps the words of frames met lately: pairs of frame number and index, by the low bits of the number.
   * Words never move. Frames that were never written are not here: they get words of their own later.
   */
  readonly near = new Int32Array(2 * (NEAR_MASK + 1)).fill(-2);

  constructor(readonly memory: MemoryPort) {}

  /** Index of an aligned 32-bit word, -1 where no memory is or it does not answer. */
  indexOf(hi: number, lo: number, bytes: number, write: boolean): number {
    const { memory } = this;
    const pfn = framePfn(hi, lo);
    if (pfn < 0) return -1;
    const { hazards } = memory;
    if (hazards !== null && hazards.at(pfn, lo & 0xfff, bytes, write) !== MEMORY_OK) return -1;
    const base = write ? memory.frameToWrite(pfn) : this.base(pfn);
    return base < 0 ? -1 : base + ((lo & 0xfff) >> 2);
  }

  /** Reads the aligned 64-bit word at an address into `word`. */
  load64(hi: number, lo: number): boolean {
    const at = this.indexOf(hi, lo, 8, false);
    if (at < 0) return false;
    this.word[WORD_LO] = this.memory.words[at] as number;
    this.word[WORD_HI] = this.memory.words[at + 1] as number;
    return true;
  }

  /** Copies aligned words that lie in one frame. */
  load(hi: number, lo: number, out: Int32Array, count: number): boolean {
    const at = this.indexOf(hi, lo, count * 4, false);
    if (at < 0) return false;
    const { words } = this.memory;
    for (let n = 0; n < count; n++) out[n] = words[at + n] as number;
    return true;
  }

  store(hi: number, lo: number, data: Int32Array, count: number): boolean {
    const at = this.indexOf(hi, lo, count * 4, true);
    if (at < 0) return false;
    const { words } = this.memory;
    for (let n = 0; n < count; n++) words[at + n] = data[n] as number;
    return true;
  }

  /** Index of a frame's first word, for reading; -1 where no memory is. */
  base(pfn: number): number {
    const { near, memory } = this;
    const slot = (pfn & NEAR_MASK) << 1;
    if (near[slot] === pfn) return near[slot + 1] as number;
    const base = findFrame(memory.frames, memory.frameMask, pfn);
    if (base < 0) return memory.frameBase(pfn);
    near[slot] = pfn;
    near[slot + 1] = base;
    return base;
  }
}
