import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { withoutGroupLines } from '../../testing/groups-of-text';
import { ScriptRun } from '../../testing/run-script';
import { parseScript } from '../parse';
import { importMachine, importSpecs } from './import-machine';
import type { ImportedMachine } from './imported';
import { renderFind, renderGroupList, renderLog, renderTree } from './testing/render';

/** One machine as every program shows it: recorded listings (Linux 7.0 in QEMU 7.2), the rest written after the programs. */
const FIXTURES = new URL('../../testing/fixtures/groups/', import.meta.url);
function machine(name: string) {
  const lspci = gunzipSync(readFileSync(new URL(`${name}.lspci.txt.gz`, FIXTURES))).toString('utf8');
  const groups = JSON.parse(readFileSync(new URL(`${name}.groups.json`, FIXTURES), 'utf8')) as Record<
    string,
    string[]
  >;
  const read = importSpecs(lspci);
  if (read.status === 'failed') throw new Error(read.why);
  const { specs } = read;
  return {
    lspci: withoutGroupLines(lspci),
    tree: renderTree(specs),
    log: renderLog(specs, groups),
    find: renderFind(groups),
    list: renderGroupList(specs, groups),
    specs,
    groups,
  };
}
const PROSE = [
  'Hello all,\nhere is what my machine says: 00:02.0 is the one that I want.\n',
  '$ lspci -vvv\n',
  'root@host:~# find /sys/kernel/iommu_groups -type l\n',
  'Danke! Das Gerät hängt an Anschluss 3.\n谢谢\n',
  '```\n',
  '',
];
const MACHINES = ['switch-010', 'mf-002', 'pxb-007', 'acs-032'] as const;
const MIXED = new Map(MACHINES.map((name) => [name, machine(name)] as const));

function imported(text: string): ImportedMachine {
  const result = importMachine(text);
  if (result.status === 'failed') throw new Error(result.why);
  return result;
}
const functions = (read: { readonly lines: readonly string[] }): readonly string[] =>
  read.lines.filter((line) => line.startsWith('pci '));
const sorted = (lines: readonly string[]): readonly string[] => lines.toSorted();
const LONG = { timeout: 120_000 };

describe.each(MACHINES)('%s', (name) => {
  const { lspci, tree, log, find, list, specs, groups } = MIXED.get(name)!;
  const whole = imported(`${lspci}\n${find}`);

  it('is the same from each source that tells as much', () => {
    const recorded = (text: string) =>
      Object.fromEntries(
        functions(imported(text)).map((line) => [line.split(' ')[1], /group=(\S+)/.exec(line)?.[1]]),
      );
    const expected = Object.fromEntries(
      Object.entries(groups).flatMap(([number, names]) =>
        names.map((each) => [each.replace(/^0000:/, ''), number]),
      ),
    );
    for (const text of [find, list, log]) expect(recorded(text)).toMatchObject(expected);
    const buses = (text: string) =>
      Object.fromEntries(
        functions(imported(text)).map((line) => [line.split(' ')[1], /bus=(\S+)/.exec(line)?.[1]]),
      );
    const notVirtual = specs.every((spec) => spec.virtualOf === null);
    if (notVirtual) expect(buses(tree)).toEqual(buses(lspci));
    for (const each of functions(imported(log))) {
      const [, address, kind] = each.split(' ');
      expect(functions(whole).some((line) => line.startsWith(`pci ${address} ${kind} `))).toBe(true);
    }
  });

  it('gives a script that runs', () => {
    for (const text of [`${lspci}\n${find}`, log, tree, list, find])
      expect(ScriptRun.of(imported(text).lines.join('\n')).wrong).toEqual([]);
  });

  it('in any order and around any prose, comes to the same machine, and nothing contradicts', LONG, () => {
    const texts = { lspci, tree, log, find, list };
    const sections = fc.shuffledSubarray(Object.keys(texts) as (keyof typeof texts)[], {
      minLength: 5,
      maxLength: 5,
    });
    const prose = fc.array(fc.nat(PROSE.length - 1), { minLength: 6, maxLength: 6 });
    const shapes: Record<string, (text: string) => string> = {
      plain: (text) => text,
      quoted: (text) => text.replace(/^/gm, '> '),
      crlf: (text) => text.replaceAll('\n', '\r\n'),
      indented: (text) => text.replace(/^/gm, '    '),
    };
    const shape = fc.constantFrom(...Object.keys(shapes));
    fc.assert(
      fc.property(sections, prose, shape, (parts, words, how) => {
        const text = parts.map((part, index) => `${PROSE[words[index]!]}\n${texts[part]}`).join('\n');
        const read = imported(shapes[how]!(text));
        expect(sorted(functions(read))).toEqual(sorted(functions(whole)));
        expect(read.contradictions).toEqual(
          whole.contradictions.map((each) => ({ ...each, lines: expect.anything() as unknown })),
        );
      }),
      { numRuns: 25 },
    );
  });

  it('cut anywhere, no function, group or bus appears that the whole does not have', LONG, () => {
    const all = `${tree}\n${log}\n${list}\n${find}`;
    const known = new Map(functions(imported(all)).map((line) => [line.split(' ')[1], line]));
    fc.assert(
      fc.property(fc.nat(all.length), (at) => {
        const cut = importMachine(all.slice(0, at));
        if (cut.status === 'failed') return;
        for (const line of functions(cut)) {
          const before = known.get(line.split(' ')[1]);
          expect(before).toBeDefined();
          const bus = /bus=(\S\S)/.exec(line)?.[1];
          if (bus !== undefined) expect(before).toMatch(new RegExp(`bus=${bus}`));
          const group = /group=(\d+)/.exec(line)?.[1];
          const said = cut.gaps.some(({ text }) => /may have lost digits/.test(text));
          if (group !== undefined && !said) expect(before).toMatch(new RegExp(`group=${group}(?: |$)`));
        }
      }),
      { numRuns: 150 },
    );
  });

  it(
    'with lines of all sources in any order, throws nothing and gives lines that can be parsed',
    LONG,
    () => {
      const lines = `${lspci}\n${tree}\n${log}\n${list}\n${find}\n${PROSE.join('')}`.split('\n');
      fc.assert(
        fc.property(fc.array(fc.nat(lines.length - 1), { maxLength: 300 }), (picks) => {
          const read = importMachine(picks.map((pick) => lines[pick]).join('\n'));
          if (read.status === 'failed') return;
          expect(parseScript(read.lines.join('\n')).lines.filter((line) => line.error !== null)).toEqual([]);
          const names = new Set(read.certainty.groups.flatMap((group) => group.functions));
          expect(names.size).toBe(read.certainty.groups.flatMap((group) => group.functions).length);
        }),
        { numRuns: 60 },
      );
    },
  );

  it('damaged anywhere, throws nothing', LONG, () => {
    const all = `${tree}\n${log}\n${list}\n${find}\n${lspci.slice(0, 20_000)}`;
    const damage = fc.array(
      fc.tuple(fc.nat(all.length), fc.nat(60), fc.string({ unit: 'binary', maxLength: 12 })),
      { minLength: 1, maxLength: 30 },
    );
    fc.assert(
      fc.property(damage, (changes) => {
        let text = all;
        for (const [at, cut, put] of changes) text = text.slice(0, at) + put + text.slice(at + cut);
        const read = importMachine(text);
        if (read.status === 'failed') return;
        expect(parseScript(read.lines.join('\n')).lines.filter((line) => line.error !== null)).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });
});
