import { closeSync, constants, openSync, readSync, rmSync } from 'node:fs';
import { err, ok, type Errno, ERRNO, type Result } from '../../engine/kernel/errno';
import type { KernelFile } from '../../engine/kernel/file';
import { errorCode } from './host';
import { type FileIdentity, type Request, UPCALL } from './packets';
import type { Wire } from './wire';

interface Fifo {
  /** Our end of it. */
  readonly fd: number;
  /** Null while the descriptor is only reserved. */
  file: KernelFile | null;
}

const scratch = new Uint8Array(1);

/**
 * The open files of a session. Each is a FIFO that clients hold open for writing: which file a descriptor refers to is
 * its inode, and after the last reference anywhere is gone our end reads end-of-file.
 *
 * Linux: struct file; its reference count is the host's own
 */
export class VirtualFiles {
  private readonly fifos = new Map<FileIdentity, Fifo>();
  private named = 0;

  constructor(
    private readonly folder: string,
    private readonly wire: Wire,
  ) {}

  get count(): number {
    return this.fifos.size;
  }

  get(identity: FileIdentity): KernelFile | null {
    return this.fifos.get(identity)?.file ?? null;
  }

  /** Gives the caller a descriptor of a file that is still to come. Linux: get_unused_fd_flags() */
  reserve(request: Request, flags: number): Result<{ readonly fd: number; readonly identity: FileIdentity }> {
    const path = `${this.folder}/vf-${++this.named}`;
    const payload = new TextEncoder().encode(path);
    const reply = this.wire.upcall(request, UPCALL.INSTALL_FD, [BigInt(flags)], payload);
    if (!reply || reply.result < 0n) {
      rmSync(path, { force: true });
      const errno = reply ? errnoOf(-Number(reply.result)) : 'EINTR';
      return err(errno, 'the process got no descriptor', { rule: 'get_unused_fd_flags' });
    }
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    rmSync(path);
    this.fifos.set(reply.file, { fd, file: null });
    return ok({ fd: Number(reply.result), identity: reply.file });
  }

  install(identity: FileIdentity, file: KernelFile): void {
    const fifo = this.fifos.get(identity);
    if (fifo) fifo.file = file;
  }

  close(request: Request, fd: number): void {
    this.wire.upcall(request, UPCALL.CLOSE_FD, [BigInt(fd)]);
  }

  /** The files whose last reference is gone: theirs is to be released now. Linux: fput() */
  takeDropped(): readonly KernelFile[] {
    const dropped: KernelFile[] = [];
    for (const [identity, { fd, file }] of this.fifos) {
      if (isHeld(fd)) continue;
      this.fifos.delete(identity);
      closeSync(fd);
      if (file) dropped.push(file);
    }
    return dropped;
  }
}

function isHeld(fd: number): boolean {
  try {
    return readSync(fd, scratch, 0, 1, null) !== 0;
  } catch (thrown) {
    const code = errorCode(thrown);
    if (code === 'EAGAIN' || code === 'EWOULDBLOCK') return true;
    throw thrown;
  }
}

const errnoOf = (number: number): Errno =>
  (Object.keys(ERRNO) as Errno[]).find((name) => ERRNO[name] === number) ?? 'EMFILE';
