import { describe, expect, it } from 'vitest';
import { ranOf } from '../../../testing/recorded-scenes';
import { importTrace, type ImportedTrace } from './import-trace';

// Shapes of lines: strace 6.1 run on a program that makes these calls; -f, -tt, -y, -X, -N and the like: its manual, and src/ioctl.c.

const imported = (text: string): ImportedTrace => {
  const trace = importTrace(text);
  expect(trace?.kind).toBe('strace');
  return trace as ImportedTrace;
};
/** The script behind its machine, comments left out. */
const body = ({ lines }: ImportedTrace): readonly string[] =>
  lines.slice(lines.indexOf('boot') + 1).filter((line) => !line.startsWith('#'));
const wrong = ({ lines }: ImportedTrace): readonly string[] =>
  ranOf(lines.join('\n')).results.flatMap(({ ok, text, result }) => (ok ? [] : [`${text}: ${result}`]));

const OPENED = `openat(AT_FDCWD, "/dev/iommu", O_RDWR|O_CLOEXEC) = 9`;
const ALLOC = 'ioctl(9, IOMMU_IOAS_ALLOC, {size=12, flags=0} => {out_ioas_id=4}) = 0';
const MAP =
  'ioctl(9, IOMMU_IOAS_MAP, {size=40, flags=IOMMU_IOAS_MAP_FIXED_IOVA|IOMMU_IOAS_MAP_READABLE, ioas_id=4, user_va=0x7f12c0001000, length=0x2000, iova=0x10000}) = 0';

describe('structures that the text takes apart', () => {
  it('become lines with names, and buffers where the program mapped them', () => {
    const trace = imported(
      [
        OPENED,
        ALLOC,
        'mmap(NULL, 65536, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f12c0000000',
        MAP,
        'close(9)                                = 0',
      ].join('\n'),
    );
    expect(body(trace)).toEqual([
      'ctx = open /dev/iommu',
      'ioas = IOAS_ALLOC ctx',
      'ram = mmap qemu 64K',
      'IOAS_MAP ioas ram iova=0x10000 offset=4K len=8K r',
      'close ctx',
    ]);
    expect(wrong(trace)).toEqual([]);
    expect(trace.remarks).toEqual([]);
  });

  it('an errno is what the line expects, so that a difference shows', () => {
    const trace = imported([OPENED, ALLOC, `${MAP.slice(0, -4)} = -1 EEXIST (File exists)`].join('\n'));
    expect(body(trace).at(-1)).toBe('IOAS_MAP ioas ram iova=0x10000 r ! EEXIST');
    // Nothing was mapped there in the text: the engine maps it.
    expect(wrong(trace)).toHaveLength(1);
  });

  it('values that change may stand beside each other, and bytes may stand for all of it', () => {
    const trace = imported(
      [
        OPENED,
        'ioctl(9, IOMMU_IOAS_ALLOC, {size=12, flags=0, out_ioas_id=0 => 7}) = 0',
        // struct iommu_ioas_unmap {size=24, ioas_id=7, iova=0x1000, length=0x2000}
        String.raw`ioctl(9, IOMMU_IOAS_UNMAP, "\x18\x00\x00\x00\x07\x00\x00\x00\x00\x10\x00\x00\x00\x00\x00\x00\x00\x20\x00\x00\x00\x00\x00\x00") = -1 ENOENT (No such file or directory)`,
      ].join('\n'),
    );
    expect(body(trace).slice(1)).toEqual([
      'ioas = IOAS_ALLOC ctx',
      'IOAS_UNMAP ioas iova=0x1000 len=8K ! ENOENT',
    ]);
    expect(wrong(trace)).toEqual([]);
  });

  it('memory that no line of the text maps is made, and said to be', () => {
    const trace = imported([OPENED, ALLOC, MAP].join('\n'));
    expect(body(trace)).toContain('ram = mmap qemu 8K');
    expect(trace.remarks.map(({ isLoss }) => isLoss)).toEqual([false]);
  });
});

describe('what strace prints by itself', () => {
  const commands = [
    ['_IOC(_IOC_NONE, 0x3b, 0x81, 0)', '6.1 does not know the command'],
    ['IOMMU_IOAS_ALLOC', 'newer ones do'],
    ['0x3b81 /* IOMMU_IOAS_ALLOC */', '-X verbose'],
    ['0x3b81', '-X raw'],
  ] as const;
  it.each(commands)('%s is the command: %s', (command) => {
    const trace = imported(`${OPENED}\nioctl(9, ${command}, 0x7ffd34d1c2f0) = 0`);
    expect(body(trace)).toEqual(['ctx = open /dev/iommu', 'ioas = IOAS_ALLOC ctx']);
  });

  it('an address says nothing: the line says so, and the script goes on', () => {
    const trace = imported(
      [OPENED, 'ioctl(9, IOMMU_IOAS_ALLOC, 0x7ffd0) = 0', 'ioctl(9, IOMMU_IOAS_MAP, 0x7ffd0) = 0'].join('\n'),
    );
    expect(trace).toMatchObject({ recognised: 3, translated: 2 });
    expect(trace.remarks).toEqual([
      { lines: [3], count: 1, isLoss: true, text: expect.stringContaining('structure') as string },
    ]);
    expect(wrong(trace)).toEqual([]);
  });

  it('where there is one IOAS it is the one: taken, and said to be', () => {
    const trace = imported(
      [
        OPENED,
        'openat(AT_FDCWD, "/sys/bus/pci/devices/0000:3b:00.0/vfio-dev", O_RDONLY|O_NONBLOCK|O_CLOEXEC|O_DIRECTORY) = 10',
        'close(10) = 0',
        'openat(AT_FDCWD, "/dev/vfio/devices/vfio3", O_RDWR|O_CLOEXEC) = 10',
        // 6.1 has other names for the numbers of newer commands.
        'ioctl(10, VFIO_IOMMU_SPAPR_UNREGISTER_MEMORY, 0x7ffd0) = 0',
        'ioctl(9, _IOC(_IOC_NONE, 0x3b, 0x81, 0), 0x7ffd0) = 0',
        'ioctl(10, VFIO_IOMMU_SPAPR_TCE_CREATE, 0x7ffd0) = 0',
        'ioctl(10, VFIO_DEVICE_GET_REGION_INFO, 0x7ffd0) = 0',
      ].join('\n'),
    );
    expect(trace.lines).toContain('pci 3b:00.0 endpoint driver=vfio-pci');
    expect(body(trace)).toEqual([
      'ctx = open /dev/iommu',
      'dev = BIND ctx 3b:00.0',
      'ioas = IOAS_ALLOC ctx',
      'ATTACH dev ioas',
    ]);
    expect(trace.remarks.filter(({ isLoss }) => isLoss)).toEqual([]);
    expect(wrong(trace)).toEqual([]);
  });

  it('threads, times and files that were opened before are no obstacle', () => {
    const trace = imported(
      [
        '[pid  2211] 03:00:23.917430 ioctl(9</dev/iommu>, IOMMU_IOAS_ALLOC <unfinished ...>',
        '[pid  2212] 03:00:23.918410 close(44) = 0',
        '[pid  2211] 03:00:23.918467 <... ioctl resumed>, {size=12, flags=0} => {out_ioas_id=4}) = 0 <0.000767>',
        '2211  1700000000.123456 ioctl(fd=9</dev/iommu<char 10:126>>, cmd=IOMMU_DESTROY, arg={size=8, id=4}) = 0 <0.000011>',
      ].join('\n'),
    );
    expect(body(trace)).toEqual(['ctx = open /dev/iommu', 'ioas = IOAS_ALLOC ctx', 'DESTROY ioas']);
    expect(wrong(trace)).toEqual([]);
  });

  it('other programs’ calls are no recording of IOMMUs', () => {
    expect(
      importTrace('openat(AT_FDCWD, "/etc/ld.so.cache", O_RDONLY) = 3\nioctl(1, TCGETS, 0x7ffd0) = 0'),
    ).toBeNull();
    expect(importTrace('')).toBeNull();
  });
});
