import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseLine, parseScript } from './parse';
import { signature, VERBS } from './verbs';

/** `message @column`, or null for a line without error. */
function errorOf(raw: string): string | null {
  const { error } = parseLine(raw, 1);
  return error === null ? null : `${error.message} @${String(error.column)}`;
}

const statementOf = (raw: string) => {
  const line = parseLine(raw, 1);
  expect(line.error).toBeNull();
  return line.statement!;
};

describe('a line of script', () => {
  it('is a name, a verb, arguments, an expected errno and a comment', () => {
    expect(statementOf('hwpt = ATTACH dev ioas ! EBUSY # shared group')).toEqual({
      name: 'hwpt',
      verb: 'ATTACH',
      args: [
        { kind: 'word', text: 'dev', column: 15 },
        { kind: 'word', text: 'ioas', column: 19 },
      ],
      expect: 'EBUSY',
      comment: 'shared group',
      columns: { name: 1, verb: 8, expect: 24, comment: 32 },
    });
  });

  it('tags arguments by how they are written', () => {
    const { args } = statementOf('IOAS_MAP ioas buf iova=0x10_0000 len=2M rw');
    expect(args.map((arg) => arg.kind)).toEqual(['word', 'word', 'option', 'option', 'word']);
    expect(args[3]).toEqual({ kind: 'option', key: 'len', value: '2M', column: 34, valueColumn: 38 });
    expect(statementOf('dma 01:00.0 write 0x10_0040 4K').args.slice(2)).toEqual([
      { kind: 'number', value: 0x100040n, text: '0x10_0040', column: 19 },
      { kind: 'number', value: 4096n, text: '4K', column: 29 },
    ]);
    expect(statementOf('IOAS_ALLOW_IOVAS ioas 0x0-0xffff 1M-3M').args.slice(1)).toEqual([
      { kind: 'range', start: 0n, last: 0xffffn, text: '0x0-0xffff', column: 23 },
      { kind: 'range', start: 0x100000n, last: 0x300000n, text: '1M-3M', column: 34 },
    ]);
    expect(statementOf('place hwpt -420 160').args[1]).toMatchObject({ kind: 'number', value: -420n });
  });

  it('reads escapes in text', () => {
    const { args } = statementOf(String.raw`note "a \"b\" \\ c\n\t\u{1f600}"`);
    expect(args).toEqual([{ kind: 'string', text: 'a "b" \\ c\n\t😀', column: 6 }]);
  });

  it('takes quoted text as the value of an option', () => {
    const { args } = statementOf('pci 01:00.0 endpoint driver="odd name" mf');
    expect(args[2]).toMatchObject({ kind: 'option', key: 'driver', value: 'odd name', valueColumn: 29 });
  });

  it('does nothing when it is blank or a comment', () => {
    for (const raw of ['', '   \t', '# a comment', '  # "unbalanced', '\r']) {
      expect(parseLine(raw, 7)).toEqual({ number: 7, raw, statement: null, error: null });
    }
  });

  it('does not mind how a name and its = are spaced, nor carriage returns', () => {
    for (const raw of ['ctx=open /dev/iommu', ' ctx =open\t/dev/iommu\r', 'ctx= open /dev/iommu']) {
      expect(statementOf(raw)).toMatchObject({ name: 'ctx', verb: 'open', args: [{ text: '/dev/iommu' }] });
    }
  });

  it('starts a comment only at the start of a word, outside text', () => {
    expect(statementOf('note "# no comment" # one')).toMatchObject({ comment: 'one' });
    expect(statementOf('driver 01:00.0 a#b')).toMatchObject({ comment: null });
  });

  it('lets an action that is meant to fail go without a name', () => {
    expect(errorOf('IOAS_ALLOC ctx ! ENOMEM')).toBeNull();
  });

  it('lets a dma expect a fault', () => {
    expect(statementOf('dma 01:00.0 write 0 1 ! FAULT').expect).toBe('FAULT');
  });

  it('begins an action, which stands there as on a line of its own', () => {
    expect(statementOf('t1 = begin  hwpt=ATTACH dev ioas # one')).toEqual({
      name: 't1',
      verb: 'begin',
      args: [],
      begun: {
        name: 'hwpt',
        verb: 'ATTACH',
        args: [
          { kind: 'word', text: 'dev', column: 25 },
          { kind: 'word', text: 'ioas', column: 29 },
        ],
        expect: null,
        comment: null,
        columns: { name: 13, verb: 18, expect: null, comment: null },
      },
      expect: null,
      comment: 'one',
      columns: { name: 1, verb: 6, expect: null, comment: 34 },
    });
    expect(statementOf('t1=begin DETACH dev').begun).toMatchObject({ name: null, verb: 'DETACH' });
  });

  it('may expect that others are in the way', () => {
    expect(statementOf('REPLACE dev ioas ! WAITS').expect).toBe('WAITS');
    expect(statementOf('finish t1 ! DEADLOCK').expect).toBe('DEADLOCK');
  });

  it('steps a task to a lock of the kernel', () => {
    const { args } = statementOf('step t1 until=iopt->domains_rwsem');
    expect(args[1]).toMatchObject({ kind: 'option', key: 'until', value: 'iopt->domains_rwsem' });
  });

  it('lets a name be spelt like a flag', () => {
    expect(errorOf('hwpt = HWPT_ALLOC dev dirty dirty')).toBeNull();
    expect(errorOf('IOAS_UNMAP all all')).toBeNull();
  });

  it('takes ids of unnamed objects', () => {
    expect(errorOf('DESTROY hwpt:1.3')).toBeNull();
    expect(errorOf('place dev:0000:01:00.0 1 2')).toBeNull();
  });
});

describe('a mistake is told with its column, in words', () => {
  // The messages are this program's own words; what is checked is that each kind of mistake is found, where, and how
  // a newcomer is helped on.
  const cases: readonly (readonly [line: string, message: RegExp, column: number])[] = [
    ['mmpa qemu 2M', /no verb "mmpa"; did you mean mmap\?/, 1],
    ['ioas = IOMMU_IOAS_ALLOC ctx', /did you mean IOAS_ALLOC\?/, 8],
    ['attach dev ioas', /did you mean ATTACH\?/, 1],
    ['frobnicate', /no verb "frobnicate"$/, 1],
    ['"note" x', /begins with a verb/, 1],
    ['ioas =', /A verb is missing/, 7],
    ['2x = open /dev/iommu', /"2x" cannot be a name/, 1],
    ['d = driver 01:00.0 vfio-pci', /makes nothing that could be named/, 1],
    ['IOAS_ALLOC ctx', /give what IOAS_ALLOC makes a name, as in: ioas = IOAS_ALLOC ctx/, 1],
    ['ATTACH dev ', /also needs to \(an IOAS/, 11],
    ['ATTACH dev ! EBUSY', /also needs to \(an IOAS/, 12],
    ['close ctx other', /"other" is one word too many for close file/, 11],
    ['h = HWPT_ALLOC dev ioas dirti', /one word too many .*did you mean dirty\?/, 25],
    ['h = HWPT_ALLOC dev ioas dirty dirty', /dirty is given twice/, 31],
    ['IOAS_MAP ioas buf rw iov=1', /no option iov=; did you mean iova=\?/, 22],
    ['IOAS_MAP ioas buf rw zzzzzzz=1', /no option zzzzzzz=; it has iova= offset= len=/, 22],
    ['close ctx now=1', /takes no options such as now=/, 11],
    ['IOAS_MAP ioas buf rw len=1 len=2', /len= is given twice/, 28],
    ['IOAS_MAP ioas buf rw len = 2M', /without spaces, as in len=2M/, 26],
    ['IOAS_MAP ioas buf rw len= 2M', /nothing stands after len=/, 22],
    ['IOAS_MAP ioas buf rx', /must be r, w or rw, not "rx"/, 19],
    ['dma 01:00.0 wriet 0 1', /not "wriet"; did you mean write\?/, 13],
    ['dma 01:00.0 write 0x1g 1', /must be a number such as .*"0x1g" is none/, 19],
    ['dma 01:00.0 write 0 4kB', /"4kB" is none; did you mean 4K\?/, 21],
    ['dma 01:00.0 write -1 1', /must not be negative/, 19],
    ['dma 01:00.0 write 0x1_0000_0000_0000_0000 1', /does not fit in 64 bits/, 19],
    ['b = mmap qemu "2M"', /is written without quotes/, 15],
    ['driver 1:0.0 vfio-pci', /must be a PCI address such as 01:00\.0/, 8],
    ['driver 01:20.0 vfio-pci', /must be a PCI address/, 8],
    ['driver 01:00.8 vfio-pci', /must be a PCI address/, 8],
    ['ATTACH 01:00.0 ioas', /01:00\.0 is a PCI address, BIND gives it a name/, 8],
    ['DETACH /dev', /"\/dev" cannot be one/, 8],
    ['note hello', /is text: put it in quotes, as in "hello"/, 6],
    ['note "hello', /no closing "/, 6],
    ['note "a\\d"', /unknown escape \\d/, 8],
    ['note "\\u{110000}"', /unknown escape \\u/, 7],
    ['note "a"b', /leave a space after the closing "/, 9],
    ['note a"b"', /leave a space before the opening "/, 7],
    ['pci 01:00.0 endpoint driver=a"b"', /leave a space before the opening "/, 30],
    ['note “hello”', /use the straight quote "/, 6],
    ['note\u00a0"hello"', /U\+00A0 looks like a space and is none/, 5],
    ['driver 01:00.0 vf\u0007io', /U\+0007 cannot stand in a script/, 18],
    ['note "a\u202eb"', /U\+202E cannot stand in text; write \\u\{202e\}/, 8],
    ['note "a\u2028b"', /U\+2028 cannot stand in text/, 8],
    ['machine q35 width=40', /width= must be 39, 48 or 57, not "40"/, 19],
    ['machine q35 iotlb=64', /iotlb= is written like 64x4/, 19],
    ['pci 01:00.0 endpoint id=8086', /id= is written like 8086:10d3/, 25],
    ['pci 01:00.0 endpoint acs=SV+XX', /acs= is written like SV\+RR/, 26],
    ['pci 01:00.0 endpiont', /did you mean endpoint\?/, 13],
    ['IOAS_UNMAP ioas iova=0', /needs either iova and len, or all/, 23],
    ['IOAS_UNMAP ioas iova=0 len=1 all', /needs either iova and len, or all/, 33],
    ['IOAS_COPY a b rw len=1', /also needs src= \(IOVA there\)/, 23],
    ['IOAS_ALLOW_IOVAS ioas 9-1', /ends before it starts/, 23],
    ['IOAS_ALLOW_IOVAS ioas 9', /must be two numbers/, 23],
    ['place 1/2 1 2', /must be a name, a PCI address or an id/, 7],
    ['place hwpt 1 9999999999', /off every canvas/, 14],
    ['DETACH dev !', /name the expected errno/, 12],
    ['DETACH dev ! EBUZY', /"EBUZY" is no errno .*did you mean EBUSY\?/, 12],
    ['DETACH dev ! EBUSY now', /nothing may follow the expected errno/, 20],
    ['DETACH dev ! FAULT', /only a dma or a burst can end in a FAULT/, 12],
    ['! EBUSY', /stands after an action/, 1],
    ['t1 = begin', /begin also needs action \(what it does/, 11],
    ['begin DETACH dev', /give what begin makes a name, as in: t1 = begin REPLACE/, 1],
    ['t1 = begin hwpt = ATTCH dev ioas', /no verb "ATTCH"; did you mean ATTACH\?/, 19],
    ['t1 = begin ATTACH dev', /ATTACH also needs to \(an IOAS/, 22],
    ['t1 = begin 2x = ATTACH dev ioas', /"2x" cannot be a name/, 12],
    ['t1 = begin IOAS_ALLOC ctx', /give what IOAS_ALLOC makes a name/, 12],
    ['t1 = begin x =', /what is x\? A verb is missing/, 15],
    ['t1 = begin poke 0x1000 "0x1"', /poke cannot be begun: only what takes locks/, 12],
    ['t1 = begin t2 = begin DETACH', /begin cannot be begun/, 17],
    ['t1 = begin DETACH dev ! EBUSY', /for the line that finishes it to say: finish t1 ! EBUSY/, 23],
    ['poke 0x1000 "0x1" ! WAITS', /poke takes no lock/, 19],
    ['finish t1 ! WAIT', /"WAIT" is no errno .*did you mean WAITS\?/, 11],
    ['step t1 tiemout', /the count of step must be a number/, 9],
    ['step t1 until', /must be a number/, 9],
    ['step', /step also needs task \(made by begin\)/, 5],
    ['fail-nth', /also needs n \(which, counted from 1\)/, 9],
    ['fail-nht 1', /did you mean fail-nth\?/, 1],
  ];
  it.each(cases)('%s', (line, message, column) => {
    const { error, statement } = parseLine(line, 1);
    expect(statement).toBeNull();
    expect(error?.message).toMatch(message);
    expect(error?.column).toBe(column);
  });
});

describe('a script', () => {
  it('has one line a newline; the last newline begins no other', () => {
    expect(parseScript('').lines).toEqual([]);
    expect(parseScript('\n').lines.map((line) => line.raw)).toEqual(['']);
    expect(parseScript('boot\nboot').lines.map((line) => line.number)).toEqual([1, 2]);
    expect(parseScript('boot\nboot\n').lines.map((line) => line.number)).toEqual([1, 2]);
    expect(parseScript('boot\n\n').lines).toHaveLength(2);
  });

  it('keeps its good lines beside a wrong one', () => {
    const { lines } = parseScript('boot\nwat\nboot\n');
    expect(lines.map((line) => [line.statement?.verb, line.error?.column])).toEqual([
      ['boot', undefined],
      [undefined, 1],
      ['boot', undefined],
    ]);
  });

  it('that begins and begins is refused, however long it is', () => {
    const { error } = parseLine(`t = begin ${'begin '.repeat(100_000)}`, 1);
    expect(error?.message).toMatch(/give what begin makes a name/);
  });

  it('of 5,000 lines is parsed in a moment', () => {
    // A gesture reparses; 16 ms is a frame. Generous here, since the machine may be busy.
    const text = 'IOAS_MAP ioas buf iova=0x100000 len=2M rw ! EBUSY # a comment\n'.repeat(5000);
    parseScript(text);
    const start = performance.now();
    expect(parseScript(text).lines).toHaveLength(5000);
    expect(performance.now() - start).toBeLessThan(200);
  });
});

describe('the table of verbs', () => {
  // GRAMMAR.md is the contract, written by hand; the table in the code must say the same.
  const rows = readFileSync(new URL('./GRAMMAR.md', import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.replaceAll('\\|', '\u0000').split('|').slice(1, 3));
  const codeOf = (cell: string | undefined): string[] =>
    [...(cell ?? '').matchAll(/`([^`]*)`/g)].map((m) => m[1]!);
  const grammar = rows.map(([first, second]) => {
    const [, naming, verb] = /^(X = |\[X =\] )?(\S+)$/.exec(codeOf(first)[0]!)!;
    const words = codeOf(second);
    return { verb, naming: { 'X = ': 'must', '[X =] ': 'may' }[naming ?? ''] ?? 'never', words };
  });

  it('has the verbs of GRAMMAR.md', () => {
    expect([...VERBS.keys()]).toEqual(grammar.map((row) => row.verb));
  });

  it.each(grammar)('$verb is named and has options as GRAMMAR.md says', ({ verb, naming, words }) => {
    const spec = VERBS.get(verb!)!;
    const keys = words.flatMap((word) => /^\[?([a-z-]+)=/.exec(word)?.[1] ?? []);
    expect(spec.naming).toBe(naming);
    expect(spec.options.map((option) => option.key).toSorted()).toEqual([...new Set(keys)].toSorted());
  });

  it.each([...VERBS.values()])('the example of $name is right: $example', (verb) => {
    expect(errorOf(verb.example)).toBeNull();
    expect(statementOf(verb.example).verb).toBe(verb.name);
  });

  it('gives a line of help', () => {
    expect(signature(VERBS.get('IOAS_MAP')!)).toBe(
      '[name =] IOAS_MAP ioas buffer r|w|rw [iova=…] [offset=…] [len=…] [by=…]',
    );
    expect(signature(VERBS.get('IOAS_ALLOW_IOVAS')!)).toBe('IOAS_ALLOW_IOVAS ioas [range …]');
  });
});
