import { describe, expect, it } from 'vitest';
import { at, machineOf, spec } from '../../testing/pci-machine';
import { pciDevStrMatch } from './device-match';

const topology = machineOf([
  spec('00:1c.4', 'root-port', { ids: '8086:a114', bus: '04-06' }),
  spec('04:00.0', 'upstream-port', { ids: '1b36:000d', bus: '05-06' }),
  spec('05:02.0', 'downstream-port', { ids: '1b36:000e', bus: '06-06' }),
  spec('06:00.1', 'endpoint', { ids: '10de:1b80', subsystem: { vendorId: 0x1458, deviceId: 0x3702 } }),
  spec('0001:06:00.1', 'endpoint', { ids: '10de:1b80' }),
]);

/** Expected values follow drivers/pci/pci.c pci_dev_str_match() and pci_dev_str_match_path(). */
describe('a device in a kernel parameter', () => {
  it.each<[string, boolean]>([
    ['pci:10de:1b80', true],
    ['pci:10DE:1B80', true],
    ['pci:10de:1b81', false],
    ['pci:10de:0', true],
    ['pci:0:0', true],
    ['pci:0:1b80', true],
    ['pci:10de:1b80:1458:3702', true],
    ['pci:10de:1b80:1458:0', true],
    ['pci:10de:1b80:1043:3702', false],
    ['pci:110de:1b80', true], // %hx keeps sixteen bits
    ['06:00.1', true],
    ['0:06:00.1', true],
    ['0000:06:00.1', true],
    ['0001:06:00.1', false],
    ['6:0.1', true],
    ['0x6:0x0.0x1', true],
    ['06:00.0', false],
    ['05:02.0/00.1', true],
    ['04:00.0/02.0/00.1', true],
    ['0000:00:1c.4/00.0/02.0/00.1', true],
    ['00:1c.4/00.0/03.0/00.1', false],
    ['00:1c.4/00.1', false],
    ['00:00.0/1c.4/00.0/02.0/00.1', false], // a path cannot start above the root bus
  ])('%s names 06:00.1: %s', (text, matches) => {
    expect(pciDevStrMatch(at(topology, '06:00.1'), text)).toEqual({ ok: true, matches, rest: '' });
  });

  it('is on another segment only where the text says so', () => {
    const other = at(topology, '0001:06:00.1');
    expect(pciDevStrMatch(other, '06:00.1')).toMatchObject({ matches: false });
    expect(pciDevStrMatch(other, '1:06:00.1')).toMatchObject({ matches: true });
  });

  it.each([
    '',
    'nonsense',
    '06:00',
    '06:00.1/',
    '06:00.1/2',
    '06:00.1x',
    'pci:',
    'pci:10de',
    '06:00.1,05:00.0',
  ])('"%s" cannot be read', (text) => {
    expect(pciDevStrMatch(at(topology, '06:00.1'), text)).toEqual({ ok: false });
  });

  it('ends where the next one may start', () => {
    const fn = at(topology, '06:00.1');
    expect(pciDevStrMatch(fn, '00:02.0;pci:1:2')).toEqual({ ok: true, matches: false, rest: ';pci:1:2' });
    expect(pciDevStrMatch(fn, 'pci:1:2;00:02.0')).toEqual({ ok: true, matches: false, rest: ';00:02.0' });
    expect(pciDevStrMatch(fn, 'pci:1:2:3;00:02.0')).toEqual({ ok: true, matches: false, rest: ':3;00:02.0' });
  });

  it('may be a virtual function, whose bridge is that of its physical one', () => {
    const machine = machineOf([
      spec('00:01.0', 'root-port', { bus: '01-02' }),
      spec('01:00.0', 'endpoint'),
      spec('02:00.0', 'endpoint', { virtualOf: spec('01:00.0', 'endpoint').address }),
    ]);
    expect(pciDevStrMatch(at(machine, '02:00.0'), '00:01.0/00.0')).toMatchObject({ matches: true });
  });
});
