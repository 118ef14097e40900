import { describe, expect, it } from 'vitest';
import { ScriptRun } from '../../../testing/run-script';

/**
 * The kernel's mock IOMMU is the only one here with vIOMMUs. Numbers and errnos: drivers/iommu/iommufd/iommufd_test.h,
 * selftest.c, and tools/testing/selftests/iommu of the 7.1 merge window.
 */
const test = (words: readonly number[]): string => {
  const bytes = new DataView(new ArrayBuffer(72));
  [72, ...words].forEach((word, at) => bytes.setUint32(4 * at, word, true));
  const text = [...new Uint8Array(bytes.buffer)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return `ioctl ctx 0x3ba0 "${text}"`;
};
const MOCK_DOMAIN = 2;
const MOCK_DOMAIN_REPLACE = 10;
const TRIGGER_IOPF = 15;
const TRIGGER_VEVENT = 17;

/** stdev 2, its automatic HWPT 4, idev 3. */
const MACHINE = [
  'machine t selftest',
  'ctx = open /dev/iommu',
  'ioas = IOAS_ALLOC ctx',
  test([MOCK_DOMAIN, 1]),
];
const VIOMMU = [
  'parent = HWPT_ALLOC idev:1.3 ioas nest-parent',
  'viommu = VIOMMU_ALLOC idev:1.3 parent type=0xdeadbeef',
  'vdev = VDEVICE_ALLOC viommu idev:1.3 id=0x99',
];
const GUEST = 'guest = HWPT_ALLOC idev:1.3 viommu type=IOMMU_HWPT_DATA_SELFTEST data="efbeadba 00000000"';

const on = (...lines: readonly string[]): ScriptRun => {
  const run = ScriptRun.of([...MACHINE, ...lines].join('\n'));
  expect(run.wrong).toEqual([]);
  return run;
};

describe('VIOMMU_ALLOC', () => {
  it.each([
    ['VIOMMU_ALLOC idev:1.3 parent', 'EOPNOTSUPP'],
    ['VIOMMU_ALLOC idev:1.3 parent type=1', 'EOPNOTSUPP'],
    ['VIOMMU_ALLOC idev:1.3 hwpt:1.4 type=0xdeadbeef', 'EINVAL'],
    ['VIOMMU_ALLOC idev:1.3 ioas type=0xdeadbeef', 'ENOENT'],
    ['VIOMMU_ALLOC ioas parent type=0xdeadbeef', 'ENOENT'],
  ])('%s is %s', (line, errno) => {
    const run = on('parent = HWPT_ALLOC idev:1.3 ioas nest-parent');
    expect(run.line(`x = ${line}`)).toMatchObject({ errno });
  });

  it('holds its parent', () => {
    const run = on(...VIOMMU);
    expect(run.line('DESTROY parent').errno).toBe('EBUSY');
    expect(run.line('expect viommu parentId parent').ok).toBe(true);
  });
});

describe('VDEVICE_ALLOC', () => {
  it('gives a device one number, and a number one device', () => {
    const run = on(...VIOMMU);
    expect(run.line('expect vdev virtId 0x99').ok).toBe(true);
    expect(run.line('v2 = VDEVICE_ALLOC viommu idev:1.3 id=0x100').errno).toBe('EEXIST');
    run.line('DESTROY vdev');
    expect(run.line('v2 = VDEVICE_ALLOC viommu idev:1.3 id=0x100').status).toBe('ok');
    expect(run.line('v3 = VDEVICE_ALLOC viommu ioas id=1').errno).toBe('ENOENT');
  });
});

describe('a queue of events', () => {
  const EVENTS = [
    ...VIOMMU,
    GUEST,
    test([MOCK_DOMAIN_REPLACE, 2, 0, 8]),
    'events = VEVENTQ_ALLOC viommu type=0xbeefbeef depth=2',
  ];

  it('is one a type, and has room', () => {
    const run = on(...EVENTS);
    expect(run.line('q = VEVENTQ_ALLOC viommu type=0xbeefbeef depth=2').errno).toBe('EEXIST');
    expect(run.line('q = VEVENTQ_ALLOC viommu depth=2').errno).toBe('EOPNOTSUPP');
    expect(run.line('q = VEVENTQ_ALLOC viommu type=7 depth=0').errno).toBe('EINVAL');
  });

  it('is read event by event; more than it has room for is lost, and that is told', () => {
    const run = on(...EVENTS);
    expect(run.line('read events').result).toBe('nothing');
    run.line(test([TRIGGER_VEVENT, 0, 0, 3]));
    expect(run.line('read events is "event 0: 99 00 00 00"').ok).toBe(true);
    for (let n = 0; n < 3; n++) run.line(test([TRIGGER_VEVENT, 0, 0, 3]));
    expect(run.line('expect events lost true').ok).toBe(true);
    expect(run.line('read events count=12').result).toBe('event 1: 99 00 00 00');
    expect(run.line('read events count=12').result).toBe('event 2: 99 00 00 00');
    expect(run.line('read events').result).toMatch(/^events were lost/);
    expect(run.line('write events bytes="00000000"').errno).toBe('EINVAL');
  });

  it('stays while its descriptor is open, and goes with the context', () => {
    const run = on(...EVENTS);
    expect(run.line('DESTROY events').errno).toBe('EBUSY');
    run.line('close events');
    expect(run.line('DESTROY events').status).toBe('ok');
    run.line('close ctx');
    expect(run.simulator.world().has('ctx:1')).toBe(false);
  });
});

describe('a queue of page faults', () => {
  const FAULTS = [
    'faults = FAULT_QUEUE_ALLOC ctx',
    'paging = HWPT_ALLOC idev:1.3 ioas fault=faults',
    test([MOCK_DOMAIN_REPLACE, 2, 0, 6]),
  ];
  /** Read-only fault of group 5 at 0xfee0000. */
  const fault = test([TRIGGER_IOPF, 0, 0, 3, 0, 5, 1, 0xfee0000, 0]);

  it('is read and answered by its cookie', () => {
    const run = on(...FAULTS);
    expect(run.line('read faults is "nothing"').ok).toBe(true);
    run.line(fault);
    expect(run.line('expect faults queued.length 1').ok).toBe(true);
    expect(run.line('read faults').result).toBe('device 3: r at 0xfee0000, group 5, last, cookie 1');
    expect(run.line('expect faults pending.0.cookie 1').ok).toBe(true);
    expect(run.line('write faults 2 SUCCESS').errno).toBe('EINVAL');
    expect(run.line('write faults bytes="01000000 07000000"').errno).toBe('EINVAL');
    expect(run.line('write faults bytes="01"').errno).toBe('ESPIPE');
    expect(run.line('write faults 1 SUCCESS').result).toBe('8 bytes taken');
    expect(run.line('expect faults pending absent').ok).toBe(true);
    expect(run.line('read faults count=39').errno).toBe('ESPIPE');
    expect(run.line('write faults 1')).toMatchObject({ status: 'error' });
  });

  it('cannot go while it is open, or a HWPT reports to it', () => {
    const run = on(...FAULTS);
    expect(run.line('DESTROY faults').errno).toBe('EBUSY');
    run.line('close faults');
    expect(run.line('DESTROY faults').errno).toBe('EBUSY');
    expect(run.line('read faults')).toMatchObject({ result: 'faults is closed' });
    expect(run.line('x = HWPT_ALLOC idev:1.3 ioas nest-parent fault=faults').errno).toBe('EOPNOTSUPP');
  });
});

describe('HWPT_INVALIDATE', () => {
  it('drops entries until one is wrong, and only of what a guest has', () => {
    const run = on(...VIOMMU, GUEST);
    expect(
      run.line('HWPT_INVALIDATE guest type=0xdeadbeef entry=8 data="00000000 01000000 00000000 02000000"')
        .result,
    ).toBe('2 of 2 done');
    expect(
      run.line('HWPT_INVALIDATE guest type=0xdeadbeef entry=8 data="00000000 01000000 00000000 09000000"')
        .errno,
    ).toBe('EINVAL');
    expect(run.line('HWPT_INVALIDATE guest type=1 entry=8 data="00000000 01000000"').errno).toBe('EINVAL');
    expect(run.line('HWPT_INVALIDATE parent type=0xdeadbeef entry=8 data="00000000 01000000"').errno).toBe(
      'EINVAL',
    );
    expect(run.line('HWPT_INVALIDATE viommu type=0xdeadbeef data="00000000 99000000 00000000"').result).toBe(
      '1 of 1 done',
    );
    expect(run.line('HWPT_INVALIDATE viommu type=0xdeadbeef data="00000000 98000000 00000000"').errno).toBe(
      'EINVAL',
    );
    expect(run.line('HWPT_INVALIDATE guest type=0xdeadbeef count=1').errno).toBe('EINVAL');
  });
});

describe('HW_QUEUE_ALLOC', () => {
  it('locks the memory that hardware reads', () => {
    const run = on('buf = mmap qemu 64K', 'IOAS_MAP ioas buf iova=0x1000000 rw', ...VIOMMU);
    const alloc = (more: string) => run.line(`queue = HW_QUEUE_ALLOC viommu type=0xdeadbeef ${more}`);
    expect(alloc('index=0 iova=0x1000000 len=0').errno).toBe('EINVAL');
    expect(alloc('index=0 iova=0x2000000 len=4K').errno).toBe('ENOENT');
    expect(alloc('index=2 iova=0x1000000 len=4K').errno).toBe('EINVAL');
    expect(alloc('index=1 iova=0x1000000 len=4K').errno).toBe('EIO');
    expect(alloc('index=0 iova=0x1000000 len=8K').errno).toBe('EFAULT');
    expect(alloc('index=0 iova=0x1000000 len=4K').status).toBe('ok');
    expect(run.line('IOAS_UNMAP ioas all').errno).toBe('EBUSY');
    run.line('DESTROY queue');
    expect(run.line('IOAS_UNMAP ioas all').status).toBe('ok');
  });
});
