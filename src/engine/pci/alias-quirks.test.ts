import { describe, expect, it } from 'vitest';
import { at, machineOf, spec } from '../../testing/pci-machine';
import { dmaAliases } from './alias';
import { ALIAS_QUIRKS } from './alias-quirks';
import { devfnOf } from './address';

/** Linux 7.1, drivers/pci/quirks.c, the DECLARE_PCI_FIXUP_HEADER() lines of its alias quirks: function, vendor, devices. */
const KERNEL = `
  quirk_dma_func0_alias 1180 e832 e476
  quirk_dma_func0_alias 6766 3d40 3d41
  quirk_dma_func1_alias 1b4b 9120 9123 9125 9128 9130 9170 9172 917a 9182 9183 91a0 9215 9220 9230 9235
  quirk_dma_func1_alias 1103 0642 0645
  quirk_dma_func1_alias 197b 2392
  quirk_dma_func1_alias 1c28 0122
  quirk_fixed_dma_alias 9005 0285
  quirk_use_pcie_bridge_dma_alias 1b21 1080
  quirk_use_pcie_bridge_dma_alias 10e3 8113
  quirk_use_pcie_bridge_dma_alias 1283 8892 8893
  quirk_use_pcie_bridge_dma_alias 8086 244e
  quirk_mic_x200_dma_alias 8086 2260 2264
  quirk_pex_vca_alias 8086 2954 2955 2956 2958 2959 295a
  quirk_bridge_cavm_thrx2_pcie_root 14e4 9000 9084
  quirk_aspeed_pci_bridge_no_alias 1a03 1150
  quirk_plx_ntb_dma_alias 10b5 87b0 87b1`;

const ROWS = KERNEL.trim()
  .split('\n')
  .map((line) => line.trim().split(' '))
  .flatMap(([name = '', vendor = '', ...devices]) =>
    devices.map((device) => [name, `${vendor}:${device}`] as const),
  );

const hex = (id: number): string => id.toString(16).padStart(4, '0');
const of = (name: string): readonly (readonly [string])[] =>
  ROWS.filter(([row]) => row === name).map(([, ids]) => [ids]);

/** Devfns of its own bus that 00:05.`fn` sends with. */
function aliasesAt(
  ids: string,
  fn: number,
  subsystem: { vendorId: number; deviceId: number } | null = null,
): number[] {
  const topology = machineOf([spec(`00:05.${fn}`, 'endpoint', { ids, subsystem, multifunction: true })]);
  return [...dmaAliases(at(topology, `00:05.${fn}`))].sort((a, b) => a - b);
}
const SELF = (fn: number): number => devfnOf(5, fn);

describe('requester id quirks', () => {
  it('are those of the kernel, in its order', () => {
    expect(
      ALIAS_QUIRKS.flatMap(([vendor, devices, name]) =>
        devices.map((id) => [name, `${hex(vendor)}:${hex(id)}`]),
      ),
    ).toEqual(ROWS);
  });

  it.each(of('quirk_dma_func0_alias'))('%s: function 0 of its slot, unless it is that', (ids) => {
    expect(aliasesAt(ids, 2)).toEqual([SELF(0), SELF(2)]);
    expect(aliasesAt(ids, 0)).toEqual([SELF(0)]);
  });
  it.each(of('quirk_dma_func1_alias'))('%s: function 1 of its slot, unless it is that', (ids) => {
    expect(aliasesAt(ids, 0)).toEqual([SELF(0), SELF(1)]);
    expect(aliasesAt(ids, 1)).toEqual([SELF(1)]);
  });
  it.each([
    [0x9005, 0x02bb, true],
    [0x9005, 0x02bc, true],
    [0x9005, 0x02bd, false],
    [0x9004, 0x02bb, false],
  ])(
    'quirk_fixed_dma_alias: subsystem %i:%i has its DMA engine at 01.0: %s',
    (vendorId, deviceId, aliased) => {
      expect(aliasesAt('9005:0285', 0, { vendorId, deviceId })).toEqual(
        aliased ? [devfnOf(1, 0), SELF(0)] : [SELF(0)],
      );
    },
  );
  it.each(of('quirk_mic_x200_dma_alias'))('%s: 10.0, 11.0 and 12.3', (ids) => {
    expect(aliasesAt(ids, 0)).toEqual([SELF(0), devfnOf(0x10, 0), devfnOf(0x11, 0), devfnOf(0x12, 3)]);
  });
  it.each(of('quirk_pex_vca_alias'))('%s: five functions of every slot', (ids) => {
    const all = Array.from({ length: 256 }, (_, devfn) => devfn).filter((devfn) => (devfn & 7) < 5);
    expect(aliasesAt(ids, 0)).toEqual(all);
    expect(aliasesAt(ids, 7)).toEqual([...all, SELF(7)].sort((a, b) => a - b));
  });
  it.each(of('quirk_plx_ntb_dma_alias'))('%s: every devfn', (ids) => {
    expect(aliasesAt(ids, 0)).toHaveLength(256);
  });

  it('what a script tells (an IVRS alias entry, the tables of a Switchtec NTB)', () => {
    const topology = machineOf([spec('00:05.0', 'endpoint', { aliases: [devfnOf(0x10, 0), devfnOf(5, 3)] })]);
    expect(dmaAliases(at(topology, '00:05.0'))).toEqual([SELF(0), SELF(3), devfnOf(0x10, 0)]);
  });

  const below = (
    ids: string,
    kind: 'pci-bridge' | 'pcie-to-pci' | 'root-port',
    above: 'root-port' | 'pcie-to-pci',
  ) => {
    const topology = machineOf([
      spec('00:1c.0', above, { bus: '01-02' }),
      spec('01:03.0', kind, { ids, bus: '02-02' }),
      spec('02:04.0', 'pci'),
    ]);
    return [...dmaAliases(at(topology, '02:04.0'))];
  };
  const DEVICE = 0x0220;
  it.each(of('quirk_use_pcie_bridge_dma_alias'))(
    '%s without a PCIe capability, below a PCIe port: its secondary bus, function 0',
    (ids) => {
      expect(below(ids, 'pci-bridge', 'root-port')).toEqual([DEVICE, 0x0200]);
      // Below a PCIe-to-PCI bridge it is a conventional one, and as any other passes its own id on.
      expect(below(ids, 'pci-bridge', 'pcie-to-pci')).toEqual([DEVICE, 0x0118, 0x0100]);
      expect(below('1234:0001', 'pci-bridge', 'root-port')).toEqual([DEVICE, 0x0118]);
    },
  );
  it.each(of('quirk_bridge_cavm_thrx2_pcie_root'))('%s: nothing is added from there up', (ids) => {
    expect(below(ids, 'pcie-to-pci', 'root-port')).toEqual([DEVICE]);
  });
  it('AST1150 passes requester ids on, as no other PCIe-to-PCI bridge does', () => {
    expect(below('1a03:1150', 'pcie-to-pci', 'root-port')).toEqual([DEVICE]);
    expect(below('1a03:1151', 'pcie-to-pci', 'root-port')).toEqual([DEVICE, 0x0200]);
  });
});
