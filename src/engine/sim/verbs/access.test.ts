import { describe, expect, it } from 'vitest';
import { ScriptRun } from '../../../testing/run-script';

// drivers/iommu/iommufd/device.c iommufd_access_*(), and the order of its checks.
const on = (...lines: readonly string[]): ScriptRun => {
  const run = ScriptRun.of(
    [
      'ctx = open /dev/iommu',
      'ioas = IOAS_ALLOC ctx',
      'buf = mmap qemu 64K',
      'IOAS_MAP ioas buf iova=0x100000 rw',
      ...lines,
    ].join('\n'),
  );
  expect(run.wrong).toEqual([]);
  return run;
};

describe('access_pin', () => {
  it.each([
    ['access_pin mdev 0x200000 4K r', 'ENOENT'],
    ['access_pin mdev 0x10f000 8K r', 'ENOENT'],
    ['access_pin mdev 0x100000 0 r', 'EINVAL'],
    ['access_pin mdev 0xfffffffffffff000 8K r', 'EOVERFLOW'],
    ['access_pin mdev 0x180000 4K rw', 'EPERM'],
  ])('%s is %s, and nothing is pinned', (line, errno) => {
    const run = on('ro = mmap qemu 4K', 'IOAS_MAP ioas ro iova=0x180000 r', 'mdev = ACCESS ioas pin');
    expect(run.line(line)).toMatchObject({ errno });
    expect(run.line('expect mm:qemu pinnedPages 0').ok).toBe(true);
  });

  it('holds pages until they are unpinned by the same words', () => {
    const run = on('mdev = ACCESS ioas pin', 'access_pin mdev 0x102000 8K rw');
    expect(run.line('expect ioas areas.0.accessPins 1').ok).toBe(true);
    expect(run.line('access_unpin mdev 0x102000 4K')).toMatchObject({ status: 'error' });
    expect(run.line('access_unpin mdev 0x102000 8K').status).toBe('ok');
    expect(run.line('expect mm:qemu pinnedPages 0').ok).toBe(true);
  });

  it('lets go when its memory is unmapped, or its IOAS left', () => {
    const run = on('mdev = ACCESS ioas pin', 'access_pin mdev 0x100000 8K rw', 'IOAS_UNMAP ioas all');
    expect(run.line('expect mm:qemu pinnedPages 0').ok).toBe(true);
    run.line('IOAS_MAP ioas buf iova=0x100000 rw');
    run.line('access_pin mdev 0x100000 8K rw');
    run.line('ioas2 = IOAS_ALLOC ctx');
    expect(run.line('access_replace mdev ioas2').status).toBe('ok');
    expect(run.line('expect mm:qemu pinnedPages 0').ok).toBe(true);
    expect(run.line('access_pin mdev 0x100000 8K rw').errno).toBe('ENOENT');
    expect(run.line('access_replace mdev mdev').errno).toBe('ENOENT');
  });

  it('is for accesses that were made for it', () => {
    const run = on('mdev = ACCESS ioas');
    expect(run.line('access_pin mdev 0x100000 4K r')).toMatchObject({ status: 'error', column: 12 });
    expect(run.line('access_pin ioas 0x100000 4K r')).toMatchObject({ status: 'error' });
  });
});

describe('access_rw', () => {
  it('copies as the CPU does', () => {
    const run = on('mdev = ACCESS ioas', 'access_rw mdev write 0x100ffe 4');
    expect(run.line('access_rw mdev read 0x100ffd 6').result).toBe('00 fe ff 00 01 00');
    expect(run.line('access_rw mdev read 0x100ffd 6 kthread').result).toBe('00 fe ff 00 01 00');
    expect(run.line('access_rw mdev read 0x10fff0 32').errno).toBe('ENOENT');
    expect(run.line('expect mm:qemu pinnedPages 0').ok).toBe(true);
  });

  it('does not write where devices may only read', () => {
    const run = on('ro = mmap qemu 4K', 'IOAS_MAP ioas ro iova=0x180000 r', 'mdev = ACCESS ioas');
    expect(run.line('access_rw mdev write 0x180000 4').errno).toBe('EPERM');
    expect(run.line('access_rw mdev read 0x180000 4').result).toBe('00 00 00 00');
  });
});

describe('an access', () => {
  it('keeps its IOAS, and goes when its driver is done or with the context', () => {
    const run = on('mdev = ACCESS ioas pin', 'access_pin mdev 0x100000 4K r');
    expect(run.line('DESTROY ioas').errno).toBe('EBUSY');
    expect(run.line('DESTROY mdev').errno).toBe('EBUSY');
    expect(run.line('x = ACCESS mdev').errno).toBe('ENOENT');
    run.line('access_destroy mdev');
    expect(run.line('expect mm:qemu pinnedPages 0').ok).toBe(true);
    run.line('other = ACCESS ioas pin');
    run.line('access_pin other 0x100000 4K r');
    run.line('close ctx');
    expect(run.line('expect ctx:1 absent').ok).toBe(true);
    expect(run.line('expect mm:qemu pinnedPages 0').ok).toBe(true);
  });

  it('that pins asks for whole pages', () => {
    const run = on('IOAS_MAP ioas buf iova=0x200800 offset=2048 len=2048 rw');
    expect(run.line('x = ACCESS ioas pin').errno).toBe('EADDRINUSE');
    expect(run.line('expect ctx objectIds.length 1').ok).toBe(true);
    expect(run.line('x = ACCESS ioas').status).toBe('ok');
  });
});
