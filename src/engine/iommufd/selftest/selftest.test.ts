import { beforeEach, describe, expect, it } from 'vitest';
import { IommuCore } from '../../iommu/core';
import type { Result } from '../../kernel/errno';
import { runTask } from '../../kernel/task';
import { PhysicalMemory } from '../../memory/physical-memory';
import { ProcessMemory } from '../../memory/process-memory';
import { silent } from '../../trace/trace';
import { ioctlNumber } from '../../uapi/iommufd';
import {
  access_pages,
  access_rw,
  add_reserved,
  check_map,
  check_refs,
  create_access,
  IOMMU_TEST_CMD_NR,
  IOMMU_TEST_OP_ACCESS_PAGES,
  IOMMU_TEST_OP_ACCESS_RW,
  IOMMU_TEST_OP_ADD_RESERVED,
  IOMMU_TEST_OP_CREATE_ACCESS,
  IOMMU_TEST_OP_MD_CHECK_MAP,
  IOMMU_TEST_OP_MD_CHECK_REFS,
  IOMMU_TEST_OP_MOCK_DOMAIN,
  IOMMU_TEST_OP_MOCK_DOMAIN_FLAGS,
  iommu_test_cmd,
  mock_domain_flags,
  MOCK_FLAGS_ACCESS_SYZ,
  MOCK_FLAGS_DEVICE_PASID,
} from '../../uapi/iommufd-test';
import { decode, encode, type FieldsOf, type Fields, type Struct } from '../../uapi/struct';
import { call } from '../call';
import { rootCaller } from '../caller';
import { Iommufd, type IommufdCtx } from '../ctx';
import { createSelftest, type Selftest } from './selftest';

// What each operation answers is compared with a real kernel by the recorded sequences (recorded.test.ts). Here: the mock
// in a machine as the simulator builds it, over a process's own memory. Expected values: selftest.c.

let core: IommuCore;
let selftest: Selftest;
let memory: ProcessMemory;
let ctx: IommufdCtx;
let structVa: bigint;
let bufferVa: bigint;
let ioas: number;

const run = <T>(task: Parameters<typeof runTask<T>>[0]): T => runTask(task, silent);
const must = <T>(result: Result<T>): T => {
  if (!result.ok) throw new Error(`${result.errno}: ${result.why}`);
  return result.value;
};

/** The whole command as bytes, `fields` seen through an operation's view of it. */
function test<S extends Struct>(
  op: number,
  id: number,
  view: S,
  fields: Partial<Fields>,
): Result<FieldsOf<S>> {
  const image = encode(iommu_test_cmd, { size: iommu_test_cmd.bytes, op, id });
  encode(view, fields).forEach((byte, at) => {
    if (at >= 16) image[at] = byte;
  });
  must(memory.write(structVa, image));
  const caller = { ...rootCaller(memory), files };
  const answered = run(ctx.ioctl(caller, ioctlNumber(IOMMU_TEST_CMD_NR), structVa));
  return answered.ok
    ? { ok: true, value: decode(view, must(memory.read(structVa, iommu_test_cmd.bytes))) }
    : answered;
}

let files = rootCaller(new ProcessMemory('nobody', new PhysicalMemory())).files;

beforeEach(() => {
  const physical = new PhysicalMemory();
  core = new IommuCore(silent);
  selftest = createSelftest(core, physical);
  const iommufd = new Iommufd(core, {
    ...selftest.options,
    frames: {
      readFrame: (pfn, offset, bytes) => physical.read(pfn * 4096 + offset, bytes) ?? new Uint8Array(bytes),
      writeFrame: (pfn, offset, data) => physical.write(pfn * 4096 + offset, data),
    },
  });
  memory = new ProcessMemory('tester', physical);
  files = rootCaller(memory).files;
  ctx = iommufd.open(memory);
  structVa = must(memory.mmap(4096)).userVa;
  bufferVa = must(memory.mmap(0x4000)).userVa;
  ioas = must(run(call(ctx, 'IOMMU_IOAS_ALLOC', {}))).out_ioas_id;
});

const map = (iova: bigint, length = 0x4000n): void => {
  must(
    run(
      call(
        ctx,
        'IOMMU_IOAS_MAP',
        { flags: 7, ioas_id: ioas, user_va: bufferVa, length, iova },
        rootCaller(memory),
      ),
    ),
  );
};

describe('a mock device', () => {
  it('takes three ids: its own, that of its binding, and that of a HWPT that nobody had yet', () => {
    const made = must(test(IOMMU_TEST_OP_MOCK_DOMAIN, ioas, mock_domain_flags, {}));
    expect(made).toMatchObject({ out_stdev_id: 2, out_idev_id: 3, out_hwpt_id: 4 });
  });

  it('has a group to itself, blocked while nothing is attached', () => {
    must(test(IOMMU_TEST_OP_MOCK_DOMAIN, ioas, mock_domain_flags, {}));
    must(test(IOMMU_TEST_OP_MOCK_DOMAIN, ioas, mock_domain_flags, {}));
    expect([...core.groups.values()].map((group) => group.devices.map(({ name }) => name))).toEqual([
      ['iommufd_mock0'],
      ['iommufd_mock1'],
    ]);
    expect([...core.groups.values()].map((group) => group.defaultDomain?.type)).toEqual([
      'blocked',
      'blocked',
    ]);
  });

  it('knows 2^20 PASIDs with the flag, and one without: its property of 0 bits means one', () => {
    must(
      test(IOMMU_TEST_OP_MOCK_DOMAIN_FLAGS, ioas, mock_domain_flags, { dev_flags: MOCK_FLAGS_DEVICE_PASID }),
    );
    must(test(IOMMU_TEST_OP_MOCK_DOMAIN, ioas, mock_domain_flags, { dev_flags: MOCK_FLAGS_DEVICE_PASID }));
    expect([...core.devices.values()].map(({ maxPasids }) => maxPasids)).toEqual([2 ** 20, 1]);
  });

  it('is refused with a flag that nobody knows, and leaves no id behind', () => {
    const refused = test(IOMMU_TEST_OP_MOCK_DOMAIN_FLAGS, ioas, mock_domain_flags, { dev_flags: 2 });
    expect(refused).toMatchObject({ ok: false, errno: 'EINVAL' });
    expect(must(run(call(ctx, 'IOMMU_IOAS_ALLOC', {}))).out_ioas_id).toBe(2);
    expect(core.devices.size).toBe(0);
  });
});

describe('looking behind the scenes', () => {
  it('every page of a HWPT is the page under the user’s address, until the range is off by one page', () => {
    const { out_hwpt_id: hwpt } = must(test(IOMMU_TEST_OP_MOCK_DOMAIN, ioas, mock_domain_flags, {}));
    map(0x200_0000n);
    const check = (uptr: bigint): Result<unknown> =>
      test(IOMMU_TEST_OP_MD_CHECK_MAP, hwpt, check_map, { iova: 0x200_0000n, length: 0x3000n, uptr });
    expect(check(bufferVa)).toMatchObject({ ok: true });
    expect(check(bufferVa + 0x1000n)).toMatchObject({ ok: false, errno: 'EINVAL' });
  });

  it('pages are pinned once for a mapping, and an access pins no further what is pinned', () => {
    const refs = (count: number): Result<unknown> =>
      test(IOMMU_TEST_OP_MD_CHECK_REFS, 0, check_refs, { length: 0x4000n, uptr: bufferVa, refs: count });
    map(0x200_0000n);
    expect(refs(0)).toMatchObject({ ok: true });
    must(test(IOMMU_TEST_OP_MOCK_DOMAIN, ioas, mock_domain_flags, {}));
    expect(refs(1)).toMatchObject({ ok: true });
    const { out_access_fd: fd } = must(test(IOMMU_TEST_OP_CREATE_ACCESS, ioas, create_access, { flags: 1 }));
    const stretch = { iova: 0x200_0000n, length: 0x4000n, uptr: bufferVa };
    expect(test(IOMMU_TEST_OP_ACCESS_PAGES, fd, access_pages, stretch)).toMatchObject({ ok: true });
    expect(refs(1)).toMatchObject({ ok: true });
    expect(refs(2)).toMatchObject({ ok: false, errno: 'EIO' });
  });

  it('a fuzzer names an IOVA as the n-th area and an offset', () => {
    map(0x300_0000n);
    must(memory.write(bufferVa + 0x10n, Uint8Array.of(7, 8, 9)));
    const { out_access_fd: fd } = must(test(IOMMU_TEST_OP_CREATE_ACCESS, ioas, create_access, {}));
    const answer = test(IOMMU_TEST_OP_ACCESS_RW, fd, access_rw, {
      iova: 0x10n << 32n,
      length: 3n,
      uptr: structVa + 0x800n,
      flags: MOCK_FLAGS_ACCESS_SYZ,
    });
    expect(answer).toMatchObject({ ok: true });
    expect(must(memory.read(structVa + 0x800n, 3))).toEqual(Uint8Array.of(7, 8, 9));
  });

  it('reserved by a test, IOVAs stay reserved when the last device has gone', () => {
    const reserve = { start: 0x200_0000n, length: 0x1000n };
    must(test(IOMMU_TEST_OP_ADD_RESERVED, ioas, add_reserved, reserve));
    const { out_stdev_id: id } = must(test(IOMMU_TEST_OP_MOCK_DOMAIN, ioas, mock_domain_flags, {}));
    must(run(call(ctx, 'IOMMU_DESTROY', { id })));
    const again = run(
      call(
        ctx,
        'IOMMU_IOAS_MAP',
        { flags: 7, ioas_id: ioas, user_va: bufferVa, length: 0x1000n, iova: 0x200_0000n },
        rootCaller(memory),
      ),
    );
    expect(again).toMatchObject({ ok: false, errno: 'EINVAL' });
  });
});

it('everything goes with the context: mock devices do not keep it open', () => {
  must(test(IOMMU_TEST_OP_MOCK_DOMAIN, ioas, mock_domain_flags, {}));
  map(0x200_0000n);
  run(ctx.release());
  expect([core.devices.size, core.groups.size, selftest.unit.live.size, memory.pinnedPages]).toEqual([
    0, 0, 0, 0,
  ]);
});
