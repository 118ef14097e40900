import type { Caller, Capability, Process, UserAccount } from '../../kernel/caller';
import { err, ok, type Result } from '../../kernel/errno';
import type { FileTable, KernelFile, MmapRegion, OpenFile } from '../../kernel/file';
import type { Task } from '../../kernel/task';
import type { RecordedMemory } from './recorded-memory';

const O_CLOEXEC = 0o2000000;
const NO_LIMIT = 2n ** 64n - 1n;
const PAGE = 4096n;

/** An open file, however many descriptors and processes have it. Linux: struct file */
export interface OpenDescription {
  readonly open: OpenFile;
  refs: number;
}

interface Slot {
  /** Null: reserved. */
  description: OpenDescription | null;
  readonly closeOnExec: boolean;
}

/** Descriptors of one process. Linux: fs/file.c */
export class RecordedFiles implements FileTable {
  limit = 1024;
  private readonly slots = new Map<number, Slot>();

  lowestFree(): number {
    let fd = 0;
    while (this.slots.has(fd)) fd++;
    return fd;
  }

  reserve(flags: number): Result<number> {
    const fd = this.lowestFree();
    if (fd >= this.limit) return err('EMFILE', 'no descriptor is left', { rule: 'alloc_fd' });
    this.slots.set(fd, { description: null, closeOnExec: (flags & O_CLOEXEC) !== 0 });
    return ok(fd);
  }

  install(fd: number, file: KernelFile): void {
    this.put(fd, { open: { kind: 'kernel', file }, refs: 0 });
  }

  put(fd: number, description: OpenDescription): void {
    const slot = this.slots.get(fd);
    if (!slot || slot.description) throw new Error(`descriptor ${fd} was not reserved`);
    slot.description = description;
    description.refs++;
  }

  abandon(fd: number): void {
    this.slots.delete(fd);
  }

  get(fd: number): OpenFile | null {
    return this.slots.get(fd)?.description?.open ?? null;
  }

  describe(fd: number): OpenDescription | null {
    return this.slots.get(fd)?.description ?? null;
  }

  /** `fd`, `fd,cloexec` or `bad`, as the recorder prints. */
  print(fd: number): string {
    const slot = this.slots.get(fd);
    if (!slot?.description) return 'bad';
    return slot.closeOnExec ? 'fd,cloexec' : 'fd';
  }

  open(open: OpenFile, flags: number): Result<number> {
    const fd = this.reserve(flags);
    if (fd.ok) this.put(fd.value, { open, refs: 0 });
    return fd;
  }

  /** Linux: close(2) */
  *close(fd: number): Task<Result<undefined>> {
    const description = this.describe(fd);
    if (!description) return err('EBADF', `${fd} is not open`, { rule: 'close' });
    this.slots.delete(fd);
    if (--description.refs === 0 && description.open.kind === 'kernel')
      yield* description.open.file.release();
    return ok(undefined);
  }

  *closeAll(): Task<void> {
    for (const fd of [...this.slots.keys()]) yield* this.close(fd);
  }

  fork(): RecordedFiles {
    const child = new RecordedFiles();
    child.limit = this.limit;
    for (const [fd, slot] of this.slots) {
      child.slots.set(fd, { ...slot });
      if (slot.description) slot.description.refs++;
    }
    return child;
  }
}

interface Mapping {
  start: bigint;
  end: bigint;
  readonly region: MmapRegion;
  /** Offset of `start` in the region. */
  skip: bigint;
  readonly readable: boolean;
}

/** Where the recorder's own mmaps go. */
const MMAP_VA = 0x20_0000_0000n;

/** Device memory that a process has mapped. */
export class RecordedMappings {
  private readonly list: Mapping[] = [];
  private next = MMAP_VA;

  map(region: MmapRegion, bytes: bigint, readable: boolean): bigint {
    const start = this.next;
    this.next += bytes + PAGE;
    this.list.push({ start, end: start + bytes, region, skip: 0n, readable });
    region.open();
    return start;
  }

  /** What sticks out stays as mappings of its own. Linux: do_vmi_munmap() */
  *unmap(start: bigint, end: bigint): Task<void> {
    for (const mapping of [...this.list]) {
      if (mapping.end <= start || mapping.start >= end) continue;
      this.list.splice(this.list.indexOf(mapping), 1);
      for (const [from, to] of [
        [mapping.start, start],
        [end, mapping.end],
      ] as const) {
        if (from >= to) continue;
        mapping.region.open();
        this.list.push({ ...mapping, start: from, end: to, skip: mapping.skip + from - mapping.start });
      }
      yield* mapping.region.close();
    }
  }

  /** A word; null: the read would be a signal. */
  peek(at: bigint): number | null {
    const mapping = this.list.find((each) => at >= each.start && at + 4n <= each.end && each.readable);
    if (!mapping) return null;
    const { buffer, byteOffset, byteLength } = mapping.region.bytes;
    const offset = Number(mapping.skip + at - mapping.start);
    return offset + 4 > byteLength
      ? null
      : new DataView(buffer, byteOffset, byteLength).getUint32(offset, true);
  }

  fork(): RecordedMappings {
    const child = new RecordedMappings();
    child.next = this.next;
    for (const mapping of this.list) {
      mapping.region.open();
      child.list.push({ ...mapping });
    }
    return child;
  }

  closeAll(): Task<void> {
    return this.unmap(0n, NO_LIMIT);
  }
}

/** The recorder, or a child that it forked for one operation. */
export class RecordedProcess implements Process {
  readonly capabilities = new Set<Capability>([
    'CAP_SYS_RESOURCE',
    'CAP_IPC_LOCK',
    'CAP_SYS_ADMIN',
    'CAP_SYS_RAWIO',
  ]);
  memlock = NO_LIMIT;
  /** Children so far. */
  forks = 0;

  constructor(
    readonly pid: number,
    readonly memory: RecordedMemory,
    readonly files: RecordedFiles,
    readonly mappings: RecordedMappings,
    readonly user: UserAccount,
  ) {}

  memlockLimit(): bigint {
    return this.memlock;
  }

  get caller(): Caller {
    return {
      mm: this.memory,
      bytes: this.memory,
      capable: (capability) => this.capabilities.has(capability),
      process: this,
      user: this.user,
      files: this.files,
    };
  }

  fork(): RecordedProcess {
    const child = new RecordedProcess(
      this.pid + ++this.forks,
      this.memory.fork('child'),
      this.files.fork(),
      this.mappings.fork(),
      this.user,
    );
    child.capabilities.clear();
    for (const each of this.capabilities) child.capabilities.add(each);
    child.memlock = this.memlock;
    return child;
  }

  /** Memory goes before descriptors. Linux: do_exit() */
  *exit(): Task<void> {
    this.memory.alive = false;
    yield* this.mappings.closeAll();
    yield* this.files.closeAll();
  }
}
