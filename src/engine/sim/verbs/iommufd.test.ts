import { describe, expect, it } from 'vitest';
import { ScriptRun } from '../../../testing/run-script';

// Errnos: drivers/iommu/iommufd/{ioas,main,vfio_compat,hw_pagetable,device}.c of the 7.1 merge window.
const MACHINE = [
  'iommu other generic pasids=16',
  'pci 00:02.0 rciep id=8086:15f3 class=020000 driver=vfio-pci',
  'pci 00:03.0 rciep id=144d:a80a class=010802 driver=vfio-pci iommu=other',
  'ctx = open /dev/iommu',
  'ioas = IOAS_ALLOC ctx',
  'nic = BIND ctx 00:02.0',
  'disk = BIND ctx 00:03.0',
  'buf = mmap qemu 64K',
];
const on = (...lines: readonly string[]): ScriptRun => {
  const run = ScriptRun.of([...MACHINE, ...lines].join('\n'));
  expect(run.wrong).toEqual([]);
  return run;
};
/** A line that the kernel refuses, with a sentence about it. */
const refused = (run: ScriptRun, line: string) => {
  const { status, errno, why } = run.line(line);
  expect(why === null ? 0 : why.length, `${line} without a sentence`).toBeGreaterThan(10);
  return status === 'errno' ? errno : status;
};

describe('IOAS_MAP_FILE', () => {
  it('maps pages of a file, which stay when it is closed', () => {
    const run = on('hwpt = ATTACH nic ioas', 'file = memfd_create qemu 64K');
    expect(run.line('IOAS_MAP_FILE ioas file iova=0x100000 offset=4K len=8K rw').result).toBe(
      '8 KiB at 0x100000',
    );
    run.line('close file');
    expect(run.line('dma 00:02.0 write 0x101000 64').status).toBe('ok');
    expect(run.line('expect ioas areas.0.pages.source file').ok).toBe(true);
    expect(run.line('IOAS_MAP_FILE ioas file iova=0x200000 rw')).toMatchObject({ result: 'file is closed' });
  });

  it('is EINVAL past the end of the file, once somebody wants the pages', () => {
    const run = on('file = memfd_create qemu 64K');
    expect(run.line('IOAS_MAP_FILE ioas file iova=0x100000 offset=60K len=8K rw').status).toBe('ok');
    expect(refused(run, 'ATTACH nic ioas')).toBe('EINVAL');
    expect(refused(run, 'IOAS_MAP_FILE ioas file iova=0x200000 len=0 rw')).toBe('EINVAL');
  });
});

describe('IOAS_CHANGE_PROCESS', () => {
  it('moves files alone to the caller', () => {
    const run = on(
      'hwpt = ATTACH nic ioas',
      'file = memfd_create qemu 64K',
      'IOAS_MAP_FILE ioas file iova=0x100000 rw',
    );
    expect(run.line('IOAS_CHANGE_PROCESS ctx heir').result).toBe("everything mapped is heir's");
    run.line('IOAS_MAP ioas buf iova=0x200000 rw');
    expect(refused(run, 'IOAS_CHANGE_PROCESS ctx heir')).toBe('EINVAL');
  });
});

describe('OPTION', () => {
  it('says and sets whose limit counts, as long as the context is empty', () => {
    const run = ScriptRun.of('ctx = open /dev/iommu');
    expect(run.line('OPTION ctx RLIMIT_MODE').result).toBe('RLIMIT_MODE is 0');
    expect(run.line('OPTION ctx RLIMIT_MODE 1').result).toBe('RLIMIT_MODE is 1');
    expect(refused(run, 'OPTION ctx RLIMIT_MODE 2')).toBe('EINVAL');
    run.line('ioas = IOAS_ALLOC ctx');
    expect(refused(run, 'OPTION ctx RLIMIT_MODE 0')).toBe('EBUSY');
  });

  it('turns large pages off while no table holds any', () => {
    const run = on();
    expect(run.line('OPTION ioas HUGE_PAGES').result).toBe('HUGE_PAGES is 1');
    expect(run.line('OPTION ioas HUGE_PAGES 0').status).toBe('ok');
    run.line('OPTION ioas HUGE_PAGES 1');
    run.line('hwpt = ATTACH nic ioas');
    run.line('IOAS_MAP ioas buf iova=0x100000 rw');
    expect(refused(run, 'OPTION ioas HUGE_PAGES 0')).toBe('EINVAL');
    expect(refused(run, 'OPTION nic HUGE_PAGES 0')).toBe('ENOENT');
  });
});

describe('VFIO_IOAS', () => {
  it('says, sets and clears the one IOAS', () => {
    const run = on();
    expect(refused(run, 'x = VFIO_IOAS ctx GET')).toBe('ENODEV');
    expect(run.line('VFIO_IOAS ctx SET ioas').status).toBe('ok');
    expect(run.line('same = VFIO_IOAS ctx GET').result).toBe('VFIO commands work on IOAS 1');
    expect(run.line('IOAS_MAP same buf iova=0x100000 rw').status).toBe('ok');
    run.line('VFIO_IOAS ctx CLEAR');
    expect(refused(run, 'VFIO_IOAS ctx GET')).toBe('ENODEV');
    expect(refused(run, 'VFIO_IOAS ctx SET nic')).toBe('ENOENT');
  });
});

describe('GET_HW_INFO', () => {
  it('tells what any IOMMU can do, and of its own what its driver tells', () => {
    const run = on();
    // IOMMU_HW_CAP_DIRTY_TRACKING, IOMMU_HW_CAP_PCI_ATS_NOT_SUPPORTED: include/uapi/linux/iommufd.h
    expect(
      run.line('GET_HW_INFO disk contains "IOMMU_HW_CAP_DIRTY_TRACKING|IOMMU_HW_CAP_PCI_ATS_NOT_SUPPORTED"')
        .ok,
    ).toBe(true);
    expect(refused(run, 'GET_HW_INFO ioas')).toBe('ENOENT');
  });
});

describe('HWPT_ALLOC', () => {
  it.each([
    ['HWPT_ALLOC nic ioas dirty', 'EOPNOTSUPP'],
    ['HWPT_ALLOC nic ioas nest-parent', 'EOPNOTSUPP'],
    ['HWPT_ALLOC disk ioas nest-parent', 'EOPNOTSUPP'],
    ['HWPT_ALLOC disk ioas data="00000000"', 'EINVAL'],
    ['HWPT_ALLOC disk ioas type=1 data="00000000"', 'EOPNOTSUPP'],
    ['HWPT_ALLOC disk ioas:1.77', 'EINVAL'],
    ['HWPT_ALLOC ioas ioas', 'ENOENT'],
    ['HWPT_ALLOC disk ioas fault=nic', 'ENOENT'],
  ])('%s is %s', (line, errno) => {
    const run = on();
    expect(refused(run, `x = ${line}`)).toBe(errno);
    expect(run.line('expect ioas hwptIds.length 0').ok).toBe(true);
  });

  it('a type is a number, or a name that the header has', () => {
    const run = on();
    expect(run.line('h = HWPT_ALLOC disk ioas type=IOMMU_HWPT_DATA_VTD_S1 data="00000000"').errno).toBe(
      'EOPNOTSUPP',
    );
    expect(run.line('h = HWPT_ALLOC disk ioas type=VTD data="00"')).toMatchObject({
      status: 'error',
      column: 26,
    });
    expect(run.line('h = HWPT_ALLOC disk ioas type=1 data="0"')).toMatchObject({
      status: 'error',
      column: 33,
    });
  });
});

describe('dirty tracking', () => {
  it('shows the pages that were written since it was last asked', () => {
    const run = on(
      'hwpt = HWPT_ALLOC disk ioas dirty',
      'IOAS_MAP ioas buf iova=0x100000 rw',
      'ATTACH disk hwpt',
    );
    const asked = (more = '') => run.line(`HWPT_GET_DIRTY_BITMAP hwpt iova=0x100000 len=64K${more}`).result;
    run.line('dma 00:03.0 write 0x100000 64');
    expect(asked()).toBe('nothing was written');
    run.line('HWPT_SET_DIRTY_TRACKING hwpt on');
    run.line('dma 00:03.0 write 0x102ff0 64');
    run.line('dma 00:03.0 write 0x10f000 64');
    run.line('dma 00:03.0 read 0x101000 64');
    expect(asked(' no-clear')).toBe('3 dirty pages of 4 KiB: 0x102000-0x103fff 0x10f000');
    expect(asked(' page=8K')).toBe('2 dirty pages of 8 KiB: 0x102000 0x10e000');
    expect(asked()).toBe('nothing was written');
  });

  it('is refused where nothing can be tracked', () => {
    const run = on('hwpt = ATTACH nic ioas');
    expect(refused(run, 'HWPT_SET_DIRTY_TRACKING hwpt on')).toBe('EOPNOTSUPP');
    expect(refused(run, 'HWPT_GET_DIRTY_BITMAP hwpt iova=0 len=4K')).toBe('EOPNOTSUPP');
    expect(refused(run, 'HWPT_GET_DIRTY_BITMAP hwpt iova=1 len=4K')).toBe('EINVAL');
    expect(refused(run, 'HWPT_SET_DIRTY_TRACKING ioas on')).toBe('ENOENT');
  });
});

describe('ioctl', () => {
  it('makes any call on the bytes that it is given', () => {
    const run = on();
    // IOMMU_IOAS_ALLOC: size 12, flags 0 → out_ioas_id 4
    expect(run.line('ioctl ctx 0x3b81 "0c000000 00000000 00000000"').result).toBe(
      '0: 0c 00 00 00 00 00 00 00 04 00 00 00',
    );
    expect(refused(run, 'ioctl ctx 0x3b81 "0c000000 01000000 00000000"')).toBe('EOPNOTSUPP');
    expect(refused(run, 'ioctl ctx 0x3b81 "08000000 00000000"')).toBe('EINVAL');
    expect(refused(run, 'ioctl ctx 0x3b81 "10000000 00000000 00000000 01000000"')).toBe('E2BIG');
    expect(refused(run, 'ioctl ctx 0x3b9f "08000000 00000000"')).toBe('ENOTTY');
    expect(refused(run, 'ioctl ctx 0x3b81')).toBe('EFAULT');
    // VFIO_GET_API_VERSION takes no structure
    expect(run.line('ioctl ctx 0x3b64').result).toBe('0');
    expect(run.line('ioctl ctx 0x3b81 "xy"')).toMatchObject({ status: 'error' });
  });
});

describe('IOAS_MAP by another process', () => {
  it('pins the memory of whoever calls', () => {
    const run = on('hwpt = ATTACH nic ioas', 'other = mmap child 4K');
    expect(run.line('IOAS_MAP ioas other iova=0x100000 rw')).toMatchObject({ status: 'error' });
    expect(run.line('IOAS_MAP ioas other iova=0x100000 rw by=child').status).toBe('ok');
    expect(run.line('expect mm:child pinnedPages 1').ok).toBe(true);
  });

  it('a process that is gone can be pinned no more; what is pinned stays', () => {
    const run = on(
      'other = mmap child 4K',
      'IOAS_MAP ioas other iova=0x100000 rw by=child',
      'hwpt = ATTACH nic ioas',
    );
    run.line('exit child');
    expect(run.line('dma 00:02.0 write 0x100000 64').status).toBe('ok');
    expect(run.line('second = ATTACH disk ioas').status).toBe('ok');
    run.line('DETACH nic');
    run.line('DETACH disk');
    expect(refused(run, 'ATTACH nic ioas')).toBe('EFAULT');
  });
});
