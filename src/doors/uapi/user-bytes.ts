import type { UserBytes } from '../../engine/kernel/caller';
import { err, ok, type Result } from '../../engine/kernel/errno';
import { done } from '../../lib/result';
import { hex } from '../../lib/u64';
import { INLINE_MAX, type Request, UPCALL } from './packets';
import type { Wire } from './wire';

/**
 * What copy_from_user() and copy_to_user() reach while a call is under way. The waiting client copies on our behalf,
 * so faults are what its own accesses would meet; the bytes that came with the request need no asking, and go back
 * with the answer where the client has found them writable.
 */
export class ClientBytes implements UserBytes {
  /** Bytes of the window that go back with the answer. */
  private dirty: { from: number; to: number } | null = null;

  constructor(
    private readonly wire: Wire,
    private readonly request: Request,
    /** Where the bytes that came along lie in the client's memory. */
    private readonly windowVa: bigint,
    private readonly window: Uint8Array,
  ) {}

  read(userVa: bigint, bytes: number): Result<Uint8Array> {
    const at = userVa - this.windowVa;
    if (at >= 0n && at + BigInt(bytes) <= BigInt(this.window.length))
      return ok(this.window.slice(Number(at), Number(at) + bytes));
    const data = new Uint8Array(bytes);
    for (let from = 0; from < bytes; from += INLINE_MAX) {
      const length = Math.min(INLINE_MAX, bytes - from);
      const va = BigInt.asUintN(64, userVa + BigInt(from));
      const reply = this.wire.upcall(this.request, UPCALL.COPY_IN, [va, BigInt(length)]);
      if (reply?.result !== 0n) return fault(va);
      data.set(reply.payload, from);
    }
    return ok(data);
  }

  write(userVa: bigint, data: Uint8Array): Result<undefined> {
    const at = userVa - this.windowVa;
    if (this.request.writable && at >= 0n && at + BigInt(data.length) <= BigInt(this.window.length)) {
      const from = Number(at);
      const to = from + data.length;
      this.window.set(data, from);
      this.dirty = { from: Math.min(from, this.dirty?.from ?? from), to: Math.max(to, this.dirty?.to ?? to) };
      return done;
    }
    this.remember(userVa, data);
    for (let from = 0; from < data.length; from += INLINE_MAX) {
      const va = BigInt.asUintN(64, userVa + BigInt(from));
      const part = data.subarray(from, from + INLINE_MAX);
      const reply = this.wire.upcall(this.request, UPCALL.COPY_OUT, [va], part);
      if (reply?.result !== 0n) return fault(va);
    }
    return done;
  }

  /** What the answer is to carry, and where it belongs. */
  get pending(): { readonly va: bigint; readonly bytes: Uint8Array } | null {
    const { dirty } = this;
    if (!dirty) return null;
    return { va: this.windowVa + BigInt(dirty.from), bytes: this.window.subarray(dirty.from, dirty.to) };
  }

  /** What is written over the bytes that came along is read back from there. */
  private remember(userVa: bigint, data: Uint8Array): void {
    const at = userVa - this.windowVa;
    for (let index = 0n; index < BigInt(data.length); index++) {
      const place = at + index;
      if (place >= 0n && place < BigInt(this.window.length))
        this.window[Number(place)] = data[Number(index)] ?? 0;
    }
  }
}

const fault = (va: bigint): Result<never> =>
  err('EFAULT', `the caller's memory at ${hex(va)} cannot be accessed`, { rule: 'copy_from_user' });
