import type { Caller } from '../../../engine/kernel/caller';
import { err, ok, type Result } from '../../../engine/kernel/errno';
import type { KernelFile, MmapRegion, MmapRequest } from '../../../engine/kernel/file';
import { O_CLOEXEC, POLLIN, POLLOUT, POLLRDNORM } from '../../../engine/kernel/file';
import { runTask, type Task } from '../../../engine/kernel/task';
import { silent } from '../../../engine/trace/trace';
import { Session } from '../session';

/**
 * What shimtest.c talks to: the smallest /dev/iommu that has every kind of file operation, and no engine behind it.
 *
 *     IOAS_ALLOC 0x3b81, DESTROY 0x3b80: numbers, with the kernel's rules of structure sizes
 *     0x3bf0 {size, fd out}          a queue: a file to read, write and poll
 *     0x3bf1 {size, len, addr}       sum of the caller's bytes, through its memory as others see it
 *     0x3bf2 {size, len, addr, byte} fills the caller's bytes
 *     0x3bf3 {size, fd}              1: a queue of ours, 2: another file
 *     0x3bf4                         makes a page that can be mapped, holding 0xbeef; 0x3bf5: how many VMAs it has
 *     0x3bf6 {size, queues, files}   how many were released
 */
const counts = { queues: 0, files: 0 };
const TITLE_OF_QUEUE = 'queue';

const view = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);

/** A task that takes no lock. */
function* none(body: () => void): Task<void> {
  yield* [];
  body();
}

class Queue implements KernelFile {
  readonly title = TITLE_OF_QUEUE;
  private readonly bytes: number[] = [];

  *read(caller: Caller, userVa: bigint, count: number, offset: bigint | null): Task<Result<number>> {
    yield* [];
    if (offset !== null || count % 4 !== 0) return err('ESPIPE', 'no seeking, no halves');
    const taken = Uint8Array.from(this.bytes.slice(0, count));
    const written = caller.bytes.write(userVa, taken);
    this.bytes.splice(0, taken.length);
    return written.ok ? ok(taken.length) : written;
  }

  *write(caller: Caller, userVa: bigint, count: number): Task<Result<number>> {
    yield* [];
    const data = caller.bytes.read(userVa, count);
    if (!data.ok) return data;
    this.bytes.push(...data.value);
    return ok(count);
  }

  poll(): number {
    return POLLOUT | (this.bytes.length > 0 ? POLLIN | POLLRDNORM : 0);
  }

  *release(): Task<void> {
    yield* [];
    counts.queues++;
  }
}

class DemoFile implements KernelFile {
  readonly title = 'demo';
  private readonly ids = new Set<number>();
  private nextId = 1;
  private page: Uint8Array | null = null;
  private vmas = 0;

  *ioctl(caller: Caller, cmd: number, argVa: bigint): Task<Result<number>> {
    yield* [];
    switch (cmd) {
      case 0x3b81:
        return this.alloc(caller, argVa);
      case 0x3b80:
        return this.destroy(caller, argVa);
      case 0x3bf4:
        this.page = new Uint8Array(4096);
        view(this.page).setUint32(0, 0xbeef, true);
        return ok(0);
      case 0x3bf5:
        return ok(this.vmas);
    }
    if (cmd < 0x3bf0 || cmd > 0x3bf6) return err('ENOTTY', 'no such command');
    const head = caller.bytes.read(argVa, 4);
    const all = head.ok ? caller.bytes.read(argVa, view(head.value).getUint32(0, true)) : head;
    if (!all.ok) return all;
    return this.withBytes(caller, cmd, argVa, all.value);
  }

  mmap({ length, offset, shared, executable }: MmapRequest): Result<MmapRegion> {
    const bytes = this.page;
    if (!bytes || offset !== 0x1000n || length !== 4096n) return err('ENXIO', 'no such region');
    if (!shared) return err('EINVAL', 'not shared');
    if (executable) return err('EPERM', 'executable');
    return ok({ bytes, open: () => this.count(1), close: () => none(() => this.count(-1)) });
  }

  *release(): Task<void> {
    yield* [];
    counts.files++;
  }

  private count(by: number): void {
    this.vmas += by;
  }

  private withBytes(caller: Caller, cmd: number, argVa: bigint, bytes: Uint8Array): Result<number> {
    const at = view(bytes);
    switch (cmd) {
      case 0x3bf0: {
        const fd = caller.files.reserve(O_CLOEXEC);
        if (!fd.ok) return fd;
        at.setInt32(4, fd.value, true);
        const told = caller.bytes.write(argVa, bytes);
        if (!told.ok) {
          caller.files.abandon(fd.value);
          return told;
        }
        caller.files.install(fd.value, new Queue());
        return ok(0);
      }
      case 0x3bf1: {
        const read = caller.mm.read(at.getBigUint64(8, true), at.getUint32(4, true));
        return read.ok ? ok(read.value.reduce((sum, byte) => sum + byte, 0) & 0x7fff) : read;
      }
      case 0x3bf2: {
        const data = new Uint8Array(at.getUint32(4, true)).fill(at.getUint32(16, true));
        const written = caller.mm.write(at.getBigUint64(8, true), data);
        return written.ok ? ok(0) : written;
      }
      case 0x3bf3: {
        const file = caller.files.get(at.getInt32(4, true));
        if (!file) return err('EBADF', 'not open');
        return ok(file.kind === 'kernel' && file.file.title === TITLE_OF_QUEUE ? 1 : 2);
      }
      case 0x3bf6: {
        at.setUint32(4, counts.queues, true);
        at.setUint32(8, counts.files, true);
        const told = caller.bytes.write(argVa, bytes);
        return told.ok ? ok(0) : told;
      }
      default:
        return err('ENOTTY', 'no such command');
    }
  }

  private alloc(caller: Caller, argVa: bigint): Result<number> {
    const bytes = this.structure(caller, argVa, 12);
    if (!bytes.ok) return bytes;
    if (view(bytes.value).getUint32(4, true) !== 0) return err('EOPNOTSUPP', 'flags');
    const id = this.nextId++;
    this.ids.add(id);
    view(bytes.value).setUint32(8, id, true);
    const written = caller.bytes.write(argVa, bytes.value);
    return written.ok ? ok(0) : written;
  }

  private destroy(caller: Caller, argVa: bigint): Result<number> {
    const bytes = this.structure(caller, argVa, 8);
    if (!bytes.ok) return bytes;
    return this.ids.delete(view(bytes.value).getUint32(4, true)) ? ok(0) : err('ENOENT', 'no such object');
  }

  private structure(caller: Caller, argVa: bigint, known: number): Result<Uint8Array> {
    const head = caller.bytes.read(argVa, 4);
    if (!head.ok) return head;
    const size = view(head.value).getUint32(0, true);
    if (size < known) return err('EINVAL', 'too short');
    const all = caller.bytes.read(argVa, size);
    if (!all.ok) return all;
    return all.value.subarray(known).some((byte) => byte !== 0)
      ? err('E2BIG', 'a tail')
      : ok(all.value.slice(0, known));
  }
}

/** `--stats`: what was done, as JSON on stderr at the end. */
export function main(argv: readonly string[], out: (line: string) => void): Promise<number> {
  const folder = process.env['IOMMUFD_SHIM_DIR'];
  if (folder === undefined) {
    out('started by shimrun');
    return Promise.resolve(2);
  }
  const complain = (text: string): void => console.error(text);
  const session = new Session({ folder, requests: 3, responses: 4, complain }, () => ({
    open: (path) => (path === '/dev/iommu' ? ok(new DemoFile()) : null),
    run: <T>(task: Task<T>): T => runTask(task, silent),
    lockedMemory: () => ({ pinnedVm: 1, lockedVm: 1 }),
  }));
  session.run();
  if (argv.includes('--stats')) {
    const { requests, upcalls } = session;
    console.error(JSON.stringify({ requests, upcalls, ...counts }));
  }
  return Promise.resolve(session.bugs > 0 ? 1 : 0);
}
