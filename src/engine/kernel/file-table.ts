import { err, ok, type Result } from './errno';
import type { FileTable, KernelFile, OpenFile } from './file';

/** Descriptors of a process that the engine itself runs: the lowest free number from 3 on. Linux: fs/file.c */
export class Descriptors implements FileTable {
  private readonly slots = new Map<number, OpenFile | 'reserved'>();

  /** `limit`: RLIMIT_NOFILE. */
  constructor(private readonly limit = 1024) {}

  reserve(): Result<number> {
    let fd = 3;
    while (this.slots.has(fd)) fd++;
    if (fd >= this.limit) return err('EMFILE', 'the process has no descriptor left', { rule: 'alloc_fd' });
    this.slots.set(fd, 'reserved');
    return ok(fd);
  }

  install(fd: number, file: KernelFile): void {
    this.slots.set(fd, { kind: 'kernel', file });
  }

  abandon(fd: number): void {
    this.slots.delete(fd);
  }

  get(fd: number): OpenFile | null {
    const slot = this.slots.get(fd);
    return slot === undefined || slot === 'reserved' ? null : slot;
  }

  /** The lowest number of an open file; null where it is open no more. */
  find(is: (file: OpenFile) => boolean): number | null {
    const open = [...this.slots].filter(([, slot]) => slot !== 'reserved' && is(slot));
    return open.length === 0 ? null : Math.min(...open.map(([fd]) => fd));
  }

  /** Puts any open file under the lowest free number, e.g. a memfd. */
  open(file: OpenFile): Result<number> {
    const fd = this.reserve();
    if (fd.ok) this.slots.set(fd.value, file);
    return fd;
  }

  /** Takes a descriptor away; the caller releases the file. Linux: close(2) */
  close(fd: number): OpenFile | null {
    const file = this.get(fd);
    this.slots.delete(fd);
    return file;
  }
}
