import { err, ok, type Result } from '../../kernel/errno';
import type { PhysicalMemory } from '../../memory/physical-memory';
import type { FrameBytes, FrameRun, PageSource } from '../../memory/user-memory';
import type { TestMemory } from '../selftest/test-memory';

/**
 * The recorder's memory, page by page: private, shared and large mappings, memfds, protections, and a copy for a
 * forked child. Only what a script can tell apart.
 *
 * Linux: mm/gup.c, mm/memory.c, mm/memfd.c
 */

const PAGE = 4096;
const HUGE_PAGES = 512;

const fault = (what: string): Result<never> => err('EFAULT', what, { rule: 'pin_user_pages' });

/** All frames that the recorder's processes ever had; they are never reused, so a stale one is seen. */
export class RecordedFrames implements FrameBytes {
  private readonly pins = new Map<number, number>();
  private readonly compound = new Set<number>();
  pinned = 0;
  allocated = 0;
  /** What a reader of untouched private memory gets. Linux: ZERO_PAGE() */
  readonly zero: number;

  /** `contiguous`: neighbours in memory are neighbours in frames, instead of never. */
  constructor(
    readonly physical: PhysicalMemory,
    private readonly contiguous: boolean,
  ) {
    this.zero = this.alloc();
  }

  alloc(count = 1): number {
    const from = this.contiguous ? 'bottom' : 'top';
    const got = this.physical.allocateFrames(count, { align: count, from, user: true });
    if (!got.ok) throw new Error(got.why);
    this.allocated += count;
    for (let n = 0; count > 1 && n < count; n++) this.compound.add(got.value + n);
    return got.value;
  }

  pin(pfns: readonly number[]): readonly FrameRun[] {
    const runs: { pfn: number; count: number }[] = [];
    for (const pfn of pfns) {
      this.pins.set(pfn, (this.pins.get(pfn) ?? 0) + 1);
      this.pinned++;
      const last = runs[runs.length - 1];
      if (last && last.pfn + last.count === pfn) last.count++;
      else runs.push({ pfn, count: 1 });
    }
    return runs;
  }

  unpin(runs: readonly FrameRun[]): void {
    for (const run of runs) {
      for (let pfn = run.pfn; pfn < run.pfn + run.count; pfn++) {
        const left = (this.pins.get(pfn) ?? 0) - 1;
        if (left < 0) throw new Error(`frame ${pfn} is not pinned`);
        this.pins.set(pfn, left);
        this.pinned--;
      }
    }
  }

  readFrame(pfn: number, offset: number, bytes: number): Uint8Array {
    return this.physical.read(pfn * PAGE + offset, bytes) ?? new Uint8Array(bytes);
  }

  writeFrame(pfn: number, offset: number, data: Uint8Array): void {
    this.physical.write(pfn * PAGE + offset, data);
  }

  pinsOf(pfn: number): number | null {
    return this.compound.has(pfn) ? null : (this.pins.get(pfn) ?? 0);
  }
}

/** Pages that several mappings share: a memfd, or shared anonymous memory. Linux: struct address_space */
export class PageCache implements PageSource {
  private readonly pages = new Map<number, number>();

  constructor(
    readonly name: string,
    private readonly frames: RecordedFrames,
    public bytes: number,
    readonly huge = false,
  ) {}

  /** Frame of a page; null past the end of the file. */
  frame(index: number): number | null {
    if (index * PAGE >= this.bytes) return null;
    const known = this.pages.get(index);
    if (known !== undefined) return known;
    if (!this.huge) return this.put(index, this.frames.alloc());
    const head = index - (index % HUGE_PAGES);
    const pfn = this.frames.alloc(HUGE_PAGES);
    for (let n = 0; n < HUGE_PAGES; n++) this.pages.set(head + n, pfn + n);
    return pfn + (index - head);
  }

  private put(index: number, pfn: number): number {
    this.pages.set(index, pfn);
    return pfn;
  }

  /** Linux: memfd_pin_folios() */
  pin(at: bigint, pages: number): Result<readonly FrameRun[]> {
    const first = Number(at / BigInt(PAGE));
    if ((first + pages) * PAGE > Math.ceil(this.bytes / PAGE) * PAGE) {
      return err('EINVAL', `${this.name} ends before`, { rule: 'memfd_pin_folios' });
    }
    return ok(
      this.frames.pin(Array.from({ length: pages }, (_, n) => this.frame(first + n) ?? this.frames.zero)),
    );
  }

  unpin(runs: readonly FrameRun[]): void {
    this.frames.unpin(runs);
  }

  /** What lies behind the end is gone, also for who maps it. Linux: ftruncate(2) */
  truncate(bytes: number): void {
    for (const index of [...this.pages.keys()]) if (index * PAGE >= bytes) this.pages.delete(index);
    const tail = this.pages.get(Math.floor(bytes / PAGE));
    if (tail !== undefined && bytes % PAGE !== 0) {
      this.frames.physical.write(tail * PAGE + (bytes % PAGE), new Uint8Array(PAGE - (bytes % PAGE)));
    }
    this.bytes = bytes;
  }
}

/** One page of an address space. */
interface Slot {
  readonly file: PageCache | null;
  readonly index: number;
  readonly shared: boolean;
  readonly read: boolean;
  readonly write: boolean;
  /** Executable only: the CPU may read it, a pin may not. */
  readonly exec: boolean;
  /** A private page of its own, once there is one. */
  own: number | null;
}

export interface Protection {
  readonly read: boolean;
  readonly write: boolean;
  readonly exec: boolean;
}

export class RecordedMemory implements TestMemory {
  alive = true;
  pinnedVm = 0;
  lockedVm = 0;
  private readonly slots = new Map<number, Slot>();

  constructor(
    readonly name: string,
    private readonly frames: RecordedFrames,
  ) {}

  /** `file`: null for private anonymous memory. `index`: the file's page behind page n. */
  map(
    va: bigint,
    bytes: bigint,
    protection: Protection,
    file: PageCache | null = null,
    shared = false,
    index: (n: number) => number = (n) => n,
  ): void {
    for (const [n, vpn] of pagesOf(va, bytes).entries()) {
      this.slots.set(vpn, { file, shared, index: index(n), ...protection, own: null });
    }
  }

  unmap(va: bigint, bytes: bigint): void {
    for (const vpn of pagesOf(va, bytes)) this.slots.delete(vpn);
  }

  protect(va: bigint, bytes: bigint, protection: Protection): Result<undefined> {
    for (const vpn of pagesOf(va, bytes)) {
      const slot = this.slots.get(vpn);
      if (!slot) return err('ENOMEM', 'not mapped', { rule: 'mprotect' });
      this.slots.set(vpn, { ...slot, ...protection });
    }
    return ok(undefined);
  }

  /** Whether a change of this range leaves no large page in parts. Linux: hugetlb_vm_op_split() */
  splits(va: bigint, bytes: bigint): boolean {
    return [va, va + bytes].every((edge) => {
      const [before, after] = [this.slots.get(Number(edge >> 12n) - 1), this.slots.get(Number(edge >> 12n))];
      const inside = before && after && before.file === after.file && before.index + 1 === after.index;
      return inside !== true || before.file?.huge !== true || after.index % HUGE_PAGES === 0;
    });
  }

  /** A child's address space: shared memory is shared, private memory is its own from here on. Linux: dup_mm() */
  fork(name: string): RecordedMemory {
    const child = new RecordedMemory(name, this.frames);
    for (const [vpn, slot] of this.slots)
      child.slots.set(vpn, { ...slot, own: slot.own && this.copy(slot.own) });
    return child;
  }

  /** As a truncation does to private copies. Linux: unmap_mapping_range() */
  dropBehind(file: PageCache): void {
    for (const slot of this.slots.values()) {
      if (slot.file === file && slot.index * PAGE >= file.bytes) slot.own = null;
    }
  }

  pin(at: bigint, pages: number, write: boolean): Result<readonly FrameRun[]> {
    const pfns: number[] = [];
    for (let n = 0; n < pages; n++) {
      const slot = this.slots.get(Number(at >> 12n) + n);
      if (!slot || !(write ? slot.write : slot.read)) return fault(`page ${n} cannot be pinned`);
      const pfn = this.privatize(slot);
      if (pfn === null) return fault(`page ${n} lies past the end of its file`);
      pfns.push(pfn);
    }
    return ok(this.frames.pin(pfns));
  }

  unpin(runs: readonly FrameRun[]): void {
    this.frames.unpin(runs);
  }

  pageAt(userVa: bigint): number | null {
    const slot = this.slots.get(Number(userVa >> 12n));
    return slot?.read ? this.look(slot) : null;
  }

  pinsOf(pfn: number): number | null {
    return this.frames.pinsOf(pfn);
  }

  read(userVa: bigint, bytes: number): Result<Uint8Array> {
    if (!this.has(userVa, bytes)) return fault('not mapped');
    const out = new Uint8Array(bytes);
    const frameOf = (slot: Slot): number | null =>
      slot.read || slot.write || slot.exec ? this.look(slot) : null;
    const all = this.eachPiece(userVa, bytes, frameOf, (pa, at, length) => {
      out.set(this.frames.physical.read(pa, length) ?? [], at);
    });
    return all ? ok(out) : fault('not readable');
  }

  /** What lies before the first bad page is written all the same. */
  write(userVa: bigint, data: Uint8Array): Result<undefined> {
    const frameOf = (slot: Slot): number | null => (slot.write ? this.privatize(slot) : null);
    const all = this.eachPiece(userVa, data.length, frameOf, (pa, at, length) => {
      this.frames.physical.write(pa, data.subarray(at, at + length));
    });
    return all ? ok(undefined) : fault('not writable');
  }

  /** Before anything is sized by a length that nobody has checked. */
  private has(userVa: bigint, bytes: number): boolean {
    if (bytes === 0) return true;
    const last = userVa + BigInt(bytes) - 1n;
    return bytes <= 2 ** 24 && this.slots.has(Number(userVa >> 12n)) && this.slots.has(Number(last >> 12n));
  }

  /** What a reader sees. */
  private look(slot: Slot): number | null {
    return slot.own ?? (slot.file ? slot.file.frame(slot.index) : this.frames.zero);
  }

  /**
   * What a writer or a long-term pin gets: of private memory a page that nobody shares.
   * Linux: do_wp_page(), gup_must_unshare()
   */
  private privatize(slot: Slot): number | null {
    if (slot.shared || slot.own !== null) return this.look(slot);
    const seen = this.look(slot);
    if (seen !== null) slot.own = this.copy(seen);
    return slot.own;
  }

  private copy(pfn: number): number {
    const copy = this.frames.alloc();
    const bytes = pfn === this.frames.zero ? null : this.frames.physical.read(pfn * PAGE, PAGE);
    if (bytes) this.frames.physical.write(copy * PAGE, bytes);
    return copy;
  }

  private eachPiece(
    userVa: bigint,
    bytes: number,
    frameOf: (slot: Slot) => number | null,
    move: (pa: number, at: number, length: number) => void,
  ): boolean {
    for (let at = 0; at < bytes;) {
      const va = userVa + BigInt(at);
      const from = Number(va % BigInt(PAGE));
      const slot = this.slots.get(Number(va >> 12n));
      const pfn = slot ? frameOf(slot) : null;
      if (pfn === null) return false;
      const length = Math.min(PAGE - from, bytes - at);
      move(pfn * PAGE + from, at, length);
      at += length;
    }
    return true;
  }
}

function pagesOf(va: bigint, bytes: bigint): number[] {
  const first = Number(va >> 12n);
  const last = Number((va + bytes + 0xfffn) >> 12n);
  return Array.from({ length: Math.max(0, last - first) }, (_, n) => first + n);
}
