import { formatStatement } from './format';
import { isName } from './lex';
import { normalizeBdf } from './literal';
import { parseLine, parseScript } from './parse';
import type { Expectation, Statement } from './script';

/** Small changes to a script's text, as the page's gestures make them; every other character stays. */

/** Puts lines at the end. */
export function appendLines(script: string, lines: readonly string[]): string {
  if (lines.length === 0) return script;
  const gap = script === '' || script.endsWith('\n') ? '' : '\n';
  return `${script}${gap}${lines.join('\n')}\n`;
}

/** `place hwpt 420 160`; places are whole pixels. */
export const placeLine = (key: string, x: number, y: number): string =>
  formatStatement({ verb: 'place', args: [key, String(Math.round(x) + 0), String(Math.round(y) + 0)] });

/** Records a place: the last `place` line of the same thing changes, or a new one is appended. */
export function withPlace(script: string, key: string, x: number, y: number): string {
  const lines = script.split('\n');
  const wanted = placeKey(key);
  for (let index = lines.length - 1; index >= 0; index--) {
    const raw = lines[index] ?? '';
    if (!raw.includes('place')) continue;
    const { statement } = parseLine(raw, index + 1);
    if (statement === null || placedThing(statement) !== wanted) continue;
    const comment = commentPart(raw, statement);
    lines[index] = comment === '' ? placeLine(key, x, y) : `${placeLine(key, x, y)}  ${comment}`;
    return lines.join('\n');
  }
  return appendLines(script, [placeLine(key, x, y)]);
}

/** Two spellings of one PCI address are one thing. */
const placeKey = (key: string): string => normalizeBdf(key) ?? key;

function placedThing({ verb, args }: Statement): string | null {
  const what = args.find((arg) => arg.kind !== 'option');
  return verb === 'place' && what !== undefined ? placeKey(what.text) : null;
}

function commentPart(raw: string, statement: Statement): string {
  return statement.columns.comment === null ? '' : raw.slice(statement.columns.comment - 1);
}

/** The same line with another expectation, or with none. A line that holds no statement stays as it is. */
export function withExpectation(raw: string, expected: Expectation | null): string {
  const { statement } = parseLine(raw, 1);
  if (statement === null) return raw;
  const { expect, comment } = statement.columns;
  const action = trimEnd(raw.slice(0, (expect ?? comment ?? raw.length + 1) - 1));
  const expectation = expected === null ? '' : ` ! ${expected}`;
  const rest = commentPart(raw, statement);
  return `${action}${expectation}${rest === '' ? '' : `  ${rest}`}`;
}

const trimEnd = (text: string): string => text.replace(/[ \t\r]+$/, '');

/** A name that no line of the script gives yet: `ioas`, then `ioas2`, `ioas3` … */
export function freshName(script: string, wanted: string): string {
  const taken = new Set(
    parseScript(script).lines.flatMap(({ statement }) => [statement?.name, statement?.begun?.name]),
  );
  const base = isName(wanted) ? wanted : 'x';
  for (let number = 1; ; number++) {
    const name = number === 1 ? base : `${base}${String(number)}`;
    if (!taken.has(name)) return name;
  }
}
