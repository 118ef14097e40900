import * as says from '../words/scenario/text';

/** How values are spelt in a script: numbers, ranges, PCI addresses, quoted text. */

const NUMBER = /^(?:0[xX][0-9a-fA-F](?:_?[0-9a-fA-F])*|[0-9](?:_?[0-9])*)[KMGT]?$/;
const SHIFT: Readonly<Record<string, bigint>> = { K: 10n, M: 20n, G: 30n, T: 40n };

/** `2M`, `0x1_0000`, `4096`; a leading `-` for places on the canvas. Null when it is no number. */
export function parseNumber(text: string): bigint | null {
  if (text.startsWith('-')) {
    const positive = parseNumber(text.slice(1));
    return positive === null || text.startsWith('--') ? null : -positive;
  }
  if (!NUMBER.test(text)) return null;
  const shift = SHIFT[text.charAt(text.length - 1)];
  const digits = shift === undefined ? text : text.slice(0, -1);
  const value = BigInt(digits.includes('_') ? digits.replaceAll('_', '') : digits);
  return shift === undefined ? value : value << shift;
}

/** `0x1000-0x1fff`: start and last, both included. Null when it is not two numbers; `start` may lie above `last`. */
export function parseRange(text: string): { readonly start: bigint; readonly last: bigint } | null {
  const dash = text.indexOf('-', 1);
  if (dash < 0 || text.startsWith('-')) return null;
  const start = parseNumber(text.slice(0, dash));
  const last = parseNumber(text.slice(dash + 1));
  return start === null || last === null || text[dash + 1] === '-' ? null : { start, last };
}

/** A length as people write it: `2M`, `4K`; what no power of 1024 divides stays as it is. */
export function formatSize(bytes: bigint): string {
  for (const [suffix, shift] of Object.entries(SHIFT).reverse()) {
    if (bytes > 0n && bytes % (1n << shift) === 0n) return `${(bytes >> shift).toString()}${suffix}`;
  }
  return formatNumber(bytes);
}

/** Small numbers in decimal, addresses in hex. */
export const formatNumber = (value: bigint): string =>
  value < 4096n ? value.toString() : `0x${value.toString(16)}`;

const BDF = /^(?:([0-9a-fA-F]{4,8}):)?([0-9a-fA-F]{2}):([01][0-9a-fA-F])\.([0-7])$/;

/**
 * What Linux calls a platform device: after its registers and node (`fe500000.dma-controller`), or after ACPI
 * (`ARMH0061:00`). It has a letter, so that no number is taken for one.
 */
export const PLATFORM_NAME =
  /^(?:(?=[^:]*[A-Za-z])[A-Za-z0-9][A-Za-z0-9._-]*|[A-Za-z][A-Za-z0-9]{6,7}:[0-9A-Fa-f]{2})$/;

/** `01:00.0` or `0000:01:00.0` → `0000:01:00.0`, the kernel's name; null when it is no PCI address. */
export function normalizeBdf(text: string): string | null {
  const match = BDF.exec(text);
  if (match === null) return null;
  return `${match[1] ?? '0000'}:${match[2] ?? ''}:${match[3] ?? ''}.${match[4] ?? ''}`.toLowerCase();
}

/**
 * Characters that may not stand in a script as they are: they would end the line, hide, or reorder what a reader sees
 * (controls, line separators, bidirectional overrides), or cannot be written as UTF-8 (lone surrogates).
 */
// eslint-disable-next-line no-control-regex -- control characters are what this is about
const UNPRINTABLE = /[\0-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\p{Cs}]/u;
const ESCAPED = new RegExp(`["\\\\]|${UNPRINTABLE.source}`, 'gu');

export const isUnprintable = (character: string): boolean => UNPRINTABLE.test(character);

/** Any text as a string of the script, on one line. */
export function quote(text: string): string {
  return `"${text.replace(ESCAPED, escapeOf)}"`;
}

function escapeOf(character: string): string {
  switch (character) {
    case '"':
    case '\\':
      return `\\${character}`;
    case '\n':
      return '\\n';
    case '\t':
      return '\\t';
    default:
      return escapeCode(character);
  }
}

/** `\u{7f}` */
export const escapeCode = (character: string): string =>
  `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

export type Unquoted =
  | { readonly ok: true; readonly text: string; /** Index after the closing quote. */ readonly end: number }
  | { readonly ok: false; readonly message: string; readonly at: number };

/** Reads the string whose opening quote is at `start`. */
export function unquote(source: string, start: number): Unquoted {
  let text = '';
  let from = start + 1;
  for (let at = from; at < source.length; at++) {
    const code = source.charCodeAt(at);
    if (code === QUOTE) return { ok: true, text: text + source.slice(from, at), end: at + 1 };
    if (code !== BACKSLASH) continue;
    const escape = readEscape(source, at);
    if (escape === null) {
      return {
        ok: false,
        message: says.unknownEscapeForABackslashWrite(source.slice(at, at + 2)),
        at,
      };
    }
    text += source.slice(from, at) + escape.text;
    from = escape.end;
    at = escape.end - 1;
  }
  return { ok: false, message: says.thisTextHasNoClosing, at: start };
}

const PLAIN_ESCAPES: Readonly<Record<string, string>> = { '"': '"', '\\': '\\', n: '\n', t: '\t' };

function readEscape(source: string, at: number): { readonly text: string; readonly end: number } | null {
  const plain = PLAIN_ESCAPES[source.charAt(at + 1)];
  if (plain !== undefined) return { text: plain, end: at + 2 };
  const code = /^u\{([0-9a-fA-F]{1,6})\}/.exec(source.slice(at + 1, at + 10));
  const value = code === null ? Infinity : parseInt(code[1] ?? '', 16);
  if (code === null || value > 0x10ffff) return null;
  return { text: String.fromCodePoint(value), end: at + 1 + code[0].length };
}
