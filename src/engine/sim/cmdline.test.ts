import { describe, expect, it } from 'vitest';
import { ScriptRun } from '../../testing/run-script';
import { readCmdline, requestsAcs, type Cmdline } from '../pci/cmdline';

/** What is left of a command line that says nothing. */
const SILENT: Cmdline = {
  pci: {},
  strict: null,
  passthrough: null,
  off: new Map(),
  modes: new Map(),
  unsafeInterrupts: false,
  vfioIds: [],
  remarks: [],
};
const read = (text: string, vendor: Parameters<typeof readCmdline>[1] = 'vtd'): Partial<Cmdline> => {
  const entries = Object.entries(readCmdline(text, vendor)).filter(([key]) => key in SILENT);
  return Object.fromEntries(
    entries.filter(
      ([key, value]) =>
        JSON.stringify(asJson(value)) !== JSON.stringify(asJson(SILENT[key as keyof Cmdline])),
    ),
  ) as Partial<Cmdline>;
};
const asJson = (value: unknown): unknown =>
  value instanceof Map ? [...(value as Map<unknown, unknown>)] : value;

/**
 * Expected values follow arch/x86/kernel/pci-dma.c iommu_setup(), drivers/iommu/iommu.c, intel/iommu.c intel_iommu_setup(),
 * amd/init.c parse_amd_iommu_options() and drivers/pci/pci.c pci_setup().
 */
describe('words of the command line', () => {
  it.each<[string, Partial<Cmdline>]>([
    ['', {}],
    ['iommu=pt', { passthrough: true }],
    ['iommu=pt iommu=nopt', { passthrough: false }],
    ['iommu.passthrough=1', { passthrough: true }],
    ['iommu.passthrough=0', { passthrough: false }],
    ['iommu.strict=1', { strict: true }],
    ['iommu.strict=0', { strict: false }],
    ['intel_iommu=on,strict', { strict: true }],
    ['amd_iommu=fullflush', { strict: true }],
    ['intel_iommu=on,sm_on', { modes: new Map([['vtd', 'scalable']]) }],
    ['intel_iommu=sm_off', { modes: new Map([['vtd', 'legacy']]) }],
    ['amd_iommu=pgtbl_v2', { modes: new Map([['amd', 'v2']]) }],
    ['intel_iommu=off', { off: new Map([['vtd', 'intel_iommu=off']]) }],
    ['intel_iommu=off intel_iommu=on', {}],
    ['amd_iommu=off', { off: new Map([['amd', 'amd_iommu=off']]) }],
    [
      'iommu=off',
      {
        off: new Map([
          ['vtd', 'iommu=off'],
          ['amd', 'iommu=off'],
        ]),
      },
    ],
    ['pci=noats', { pci: { noAts: true } }],
    ['pci=nommconf', { pci: { extendedConfig: false } }],
    [
      'pci=disable_acs_redir=00:1c.0;pci:8086:0,pcie_scan_all',
      { pci: { disableAcsRedir: '00:1c.0;pci:8086:0', scanAll: true } },
    ],
    ['pci=config_acs=1x@00:01.0 pci=config_acs=0@00:02.0', { pci: { configAcs: '0@00:02.0' } }],
    [
      'vfio-pci.ids=10de:1b80,10de:10f0:0:0',
      {
        vfioIds: [
          { vendorId: 0x10de, deviceId: 0x1b80 },
          { vendorId: 0x10de, deviceId: 0x10f0 },
        ],
      },
    ],
    ['vfio_iommu_type1.allow_unsafe_interrupts=1', { unsafeInterrupts: true }],
  ])('%s', (text, expected) => {
    expect(read(text)).toEqual(expected);
  });

  it('pcie_acs_override= is taken, and said to be what it is', () => {
    const { pci, remarks } = readCmdline('pcie_acs_override=downstream,multifunction,id:1234:0001', 'vtd');
    expect(pci.acsOverride).toEqual({
      downstream: true,
      multifunction: true,
      ids: [{ vendorId: 0x1234, deviceId: 1 }],
    });
    expect(remarks.join()).toMatch(/never merged/);
  });

  it.each<[string, RegExp]>([
    ['quiet root=/dev/sda1', /^nothing here reads quiet root=\/dev\/sda1$/],
    ['pci=nonsense', /Unknown option `nonsense'/],
    ['pci=nomsi', /pci=nomsi changes nothing here/],
    ['pci=config_acs=12@00:01.0', /Invalid ACS flags\.\.\. Ignoring: 12@00:01.0/],
    ['pci=config_acs=10000000@00:01.0', /Invalid ACS flags specified/],
    ['pci=config_acs=00:01.0', /ACS Flags missing/],
    ['iommu.strict=perhaps', /neither on nor off/],
    ['pcie_acs_override=everything', /does not know everything/],
    ['pcie_acs_override=id:zzzz:1', /invalid ID/],
    ['vfio-pci.ids=10de', /invalid id string "10de"/],
  ])('%s is remarked on', (text, expected) => {
    expect(readCmdline(text, 'vtd').remarks).toEqual([expect.stringMatching(expected) as string]);
  });

  it('words of x86 mean nothing to an Arm kernel', () => {
    const { off, passthrough, remarks } = readCmdline('iommu=pt intel_iommu=off', 'smmuv3');
    expect([off.size, passthrough, remarks]).toEqual([
      0,
      null,
      ['nothing here reads iommu=pt intel_iommu=off'],
    ]);
  });

  // Recorded: 22 machines of the training set boot with amd_iommu=off or without intel_iommu=on; see recorded-acs.test.ts.
  it('AMD’s driver asks for ACS before it looks whether it is off', () => {
    expect(requestsAcs(readCmdline('amd_iommu=off', 'amd'), 'amd')).toBe(true);
    expect(requestsAcs(readCmdline('iommu=off', 'amd'), 'amd')).toBe(false);
    expect(requestsAcs(readCmdline('intel_iommu=off', 'vtd'), 'vtd')).toBe(false);
  });
});

describe('a machine with a command line', () => {
  const SLOT = `pci 00:01.0 root-port id=8086:0001 bus=01-01 acs=SV+TB+RR+CR+UF
pci 01:00.0 endpoint id=10de:1b80 mf
pci 01:00.1 endpoint id=10de:10f0 mf
pci 00:02.0 root-port id=8086:0001 bus=02-02
pci 02:00.0 endpoint
`;
  const run = (cmdline: string, more = ''): ScriptRun =>
    ScriptRun.of(`machine q35 iommu=vtd cmdline="${cmdline}"\n${SLOT}${more}boot\n`);
  const groupsOf = (one: ScriptRun): string[][] =>
    [...one.simulator.world().values()]
      .filter((object) => object.type === 'group')
      .map((group) => group.deviceIds.map((id) => id.replace('dev:0000:', '')));

  it('has the groups that Linux makes then', () => {
    expect(groupsOf(run(''))).toEqual([['00:01.0'], ['00:02.0', '02:00.0'], ['01:00.0', '01:00.1']]);
    expect(groupsOf(run('pci=disable_acs_redir=00:01.0'))).toEqual([
      ['00:01.0', '01:00.0', '01:00.1'],
      ['00:02.0', '02:00.0'],
    ]);
    expect(groupsOf(run('pcie_acs_override=downstream,multifunction'))).toEqual([
      ['00:01.0'],
      ['00:02.0'],
      ['01:00.0'],
      ['01:00.1'],
      ['02:00.0'],
    ]);
  });
  it('shows the registers as they are then', () => {
    const port = run('pci=noats').simulator.world().get('dev:0000:00:01.0');
    expect(port?.type === 'device' && port.acs?.ctrl).toEqual(['SV', 'TB', 'RR', 'CR', 'UF']);
  });
  it('has no groups when the kernel leaves its IOMMU alone, and says why', () => {
    const off = run('intel_iommu=off');
    expect(off.wrong).toEqual([]);
    expect(groupsOf(off)).toEqual([]);
    const device = off.simulator.world().get('dev:0000:01:00.0');
    expect(device?.type === 'device' && device.ungrouped).toMatch(/intel_iommu=off/);
  });
  it('gives what vfio-pci.ids= names to vfio-pci', () => {
    const bound = run('vfio-pci.ids=10de:1b80,8086:0001');
    const driverOf = (bdf: string): string | null => {
      const device = bound.simulator.world().get(`dev:0000:${bdf}`);
      return device?.type === 'device' ? (device.driver?.name ?? null) : null;
    };
    expect([driverOf('01:00.0'), driverOf('01:00.1'), driverOf('00:01.0')]).toEqual(['vfio-pci', null, null]);
  });
  it('lets no device keep translations with pci=noats, nor one from outside at any time', () => {
    const services = (cmdline: string, flags: string): readonly string[] => {
      const script = `machine q35 iommu=vtd mode=scalable cmdline="${cmdline}"
pci 00:01.0 root-port bus=01-01 ${flags}
pci 01:00.0 endpoint driver=ahci ats pasid=16
boot
buf = mmap native 4K
x = dma_map_single 01:00.0 buf from
dma 01:00.0 write x 64`;
      const played = ScriptRun.of(script);
      expect(played.wrong).toEqual([]);
      const device = played.simulator.world().get('dev:0000:01:00.0');
      return device?.type === 'device' ? device.services : [];
    };
    expect(services('', '')).toContain('ATS');
    expect(services('pci=noats', '')).not.toContain('ATS');
    expect(services('pci=nommconf', '')).toEqual([]);
    expect(services('', 'external')).not.toContain('ATS');
  });
  it('tells in its margin what it could not use', () => {
    expect(run('iommu=pt quiet').results[0]?.result).toBe('nothing here reads quiet');
  });
});
