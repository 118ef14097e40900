import { NO_PASID } from '../iommu/group';
import { beforeEach, describe, expect, it } from 'vitest';
import { U64_MAX } from '../../lib/u64';
import { allowIovas, call, iovaRanges, type CommandFields, type CommandName } from './call';
import type { IommufdCtx } from './ctx';
import { bindDevice, type IommufdDevice } from './device';
import { attachDeviceTo } from './device-attach';
import { BUFFER_VA, MIB, outcome, Rig } from './testing/rig';
import type { MockUnit } from './testing/mock-iommu';

// Errnos and their order: drivers/iommu/iommufd/{ioas,io_pagetable,pages,hw_pagetable,main}.c of the 7.1 merge window.
const FIXED = 1;
const WRITE = 2;
const READ = 4;
const RW = READ | WRITE;

let rig: Rig & { unit: MockUnit };
let ctx: IommufdCtx;
let ioas: number;

beforeEach(() => {
  rig = Rig.of(['a']);
  ctx = rig.open();
  ioas = newIoas();
  rig.buffer(1024);
});

const run = <N extends CommandName>(name: N, fields: Partial<CommandFields<N>>) =>
  rig.run(call(ctx, name, fields));
const errnoOf = <N extends CommandName>(name: N, fields: Partial<CommandFields<N>>) =>
  outcome(run(name, fields));
function newIoas(): number {
  const made = run('IOMMU_IOAS_ALLOC', {});
  return made.ok ? made.value.out_ioas_id : 0;
}
const map = (fields: Partial<CommandFields<'IOMMU_IOAS_MAP'>> = {}) =>
  run('IOMMU_IOAS_MAP', {
    ioas_id: ioas,
    flags: FIXED | RW,
    user_va: BUFFER_VA,
    length: 0x1000n,
    iova: MIB,
    ...fields,
  });
const unmap = (iova: bigint, length: bigint) => run('IOMMU_IOAS_UNMAP', { ioas_id: ioas, iova, length });
const object = (id = ioas) => {
  const found = ctx.objects.peek(id);
  if (found?.kind !== 'ioas') throw new Error('no IOAS');
  return found;
};
const areas = (id = ioas) => object(id).iopt.areas.all.map((area) => [area.start, area.last]);
function attach(pt = ioas): IommufdDevice {
  const idev = rig.ok(bindDevice(ctx, rig.device('a')));
  rig.ok(attachDeviceTo(idev, NO_PASID, pt));
  return idev;
}

describe('ids', () => {
  it('are the lowest free, from 1, in one space for all types', () => {
    const idev = rig.ok(bindDevice(ctx, rig.device('a')));
    expect([ioas, idev.id, newIoas()]).toEqual([1, 2, 3]);
    run('IOMMU_DESTROY', { id: 1 });
    expect(newIoas()).toBe(1);
  });

  it('DESTROY of 0 or of an unknown id is ENOENT', () => {
    expect([errnoOf('IOMMU_DESTROY', { id: 0 }), errnoOf('IOMMU_DESTROY', { id: 77 })]).toEqual([
      'ENOENT',
      'ENOENT',
    ]);
  });
});

describe('IOAS_MAP', () => {
  it.each([
    ['EOPNOTSUPP', { flags: 8 | FIXED | RW }],
    ['EOPNOTSUPP', { __reserved: 1 }],
    ['EOVERFLOW', { iova: U64_MAX }],
    ['EOVERFLOW', { iova: U64_MAX, flags: RW }],
    ['EOVERFLOW', { length: U64_MAX }],
    ['EINVAL', { flags: FIXED }],
    ['ENOENT', { ioas_id: 9 }],
    ['EOVERFLOW', { user_va: U64_MAX, length: 0x1000n }],
    ['EINVAL', { length: 0n }],
    ['EOVERFLOW', { iova: U64_MAX - 1n, length: 0x1000n }],
  ])('%s: %o', (errno, change) => {
    expect(outcome(map(change))).toBe(errno);
    expect(areas()).toEqual([]);
  });

  it('with a domain, everything has to be aligned to its smallest page', () => {
    attach();
    expect([
      outcome(map({ length: 0x800n })),
      outcome(map({ iova: MIB + 0x800n })),
      outcome(map({ user_va: BUFFER_VA + 0x800n })),
      outcome(map({ iova: 0n, flags: RW, user_va: BUFFER_VA + 0x800n })),
    ]).toEqual(['EINVAL', 'EINVAL', 'EINVAL', 'EINVAL']);
    expect([areas(), rig.memory.pinned]).toEqual([[], 0]);
  });

  it('in a reserved range is EINVAL, over a mapping EEXIST; both at once: EINVAL', () => {
    map({ iova: 2n ** 48n - 0x1000n });
    attach();
    expect(map({ iova: 2n ** 48n })).toMatchObject({ errno: 'EINVAL', culprit: 'ioas:1.1' });
    expect(outcome(map({ iova: 2n ** 48n - 0x1000n }))).toBe('EEXIST');
    expect(outcome(map({ iova: 2n ** 48n - 0x1000n, length: 0x2000n }))).toBe('EINVAL');
  });

  it('memory that is not there, or not writable, is EFAULT, and the IOVAs are free again', () => {
    attach();
    rig.memory.map(0x1000n, 1, () => 5, false);
    expect([outcome(map({ user_va: 0x1000n })), outcome(map({ user_va: 0x5000n }))]).toEqual([
      'EFAULT',
      'EFAULT',
    ]);
    expect([areas(), rig.memory.pinned]).toEqual([[], 0]);
    expect(outcome(map({ user_va: 0x1000n, flags: FIXED | READ }))).toBe('ok');
  });

  it('where the kernel chooses, the allowed list counts; where the user does, it does not', () => {
    rig.ok(allowIovas(ctx, ioas, [{ start: 0x10_0000_0000n, last: 0x10_ffff_ffffn }]));
    expect(map({ flags: RW })).toMatchObject({ value: { iova: 0x10_0000_0000n } });
    expect(outcome(map({ iova: 0x5000n }))).toBe('ok');
  });

  it('two maps of the same memory pin it twice', () => {
    attach();
    map();
    map({ iova: 2n * MIB });
    expect(rig.memory.pins.get(0x1000)).toBe(2);
  });
});

describe('IOAS_UNMAP', () => {
  it.each([
    ['EINVAL', MIB, 0n],
    ['EOVERFLOW', MIB, U64_MAX],
    ['EOVERFLOW', U64_MAX, 1n],
    ['EOVERFLOW', U64_MAX - 1n, 0x1000n],
    ['ENOENT', 8n * MIB, 0x1000n],
    ['ENOENT', MIB, 0x800n],
    ['ENOENT', MIB - 0x800n, 0x1000n],
  ])('%s: iova %s, length %s', (errno, iova, length) => {
    map();
    expect(outcome(unmap(iova, length))).toBe(errno);
    expect(areas()).toHaveLength(1);
  });

  it('takes whole mappings, says how much, and lets the pages go', () => {
    attach();
    map();
    map({ iova: MIB + 0x4000n });
    expect(unmap(MIB, 0x8000n)).toMatchObject({ value: { length: 0x2000n } });
    expect([areas(), rig.memory.pinned]).toEqual([[], 0]);
  });

  it('a cut mapping is ENOENT, after those before it are gone', () => {
    map();
    map({ iova: MIB + 0x1000n, length: 0x2000n });
    expect(outcome(unmap(MIB, 0x2000n))).toBe('ENOENT');
    expect(areas()).toEqual([[MIB + 0x1000n, MIB + 0x2fffn]]);
  });

  it('(0, U64_MAX) is everything, and succeeds on nothing', () => {
    expect(unmap(0n, U64_MAX)).toMatchObject({ value: { length: 0n } });
    map();
    expect(unmap(0n, U64_MAX)).toMatchObject({ value: { length: 0x1000n } });
  });
});

describe('IOAS_COPY', () => {
  const copy = (fields: Partial<CommandFields<'IOMMU_IOAS_COPY'>>) =>
    run('IOMMU_IOAS_COPY', {
      src_ioas_id: ioas,
      dst_ioas_id: ioas,
      flags: FIXED | RW,
      src_iova: MIB,
      dst_iova: 4n * MIB,
      length: 0x1000n,
      ...fields,
    });

  it.each([
    ['EOPNOTSUPP', { flags: 8 | RW }],
    ['EOVERFLOW', { src_iova: U64_MAX }],
    ['EOVERFLOW', { dst_iova: U64_MAX }],
    ['EOVERFLOW', { length: U64_MAX }],
    ['EINVAL', { flags: FIXED }],
    ['ENOENT', { src_ioas_id: 9 }],
    ['EINVAL', { length: 0n }],
    ['ENOENT', { length: 0x2000n }],
    ['ENOENT', { dst_ioas_id: 9 }],
    ['EEXIST', { dst_iova: MIB }],
    ['EINVAL', { length: 0n, dst_ioas_id: 9 }],
    ['ENOENT', { length: 0x2000n, dst_iova: MIB }],
  ])('%s: %o', (errno, change) => {
    map();
    expect(outcome(copy(change))).toBe(errno);
    expect([areas().length, object().iopt.areas.all[0]?.pages?.refs]).toEqual([1, 1]);
  });

  it('shares the pinned pages, and outlives its source', () => {
    attach();
    map({ length: 0x4000n });
    expect(copy({ src_iova: MIB + 0x1000n, length: 0x2000n })).toMatchObject({ ok: true });
    expect([rig.memory.pinned, rig.memory.pinCalls]).toEqual([4, 1]);
    unmap(MIB, 0x4000n);
    expect([...rig.memory.pins.keys()]).toEqual([0x1001, 0x1002]);
    unmap(4n * MIB, 0x2000n);
    expect(rig.memory.pinned).toBe(0);
  });

  it('may span mappings but no hole, and becomes as many', () => {
    map();
    map({ iova: MIB + 0x1000n, user_va: BUFFER_VA + 0x10_0000n });
    expect(outcome(copy({ length: 0x2000n }))).toBe('ok');
    expect(areas().slice(2)).toEqual([
      [4n * MIB, 4n * MIB + 0xfffn],
      [4n * MIB + 0x1000n, 4n * MIB + 0x1fffn],
    ]);
  });

  it('of read-only pages cannot be writeable', () => {
    map({ flags: FIXED | READ });
    expect([outcome(copy({})), outcome(copy({ flags: FIXED | READ }))]).toEqual(['EPERM', 'ok']);
  });
});

describe('IOVA_RANGES and ALLOW_IOVAS', () => {
  it('[C12] an IOAS without a device has everything', () => {
    expect(rig.ok(iovaRanges(ctx, ioas))).toEqual({ ranges: [{ start: 0n, last: U64_MAX }], alignment: 1n });
  });

  it('[C3] apertures and reserved regions are holes; allowed ranges do not show', () => {
    rig.unit.resv.set('a', [{ start: 0xfee0_0000n, last: 0xfeef_ffffn, kind: 'msi' }]);
    rig.ok(allowIovas(ctx, ioas, [{ start: MIB, last: 2n * MIB }]));
    attach();
    expect(rig.ok(iovaRanges(ctx, ioas))).toEqual({
      ranges: [
        { start: 0n, last: 0xfedf_ffffn },
        { start: 0xfef0_0000n, last: 2n ** 48n - 1n },
      ],
      alignment: 4096n,
    });
  });

  it('too little room is EMSGSIZE', () => {
    expect(errnoOf('IOMMU_IOAS_IOVA_RANGES', { ioas_id: ioas })).toBe('EMSGSIZE');
    expect(errnoOf('IOMMU_IOAS_IOVA_RANGES', { ioas_id: ioas, __reserved: 1 })).toBe('EOPNOTSUPP');
    expect(errnoOf('IOMMU_IOAS_IOVA_RANGES', { ioas_id: 9 })).toBe('ENOENT');
    expect(errnoOf('IOMMU_IOAS_IOVA_RANGES', { ioas_id: ioas, num_iovas: 1 })).toBe('EFAULT');
  });

  it.each([
    ['EINVAL', [{ start: 5n, last: 5n }]],
    ['EINVAL', [{ start: 6n, last: 5n }]],
    [
      'EINVAL',
      [
        { start: 0n, last: 9n },
        { start: 9n, last: 12n },
      ],
    ],
    [
      'ok',
      [
        { start: 0n, last: 9n },
        { start: 10n, last: 12n },
      ],
    ],
    ['ok', []],
  ])('allowing is %s: %o', (errno, ranges) => {
    expect(outcome(rig.run(allowIovas(ctx, ioas, ranges)))).toBe(errno);
  });

  it('[C7] a device that needs a hole inside is EADDRINUSE, and so is allowing one that is there', () => {
    rig.unit.resv.set('a', [{ start: 0xfee0_0000n, last: 0xfeef_ffffn, kind: 'msi' }]);
    const around = [{ start: 0xfe00_0000n, last: 0xffff_ffffn }];
    rig.ok(allowIovas(ctx, ioas, around));
    const idev = rig.ok(bindDevice(ctx, rig.device('a')));
    expect(outcome(rig.run(attachDeviceTo(idev, NO_PASID, ioas)))).toBe('EADDRINUSE');
    rig.ok(allowIovas(ctx, ioas, []));
    rig.ok(attachDeviceTo(idev, NO_PASID, ioas));
    rig.ok(allowIovas(ctx, ioas, [{ start: MIB, last: 2n * MIB }]));
    expect(outcome(rig.run(allowIovas(ctx, ioas, around)))).toBe('EADDRINUSE');
    expect(object().iopt.allowed.all).toEqual([{ start: MIB, last: 2n * MIB }]);
  });
});

describe('HWPT_ALLOC', () => {
  it('the smallest change that causes each errno', () => {
    const idev = rig.ok(bindDevice(ctx, rig.device('a')));
    rig.unit.capabilities.delete('DIRTY_TRACKING');
    const alloc = (fields: Partial<CommandFields<'IOMMU_HWPT_ALLOC'>>) =>
      errnoOf('IOMMU_HWPT_ALLOC', { dev_id: idev.id, pt_id: ioas, ...fields });
    const ids = ctx.objects.list().length;
    expect([
      alloc({ __reserved: 1 }),
      alloc({ data_len: 4 }),
      alloc({ data_type: 1 }),
      alloc({ dev_id: 9 }),
      alloc({ dev_id: ioas }),
      alloc({ pt_id: 9 }),
      alloc({ pt_id: idev.id }),
      alloc({ flags: 0x10 }),
      alloc({ flags: 2 }),
      alloc({ flags: 5 }),
      alloc({ flags: 4, fault_id: 9 }),
      alloc({ flags: 8 }),
      alloc({ data_type: 1, data_len: 24 }),
    ]).toEqual([
      'EOPNOTSUPP',
      'EINVAL',
      'EINVAL',
      'ENOENT',
      'ENOENT',
      'EINVAL', // everywhere else an unknown id is ENOENT
      'EINVAL',
      'EOPNOTSUPP',
      'EOPNOTSUPP',
      'EOPNOTSUPP',
      'ENOENT',
      'EOPNOTSUPP',
      'EOPNOTSUPP',
    ]);
    expect([ctx.objects.list().length, object().users, idev.users]).toEqual([ids, 1, 2]);
  });

  it('fills the domain before anything is attached to it', () => {
    map({ length: 0x3000n });
    const idev = rig.ok(bindDevice(ctx, rig.device('a')));
    expect(outcome(run('IOMMU_HWPT_ALLOC', { dev_id: idev.id, pt_id: ioas }))).toBe('ok');
    expect([[...rig.unit.live].at(-1)?.leaves.size, rig.domainOf('a')]).toEqual([3, 'blocked']);
  });

  it('a nested page table over one that is no nesting parent is EINVAL, where the driver nests at all', () => {
    const idev = rig.ok(bindDevice(ctx, rig.device('a')));
    const parent = run('IOMMU_HWPT_ALLOC', { dev_id: idev.id, pt_id: ioas });
    const pt_id = parent.ok ? parent.value.out_hwpt_id : 0;
    const nested = { dev_id: idev.id, pt_id, data_type: 1, data_len: 24 };
    expect(errnoOf('IOMMU_HWPT_ALLOC', { ...nested, data_type: 0, data_len: 0 })).toBe('EOPNOTSUPP');
    expect(errnoOf('IOMMU_HWPT_ALLOC', nested)).toBe('EOPNOTSUPP');
    Object.assign(rig.unit, { domainAllocNested: () => ({ ok: false, errno: 'EOPNOTSUPP', why: '' }) });
    expect(errnoOf('IOMMU_HWPT_ALLOC', nested)).toBe('EINVAL');
  });
});

describe('OPTION', () => {
  const option = (fields: Partial<CommandFields<'IOMMU_OPTION'>>) => errnoOf('IOMMU_OPTION', fields);

  it('RLIMIT_MODE belongs to a context without objects', () => {
    expect(option({ option_id: 0, op: 0, val64: 1n })).toBe('EBUSY');
    run('IOMMU_DESTROY', { id: ioas });
    expect([
      option({ __reserved: 1 }),
      option({ option_id: 2 }),
      option({ object_id: 1 }),
      option({ op: 2 }),
      option({ val64: 2n }),
      option({ val64: 1n }),
    ]).toEqual(['EOPNOTSUPP', 'EOPNOTSUPP', 'EOPNOTSUPP', 'EOPNOTSUPP', 'EINVAL', 'ok']);
    expect(run('IOMMU_OPTION', { op: 1 })).toMatchObject({ value: { val64: 1n } });
  });

  it('[8.14] large pages cannot go once mappings are in a domain; without them all is 4 KiB', () => {
    const huge = (val64: bigint) => option({ option_id: 1, object_id: ioas, val64 });
    attach();
    expect(huge(0n)).toBe('ok');
    map({ length: 0x4000n });
    expect([...rig.unit.live].at(-1)?.runs.map((each) => each.bytes)).toEqual([4096, 4096, 4096, 4096]);
    expect([huge(1n), huge(0n)]).toEqual(['ok', 'EINVAL']);
  });
});
