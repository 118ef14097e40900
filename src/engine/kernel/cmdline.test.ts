import { describe, expect, it } from 'vitest';
import { bootParams, parseBool } from './cmdline';

/** Expected values follow lib/cmdline.c next_arg(), kernel/params.c parse_args() and lib/kstrtox.c kstrtobool(). */
describe('the kernel command line', () => {
  it.each<[string, [string, string | null][]]>([
    ['', []],
    [
      '  quiet \t splash ',
      [
        ['quiet', null],
        ['splash', null],
      ],
    ],
    [
      'iommu=pt root=/dev/sda1',
      [
        ['iommu', 'pt'],
        ['root', '/dev/sda1'],
      ],
    ],
    ['a=b=c', [['a', 'b=c']]],
    ['a=', [['a', '']]],
    ['=a', [['=a', null]]],
    ['vfio-pci.ids=10de:1b80', [['vfio_pci.ids', '10de:1b80']]],
    [
      'a="b c" d',
      [
        ['a', 'b c'],
        ['d', null],
      ],
    ],
    [
      '"a=b c" d',
      [
        ['a', 'b c'],
        ['d', null],
      ],
    ],
    ['a="b', [['a', 'b']]],
    ['iommu=pt -- iommu=off', [['iommu', 'pt']]],
  ])('%s', (text, expected) => {
    expect(bootParams(text).map(({ name, value }) => [name, value])).toEqual(expected);
  });

  it.each<[string, boolean | null]>([
    ['1', true],
    ['yes', true],
    ['on', true],
    ['true', true],
    ['enabled', true],
    ['0', false],
    ['no', false],
    ['off', false],
    ['disabled', false],
    ['', null],
    ['o', null],
    ['2', null],
  ])('"%s" is %s', (text, expected) => {
    expect(parseBool(text)).toBe(expected);
  });
});
