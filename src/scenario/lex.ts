import { escapeCode, isUnprintable, parseNumber, parseRange, unquote } from './literal';
import type { Arg, LineError } from './script';
import * as says from '../words/scenario/text';

/** A line taken apart, before anyone asks whether its verb exists. */
export interface LexedLine {
  readonly name: Piece | null;
  /** The verb first, then its arguments; empty for a blank or comment line. */
  readonly args: readonly Arg[];
  /** What follows a `!`. */
  readonly expect: Piece | null;
  /** What follows a `#`, trimmed; its column is the `#`. */
  readonly comment: Piece | null;
  /** Column after the last thing that is not comment: where something missing would stand. */
  readonly end: number;
  /** The action after `begin`, if this line has one; it has no expectation and no comment of its own. */
  readonly begun: LexedLine | null;
}

export interface Piece {
  readonly text: string;
  readonly column: number;
}

export type Lexed =
  { readonly ok: true; readonly line: LexedLine } | { readonly ok: false; readonly error: LineError };

const NAME_AND_EQUALS = /[ \t\r]*([^\s="#!]+)[ \t]*=/y;
const NAME = /^[A-Za-z][A-Za-z0-9_]*$/;
const KEY = /^[A-Za-z][A-Za-z0-9-]*$/;
const SPACE = /\s/;

const fail = (message: string, index: number): { readonly ok: false; readonly error: LineError } => ({
  ok: false,
  error: { message, column: index + 1 },
});

export const isName = (text: string): boolean => NAME.test(text);

/** Whether text can stand as one word, without quotes. */
export function isWord(text: string): boolean {
  if (text === '' || text === '=' || text.startsWith('#') || text.startsWith('!')) return false;
  const word = readWord(text, 0);
  return word.ok && word.end === text.length && keyOf(text) === null;
}

export const lexLine = (raw: string): Lexed => lexFrom(raw, 0, true);

/** `whole`: this is the line itself, and not what stands after its `begin`. */
function lexFrom(raw: string, from: number, whole: boolean): Lexed {
  const args: Arg[] = [];
  let name: Piece | null = null;
  let expect: Piece | null = null;
  let comment: Piece | null = null;
  let end = from;
  let at = from;

  NAME_AND_EQUALS.lastIndex = from;
  const named = raw.includes('=', from) ? NAME_AND_EQUALS.exec(raw) : null;
  if (named !== null) {
    const text = named[1] ?? '';
    const start = from + named[0].indexOf(text);
    if (!NAME.test(text)) {
      return fail(says.cannotBeANameStart(text), start);
    }
    name = { text, column: start + 1 };
    at = end = from + named[0].length;
  }

  for (;;) {
    while (isBlank(raw, at)) at++;
    if (at >= raw.length) break;
    if (raw[at] === '#') {
      comment = { text: trimBlanks(raw.slice(at + 1)), column: at + 1 };
      break;
    }
    if (expect !== null) return fail(says.nothingMayFollowTheExpectedErrno, at);
    if (raw[at] === '!') {
      let start = at + 1;
      while (isBlank(raw, start)) start++;
      const word = readWord(raw, start);
      if (!word.ok) return word;
      expect = { text: word.text, column: at + 1 };
      at = word.end;
    } else {
      const read = readArg(raw, at);
      if (!read.ok) return read;
      args.push(read.arg);
      at = read.end;
      if (whole && args.length === 1 && read.arg.kind === 'word' && read.arg.text === BEGIN) {
        return withAction(raw, at, { name, args, expect, comment, end: at + 1, begun: null });
      }
    }
    end = at;
  }
  return { ok: true, line: { name, args, expect, comment, end: end + 1, begun: null } };
}

/** The verb whose argument is an action, written as on a line of its own. */
export const BEGIN = 'begin';

/** What follows `begin` is a line again; what it is expected to come to, and its comment, belong to the whole. */
function withAction(raw: string, from: number, line: LexedLine): Lexed {
  const rest = lexFrom(raw, from, false);
  if (!rest.ok) return rest;
  const { name, args, expect, comment, end } = rest.line;
  const begun = name === null && args.length === 0 ? null : { ...rest.line, expect: null, comment: null };
  return { ok: true, line: { ...line, expect, comment, end: begun === null ? line.end : end, begun } };
}

/** Whether text can stand after `key=` without quotes. */
export function isOptionValue(text: string): boolean {
  const word = readWord(text, 0);
  return text !== '' && word.ok && word.end === text.length;
}

/** The `len` of `len=2M`, or null. */
function keyOf(word: string): string | null {
  const equals = word.indexOf('=');
  if (equals < 0) return null;
  const key = word.slice(0, equals);
  return KEY.test(key) ? key : null;
}

type ReadArg =
  | { readonly ok: true; readonly arg: Arg; readonly end: number }
  | { readonly ok: false; readonly error: LineError };

function readArg(raw: string, at: number): ReadArg {
  const column = at + 1;
  if (raw[at] === '"') {
    const string = readString(raw, at);
    return string.ok
      ? { ok: true, arg: { kind: 'string', text: string.text, column }, end: string.end }
      : string;
  }
  const word = readWord(raw, at);
  if (!word.ok) return word;
  const { text, end } = word;
  if (text === '=') return fail(says.writeAnOptionWithoutSpaces, at);
  const key = keyOf(text);
  if (key !== null) return readOption(raw, at, key, text.slice(key.length + 1), end);
  const first = text.charCodeAt(0);
  if (isDigit(first) || (first === MINUS && isDigit(text.charCodeAt(1)))) {
    const value = parseNumber(text);
    if (value !== null) return { ok: true, arg: { kind: 'number', value, text, column }, end };
    const range = parseRange(text);
    if (range !== null) {
      return { ok: true, arg: { kind: 'range', start: range.start, last: range.last, text, column }, end };
    }
  }
  return { ok: true, arg: { kind: 'word', text, column }, end };
}

function readOption(raw: string, at: number, key: string, value: string, end: number): ReadArg {
  const column = at + 1;
  const valueColumn = column + key.length + 1;
  if (value !== '') return { ok: true, arg: { kind: 'option', key, value, column, valueColumn }, end };
  if (raw[end] !== '"') return fail(says.nothingStandsAfterWriteItWithout(key), at);
  const string = readString(raw, end);
  if (!string.ok) return string;
  return { ok: true, arg: { kind: 'option', key, value: string.text, column, valueColumn }, end: string.end };
}

type ReadText =
  | { readonly ok: true; readonly text: string; readonly end: number }
  | { readonly ok: false; readonly error: LineError };

/** A word ends at a blank, or before the quotes of `key="…"`. */
function readWord(raw: string, start: number): ReadText {
  let at = start;
  for (; at < raw.length && !isBlank(raw, at); at++) {
    const code = raw.charCodeAt(at);
    if (code === QUOTE) {
      if (raw[at - 1] === '=' && KEY.test(raw.slice(start, at - 1))) break;
      return fail(says.leaveASpaceBeforeTheOpening, at);
    }
    // Whatever is not plain ASCII may look like a space or a quote without being one.
    if (code > 0x20 && code < 0x7f) continue;
    const problem = strangeCharacter(raw, at);
    if (problem !== null) return fail(problem, at);
  }
  return { ok: true, text: raw.slice(start, at), end: at };
}

function readString(raw: string, start: number): ReadText {
  const string = unquote(raw, start);
  if (!string.ok) return fail(string.message, string.at);
  for (let at = start; at < string.end; at++) {
    const code = raw.charCodeAt(at);
    if ((code >= 0x20 && code < 0x7f) || code === TAB) continue;
    const character = characterAt(raw, at);
    if (isUnprintable(character)) {
      return fail(says.cannotStandInTextWrite(codePoint(character), escapeCode(character)), at);
    }
    at += character.length - 1;
  }
  const after = raw[string.end];
  if (after !== undefined && !isBlank(raw, string.end)) {
    return fail(says.leaveASpaceAfterTheClosing, string.end);
  }
  return string;
}

const TAB = 0x09;
const QUOTE = 0x22;
const MINUS = 0x2d;
const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39;

/** A space, a tab, or the carriage return of a file from Windows. */
function isBlank(raw: string, at: number): boolean {
  const code = raw.charCodeAt(at);
  return code === 0x20 || code === TAB || code === 0x0d;
}

/** Not String.trim(): that takes no-break spaces too, which belong to the text. */
export function trimBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text, start)) start++;
  while (end > start && isBlank(text, end - 1)) end--;
  return text.slice(start, end);
}

const characterAt = (raw: string, at: number): string => String.fromCodePoint(raw.codePointAt(at) ?? 0);
const codePoint = (character: string): string =>
  says.theCharacterU((character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0'));

function strangeCharacter(raw: string, at: number): string | null {
  const character = characterAt(raw, at);
  if ('“”„«»'.includes(character)) return says.useTheStraightQuoteAroundText;
  if (SPACE.test(character)) return says.looksLikeASpace(codePoint(character));
  if (isUnprintable(character)) return says.cannotStandInAScript(codePoint(character));
  return null;
}
