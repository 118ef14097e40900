import { invariant } from '../../lib/invariant';
import { err, ok, type Result } from '../kernel/errno';
import { FrameStore, type RamRange } from './frame-store';
import { FreeRuns, type From } from './free-runs';

/** As on a PC with 64 GiB: 2 GiB below the hole where devices and interrupt messages live, the rest above 4 GiB. */
export const DEFAULT_RAM: readonly RamRange[] = [
  { startPfn: 0x100, lastPfn: 0x7_ffff },
  { startPfn: 0x10_0000, lastPfn: 0x107_ffff },
];

export interface AllocateOptions {
  /** Alignment in frames, a power of two. */
  readonly align?: number;
  readonly from?: From;
}

/** The machine's physical memory: bytes by frame, and who may have which frame. */
export class PhysicalMemory extends FrameStore {
  private readonly free = new FreeRuns();
  private allocated = 0;
  /** Counts down to the allocation that fails; 0 is off. Linux: fault injection, fail-nth */
  private failIn = 0;

  constructor(ram: readonly RamRange[] = DEFAULT_RAM) {
    super(ram);
    for (const range of ram) this.free.give(range.startPfn, range.lastPfn - range.startPfn + 1);
  }

  /** First frame of a zeroed run of physically contiguous frames. */
  allocateFrames(count: number, options: AllocateOptions = {}): Result<number> {
    if (this.failIn > 0 && --this.failIn === 0) return err('ENOMEM', 'the allocation was made to fail');
    const pfn = this.free.take(count, options.align ?? 1, options.from ?? 'bottom');
    if (pfn < 0) return err('ENOMEM', `no ${count} contiguous free frames are left`);
    this.allocated += count;
    this.zero(pfn, count);
    return ok(pfn);
  }

  freeFrames(pfn: number, count: number): void {
    invariant(this.free.give(pfn, count), `double free of frame ${pfn.toString(16)}`);
    this.allocated -= count;
  }

  get allocatedFrames(): number {
    return this.allocated;
  }

  /** Makes the nth allocation from now fail; 0 turns it off. */
  failNth(n: number): void {
    this.failIn = n;
  }
}
