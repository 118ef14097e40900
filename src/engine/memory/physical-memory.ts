import { EngineBug, invariant } from '../../lib/invariant';
import { err, ok, type Result } from '../kernel/errno';
import { FRAME_BYTES, FrameStore, type RamRange } from './frame-store';
import type { FrameUse, UserFrames } from './frame-use';
import { FreeRuns, type From } from './free-runs';
import type { FrameBytes } from './user-memory';

/** As on a PC with 64 GiB: 2 GiB below the hole where devices and interrupt messages live, the rest above 4 GiB. */
export const DEFAULT_RAM: readonly RamRange[] = [
  { startPfn: 0x100, lastPfn: 0x7_ffff },
  { startPfn: 0x10_0000, lastPfn: 0x107_ffff },
];

export interface AllocateOptions {
  /** Alignment in frames, a power of two. */
  readonly align?: number;
  readonly from?: From;
  /** Memory of a process: made to fail are only the kernel's own allocations. Linux: fail_page_alloc, ignore-gfp-highmem */
  readonly user?: boolean;
  /** What for. */
  readonly use?: FrameUse;
}

/** The machine's physical memory: bytes by frame, and who may have which frame. */
export class PhysicalMemory extends FrameStore implements FrameBytes {
  private readonly free = new FreeRuns();
  private allocated = 0;
  /** By frame: what the kernel has it for. */
  readonly uses = new Map<number, FrameUse>();
  /** What processes and files have. */
  readonly userFrames = new Set<UserFrames>();
  /** World id of the unit whose driver is being started: what it takes without a word more is that unit's. */
  taker: string | null = null;
  /** Counts down to the allocation that fails; 0 is off. Linux: fault injection, fail-nth */
  private failIn = 0;
  /** Asked at each allocation of the kernel; true makes it fail. Linux: should_fail_alloc_page() */
  shouldFail: () => boolean = () => false;

  /**
   * Somebody gives back what is free already, or no memory: our own mistake, but where people write into the kernel's
   * tables by hand. Linux: bad_page()
   */
  onBadFree: (pfn: number) => void = (pfn) => {
    throw new EngineBug(`double free of frame ${pfn.toString(16)}`);
  };

  constructor(ram: readonly RamRange[] = DEFAULT_RAM) {
    super(ram);
    for (const range of ram) this.free.give(range.startPfn, range.lastPfn - range.startPfn + 1);
  }

  /** First frame of a zeroed run of physically contiguous frames. */
  allocateFrames(count: number, options: AllocateOptions = {}): Result<number> {
    if (options.user !== true && this.mustFail()) return err('ENOMEM', 'the allocation was made to fail');
    const pfn = this.free.take(count, options.align ?? 1, options.from ?? 'bottom');
    if (pfn < 0) return err('ENOMEM', `no ${count} contiguous free frames are left`);
    this.allocated += count;
    this.zero(pfn, count);
    if (options.use !== undefined) this.noteUse(pfn, count, options.use);
    return ok(pfn);
  }

  freeFrames(pfn: number, count: number): void {
    if (this.isRam(pfn) && this.isRam(pfn + count - 1) && this.free.give(pfn, count)) {
      this.allocated -= count;
      // What is taken together has one use: a frame without one has neighbours without.
      if (this.uses.has(pfn)) for (let n = 0; n < count; n++) this.uses.delete(pfn + n);
    } else this.onBadFree(pfn);
  }

  /** Whose a structure is that stands at an address: one that hangs from it is of the same. */
  ownerAt(pa: number): FrameUse['owner'] {
    return this.uses.get(Math.floor(pa / FRAME_BYTES))?.owner ?? null;
  }

  private noteUse(pfn: number, count: number, use: FrameUse): void {
    const whose = use.owner === null && this.taker !== null ? { ...use, owner: this.taker } : use;
    for (let n = 0; n < count; n++) this.uses.set(pfn + n, whose);
  }

  /** Free frames, ascending. */
  get freeRuns(): readonly { readonly pfn: number; readonly count: number }[] {
    return this.free.runs;
  }

  readFrame(pfn: number, offset: number, bytes: number): Uint8Array {
    const read = this.read(pfn * FRAME_BYTES + offset, bytes);
    invariant(read, `frame ${pfn.toString(16)} is no memory`);
    return read;
  }

  writeFrame(pfn: number, offset: number, data: Uint8Array): void {
    invariant(this.write(pfn * FRAME_BYTES + offset, data), `frame ${pfn.toString(16)} is no memory`);
  }

  get allocatedFrames(): number {
    return this.allocated;
  }

  private mustFail(): boolean {
    return (this.failIn > 0 && --this.failIn === 0) || this.shouldFail();
  }

  /** Makes the nth allocation from now fail; 0 turns it off. */
  failNth(n: number): void {
    this.failIn = n;
  }
}
