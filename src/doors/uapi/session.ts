import { ERRNO, type Failure, type Result } from '../../engine/kernel/errno';
import type { Caller } from '../../engine/kernel/caller';
import type { KernelFile } from '../../engine/kernel/file';
import type { Task } from '../../engine/kernel/task';
import { Clients } from './clients';
import { MappedRegions } from './mapped-regions';
import { HELLO_PROCFILE, PASSTHROUGH, REQUEST, type Request, type Response } from './packets';
import { type LockedMemory, pidOfStatus, statusWith } from './proc-status';
import { vfsIoctl } from './vfs-ioctl';
import { VirtualFiles } from './virtual-files';
import { Wire } from './wire';

/** What is behind /dev/iommu. */
export interface Personality {
  /** The file behind a path; null: not ours, the host's own is opened. */
  open(path: string, request: Request, caller: Caller): Result<KernelFile> | null;
  run<T>(task: Task<T>): T;
  /** Of a process, where it is not what its memory says. */
  lockedMemory?(pid: number): LockedMemory | null;
  /** Around every request. */
  begin?(request: Request): void;
  end?(): void;
  /** At the end, when every file is released: what is still there and should not be, and whatever else went wrong. */
  complaints?(): readonly string[];
}

export interface SessionOptions {
  /** The session's folder. */
  readonly folder: string;
  readonly requests: number;
  readonly responses: number;
  readonly complain: (text: string) => void;
}

/** Linux: include/uapi/asm-generic/poll.h DEFAULT_POLLMASK */
const DEFAULT_POLLMASK = 0x145;
const MAP_SHARED = 1;
const PROT_WRITE = 2;
const PROT_EXEC = 4;
const NO_OFFSET = 2n ** 64n - 1n;

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
const bytesOf = (text: string): Uint8Array => Buffer.from(text, 'latin1');

const refused = ({ errno }: Failure): Response => ({ ret: -ERRNO[errno] });
const answerOf = (result: Result<number>): Response => (result.ok ? { ret: result.value } : refused(result));
const fails = (errno: keyof typeof ERRNO): Response => ({ ret: -ERRNO[errno] });

/**
 * Serves the requests of all processes of a session, one after the other, until the last process is gone.
 *
 * Protocol: ../shim/PROTOCOL.md
 */
export class Session {
  readonly clients: Clients;
  requests = 0;
  bugs = 0;
  private readonly personality: Personality;
  private readonly wire: Wire;
  private readonly files: VirtualFiles;
  private readonly regions: MappedRegions;

  constructor(
    private readonly options: SessionOptions,
    personality: (session: Session) => Personality,
  ) {
    this.wire = new Wire(options.requests, options.responses);
    this.files = new VirtualFiles(options.folder, this.wire);
    this.regions = new MappedRegions(options.folder, (task) => this.personality.run(task));
    this.clients = new Clients(this.wire, this.files);
    this.personality = personality(this);
  }

  get upcalls(): number {
    return this.wire.upcalls;
  }

  run(): void {
    for (let request = this.wire.receive(); request; request = this.wire.receive()) {
      this.requests++;
      this.clients.begin(request);
      this.guarded(() => {
        this.regions.begin(request);
        this.sweep();
      });
      this.personality.begin?.(request);
      const response = this.guarded(() => this.serve(request)) ?? fails('EIO');
      this.personality.end?.();
      this.clients.end();
      this.regions.end();
      // Killed while it was asked something: nobody waits for this answer.
      if (!this.wire.gone && request.type !== REQUEST.UPCALL_REPLY) this.wire.answer(request, response);
    }
    this.guarded(() => this.finish());
    for (const text of this.personality.complaints?.() ?? []) this.bug(text);
  }

  /** Exit, SIGKILL, dup2() and the like report nothing: what nobody has open any more is released before anything else. */
  private sweep(): void {
    for (const file of this.files.takeDropped()) this.personality.run(file.release());
  }

  /** The last process is going: the host closes the pipes that ended the session before it closes its other files. */
  private finish(): void {
    for (let milliseconds = 0; milliseconds < 2000; milliseconds++) {
      this.regions.begin(null);
      this.sweep();
      if (this.files.count === 0 && this.regions.count === 0) return;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }

  /** A mistake of ours ends one call, not the session; it is told and counted. */
  private guarded<T>(body: () => T): T | null {
    try {
      return body();
    } catch (thrown) {
      this.bug(thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown));
      return null;
    }
  }

  private bug(text: string): void {
    this.bugs++;
    this.options.complain(text);
  }

  private serve(request: Request): Response {
    const file = this.files.get(request.file);
    switch (request.type) {
      case REQUEST.HELLO:
        return { ret: 0, args: [0n, HELLO_PROCFILE] };
      case REQUEST.OPEN:
        return this.open(request);
      case REQUEST.PROCFILE:
        return this.procFile(request);
      case REQUEST.CLOSE: // what there is to do, the sweep has done
      case REQUEST.UPCALL_REPLY: // to an upcall of a request that is over
        return { ret: 0 };
      case REQUEST.IOCTL:
        return file ? this.ioctl(file, request) : fails('EBADF');
      case REQUEST.READ:
      case REQUEST.WRITE:
        return file ? this.transfer(file, request) : fails('EBADF');
      case REQUEST.POLL:
        return file ? { ret: file.poll?.() ?? DEFAULT_POLLMASK } : fails('EBADF');
      case REQUEST.MMAP:
        return file ? this.mmap(file, request) : fails('EBADF');
      default:
        return fails('ENOSYS');
    }
  }

  private open(request: Request): Response {
    const caller = this.clients.callerOf(request, 0n, new Uint8Array(0));
    // Linux: do_sys_openat2() takes the descriptor first.
    const path = textOf(request.payload);
    const flags = Number(request.args[0]);
    const opened = this.personality.open(path, request, caller);
    if (opened === null) return { ret: 0, flags: PASSTHROUGH };
    if (!opened.ok) return refused(opened);
    const fd = caller.files.reserve(flags);
    if (fd.ok) caller.files.install(fd.value, opened.value);
    else this.personality.run(opened.value.release());
    return answerOf(fd);
  }

  private ioctl(file: KernelFile, request: Request): Response {
    const [cmd, argVa, unreadable] = request.args;
    const window = unreadable === 0n ? request.payload : new Uint8Array(0);
    const caller = this.clients.callerOf(request, argVa, window);
    const common = vfsIoctl(caller.bytes, Number(cmd), argVa);
    const own = (): Result<number> | null => {
      const task = file.ioctl?.(caller, Number(cmd), argVa);
      return task ? this.personality.run(task) : null;
    };
    const result = common ?? own();
    if (!result) return fails('ENOTTY');
    const answer = answerOf(result);
    const { pending } = caller.bytes;
    return pending ? { ...answer, args: [pending.va], payload: pending.bytes } : answer;
  }

  private transfer(file: KernelFile, request: Request): Response {
    const [userVa, count, at, unreadable] = request.args;
    const offset = at === NO_OFFSET ? null : at;
    const window = unreadable === 0n ? request.payload : new Uint8Array(0);
    const caller = this.clients.callerOf(request, userVa, window);
    const task =
      request.type === REQUEST.READ
        ? file.read?.(caller, userVa, Number(count), offset)
        : file.write?.(caller, userVa, Number(count), offset);
    return task ? answerOf(this.personality.run(task)) : fails('EINVAL');
  }

  private mmap(file: KernelFile, request: Request): Response {
    if (!file.mmap) return fails('ENODEV');
    const [, length, prot, flags, offset] = request.args;
    const has = (bits: bigint, bit: number): boolean => (Number(bits) & bit) !== 0;
    const region = file.mmap({
      length,
      offset,
      shared: has(flags, MAP_SHARED),
      writable: has(prot, PROT_WRITE),
      executable: has(prot, PROT_EXEC),
    });
    if (!region.ok) return refused(region);
    return { ret: 0, args: [0n, 0n], payload: bytesOf(this.regions.map(request, region.value)) };
  }

  private procFile(request: Request): Response {
    const [path = '', ...rest] = textOf(request.payload).split('\0');
    const pid = pidOfStatus(path, request.pid);
    const locked = pid === null ? null : this.lockedMemory(pid);
    if (locked === null) return { ret: 0, flags: PASSTHROUGH };
    return { ret: 0, payload: bytesOf(statusWith(rest.join('\0'), locked)) };
  }

  private lockedMemory(pid: number): LockedMemory | null {
    return this.personality.lockedMemory?.(pid) ?? this.clients.memoryOf(pid);
  }
}
