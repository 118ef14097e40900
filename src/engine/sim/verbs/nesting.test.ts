import { describe, expect, it } from 'vitest';
import { ScriptRun } from '../../../testing/run-script';

/**
 * The kernel's mock IOMMU has everything that there can be; those of vendors are at the end. Numbers and errnos: drivers/iommu/iommufd/iommufd_test.h,
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

/** Real units with a bound device: the types of include/uapi/linux/iommufd.h, by name or by the end of the name. */
describe('types of vendors by their words', () => {
  const machine = (iommu: string): ScriptRun => {
    const run = ScriptRun.of(
      [
        `machine t iommu=${iommu}`,
        'pci 00:02.0 rciep id=144d:a80a class=010802 driver=vfio-pci',
        'boot',
        'ctx = open /dev/iommu',
        'dev = BIND ctx 00:02.0',
        'ioas = IOAS_ALLOC ctx',
        'ram = mmap qemu 1M pages=4K',
        'IOAS_MAP ioas ram iova=0x0 rw',
        'host = HWPT_ALLOC dev ioas nest-parent',
      ].join('\n'),
    );
    expect(run.wrong).toEqual([]);
    return run;
  };
  const both = (whole: string): readonly string[] => [whole, whole.replace(/^.*?_(DATA|TYPE)_/, '')];

  it.each(both('IOMMU_HWPT_DATA_VTD_S1'))('VT-d: %s', (type) => {
    const run = machine('vtd mode=scalable');
    expect(run.line(`g = HWPT_ALLOC dev host type=${type} data="0x0 0x10000 0x30"`).status).toBe('ok');
    const invalidate = type.replace('HWPT_DATA', 'HWPT_INVALIDATE_DATA');
    expect(run.line(`HWPT_INVALIDATE g type=${invalidate} data="0x0 0x1 0x0"`).result).toBe('1 of 1 done');
    // Not those of others: neither the driver's errno nor a mistake of the line.
    expect(run.line('x = HWPT_ALLOC dev host type=ARM_SMMUV3 data="0x1 0x0"').errno).toBe('EOPNOTSUPP');
    expect(run.line('HWPT_INVALIDATE g type=ARM_SMMUV3 data="0x0 0x1 0x0"').errno).toBe('EINVAL');
  });

  it.each(both('IOMMU_VIOMMU_TYPE_ARM_SMMUV3'))('SMMUv3: %s', (type) => {
    const run = machine('smmuv3');
    const hwpt = type.replace('VIOMMU_TYPE', 'HWPT_DATA');
    const invalidate = type.replace('VIOMMU_TYPE', 'VIOMMU_INVALIDATE_DATA');
    const queue = type.replace('VIOMMU_TYPE', 'VEVENTQ_TYPE');
    expect(run.line(`vm = VIOMMU_ALLOC dev host type=${type}`).status).toBe('ok');
    expect(run.line(`g = HWPT_ALLOC dev vm type=${hwpt} data="0x1 0x0"`).status).toBe('ok');
    expect(run.line(`events = VEVENTQ_ALLOC vm type=${queue} depth=8`).status).toBe('ok');
    // TLBI_NSNH_ALL
    expect(run.line(`HWPT_INVALIDATE vm type=${invalidate} data="0x30 0x0"`).result).toBe('1 of 1 done');
    expect(run.line('x = VIOMMU_ALLOC dev host type=TEGRA241_CMDQV').errno).toBe('EOPNOTSUPP');
    expect(run.line('HWPT_INVALIDATE vm type=VTD_S1 data="0x30 0x0"').errno).toBe('EINVAL');
  });

  it.each(both('IOMMU_HWPT_DATA_AMD_GUEST'))('AMD-Vi: %s, which this kernel has no use for yet', (type) => {
    const run = machine('amd');
    expect(run.line('vm = VIOMMU_ALLOC dev host type=1').status).toBe('ok');
    expect(run.line(`g = HWPT_ALLOC dev vm type=${type} data="0x0 0x0 0x0 0x0"`).errno).toBe('EOPNOTSUPP');
  });

  it('a word that none ends with is a mistake, as is one of another command', () => {
    const run = machine('smmuv3');
    for (const type of ['S1', 'SMMUV3', 'INTEL_VTD', 'DATA_VTD_S1']) {
      const line = run.line(`x = HWPT_ALLOC dev host type=${type} data="00"`);
      expect(line).toMatchObject({ status: 'error', errno: null });
      expect(line.result).toContain('IOMMU_HWPT_DATA_VTD_S1, IOMMU_HWPT_DATA_ARM_SMMUV3');
    }
  });

  it.each([
    ['vtd mode=scalable', /, flags=IOMMU_HW_INFO_VTD_ERRATA_772415_SPR17 cap_reg=0x\w+ ecap_reg=0x\w+$/],
    ['amd', /, efr=0x\w+ efr2=0x\w+$/],
    ['smmuv3', /, flags=0 idr=\[(?:(?:0|0x\w+), ){5}0x\w+\] iidr=\S+ aidr=\S+$/],
  ])('GET_HW_INFO of %s has the driver’s fields by name', (iommu, words) => {
    expect(machine(iommu).line('GET_HW_INFO dev').result).toMatch(words);
  });

  it('as much of them as there was room for, and what registers hold', () => {
    const run = machine('vtd mode=scalable');
    const cap = /0x\w+/.exec(run.line('read_register dmar0 CAP').result)?.[0] ?? '?';
    expect(run.line('GET_HW_INFO dev len=16').result).toMatch(new RegExp(` cap_reg=${cap}$`));
    expect(run.line('GET_HW_INFO dev len=4').result).toMatch(
      /, flags=IOMMU_HW_INFO_VTD_ERRATA_772415_SPR17$/,
    );
    expect(run.line(`GET_HW_INFO dev type=INTEL_VTD contains "cap_reg=${cap} ecap_reg="`).ok).toBe(true);
    expect(run.line('GET_HW_INFO dev type=AMD').errno).toBe('EOPNOTSUPP');
  });

  it('two events of an SMMU in one read, each by its header', () => {
    const run = machine('smmuv3');
    for (const line of [
      'vm = VIOMMU_ALLOC dev host type=ARM_SMMUV3',
      'vdev = VDEVICE_ALLOC vm dev id=0x5',
      'events = VEVENTQ_ALLOC vm type=ARM_SMMUV3 depth=8',
      // A context descriptor, and no table in the memory behind it.
      'store ram 0x20000 "0x1e205c0003510 0x30000 0x0 0xf404ff44"',
      'g = HWPT_ALLOC dev vm type=ARM_SMMUV3 data="0x2000b 0x0"',
      'ATTACH dev g',
      'dma 00:02.0 write 0x202000 64 ! FAULT',
      'dma 00:02.0 write 0x203000 64 ! FAULT',
    ])
      expect(run.line(line)).toMatchObject({ ok: true });
    // F_TRANSLATION of stream 5: number and StreamID in word 0, the address in word 2.
    expect(run.line('read events').result).toMatch(
      /^event 0: 10 00 00 00 05 00 00 00 .*\(evt=\[0x500000010, 0x\w+, 0x202000, \w+\]\); event 1: 10 .*\(evt=\[0x500000010, 0x\w+, 0x203000, \w+\]\)$/,
    );
  });
});
