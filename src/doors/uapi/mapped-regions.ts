import { closeSync, openSync, readdirSync, readSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import type { MmapRegion } from '../../engine/kernel/file';
import type { Task } from '../../engine/kernel/task';
import { readProc } from './host';
import { parseMaps } from './maps';
import type { Request } from './packets';

interface Mapped {
  readonly path: string;
  readonly fd: number;
  readonly region: MmapRegion;
  /** What engine and processes last agreed on. */
  readonly agreed: Uint8Array;
  /** VMAs that the region was told of. */
  vmas: number;
  /** The process was told the file's name, and may not have mapped it yet. */
  coming: { readonly pid: number; readonly tid: number } | null;
}

/**
 * Device memory that processes map: a file of the session's folder. /proc/PID/maps tells how many mappings there are,
 * so munmap, fork and exit need no reporting.
 *
 * Linux: struct vm_operations_struct
 */
export class MappedRegions {
  private readonly mapped = new Map<Uint8Array, Mapped>();
  private named = 0;

  constructor(
    private readonly folder: string,
    private readonly run: (task: Task<void>) => void,
  ) {}

  get count(): number {
    return this.mapped.size;
  }

  /** A process is about to map it; the path of the file to map. */
  map(request: Request, region: MmapRegion): string {
    const mapped = this.mapped.get(region.bytes) ?? this.create(region);
    mapped.coming = request;
    mapped.vmas++;
    region.open();
    return mapped.path;
  }

  /** Takes over what processes did since the last request (null: and are gone): stores into the memory, mappings made and undone. */
  begin(request: Request | null): void {
    for (const mapped of this.mapped.values()) {
      const now = new Uint8Array(mapped.agreed.length);
      readSync(mapped.fd, now, 0, now.length, 0);
      now.forEach((byte, at) => {
        if (byte !== mapped.agreed[at]) mapped.region.bytes[at] = mapped.agreed[at] = byte;
      });
      this.recount(mapped, request);
    }
  }

  /** Lets processes see what the engine wrote. */
  end(): void {
    for (const { fd, region, agreed } of this.mapped.values()) {
      region.bytes.forEach((byte, at) => {
        if (byte === agreed[at]) return;
        agreed[at] = byte;
        writeSync(fd, region.bytes, at, 1, at);
      });
    }
  }

  private create(region: MmapRegion): Mapped {
    const path = `${this.folder}/mmio-${++this.named}`;
    writeFileSync(path, region.bytes);
    const fd = openSync(path, 'r+');
    const agreed = region.bytes.slice();
    const mapped: Mapped = { path, fd, region, agreed, vmas: 0, coming: null };
    this.mapped.set(region.bytes, mapped);
    return mapped;
  }

  private recount(mapped: Mapped, request: Request | null): void {
    const { coming, region, path } = mapped;
    const arrived = coming && (coming.tid === request?.tid || readProc(`/proc/${coming.pid}/stat`) === null);
    if (arrived) mapped.coming = null;
    const vmas = countMappings(path) + (mapped.coming ? 1 : 0);
    for (; mapped.vmas < vmas; mapped.vmas++) region.open();
    for (; mapped.vmas > vmas; mapped.vmas--) this.run(region.close());
    if (vmas > 0) return;
    this.mapped.delete(region.bytes);
    closeSync(mapped.fd);
    rmSync(path, { force: true });
  }
}

function countMappings(path: string): number {
  let count = 0;
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const text = readProc(`/proc/${name}/maps`);
    if (text?.includes(path) !== true) continue;
    count += parseMaps(text).filter((vma) => vma.path === path || vma.path === `${path} (deleted)`).length;
  }
  return count;
}
