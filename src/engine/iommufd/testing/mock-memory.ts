import { err, ok, type Result } from '../../kernel/errno';
import type { FrameBytes, FrameRun, UserMemory } from '../../memory/user-memory';

const PAGE = 4096n;

export interface MockPage {
  readonly pfn: number;
  readonly writable: boolean;
  /** False: there, but out of reach (PROT_NONE). */
  readonly readable?: boolean;
}

/** A process's memory of single pages: what each is, and how often it is pinned. */
export class MockMemory implements UserMemory, FrameBytes {
  alive = true;
  pinnedVm = 0;
  lockedVm = 0;
  readonly pages = new Map<bigint, MockPage>();
  /** By frame. */
  readonly pins = new Map<number, number>();
  /** Calls of pin(), to tell one pin from two. */
  pinCalls = 0;
  /** By frame. */
  private readonly bytes = new Map<number, Uint8Array>();

  constructor(readonly name: string) {}

  /** Maps pages from `userVa` on; frame i is `frame(i)`. */
  map(userVa: bigint, pages: number, frame: (index: number) => number, writable = true): void {
    for (let index = 0; index < pages; index++) {
      this.pages.set(userVa / PAGE + BigInt(index), { pfn: frame(index), writable });
    }
  }

  get pinned(): number {
    return [...this.pins.values()].reduce((sum, count) => sum + count, 0);
  }

  pin(userVa: bigint, pages: number, write: boolean): Result<readonly FrameRun[]> {
    this.pinCalls++;
    const runs: FrameRun[] = [];
    for (let index = 0; index < pages; index++) {
      const page = this.pages.get(userVa / PAGE + BigInt(index));
      if (!page || page.readable === false || (write && !page.writable))
        return err('EFAULT', `page ${index} is not there`);
      runs.push({ pfn: page.pfn, count: 1 });
    }
    for (const { pfn } of runs) this.pins.set(pfn, (this.pins.get(pfn) ?? 0) + 1);
    return ok(runs);
  }

  unpin(runs: readonly FrameRun[]): void {
    for (const run of runs) {
      for (let pfn = run.pfn; pfn < run.pfn + run.count; pfn++) {
        const count = this.pins.get(pfn);
        if (!count) throw new Error(`frame ${pfn} is not pinned`);
        if (count === 1) this.pins.delete(pfn);
        else this.pins.set(pfn, count - 1);
      }
    }
  }

  read(userVa: bigint, count: number): Result<Uint8Array> {
    const out = new Uint8Array(count);
    for (const { page, from, at, length } of stretches(userVa, count)) {
      const known = this.pages.get(page);
      if (!known || known.readable === false) return err('EFAULT', 'not mapped');
      out.set(this.readFrame(known.pfn, from, length), at);
    }
    return ok(out);
  }

  write(userVa: bigint, data: Uint8Array): Result<undefined> {
    for (const { page, from, at, length } of stretches(userVa, data.length)) {
      const known = this.pages.get(page);
      if (!known?.writable) return err('EFAULT', 'not writable');
      this.writeFrame(known.pfn, from, data.subarray(at, at + length));
    }
    return ok(undefined);
  }

  readFrame(pfn: number, offset: number, bytes: number): Uint8Array {
    return this.bytes.get(pfn)?.slice(offset, offset + bytes) ?? new Uint8Array(bytes);
  }

  writeFrame(pfn: number, offset: number, data: Uint8Array): void {
    let bytes = this.bytes.get(pfn);
    if (!bytes) this.bytes.set(pfn, (bytes = new Uint8Array(4096)));
    bytes.set(data, offset);
  }
}

/** A stretch of bytes, page by page. */
function* stretches(
  userVa: bigint,
  count: number,
): Generator<{ page: bigint; from: number; at: number; length: number }> {
  for (let at = 0; at < count;) {
    const va = userVa + BigInt(at);
    const from = Number(va % PAGE);
    const length = Math.min(4096 - from, count - at);
    yield { page: va / PAGE, from, at, length };
    at += length;
  }
}
