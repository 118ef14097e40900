import { openSync, readSync, writeSync } from 'node:fs';
import type { TestMemory } from '../../engine/iommufd/selftest/test-memory';
import { err, ok, type Result } from '../../engine/kernel/errno';
import type { FrameRun } from '../../engine/memory/user-memory';
import { done } from '../../lib/result';
import { hex } from '../../lib/u64';
import { type LiveBytes, PAGE } from './frame-block';
import { type Frames, type Place, SMALL_BLOCK } from './frames';
import { attempt, closeQuietly, errorCode, readAt, readProc } from './host';
import { findVma, parseMaps, type Vma } from './maps';
import type { SharedFile, SharedFiles } from './shared-file';

/** Linux: x86-64 TASK_SIZE_MAX */
const TASK_SIZE = 2n ** 47n - 4096n;
/** In the highest byte of an entry. Linux: Documentation/admin-guide/mm/pagemap.rst */
const PRESENT = 0x80;
const SWAPPED = 0x40;
const OF_FILE = 0x20;

/** What all processes of a session share. */
export interface Host {
  readonly frames: Frames;
  readonly files: SharedFiles;
  /** Counts requests: while one is served its process stands still. */
  readonly turn: () => number;
}

/**
 * The memory of a real process.
 *
 * /proc/PID/mem, held open, is the process's memory and no later one's: it reads nothing once the last thread is gone
 * (mmget_not_zero() would fail). It forces its way through page protection, so that is looked up in /proc/PID/maps.
 */
export class ClientMemory implements TestMemory, LiveBytes {
  pinnedVm = 0;
  lockedVm = 0;
  readonly name: string;
  private readonly mem: number;
  private pagemap = -1;
  private known: { readonly turn: number; readonly vmas: readonly Vma[] } | null = null;
  private dead = false;

  constructor(
    private readonly host: Host,
    readonly pid: number,
    private readonly cookie: bigint,
  ) {
    this.name = `process ${pid}`;
    this.mem = attempt(() => openSync(`/proc/${pid}/mem`, 'r+')) ?? -1;
    this.dead = this.mem < 0;
  }

  get alive(): boolean {
    return this.vmas().length > 0;
  }

  /** True when the process is gone; gives back what the host held for it. */
  reap(): boolean {
    if (this.alive) return false;
    if (!this.dead) {
      this.dead = true;
      closeQuietly(this.mem);
      closeQuietly(this.pagemap);
    }
    return true;
  }

  pin(at: bigint, pages: number, write: boolean): Result<readonly FrameRun[]> {
    const end = at + BigInt(pages) * BigInt(PAGE);
    const runs: { pfn: number; count: number }[] = [];
    const fault = (va: number, why: string): Result<readonly FrameRun[]> => {
      this.host.frames.unpin(runs);
      return err('EFAULT', `${hex(va)} of ${this.name} ${why}`, { rule: 'pin_user_pages_remote' });
    };
    if (end > TASK_SIZE) return err('EFAULT', `${hex(at)} is no user address`, { rule: 'check_vma_flags' });
    let va = Number(at);
    while (va < Number(end)) {
      const vma = findVma(this.vmas(), va);
      if (!vma || isSpecial(vma)) return fault(va, 'is not mapped');
      if (write && !vma.writable) return fault(va, 'is mapped read-only');
      if (!write && !vma.readable) return fault(va, 'may not be read');
      const stop = Math.min(vma.end, Number(end));
      const pinned = this.pinIn(vma, va, stop, runs);
      if (pinned < stop) return fault(pinned, 'lies behind the end of its file');
      va = stop;
    }
    this.host.frames.keepCopies(runs, (index) => this.readLive(Number(at) + index * PAGE, PAGE));
    return ok(runs);
  }

  unpin(runs: readonly FrameRun[]): void {
    this.host.frames.unpin(runs);
  }

  read(userVa: bigint, bytes: number): Result<Uint8Array> {
    const bad = this.fault(userVa, bytes, (vma) => vma.readable);
    const data = bad ?? this.readLive(Number(userVa), bytes);
    return data instanceof Uint8Array ? ok(data) : (data ?? this.unreachable(userVa));
  }

  write(userVa: bigint, data: Uint8Array): Result<undefined> {
    const bad = this.fault(userVa, data.length, (vma) => vma.writable);
    return bad ?? (this.writeLive(Number(userVa), data) ? done : this.unreachable(userVa));
  }

  pageAt(userVa: bigint): number | null {
    const va = Number(userVa & ~BigInt(PAGE - 1));
    const vma = userVa < TASK_SIZE ? findVma(this.vmas(), va) : null;
    if (!vma?.readable || isSpecial(vma)) return null;
    return this.withFile(vma, (file) => {
      if (file && this.fileEnd(vma, file) <= va) return null;
      const place = this.placeOf(vma, va, file);
      const untouched = !vma.shared && file !== null && !this.isOwn(va, place);
      return this.host.frames.frameAt(untouched ? this.filePlace(vma, va, file) : place);
    });
  }

  pinsOf(pfn: number): number | null {
    return this.host.frames.pinsOf(pfn);
  }

  holds(va: number, file: string | null, position: number): boolean {
    const vma = findVma(this.vmas(), va);
    if (!vma) return false;
    if (file !== null) return vma.file === file && vma.offset + va - vma.start === position;
    return !vma.shared && this.isPresent(va);
  }

  readLive(va: number, bytes: number): Uint8Array | null {
    return this.dead ? null : readAt(this.mem, va, bytes);
  }

  writeLive(va: number, data: Uint8Array): boolean {
    for (let at = 0; at < data.length;) {
      const put = this.dead ? null : attempt(() => writeSync(this.mem, data, at, data.length - at, va + at));
      if (put === null || put === 0) return false;
      at += put;
    }
    return true;
  }

  /** The mappings now; none once the process is gone. */
  private vmas(): readonly Vma[] {
    const turn = this.host.turn();
    if (this.known?.turn !== turn) this.known = { turn, vmas: this.lookUp() };
    return this.known.vmas;
  }

  private lookUp(): readonly Vma[] {
    if (this.dead) return [];
    const vmas = parseMaps(readProc(`/proc/${this.pid}/maps`) ?? '');
    const [first] = vmas;
    // The process may have become another program meanwhile, and its number another process's.
    return first && this.answers(first.start) ? vmas : [];
  }

  /** Linux: fs/proc/base.c mem_rw() with mmget_not_zero() */
  private answers(va: number): boolean {
    try {
      return readSync(this.mem, new Uint8Array(1), 0, 1, va) > 0;
    } catch (thrown) {
      return errorCode(thrown) === 'EIO';
    }
  }

  private pinIn(vma: Vma, from: number, to: number, runs: { pfn: number; count: number }[]): number {
    return this.withFile(vma, (file) => {
      const stop = file ? Math.min(to, this.fileEnd(vma, file)) : to;
      for (let va = from; va < stop;) {
        const place = this.placeOf(vma, va, file);
        const count = Math.min(place.frames - place.index, (stop - va) / PAGE);
        this.host.frames.pin(place, count, runs);
        va += count * PAGE;
      }
      return Math.max(from, stop);
    });
  }

  private withFile<T>(vma: Vma, use: (file: SharedFile | null) => T): T {
    const file = vma.file === null ? null : this.host.files.ofMapping(this.pid, vma);
    try {
      return use(file);
    } finally {
      file?.put();
    }
  }

  /** User address of the first page behind the end of a mapping's file. */
  private fileEnd(vma: Vma, file: SharedFile): number {
    const pages = Math.ceil((file.bytes - vma.offset) / PAGE);
    return Math.max(vma.start, vma.start + pages * PAGE);
  }

  /** Shared pages belong to their file; those of a private mapping become the process's own as soon as they are pinned. */
  private placeOf(vma: Vma, va: number, file: SharedFile | null): Place {
    return vma.shared && vma.file !== null ? this.filePlace(vma, va, file) : this.ownPlace(va, file);
  }

  private filePlace(vma: Vma, va: number, file: SharedFile | null): Place {
    const { frames, compound } = sizeOf(file);
    const size = frames * PAGE;
    const position = vma.offset + va - vma.start;
    const start = position - (position % size);
    const origin = { identity: vma.file, file, position: start, live: this, va: va - (position - start) };
    const key = `${vma.file ?? ''} ${start}`;
    return { key, index: (position - start) / PAGE, frames, compound, origin };
  }

  private ownPlace(va: number, file: SharedFile | null): Place {
    const { frames, compound } = sizeOf(file);
    const start = va - (va % (frames * PAGE));
    const origin = { identity: null, file: null, position: 0, live: this, va: start };
    return { key: `${this.cookie} ${start}`, index: (va - start) / PAGE, frames, compound, origin };
  }

  /** A private mapping shows the file's page until it is written, or pinned. Linux: is_cow_mapping(), gup_must_unshare() */
  private isOwn(va: number, own: Place): boolean {
    const entry = this.pageEntry(va);
    const written = (entry & PRESENT) !== 0 && (entry & OF_FILE) === 0;
    return written || (entry & SWAPPED) !== 0 || this.host.frames.isPinned(own);
  }

  private isPresent(va: number): boolean {
    return (this.pageEntry(va) & (PRESENT | SWAPPED)) !== 0;
  }

  /** The highest byte of a page's entry: what without privilege can be read, too. */
  private pageEntry(va: number): number {
    if (this.pagemap < 0) this.pagemap = attempt(() => openSync(`/proc/${this.pid}/pagemap`, 'r')) ?? -1;
    return readAt(this.pagemap, (va / PAGE) * 8, 8)?.[7] ?? PRESENT;
  }

  /** What copy_from_user() or copy_to_user() stumbles over; null: nothing. */
  private fault(userVa: bigint, bytes: number, allowed: (vma: Vma) => boolean): Result<never> | null {
    const end = userVa + BigInt(bytes);
    if (end > TASK_SIZE) return this.unreachable(userVa);
    for (let va = Number(userVa); va < Number(end);) {
      const vma = findVma(this.vmas(), va);
      if (!vma || !allowed(vma)) return this.unreachable(BigInt(va));
      va = vma.end;
    }
    return null;
  }

  private unreachable(userVa: bigint): Result<never> {
    return err('EFAULT', `${hex(userVa)} of ${this.name} cannot be accessed`, { rule: 'access_ok' });
  }
}

const sizeOf = (file: SharedFile | null): { readonly frames: number; readonly compound: boolean } => {
  const huge = file?.hugePage ?? null;
  return { frames: Math.max(SMALL_BLOCK, (huge ?? 0) / PAGE), compound: huge !== null };
};

/** Pages that the kernel lends and no file or process owns. Linux: VM_IO, VM_PFNMAP */
const isSpecial = (vma: Vma): boolean => /^\[(vvar|vsyscall|vdso)/.test(vma.path);
