import { describe, expect, it } from 'vitest';
import { parseScript } from '../scenario/parse';
import { scenarioFiles } from './run-script';

/** Rows of the five threads, as the project's mission counts them; C16, B14 and E14 are variants that Linux did not keep. */
const rowsOf = (thread: string, count: number): string[] =>
  Array.from({ length: count }, (_, n) => `${thread}${n + 1}`);
const ROWS = [
  ...rowsOf('A', 11),
  ...rowsOf('B', 13),
  ...rowsOf('C', 17).filter((row) => row !== 'C16'),
  ...rowsOf('D', 10),
  ...rowsOf('E', 13),
];

const files = scenarioFiles().filter(({ name }) => name.startsWith('rows/'));
const rowOf = (name: string): string => (/^rows\/([a-e]\d+)-/.exec(name)?.[1] ?? '').toUpperCase();

describe('the five threads', () => {
  it.each(ROWS)('%s has a scenario', (row) => {
    expect(files.filter(({ name }) => rowOf(name) === row).length).toBeGreaterThan(0);
  });

  it('no file is without a row', () => {
    expect(files.map(({ name }) => rowOf(name)).filter((row) => !ROWS.includes(row))).toEqual([]);
  });

  it.each(files)('$name has a title, tells what to see, and says what must be so', ({ name, script }) => {
    expect(script.split('\n')[0]).toMatch(new RegExp(`^# ${rowOf(name)} · `));
    const statements = parseScript(script).lines.flatMap(({ statement }) => statement ?? []);
    const says = statements.filter(
      ({ verb, expect: expected, args }) =>
        verb === 'expect' ||
        expected !== null ||
        args.some((arg) => arg.kind === 'option' && arg.key === 'in'),
    );
    expect(says.length).toBeGreaterThan(0);
  });
});
