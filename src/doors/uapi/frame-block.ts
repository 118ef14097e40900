import type { SharedFile } from './shared-file';

export const PAGE = 4096;

/** A process's memory by address, while it is there. */
export interface LiveBytes {
  /** Whether a page of the file at that position lies at the address; null: a page of its own, touched before. */
  holds(va: number, file: string | null, position: number): boolean;
  readLive(va: number, bytes: number): Uint8Array | null;
  writeLive(va: number, data: Uint8Array): boolean;
}

/** What the pages of a block are: a stretch of a file, or of one process's private memory. */
export interface BlockOrigin {
  /** The file by name; null: private memory. */
  readonly identity: string | null;
  /** The file, where the host lets us have it. */
  readonly file: SharedFile | null;
  /** Byte in the file of page 0. */
  readonly position: number;
  readonly live: LiveBytes | null;
  /** User address of page 0. */
  readonly va: number;
}

/**
 * Neighbouring pages that got neighbouring, naturally aligned frame numbers: 2 MiB of a file or of an address space,
 * or one larger huge page.
 *
 * The host's pages are not really pinned. What a process unmaps or truncates away while a pin should hold it lives on
 * here as a copy; the same place then stands for another page, in the block's `successor`.
 */
export class FrameBlock {
  readonly pins: Int32Array;
  /** Pins over all pages. */
  pinned = 0;
  successor: FrameBlock | null = null;
  /** Pages that are no longer where they were. */
  private readonly moved = new Set<number>();
  /** Pages whose bytes only we have: those that moved, and those that the host does not let us write. */
  private readonly ours = new Set<number>();
  private readonly copies = new Map<number, Uint8Array>();

  constructor(
    readonly key: string,
    /** Frame of page 0. */
    readonly base: number,
    readonly frames: number,
    readonly origin: BlockOrigin,
    /** Pieces of larger pages. */
    readonly compound: boolean,
  ) {
    this.pins = new Int32Array(frames);
    origin.file?.get();
  }

  close(): void {
    this.origin.file?.put();
  }

  pin(index: number, count: number): void {
    for (let at = index; at < index + count; at++) this.pins[at] = (this.pins[at] ?? 0) + 1;
    this.pinned += count;
  }

  /** False: it was not pinned. */
  unpin(index: number): boolean {
    const left = (this.pins[index] ?? 0) - 1;
    if (left < 0) return false;
    this.pins[index] = left;
    this.pinned--;
    if (left === 0) this.copies.delete(index);
    return true;
  }

  /** Whether the place of a page still holds the page of this block. */
  stillThere(index: number): boolean {
    this.look(index);
    return !this.moved.has(index);
  }

  hasCopy(index: number): boolean {
    return this.copies.has(index);
  }

  /** Keeps what a page of private memory holds, for when its process is gone. */
  keepCopy(index: number, data: Uint8Array): void {
    if (!this.ours.has(index)) this.copies.set(index, data);
  }

  /** The file ends before this page: what is pinned beyond is no longer part of it. */
  truncate(from: number): void {
    for (let index = Math.max(from, 0); index < this.frames; index++) {
      if ((this.pins[index] ?? 0) > 0) this.leave(index);
    }
  }

  read(index: number, offset: number, bytes: number): Uint8Array {
    this.look(index);
    const { file, position, live, va } = this.origin;
    const at = index * PAGE + offset;
    if (!this.ours.has(index)) {
      const data = file ? file.read(position + at, bytes) : live?.readLive(va + at, bytes);
      if (data) return data;
    }
    return this.copy(index).slice(offset, offset + bytes);
  }

  write(index: number, offset: number, data: Uint8Array): void {
    this.look(index);
    if (!this.ours.has(index)) {
      if (this.writeThrough(index * PAGE + offset, data)) {
        this.copies.get(index)?.set(data, offset);
        return;
      }
      this.copies.set(index, this.read(index, 0, PAGE));
      this.ours.add(index);
    }
    this.copy(index).set(data, offset);
  }

  private writeThrough(at: number, data: Uint8Array): boolean {
    const { identity, file, position, live, va } = this.origin;
    if (file?.write(position + at, data) === true) return true;
    if (!live?.holds(va + at, identity, position + at)) return false;
    return live.writeLive(va + at, data);
  }

  /** What is reached through a process alone goes with its mapping. Only a page that was touched can be missed. */
  private look(index: number): void {
    const { identity, file, position, live, va } = this.origin;
    if (file || this.moved.has(index) || !this.copies.has(index)) return;
    if (live?.holds(va + index * PAGE, identity, position + index * PAGE) !== true) this.leave(index);
  }

  private leave(index: number): void {
    this.moved.add(index);
    this.ours.add(index);
  }

  private copy(index: number): Uint8Array {
    let copy = this.copies.get(index);
    if (!copy) this.copies.set(index, (copy = new Uint8Array(PAGE)));
    return copy;
  }
}
