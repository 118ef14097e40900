import { beforeEach, describe, expect, it } from 'vitest';
import { reportDeviceFault } from '../iommu/page-fault-report';
import type { PageResponse } from '../iommu/page-fault';
import { FailNth } from '../kernel/fail';
import { POLLIN, POLLOUT, POLLRDNORM } from '../kernel/file';
import type { IommufdDevice } from './device';
import { FaultCookies } from './fault-cookies';
import { DATA_VA, MockScene, NOWHERE_VA, READ_ONLY_VA, type SceneOptions } from './testing/mock-scene';

// Expected results: drivers/iommu/iommufd/eventq.c of the 7.1 merge window, and what a recorded kernel showed of it (the
// cookie 0, read and write errors). Where that kernel hangs or loses a page fault, what it means to do.
const RECORD = 40;
const FAULT = 4;
const PASID = 8;

/** A device on a HWPT with a fault queue. */
class Faults {
  readonly scene: MockScene;
  readonly a: IommufdDevice;
  readonly ioas: number;
  readonly queue: number;
  readonly fd: number;
  readonly hwpt: number;
  readonly answers: string[] = [];

  constructor(options: SceneOptions = {}) {
    this.scene = new MockScene(['a'], options);
    const { scene } = this;
    Object.assign(scene.selftest.unit, {
      pageResponse: (_device: unknown, fault: { readonly grpid: number }, code: PageResponse) => {
        this.answers.push(`${fault.grpid} ${code}`);
      },
    });
    this.a = scene.bind('a');
    this.ioas = scene.ioas();
    const made = scene.must('IOMMU_FAULT_QUEUE_ALLOC', {});
    this.queue = made.out_fault_id;
    this.fd = made.out_fault_fd;
    this.hwpt = scene.hwpt(this.a, this.ioas, FAULT | PASID, { fault_id: this.queue });
    scene.attach(this.a, this.hwpt);
  }

  /** A page request; without `more` the last of its group. */
  fault(grpid: number, { more = false, pasid = null as number | null, addr = 0x1000n } = {}): string {
    const { core } = this.scene;
    const fault = { pasid, grpid, perm: 3, addr, lastPage: !more };
    const result = this.scene.run(reportDeviceFault(core, this.a.device, fault));
    return result.ok ? 'ok' : result.errno;
  }

  /** Bytes read, or the errno. */
  read(count: number, va = DATA_VA, offset: bigint | null = null): number | string {
    const task = this.scene.file(this.fd).read?.(this.scene.caller, va, count, offset);
    if (!task) return 'EINVAL';
    const result = this.scene.run(task);
    return result.ok ? result.value : result.errno;
  }

  write(
    words: readonly number[],
    count = words.length * 4,
    va?: bigint,
    offset: bigint | null = null,
  ): number | string {
    const at = va ?? this.scene.words(...words);
    const task = this.scene.file(this.fd).write?.(this.scene.caller, at, count, offset);
    if (!task) return 'EINVAL';
    const result = this.scene.run(task);
    return result.ok ? result.value : result.errno;
  }

  get poll(): number {
    return this.scene.file(this.fd).poll?.() ?? -1;
  }

  /** Cookies of what was read. */
  cookies(records: number): number[] {
    return Array.from(
      { length: records },
      (_, index) => this.scene.peek(DATA_VA + BigInt(RECORD * index + 36), 1)[0] ?? -1,
    );
  }
}

describe('FAULT_QUEUE_ALLOC', () => {
  it('flags, descriptors, and the answer', () => {
    const scene = new MockScene([]);
    expect(scene.outcome('IOMMU_FAULT_QUEUE_ALLOC', { flags: 1 })).toBe('EOPNOTSUPP');
    const first = scene.must('IOMMU_FAULT_QUEUE_ALLOC', {});
    expect(first).toMatchObject({ out_fault_id: 1, out_fault_fd: 3 });
    // The table of descriptors ends at 16.
    for (let count = 0; count < 12; count++) scene.must('IOMMU_FAULT_QUEUE_ALLOC', {});
    expect(scene.outcome('IOMMU_FAULT_QUEUE_ALLOC', {})).toBe('EMFILE');
    expect(scene.kinds.length).toBe(13);
    scene.closeFd(first.out_fault_fd);
    scene.memory.map(READ_ONLY_VA, 1, () => 9);
    scene.memory.write(READ_ONLY_VA, new Uint8Array(Uint32Array.of(16, 0, 0, 0).buffer));
    scene.memory.map(READ_ONLY_VA, 1, () => 9, false);
    expect(scene.run(scene.ctx.ioctl(scene.caller, 0x3b8e, READ_ONLY_VA))).toMatchObject({ errno: 'EFAULT' });
    // Neither the object nor the descriptor is left.
    expect(scene.kinds.length).toBe(13);
    expect(scene.must('IOMMU_FAULT_QUEUE_ALLOC', {}).out_fault_fd).toBe(3);
  });

  it('DESTROY is EBUSY while the descriptor is open, or a HWPT names the queue', () => {
    const { scene, queue, fd, hwpt, a } = new Faults();
    expect(scene.outcome('IOMMU_DESTROY', { id: queue })).toBe('EBUSY');
    scene.closeFd(fd);
    expect(scene.call('IOMMU_DESTROY', { id: queue })).toMatchObject({
      errno: 'EBUSY',
      culprit: `hwpt:1.${hwpt}`,
    });
    scene.detach(a);
    scene.must('IOMMU_DESTROY', { id: hwpt });
    expect(scene.outcome('IOMMU_DESTROY', { id: queue })).toBe('ok');
  });
});

describe('reading page faults', () => {
  let faults: Faults;
  beforeEach(() => {
    faults = new Faults();
  });

  it('never waits: an empty queue gives nothing', () => {
    expect([faults.read(RECORD), faults.read(0), faults.poll]).toEqual([0, 0, POLLOUT]);
  });

  it('gives whole records only, and knows no offset', () => {
    expect([faults.read(RECORD + 1), faults.read(8), faults.read(RECORD, DATA_VA, 0n)]).toEqual([
      'ESPIPE',
      'ESPIPE',
      'ESPIPE',
    ]);
  });

  it('gives the fields of the request', () => {
    expect(faults.fault(7, { addr: 0x1_2345_6000n })).toBe('ok');
    expect(faults.poll).toBe(POLLOUT | POLLIN | POLLRDNORM);
    expect(faults.read(4096 - (4096 % RECORD))).toBe(RECORD);
    // flags LAST_PAGE, dev_id, pasid, grpid, perm, reserved, address, length 0, cookie 1
    expect(faults.scene.peek(DATA_VA, 10)).toEqual([2, faults.a.id, 0, 7, 3, 0, 0x2345_6000, 1, 0, 1]);
    expect([faults.poll, faults.read(RECORD)]).toEqual([POLLOUT, 0]);
  });

  it('a request with a PASID goes by the PASID’s attachment and says so', () => {
    expect(faults.fault(1, { pasid: 9 })).toBe('EINVAL'); // nothing is attached there
    expect(faults.answers).toEqual(['1 invalid']);
    faults.scene.attach(faults.a, faults.hwpt, 9);
    faults.fault(2, { pasid: 9 });
    faults.read(RECORD);
    expect(faults.scene.peek(DATA_VA, 4)).toEqual([3, faults.a.id, 9, 2]);
  });

  it('a group comes whole or not at all', () => {
    faults.fault(1, { more: true });
    faults.fault(1);
    faults.fault(2);
    expect([faults.read(RECORD), faults.read(3 * RECORD)]).toEqual([0, 3 * RECORD]);
    expect(faults.cookies(3)).toEqual([1, 1, 2]);
    faults.fault(3);
    faults.fault(4, { more: true });
    faults.fault(4);
    expect([faults.read(2 * RECORD), faults.read(2 * RECORD)]).toEqual([RECORD, 2 * RECORD]);
  });

  it('a buffer that is not there is EFAULT, once, and nothing is lost (the kernel never returns)', () => {
    faults.fault(1);
    expect(faults.read(RECORD, NOWHERE_VA)).toBe('EFAULT');
    expect(faults.read(RECORD)).toBe(RECORD);
    expect(faults.cookies(1)).toEqual([1]);
  });

  it('what fits before the hole is given, groups whole', () => {
    const end = DATA_VA + 4n * 4096n;
    faults.fault(1);
    faults.fault(2, { more: true });
    faults.fault(2);
    expect(faults.read(3 * RECORD, end - 2n * BigInt(RECORD))).toBe(RECORD);
    expect(faults.read(2 * RECORD)).toBe(2 * RECORD);
    expect(faults.cookies(2)).toEqual([2, 2]);
  });

  it('no memory for a cookie leaves the fault where it was', () => {
    const fail = new FailNth();
    const made = new Faults({ fail });
    made.fault(1);
    fail.arm(1);
    expect(made.read(RECORD)).toBe('ENOMEM');
    fail.arm(0);
    expect(made.read(RECORD)).toBe(RECORD);
  });
});

describe('answering page faults', () => {
  let faults: Faults;
  beforeEach(() => {
    faults = new Faults();
    for (const grpid of [1, 2, 3]) faults.fault(grpid);
    faults.read(3 * RECORD);
  });

  it('by cookie, in any order, with one of two codes', () => {
    expect(faults.write([3, 0, 1, 1])).toBe(16);
    expect(faults.answers).toEqual(['3 success', '1 invalid']);
  });

  it('as far as they are right: bytes done, or the first error', () => {
    expect(faults.write([1, 0, 9, 0, 2, 0])).toBe(8);
    expect(faults.write([9, 0, 2, 0])).toBe('EINVAL');
    expect(faults.write([2, 2])).toBe('EINVAL');
    expect(faults.write([2, 0, 3])).toBe('ESPIPE');
    expect(faults.write([2, 0], 8, undefined, 0n)).toBe('ESPIPE');
    expect(faults.write([], 8, NOWHERE_VA)).toBe('EFAULT');
    expect(faults.write([])).toBe(0);
    expect(faults.answers).toEqual(['1 success']);
  });

  it('a cookie is free again once it is answered', () => {
    faults.write([2, 0]);
    faults.fault(4);
    faults.read(RECORD);
    expect(faults.cookies(1)).toEqual([2]);
    expect(faults.write([2, 0])).toBe(8);
  });

  it('an answer to cookie 0 is EINVAL, and yet makes 0 a cookie', () => {
    expect(faults.write([0, 0])).toBe('EINVAL');
    faults.fault(4);
    faults.read(RECORD);
    expect(faults.cookies(1)).toEqual([0]);
    expect(faults.write([0, 0])).toBe(8);
    expect(faults.answers).toEqual(['4 success']);
  });
});

describe('cookies', () => {
  // lib/xarray.c with XA_FLAGS_ALLOC1: place 0 is kept busy by an entry of its own from the first other entry on, and
  // that entry can be erased like any.
  const group = () => ({ cookie: 0 }) as Parameters<FaultCookies['add']>[0];

  it('with nothing to answer, 0 stays out of use', () => {
    const cookies = new FaultCookies();
    expect(cookies.take(0)).toBeNull();
    const first = group();
    cookies.add(first);
    expect(first.cookie).toBe(1);
  });

  it('once in use, 0 is in use for ever', () => {
    const cookies = new FaultCookies();
    const [first, second, third] = [group(), group(), group()];
    cookies.add(first);
    expect(cookies.take(0)).toBeNull();
    cookies.take(1);
    cookies.add(second);
    cookies.add(third);
    expect([second.cookie, third.cookie]).toEqual([0, 1]);
  });
});

describe('faults that nobody will answer any more', () => {
  it('are answered INVALID when their attachment ends, read or not', () => {
    const faults = new Faults();
    faults.fault(1);
    faults.read(RECORD);
    faults.fault(2);
    faults.scene.detach(faults.a);
    expect(faults.answers.toSorted()).toEqual(['1 invalid', '2 invalid']);
    expect([faults.read(RECORD), faults.write([1, 0])]).toEqual([0, 'EINVAL']);
  });

  it('are those of one PASID when only that ends', () => {
    const faults = new Faults();
    faults.scene.attach(faults.a, faults.hwpt, 9);
    faults.fault(1);
    faults.fault(2, { pasid: 9 });
    faults.scene.detach(faults.a, 9);
    expect(faults.answers).toEqual(['2 invalid']);
    expect(faults.read(RECORD)).toBe(RECORD);
  });

  it('are those of the old HWPT when another takes its place', () => {
    const faults = new Faults();
    const { scene, a, ioas } = faults;
    const other = scene.must('IOMMU_FAULT_QUEUE_ALLOC', {});
    const next = scene.hwpt(a, ioas, FAULT | PASID, { fault_id: other.out_fault_id });
    faults.fault(1);
    expect(scene.replace(a, next)).toBe(next);
    expect([faults.answers, faults.read(RECORD)]).toEqual([['1 invalid'], 0]);
    faults.fault(2);
    expect(faults.answers).toEqual(['1 invalid']);
  });

  it('with the kernel’s defect they stay in the old queue', () => {
    const faults = new Faults({ kernelDefects: new Set(['replace-answers-new-queue'] as const) });
    const { scene, a, ioas } = faults;
    const other = scene.must('IOMMU_FAULT_QUEUE_ALLOC', {});
    const next = scene.hwpt(a, ioas, FAULT | PASID, { fault_id: other.out_fault_id });
    faults.fault(1);
    scene.replace(a, next);
    expect([faults.answers, faults.read(RECORD)]).toEqual([[], RECORD]);
  });
});
