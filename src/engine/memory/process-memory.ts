import { invariant } from '../../lib/invariant';
import { done } from '../../lib/result';
import { err, ok, type Result } from '../kernel/errno';
import type { UserFrames } from './frame-use';
import type { PhysicalMemory } from './physical-memory';
import type { FrameRun, MappingListener, UserMemory } from './user-memory';

const PAGE = 4096;
/** Where mappings start to be placed downwards, as a program without address randomisation sees it. */
const MMAP_BASE = 0x7fff_f7ff_f000;
const MMAP_MIN = 0x10000;

export type PageSizeLg2 = 12 | 21 | 30;

/** The largest page size that divides the length. */
export const defaultPageSize = (bytes: number): PageSizeLg2 =>
  bytes > 0 && bytes % 2 ** 30 === 0 ? 30 : bytes > 0 && bytes % 2 ** 21 === 0 ? 21 : 12;

export interface Mapping {
  readonly userVa: bigint;
  readonly bytes: number;
  readonly pageSizeLg2: PageSizeLg2;
  readonly writable: boolean;
  /** Physical address of its first byte. */
  readonly pa: number;
}

/** The memory behind one mmap: pages of one size, each physically contiguous. It outlives its mapping while pinned. */
interface Block extends UserFrames {
  readonly framesPerPage: number;
  /** First frame of each page. Pages come from the top of memory, so these descend. */
  readonly pfns: Float64Array;
  /** Pins of each page's 4 KiB pieces. */
  readonly pins: Int32Array;
  pinned: number;
  mapped: boolean;
}

/** One page of a block. */
interface Owner {
  readonly block: Block;
  readonly page: number;
}

interface Vma {
  readonly start: number;
  readonly end: number;
  readonly pageSizeLg2: PageSizeLg2;
  readonly writable: boolean;
  readonly block: Block;
}

/**
 * A process's address space: anonymous memory, present from the start.
 *
 * Linux: mm/mmap.c, mm/gup.c pin_user_pages_remote()
 *
 * Pages of one mapping are handed out downwards, so two neighbours are never one physical run: what a page table gets to
 * see depends on the page size that was asked for, not on what else the machine did before.
 */
export class ProcessMemory implements UserMemory {
  alive = true;
  pinnedVm = 0;
  lockedVm = 0;
  /** Ascending by start. */
  private readonly vmas: Vma[] = [];
  private readonly blocks = new Set<Block>();
  private readonly listeners = new Set<MappingListener>();
  private pins = 0;

  constructor(
    readonly name: string,
    private readonly memory: PhysicalMemory,
  ) {}

  /** Outstanding pins in 4 KiB pages. */
  get pinnedPages(): number {
    return this.pins;
  }

  get mappings(): readonly Mapping[] {
    return this.vmas.map(toMapping);
  }

  /** Maps fresh zeroed memory and says where. Linux: mmap(2) with MAP_ANONYMOUS, and MAP_HUGETLB for large pages */
  mmap(bytes: number, pageSizeLg2?: PageSizeLg2, writable = true): Result<Mapping> {
    if (!(bytes > 0)) return err('EINVAL', 'the length is zero', { rule: 'do_mmap' });
    const sizeLg2 = pageSizeLg2 ?? defaultPageSize(bytes);
    const size = 2 ** sizeLg2;
    const length = Math.ceil(bytes / size) * size;
    const start = this.findGap(length, size);
    if (start < 0) return err('ENOMEM', 'the address space is full', { rule: 'get_unmapped_area' });
    const block = this.allocate(start, length / size, size / PAGE);
    if (!block.ok) return block;
    const vma: Vma = { start, end: start + length, pageSizeLg2: sizeLg2, writable, block: block.value };
    this.vmas.push(vma);
    this.vmas.sort((a, b) => a.start - b.start);
    for (const listener of this.listeners) tellPages(vma, listener);
    return ok(toMapping(vma));
  }

  /** Unmaps one whole mapping; pinned pages stay allocated until they are unpinned. */
  munmap(userVa: bigint, bytes: number): Result<undefined> {
    const start = Number(userVa);
    const at = this.vmas.findIndex((vma) => vma.start === start && vma.end - vma.start === bytes);
    const vma = this.vmas[at];
    if (vma === undefined) return err('EINVAL', 'only whole mappings are unmapped here', { rule: 'munmap' });
    this.vmas.splice(at, 1);
    for (const listener of this.listeners) listener.unmapped(userVa, bytes);
    vma.block.mapped = false;
    this.releaseIfUnused(vma.block);
    return done;
  }

  pin(userVa: bigint, pages: number, write: boolean): Result<readonly FrameRun[]> {
    const first = Number(userVa);
    if (first % PAGE !== 0) return err('EINVAL', 'the address is not page-aligned');
    const runs: { pfn: number; count: number }[] = [];
    const last = first + pages * PAGE;
    for (let va = first; va < last;) {
      const vma = this.find(va);
      if (vma === undefined || (write && !vma.writable)) {
        this.unpin(runs);
        const what = vma === undefined ? 'is not mapped' : 'is mapped read-only';
        return err('EFAULT', `user address 0x${va.toString(16)} ${what}`, { rule: 'pin_user_pages_remote' });
      }
      va = this.pinIn(vma, va, Math.min(last, vma.end), runs);
    }
    return ok(runs);
  }

  unpin(runs: readonly FrameRun[]): void {
    let owner: Owner | undefined;
    for (const run of runs) {
      for (let pfn = run.pfn; pfn < run.pfn + run.count;) {
        owner = this.owner(pfn, owner);
        const { block, page } = owner;
        const end = (block.pfns[page] ?? 0) + block.framesPerPage;
        const count = Math.min(end, run.pfn + run.count) - pfn;
        const left = (block.pins[page] ?? 0) - count;
        invariant(left >= 0, `${this.name}: unpin of a page that is not pinned`);
        block.pins[page] = left;
        block.pinned -= count;
        this.pins -= count;
        pfn += count;
        this.releaseIfUnused(block);
      }
    }
  }

  read(userVa: bigint, bytes: number): Result<Uint8Array> {
    const copy = new Uint8Array(bytes);
    const moved = this.eachPiece(Number(userVa), bytes, false, (pa, at, length) => {
      copy.set(this.memory.read(pa, length) ?? [], at);
    });
    return moved.ok ? ok(copy) : moved;
  }

  write(userVa: bigint, data: Uint8Array): Result<undefined> {
    return this.eachPiece(Number(userVa), data.length, true, (pa, at, length) => {
      this.memory.write(pa, data.subarray(at, at + length));
    });
  }

  /** Physical address behind a user address; null where nothing is mapped. */
  physical(userVa: bigint): number | null {
    const va = Number(userVa);
    const vma = this.find(va);
    return vma === undefined ? null : physicalIn(vma, va);
  }

  /** Frame of the page at a user address; null where nothing is mapped. */
  pageAt(userVa: bigint): number | null {
    const pa = this.physical(userVa);
    return pa === null ? null : Math.floor(pa / PAGE);
  }

  /** Pins of a frame of this process; null for a piece of a larger page, which is counted as a whole. */
  pinsOf(pfn: number): number | null {
    const { block, page } = this.owner(pfn);
    return block.framesPerPage > 1 ? null : (block.pins[page] ?? 0);
  }

  observe(listener: MappingListener): () => void {
    this.listeners.add(listener);
    for (const vma of this.vmas) tellPages(vma, listener);
    return () => this.listeners.delete(listener);
  }

  /** Gives everything back at the end of the process; pinned pages stay. */
  exit(): void {
    for (const listener of [...this.listeners]) listener.released();
    for (const vma of this.vmas.splice(0)) {
      for (const listener of this.listeners) listener.unmapped(BigInt(vma.start), vma.end - vma.start);
      vma.block.mapped = false;
      this.releaseIfUnused(vma.block);
    }
  }

  private pinIn(vma: Vma, va: number, end: number, runs: { pfn: number; count: number }[]): number {
    const { block } = vma;
    const size = 2 ** vma.pageSizeLg2;
    while (va < end) {
      const page = Math.floor((va - vma.start) / size);
      const offset = (va - vma.start) % size;
      const count = Math.min(size - offset, end - va) / PAGE;
      const pfn = (block.pfns[page] ?? 0) + offset / PAGE;
      block.pins[page] = (block.pins[page] ?? 0) + count;
      block.pinned += count;
      this.pins += count;
      const run = runs[runs.length - 1];
      if (run !== undefined && run.pfn + run.count === pfn) run.count += count;
      else runs.push({ pfn, count });
      va += count * PAGE;
    }
    return va;
  }

  private eachPiece(
    va: number,
    bytes: number,
    write: boolean,
    move: (pa: number, at: number, length: number) => void,
  ): Result<undefined> {
    for (let at = 0; at < bytes;) {
      const vma = this.find(va + at);
      if (vma === undefined || (write && !vma.writable)) {
        return err('EFAULT', `user address 0x${(va + at).toString(16)} cannot be accessed`);
      }
      const size = 2 ** vma.pageSizeLg2;
      const length = Math.min(bytes - at, size - ((va + at - vma.start) % size));
      move(physicalIn(vma, va + at), at, length);
      at += length;
    }
    return done;
  }

  private allocate(userVa: number, pages: number, framesPerPage: number): Result<Block> {
    const pfns = new Float64Array(pages);
    for (let page = 0; page < pages; page++) {
      const got = this.memory.allocateFrames(framesPerPage, {
        align: framesPerPage,
        from: 'top',
        user: true,
      });
      if (!got.ok) {
        for (let n = 0; n < page; n++) this.memory.freeFrames(pfns[n] ?? 0, framesPerPage);
        return got;
      }
      pfns[page] = got.value;
    }
    const pins = new Int32Array(pages);
    const of = { holder: this.name, isFile: false, userVa };
    const block: Block = { ...of, framesPerPage, pfns, pins, pinned: 0, mapped: true };
    this.blocks.add(block);
    this.memory.userFrames.add(block);
    return ok(block);
  }

  private releaseIfUnused(block: Block): void {
    if (block.mapped || block.pinned > 0 || !this.blocks.delete(block)) return;
    this.memory.userFrames.delete(block);
    for (const pfn of block.pfns) this.memory.freeFrames(pfn, block.framesPerPage);
  }

  /** The highest gap of `length` bytes below the mmap base. */
  private findGap(length: number, align: number): number {
    let end = MMAP_BASE;
    for (let at = this.vmas.length; at >= 0; at--) {
      const below = at > 0 ? this.vmas[at - 1] : undefined;
      const start = Math.floor((end - length) / align) * align;
      if (start >= (below?.end ?? MMAP_MIN)) return start;
      end = below?.start ?? 0;
    }
    return -1;
  }

  private find(va: number): Vma | undefined {
    return this.vmas.find((vma) => va >= vma.start && va < vma.end);
  }

  /** The page that holds a frame; mostly the one that follows the last one asked for. */
  private owner(pfn: number, before?: Owner): Owner {
    const next = before ? before.page + 1 : 0;
    if (before && holds(before.block, next, pfn)) return { block: before.block, page: next };
    // Frames of a block's pages descend.
    for (const block of this.blocks) {
      let low = 0;
      let high = block.pfns.length;
      while (low < high) {
        const mid = (low + high) >>> 1;
        if ((block.pfns[mid] ?? 0) <= pfn) high = mid;
        else low = mid + 1;
      }
      if (holds(block, low, pfn)) return { block, page: low };
    }
    invariant(false, `${this.name} does not own frame ${pfn.toString(16)}`);
  }
}

const holds = ({ pfns, framesPerPage }: Block, page: number, pfn: number): boolean => {
  const first = pfns[page];
  return first !== undefined && pfn >= first && pfn < first + framesPerPage;
};

const physicalIn = (vma: Vma, va: number): number => {
  const size = 2 ** vma.pageSizeLg2;
  const page = Math.floor((va - vma.start) / size);
  return (vma.block.pfns[page] ?? 0) * PAGE + ((va - vma.start) % size);
};

function tellPages(vma: Vma, listener: MappingListener): void {
  const size = 2 ** vma.pageSizeLg2;
  for (let va = vma.start; va < vma.end; va += size) {
    listener.mapped(BigInt(va), physicalIn(vma, va), size, vma.writable);
  }
}

const toMapping = (vma: Vma): Mapping => ({
  userVa: BigInt(vma.start),
  bytes: vma.end - vma.start,
  pageSizeLg2: vma.pageSizeLg2,
  writable: vma.writable,
  pa: physicalIn(vma, vma.start),
});
