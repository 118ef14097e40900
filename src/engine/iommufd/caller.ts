import type { Caller, UserBytes } from '../kernel/caller';
import type { Result } from '../kernel/errno';
import { Descriptors } from '../kernel/file-table';
import type { UserMemory } from '../memory/user-memory';

/** A process that may do anything and has no limits, as root is. */
export const rootCaller = (mm: UserMemory): Caller => ({
  mm,
  bytes: mm,
  capable: () => true,
  process: { pid: 1, memlockLimit: () => 2n ** 64n - 1n },
  user: { uid: 0, lockedVm: 0 },
  files: new Descriptors(),
});

/** Where calls that come from a script find their structures: high in the address space, like a stack. */
const SCRATCH_VA = 0x7ffd_0000_0000n;

/**
 * A process's memory with room for a call's structures beside it, so that a script need not map any: the bytes are
 * read and written like every other user memory.
 */
export class ScratchMemory implements UserBytes {
  /** Room for any one structure. No larger: from here on engines keep arrays outside the heap, which costs much more. */
  private bytes = new Uint8Array(64);
  private used = 0;

  constructor(private readonly base: UserBytes) {}

  /** Room for one more structure; its user address. */
  place(data: Uint8Array): bigint {
    const at = this.used;
    this.used = Math.ceil((at + data.length) / 16) * 16;
    if (this.used > this.bytes.length) {
      const grown = new Uint8Array(2 * this.used);
      grown.set(this.bytes);
      this.bytes = grown;
    }
    this.bytes.set(data, at);
    return SCRATCH_VA + BigInt(at);
  }

  read(userVa: bigint, bytes: number): Result<Uint8Array> {
    const at = this.offsetOf(userVa, bytes);
    return at === null
      ? this.base.read(userVa, bytes)
      : { ok: true, value: this.bytes.slice(at, at + bytes) };
  }

  write(userVa: bigint, data: Uint8Array): Result<undefined> {
    const at = this.offsetOf(userVa, data.length);
    if (at === null) return this.base.write(userVa, data);
    this.bytes.set(data, at);
    return { ok: true, value: undefined };
  }

  private offsetOf(userVa: bigint, bytes: number): number | null {
    const at = Number(userVa - SCRATCH_VA);
    return at >= 0 && at + bytes <= this.used ? at : null;
  }
}
