import type { PageSource } from '../memory/user-memory';
import type { Caller } from './caller';
import type { Result } from './errno';
import type { Task } from './task';

/** Linux: include/uapi/asm-generic/poll.h */
export const POLLIN = 0x1;
export const POLLOUT = 0x4;
export const POLLRDNORM = 0x40;
export const POLLWRNORM = 0x100;

/**
 * An open file that the engine serves: /dev/iommu, a fault queue, an event queue, an access of the tests, a dma-buf.
 * What is left out fails as the kernel's VFS lets it fail (read and write EINVAL, ioctl ENOTTY, mmap ENODEV).
 *
 * Linux: struct file with its struct file_operations
 */
export interface KernelFile {
  /** For sentences, e.g. `fault queue 3 of context 1`. */
  readonly title: string;
  /** The value that the call returns; `argVa` is the user's pointer, or a number for commands that take one. */
  ioctl?(caller: Caller, cmd: number, argVa: bigint): Task<Result<number>>;
  /** Bytes read. `offset` is null for a plain read(2); these files cannot seek, so pread(2) is ESPIPE where they check. */
  read?(caller: Caller, userVa: bigint, count: number, offset: bigint | null): Task<Result<number>>;
  write?(caller: Caller, userVa: bigint, count: number, offset: bigint | null): Task<Result<number>>;
  /** POLL* bits that hold now. */
  poll?(): number;
  mmap?(request: MmapRequest): Result<MmapRegion>;
  /** The last descriptor is gone. */
  release(): Task<void>;
}

export interface MmapRequest {
  readonly length: bigint;
  readonly offset: bigint;
  readonly shared: boolean;
  readonly writable: boolean;
  readonly executable: boolean;
}

/**
 * Device memory that a process maps. `open` counts each VMA that comes (the first one too, then copies at fork and
 * split), `close` each that goes; a VMA keeps the file open even when its descriptor is closed.
 *
 * Linux: struct vm_operations_struct
 */
export interface MmapRegion {
  /** Key of the bytes, the same for every mapping of the same offset. */
  readonly bytes: Uint8Array;
  open(): void;
  close(): Task<void>;
}

/** What a descriptor number of a process stands for. */
export type OpenFile =
  | { readonly kind: 'kernel'; readonly file: KernelFile }
  /** A memfd: its pages can be pinned. */
  | { readonly kind: 'memory'; readonly source: PageSource }
  | { readonly kind: 'other' };

/** The descriptors of a process. Linux: struct files_struct */
export interface FileTable {
  /** Takes the lowest free number; EMFILE. Linux: get_unused_fd_flags() */
  reserve(flags: number): Result<number>;
  /** Nothing may fail from here on. Linux: fd_install() */
  install(fd: number, file: KernelFile): void;
  /** Gives a reserved number back. Linux: put_unused_fd() */
  abandon(fd: number): void;
  /** Null: EBADF. Linux: fget() */
  get(fd: number): OpenFile | null;
}

export const O_CLOEXEC = 0o2000000;
