import { describe, expect, it } from 'vitest';
import { importMachine } from './import-machine';
import type { CertainGroup, ImportedMachine } from './imported';

function imported(text: string): ImportedMachine {
  const result = importMachine(text);
  if (result.status === 'failed') throw new Error(result.why);
  return result;
}
const line = (text: string, address: string): string | undefined =>
  imported(text).lines.find((each) => each.startsWith(`pci ${address} `));

const HOST =
  '00:00.0 Host bridge [0600]: Intel Corporation Host Bridge [8086:9b53]\n\tControl: I/O-\n\tStatus: Cap-\n';
const port = (device: string, bus: string, caps: string, fn = '0'): string =>
  `00:${device}.${fn} PCI bridge [0604]: Intel Corporation Port [8086:7ab8] (prog-if 00 [Normal decode])
\tControl: I/O+ Mem+ BusMaster+
\tStatus: Cap+ 66MHz-
\tBus: primary=00, secondary=${bus}, subordinate=${bus}, sec-latency=0
${caps}\tKernel driver in use: pcieport
`;
const DENIED = '\tCapabilities: <access denied>\n';
const ISOLATES = `\tCapabilities: [40] Express (v2) Root Port (Slot+), MSI 00
\tCapabilities: [100 v1] Access Control Services
\t\tACSCap:\tSrcValid+ TransBlk+ ReqRedir+ CmpltRedir+ UpstreamFwd+ EgressCtrl- DirectTrans-
\t\tACSCtl:\tSrcValid+ TransBlk- ReqRedir+ CmpltRedir+ UpstreamFwd+ EgressCtrl- DirectTrans-
`;
const LEAKS = '\tCapabilities: [40] Express (v2) Root Port (Slot+), MSI 00\n';
const nic = (
  bus: string,
  fn: string,
  caps = '\tCapabilities: [40] Express (v2) Endpoint, MSI 00\n',
): string =>
  `${bus}:00.${fn} Ethernet controller [0200]: Somebody NIC [abcd:0001]\n\tControl: I/O-\n\tStatus: Cap+ 66MHz-\n${caps}\tKernel driver in use: e1000e\n`;

const shapes = ({ certainty }: ImportedMachine): Record<string, CertainGroup['state']> =>
  Object.fromEntries(
    certainty.groups.map(({ state, parts }) => [
      parts.map((part) => part.map((name) => name.slice(5)).join(' ')).join(' | '),
      state,
    ]),
  );

describe('what is certain', () => {
  it('with every register in the text, all is', () => {
    const read = imported(
      HOST + port('1c', '01', ISOLATES) + port('1d', '02', LEAKS) + nic('01', '0') + nic('02', '0'),
    );
    expect(read.certainty.state).toBe('certain');
    expect(shapes(read)).toEqual({
      '00:00.0': 'certain',
      '00:1c.0': 'certain',
      '01:00.0': 'certain',
      '00:1d.0 02:00.0': 'certain',
    });
    expect(read.ask).toEqual([]);
    expect(read.gaps).toEqual([]);
  });

  it('without ACS lines a port and what is below it may be one group or two: open, and who decides', () => {
    const read = imported(HOST + port('1c', '01', DENIED) + nic('01', '0', DENIED));
    expect(read.certainty.state).toBe('open');
    expect(shapes(read)).toEqual({ '00:00.0': 'certain', '00:1c.0 | 01:00.0': 'open' });
    expect(read.certainty.groups.find(({ state }) => state === 'open')?.decides).toEqual([
      '0000:00:1c.0',
      '0000:01:00.0',
    ]);
    expect(read.certainty.undecided).toContainEqual({
      address: '0000:00:1c.0',
      what: 'kind-and-acs',
      line: 4,
    });
    expect(read.ask[0]?.command).toBe('sudo lspci -vvvnnxxxx');
    expect(read.ask.map(({ command }) => command)).toContain('find /sys/kernel/iommu_groups -type l');
  });

  it('what ports of other slots lead to stays apart for certain', () => {
    const read = imported(
      HOST +
        port('1c', '01', DENIED) +
        port('1d', '02', DENIED) +
        nic('01', '0', DENIED) +
        nic('02', '0', DENIED),
    );
    expect(shapes(read)).toEqual({
      '00:00.0': 'certain',
      '00:1c.0 | 01:00.0': 'open',
      '00:1d.0 | 02:00.0': 'open',
    });
  });

  it('below a port whose registers are told, only its own functions are open', () => {
    const read = imported(
      HOST + port('1c', '01', ISOLATES) + nic('01', '0', DENIED) + nic('01', '1', DENIED),
    );
    expect(shapes(read)).toEqual({
      '00:00.0': 'certain',
      '00:1c.0': 'certain',
      '01:00.0 | 01:00.1': 'open',
    });
  });

  it('a quirk of the kernel decides without registers (Linux: pci_quirk_intel_pch_acs_ids)', () => {
    const pch = (device: string, bus: string) => port(device, bus, DENIED).replace('8086:7ab8', '8086:1c10');
    const read = imported(HOST + pch('1c', '01') + nic('01', '0', DENIED));
    expect(shapes(read)).toMatchObject({ '00:00.0': 'certain' });
    // Only a root port has the quirk, and which kind it is stays hidden: named so, it is taken as one.
    const named = imported(
      (HOST + pch('1c', '01') + nic('01', '0', DENIED)).replace(
        'Intel Corporation Port',
        'Intel Corporation PCI Express Root Port',
      ),
    );
    expect(named.lines.find((each) => each.startsWith('pci 00:1c.0'))).toMatch(/root-port/);
  });

  it('recorded groups settle what registers leave open', () => {
    const text = HOST + port('1c', '01', DENIED) + nic('01', '0', DENIED) + nic('01', '1', DENIED);
    const list = (numbers: Record<string, number>) =>
      Object.entries(numbers)
        .map(([name, number]) => `/sys/kernel/iommu_groups/${number}/devices/0000:${name}\n`)
        .join('');
    const apart = imported(text + list({ '00:00.0': 0, '00:1c.0': 1, '01:00.0': 2, '01:00.1': 2 }));
    expect(apart.certainty.state).toBe('recorded');
    expect(shapes(apart)).toEqual({
      '00:00.0': 'certain',
      '00:1c.0': 'recorded',
      '01:00.0 01:00.1': 'recorded',
    });
    expect(apart.lines[2]).toMatch(/acs=SV\+RR\+CR\+UF/);
    const together = imported(text + list({ '00:00.0': 0, '00:1c.0': 1, '01:00.0': 1, '01:00.1': 1 }));
    expect(shapes(together)).toEqual({ '00:00.0': 'certain', '00:1c.0 01:00.0 01:00.1': 'recorded' });
    expect(together.lines[2]).not.toMatch(/acs=/);
    expect([...apart.contradictions, ...together.contradictions]).toEqual([]);
  });
});

describe('contradictions', () => {
  const contradictions = (text: string): string =>
    imported(text)
      .contradictions.map(({ text: words }) => words)
      .join('\n');
  const WHOLE = HOST + port('1c', '01', ISOLATES) + nic('01', '0');

  it.each<[string, string, RegExp]>([
    [
      'group numbers',
      `IOMMU Group 3:\n\t01:00.0 Ethernet controller [0200]: Somebody NIC [abcd:0001]\n/sys/kernel/iommu_groups/4/devices/0000:01:00.0\n`,
      /01:00\.0: IOMMU group 4 in sysfs, 3 in the list of groups; 4 was taken/,
    ],
    [
      'drivers',
      nic('01', '0').replace('e1000e', 'vfio-pci'),
      /01:00\.0: driver e1000e in one listing, vfio-pci in another; e1000e was taken/,
    ],
    [
      'numbers of a device',
      'pci 0000:00:00.0: [8086:9b53] type 00 class 0x060000\npci 0000:01:00.0: [abcd:0002] type 00 class 0x020000\n',
      /01:00\.0|kernel log seems to be of another machine/,
    ],
    [
      'a function that only the log knows',
      'pci 0000:00:00.0: [8086:9b53] type 00 class 0x060000\npci 0000:05:00.0: [abcd:0002] type 00 class 0x020000\n',
      /05:00\.0 in the kernel log, but not in the listing that was taken; left out/,
    ],
    [
      'a function that only a list of groups knows',
      '/sys/kernel/iommu_groups/4/devices/0000:07:00.0\n',
      /07:00\.0 in sysfs, but not in the listing that was taken; left out/,
    ],
    [
      'buses',
      '-[0000:00]-+-00.0\n           \\-1c.0-[02]----00.0\n',
      /00:1c\.0 leads to other buses in lspci -t than in the listing/,
    ],
    [
      'IOMMUs of two vendors',
      'DMAR: dmar0: reg_base_addr fed90000 ver 1:0 cap 1c0000c40660462 ecap 19e2ff0505e\nAMD-Vi: Found IOMMU at 0000:00:00.2 cap 0x40\n',
      /Intel VT-d in line \d+, AMD-Vi in line \d+; the former was taken/,
    ],
    [
      'two command lines',
      'Kernel command line: intel_iommu=on\nKernel command line: intel_iommu=off\n',
      /two command lines: "intel_iommu=on" and "intel_iommu=off"; the former/,
    ],
    [
      'groups that the registers exclude: together',
      '/sys/kernel/iommu_groups/1/devices/0000:00:1c.0\n/sys/kernel/iommu_groups/1/devices/0000:01:00.0\n',
      /01:00\.0 and 00:1c\.0 are both in IOMMU group 1 of the text, but by the registers in the text Linux keeps them apart/,
    ],
  ])('%s', (_what, more, expected) => {
    const read = imported(`${WHOLE}\n${more}`);
    expect(contradictions(`${WHOLE}\n${more}`)).toMatch(expected);
    for (const { lines } of read.contradictions) expect(lines.every((number) => number >= 1)).toBe(true);
    expect(read.functions).toBe(3);
  });

  it('groups that the registers exclude: apart', () => {
    const text = `${HOST}${port('1d', '02', LEAKS)}${nic('02', '0')}/sys/kernel/iommu_groups/1/devices/0000:00:1d.0\n/sys/kernel/iommu_groups/2/devices/0000:02:00.0\n`;
    expect(contradictions(text)).toMatch(/02:00\.0 is in IOMMU group 2 of the text and 00:1d\.0 in 1, but/);
  });

  it('sources that agree contradict nothing', () => {
    const log =
      'pci 0000:00:1c.0: [8086:7ab8] type 01 class 0x060400 PCIe Root Port\npci 0000:00:1c.0: PCI bridge to [bus 01]\n';
    const tree = '-[0000:00]-+-00.0\n           \\-1c.0-[01]----00.0\n';
    expect(imported(`${WHOLE}\n${log}${tree}`).contradictions).toEqual([]);
    expect(imported(`${WHOLE}\n${log}${tree}`).lines).toEqual(imported(WHOLE).lines);
  });
});

describe('sources complete each other', () => {
  it('the log gives ports their kind, the tree bridges their buses, sysfs groups, titles names', () => {
    const text = `00:1c.0 PCI bridge [0604]: Intel Corporation Port [8086:7ab8]
01:00.0 Ethernet controller [0200]: Somebody NIC [abcd:0001]

-[0000:00]---1c.0-[01]----00.0

pci 0000:00:1c.0: [8086:7ab8] type 01 class 0x060400 PCIe Root Port
e1000e 0000:01:00.0: Intel(R) PRO/1000 Network Connection
pci 0000:01:00.0: [abcd:0001] type 00 class 0x020000 PCIe Endpoint
e1000e 0000:01:00.0: registered PHC clock
/sys/kernel/iommu_groups/5/devices/0000:01:00.0
`;
    expect(line(text, '00:1c.0')).toBe(
      'pci 00:1c.0 root-port id=8086:7ab8 bus=01-01 "Intel Corporation Port"',
    );
    expect(line(text, '01:00.0')).toBe(
      'pci 01:00.0 endpoint id=abcd:0001 class=020000 group=5 driver=e1000e "Somebody NIC"',
    );
  });

  it('lspci of one card with the log of the machine', () => {
    const log = [
      'pci 0000:00:00.0: [8086:9b53] type 00 class 0x060000 conventional PCI endpoint',
      'pci 0000:00:1c.0: [8086:7ab8] type 01 class 0x060400 PCIe Root Port',
      'pci 0000:00:1c.0: PCI bridge to [bus 01]',
      'pci 0000:01:00.0: [abcd:0001] type 00 class 0x020000 PCIe Endpoint',
    ].join('\n');
    expect(imported(`${nic('01', '0')}\n${log}\n`).functions).toBe(3);
    expect(line(`${nic('01', '0')}\n${log}\n`, '00:1c.0')).toMatch(/root-port .*bus=01-01/);
  });

  it('capabilities become ats, pri, pasid, bars and sriov', () => {
    const text = nic(
      '01',
      '0',
      `\tRegion 0: Memory at b0000000 (64-bit, prefetchable) [size=16M]
\tRegion 2: Memory at b2000000 (32-bit, non-prefetchable) [size=16K]
\tRegion 3: Memory at b3000000 (32-bit, non-prefetchable) [disabled] [size=16K]
\tRegion 4: I/O ports at 3000 [size=128]
\tCapabilities: [40] Express (v2) Endpoint, MSI 00
\tCapabilities: [100 v1] Address Translation Service (ATS)
\t\tATSCap:\tInvalidate Queue Depth: 00
\tCapabilities: [120 v1] Page Request Interface (PRI)
\tCapabilities: [140 v1] Process Address Space ID (PASID)
\t\tPASIDCap: Exec+ Priv+, Max PASID Width: 14
\tCapabilities: [160 v1] Single Root I/O Virtualization (SR-IOV)
\t\tIOVCap:\tMigration-, Interrupt Message Number: 000
\t\tInitial VFs: 64, Total VFs: 64, Number of VFs: 0, Function Dependency Link: 00
\t\tVF offset: 128, stride: 2, Device ID: 10ed
`,
    );
    expect(line(text, '01:00.0')).toBe(
      'pci 01:00.0 endpoint id=abcd:0001 class=020000 driver=e1000e pasid=16384 sriov=64@128/2:10ed bars=b0000000-b0ffffffp+b2000000-b2003fff ats pri "Somebody NIC"',
    );
  });
});

describe('what nobody understood', () => {
  it('is one list of ranges', () => {
    const text = `Hi all,
my groups look strange.

${HOST}${port('1c', '01', ISOLATES)}
Any idea? I tried
everything.

$ uname -a
IOMMU Group 1:
\t00:1c.0 PCI bridge [0604]: Intel Corporation Port [8086:7ab8]
Thanks!
--${' '}
Joe
`;
    const lines = text.split('\n');
    const { notUnderstood } = imported(text);
    expect(notUnderstood.map(({ first, last }) => lines.slice(first - 1, last))).toEqual([
      ['Hi all,', 'my groups look strange.'],
      ['Any idea? I tried', 'everything.'],
      ['Thanks!'],
      ['Joe'],
    ]);
  });

  it.each([
    ['German', '00:1c.0 PCI-Brücke: Intel Corporation Anschluss (rev f1)'],
    ['French', '00:1c.0 Pont PCI: Intel Corporation Port racine (rev f1)'],
    ['Chinese', '00:1c.0 PCI 桥：英特尔公司 根端口 (rev f1)'],
    ['Russian', '00:1c.0 Мост PCI: Intel Corporation Корневой порт (rev f1)'],
  ])('a title of class names in %s alone is no function', (_language, title) => {
    const text = `${HOST}\n${title}\n`;
    const { functions, notUnderstood } = imported(text);
    expect(functions).toBe(1);
    expect(notUnderstood).toEqual([{ first: 5, last: 5 }]);
  });

  it.each([
    ['German', 'PCI-Brücke [0604]: Intel Corporation Anschluss'],
    ['Chinese', 'PCI 桥 [0604]: 英特尔公司 根端口'],
    ['Russian', 'Мост PCI [0604]: Intel Corporation Корневой порт'],
  ])('with its number a class in %s is understood', (_language, title) => {
    expect(line(`00:1c.0 ${title} [8086:7ab8] (rev f1)\n`, '00:1c.0')).toMatch(
      /^pci 00:1c\.0 \S*bridge id=8086:7ab8 rev=0xf1/,
    );
  });
});
