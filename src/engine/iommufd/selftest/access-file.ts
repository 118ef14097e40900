import { invariant } from '../../../lib/invariant';
import { U64_MAX } from '../../../lib/u64';
import type { Caller } from '../../kernel/caller';
import { err, ok, type Result } from '../../kernel/errno';
import type { KernelFile } from '../../kernel/file';
import { locked, Mutex, sharing, type Task } from '../../kernel/task';
import { destroyAccess, type Access, type AccessOps } from '../access';
import { unpinPages } from '../access-pages';
import { MOCK_FLAGS_ACCESS_SYZ } from '../../uapi/iommufd-test';
import type { IommufdCtx } from '../ctx';
import type { IoPagetable } from '../iopt';
import type { CopySource } from '../options';

/** A pin that its user may end by number. Linux: selftest.c struct selftest_access_item */
export interface AccessItem {
  readonly id: number;
  readonly iova: bigint;
  readonly length: bigint;
}

/**
 * An access in the hands of a user, as an open file that can only be closed. It belongs to no context's descriptor:
 * test commands of any context work on it.
 *
 * Linux: selftest.c struct selftest_access, iommfd_test_staccess_fops
 */
export class AccessFile implements KernelFile {
  readonly title = 'test access';
  readonly lock = new Mutex('staccess->lock');
  readonly items: AccessItem[] = [];
  private nextId = 0;
  private made: Access | null = null;
  /** One of the descriptor, and one of each call that has it in hand. */
  private refs = 1;

  constructor(private readonly needsPinPages: boolean) {}

  get ops(): AccessOps {
    return { needsPinPages: this.needsPinPages, unmap: (iova, length) => this.unmap(iova, length) };
  }

  get pins(): boolean {
    return this.needsPinPages;
  }

  get access(): Access {
    invariant(this.made, 'a test access has no access');
    return this.made;
  }

  /** From now on it is the file's to give back. */
  adopt(access: Access): void {
    this.made = access;
  }

  /** Under `lock`. */
  addItem(iova: bigint, length: bigint): AccessItem {
    const item = { id: this.nextId++, iova, length };
    this.items.push(item);
    return item;
  }

  /** iommufd wants these pages back. Linux: iommufd_test_access_unmap() */
  *unmap(iova: bigint, length: bigint): Task<void> {
    const last = BigInt.asUintN(64, iova + length - 1n);
    yield* locked(this.lock, () => this.unpinAll(iova, last));
  }

  private *unpinAll(iova: bigint, last: bigint): Task<void> {
    for (const item of [...this.items]) {
      if (iova > item.iova + item.length - 1n || last < item.iova) continue;
      yield* this.unpin(item);
    }
  }

  /** Under `lock`. */
  *unpin(item: AccessItem): Task<void> {
    this.items.splice(this.items.indexOf(item), 1);
    yield* unpinPages(this.access, item.iova, item.length);
  }

  get(): void {
    this.refs++;
  }

  /** Linux: fput(), iommufd_test_staccess_release() */
  *put(): Task<void> {
    if (--this.refs > 0 || !this.made) return;
    yield* this.unmap(0n, U64_MAX);
    yield* destroyAccess(this.made);
  }

  release(): Task<void> {
    return this.put();
  }
}

/** Linux: iommufd_access_get() */
export function accessFile(caller: Caller, fd: number): Result<AccessFile> {
  const open = caller.files.get(fd | 0);
  if (open?.kind === 'kernel' && open.file instanceof AccessFile) {
    open.file.get();
    return ok(open.file);
  }
  return err('EBADFD', `descriptor ${fd | 0} is no test access`, { rule: 'iommufd_access_get' });
}

/**
 * Instead of an IOVA, which a fuzzer cannot guess: the n-th area and an offset into it. 0 when there is none.
 *
 * Linux: __iommufd_test_syz_conv_iova()
 */
export function* nthArea(iopt: IoPagetable, word: bigint): Task<bigint> {
  const nth = Number(BigInt.asUintN(32, word));
  const offset = word >> 32n;
  return yield* sharing(iopt.iovaRwsem, () => {
    let at = 0;
    for (const area of iopt.areas) if (at++ === nth) return BigInt.asUintN(64, area.start + offset);
    return 0n;
  });
}

/** Linux: iommufd_test_syz_conv_iova_id() */
export function* convertCopySource(ctx: IommufdCtx, cmd: CopySource): Task<void> {
  if ((cmd.flags & MOCK_FLAGS_ACCESS_SYZ) === 0) return;
  cmd.flags &= ~MOCK_FLAGS_ACCESS_SYZ;
  const found = ctx.objects.get(cmd.src_ioas_id, 'ioas');
  if (!found.ok) return;
  cmd.src_iova = yield* nthArea(found.value.iopt, cmd.src_iova);
  ctx.objects.put(found.value);
}

/** Linux: iommufd_test_syz_conv_iova() */
export const nthAreaOf = (access: Access, word: bigint): Task<bigint> =>
  locked(access.ioasLock, function* (): Task<bigint> {
    return access.ioas ? yield* nthArea(access.ioas.iopt, word) : 0n;
  });
