import type { FrameBytes, FrameRun } from '../../engine/memory/user-memory';
import { invariant } from '../../lib/invariant';
import { type BlockOrigin, FrameBlock, PAGE } from './frame-block';

/** Frames of a block when the pages are small ones: 2 MiB. */
export const SMALL_BLOCK = 512;
/** 4 GiB: nothing that looks like an address of the first megabytes is ever a frame. */
const FIRST_FRAME = 0x10_0000;
/** Bytes of private memory kept as copies, all processes together. */
const MOST_COPIED = 64 * 1024 * 1024;

/** How a place in a file or an address space is numbered. */
export interface Place {
  readonly key: string;
  /** Page within the block. */
  readonly index: number;
  /** Frames of the block: 512, or those of a larger huge page. */
  readonly frames: number;
  readonly compound: boolean;
  readonly origin: BlockOrigin;
}

/**
 * Frame numbers for real pages, made up: a page is known by what it is a page of (a file, or one process's own memory)
 * and where in it. Numbers are handed out in blocks that lie next to each other as their pages do.
 */
export class Frames implements FrameBytes {
  private readonly byKey = new Map<string, FrameBlock>();
  private readonly byNumber = new Map<number, FrameBlock>();
  private readonly idle = new Set<FrameBlock>();
  private next = FIRST_FRAME;
  private copied = 0;

  /** Pins of all pages. */
  get pinned(): number {
    return [...new Set(this.byNumber.values())].reduce((sum, block) => sum + block.pinned, 0);
  }

  /** The frame that a place stands for now. */
  frameAt(place: Place): number {
    const block = this.blockAt(place);
    this.idle.add(block);
    return block.base + place.index;
  }

  isPinned({ key, index }: Place): boolean {
    for (let block = this.byKey.get(key); block; block = block.successor ?? undefined)
      if ((block.pins[index] ?? 0) > 0 && block.stillThere(index)) return true;
    return false;
  }

  /** Pins `count` pages from a place on, within one block; runs of neighbours are joined. */
  pin(place: Place, count: number, runs: { pfn: number; count: number }[]): void {
    const { index } = place;
    for (let done = 0; done < count;) {
      const block = this.blockAt({ ...place, index: index + done });
      let stretch = 1;
      while (done + stretch < count && block.stillThere(index + done + stretch)) stretch++;
      block.pin(index + done, stretch);
      const pfn = block.base + index + done;
      const top = runs.at(-1);
      if (top !== undefined && top.pfn + top.count === pfn) top.count += stretch;
      else runs.push({ pfn, count: stretch });
      done += stretch;
    }
  }

  unpin(runs: readonly FrameRun[]): void {
    for (const { pfn, count } of runs) {
      for (let at = pfn; at < pfn + count; at++) {
        const block = this.owner(at);
        const index = at - block.base;
        const kept = block.hasCopy(index);
        invariant(block.unpin(index), `frame ${at.toString(16)} is not pinned`);
        if (kept && !block.hasCopy(index)) this.copied -= PAGE;
        if (block.pinned === 0) this.idle.add(block);
      }
    }
  }

  /** Copies what private pages hold, as long as that is little. */
  keepCopies(runs: readonly FrameRun[], read: (index: number) => Uint8Array | null): void {
    let index = 0;
    for (const { pfn, count } of runs) {
      for (let at = pfn; at < pfn + count; at++, index++) {
        const block = this.owner(at);
        if (block.origin.file || block.hasCopy(at - block.base) || this.copied >= MOST_COPIED) continue;
        const data = read(index);
        if (!data) continue;
        block.keepCopy(at - block.base, data);
        this.copied += PAGE;
      }
    }
  }

  /** A file became shorter: pages pinned behind its end are no longer its own. */
  truncated(identity: string, bytes: number): void {
    for (const block of this.byKey.values()) {
      const { origin } = block;
      if (origin.identity === identity) block.truncate(Math.ceil((bytes - origin.position) / PAGE));
    }
  }

  /** Null: a piece of a larger page. */
  pinsOf(pfn: number): number | null {
    const block = this.owner(pfn);
    return block.compound ? null : (block.pins[pfn - block.base] ?? 0);
  }

  readFrame(pfn: number, offset: number, bytes: number): Uint8Array {
    const block = this.owner(pfn);
    return block.read(pfn - block.base, offset, bytes);
  }

  writeFrame(pfn: number, offset: number, data: Uint8Array): void {
    const block = this.owner(pfn);
    block.write(pfn - block.base, offset, data);
  }

  /** Forgets what nobody pinned: the same place may then get another number. */
  sweep(): void {
    for (const block of this.idle) if (block.pinned === 0) this.drop(block);
    this.idle.clear();
  }

  private blockAt(place: Place): FrameBlock {
    let block = this.byKey.get(place.key);
    if (!block) this.byKey.set(place.key, (block = this.make(place)));
    while (!block.stillThere(place.index)) block = block.successor ??= this.make(place);
    return block;
  }

  private make({ key, frames, compound, origin }: Place): FrameBlock {
    const base = Math.ceil(this.next / frames) * frames;
    this.next = base + frames;
    const block = new FrameBlock(key, base, frames, origin, compound);
    for (let at = base; at < base + frames; at += SMALL_BLOCK) this.byNumber.set(at / SMALL_BLOCK, block);
    return block;
  }

  private drop(block: FrameBlock): void {
    const { base, frames, key } = block;
    if (this.byNumber.get(base / SMALL_BLOCK) !== block) return;
    for (let at = base; at < base + frames; at += SMALL_BLOCK) this.byNumber.delete(at / SMALL_BLOCK);
    const first = this.byKey.get(key);
    if (first === block) {
      if (block.successor) this.byKey.set(key, block.successor);
      else this.byKey.delete(key);
    } else {
      for (let at = first; at; at = at.successor ?? undefined)
        if (at.successor === block) at.successor = block.successor;
    }
    block.close();
  }

  private owner(pfn: number): FrameBlock {
    const block = this.byNumber.get(Math.floor(pfn / SMALL_BLOCK));
    invariant(block, `frame ${pfn.toString(16)} is nobody's`);
    return block;
  }
}
