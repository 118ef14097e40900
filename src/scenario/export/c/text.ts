import { isUnprintable } from '../../literal';

/** Pieces of C. */

/** A string literal. What is not ASCII goes as its UTF-8 bytes, in octal so that no digit behind it counts. */
export function cString(text: string): string {
  let out = '';
  for (const byte of new TextEncoder().encode(text)) {
    const character = String.fromCharCode(byte);
    if (character === '"' || character === '\\') out += `\\${character}`;
    // "??" begins a trigraph.
    else if (character === '?') out += '\\?';
    else if (byte >= 0x20 && byte < 0x7f) out += character;
    else out += `\\${byte.toString(8).padStart(3, '0')}`;
  }
  return `"${out}"`;
}

const WIDTH = 92;

/** A comment of any text, wrapped. */
export function cComment(text: string, indent = ''): readonly string[] {
  const lines = wrap(harmless(text), WIDTH - indent.length);
  return lines.length === 1 ? [`${indent}/* ${lines[0] ?? ''} */`] : starred(lines, indent);
}

/** A comment of several lines, as they are. */
export const cBlock = (lines: readonly string[], indent = ''): readonly string[] =>
  starred(lines.map(harmless), indent);

const starred = (lines: readonly string[], indent: string): readonly string[] => [
  `${indent}/*`,
  ...lines.map((line) => `${indent} * ${line}`.trimEnd()),
  `${indent} */`,
];

/** Nothing in it can end the comment, or go on in the next line. */
const harmless = (text: string): string =>
  [...text.replaceAll('*/', '* /').replaceAll('/*', '/ *').replaceAll('\\', '/').replaceAll('??', '? ?')]
    .map((character) => (isUnprintable(character) ? ' ' : character))
    .join('');

function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

export const hexLiteral = (value: bigint): string => {
  const suffix = value > 0xffff_ffffn ? 'ULL' : '';
  return `0x${value.toString(16)}${suffix}`;
};

/** Counts in decimal, addresses and sizes in hex, and always of a type that holds them. */
export const numberLiteral = (value: bigint): string => {
  if (value < 0n) return value.toString();
  return value < 4096n ? value.toString() : hexLiteral(value);
};
