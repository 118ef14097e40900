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
