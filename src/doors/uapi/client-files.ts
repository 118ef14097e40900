import { statSync } from 'node:fs';
import { ok, type Result } from '../../engine/kernel/errno';
import type { FileTable, KernelFile, OpenFile } from '../../engine/kernel/file';
import type { Host } from './client-memory';
import { attempt } from './host';
import { MemfdSource } from './memfd-source';
import { type FileIdentity, fileIdentity, type Request } from './packets';
import type { VirtualFiles } from './virtual-files';

/** The descriptors of the process whose request is being served. */
export class ClientFiles implements FileTable {
  private readonly found: MemfdSource[] = [];
  private readonly reserved = new Map<number, FileIdentity>();

  constructor(
    private readonly host: Host,
    private readonly files: VirtualFiles,
    private readonly request: Request,
  ) {}

  reserve(flags: number): Result<number> {
    const reserved = this.files.reserve(this.request, flags);
    if (!reserved.ok) return reserved;
    const { fd, identity } = reserved.value;
    this.reserved.set(fd, identity);
    return ok(fd);
  }

  install(fd: number, file: KernelFile): void {
    const identity = this.reserved.get(fd);
    if (identity !== undefined) this.files.install(identity, file);
    this.reserved.delete(fd);
  }

  abandon(fd: number): void {
    if (this.reserved.delete(fd)) this.files.close(this.request, fd);
  }

  get(fd: number): OpenFile | null {
    const { pid } = this.request;
    const stat = attempt(() => statSync(`/proc/${pid}/fd/${fd}`, { bigint: true }));
    if (!stat) return null;
    const file = this.files.get(fileIdentity(stat.dev, stat.ino));
    if (file) return { kind: 'kernel', file };
    const shared = this.host.files.ofDescriptor(pid, fd);
    if (!shared) return { kind: 'other' };
    const source = new MemfdSource(this.host.frames, shared, `file ${fd} of process ${pid}`);
    this.found.push(source);
    return { kind: 'memory', source };
  }

  /** The call is over: what it found and did not keep is let go. Linux: fdput() */
  end(): void {
    for (const source of this.found.splice(0)) source.release();
  }
}
