import { done } from '../../../lib/result';
import type { Caller } from '../../kernel/caller';
import { err, type Failure, type Result } from '../../kernel/errno';
import { O_CLOEXEC } from '../../kernel/file';
import { locked, type Task } from '../../kernel/task';
import {
  access_pages,
  access_replace_ioas,
  access_rw,
  create_access,
  destroy_access_pages,
  IOMMU_TEST_OP_ACCESS_PAGES,
  IOMMU_TEST_OP_ACCESS_REPLACE_IOAS,
  IOMMU_TEST_OP_ACCESS_RW,
  IOMMU_TEST_OP_CREATE_ACCESS,
  IOMMU_TEST_OP_DESTROY_ACCESS_PAGES,
  MOCK_ACCESS_RW_SLOW_PATH,
  MOCK_ACCESS_RW_WRITE,
  MOCK_FLAGS_ACCESS_CREATE_NEEDS_PIN_PAGES,
  MOCK_FLAGS_ACCESS_SYZ,
  MOCK_FLAGS_ACCESS_WRITE,
} from '../../uapi/iommufd-test';
import type { FieldsOf } from '../../uapi/struct';
import { attachAccess, createAccess, destroyAccess, replaceAccess } from '../access';
import { pinPages, unpinPages } from '../access-pages';
import { rwAccess } from '../access-rw';
import { PAGE_SIZE } from '../page';
import { UserCopy } from '../user-copy';
import { accessFile, AccessFile, nthAreaOf } from './access-file';
import { isTestMemory } from './test-memory';
import { defineTestOp, type TestCall } from './test-op';

/** What a fuzzer may ask for at most. */
const MAX_LENGTH = 16n << 20n;

/** An access of IOAS `id`, and a descriptor for it. Linux: iommufd_test_create_access() */
const create = defineTestOp({
  nr: IOMMU_TEST_OP_CREATE_ACCESS,
  layout: create_access,
  *execute(call) {
    const rule = 'iommufd_test_create_access';
    const { caller, ctx, args } = call;
    if ((args.flags & ~MOCK_FLAGS_ACCESS_CREATE_NEEDS_PIN_PAGES) !== 0)
      return err('EOPNOTSUPP', `${args.flags} is no set of access flags`, { rule });
    // The access, its file and its inode.
    for (let step = 0; step < 3; step++) {
      if (ctx.core.fail.hit(rule)) return err('ENOMEM', 'no memory for a test access', { rule });
    }
    const file = new AccessFile(args.flags !== 0);
    const fd = caller.files.reserve(O_CLOEXEC);
    if (!fd.ok) return err('ENOMEM', 'no descriptor is left, which this operation calls ENOMEM', { rule });
    args.out_access_fd = fd.value;
    const created = yield* createAndAttach(call, file);
    if (created.ok) caller.files.install(fd.value, file);
    else caller.files.abandon(fd.value);
    return created;
  },
});

function* createAndAttach(
  { ctx, id, respond }: TestCall<FieldsOf<typeof create_access>>,
  file: AccessFile,
): Task<Result<undefined>> {
  const access = createAccess(ctx, file.ops);
  if (!access.ok) return access;
  const attached = yield* attachAccess(access.value, id);
  const responded = attached.ok ? respond() : attached;
  if (responded.ok) file.adopt(access.value);
  else yield* destroyAccess(access.value);
  return responded;
}

/** Runs something on the access behind a descriptor. */
function* withAccess<T>(
  caller: Caller,
  fd: number,
  body: (file: AccessFile) => Task<Result<T>>,
): Task<Result<T>> {
  const file = accessFile(caller, fd);
  if (!file.ok) return file;
  const result = yield* body(file.value);
  yield* file.value.put();
  return result;
}

/** Linux: iommufd_test_access_replace_ioas() */
const replaceIoas = defineTestOp({
  nr: IOMMU_TEST_OP_ACCESS_REPLACE_IOAS,
  layout: access_replace_ioas,
  execute: ({ caller, id, args }) =>
    withAccess(caller, id, (file) => replaceAccess(file.access, args.ioas_id)),
});

/** Linux: iommufd_test_access_item_destroy() */
const destroyPages = defineTestOp({
  nr: IOMMU_TEST_OP_DESTROY_ACCESS_PAGES,
  layout: destroy_access_pages,
  execute: ({ caller, id, args }) =>
    withAccess(caller, id, (file) =>
      locked(file.lock, function* (): Task<Result<undefined>> {
        const item = file.items.find((each) => each.id === args.access_pages_id);
        if (!item) {
          return err('ENOENT', `${args.access_pages_id} is no pin of this access`, {
            rule: 'iommufd_test_access_item_destroy',
          });
        }
        yield* file.unpin(item);
        return done;
      }),
    ),
});

/** Pins, and compares with what lies under `uptr`. Linux: iommufd_test_access_pages() */
const pages = defineTestOp({
  nr: IOMMU_TEST_OP_ACCESS_PAGES,
  layout: access_pages,
  *execute(call) {
    const { args, caller, id, ctx } = call;
    const refused = refuse(
      'iommufd_test_access_pages',
      args,
      MOCK_FLAGS_ACCESS_WRITE | MOCK_FLAGS_ACCESS_SYZ,
    );
    if (refused) return refused;
    return yield* withAccess(caller, id, function* (file): Task<Result<undefined>> {
      const rule = 'iommufd_test_access_pages';
      if (!file.pins) return err('EOPNOTSUPP', 'this access does not pin pages', { rule });
      const iova =
        (args.flags & MOCK_FLAGS_ACCESS_SYZ) !== 0 ? yield* nthAreaOf(file.access, args.iova) : args.iova;
      if (ctx.core.fail.hit(rule)) return err('ENOMEM', 'no memory for the list of pages', { rule });
      return yield* locked(file.lock, () => pinAndCheck(call, file, iova));
    });
  },
});

function* pinAndCheck(
  { args, caller, ctx, respond }: TestCall<FieldsOf<typeof access_pages>>,
  file: AccessFile,
  iova: bigint,
): Task<Result<undefined>> {
  const rule = 'iommufd_test_access_pages';
  const { access } = file;
  const pinned = yield* pinPages(access, iova, args.length, (args.flags & MOCK_FLAGS_ACCESS_WRITE) !== 0);
  if (!pinned.ok) return pinned;
  // A fuzzer has no address to compare with.
  const same = args.uptr === 0n ? null : differs(caller, args.uptr - (iova % PAGE_SIZE), pinned.value);
  const failed =
    same ?? (ctx.core.fail.hit(rule) ? err('ENOMEM', 'no memory to note the pin down', { rule }) : null);
  if (failed) {
    yield* unpinPages(access, iova, args.length);
    return failed;
  }
  const item = file.addItem(iova, args.length);
  args.out_access_pages_id = item.id;
  const responded = respond();
  if (!responded.ok) yield* file.unpin(item);
  return responded;
}

/** Linux: iommufd_test_check_pages() */
function differs(caller: Caller, uptr: bigint, frames: readonly number[]): Failure | null {
  const rule = 'iommufd_test_check_pages';
  const memory = isTestMemory(caller.mm) ? caller.mm : null;
  for (const [index, pfn] of frames.entries()) {
    const page = memory?.pageAt(BigInt.asUintN(64, uptr + BigInt(index) * PAGE_SIZE)) ?? null;
    if (page === null) return err('EFAULT', `user page ${index} is not there`, { rule });
    if (page !== pfn) return err('EBADE', `page ${index} is not the one under the user's address`, { rule });
  }
  return null;
}

/** Linux: iommufd_test_access_rw() */
const readWrite = defineTestOp({
  nr: IOMMU_TEST_OP_ACCESS_RW,
  layout: access_rw,
  *execute(call) {
    const { args, caller, id } = call;
    const known = MOCK_ACCESS_RW_WRITE | MOCK_ACCESS_RW_SLOW_PATH | MOCK_FLAGS_ACCESS_SYZ;
    const refused = refuse('iommufd_test_access_rw', args, known);
    if (refused) return refused;
    return yield* withAccess(caller, id, (file) => moveBytes(call, file));
  },
});

function* moveBytes(
  { args, caller, ctx }: TestCall<FieldsOf<typeof access_rw>>,
  file: AccessFile,
): Task<Result<undefined>> {
  const rule = 'iommufd_test_access_rw';
  if (ctx.core.fail.hit(rule)) return err('ENOMEM', 'no memory for the bytes', { rule });
  const user = new UserCopy(caller.bytes, ctx.core.fail);
  const write = (args.flags & MOCK_ACCESS_RW_WRITE) !== 0;
  const bytes = Number(args.length);
  const given = write ? user.read(args.uptr, bytes) : null;
  if (given && !given.ok) return given;
  const data = given?.value ?? new Uint8Array(bytes);
  const iova =
    (args.flags & MOCK_FLAGS_ACCESS_SYZ) !== 0 ? yield* nthAreaOf(file.access, args.iova) : args.iova;
  const slow = (args.flags & MOCK_ACCESS_RW_SLOW_PATH) !== 0;
  const moved = yield* rwAccess(file.access, caller.mm, iova, data, { write, slow });
  return moved.ok && !write ? user.write(args.uptr, data) : moved;
}

function refuse(
  rule: string,
  { length, flags }: { readonly length: bigint; readonly flags: number },
  known: number,
): Failure | null {
  if (length > MAX_LENGTH) return err('ENOMEM', 'more than 16 MiB at once', { rule });
  return (flags & ~known) !== 0 ? err('EOPNOTSUPP', `${flags} is no set of access flags`, { rule }) : null;
}

export const accessOps = [create, replaceIoas, destroyPages, pages, readWrite] as const;
