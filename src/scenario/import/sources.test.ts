import { describe, expect, it } from 'vitest';
import { ScriptRun } from '../../testing/run-script';
import { importMachine } from './import-machine';
import type { ImportedMachine } from './imported';

/** Samples are made up; their forms are those of the programs named beside them. */
function imported(text: string): ImportedMachine {
  const result = importMachine(text);
  if (result.status === 'failed') throw new Error(result.why);
  return result;
}
/** `pci` lines by address, without label. */
const pci = (text: string): Record<string, string> =>
  Object.fromEntries(
    imported(text)
      .lines.filter((line) => line.startsWith('pci '))
      .map((line) => [
        line.split(' ')[1]!,
        line
          .replace(/ "(?:[^"\\]|\\.)*"$/, '')
          .split(' ')
          .slice(2)
          .join(' '),
      ]),
  );
/** Recorded groups by address. */
const groups = (text: string): Record<string, string | undefined> =>
  Object.fromEntries(
    Object.entries(pci(text)).map(([name, rest]) => [name, /\bgroup=(\S+)/.exec(rest)?.[1]]),
  );

describe('lspci -t (pciutils ls-tree.c)', () => {
  const TREE = `-+-[0001:00]---00.0-[01]----00.0
 \\-[0000:00]-+-00.0
             +-01.0-[01-03]----00.0-[02-03]--+-00.0-[03]--+-00.0
             |                               |            \\-00.1
             |                               \\-01.0-[04]--
             +-1c.0-[05]--
             \\-1f.3
`;
  const BUSES = {
    '00:00.0': undefined,
    '00:01.0': '01-03',
    '01:00.0': '02-03',
    '02:00.0': '03-03',
    '02:01.0': '04-04',
    '03:00.0': undefined,
    '03:00.1': undefined,
    '00:1c.0': '05-05',
    '00:1f.3': undefined,
    '0001:00:00.0': '01-01',
    '0001:01:00.0': undefined,
  };
  const buses = (text: string) =>
    Object.fromEntries(
      Object.entries(pci(text)).map(([name, rest]) => [name, /\bbus=(\S+)/.exec(rest)?.[1]]),
    );

  it('tells which bridge leads where, on every segment', () => {
    expect(buses(TREE)).toEqual(BUSES);
  });
  it.each<[string, (text: string) => string]>([
    ['quoted', (text) => text.replace(/^/gm, '> ')],
    ['indented', (text) => text.replace(/^/gm, '    ')],
    ['CRLF', (text) => text.replaceAll('\n', '\r\n')],
    ['coloured', (text) => text.replace(/(\d\d\.\d)/g, '\u001b[1;32m$1\u001b[0m')],
    ['after a prompt', (text) => `user@host:~$ lspci -t\n${text}user@host:~$ `],
  ])('%s', (_shape, change) => {
    expect(buses(change(TREE))).toEqual(BUSES);
  });
  it('with -v has names, with -nn numbers', () => {
    const { lines } = imported(
      '-[0000:00]-+-00.0  Intel Corporation Device [8086:9b53]\n           \\-1f.3  8086:a3f0\n',
    );
    expect(lines.slice(1, 3)).toEqual([
      'pci 00:00.0 pci id=8086:9b53 "Intel Corporation Device"',
      'pci 00:1f.3 pci id=8086:a3f0',
    ]);
  });
  it('without its indentation is not understood where that carries the meaning', () => {
    const { notUnderstood, functions } = imported(TREE.replace(/^[ |]+/gm, ''));
    expect(functions).toBeLessThan(11);
    expect(notUnderstood).not.toEqual([]);
  });
});

const TITLES = {
  '00:00.0': 'Host bridge [0600]: Intel Corporation Host Bridge [8086:9b53] (rev 05)',
  '00:01.0': 'PCI bridge [0604]: Intel Corporation PCIe Controller (x16) [8086:1901] (rev 05)',
  '01:00.0': 'VGA compatible controller [0300]: NVIDIA Corporation GA104 [10de:2489] (rev a1)',
  '01:00.1':
    'Audio device [0403]: NVIDIA Corporation GA104 High Definition Audio Controller [10de:228b] (rev a1)',
  '00:14.0': 'USB controller [0c03]: Intel Corporation Comet Lake USB 3.1 xHCI Host Controller [8086:a36d]',
} as const;
const GROUP_OF = { '00:00.0': 0, '00:01.0': 1, '01:00.0': 1, '01:00.1': 1, '00:14.0': 10 } as const;
const NAMES = Object.keys(TITLES) as (keyof typeof TITLES)[];
const MADE = Object.fromEntries(NAMES.map((name) => [name, String(GROUP_OF[name])]));
const byGroup = (entry: (name: keyof typeof TITLES) => string, head: (group: number) => string): string =>
  [0, 1, 10]
    .map(
      (group) =>
        head(group) +
        NAMES.filter((name) => GROUP_OF[name] === group)
          .map(entry)
          .join(''),
    )
    .join('');

describe('lists of groups', () => {
  it.each<[string, string]>([
    [
      'Arch wiki',
      byGroup(
        (name) => `\t${name} ${TITLES[name]}\n`,
        (group) => `IOMMU Group ${group}:\n`,
      ),
    ],
    [
      'the same without its tabs',
      byGroup(
        (name) => `${name} ${TITLES[name]}\n`,
        (group) => `IOMMU Group ${group}:\n`,
      ),
    ],
    [
      'a number before each',
      byGroup(
        (name) => `IOMMU Group ${GROUP_OF[name]} ${name} ${TITLES[name]}\n`,
        () => '',
      ),
    ],
    [
      'small letters',
      byGroup(
        (name) => `IOMMU group ${GROUP_OF[name]} ${name} ${TITLES[name]}\n`,
        () => '',
      ),
    ],
    [
      'ls-iommu, numbers padded',
      byGroup(
        (name) => `IOMMU Group ${String(GROUP_OF[name]).padStart(3)}: 0000:${name} ${TITLES[name]}\n`,
        () => '',
      ),
    ],
    [
      'Group N:',
      byGroup(
        (name) => `Group ${GROUP_OF[name]}: ${name} ${TITLES[name]}\n`,
        () => '',
      ),
    ],
    [
      'paths',
      byGroup(
        (name) => `group /sys/kernel/iommu_groups/${GROUP_OF[name]}: ${name} ${TITLES[name]}\n`,
        () => '',
      ),
    ],
    [
      'numbers alone',
      byGroup(
        (name) => `${GROUP_OF[name]}: ${name} ${TITLES[name]}\n`,
        () => '',
      ),
    ],
    [
      'reset tags',
      byGroup(
        (name) => `\t[R] ${name} ${TITLES[name]}\n`,
        (group) => `IOMMU Group ${group}:\n`,
      ),
    ],
    [
      'bullets and rules',
      byGroup(
        (name) => ` - ${name} ${TITLES[name]}\n`,
        (group) => `### IOMMU Group ${group} ###\n`,
      ),
    ],
    [
      'drivers below',
      byGroup(
        (name) =>
          `\t${name} ${TITLES[name]}\n\t\tSubsystem: Device [1458:5000]\n\t\tKernel driver in use: x\n`,
        (group) => `IOMMU Group ${group}:\n`,
      ),
    ],
    [
      'a blank line between',
      byGroup(
        (name) => `\t${name} ${TITLES[name]}\n`,
        (group) => `\nIOMMU Group ${group}:\n`,
      ),
    ],
    [
      'coloured',
      byGroup(
        (name) => `\t\u001b[32m${name}\u001b[0m ${TITLES[name]}\n`,
        (group) => `\u001b[1mIOMMU Group ${group}:\u001b[0m\n`,
      ),
    ],
    [
      'quoted',
      byGroup(
        (name) => `> \t${name} ${TITLES[name]}\n`,
        (group) => `> IOMMU Group ${group}:\n`,
      ),
    ],
  ])('%s', (_which, text) => {
    expect(groups(text)).toEqual(MADE);
    const { certainty, notUnderstood } = imported(text);
    expect(certainty.state).toBe('recorded');
    expect(notUnderstood).toEqual([]);
  });

  it('a table of ids, addresses, classes and names', () => {
    const text =
      'Group:  1   [8086:1901] [R] 00:01.0  PCI bridge                        PCIe Controller (x16)\n' +
      '            [10de:2489] [R] 01:00.0  VGA compatible controller         GA104\n';
    expect(pci(text)['00:01.0']).toMatch(/id=8086:1901 .*group=1/);
  });

  it.each<[string, string]>([
    [
      'find',
      NAMES.map((name) => `/sys/kernel/iommu_groups/${GROUP_OF[name]}/devices/0000:${name}\n`).join(''),
    ],
    [
      'the shell’s own pattern, in one line',
      `${NAMES.map((name) => `/sys/kernel/iommu_groups/${GROUP_OF[name]}/devices/0000:${name}`).join(' ')}\n`,
    ],
    [
      'ls',
      byGroup(
        (name) => `0000:${name}  `,
        (group) => `\n\n/sys/kernel/iommu_groups/${group}/devices:\n`,
      ),
    ],
    [
      'ls -l',
      byGroup(
        (name) =>
          `lrwxrwxrwx 1 root root 0 Feb  4 10:29 0000:${name} -> ../../../../devices/pci0000:00/${name.startsWith('01') ? '0000:00:01.0/' : ''}0000:${name}\n`,
        (group) => `\n/sys/kernel/iommu_groups/${group}/devices:\ntotal 0\n`,
      ),
    ],
    [
      'ls -l in one folder',
      NAMES.map(
        (name) =>
          `lrwxrwxrwx. 1 root root 0 4. Feb 10:29 /sys/kernel/iommu_groups/${GROUP_OF[name]}/devices/0000:${name} -> ../../../../devices/pci0000:00/0000:${name}\n`,
      ).join(''),
    ],
    [
      'readlink',
      NAMES.map(
        (name) =>
          `/sys/bus/pci/devices/0000:${name}/iommu_group -> ../../../../kernel/iommu_groups/${GROUP_OF[name]}\n`,
      ).join(''),
    ],
  ])('%s, with the titles of lspci -nn', (_which, list) => {
    const titles = NAMES.map((name) => `${name} ${TITLES[name]}\n`).join('');
    expect(groups(`${titles}\n${list}`)).toEqual(MADE);
    expect(groups(`${list}\n${titles}`)).toEqual(MADE);
    expect(groups(list)).toEqual(MADE);
  });

  it('a plain listing after a list of groups is no part of its last group', () => {
    const list = byGroup(
      (name) => `${name} ${TITLES[name]}\n`,
      (group) => `IOMMU Group ${group}:\n`,
    );
    const more = `${NAMES.toSorted()
      .map((name) => `${name} ${TITLES[name]}\n`)
      .join('')}00:1f.3 Audio device [0403]: Intel Corporation X [8086:a3f0]\n`;
    expect(groups(list + more)).toEqual({ ...MADE, '00:1f.3': undefined });
  });

  it('ls -l tells the bridges on the way too', () => {
    const link = (name: string, way: string) =>
      `lrwxrwxrwx 1 root root 0 Feb  4 10:29 0000:${name} -> ../../../../devices/pci0000:00/${way}0000:${name}\n`;
    const text = `/sys/kernel/iommu_groups/7/devices:\n${link('00:1c.0', '')}${link('02:00.0', '0000:00:1c.0/')}${link('03:04.0', '0000:00:1c.0/0000:02:00.0/')}`;
    expect(pci(text)['00:1c.0']).toMatch(/bus=02-03/);
    expect(pci(text)['02:00.0']).toMatch(/bus=03-03/);
  });

  it('devices that are not PCI are no functions', () => {
    const text = `${NAMES.map((name) => `/sys/kernel/iommu_groups/${GROUP_OF[name]}/devices/0000:${name}`).join('\n')}\n/sys/kernel/iommu_groups/3/devices/3010000.usb\n`;
    expect(groups(text)).toEqual(MADE);
    expect(imported(text).notUnderstood).toEqual([]);
  });

  it('reserved regions of a group become those of a function of it', () => {
    const text = `/sys/kernel/iommu_groups/10/devices/0000:00:14.0
/sys/kernel/iommu_groups/10/reserved_regions:0x000000003e2e0000 0x000000003e2fffff direct-relaxable
/sys/kernel/iommu_groups/10/reserved_regions:0x00000000fee00000 0x00000000feefffff msi
`;
    expect(imported(text).lines.filter((line) => line.startsWith('reserve'))).toEqual([
      'reserve 00:14.0 0x3e2e0000-0x3e2fffff direct-relaxable',
    ]);
  });
});

describe('the kernel’s log (Linux: pci_setup_device(), pci_read_bases(), iommu_group_add_device())', () => {
  const LOG = `DMI: ACME Workbench/0X1, BIOS 1.2 01/02/2024
Kernel command line: BOOT_IMAGE=/vmlinuz root=UUID=1 ro quiet intel_iommu=on iommu=pt pci=noats,realloc pcie_acs_override=downstream
DMAR: Host address width 39
DMAR: DRHD base: 0x000000fed90000 flags: 0x0
DMAR: dmar0: reg_base_addr fed90000 ver 1:0 cap 1c0000c40660462 ecap 19e2ff0505e
DMAR: DRHD base: 0x000000fed91000 flags: 0x1
DMAR: dmar1: reg_base_addr fed91000 ver 1:0 cap d2008c40660462 ecap f050da
DMAR: RMRR base: 0x0000003e2e0000 end: 0x0000003e2fffff
DMAR-IR: Enabled IRQ remapping in x2apic mode
PCI host bridge to bus 0000:00
pci_bus 0000:00: root bus resource [bus 00-fe]
pci 0000:00:00.0: [8086:9b53] type 00 class 0x060000 conventional PCI endpoint
pci 0000:00:01.0: [8086:1901] type 01 class 0x060400 PCIe Root Port
pci 0000:00:01.0: PCI bridge to [bus 01]
pci 0000:00:01.0: PME# supported from D0 D3hot D3cold
pci 0000:00:02.0: [8086:9bc5] type 00 class 0x030000 PCIe Root Complex Integrated Endpoint
pci 0000:00:02.0: BAR 0 [mem 0xb0000000-0xb0ffffff 64bit]
pci 0000:00:02.0: BAR 2 [mem 0xa0000000-0xafffffff 64bit pref]
pci 0000:01:00.0: [10de:2489] type 00 class 0x030000 PCIe Legacy Endpoint
pci 0000:01:00.0: reg 0x10: [mem 0xb1000000-0xb1ffffff]
pci 0000:01:00.0: BAR 0: assigned [mem 0xb2000000-0xb2ffffff]
iommu: Default domain type: Passthrough (set via kernel command line)
pci 0000:00:00.0: Adding to iommu group 0
pci 0000:00:02.0: Adding to iommu group 1
pci 0000:00:01.0: Adding to iommu group 2
pci 0000:01:00.0: Adding to iommu group 2
nouveau 0000:01:00.0: NVIDIA GA104
i915 0000:00:02.0: [drm] Found COMETLAKE
`;
  const MACHINE = {
    '00:00.0': 'pci id=8086:9b53 class=060000 group=0',
    '00:01.0': 'root-port id=8086:1901 bus=01-01 group=2',
    '00:02.0':
      'rciep id=8086:9bc5 class=030000 group=1 driver=i915 bars=b0000000-b0ffffff+a0000000-afffffffp',
    '01:00.0': 'legacy-endpoint id=10de:2489 class=030000 group=2 bars=b2000000-b2ffffff',
  };

  it('alone makes a machine', () => {
    expect(pci(LOG)).toEqual(MACHINE);
    const { lines, iommu, notUnderstood } = imported(LOG);
    expect(ScriptRun.of(lines.join('\n')).wrong).toEqual([]);
    expect(lines[0]).toBe(
      'machine "ACME Workbench/0X1" iommu=vtd cmdline="intel_iommu=on iommu=pt pci=noats pcie_acs_override=downstream" passthrough',
    );
    expect(iommu).toMatchObject({ kind: 'vtd', told: true, units: ['dmar0', 'dmar1'] });
    expect(notUnderstood).toEqual([]);
  });

  it.each<[string, (line: string, index: number) => string]>([
    ['dmesg', (line, index) => `[    ${(index / 100).toFixed(6)}] ${line}`],
    ['dmesg -T', (line) => `[Sat Nov 21 09:15:14 2026] ${line}`],
    ['dmesg -T in German', (line) => `[Sa Nov 21 09:15:14 2026] ${line}`],
    ['dmesg -x', (line, index) => `kern  :info  : [    ${(index / 100).toFixed(6)}] ${line}`],
    ['journalctl -k', (line) => `Nov 21 09:15:14 host.example kernel: ${line}`],
    ['journalctl -o short-iso', (line) => `2026-11-21T09:15:14+0100 host kernel: ${line}`],
    ['raw', (line) => `<6>[    0.100000] ${line}`],
    ['quoted', (line) => `> [    0.100000] ${line}`],
    ['CRLF', (line) => `[    0.100000] ${line}\r`],
    [
      'coloured',
      (line) => `\u001b[32m[    0.100000] \u001b[0m\u001b[33m${line.replace(': ', ': \u001b[0m')}`,
    ],
  ])('as %s prints it', (_how, change) => {
    const text = LOG.split('\n').slice(0, -1).map(change).join('\n');
    expect(pci(`${text}\n`)).toEqual(MACHINE);
    expect(imported(`${text}\n`).notUnderstood).toEqual([]);
  });

  it('lines that a terminal broke are read whole', () => {
    const text = LOG.split('\n')
      .map((line) => `[    0.100000] ${line}`.replace(/^(.{80})(.+)$/, '$1\n$2'))
      .join('\n');
    expect(pci(text)).toEqual(MACHINE);
  });

  it('older kernels print no port type, and before that no interface', () => {
    expect(pci('pci 0000:00:1c.0: [8086:a114] type 01 class 0x060400\n')['00:1c.0']).toMatch(
      /^pci-bridge id=8086:a114/,
    );
    expect(pci('pci 0000:00:1f.2: [8086:3b2f] type 0 class 0x000106\n')['00:1f.2']).toMatch(/class=010600/);
    expect(pci('pci 0000:00:1f.2: found [8086:2929] class 000106 header type 00\n')['00:1f.2']).toMatch(
      /class=010600/,
    );
  });

  it('what joins and leaves its group later is in its last one', () => {
    const text = `${LOG}pci 0000:01:00.0: Removing from iommu group 2\npci 0000:01:00.0: Adding to iommu group 9\n`;
    expect(groups(text)['01:00.0']).toBe('9');
  });

  it('which unit covers what comes from sysfs', () => {
    const text = `${LOG}/sys/class/iommu/dmar0/devices/0000:00:02.0\n`;
    const { lines, gaps } = imported(text);
    expect(lines).toContain('iommu unit0 vtd');
    expect(pci(text)['00:02.0']).toMatch(/iommu=unit0/);
    expect(gaps.map((gap) => gap.text).join()).not.toMatch(/which of the IOMMUs/);
    expect(ScriptRun.of(lines.join('\n')).wrong).toEqual([]);
  });

  it('without it, the gap is named, and the command', () => {
    const { gaps, ask } = imported(LOG);
    expect(gaps.map((gap) => gap.text).join()).toMatch(
      /which of the IOMMUs \(dmar0, dmar1\) covers which function/,
    );
    expect(gaps.map((gap) => gap.text).join()).toMatch(/memory is reserved .*RMRR/);
    expect(ask.map(({ command }) => command)).toContain('sudo acpidump -n DMAR');
  });

  it('an identity map names the device of a reserved region', () => {
    const text = `${LOG}DMAR: Setting identity map for device 0000:00:02.0 [0x3e2e0000 - 0x3e2fffff]\n`;
    expect(imported(text).lines).toContain('reserve 00:02.0 0x3e2e0000-0x3e2fffff direct');
    expect(
      imported(text)
        .gaps.map((gap) => gap.text)
        .join(),
    ).not.toMatch(/RMRR/);
  });

  it.each([
    ['AMD-Vi', 'pci 0000:00:00.2: AMD-Vi: Found IOMMU cap 0x40', 'amd', 'ivhd0'],
    ['older AMD-Vi', 'AMD-Vi: Found IOMMU at 0000:00:00.2 cap 0x40', 'amd', 'ivhd0'],
    [
      'SMMUv3',
      'arm-smmu-v3 arm-smmu-v3.0.auto: ias 44-bit, oas 44-bit (features 0x00001e9f)',
      'smmuv3',
      'arm-smmu-v3.0.auto',
    ],
  ] as const)('%s', (_name, line, kind, unit) => {
    const text = `pci 0000:00:00.0: [1234:0001] type 00 class 0x060000\n${line}\n`;
    expect(imported(text).iommu).toMatchObject({ kind, told: true, units: [unit] });
    expect(imported(text).lines[0]).toMatch(new RegExp(`iommu=${kind}`));
  });

  it('an IOMMU that is not modelled is said', () => {
    const { iommu, remarks } = imported(
      'pci 0000:00:00.0: [1b36:0008] type 00 class 0x060000\nvirtio_iommu virtio0: input address: 64 bits\n',
    );
    expect(iommu).toMatchObject({ kind: 'vtd', told: false });
    expect(remarks.map(({ text }) => text).join()).toMatch(/virtio-iommu; its groups are computed/);
  });
});

describe('uevent files (Linux: pci_uevent())', () => {
  it('name driver, class and ids of a function', () => {
    const text =
      'DRIVER=nvme\nPCI_CLASS=10802\nPCI_ID=144D:A808\nPCI_SUBSYS_ID=144D:A801\nPCI_SLOT_NAME=0000:03:00.0\nMODALIAS=pci:v0000144Dd0000A808sv0000144Dsd0000A801bc01sc08i02\n';
    expect(pci(text)['03:00.0']).toMatch(/id=144d:a808 .*class=010802 .*driver=nvme/);
  });
});

describe('the command line', () => {
  it('of /proc/cmdline, and only words that matter here', () => {
    const text = `BOOT_IMAGE=/boot/vmlinuz-6.8 root=/dev/sda2 ro quiet splash amd_iommu=off pci=config_acs=xx0000x@pci:1b36:000c,nomsi vfio-pci.ids=10de:2489\n\n00:00.0 0600: 1022:1480\n`;
    expect(imported(text).lines[0]).toBe(
      'machine "imported" iommu=amd cmdline="amd_iommu=off pci=config_acs=xx0000x@pci:1b36:000c vfio-pci.ids=10de:2489"',
    );
  });
});

describe('what a script has no word for is said', () => {
  it.each<[string, string, RegExp]>([
    ['no interrupt remapping', 'DMAR-IR: Not enabling interrupt remapping', /interrupts are not remapped/],
    ['the IOMMU is off', 'DMAR: IOMMU disabled', /the log says that the IOMMU is off/],
    [
      'platform devices',
      'platform 3010000.usb: Adding to iommu group 3',
      /not on a PCI bus are left out \(1, 3010000\.usb first\)/,
    ],
  ])('%s', (_what, message, expected) => {
    const { remarks } = imported(`00:00.0 0600: 8086:9b53\n\n${message}\n`);
    expect(remarks.map(({ text }) => text).join()).toMatch(expected);
  });
});

it('ls of an IOMMU’s devices tells what it covers', () => {
  const text =
    '00:00.0 0600: 8086:9b53\n00:02.0 0300: 8086:9bc5\n\n/sys/class/iommu/dmar0/devices:\n0000:00:02.0\n\n/sys/class/iommu/dmar1/devices:\n0000:00:00.0\n';
  expect(pci(text)['00:00.0']).not.toMatch(/iommu=/);
  expect(imported(text).iommu.units).toEqual(['dmar0', 'dmar1']);
});
