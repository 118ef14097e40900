import { describe, expect, it } from 'vitest';
import { NO_FINDINGS, type CertainGroup, type Certainty } from '../../../scenario/import/imported';
import { importMachine } from '../../../scenario/import/import-machine';
import { groupSpan } from '../../../panels/import/group-span';
import { certaintyWords, groupWords, lineWords, openWords, partWords, rangeWords } from './findings';

const group = (state: CertainGroup['state'], ...parts: readonly string[][]): CertainGroup => ({
  state,
  functions: parts.flat(),
  parts,
  decides: state === 'open' ? parts.flat() : [],
});
const certainty = (...groups: readonly CertainGroup[]): Certainty => ({
  ...NO_FINDINGS.certainty,
  state: groups.some(({ state }) => state === 'open') ? 'open' : 'certain',
  groups,
});
const spanOf = (...groups: readonly CertainGroup[]): string => groupWords(groupSpan(certainty(...groups)));

describe('how many groups', () => {
  it('one number where all are certain', () => {
    expect(spanOf(group('certain', ['a']), group('certain', ['b', 'c']))).toBe('2 groups');
  });

  it('from all together to every part alone', () => {
    expect(spanOf(group('certain', ['a']), group('open', ['b'], ['c', 'd'], ['e']))).toBe('2 to 4 groups');
  });

  it('an open one beside recorded ones may be a part of one of those', () => {
    expect(spanOf(group('recorded', ['a']), group('open', ['b']))).toBe('1 to 2 groups');
  });
});

it('lines are few, and the rest is counted', () => {
  expect(lineWords([7])).toBe('line 7');
  expect(lineWords([7, 12, 1213])).toBe('lines 7, 12, 1213');
  expect(lineWords([1, 2, 3, 4, 5, 6])).toBe('lines 1, 2, 3, 4 and 2 more');
  expect(lineWords([21_734])).toBe('line 21,734');
});

it('a range of one line is one line', () => {
  expect([rangeWords({ first: 5, last: 5 }), rangeWords({ first: 5, last: 9 })]).toEqual([
    'line 5',
    'lines 5–9',
  ]);
});

it('texts that were joined say where each begins', () => {
  expect(
    partWords([
      { name: 'lspci.txt', lines: 457 },
      { name: 'dmesg.txt', lines: 52 },
    ]),
  ).toBe('lspci.txt (lines 1–457), dmesg.txt (lines 458–509)');
});

describe('an open group', () => {
  it('says what it can turn out to be, and who decides', () => {
    expect(openWords(group('open', ['0000:01:00.0'], ['0000:01:00.1']))).toBe(
      'One group, or two: registers of 01:00.0 and 01:00.1 decide',
    );
    expect(openWords(group('open', ['a'], ['b'], ['c'], ['d']))).toBe(
      'One group, or up to 4: registers of 4 functions decide',
    );
  });
});

describe('certainty of a text', () => {
  /** A port and a device behind it; what an ordinary user sees of both. */
  const DENIED = [
    '00:00.0 Host bridge [0600]: Intel Corporation Device [8086:29c0]',
    '\tStatus: Cap- 66MHz-',
    '00:01.0 PCI bridge [0604]: Red Hat, Inc. QEMU PCIe Root port [1b36:000c] (prog-if 00 [Normal decode])',
    '\tBus: primary=00, secondary=01, subordinate=01, sec-latency=0',
    '\tCapabilities: <access denied>',
    '01:00.0 Ethernet controller [0200]: Intel Corporation 82574L [8086:10d3]',
    '\tCapabilities: <access denied>',
    '',
  ].join('\n');
  const wordsOf = (text: string, moved = 0) => {
    const read = importMachine(text);
    if (read.status !== 'ok') throw new Error(read.why);
    return certaintyWords(read.certainty, moved);
  };

  it('is open where capabilities are hidden: with ACS the card is alone, without it is with its port', () => {
    const { title, text, sure } = wordsOf(DENIED);
    expect(sure).toBe(false);
    expect(title).toBe('1 of 2 groups may be split further');
    expect(text).toContain('does not show the kind and the ACS registers of 2 functions');
  });

  it('is settled by the groups that the text records', () => {
    const recorded = DENIED.replace(/\tCapabilities/g, '\tIOMMU group: 7\n$&').replace(
      '[8086:29c0]',
      '[8086:29c0]\n\tIOMMU group: 0',
    );
    expect(wordsOf(recorded)).toMatchObject({
      sure: true,
      title: 'Every group is settled, some by the running kernel',
    });
  });

  it('is not sure where what opens differs from what is recorded', () => {
    expect(certaintyWords(NO_FINDINGS.certainty, 0)).toMatchObject({
      sure: true,
      title: 'Every group is certain',
    });
    expect(certaintyWords(NO_FINDINGS.certainty, 2).sure).toBe(false);
  });
});
