import { parseNumber } from '../literal';
import type { Statement } from '../script';

/** A statement's arguments without its options, as they are written. */
export const wordsOf = ({ args }: Statement): readonly string[] =>
  args.flatMap((arg) => (arg.kind === 'option' ? [] : [arg.text]));

export function optionOf({ args }: Statement, key: string): string | null {
  for (const arg of args) if (arg.kind === 'option' && arg.key === key) return arg.value;
  return null;
}

/** An option's size; null where it is left out or no number. */
export function sizeOf(statement: Statement, key: string): bigint | null {
  const text = optionOf(statement, key);
  return text === null ? null : parseNumber(text);
}

/** `"2a 00 00 00"`: bytes as they lie in memory; `"0x1000 0x30"`: 64-bit words. Null: neither. */
export function bytesOfText(text: string): Uint8Array | null {
  const words = text.trim().split(/\s+/);
  if (words.every((word) => /^0x[0-9a-f_]+$/i.test(word)))
    return new Uint8Array(BigUint64Array.from(words, (word) => BigInt(word.replaceAll('_', ''))).buffer);
  const digits = text.replace(/[\s_]/g, '');
  if (digits.length % 2 !== 0 || !/^[0-9a-f]*$/i.test(digits)) return null;
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}
