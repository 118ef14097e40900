import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { partition, recordedPartition } from '../testing/groups-of-text';
import { main } from './groups';

const FIXTURES = fileURLToPath(new URL('../testing/fixtures/groups/', import.meta.url));

interface Answer {
  readonly file: string;
  readonly groups?: { readonly id: number; readonly devices: string[]; readonly why: string[] }[];
  readonly warnings?: string[];
  readonly findings?: {
    readonly certainty: string;
    readonly iommu: { readonly kind: string };
    readonly sources: { readonly kind: string }[];
    readonly ask: { readonly command: string }[];
  };
  readonly error?: string;
}

async function run(...argv: string[]): Promise<{ readonly code: number; readonly answers: Answer[] }> {
  const lines: string[] = [];
  const code = await main(argv, (line) => lines.push(line));
  return { code, answers: lines.map((line) => JSON.parse(line) as Answer) };
}

describe('the groups door', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'groups-door-'));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });
  const put = (name: string, content: string | Uint8Array): string => {
    const file = join(folder, name);
    writeFileSync(file, content);
    return file;
  };

  it('prints the groups that the kernel made, packed or not, one line a file', async () => {
    const packed = `${FIXTURES}acs-032.lspci.txt.gz`;
    const plain = put('plain.txt', gunzipSync(readFileSync(packed)));
    const { code, answers } = await run(packed, plain);
    expect(code).toBe(0);
    expect(answers.map(({ file }) => file)).toEqual([packed, plain]);
    const recorded = recordedPartition(readFileSync(`${FIXTURES}acs-032.groups.json`, 'utf8'));
    for (const { groups } of answers) {
      expect(partition(groups!.map((group) => group.devices))).toEqual(recorded.groups);
      expect(groups!.map((group) => group.id)).toEqual(groups!.map((_group, index) => index));
    }
  });

  it('says why each function after the first is in its group', async () => {
    const { answers } = await run(`${FIXTURES}mf-002.lspci.txt.gz`);
    for (const { devices, why } of answers[0]!.groups!) expect(why).toHaveLength(devices.length - 1);
  });

  it('reads a kernel log too, says how far it can be trusted and what to run next', async () => {
    const log = [
      'DMAR: dmar0: reg_base_addr fed90000 ver 1:0 cap 1c0000c40660462 ecap 19e2ff0505e',
      'pci 0000:00:1c.0: [8086:7ab8] type 01 class 0x060400 PCIe Root Port',
      'pci 0000:00:1c.0: PCI bridge to [bus 01]',
      'pci 0000:01:00.0: [abcd:0001] type 00 class 0x020000 PCIe Endpoint',
    ].join('\n');
    const { answers } = await run(put('dmesg.txt', `${log}\n`));
    expect(answers[0]).toMatchObject({
      findings: { certainty: 'open', iommu: { kind: 'vtd' }, sources: [{ kind: 'kernel-log' }] },
    });
    expect(answers[0]!.findings!.ask[0]!.command).toBe('sudo lspci -vvvnnxxxx');
  });

  it('groups as the command line of the text makes Linux do', async () => {
    const machine = [
      '00:1c.0 PCI bridge [0604]: X [8086:7ab8]',
      '\tControl: I/O-',
      '\tBus: primary=00, secondary=01, subordinate=01, sec-latency=0',
      '\tCapabilities: [40] Express (v2) Root Port (Slot+), MSI 00',
      '01:00.0 Ethernet controller [0200]: Y [abcd:0001]',
      '\tControl: I/O-',
      '\tCapabilities: [40] Express (v2) Endpoint, MSI 00',
      '',
    ].join('\n');
    const override = 'Kernel command line: pcie_acs_override=downstream\n';
    const { answers } = await run(put('without.txt', machine), put('with.txt', machine + override));
    expect(answers.map(({ groups }) => groups!.map((group) => group.devices))).toEqual([
      [['0000:00:1c.0', '0000:01:00.0']],
      [['0000:00:1c.0'], ['0000:01:00.0']],
    ]);
  });

  it('goes on after a file that it cannot read, and fails at the end', async () => {
    const { code, answers } = await run(join(folder, 'missing'), `${FIXTURES}odd-004.lspci.txt.gz`);
    expect(code).toBe(1);
    expect(answers[0]).toMatchObject({ error: expect.stringMatching(/ENOENT/) as string });
    expect(answers[1]!.groups).not.toEqual([]);
  });

  it.each<[string, string | Uint8Array, RegExp]>([
    ['prose', 'Hello', /no lspci output/],
    ['a binary', new Uint8Array([0x7f, 0x45, 0x4c, 0x46, 0, 0]), /no plain text/],
    ['a broken archive', new Uint8Array([0x1f, 0x8b, 8, 0, 1, 2, 3]), /./],
    ['an archive that blows up', gzipSync(Buffer.alloc(200 * 1024 * 1024)), /./],
  ])('fails on %s', async (name, content, why) => {
    const { code, answers } = await run(put(name, content));
    expect(code).toBe(1);
    expect(answers[0]!.error).toMatch(why);
  });

  it('asks for files when given none', async () => {
    expect((await run()).code).toBe(2);
    expect((await run('--help')).code).toBe(2);
  });
});
