import { invariant } from '../../lib/invariant';
import type { MemoryHazards } from './hazards';

export const FRAME_BYTES = 4096;
const FRAME_WORDS = FRAME_BYTES / 4;
/** Frame numbers are 31-bit here, so that they stay small integers everywhere: 8 TiB. */
export const MAX_PFN = 0x7fff_ffff;
/** No frame: where writes end that reach no memory. */
const NOWHERE = -2;

/** A range of physical addresses that is memory, in frames; both ends inclusive. */
export interface RamRange {
  readonly startPfn: number;
  readonly lastPfn: number;
}

/**
 * Looks a frame number up in an open-addressed hash of (frame number, word index) pairs: the word index, or -1 when the
 * frame has no words of its own.
 */
export function findFrame(frames: Int32Array, mask: number, pfn: number): number {
  // Compared as an integer: without this the engine compares doubles.
  const wanted = pfn | 0;
  let at = Math.imul(wanted, 0x9e3779b1) >>> 7;
  for (;;) {
    const slot = (at & mask) << 1;
    const key = frames[slot];
    if (key === wanted) return frames[slot + 1] as number;
    if (key === -1) return -1;
    at = (at + 1) | 0;
  }
}

/**
 * The bytes of physical memory, by frame number.
 *
 * A frame costs nothing before it is first written: it reads as zero from one shared frame. Written frames live in one
 * growable arena, found through an open-addressed hash of (frame number, word index) pairs; frames never leave it, so
 * there is nothing to delete.
 */
export class FrameStore {
  /** Little-endian 32-bit words of all written frames. Replaced when the arena grows: read it anew after any write. */
  words = new Int32Array(FRAME_WORDS * 64);
  private bytes = new Uint8Array(this.words.buffer);
  /** Word index of the next unused frame; the first is the shared zero frame. */
  private next = FRAME_WORDS;
  /** The hash and its mask, for findFrame(). Replaced when it grows. */
  frames = new Int32Array(2 * 256).fill(-1);
  frameMask = 255;
  private used = 0;
  /** For hardware that reads memory: processors and programs do not meet them. */
  hazards: MemoryHazards | null = null;
  /** Runs after each store of a driver to a structure that its hardware reads, with the structure's name. */
  onPublish: ((what: string) => void) | null = null;

  constructor(readonly ram: readonly RamRange[]) {
    for (const range of ram) {
      invariant(range.startPfn >= 0 && range.lastPfn <= MAX_PFN, 'RAM lies below 8 TiB');
    }
  }

  isRam(pfn: number): boolean {
    for (const range of this.ram) if (pfn >= range.startPfn && pfn <= range.lastPfn) return true;
    return false;
  }

  /** Index in `words` of a frame's first word, for reading only; -1 where no memory is. */
  frameBase(pfn: number): number {
    if (pfn > MAX_PFN) return -1;
    const base = findFrame(this.frames, this.frameMask, pfn);
    if (base >= 0) return base;
    return this.isRam(pfn) ? 0 : -1;
  }

  /** As frameBase, for writing: gives the frame words of its own. */
  frameToWrite(pfn: number): number {
    const base = this.frameBase(pfn);
    return base === 0 ? this.materialise(pfn) : base;
  }

  /** As frameBase, for a processor that follows a pointer which somebody spoilt: where no memory is, it reads zeros. */
  processorBase(pfn: number): number {
    const base = this.frameBase(pfn);
    return base < 0 ? 0 : base;
  }

  /** As frameToWrite, for such a processor: what it writes where no memory is, is lost. */
  processorToWrite(pfn: number): number {
    const base = this.frameToWrite(pfn);
    if (base >= 0) return base;
    const lost = Math.max(0, findFrame(this.frames, this.frameMask, NOWHERE)) || this.materialise(NOWHERE);
    this.zeroAt(lost);
    return lost;
  }

  /** Reads the aligned 64-bit word at `pa` into `out` as [low, high]; false where no memory is. */
  load64(pa: number, out: Int32Array): boolean {
    const base = this.frameBase(Math.floor(pa / FRAME_BYTES));
    if (base < 0) return false;
    const at = base + ((pa % FRAME_BYTES) >> 2);
    out[0] = this.words[at] as number;
    out[1] = this.words[at + 1] as number;
    return true;
  }

  store64(pa: number, hi: number, lo: number): boolean {
    const base = this.frameToWrite(Math.floor(pa / FRAME_BYTES));
    if (base < 0) return false;
    const at = base + ((pa % FRAME_BYTES) >> 2);
    this.words[at] = lo;
    this.words[at + 1] = hi;
    return true;
  }

  /** The aligned 32-bit word at `pa`, signed; null where no memory is. */
  load32(pa: number): number | null {
    const base = this.frameBase(Math.floor(pa / FRAME_BYTES));
    return base < 0 ? null : (this.words[base + ((pa % FRAME_BYTES) >> 2)] as number);
  }

  store32(pa: number, value: number): boolean {
    const base = this.frameToWrite(Math.floor(pa / FRAME_BYTES));
    if (base < 0) return false;
    this.words[base + ((pa % FRAME_BYTES) >> 2)] = value;
    return true;
  }

  /** The aligned 64-bit word at `pa`, for borders and tests. */
  readU64(pa: number): bigint | null {
    const low = this.load32(pa);
    const high = this.load32(pa + 4);
    if (low === null || high === null) return null;
    return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
  }

  writeU64(pa: number, value: bigint): boolean {
    return this.store64(pa, Number(BigInt.asIntN(32, value >> 32n)), Number(BigInt.asIntN(32, value)));
  }

  /** As writeU64, for a word of a structure that hardware may read at any moment: from now on it says this. */
  publishU64(pa: number, value: bigint, what: string): void {
    this.writeU64(pa, value);
    this.published(what);
  }

  /** Something was stored that hardware may read at any moment. */
  published(what: string): void {
    if (this.onPublish !== null) this.onPublish(what);
  }

  /** A copy of `length` bytes from `pa` on; null when any of them is no memory. */
  read(pa: number, length: number): Uint8Array | null {
    const copy = new Uint8Array(length);
    for (let done = 0; done < length;) {
      const base = this.frameBase(Math.floor((pa + done) / FRAME_BYTES));
      if (base < 0) return null;
      const offset = (pa + done) % FRAME_BYTES;
      const part = Math.min(FRAME_BYTES - offset, length - done);
      if (base > 0) copy.set(this.bytes.subarray(base * 4 + offset, base * 4 + offset + part), done);
      done += part;
    }
    return copy;
  }

  /** Writes all of `data`, or nothing when part of it is no memory. */
  write(pa: number, data: Uint8Array): boolean {
    for (let done = 0; done < data.length; done += FRAME_BYTES) {
      if (!this.isRam(Math.floor((pa + done) / FRAME_BYTES))) return false;
    }
    if (data.length > 0 && !this.isRam(Math.floor((pa + data.length - 1) / FRAME_BYTES))) return false;
    for (let done = 0; done < data.length;) {
      const base = this.frameToWrite(Math.floor((pa + done) / FRAME_BYTES));
      const offset = (pa + done) % FRAME_BYTES;
      const part = Math.min(FRAME_BYTES - offset, data.length - done);
      this.bytes.set(data.subarray(done, done + part), base * 4 + offset);
      done += part;
    }
    return true;
  }

  /** Zeroes frames: what a freed frame held stays readable until it is given out again. */
  protected zero(pfn: number, count: number): void {
    if (count <= this.used) {
      for (let n = 0; n < count; n++) this.zeroAt(this.frameBase(pfn + n));
      return;
    }
    for (let slot = 0; slot < this.frames.length; slot += 2) {
      const key = this.frames[slot] ?? -1;
      if (key >= pfn && key < pfn + count) this.zeroAt(this.frames[slot + 1] ?? 0);
    }
  }

  /** Frames that have words of their own. */
  get materialised(): number {
    return this.used;
  }

  private zeroAt(base: number): void {
    if (base > 0) this.words.fill(0, base, base + FRAME_WORDS);
  }

  private materialise(pfn: number): number {
    if (this.next + FRAME_WORDS > this.words.length) {
      const words = new Int32Array(this.words.length * 2);
      words.set(this.words);
      this.words = words;
      this.bytes = new Uint8Array(words.buffer);
    }
    const base = this.next;
    this.next += FRAME_WORDS;
    this.used++;
    // At most half full: a probe for an absent frame must end soon.
    if (this.used * 2 > this.frameMask) this.growTable();
    this.insert(pfn, base);
    return base;
  }

  private insert(pfn: number, base: number): void {
    const { frames, frameMask } = this;
    let at = Math.imul(pfn, 0x9e3779b1) >>> 7;
    while (frames[(at & frameMask) << 1] !== -1) at++;
    frames[(at & frameMask) << 1] = pfn;
    frames[((at & frameMask) << 1) + 1] = base;
  }

  private growTable(): void {
    const old = this.frames;
    this.frameMask = this.frameMask * 2 + 1;
    this.frames = new Int32Array(2 * (this.frameMask + 1)).fill(-1);
    for (let slot = 0; slot < old.length; slot += 2) {
      const pfn = old[slot] ?? -1;
      if (pfn !== -1) this.insert(pfn, old[slot + 1] ?? 0);
    }
  }
}
