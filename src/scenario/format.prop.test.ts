import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ERRNO, type Errno } from '../engine/kernel/errno';
import { withExpectation, withPlace } from './edit';
import {
  formatScript,
  formatStatement,
  option,
  printScript,
  text,
  type ArgText,
  type StatementText,
} from './format';
import { formatNumber, formatSize, parseNumber } from './literal';
import { parseLine, parseScript } from './parse';
import type { Expectation, Script, Statement } from './script';
import { VERBS, type ValueType, type VerbSpec } from './verbs';

/** Any text at all, lone surrogates and control characters included. */
const anyText = fc.string({
  unit: fc.oneof(
    fc.string({ unit: 'binary', minLength: 1 }),
    fc.nat(0xffff).map((code) => String.fromCharCode(code)),
  ),
});
const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_]{0,8}$/);
const u64 = fc.bigInt(0n, 0xffff_ffff_ffff_ffffn);
const hexDigits = (count: number) => fc.stringMatching(new RegExp(`^[0-9a-f]{${String(count)}}$`));
const bdf = fc
  .tuple(hexDigits(2), fc.nat(31), fc.nat(7))
  .map(([bus, device, fn]) => `${bus}:${device.toString(16).padStart(2, '0')}.${String(fn)}`);
const numberText = fc.oneof(
  u64.map((value) => value.toString()),
  u64.map((value) => `0x${value.toString(16)}`),
  fc
    .tuple(fc.nat(1000), fc.constantFrom('K', 'M', 'G', 'T'))
    .map(([count, suffix]) => `${String(count)}${suffix}`),
);

const PATTERN_SAMPLES: Readonly<Record<string, fc.Arbitrary<string>>> = {
  address: fc.constantFrom('0x10a30000', '4K', 'leaf', 'table/2', 'dte+8', 'stage1/1+0x10'),
  range: fc.constantFrom('0x1000-0x1fff', '4096-8191', 'leaf', 'table/1'),
  iotlb: fc.constant('64x4'),
  'device-cache': fc.constant('off'),
  'process-cache': fc.constant('8x2'),
  'walk-cache': fc.constant('16x1'),
  defects: fc.constantFrom(
    'failed-replace-unreserves',
    'failed-replace-unreserves+replace-answers-new-queue',
  ),
  id: fc.tuple(hexDigits(4), hexDigits(4)).map((ids) => ids.join(':')),
  sub: fc.constant('1af4:1100'),
  group: fc.constantFrom('none', '17'),
  class: hexDigits(6),
  bus: fc.tuple(hexDigits(2), hexDigits(2)).map((buses) => buses.join('-')),
  pages: fc.constantFrom('4K', '4K+2M+1G'),
  path: fc.constantFrom('/dev/iommu', '/dev/vfio/vfio', '/dev/vfio/7', '/dev/vfio/devices/vfio0'),
  alias: fc.constantFrom('10.0', '00.1+1f.7'),
  sriov: fc.constantFrom('64@128/2', '8@16/1:10ed'),
  name: fc.constantFrom('fe500000.dma-controller', 'ARMH0061:00'),
  stream: fc.constantFrom('0x100', '256+0x101'),
  bars: fc.constantFrom('f0000000-f0ffffff', 'f0000000-f0ffffff+fe000000-fe003fffp'),
  acs: fc.constantFrom('none', 'SV', 'SV+RR+CR+UF', 'SV+TB/none', 'none/DT', 'SV+RR@SV', 'SV@none/SV'),
};

function valueOf(type: ValueType, key: string): fc.Arbitrary<string> {
  switch (type.kind) {
    case 'choice':
      return fc.constantFrom(...type.values);
    case 'number':
      return numberText;
    case 'bdf':
      return bdf;
    case 'any-device':
      return fc.oneof(bdf, fc.constantFrom('fe500000.dma-controller', 'ARMH0061:00'));
    case 'coordinate':
      return fc.integer({ min: -9999, max: 9999 }).map(String);
    case 'range':
      return fc
        .tuple(u64, u64)
        .map(([a, b]) => (a < b ? `${a.toString()}-${b.toString()}` : `0x${b.toString(16)}-${a.toString()}`));
    case 'pattern':
      return PATTERN_SAMPLES[key]!;
    case 'address':
      return fc.oneof(numberText, name);
    case 'group':
      return fc.constantFrom('0', '17', 'group:3');
    case 'thing':
      return fc.oneof(name, bdf, fc.constant('hwpt:1.3'));
    case 'name':
      return fc.oneof(name, fc.constant('hwpt:1.3'));
    case 'word':
    case 'word-or-text':
    case 'text':
      return anyText;
    case 'action':
      throw new Error('an action is no value: see actionTextOf');
  }
}

type ActionText = Pick<StatementText, 'name' | 'verb' | 'args'>;

/** A verb with its name and arguments. */
function actionTextOf(verb: VerbSpec): fc.Arbitrary<ActionText> {
  const positional = verb.params.flatMap(({ type, name: key, need }): fc.Arbitrary<ArgText[]>[] => {
    const value = type.kind === 'text' ? valueOf(type, key).map(text) : valueOf(type, key);
    // A bare word that happens to need quotes would be refused where only words may stand.
    const word = type.kind === 'word' ? name : value;
    if (need === 'required') return [word.map((arg) => [arg])];
    return [fc.array(word, { maxLength: need === 'repeated' ? 3 : 1 })];
  });
  // What may be left out stands in order: without the one, there is none of those after it.
  const optional = verb.params.filter(({ need }) => need !== 'required').length;
  const inOrder = (args: readonly ArgText[][]): ArgText[] => {
    const required = args.length - optional;
    const missing = args.findIndex((arg, at) => at >= required && arg.length === 0);
    return args.slice(0, missing < 0 ? args.length : missing).flat();
  };
  const options =
    verb.oneOf.length > 0 ? verb.options.map((each) => ({ ...each, required: true })) : verb.options;
  const keyed = options.map(({ key, type, required }) => {
    const arg = valueOf(type, key).map((value): ArgText[] => [option(key, value)]);
    return required ? arg : fc.oneof(arg, fc.constant<ArgText[]>([]));
  });
  return fc.record({
    name: verb.naming === 'never' ? fc.constant(null) : name,
    verb: fc.constant(verb.name),
    args: fc
      .tuple(fc.tuple(...positional).map(inOrder), fc.tuple(...keyed))
      .map(([args, options]) => [...args, ...options.flat()]),
  });
}

const begun = fc.oneof(...[...VERBS.values()].filter((verb) => verb.begins).map(actionTextOf));

/** A statement of this verb as a gesture would build it. */
function statementTextOf(verb: VerbSpec): fc.Arbitrary<string> {
  const comment = fc.option(anyText);
  if (verb.name === 'begin') {
    return fc
      .record({ name, verb: fc.constant(verb.name), args: fc.constant([]), begun, comment })
      .map(formatStatement);
  }
  const ends: readonly Expectation[] = [
    ...(Object.keys(ERRNO) as Errno[]),
    ...(verb.locks ? (['WAITS', 'DEADLOCK'] as const) : []),
  ];
  return fc
    .tuple(actionTextOf(verb), fc.option(fc.constantFrom(...ends)), comment)
    .map(([action, expect, said]) => formatStatement({ ...action, expect, comment: said }));
}

const statementLine = fc.oneof(...[...VERBS.values()].map(statementTextOf));
/** A line that may expect an errno. */
const expectingLine = fc.oneof(
  ...[...VERBS.values()].filter((verb) => verb.name !== 'begin').map(statementTextOf),
);
/** Lines that stretch and bend what a tidy one looks like. */
const untidyLine = statementLine.map((line) => `\t ${line.replace(' ', ' \t ')} \r`);
const scriptText = fc
  .array(fc.oneof(statementLine, untidyLine, anyText, fc.constantFrom('', '#', '  # x', ' \t')))
  .map((lines) => lines.join('\n'));

/** What a statement says, wherever it stands on the line. */
const meaning = (script: Script) => script.lines.map(({ statement }) => statement && meaningOf(statement));
const meaningOf = (statement: Statement): object => ({
  ...statement,
  columns: null,
  args: statement.args.map(uncolumned),
  begun: statement.begun && meaningOf(statement.begun),
});
const uncolumned = (arg: Statement['args'][number]) => ({ ...arg, column: 0, valueColumn: 0 });

describe('parse and print', () => {
  it('print gives back every text to the character', () => {
    fc.assert(fc.property(fc.oneof(anyText, scriptText), (x) => printScript(parseScript(x)) === x));
  });

  it('no text makes the parser throw, and a line never has both a statement and an error', () => {
    fc.assert(
      fc.property(scriptText, (x) =>
        parseScript(x).lines.every((line) => line.statement === null || line.error === null),
      ),
    );
  });

  it('an error points into its line, or just behind it', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          anyText,
          statementLine.map((line) => line.slice(0, -2)),
        ),
        (x) => {
          for (const { raw, error } of parseScript(x).lines) {
            if (error === null) continue;
            expect(error.column).toBeGreaterThanOrEqual(1);
            expect(error.column).toBeLessThanOrEqual(raw.length + 1);
          }
        },
      ),
    );
  });
});

describe('format', () => {
  it('every statement that a gesture can build is one line that parses', () => {
    fc.assert(
      fc.property(statementLine, (line) => {
        expect(line).not.toMatch(/[\r\n]/);
        expect(parseLine(line, 1).error).toBeNull();
        expect(parseLine(line, 1).statement).not.toBeNull();
      }),
      { numRuns: 1000 },
    );
  });

  it('text survives whatever it holds', () => {
    fc.assert(
      fc.property(anyText, (label) => {
        const line = formatStatement({ verb: 'note', args: [text(label)] });
        expect(parseLine(line, 1).statement?.args[0]).toMatchObject({ kind: 'string', text: label });
      }),
      { numRuns: 1000 },
    );
  });

  it('keeps what each line says, and its number', () => {
    fc.assert(
      fc.property(scriptText, (x) => {
        const before = parseScript(x);
        expect(meaning(parseScript(formatScript(before)))).toEqual(meaning(before));
      }),
    );
  });

  it('formatting twice is formatting once', () => {
    fc.assert(
      fc.property(scriptText, (x) => {
        const once = formatScript(parseScript(x));
        expect(formatScript(parseScript(once))).toBe(once);
      }),
    );
  });

  it('spells a line one way', () => {
    const untidy = '  ioas=IOAS_ALLOC\tctx   !EBUSY #  why \r\n#note\n\n  wat  \nnote   "a\\u{62}"';
    expect(formatScript(parseScript(untidy))).toBe(
      'ioas = IOAS_ALLOC ctx ! EBUSY  # why\n# note\n\n  wat  \nnote "ab"\n',
    );
  });
});

describe('numbers', () => {
  it('are read back as they were written', () => {
    fc.assert(
      fc.property(u64, (value) => {
        expect(parseNumber(formatNumber(value))).toBe(value);
        expect(parseNumber(formatSize(value))).toBe(value);
      }),
    );
  });

  it('have suffixes in powers of 1024', () => {
    expect(['1K', '2M', '1G', '3T', '0x10K'].map(parseNumber)).toEqual([
      1024n,
      2097152n,
      1073741824n,
      3298534883328n,
      16384n,
    ]);
    expect(['4K', '2M', '1G', '1536K', '0x1001', '12'].map((x) => formatSize(parseNumber(x)!))).toEqual([
      '4K',
      '2M',
      '1G',
      '1536K',
      '0x1001',
      '12',
    ]);
  });

  it('are nothing else', () => {
    for (const text of ['', '0x', '1__0', '_1', '1_', '1k', '1.5', '0b1', '--1', '-', '1e3']) {
      expect(parseNumber(text)).toBeNull();
    }
  });
});

describe('edits', () => {
  it('an expectation set is the one read back, and dropping it leaves the action', () => {
    fc.assert(
      fc.property(expectingLine, fc.constantFrom<Errno>('EBUSY', 'EINVAL'), (line, errno) => {
        const before = parseLine(line, 1).statement!;
        const after = parseLine(withExpectation(line, errno), 1).statement!;
        expect(after.expect).toBe(errno);
        expect({ ...after, expect: null, columns: null }).toEqual({ ...before, expect: null, columns: null });
      }),
    );
  });

  it('a place recorded is the place read last, and a second one adds no line', () => {
    fc.assert(
      fc.property(scriptText, name, fc.integer(), fc.integer(), (script, key, x, y) => {
        const once = withPlace(script, key, x % 9999, y % 9999);
        const twice = withPlace(once, key, 1, 2);
        expect(twice.split('\n')).toHaveLength(once.split('\n').length);
        const last = parseScript(twice).lines.findLast(
          ({ statement }) =>
            statement?.verb === 'place' && (statement.args[0] as { text: string }).text === key,
        );
        expect(last?.statement?.args.slice(1)).toMatchObject([{ value: 1n }, { value: 2n }]);
      }),
    );
  });
});
