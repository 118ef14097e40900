import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatBdf, formatShortBdf } from '../../engine/pci/address';
import type { PciFunctionSpec } from '../../engine/pci/function-spec';
import { partitionOfText, recordedPartition, withoutGroupLines } from '../../testing/groups-of-text';
import { parseScript } from '../parse';
import { specOfArgs } from '../pci-line';
import { pciLineArgs } from '../pci-statement';
import { importMachine, importSpecs, LARGEST_TEXT } from './import-machine';

const FIXTURES = new URL('../../testing/fixtures/groups/', import.meta.url);
const CASES = readdirSync(FIXTURES)
  .filter((file) => file.endsWith('.lspci.txt.gz'))
  .map((file) => file.slice(0, -'.lspci.txt.gz'.length))
  .sort();
const fixture = (name: string): string =>
  gunzipSync(readFileSync(new URL(`${name}.lspci.txt.gz`, FIXTURES))).toString('utf8');

const read = (text: string): { specs: readonly PciFunctionSpec[]; warnings: readonly string[] } => {
  const imported = importSpecs(text);
  if (imported.status === 'failed') throw new Error(imported.why);
  return imported;
};
const one = (text: string): PciFunctionSpec => {
  const { specs } = read(text);
  expect(specs).toHaveLength(1);
  return specs[0]!;
};
const kinds = (text: string): Record<string, string> =>
  Object.fromEntries(read(text).specs.map((spec) => [formatBdf(spec.address).slice(5), spec.kind]));

/** Header bits that text does not show, from the recording's meta.json. */
const HIDDEN_BITS: Record<string, string[]> = { 'odd-010': ['0000:1c:01.0'] };

describe('recorded machines (Linux 7.0 under QEMU 7.2)', () => {
  it.each(CASES)('%s: the computed groups are those that the kernel made', (name) => {
    const json = readFileSync(new URL(`${name}.groups.json`, FIXTURES), 'utf8');
    const { groups, members } = recordedPartition(json);
    expect(partitionOfText(withoutGroupLines(fixture(name)), members, HIDDEN_BITS[name])).toEqual(groups);
  });

  it.each(CASES)('%s: the script lines give the same functions back', (name) => {
    const imported = importMachine(fixture(name));
    if (imported.status === 'failed') throw new Error(imported.why);
    const specs = parseScript(imported.lines.join('\n'))
      .lines.slice(1, -1) // machine, …, boot
      .map(({ statement, error }) => {
        expect(error).toBeNull();
        const back = specOfArgs(pciLineArgs(statement!.args));
        return back.ok ? back.spec : back.mistake;
      });
    expect(specs).toEqual(read(fixture(name)).specs);
    expect(imported.functions).toBe(specs.length);
  });

  it('warns where the header bit of a switch decides and does not show', () => {
    expect(read(fixture('odd-010')).warnings.join()).toMatch(
      /header of 1b:00\.0, 1c:00\.0, 1c:01\.0 says multifunction/,
    );
  });
});

describe('the same machine, pasted in other shapes', () => {
  const plain = fixture('switch-010');
  const title = /^([0-9a-f]{2}:[0-9a-f]{2}\.[0-7]) /gm;
  const wrap = (width: number) => (text: string) =>
    text
      .split('\n')
      .map((line) => line.replace(new RegExp(`(.{1,${width}})(?: |$)`, 'g'), '$1\n').trimEnd())
      .join('\n');
  it.each<[string, (text: string) => string]>([
    ['CRLF', (text) => text.replaceAll('\n', '\r\n')],
    ['mail quoting', (text) => text.replace(/^/gm, '> ')],
    ['quoted twice', (text) => text.replace(/^/gm, '> > ')],
    ['quoted without spaces', (text) => text.replace(/^/gm, '>')],
    ['indented as code', (text) => text.replace(/^/gm, '    ')],
    ['with segments', (text) => text.replace(title, '0000:$1 ')],
    ['tabs become spaces', (text) => text.replaceAll('\t', '        ')],
    ['no indentation left', (text) => text.replace(/^[ \t]+/gm, '')],
    ['wrapped at 76 columns', wrap(76)],
    ['wrapped at 60 columns', wrap(60)],
    ['wrapped and quoted', (text) => wrap(72)(text).replace(/^/gm, '> ')],
    ['a blank line after every line', (text) => text.replaceAll('\n', '\n\n')],
    ['no blank line at all', (text) => text.replace(/\n\n+/g, '\n')],
    [
      'text around it',
      (text) =>
        `Hi all,\n\nmy machine (00:02.0 is the port):\n\n# lspci -vvvnn\n${text}\nThanks!\n-- \nJoe\n`,
    ],
    [
      'a kernel log after it',
      (text) => `${text}\n[    0.41] pci 0000:00:1c.0: [8086:a114] type 01 class 0x060400\n`,
    ],
    [
      'the short list before it',
      (text) =>
        `${text
          .split('\n')
          .filter((line) => /^[0-9a-f]{2}:/.test(line))
          .join('\n')}\n\n${text}`,
    ],
    [
      'the short list after it',
      (text) =>
        `${text}\n${text
          .split('\n')
          .filter((line) => /^[0-9a-f]{2}:/.test(line))
          .join('\n')}\n`,
    ],
    ['twice', (text) => `${text}\n${text}`],
    ['a byte order mark', (text) => `\ufeff${text}`],
  ])('%s', (_shape, change) => {
    expect(read(change(plain)).specs).toEqual(read(plain).specs);
  });

  it('numbers only (-n) lose the names alone', () => {
    const numeric = plain.replace(
      /^([0-9a-f:.]+) .*?\[([0-9a-f]{4})\]: .*?\[([0-9a-f]{4}:[0-9a-f]{4})\](.*)$/gm,
      '$1 $2: $3$4',
    );
    expect(numeric).toMatch(/^00:00\.0 0600: 8086:29c0$/m);
    expect(read(numeric).specs).toEqual(read(plain).specs.map((spec) => ({ ...spec, label: null })));
  });

  it('names only lose the numbers alone, and say so', () => {
    // lspci prints the number of a subclass that it has no name for, as 00ff, even so.
    const named = plain
      .replace(/^([0-9a-f:.]+ .*?) \[(?!00ff)[0-9a-f]{4}\]: /gm, '$1: ')
      .replace(/^([0-9a-f:.]+ .*?: .*) \[[0-9a-f]{4}:[0-9a-f]{4}\]/gm, '$1');
    const { specs, warnings } = read(named);
    expect(specs.map((spec) => [spec.kind, spec.classCode, spec.buses, spec.acs, spec.label])).toEqual(
      read(plain).specs.map((spec) => [spec.kind, spec.classCode, spec.buses, spec.acs, spec.label]),
    );
    expect(warnings.join()).toMatch(/line 1: no device number for 00:00\.0/);
  });

  it.each([
    ['-PP', true],
    ['-P', false],
  ])('paths (%s)', (_option, withBus) => {
    const specs = read(plain).specs;
    const bridgeTo = new Map(specs.map((spec) => [spec.buses?.secondary, formatBdf(spec.address).slice(5)]));
    const pathOf = (bdf: string): string => {
      const above = bridgeTo.get(parseInt(bdf.slice(0, 2), 16));
      return above === undefined ? bdf : `${pathOf(above)}/${withBus ? bdf : bdf.slice(3)}`;
    };
    const paths = plain.replace(title, (_all, bdf: string) => `${pathOf(bdf)} `);
    expect(paths).toMatch(/^00:[^ ]+\/[^ ]+\/[^ ]+ PCI bridge/m);
    expect(read(paths).specs).toEqual(specs);
  });
});

const PORT = `00:1c.0 PCI bridge [0604]: Intel Corporation Device [8086:1234] (rev f1) (prog-if 00 [Normal decode])
	Control: I/O+ Mem+ BusMaster+
	Bus: primary=00, secondary=01, subordinate=02, sec-latency=0
	Capabilities: [40] Express (v2) Root Port (Slot+), MSI 00
	Capabilities: [140 v1] Access Control Services
		ACSCap:	SrcValid+ TransBlk+ ReqRedir+ CmpltRedir+ UpstreamFwd+ EgressCtrl- DirectTrans-
		ACSCtl:	SrcValid+ TransBlk- ReqRedir+ CmpltRedir- UpstreamFwd- EgressCtrl- DirectTrans-
	Kernel driver in use: pcieport
`;

describe('one function', () => {
  it('is read in full', () => {
    expect(one(PORT)).toMatchObject({
      kind: 'root-port',
      vendorId: 0x8086,
      deviceId: 0x1234,
      classCode: 0x060400,
      revision: 0xf1,
      buses: { secondary: 1, subordinate: 2 },
      acs: { cap: 0x1f, ctrl: 0x05 },
      driver: 'pcieport',
      label: 'Intel Corporation Device',
      recordedGroup: null,
    });
  });

  it.each([
    ['Endpoint, MSI 00', 'endpoint'],
    ['Legacy Endpoint, IntMsgNum 0', 'legacy-endpoint'],
    ['Root Port (Slot-), MSI 00', 'root-port'],
    ['Upstream Port, MSI 00', 'upstream-port'],
    ['Downstream Port (Slot+), MSI 00', 'downstream-port'],
    ['PCI-Express to PCI/PCI-X Bridge, MSI 00', 'pcie-to-pci'],
    ['PCI/PCI-X to PCI-Express Bridge, MSI 00', 'pci-to-pcie'],
    ['Root Complex Integrated Endpoint, MSI 00', 'rciep'],
    ['Root Complex Event Collector, MSI 00', 'rcec'],
  ])('Express %s is a %s (pciutils ls-caps.c cap_express)', (words, kind) => {
    const text = (version: string) =>
      `00:1c.0 Bridge [0680]: X [8086:1234]\n\tControl: I/O-\n\tCapabilities: [40] Express ${version}${words}\n`;
    expect(one(text('(v2) ')).kind).toBe(kind);
    expect(one(text('')).kind).toBe(kind);
  });

  it('takes the group of lspci -v from its flags', () => {
    const text =
      '00:02.0 VGA compatible controller: X (prog-if 00 [VGA controller])\n\tFlags: bus master, fast devsel, latency 0, IRQ 128, IOMMU group 3\n';
    expect(one(text).recordedGroup).toBe(3);
  });

  it('without a group line, where others have one, has none', () => {
    const { specs } = read(
      `${PORT}\n00:1f.0 ISA bridge [0601]: X [8086:1]\n\tControl: I/O+\n\tIOMMU group: 5\n`.replace(
        '[8086:1]',
        '[8086:0001]',
      ),
    );
    expect(specs.map((spec) => spec.recordedGroup)).toEqual(['none', 5]);
  });

  it('a label that looks like markup stays text', () => {
    const label = 'Evil <img src=x onerror=alert(1)> "quoted" \\ [x]';
    const imported = importMachine(PORT.replace('Intel Corporation Device', () => label));
    expect(imported.status === 'ok' && imported.lines[1]).toContain(
      '"Evil <img src=x onerror=alert(1)> \\"quoted\\" \\\\ [x]"',
    );
    expect(one(PORT.replace('Intel Corporation Device', () => label)).label).toBe(label);
  });

  it('a class name in another language is taken by its number, or, with a warning, from its header', () => {
    expect(one(PORT.replace('PCI bridge', 'Pont PCI')).classCode).toBe(0x060400);
    const named = read(PORT.replace('PCI bridge [0604]', 'Pont PCI'));
    expect(named.specs[0]).toMatchObject({ kind: 'root-port', classCode: 0x060400 });
    expect(named.warnings.join()).toMatch(/line 1: a class name that is not English/);
  });

  it('functions above 0 make function 0 multifunction', () => {
    const { specs } = read(
      `${PORT}${PORT.replaceAll('00:1c.0', '00:1c.1').replace('secondary=01, subordinate=02', 'secondary=03, subordinate=03')}`,
    );
    expect(specs.map((spec) => spec.multifunction)).toEqual([true, false]);
  });
});

describe('hex dumps decide over prose', () => {
  const bytes = (length: number, set: Record<number, number>): string =>
    Array.from({ length: length / 16 }, (_row, row) => {
      const cells = Array.from({ length: 16 }, (_cell, cell) =>
        (set[row * 16 + cell] ?? 0).toString(16).padStart(2, '0'),
      );
      return `${(row * 16).toString(16).padStart(2, '0')}: ${cells.join(' ')}\n`;
    }).join('');
  const HEADER = {
    0: 0x86,
    1: 0x80,
    2: 0x10,
    3: 0xa1,
    8: 0xf1,
    0xa: 0x04,
    0xb: 0x06,
    0xe: 0x81,
    0x19: 1,
    0x1a: 2,
  };
  const EXPRESS = { ...HEADER, 6: 0x10, 0x34: 0x40, 0x40: 0x10, 0x42: 0x42 };
  const ACS = { ...EXPRESS, 0x100: 0x0d, 0x102: 0x01, 0x104: 0x0f, 0x106: 0x00, 0x108: 0x0d };
  const TITLE = '00:1c.0 PCI bridge: Intel Corporation Some Port\n';

  it('-x shows the header: ids, buses and the multifunction bit', () => {
    expect(one(TITLE + bytes(64, HEADER))).toMatchObject({
      vendorId: 0x8086,
      deviceId: 0xa110,
      multifunction: true,
      buses: { secondary: 1, subordinate: 2 },
    });
  });
  it('-xxx shows the port type', () => {
    expect(one(TITLE + bytes(256, EXPRESS)).kind).toBe('root-port');
  });
  it('-xxxx shows ACS, for this chipset at +8', () => {
    expect(one(TITLE + bytes(4096, ACS)).acs).toEqual({ cap: 0x0f, ctrl: 0x0d });
    expect(read(TITLE + bytes(4096, ACS)).warnings).toEqual([]);
  });
  it('all ones are a sleeping function, of which the prose still tells', () => {
    const asleep = Object.fromEntries(Array.from({ length: 256 }, (_byte, index) => [index, 0xff]));
    const { specs, warnings } = read(
      `01:00.0 VGA compatible controller [0300]: X [10de:1234] (rev ff) (prog-if ff)\n${bytes(256, asleep)}`,
    );
    expect(specs[0]).toMatchObject({ vendorId: 0x10de, revision: 0 });
    expect(warnings.join()).toMatch(/asleep/);
  });
});

describe('a dump that was cut off', () => {
  it.each(['big-012', 'pxb-018'])(
    '%s, cut anywhere: what came out otherwise than in whole is remarked upon',
    (name) => {
      const whole = fixture(name);
      const specs = new Map(read(whole).specs.map((spec) => [formatBdf(spec.address), spec]));
      const silent: string[] = [];
      for (let at = 200; at < whole.length; at += 97) {
        const cut = importSpecs(whole.slice(0, at));
        if (cut.status === 'failed') continue;
        const last = cut.specs.find((spec) => formatBdf(spec.address) === lastTitle(whole.slice(0, at)));
        const before = last && specs.get(formatBdf(last.address));
        const wrong =
          last !== undefined && (last.kind !== before?.kind || last.recordedGroup !== before.recordedGroup);
        if (wrong && !cut.warnings.some((warning) => warning.includes(shortName(last))))
          silent.push(`${at}: ${shortName(last)}`);
      }
      expect(silent).toEqual([]);
    },
    30_000,
  );

  it('says nothing of a dump that ends where lspci ends, line break or not', () => {
    for (const text of [PORT, PORT.trimEnd()]) expect(importMachine(text)).toMatchObject({ warnings: [] });
  });
});

const lastTitle = (text: string): string => {
  const titles = text.match(/^[0-9a-f]{2}:[01][0-9a-f]\.[0-7] /gm) ?? [];
  return `0000:${(titles.at(-1) ?? '').trim()}`;
};
const shortName = (spec: PciFunctionSpec): string => formatShortBdf(spec.address.bus, spec.address.devfn);

describe('what could not be read is said', () => {
  it.each<[string, string, RegExp]>([
    [
      'capabilities that only root sees',
      PORT.replace(/\tCapabilities:[^]*?(?=\tKernel)/, '\tCapabilities: <access denied>\n'),
      /^line 1: capabilities hidden .*the kind of 00:1c\.0 .*sudo lspci -vvvnn$/,
    ],
    ['a title alone', PORT.split('\n')[0]!, /^line 1: only a line or two .*sudo lspci -vvvnn$/],
    [
      'a function asleep',
      '01:00.0 VGA compatible controller [0300]: X [10de:1234] (rev ff) (prog-if ff)\n\t!!! Unknown header type 7f\n\tKernel driver in use: nvidia\n',
      /^line 1: asleep .*header type 7f/,
    ],
    [
      'ACS without bits (lspci -v)',
      PORT.replace(/\t\tACS.*\n/g, ''),
      /^line 1: 00:1c\.0 listed with ACS but without its bits/,
    ],
    [
      'a cut ACSCtl line',
      PORT.replace(/ReqRedir\+ CmpltRedir- [^]*$/, 'ReqR'),
      /^line 1: 00:1c\.0: no ACSCtl line/,
    ],
    [
      'a chipset that lspci misreads',
      PORT.replace('8086:1234', '8086:a110'),
      /^line 1: 00:1c\.0: this chipset keeps ACS control/,
    ],
    [
      'ACS off everywhere, and no group',
      PORT.replace(
        /ACSCtl:.*/,
        'ACSCtl:\tSrcValid- TransBlk- ReqRedir- CmpltRedir- UpstreamFwd- EgressCtrl- DirectTrans-',
      ),
      /^line 1: ACS is off on every port/,
    ],
    [
      'an unknown port type',
      PORT.replace('Root Port (Slot+)', 'Unknown type 3'),
      /^line 1: a PCIe port type that the specification lacks/,
    ],
    [
      'aliases that no listing shows',
      '01:00.1 Bridge [0680]: X [11f8:8536]\n\tControl: I/O-\n',
      /^line 1: 01:00\.1: a Switchtec NTB/,
    ],
    [
      'a bus that no bridge leads to',
      `${PORT}\n02:00.0 Ethernet controller [0200]: X [8086:0001]\n\tControl: I/O-\n`,
      /^line 10: .*no bridge leads to it; left out/,
    ],
    [
      'a second bridge to the same bus',
      `${PORT}\n${PORT.replace('00:1c.0', '00:1d.0')}`,
      /^line 10: bus 0000:01 is behind 0000:00:1c\.0 already; 00:1d\.0 taken as a bridge without buses/,
    ],
    [
      "another machine's listing",
      `${PORT}\n00:1c.0 PCI bridge [0604]: X [1022:1483]\n\tControl: I/O-\n`,
      /^line 10: another machine's listing \(1 functions\) starts here/,
    ],
  ])('%s', (_what, text, expected) => {
    expect(read(text).warnings).toEqual(expect.arrayContaining([expect.stringMatching(expected) as string]));
  });

  it('kinds are guessed from the place where capabilities are hidden', () => {
    const denied = (text: string): string => `${text}\tControl: I/O-\n\tCapabilities: <access denied>\n`;
    const bridge = (bdf: string, range: string): string =>
      denied(
        `${bdf} PCI bridge: X\n\tBus: primary=00, ${range}, sec-latency=0\n\tKernel driver in use: pcieport\n`,
      );
    expect(
      kinds(
        bridge('00:1c.0', 'secondary=01, subordinate=03') +
          bridge('01:00.0', 'secondary=02, subordinate=03') +
          bridge('02:00.0', 'secondary=03, subordinate=03') +
          denied('03:00.0 Ethernet controller: X\n'),
      ),
    ).toEqual({
      '00:1c.0': 'root-port',
      '01:00.0': 'upstream-port',
      '02:00.0': 'downstream-port',
      '03:00.0': 'endpoint',
    });
  });
});

describe('several listings in one paste', () => {
  const ETHERNET =
    '01:00.0 Ethernet controller [0200]: Y [8086:10d3]\n\tControl: I/O-\n\tCapabilities: [40] Express (v2) Endpoint, MSI 00\n';
  it('excerpts (lspci -s) add up', () => {
    expect(kinds(`${ETHERNET}\n${PORT}`)).toEqual({ '00:1c.0': 'root-port', '01:00.0': 'endpoint' });
  });
  it('numbers of one listing complete the names of another', () => {
    const names = PORT.replace(' [0604]', '')
      .replace(' [8086:1234]', '')
      .replace('Intel Corporation Device', 'Nobody Knows');
    expect(one(`${names}\n00:1c.0 0604: 8086:1234 (rev f1)\n`)).toMatchObject({
      vendorId: 0x8086,
      deviceId: 0x1234,
      label: 'Nobody Knows',
    });
  });
});

describe('what is no listing', () => {
  it.each<[string, string, RegExp]>([
    ['nothing', '', /no lspci output in these 0 lines/],
    [
      'prose',
      "Dear all,\n00:12.5 o'clock: we meet\nBye\n",
      /no lspci output in these 3 lines.*sudo lspci -vvvnn/,
    ],
    [
      'a kernel log without PCI',
      '[    0.1] DMAR: Host address width 39\n',
      /no lspci output in these 1 lines; found were kernel log/,
    ],
    ['a picture', '\u0089PNG\r\n\u001a\n\0\0\0\rIHDR', /no plain text/],
    ['bytes that are no UTF-8', '\ufffd\ufffdabc'.repeat(50), /no plain text/],
    ['UTF-16', PORT.split('').join('\0'), /no plain text/],
  ])('%s is refused', (_what, text, why) => {
    expect(importMachine(text)).toEqual({ status: 'failed', why: expect.stringMatching(why) as string });
  });

  it('50 MB are refused, and the limit is named', () => {
    expect(importMachine('x'.repeat(50_000_000))).toEqual({
      status: 'failed',
      why: expect.stringMatching(/has 48 MiB; at most 32 MiB/) as string,
    });
  });

  it.each<[string, string]>([
    ['spaces', ' '],
    ['angle brackets', '>'],
    ['opening brackets', '00:00.0 a (prog-if 00 ['],
    ['titles', '00:00.0 PCI bridge [0604]: x [8086:0001] (rev 01)\n'],
    ['titles of ever new functions', ''],
    ['wrapped lines', 'word\n'],
    ['hex lines', '00: 00 11 22 33 44 55 66 77 88 99 aa bb cc dd ee ff\n'],
    ['colons', '00:00.0 :'],
    ['headings of groups', 'IOMMU Group 1:\n'],
    ['paths of groups', '/sys/kernel/iommu_groups/1/devices/0000:00:00.0\n'],
    ['trees', '-[0000:00]-+-00.0\n'],
    ['kernel lines', 'pci 0000:00:00.0: Adding to iommu group 1\n'],
    ['branches', '+-'],
    ['IOMMUs', 'arm-smmu-v3 x: y\n'],
    ['words of a command line', 'root=1 '],
  ])(
    'the largest text of %s takes linear time',
    (what, unit) => {
      const endless =
        unit === ''
          ? Array.from(
              { length: 400_000 },
              (_line, index) =>
                `${(index >> 8).toString(16).padStart(8, '0')}:${(index & 255).toString(16).padStart(2, '0')}:00.0 PCI bridge [0604]: x [8086:0001]\n`,
            ).join('')
          : PORT + unit.repeat(Math.floor((LARGEST_TEXT - PORT.length) / unit.length));
      const start = performance.now();
      importMachine(endless);
      expect(performance.now() - start, what).toBeLessThan(15_000);
    },
    30_000,
  );
});

it('a large machine is read fast (36 functions with every detail)', () => {
  const text = fixture('switch-010');
  importMachine(text);
  const start = performance.now();
  importMachine(text);
  expect(performance.now() - start).toBeLessThan(100);
});

describe('malformed input', () => {
  const base = fixture('big-012');
  it('cut anywhere, it is read as far as it goes', () => {
    fc.assert(
      fc.property(fc.nat(base.length), (at) => {
        expect(['ok', 'failed']).toContain(importMachine(base.slice(0, at)).status);
      }),
      { numRuns: 60 },
    );
  }, 60_000);
  it('damaged anywhere, it throws nothing and gives lines that can be parsed', () => {
    const damage = fc.array(
      fc.tuple(fc.nat(base.length), fc.nat(400), fc.string({ unit: 'binary', maxLength: 12 })),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(damage, (changes) => {
        let text = base;
        for (const [at, cut, put] of changes) text = text.slice(0, at) + put + text.slice(at + cut);
        const imported = importMachine(text);
        if (imported.status === 'failed') return;
        expect(parseScript(imported.lines.join('\n')).lines.filter((line) => line.error !== null)).toEqual(
          [],
        );
      }),
      { numRuns: 60 },
    );
  }, 60_000);
  it('lines of lspci in any order throw nothing', () => {
    const lines = base.split('\n');
    fc.assert(
      fc.property(fc.array(fc.nat(lines.length - 1), { maxLength: 200 }), (picks) => {
        importMachine(picks.map((pick) => lines[pick]).join('\n'));
      }),
      { numRuns: 100 },
    );
  }, 60_000);
});
