import { invariant } from '../../lib/invariant';
import { err, ok, type Result } from '../kernel/errno';
import type { UserFrames } from './frame-use';
import type { PhysicalMemory } from './physical-memory';
import { defaultPageSize, type PageSizeLg2 } from './process-memory';
import type { FrameRun, PageSource } from './user-memory';

const PAGE = 4096;

/**
 * A file without a name, whose pages can be pinned: present from the start, and there until nobody has it open or
 * pinned. As in a process, neighbouring pages are never one physical run.
 *
 * Linux: mm/memfd.c memfd_create(), memfd_pin_folios()
 */
export class Memfd implements PageSource, UserFrames {
  readonly isFile = true;
  readonly userVa = null;
  private open = true;
  private pinned = 0;

  private constructor(
    readonly name: string,
    readonly bytes: number,
    readonly pageSizeLg2: PageSizeLg2,
    private readonly memory: PhysicalMemory,
    /** First frame of each page. */
    readonly pfns: readonly number[],
  ) {}

  get holder(): string {
    return this.name;
  }

  get framesPerPage(): number {
    return 2 ** this.pageSizeLg2 / PAGE;
  }

  get mapped(): boolean {
    return this.open;
  }

  static create(
    memory: PhysicalMemory,
    name: string,
    length: number,
    pageSizeLg2: PageSizeLg2 = defaultPageSize(length),
  ): Result<Memfd> {
    const size = 2 ** pageSizeLg2;
    const frames = size / PAGE;
    const pages = Math.ceil(length / size);
    const pfns: number[] = [];
    for (let page = 0; page < pages; page++) {
      const got = memory.allocateFrames(frames, { align: frames, from: 'top', user: true });
      if (!got.ok) {
        for (const pfn of pfns) memory.freeFrames(pfn, frames);
        return got;
      }
      pfns.push(got.value);
    }
    const file = new Memfd(name, pages * size, pageSizeLg2, memory, pfns);
    memory.userFrames.add(file);
    return ok(file);
  }

  pin(at: bigint, pages: number): Result<readonly FrameRun[]> {
    const first = Number(at / BigInt(PAGE));
    if ((first + pages) * PAGE > this.bytes)
      return err('EINVAL', `${this.name} ends before byte ${(first + pages) * PAGE}`, {
        rule: 'memfd_pin_folios',
      });
    const { framesPerPage } = this;
    const runs: { pfn: number; count: number }[] = [];
    for (let index = first; index < first + pages;) {
      const inside = index % framesPerPage;
      const pfn = (this.pfns[Math.floor(index / framesPerPage)] ?? 0) + inside;
      const count = Math.min(framesPerPage - inside, first + pages - index);
      runs.push({ pfn, count });
      index += count;
    }
    this.pinned += pages;
    return ok(runs);
  }

  unpin(runs: readonly FrameRun[]): void {
    for (const { count } of runs) this.pinned -= count;
    invariant(this.pinned >= 0, `${this.name}: unpin of a page that is not pinned`);
    this.freeIfUnused();
  }

  /** Its last descriptor is gone; what has it pinned keeps it. */
  close(): void {
    this.open = false;
    this.freeIfUnused();
  }

  private freeIfUnused(): void {
    if (this.open || this.pinned > 0) return;
    this.memory.userFrames.delete(this);
    for (const pfn of this.pfns) this.memory.freeFrames(pfn, this.framesPerPage);
  }
}
