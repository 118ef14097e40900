import { fstatSync, readdirSync, statfsSync, statSync, writeSync } from 'node:fs';
import { attempt, closeQuietly, openBest, readAt } from './host';
import { deviceOf, mapFileName, type Vma } from './maps';

/** Linux: include/uapi/linux/magic.h */
const HUGETLBFS_MAGIC = 0x958458f6;
const TMPFS_MAGIC = 0x01021994;

/**
 * A file whose pages processes share: a memfd, anonymous shared memory, a file on disk. Holding it open keeps its
 * pages after every process has unmapped them or died. Open while somebody uses it.
 */
export class SharedFile {
  private users = 1;
  private lastSize = 0;
  /** Bytes of a huge page, for hugetlbfs. */
  readonly hugePage: number | null;
  /** Pages in page cache that can be pinned by file offset. Linux: shmem_file(), is_file_hugepages() */
  readonly inMemory: boolean;

  constructor(
    /** `major:minor inode`, as in /proc/PID/maps. */
    readonly identity: string,
    private readonly fd: number,
    private readonly on: { readonly shrunk: (bytes: number) => void; readonly closed: () => void },
  ) {
    const { type, bsize } = statfsSync(`/proc/self/fd/${fd}`);
    this.hugePage = type === HUGETLBFS_MAGIC ? bsize : null;
    this.inMemory = type === HUGETLBFS_MAGIC || type === TMPFS_MAGIC;
  }

  get(): this {
    this.users++;
    return this;
  }

  put(): void {
    if (--this.users > 0) return;
    this.on.closed();
    closeQuietly(this.fd);
  }

  get bytes(): number {
    const { size } = fstatSync(this.fd);
    if (size < this.lastSize) this.on.shrunk(size);
    this.lastSize = size;
    return size;
  }

  read(position: number, bytes: number): Uint8Array | null {
    return readAt(this.fd, position, bytes);
  }

  /** False where the file system cannot: hugetlbfs has no write(2). */
  write(position: number, data: Uint8Array): boolean {
    return attempt(() => writeSync(this.fd, data, 0, data.length, position)) === data.length;
  }
}

/** The shared files that are in use, each open once. */
export class SharedFiles {
  private readonly open = new Map<string, SharedFile>();

  /** `shrunk`: a file in use was found to be shorter than before. */
  constructor(private readonly shrunk: (identity: string, bytes: number) => void) {}

  get count(): number {
    return this.open.size;
  }

  /** The file of a mapping; null where the host does not let us have it. */
  ofMapping(pid: number, vma: Vma): SharedFile | null {
    if (vma.file === null) return null;
    return this.find(vma.file, () => {
      const fd = openBest(`/proc/${pid}/map_files/${mapFileName(vma)}`);
      // Without privilege: the process may still have the file open.
      return fd >= 0 ? fd : openBest(descriptorOf(pid, vma.file) ?? '');
    });
  }

  /** The file under a descriptor; null for one that has no pages. */
  ofDescriptor(pid: number, fd: number): SharedFile | null {
    const path = `/proc/${pid}/fd/${fd}`;
    const stat = attempt(() => statSync(path, { bigint: true }));
    if (!stat?.isFile()) return null;
    return this.find(`${deviceOf(stat.dev)} ${stat.ino}`, () => openBest(path));
  }

  private find(identity: string, openIt: () => number): SharedFile | null {
    const known = this.open.get(identity);
    if (known) return known.get();
    const fd = openIt();
    if (fd < 0) return null;
    const file = new SharedFile(identity, fd, {
      shrunk: (bytes) => this.shrunk(identity, bytes),
      closed: () => this.open.delete(identity),
    });
    this.open.set(identity, file);
    return file;
  }
}

function descriptorOf(pid: number, identity: string | null): string | null {
  for (const name of attempt(() => readdirSync(`/proc/${pid}/fd`)) ?? []) {
    const path = `/proc/${pid}/fd/${name}`;
    const stat = attempt(() => statSync(path, { bigint: true }));
    if (stat && `${deviceOf(stat.dev)} ${stat.ino}` === identity) return path;
  }
  return null;
}
