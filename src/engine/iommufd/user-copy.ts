import { done } from '../../lib/result';
import { hex } from '../../lib/u64';
import type { UserBytes } from '../kernel/caller';
import { err, ok, type Result } from '../kernel/errno';
import type { FailPoints } from '../kernel/fail';
import { PAGE_BYTES, PAGE_SIZE } from './page';

/**
 * Copies from and to a user's memory, of any length that a user may claim: page by page, so that the first page that is
 * not there ends it before anything large is allocated.
 *
 * Linux: include/linux/uaccess.h
 */

/** Wants to know what is copied; `out`: to the user. */
export interface CopyWatch {
  copied(userVa: bigint, data: Uint8Array, out: boolean): void;
}

/** A user's memory, with the places where the kernel may be told to fail. */
export class UserCopy {
  watch: CopyWatch | null = null;

  constructor(
    private readonly memory: UserBytes,
    private readonly fail: FailPoints,
  ) {}

  /** Linux: copy_from_user() */
  read(userVa: bigint, bytes: number): Result<Uint8Array> {
    if (bytes === 0) return ok(new Uint8Array());
    if (this.fail.hit('copy_from_user')) return fault(userVa, 'read');
    const read = this.readChunks(userVa, bytes);
    if (this.watch !== null && read.ok) this.watch.copied(userVa, read.value, false);
    return read;
  }

  /**
   * `userBytes` as the user gives them, as a structure of `bytes` bytes: what is missing counts as zero, what there is
   * beyond must be zero. Only what the user gave comes back. Linux: copy_struct_from_user()
   */
  readStruct(userVa: bigint, userBytes: number, bytes: number): Result<Uint8Array> {
    if (userBytes > bytes) {
      const zero = this.isZero(userVa + BigInt(bytes), userBytes - bytes);
      if (!zero.ok) return zero;
      if (!zero.value) {
        const why = `${userBytes} bytes, and those after the ${bytes} known ones are not zero: a newer program asks for something this kernel lacks`;
        return err('E2BIG', why, { rule: 'copy_struct_from_user' });
      }
    }
    return this.read(userVa, Math.min(userBytes, bytes));
  }

  /** Linux: copy_to_user(), copying up to the page that is not there */
  write(userVa: bigint, data: Uint8Array): Result<undefined> {
    if (data.length === 0) return done;
    if (this.fail.hit('copy_to_user')) return fault(userVa, 'written');
    if (inOnePage(userVa, data.length)) return this.put(userVa, data);
    for (const { va, at, bytes } of pagesOf(userVa, data.length)) {
      const put = this.put(va, data.subarray(at, at + bytes));
      if (!put.ok) return put;
    }
    return done;
  }

  /** Linux: clear_user() */
  clear(userVa: bigint, bytes: number): Result<undefined> {
    const zeros = new Uint8Array(PAGE_BYTES);
    for (const page of pagesOf(userVa, bytes)) {
      const put = this.put(page.va, zeros.subarray(0, page.bytes));
      if (!put.ok) return put;
    }
    return done;
  }

  /** Whether there is anything but zeroes; whichever comes first, that or a hole. Linux: check_zeroed_user() */
  isZero(userVa: bigint, bytes: number): Result<boolean> {
    for (const page of pagesOf(userVa, bytes)) {
      const read = this.memory.read(page.va, page.bytes);
      if (!read.ok) return fault(page.va, 'read');
      if (read.value.some((byte) => byte !== 0)) return ok(false);
    }
    return ok(true);
  }

  /** Within a page. */
  private put(va: bigint, data: Uint8Array): Result<undefined> {
    if (!this.memory.write(va, data).ok) return fault(va, 'written');
    if (this.watch !== null) this.watch.copied(va, data, true);
    return done;
  }

  private readChunks(userVa: bigint, bytes: number): Result<Uint8Array> {
    if (bytes <= PAGE_BYTES) {
      const read = this.memory.read(userVa, bytes);
      return read.ok ? read : fault(userVa, 'read');
    }
    const chunks: Uint8Array[] = [];
    for (const page of pagesOf(userVa, bytes)) {
      const read = this.memory.read(page.va, page.bytes);
      if (!read.ok) return fault(page.va, 'read');
      chunks.push(read.value);
    }
    const all = new Uint8Array(bytes);
    let at = 0;
    for (const chunk of chunks) {
      all.set(chunk, at);
      at += chunk.length;
    }
    return ok(all);
  }
}

const fault = (va: bigint, verb: 'read' | 'written') =>
  err('EFAULT', `the user's memory at ${hex(va)} cannot be ${verb}`, { rule: 'copy_from_user' });

/** As nearly every structure lies. */
const inOnePage = (userVa: bigint, bytes: number): boolean =>
  Number(userVa % PAGE_SIZE) + bytes <= PAGE_BYTES;

/** A stretch of bytes, page by page. */
function* pagesOf(
  userVa: bigint,
  count: number,
): Generator<{ readonly va: bigint; readonly at: number; readonly bytes: number }> {
  for (let at = 0; at < count;) {
    const va = userVa + BigInt(at);
    const bytes = Math.min(PAGE_BYTES - Number(va % PAGE_SIZE), count - at);
    yield { va, at, bytes };
    at += bytes;
  }
}
