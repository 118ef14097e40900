import { err, ok, type Result } from '../kernel/errno';
import { O_CLOEXEC, POLLIN, POLLRDNORM, type FileTable, type KernelFile } from '../kernel/file';
import type { Task } from '../kernel/task';
import type { Caller } from '../kernel/caller';
import { IommufdObject } from './object';

/**
 * Something that happens is read from a descriptor, which keeps the object and its context.
 *
 * Linux: drivers/iommu/iommufd/eventq.c struct iommufd_eventq
 */
export abstract class Eventq extends IommufdObject {
  /** Whether there is something to read. */
  abstract readonly ready: boolean;

  /**
   * Makes the file, and takes a number for it. When the number cannot be had, whoever undoes the object releases the file.
   *
   * Linux: iommufd_eventq_init()
   */
  protected openFile(files: FileTable, make: () => KernelFile): Result<number> {
    const { fail } = this.ctx.core;
    const rule = 'iommufd_eventq_init';
    if (fail.hit('anon_inode_getfile')) return err('ENOMEM', 'no memory for a file', { rule });
    this.ctx.get();
    this.users++;
    this.file = make();
    if (fail.hit('get_unused_fd_flags')) return err('ENOMEM', 'no memory for a descriptor', { rule });
    const fd = files.reserve(O_CLOEXEC);
    return fd.ok ? ok(fd.value) : fd;
  }
}

/** What the files of event queues have in common. Linux: INIT_EVENTQ_FOPS() */
export abstract class EventqFile<Q extends Eventq> implements KernelFile {
  constructor(protected readonly queue: Q) {}

  get title(): string {
    return `the descriptor of ${this.queue.title}`;
  }

  abstract read(caller: Caller, userVa: bigint, count: number, offset: bigint | null): Task<Result<number>>;

  /** Linux: iommufd_eventq_fops_poll() */
  poll(): number {
    return this.queue.ready ? POLLIN | POLLRDNORM : 0;
  }

  /** Linux: iommufd_eventq_fops_release() */
  release(): Task<void> {
    this.queue.users--;
    this.queue.file = null;
    return this.queue.ctx.put();
  }
}
