import { beforeEach, describe, expect, it } from 'vitest';
import { POLLIN, POLLRDNORM, type MmapRequest } from '../kernel/file';
import type { IommufdDevice } from './device';
import { BUFFER_VA, DATA_VA, MockScene, NOWHERE_VA, READ_ONLY_VA } from './testing/mock-scene';
import { outcome } from './testing/rig';

// Errnos and their order: drivers/iommu/iommufd/{viommu,eventq,driver,main}.c and selftest.c of the 7.1 merge window;
// the read of an event whose data cannot follow its header: recorded.
const SELFTEST = 0xdead_beef;
const EVENTS = 0xbeef_beef;
const NEST_PARENT = 1;

let scene: MockScene;
let a: IommufdDevice;
let b: IommufdDevice;
let ioas: number;
let parent: number;

beforeEach(() => {
  scene = new MockScene(['a', 'b']);
  [a, b] = [scene.bind('a'), scene.bind('b')];
  ioas = scene.ioas();
  parent = scene.hwpt(a, ioas, NEST_PARENT);
});

const viommu = (): number =>
  scene.must('IOMMU_VIOMMU_ALLOC', { type: SELFTEST, dev_id: a.id, hwpt_id: parent }).out_viommu_id;

describe('VIOMMU_ALLOC', () => {
  it('the smallest change that causes each errno, in the order of the checks', () => {
    const plain = scene.hwpt(a, ioas);
    const good = { type: SELFTEST, dev_id: a.id, hwpt_id: parent };
    const cases: [string, Parameters<typeof scene.outcome<'IOMMU_VIOMMU_ALLOC'>>[1]][] = [
      ['ok', good],
      ['EOPNOTSUPP', { ...good, flags: 1, dev_id: 99 }],
      ['EOPNOTSUPP', { ...good, type: 0, dev_id: 99 }],
      ['ENOENT', { ...good, dev_id: 99, type: 1 }],
      ['EOPNOTSUPP', { ...good, type: 1, hwpt_id: 99 }],
      ['ENOENT', { ...good, hwpt_id: 99 }],
      ['ENOENT', { ...good, hwpt_id: ioas }],
      ['EINVAL', { ...good, hwpt_id: plain }],
      ['EINVAL', { ...good, data_len: 4, data_uptr: DATA_VA }], // shorter than the driver's structure
      ['EINVAL', { ...good, data_len: 25, data_uptr: DATA_VA }],
      ['EFAULT', { ...good, data_len: 24, data_uptr: NOWHERE_VA }],
      ['EFAULT', { ...good, data_len: 24, data_uptr: READ_ONLY_VA }], // the driver's answer
      ['ok', { ...good, __reserved: 1 }], // not looked at
    ];
    const results = cases.map(([, fields]) => scene.outcome('IOMMU_VIOMMU_ALLOC', fields));
    expect(results).toEqual(cases.map(([errno]) => errno));
    expect(scene.users(parent)).toBe(2);
  });

  it('keeps its parent, and is kept by all that is made in it', () => {
    const id = viommu();
    const data = { data_type: 0xdead, data_len: 4, data_uptr: scene.words(1) };
    const children = [
      scene.hwpt(a, id, 0, data),
      scene.must('IOMMU_VDEVICE_ALLOC', { viommu_id: id, dev_id: a.id, virt_id: 1n }).out_vdevice_id,
      scene.must('IOMMU_VEVENTQ_ALLOC', { viommu_id: id, type: EVENTS, veventq_depth: 1 }).out_veventq_id,
    ];
    expect(scene.outcome('IOMMU_DESTROY', { id: parent })).toBe('EBUSY');
    scene.closeFd(3);
    for (const child of children) {
      const refused = scene.call('IOMMU_DESTROY', { id });
      expect(refused).toMatchObject({ errno: 'EBUSY', culprit: expect.stringContaining(`.${child}`) });
      scene.must('IOMMU_DESTROY', { id: child });
    }
    scene.must('IOMMU_DESTROY', { id });
    scene.must('IOMMU_DESTROY', { id: parent });
  });

  it('a nested HWPT of it asks for a device of the same IOMMU and goes by its own checks', () => {
    const id = viommu();
    const data = { data_type: 0xdead, data_len: 4, data_uptr: scene.words(1) };
    const alloc = (fields: object) =>
      scene.outcome('IOMMU_HWPT_ALLOC', { dev_id: a.id, pt_id: id, ...fields });
    expect([
      alloc({ ...data, flags: NEST_PARENT }),
      alloc({}),
      alloc({ ...data, data_type: 1 }),
      alloc({ ...data, data_len: 9 }),
      alloc(data),
    ]).toEqual(['EOPNOTSUPP', 'EOPNOTSUPP', 'EOPNOTSUPP', 'EINVAL', 'ok']);
  });
});

describe('VDEVICE_ALLOC', () => {
  it('the smallest change that causes each errno, in the order of the checks', () => {
    const id = viommu();
    const good = { viommu_id: id, dev_id: a.id, virt_id: 0x99n };
    const cases: [string, Parameters<typeof scene.outcome<'IOMMU_VDEVICE_ALLOC'>>[1]][] = [
      ['ENOENT', { ...good, viommu_id: 99, dev_id: 98 }],
      ['ENOENT', { ...good, viommu_id: a.id }],
      ['ENOENT', { ...good, dev_id: 98 }],
      ['ok', good],
      ['EEXIST', { ...good, virt_id: 0x98n }], // the device has one
      ['EEXIST', { ...good, dev_id: b.id }], // the number is taken
      ['ok', { ...good, dev_id: b.id, virt_id: 0n }],
    ];
    const results = cases.map(([, fields]) => scene.outcome('IOMMU_VDEVICE_ALLOC', fields));
    expect(results).toEqual(cases.map(([errno]) => errno));
  });

  it('keeps the device until it goes, and its number with it', () => {
    const id = viommu();
    const good = { viommu_id: id, dev_id: a.id, virt_id: 5n };
    const first = scene.must('IOMMU_VDEVICE_ALLOC', good).out_vdevice_id;
    expect([scene.users(a.id), a.waitCnt]).toEqual([2, 2]);
    scene.must('IOMMU_DESTROY', { id: first });
    expect([scene.users(a.id), a.waitCnt]).toEqual([1, 1]);
    expect(scene.must('IOMMU_VDEVICE_ALLOC', good).out_vdevice_id).toBe(first);
  });

  it('a nested HWPT of a vIOMMU takes only devices that have a number there', () => {
    const id = viommu();
    const data = { data_type: 0xdead, data_len: 4, data_uptr: scene.words(1) };
    const nested = scene.hwpt(a, id, 0, data);
    expect(scene.attach(a, nested)).toBe('ENOENT');
    scene.must('IOMMU_VDEVICE_ALLOC', { viommu_id: id, dev_id: a.id, virt_id: 5n });
    expect(scene.attach(a, nested)).toBe(nested);
  });
});

describe('events of a vIOMMU', () => {
  let id: number;
  let fd: number;

  /** A queue for `depth` events, and a device whose events they are. */
  const open = (depth: number): void => {
    id = viommu();
    const made = scene.must('IOMMU_VEVENTQ_ALLOC', { viommu_id: id, type: EVENTS, veventq_depth: depth });
    fd = made.out_veventq_fd;
  };
  const report = (word: number, type = EVENTS): string => {
    const object = scene.ctx.objects.peek(id);
    if (object?.kind !== 'viommu') return '?';
    return outcome(object.reportEvent(type, new Uint8Array(Uint32Array.of(word).buffer)));
  };
  const read = (count: number, va = DATA_VA, offset: bigint | null = null): number | string => {
    const task = scene.file(fd).read?.(scene.caller, va, count, offset);
    if (!task) return '?';
    const result = scene.run(task);
    return result.ok ? result.value : result.errno;
  };

  it('VEVENTQ_ALLOC: the smallest change that causes each errno', () => {
    const viommu_id = viommu();
    const good = { viommu_id, type: EVENTS, veventq_depth: 2 };
    const cases: [string, Parameters<typeof scene.outcome<'IOMMU_VEVENTQ_ALLOC'>>[1]][] = [
      ['EOPNOTSUPP', { ...good, flags: 1, veventq_depth: 0 }],
      ['EOPNOTSUPP', { ...good, __reserved: 1, veventq_depth: 0 }],
      ['EOPNOTSUPP', { ...good, type: 0, veventq_depth: 0 }],
      ['EINVAL', { ...good, veventq_depth: 0, viommu_id: 99 }],
      ['ENOENT', { ...good, viommu_id: 99 }],
      ['ok', good],
      ['EEXIST', good],
      ['ok', { ...good, type: 1 }],
    ];
    const results = cases.map(([, fields]) => scene.outcome('IOMMU_VEVENTQ_ALLOC', fields));
    expect(results).toEqual(cases.map(([errno]) => errno));
  });

  it('an answer that cannot be written leaves neither queue nor descriptor', () => {
    const viommu_id = viommu();
    scene.memory.map(READ_ONLY_VA, 1, () => 9);
    scene.memory.write(
      READ_ONLY_VA,
      new Uint8Array(Uint32Array.of(28, 0, viommu_id, EVENTS, 1, 0, 0).buffer),
    );
    scene.memory.map(READ_ONLY_VA, 1, () => 9, false);
    expect(scene.run(scene.ctx.ioctl(scene.caller, 0x3b93, READ_ONLY_VA))).toMatchObject({ errno: 'EFAULT' });
    expect([scene.users(viommu_id), scene.files.get(3)]).toEqual([0, null]);
    open(1);
    expect(fd).toBe(3);
  });

  it('are read in order, header and data, as many as fit', () => {
    open(4);
    expect([read(64), scene.file(fd).poll?.()]).toEqual([0, 0]);
    expect([report(0xa), report(0xb), report(0xc, 7)]).toEqual(['ok', 'ok', 'EOPNOTSUPP']);
    expect(scene.file(fd).poll?.()).toBe(POLLIN | POLLRDNORM);
    expect([read(4), read(11), read(12), read(64)]).toEqual([0, 0, 12, 12]);
    expect(scene.peek(DATA_VA, 3)).toEqual([0, 1, 0xb]);
    expect([read(64, DATA_VA, 0n), scene.file(fd).write === undefined]).toEqual(['ESPIPE', true]);
  });

  it('that are lost leave one header at the end, and a gap in the sequence', () => {
    open(2);
    [1, 2, 3, 4].forEach((word) => report(word));
    expect(read(64)).toBe(32);
    // Two events, then the news of the loss with the sequence of the last one lost.
    expect(scene.peek(DATA_VA, 8)).toEqual([0, 0, 1, 0, 1, 2, 1, 3]);
    report(5);
    expect(read(64)).toBe(12);
    expect(scene.peek(DATA_VA, 3)).toEqual([0, 4, 5]);
  });

  it('an event that fits again takes the place of the news', () => {
    open(2);
    [1, 2, 3].forEach((word) => report(word));
    expect(read(12)).toBe(12);
    report(4);
    expect(read(64)).toBe(24);
    expect(scene.peek(DATA_VA, 6)).toEqual([0, 1, 2, 0, 3, 4]);
  });

  it('news that could not be read is there for the next read, if nothing came after it', () => {
    open(1);
    report(1);
    report(2);
    expect(read(12)).toBe(12);
    expect([read(4), read(8, NOWHERE_VA), read(8)]).toEqual([0, 'EFAULT', 8]);
    expect(scene.peek(DATA_VA, 2)).toEqual([1, 1]);
    expect(read(8)).toBe(0);
  });

  it('a header whose data could not follow counts as read, though the event stays', () => {
    open(2);
    report(7);
    const end = DATA_VA + 4n * 4096n;
    expect([read(12, NOWHERE_VA), read(12, end - 8n)]).toEqual(['EFAULT', 8]);
    expect(read(12)).toBe(12);
    expect(scene.peek(DATA_VA, 3)).toEqual([0, 0, 7]);
  });

  it('their sequence starts over after 2^31', () => {
    open(1);
    const queue = scene.ctx.objects.list().find((each) => each.kind === 'veventq');
    Object.assign(queue?.events ?? {}, { sequence: 0x7fff_ffff });
    report(1);
    read(12);
    report(2);
    read(12);
    expect(scene.peek(DATA_VA, 2)).toEqual([0, 0]);
  });

  it('DESTROY is EBUSY while the descriptor is open', () => {
    open(1);
    const queue = scene.ctx.objects.list().find((each) => each.kind === 'veventq')?.id ?? 0;
    expect(scene.outcome('IOMMU_DESTROY', { id: queue })).toBe('EBUSY');
    scene.closeFd(fd);
    expect(scene.outcome('IOMMU_DESTROY', { id: queue })).toBe('ok');
  });
});

describe('HW_QUEUE_ALLOC', () => {
  const IOVA = 0x100_0000n;
  const map = (pages: number, frame: (index: number) => number, iova = IOVA, flags = 7): void => {
    scene.memory.map(BUFFER_VA, pages, frame);
    scene.must('IOMMU_IOAS_MAP', {
      flags,
      ioas_id: ioas,
      user_va: BUFFER_VA,
      length: BigInt(pages) * 4096n,
      iova,
    });
  };

  it('the smallest change that causes each errno, in the order of the checks', () => {
    map(4, (index) => 0x100 + index);
    map(2, (index) => 0x200 - index, 0x200_0000n);
    map(1, () => 0x300, 0x300_0000n, 3);
    const good = { viommu_id: viommu(), type: SELFTEST, nesting_parent_iova: IOVA, length: 4096n };
    const cases: [string, Parameters<typeof scene.outcome<'IOMMU_HW_QUEUE_ALLOC'>>[1]][] = [
      ['EOPNOTSUPP', { ...good, flags: 1, length: 0n }],
      ['EOPNOTSUPP', { ...good, type: 0, length: 0n }],
      ['EINVAL', { ...good, length: 0n, viommu_id: 99 }],
      ['EOVERFLOW', { ...good, nesting_parent_iova: 2n ** 64n - 1n, length: 2n, viommu_id: 99 }],
      ['ENOENT', { ...good, viommu_id: 99 }],
      ['EOPNOTSUPP', { ...good, type: 1 }],
      ['ERANGE', { ...good, nesting_parent_iova: 0n, length: 2n ** 64n - 1n }],
      ['ENOMEM', { ...good, length: 2n ** 41n }], // an array of page pointers that large is not made
      ['ENOENT', { ...good, nesting_parent_iova: 0x400_0000n }],
      ['ENOENT', { ...good, length: 5n * 4096n }], // runs out of the mapping
      ['EPERM', { ...good, nesting_parent_iova: 0x300_0000n }], // cannot be read
      ['EFAULT', { ...good, nesting_parent_iova: 0x200_0000n, length: 8192n }], // not in one piece
      ['EINVAL', { ...good, index: 2 }],
      ['EIO', { ...good, index: 1 }],
      ['ok', { ...good, length: 16384n }],
      ['EEXIST', good],
    ];
    const results = cases.map(([, fields]) => scene.outcome('IOMMU_HW_QUEUE_ALLOC', fields));
    expect(results).toEqual(cases.map(([errno]) => errno));
    const kinds = scene.ctx.objects.list().map((each) => each.kind);
    expect(kinds.filter((kind) => kind === 'access' || kind === 'hw-queue').toSorted()).toEqual([
      'access',
      'hw-queue',
    ]);
  });

  it('keeps its memory mapped and the queue before it', () => {
    map(2, (index) => 0x100 + index);
    const good = { viommu_id: viommu(), type: SELFTEST, nesting_parent_iova: IOVA + 0x10n, length: 0x20n };
    const first = scene.must('IOMMU_HW_QUEUE_ALLOC', good).out_hw_queue_id;
    const second = scene.must('IOMMU_HW_QUEUE_ALLOC', { ...good, index: 1 }).out_hw_queue_id;
    const unmap = () =>
      scene.outcome('IOMMU_IOAS_UNMAP', { ioas_id: ioas, iova: 0n, length: 2n ** 64n - 1n });
    expect([unmap(), scene.outcome('IOMMU_DESTROY', { id: first })]).toEqual(['EBUSY', 'EBUSY']);
    scene.must('IOMMU_DESTROY', { id: second });
    scene.must('IOMMU_DESTROY', { id: first });
    expect([unmap(), scene.memory.pinned]).toEqual(['ok', 0]);
  });
});

describe('mmap of device memory', () => {
  /** A vIOMMU with two pages; where they can be mapped. */
  const offer = (): { id: number; offset: bigint } => {
    const data_uptr = scene.words(0x1234, 0, 0, 0, 0, 0);
    const fields = { type: SELFTEST, dev_id: a.id, hwpt_id: parent, data_len: 24, data_uptr };
    const id = scene.must('IOMMU_VIOMMU_ALLOC', fields).out_viommu_id;
    const [low = 0, high = 0] = scene.peek(DATA_VA + 8n, 2);
    return { id, offset: (BigInt(high) << 32n) | BigInt(low) };
  };
  const request = (change: Partial<MmapRequest>): string => {
    const mapped = scene.ctx.mmap({
      length: 8192n,
      offset: 4096n,
      shared: true,
      writable: true,
      executable: false,
      ...change,
    });
    return outcome(mapped);
  };

  it('offsets leave the first page out and take the lowest room', () => {
    const [first, second, third] = [offer(), offer(), offer()];
    expect([first.offset, second.offset, third.offset]).toEqual([4096n, 12288n, 20480n]);
    scene.must('IOMMU_DESTROY', { id: second.id });
    expect(offer().offset).toBe(12288n);
  });

  it('the smallest change that causes each errno, in the order of the checks', () => {
    offer();
    const cases: [string, Partial<MmapRequest>][] = [
      ['ok', {}],
      ['ok', { length: 8191n }], // rounded up by mmap()
      ['EINVAL', { offset: 1n, shared: false }],
      ['EINVAL', { length: 0n }],
      ['EINVAL', { shared: false, executable: true }],
      ['EPERM', { executable: true, offset: 0n }],
      ['ENXIO', { offset: 0n }],
      ['ENXIO', { offset: 8192n, length: 4096n }], // in the middle of it
      ['ENXIO', { length: 4096n }],
      ['ENXIO', { length: 12288n }],
    ];
    expect(cases.map(([, change]) => request(change))).toEqual(cases.map(([errno]) => errno));
  });

  it('each mapping keeps its owner, and the context', () => {
    const { id, offset } = offer();
    const mapped = scene.ctx.mmap({ length: 8192n, offset, shared: true, writable: true, executable: false });
    if (!mapped.ok) throw new Error(mapped.why);
    expect([mapped.value.bytes.length, new DataView(mapped.value.bytes.buffer).getUint32(0, true)]).toEqual([
      8192, 0x1234,
    ]);
    mapped.value.open();
    mapped.value.open();
    scene.run(mapped.value.close());
    expect(scene.outcome('IOMMU_DESTROY', { id })).toBe('EBUSY');
    for (const idev of [a, b]) scene.unbind(idev);
    scene.run(scene.ctx.release());
    expect(scene.iommufd.contexts).toEqual([scene.ctx]);
    scene.run(mapped.value.close());
    expect(scene.iommufd.contexts).toEqual([]);
  });
});
