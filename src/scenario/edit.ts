import { formatStatement } from './format';
import { isName, lexLine, type LexedLine } from './lex';
import { linesOfText } from './lines';
import { normalizeBdf } from './literal';
import type { Expectation } from './script';

/**
 * Small changes to a script's text, as the page's gestures make them; every other character stays. They look at how lines
 * are written and not at what verbs mean, so the page has them without the table of verbs.
 */

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
    const line = lexed(raw);
    if (line === null || placedThing(line) !== wanted) continue;
    const comment = commentPart(raw, line);
    lines[index] = comment === '' ? placeLine(key, x, y) : `${placeLine(key, x, y)}  ${comment}`;
    return lines.join('\n');
  }
  return appendLines(script, [placeLine(key, x, y)]);
}

/** Without the `place` lines of these things, or without any: the layout finds a place for them again. */
export function withoutPlaces(script: string, keys: readonly string[] | null): string {
  const wanted = keys === null ? null : new Set(keys.map(placeKey));
  const isPlaceOf = (raw: string): boolean => {
    if (!raw.includes('place')) return false;
    const line = lexed(raw);
    const thing = line === null ? null : placedThing(line);
    return thing !== null && (wanted === null || wanted.has(thing));
  };
  return script
    .split('\n')
    .filter((raw) => !isPlaceOf(raw))
    .join('\n');
}

/** Two spellings of one PCI address are one thing. */
const placeKey = (key: string): string => normalizeBdf(key) ?? key;

function lexed(raw: string): LexedLine | null {
  const result = lexLine(raw);
  return result.ok ? result.line : null;
}

function placedThing({ args: [verb, ...args] }: LexedLine): string | null {
  const what = args.find((arg) => arg.kind !== 'option');
  if (verb?.kind !== 'word' || verb.text !== 'place' || what === undefined) return null;
  return placeKey(what.text);
}

function commentPart(raw: string, { comment }: LexedLine): string {
  return comment === null ? '' : raw.slice(comment.column - 1);
}

/** The same line with another expectation, or with none. A line that holds no action stays as it is. */
export function withExpectation(raw: string, expected: Expectation | null): string {
  const line = lexed(raw);
  if (line === null || line.args.length === 0) return raw;
  const { expect, comment } = line;
  const action = trimEnd(raw.slice(0, ((expect ?? comment)?.column ?? raw.length + 1) - 1));
  const expectation = expected === null ? '' : ` ! ${expected}`;
  const rest = commentPart(raw, line);
  return `${action}${expectation}${rest === '' ? '' : `  ${rest}`}`;
}

const trimEnd = (text: string): string => text.replace(/[ \t\r]+$/, '');

/** A name that no line of the script gives yet: `ioas`, then `ioas2`, `ioas3` … */
export function freshName(script: string, wanted: string): string {
  const taken = new Set(
    linesOfText(script).flatMap((raw) => {
      const line = raw.includes('=') ? lexed(raw) : null;
      return [line?.name?.text, line?.begun?.name?.text];
    }),
  );
  const base = isName(wanted) ? wanted : 'x';
  for (let number = 1; ; number++) {
    const name = number === 1 ? base : `${base}${String(number)}`;
    if (!taken.has(name)) return name;
  }
}
