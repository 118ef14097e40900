import { describe, expect, it } from 'vitest';
import { acsBits, ISOLATING, machineOf, spec } from '../../testing/pci-machine';
import { groupTopology } from '../iommu/pci-device-group';
import type { Evidence } from './evidence';
import type { PciFunctionSpec } from './function-spec';

/** What stands behind the last join of a machine, in short: device, where, what, missing bits, rule. */
function lastEvidence(specs: readonly PciFunctionSpec[]): string[] {
  const joins = groupTopology(machineOf(specs)).groups.flatMap((group) => group.joins);
  return (joins.at(-1)?.evidence ?? []).map(inShort);
}
const inShort = ({ device, where, what, missing, rule }: Evidence): string =>
  `${device.slice(5)} ${where}: ${what}${missing.length > 0 ? ` (${missing.join(' ')})` : ''} [${rule}]`;

const below = (port: Partial<PciFunctionSpec>, ids?: string): PciFunctionSpec[] => [
  spec('00:01.0', 'root-port', { bus: '01-01', ...port, ...(ids === undefined ? {} : { ids }) }),
  spec('01:00.0', 'endpoint'),
];

/** Rules are functions of drivers/pci/pci.c, quirks.c, search.c and drivers/iommu/iommu.c; registers are lspci's names. */
describe('what a join rests on', () => {
  it.each<[string, PciFunctionSpec[], string[]]>([
    [
      'a port without ACS',
      below({}),
      ['00:01.0 ACSCap: no ACS capability (SV RR CR UF) [pci_acs_flags_enabled]'],
    ],
    [
      'a port with bits off',
      below({ acs: { cap: acsBits('SV RR CR UF'), ctrl: acsBits('SV UF') } }),
      ['00:01.0 ACSCtl: SV+ RR- CR- UF+ (RR CR) [pci_acs_flags_enabled]'],
    ],
    [
      'a bit that the capability lacks is not missing',
      below({ acs: { cap: acsBits('SV RR'), ctrl: acsBits('SV') } }),
      ['00:01.0 ACSCtl: SV+ RR- CR- UF- (RR) [pci_acs_flags_enabled]'],
    ],
    [
      'the register that lspci does not print',
      below({ acs: { cap: acsBits('SV RR CR UF'), ctrl: acsBits('SV') } }, '8086:a110'),
      ['00:01.0 ACSCtl: SV+ RR- CR- UF- at +8 (RR CR UF) [pci_quirk_intel_spt_pch_acs]'],
    ],
    [
      'a row of the kernel’s table',
      below({ acs: ISOLATING }, '1d17:0722'),
      ['00:01.0 quirk: not isolated [pci_quirk_zhaoxin_pcie_ports_acs]'],
    ],
    [
      'a port that isolates below one that does not',
      [
        spec('00:01.0', 'root-port', { bus: '01-03' }),
        spec('01:00.0', 'upstream-port', { bus: '02-03' }),
        spec('02:00.0', 'downstream-port', { bus: '03-03', acs: ISOLATING }),
        spec('03:00.0', 'endpoint'),
      ],
      [
        '02:00.0 ACSCtl: SV+ RR+ CR+ UF+ [pci_acs_flags_enabled]',
        '00:01.0 ACSCap: no ACS capability (SV RR CR UF) [pci_acs_flags_enabled]',
      ],
    ],
    [
      'functions of one device',
      [spec('00:02.0', 'endpoint', { multifunction: true }), spec('00:02.1', 'pci')],
      [
        '00:02.1 header type: multifunction [get_pci_function_alias_group]',
        '00:02.1 Express: no PCI Express capability [pci_acs_enabled]',
        '00:02.0 ACSCap: no ACS capability (SV RR CR UF) [pci_acs_flags_enabled]',
      ],
    ],
    [
      'a PCIe-to-PCI bridge',
      [
        spec('00:01.0', 'root-port', { bus: '01-02', acs: ISOLATING }),
        spec('01:00.0', 'pcie-to-pci', { bus: '02-02' }),
        spec('02:00.0', 'pci'),
      ],
      ['01:00.0 Express: PCI/PCI-X bridge: its secondary bus stands for all below [pci_for_each_dma_alias]'],
    ],
    [
      'a conventional bridge',
      [spec('00:1e.0', 'pci-bridge', { bus: '01-01' }), spec('01:00.0', 'pci')],
      ['00:1e.0 Express: no PCI Express capability [pci_for_each_dma_alias]'],
    ],
    [
      'a bridge that hides what it is',
      [
        spec('00:01.0', 'root-port', { bus: '01-02', acs: ISOLATING }),
        spec('01:00.0', 'pci-bridge', { bus: '02-02', ids: '1b21:1080' }),
        spec('02:00.0', 'pci'),
      ],
      ['01:00.0 quirk: a PCIe-to-PCI bridge without the capability [quirk_use_pcie_bridge_dma_alias]'],
    ],
    [
      'a VMD',
      [spec('00:0e.0', 'rciep', { ids: '8086:9a0b' }), spec('10000:e0:06.0', 'endpoint')],
      [
        '00:0e.0 quirk: Volume Management Device: its requester id stands for its whole segment [pci_real_dma_dev]',
      ],
    ],
    [
      'a borrowed requester id',
      [spec('00:03.0', 'endpoint', { ids: '1b4b:9230' }), spec('00:03.1', 'endpoint')],
      ['00:03.0 quirk: sends DMA with other requester ids [quirk_dma_func1_alias]'],
    ],
    [
      'a conventional bridge and its neighbour in the slot',
      [
        spec('00:14.0', 'pci', { multifunction: true }),
        spec('00:14.4', 'pci-bridge', { bus: '01-01', recordedGroup: 'none' }),
        spec('01:00.0', 'pci'),
      ],
      [
        '00:14.4 Express: no PCI Express capability [pci_for_each_dma_alias]',
        '00:14.4 header type: multifunction [get_pci_function_alias_group]',
        '00:14.4 Express: no PCI Express capability [pci_acs_enabled]',
        '00:14.0 Express: no PCI Express capability [pci_acs_enabled]',
      ],
    ],
  ])('%s', (_name, specs, expected) => {
    expect(lastEvidence(specs)).toEqual(expected);
  });
});
