import type { Result } from '../kernel/errno';

/** A run of physically contiguous 4 KiB frames. */
export interface FrameRun {
  readonly pfn: number;
  readonly count: number;
}

/** Something whose pages can be pinned: a process's address space, or a memfd. */
export interface PageSource {
  /** For sentences: a process's name, `memfd 7`. */
  readonly name: string;
  /**
   * Pins `pages` 4 KiB pages from the page-aligned byte `at` on: a user address, or an offset in the file.
   * EFAULT when one is not mapped, or not writable as asked; EINVAL past a file's end, or for a file that is no memfd.
   *
   * Linux: pin_user_pages_remote(), memfd_pin_folios()
   */
  pin(at: bigint, pages: number, write: boolean): Result<readonly FrameRun[]>;
  unpin(runs: readonly FrameRun[]): void;
  /** Of a file: somebody keeps it beyond the call that found it, and at last does not. Linux: get_file(), fput() */
  acquire?(): void;
  release?(): void;
}

/** Hears what becomes present in a process and what goes, page by page. Linux: struct mmu_notifier_ops */
export interface MappingListener {
  /** One page, of any size. */
  mapped(userVa: bigint, pa: number, bytes: number, writable: boolean): void;
  /** A range that is gone; its pages are not given to anyone else before this returns. Linux: arch_invalidate_secondary_tlbs() */
  unmapped(userVa: bigint, bytes: number): void;
  /** The process ends: what is present goes next, then nothing more comes. Linux: mmu_notifier_ops release() */
  released(): void;
}

/** A process's memory, as far as something that pins it needs to know. Linux: struct mm_struct */
export interface UserMemory extends PageSource {
  /** False once the process is gone: nothing more can be pinned, pins outlive it. Linux: mmget_not_zero() */
  readonly alive: boolean;
  /** VmPin and VmLck in 4 KiB pages: what others pinned of it, what counts against its limit. Linux: mm->pinned_vm, mm->locked_vm */
  pinnedVm: number;
  lockedVm: number;
  /** Copies out of the process: EFAULT when not mapped. Linux: copy_from_user() */
  read(userVa: bigint, bytes: number): Result<Uint8Array>;
  write(userVa: bigint, data: Uint8Array): Result<undefined>;
  /**
   * Tells a listener about every page that is present and from then on about every change; the result ends that. Absent
   * where nobody can know, as with the memory of a process outside of this machine. Linux: mmu_notifier_register()
   */
  observe?(listener: MappingListener): () => void;
}

/** The bytes behind frames, whoever they belong to; what a CPU reaches through a kernel mapping. Linux: kmap_local_page() */
export interface FrameBytes {
  /** Never over the end of a 4 KiB frame. */
  readFrame(pfn: number, offset: number, bytes: number): Uint8Array;
  writeFrame(pfn: number, offset: number, data: Uint8Array): void;
}
