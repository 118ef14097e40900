import { describe, expect, it } from 'vitest';
import { at, machineOf, spec } from '../../testing/pci-machine';
import { areDmaAliases, dmaAliases } from './alias';
import type { PciFunctionSpec } from './function-spec';

const aliases = (bdf: string, specs: readonly PciFunctionSpec[]): string[] =>
  dmaAliases(at(machineOf(specs), bdf)).map((rid) => rid.toString(16).padStart(4, '0'));

/** drivers/pci/search.c pci_for_each_dma_alias() */
describe('requester ids on the way to the root', () => {
  const root = spec('00:01.0', 'root-port', { bus: '01-03' });

  it('root ports and switch ports add none', () => {
    const specs = [
      root,
      spec('01:00.0', 'upstream-port', { bus: '02-03' }),
      spec('02:00.0', 'downstream-port', { bus: '03-03' }),
      spec('03:00.0', 'endpoint'),
    ];
    expect(aliases('03:00.0', specs)).toEqual(['0300']);
  });

  it('a PCIe-to-PCI bridge adds function 0 of the bus behind it', () => {
    const specs = [root, spec('01:00.0', 'pcie-to-pci', { bus: '02-02' }), spec('02:05.0', 'pci')];
    expect(aliases('02:05.0', specs)).toEqual(['0228', '0200']);
  });

  it('an AST1150 adds none', () => {
    const specs = [
      root,
      spec('01:00.0', 'pcie-to-pci', { ids: '1a03:1150', bus: '02-02' }),
      spec('02:00.1', 'pci'),
    ];
    expect(aliases('02:00.1', specs)).toEqual(['0201']);
  });

  it('a conventional bridge and a PCI-to-PCIe bridge add their own', () => {
    const bridge = spec('00:1e.0', 'pci-bridge', { bus: '01-02' });
    expect(aliases('01:02.0', [bridge, spec('01:02.0', 'pci')])).toEqual(['0110', '00f0']);
    const reverse = spec('01:03.0', 'pci-to-pcie', { bus: '02-02' });
    expect(aliases('02:00.0', [bridge, reverse, spec('02:00.0', 'endpoint')])).toEqual([
      '0200',
      '0118',
      '00f0',
    ]);
  });

  it.each(['1b21:1080', '10e3:8113', '1283:8892', '1283:8893', '8086:244e'])(
    '%s below a PCIe port is a PCIe-to-PCI bridge that hides it (quirk_use_pcie_bridge_dma_alias)',
    (ids) => {
      const below = [spec('02:00.0', 'pci')];
      expect(
        aliases('02:00.0', [root, spec('01:00.0', 'pci-bridge', { ids, bus: '02-02' }), ...below]),
      ).toEqual(['0200']);
      expect(
        aliases('02:03.0', [
          root,
          spec('01:00.0', 'pci-bridge', { ids, bus: '02-02' }),
          spec('02:03.0', 'pci'),
        ]),
      ).toEqual(['0218', '0200']);
    },
  );

  it('the same bridge on the root bus adds its own (8086:244e)', () => {
    const bridge = spec('00:1e.0', 'pci-bridge', { ids: '8086:244e', bus: '01-01' });
    expect(aliases('01:03.0', [bridge, spec('01:03.0', 'pci')])).toEqual(['0118', '00f0']);
  });

  it('the walk ends at a translation root (ThunderX2)', () => {
    const specs = [
      spec('00:1e.0', 'pci-bridge', { bus: '01-03' }),
      spec('01:00.0', 'pcie-to-pci', { ids: '14e4:9084', bus: '02-03' }),
      spec('02:00.0', 'endpoint'),
    ];
    expect(aliases('02:00.0', specs)).toEqual(['0200']);
  });

  it('behind a VMD everything carries the requester id of the VMD (pci_real_dma_dev)', () => {
    const specs = [
      spec('00:0e.0', 'rciep', { ids: '8086:9a0b' }),
      spec('10000:e0:06.0', 'root-port', { bus: 'e1-e1' }),
      spec('10000:e1:00.0', 'endpoint'),
    ];
    expect(aliases('10000:e1:00.0', specs)).toEqual(['0070']);
  });
});

describe('header quirks that give a function more requester ids', () => {
  it.each<[string, string, PciFunctionSpec['subsystem'], string[]]>([
    ['quirk_dma_func0_alias: Ricoh', '1180:e832', null, ['000b', '0008']],
    ['quirk_dma_func1_alias: Marvell 9123', '1b4b:9123', null, ['000b', '0009']],
    [
      'quirk_fixed_dma_alias: Adaptec 3405',
      '9005:0285',
      { vendorId: 0x9005, deviceId: 0x02bb },
      ['000b', '0008'],
    ],
    [
      'quirk_fixed_dma_alias: not another Adaptec',
      '9005:0285',
      { vendorId: 0x9005, deviceId: 0x0001 },
      ['000b'],
    ],
    ['quirk_mic_x200_dma_alias', '8086:2260', null, ['000b', '0080', '0088', '0093']],
  ])('%s', (_name, ids, subsystem, expected) => {
    const specs = [spec('00:01.3', 'endpoint', { ids, subsystem })];
    expect(aliases('00:01.3', specs)).toEqual(expected);
  });

  it.each<[string, string, number]>([
    ['quirk_pex_vca_alias', '8086:2954', 160],
    ['quirk_plx_ntb_dma_alias', '10b5:87b0', 256],
  ])('%s: %s has %i', (_name, ids, count) => {
    expect(aliases('00:01.0', [spec('00:01.0', 'endpoint', { ids })])).toHaveLength(count);
  });

  it('a function whose alias is another aliases it both ways (pci_devs_are_dma_aliases)', () => {
    const topology = machineOf([
      spec('00:02.0', 'endpoint', { ids: '1b4b:9123', multifunction: true }),
      spec('00:02.1', 'endpoint'),
      spec('00:03.1', 'endpoint'),
    ]);
    expect(areDmaAliases(at(topology, '00:02.0'), at(topology, '00:02.1'))).toBe(true);
    expect(areDmaAliases(at(topology, '00:02.1'), at(topology, '00:02.0'))).toBe(true);
    expect(areDmaAliases(at(topology, '00:02.0'), at(topology, '00:03.1'))).toBe(false);
  });
});
