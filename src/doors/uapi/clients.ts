import type { Caller, Process, UserAccount } from '../../engine/kernel/caller';
import { Capabilities } from './capabilities';
import { ClientFiles } from './client-files';
import { ClientMemory, type Host } from './client-memory';
import { Frames } from './frames';
import { readProc } from './host';
import type { Request } from './packets';
import { SharedFiles } from './shared-file';
import { ClientBytes } from './user-bytes';
import type { VirtualFiles } from './virtual-files';
import type { Wire } from './wire';

const NO_LIMIT = 2n ** 64n - 1n;

/** A process, and what of it counts when it makes no call of its own. Linux: current->group_leader */
class ClientProcess implements Process {
  /** As of its last request. */
  private limit = NO_LIMIT;
  private told = -1;

  constructor(
    private readonly host: Host,
    readonly pid: number,
    readonly memory: ClientMemory,
  ) {}

  meet(request: Request): void {
    this.limit = request.memlock;
    this.told = this.host.turn();
  }

  memlockLimit(): bigint {
    if (this.told !== this.host.turn() && this.memory.alive) {
      const soft = /^Max locked memory +(\S+)/m.exec(readProc(`/proc/${this.pid}/limits`) ?? '')?.[1];
      if (soft !== undefined) this.limit = soft === 'unlimited' ? NO_LIMIT : BigInt(soft);
    }
    return this.limit;
  }
}

/** The processes of a session, one for each address space that has made a request. */
export class Clients {
  readonly frames = new Frames();
  /** The request that is being served. */
  current: Request | null = null;
  private turn = 0;
  private descriptors: ClientFiles | null = null;
  private readonly host: Host;
  private readonly bySpace = new Map<bigint, ClientProcess>();
  private readonly accounts = new Map<number, UserAccount>();
  private readonly capabilities = new Capabilities();

  constructor(
    private readonly wire: Wire,
    private readonly files: VirtualFiles,
  ) {
    const { frames } = this;
    const shared = new SharedFiles((identity, bytes) => frames.truncated(identity, bytes));
    this.host = { frames, files: shared, turn: () => this.turn };
  }

  /** Files of processes that we have open. */
  get openFiles(): number {
    this.frames.sweep();
    return this.host.files.count;
  }

  /** A new request: whatever was known about processes may have changed. */
  begin(request: Request): void {
    this.turn++;
    this.current = request;
    this.frames.sweep();
    this.capabilities.meet(request);
    this.processOf(request).meet(request);
  }

  /** The request is served. */
  end(): void {
    this.descriptors?.end();
    this.descriptors = null;
  }

  /** `windowVa`: where the request's payload comes from in the caller's memory. */
  callerOf(request: Request, windowVa: bigint, window: Uint8Array): Caller & { readonly bytes: ClientBytes } {
    const process = this.processOf(request);
    this.descriptors = new ClientFiles(this.host, this.files, request);
    return {
      mm: process.memory,
      bytes: new ClientBytes(this.wire, request, windowVa, window),
      capable: (capability) => this.capabilities.has(request, capability),
      process,
      user: this.accountOf(request.euid),
      files: this.descriptors,
    };
  }

  /** The memory of a living process that has made a request. */
  memoryOf(pid: number): ClientMemory | null {
    for (const { memory } of this.bySpace.values()) if (memory.pid === pid && memory.alive) return memory;
    return null;
  }

  private processOf(request: Request): ClientProcess {
    const { mmCookie, pid } = request;
    let process = this.bySpace.get(mmCookie);
    if (!process) {
      for (const [cookie, { memory }] of this.bySpace) if (memory.reap()) this.bySpace.delete(cookie);
      process = new ClientProcess(this.host, pid, new ClientMemory(this.host, pid, mmCookie));
      this.bySpace.set(mmCookie, process);
    }
    return process;
  }

  private accountOf(uid: number): UserAccount {
    let account = this.accounts.get(uid);
    if (!account) this.accounts.set(uid, (account = { uid, lockedVm: 0 }));
    return account;
  }
}
