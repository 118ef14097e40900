import { describe, expect, it } from 'vitest';
import { deviceOf, findVma, mapFileName, parseMaps } from './maps';

// Lines of the kernel's Documentation/filesystems/proc.rst (/proc/PID/maps), and one of a memfd as show_map_vma() prints it.
const TEXT = `08048000-08049000 r-xp 00000000 03:00 8312       /opt/test
08049000-0804a000 rw-p 00001000 03:00 8312       /opt/test
0804a000-0806b000 rw-p 00000000 00:00 0          [heap]
a7cb1000-a7cb2000 ---p 00000000 00:00 0
7f2c00000000-7f2c00020000 rw-s 00003000 00:01 1025                       /memfd:a b (deleted)
ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]
`;

describe('/proc/PID/maps', () => {
  const vmas = parseMaps(TEXT);

  it('tells permissions, sharing and what is mapped', () => {
    expect(vmas[1]).toEqual({
      start: 0x8049000,
      end: 0x804a000,
      readable: true,
      writable: true,
      shared: false,
      offset: 0x1000,
      file: '03:00 8312',
      path: '/opt/test',
    });
    expect(vmas[2]).toMatchObject({ file: null, path: '[heap]' });
    expect(vmas[3]).toMatchObject({ readable: false, writable: false });
    expect(vmas[4]).toMatchObject({ shared: true, file: '00:01 1025', path: '/memfd:a b (deleted)' });
  });

  it.each([
    [0x8048000, 0x8048000],
    [0x8049fff, 0x8049000],
    [0x7f2c0001ffff, 0x7f2c00000000],
  ])('finds the mapping of %i', (va, start) => {
    expect(findVma(vmas, va)?.start).toBe(start);
  });

  it.each([0, 0x8047fff, 0x806b000, 0x7f2c00020000])('finds none at %i', (va) => {
    expect(findVma(vmas, va)).toBeNull();
  });

  it('names the entry of map_files as the kernel does', () => {
    expect(mapFileName(vmas[0]!)).toBe('8048000-8049000');
  });

  // Linux: include/linux/kdev_t.h new_encode_dev(): minor's low 8 bits, major from bit 8, the rest of the minor from 20.
  it.each([
    [0x0801n, '08:01'],
    [0x1n, '00:01'],
    [0x10_0302n, '03:102'],
  ])('writes device %i as %s', (dev, text) => {
    expect(deviceOf(dev)).toBe(text);
  });
});
