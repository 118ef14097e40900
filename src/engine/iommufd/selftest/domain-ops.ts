import { done } from '../../../lib/result';
import { err, type Failure, type Result } from '../../kernel/errno';
import { holding } from '../../kernel/task';
import {
  add_reserved,
  check_iotlb,
  check_map,
  check_refs,
  dirty,
  IOMMU_TEST_OP_ADD_RESERVED,
  IOMMU_TEST_OP_DIRTY,
  IOMMU_TEST_OP_MD_CHECK_IOTLB,
  IOMMU_TEST_OP_MD_CHECK_MAP,
  IOMMU_TEST_OP_MD_CHECK_REFS,
  IOMMU_TEST_OP_SET_TEMP_MEMORY_LIMIT,
  memory_limit,
} from '../../uapi/iommufd-test';
import type { FieldsOf } from '../../uapi/struct';
import type { UserMemory } from '../../memory/user-memory';
import { addChecked } from '../page';
import { UserCopy } from '../user-copy';
import { MockDomain } from './mock-domain';
import { MockNested } from './mock-nested';
import { isTestMemory, type TestMemory } from './test-memory';
import { defineTestOp, type TestCall } from './test-op';

const PAGE = 4096n;

/** Keeps IOVAs of an IOAS from ever being used. Linux: iommufd_test_add_reserved() */
const addReserved = defineTestOp({
  nr: IOMMU_TEST_OP_ADD_RESERVED,
  layout: add_reserved,
  *execute({ ctx, id, args: { start, length } }) {
    const rule = 'iommufd_test_add_reserved';
    if (length === 0n) return err('EINVAL', 'the length is zero', { rule });
    const last = addChecked(start, length - 1n);
    if (last === null) return err('EOVERFLOW', 'the range wraps around', { rule });
    const found = ctx.objects.get(id, 'ioas');
    if (!found.ok) return found;
    const { iopt } = found.value;
    const reserved = yield* holding(iopt.iovaRwsem, () =>
      iopt.reserve({ start, last, owner: null, why: 'a test wants it so' }),
    );
    ctx.objects.put(found.value);
    return reserved;
  },
});

/** Whether every page of a HWPT is the page under a user's address. Linux: iommufd_test_md_check_pa() */
const checkMap = defineTestOp({
  nr: IOMMU_TEST_OP_MD_CHECK_MAP,
  layout: check_map,
  *execute(call) {
    const found = call.ctx.objects.get(call.id, 'hwpt-paging');
    if (!found.ok) return found;
    const { domain } = found.value;
    const result = domain instanceof MockDomain ? comparePages(domain, call) : notMock('get_md_pagetable');
    call.ctx.objects.put(found.value);
    return result;
  },
});

function comparePages(
  domain: MockDomain,
  { caller, args }: TestCall<FieldsOf<typeof check_map>>,
): Result<undefined> {
  const rule = 'iommufd_test_md_check_pa';
  const { iova, length, uptr } = args;
  const step = 1n << BigInt(domain.pageSizesLg2[0] ?? 12);
  if (iova % step || length % step || uptr % step || addChecked(uptr, length) === null)
    return err('EINVAL', 'not aligned to the smallest page', { rule });
  const memory = testMemory(caller.mm);
  if (!memory) return blind(caller.mm);
  for (let at = 0n; at < length; at += step) {
    const pfn = memory.pageAt(uptr + at);
    if (pfn === null) return err('EFAULT', `user page ${uptr + at} is not there`, { rule });
    const pa = pfn * Number(PAGE) + Number((uptr + at) % PAGE);
    if (domain.iovaToPhys(iova + at) !== pa)
      return err('EINVAL', `IOVA ${iova + at} leads elsewhere`, { rule });
  }
  return done;
}

/** Whether every page is pinned so many times. Linux: iommufd_test_md_check_refs() */
const checkRefs = defineTestOp({
  nr: IOMMU_TEST_OP_MD_CHECK_REFS,
  layout: check_refs,
  *execute({ caller, args: { length, uptr, refs } }) {
    const rule = 'iommufd_test_md_check_refs';
    if (length % PAGE || uptr % PAGE || addChecked(uptr, length) === null)
      return err('EINVAL', 'not aligned to pages', { rule });
    const memory = testMemory(caller.mm);
    if (!memory) return blind(caller.mm);
    for (let at = 0n; at < length; at += PAGE) {
      const pfn = memory.pageAt(uptr + at);
      if (pfn === null) return err('EFAULT', `user page ${uptr + at} is not there`, { rule });
      const pins = memory.pinsOf(pfn);
      if (pins !== null && pins !== refs) return err('EIO', `pinned ${pins} times, not ${refs}`, { rule });
    }
    return done;
  },
});

/** Linux: iommufd_test_md_check_iotlb() */
const checkIotlb = defineTestOp({
  nr: IOMMU_TEST_OP_MD_CHECK_IOTLB,
  layout: check_iotlb,
  *execute({ ctx, id, args }) {
    const found = ctx.objects.get(id, 'hwpt-nested');
    if (!found.ok) return found;
    const { domain } = found.value;
    ctx.objects.put(found.value);
    if (!(domain instanceof MockNested)) return notMock('get_md_pagetable_nested');
    if (domain.iotlb[args.id] === args.iotlb) return done;
    return err('EINVAL', `word ${args.id} is ${domain.iotlb[args.id] ?? 'not there'}, not ${args.iotlb}`, {
      rule: 'iommufd_test_md_check_iotlb',
    });
  },
});

/** Global, and it stays so when everything is closed. Linux: IOMMU_TEST_OP_SET_TEMP_MEMORY_LIMIT */
const setLimit = defineTestOp({
  nr: IOMMU_TEST_OP_SET_TEMP_MEMORY_LIMIT,
  layout: memory_limit,
  *execute({ ctx, args: { limit } }) {
    // One run of frames in a batch: its first frame and its length.
    if (limit < 12)
      return err('EINVAL', 'a batch needs room for one run of frames', { rule: 'iommufd_test' });
    ctx.module.tempMemoryLimit = limit;
    return done;
  },
});

/** Writes to pages as a device would, one for each bit that the user set. Linux: iommufd_test_dirty() */
const makeDirty = defineTestOp({
  nr: IOMMU_TEST_OP_DIRTY,
  layout: dirty,
  *execute(call) {
    const rule = 'iommufd_test_dirty';
    const { iova, length, page_size: size, uptr } = call.args;
    if (size === 0n || length === 0n || iova % size || length % size || uptr === 0n)
      return err('EINVAL', 'no pages, or not aligned to them', { rule });
    const found = call.ctx.objects.get(call.id, 'hwpt-paging');
    if (!found.ok) return found;
    const { domain } = found.value;
    const result = domain instanceof MockDomain ? dirtyPages(domain, call) : notMock('get_md_pagetable');
    call.ctx.objects.put(found.value);
    return result;
  },
});

function dirtyPages(domain: MockDomain, call: TestCall<FieldsOf<typeof dirty>>): Result<undefined> {
  const rule = 'iommufd_test_dirty';
  const { args, caller, ctx } = call;
  const size = args.page_size;
  if (!domain.tracking) return err('EINVAL', `${domain.label} does not track dirty pages`, { rule });
  const bits = args.length / size;
  if (ctx.core.fail.hit(rule) || bits > MAX_BITS) return err('ENOMEM', 'no memory for the bitmap', { rule });
  const bitmap = new UserCopy(caller.bytes, ctx.core.fail).read(args.uptr, Math.ceil(Number(bits) / 8));
  if (!bitmap.ok) return bitmap;
  let count = 0n;
  bitmap.value.forEach((byte, index) => {
    for (let bit = 0; bit < 8; bit++) {
      const page = BigInt(index * 8 + bit);
      if ((byte & (1 << bit)) === 0 || page >= bits) continue;
      domain.setDirty(BigInt.asUintN(64, args.iova + page * size));
      count++;
    }
  });
  args.out_nr_dirty = count;
  return call.respond();
}

/** As much as kvzalloc() may give. */
const MAX_BITS = 1n << 34n;

const notMock = (rule: string): Failure => err('EINVAL', 'not a domain of the mock IOMMU', { rule });

const testMemory = (memory: UserMemory): TestMemory | null => (isTestMemory(memory) ? memory : null);

const blind = (memory: UserMemory): Failure =>
  err('EFAULT', `the pages of ${memory.name} cannot be told apart`, { rule: 'get_user_pages_fast' });

export const domainOps = [addReserved, checkMap, checkRefs, checkIotlb, setLimit, makeDirty] as const;
