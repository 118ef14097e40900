import { hex } from '../../lib/u64';
import type { Field, NameTable } from './struct';

/** A field's value as strace writes it: flags and enums by name, 64-bit words in hex. */
export const formatWord = (field: Field, value: number | bigint): string =>
  wordParts(field, value)
    .map((part) => part.text)
    .join('');

export interface WordPart {
  readonly kind: 'name' | 'number' | 'mark';
  readonly text: string;
}

const mark = (text: string): WordPart => ({ kind: 'mark', text });
const number = (text: string): WordPart => ({ kind: 'number', text });
const named = (text: string): WordPart => ({ kind: 'name', text });

export function wordParts(field: Field, value: number | bigint): readonly WordPart[] {
  if (field.flags) return flagParts(field.flags, BigInt(value));
  if (field.enumOf) {
    const name = Object.entries(field.enumOf).find(([, each]) => BigInt(each) === BigInt(value))?.[0];
    if (name !== undefined) return [named(name)];
  }
  return [number(plain(field, value))];
}

/** Every name whose bits are set, and what is left over. */
function flagParts(names: NameTable, value: bigint): readonly WordPart[] {
  let rest = value;
  const parts: WordPart[] = [];
  const add = (part: WordPart): void => {
    if (parts.length > 0) parts.push(mark('|'));
    parts.push(part);
  };
  for (const [name, bits] of Object.entries(names)) {
    const mask = BigInt(bits);
    if ((rest & mask) !== mask) continue;
    rest &= ~mask;
    add(named(name));
  }
  if (rest !== 0n || parts.length === 0) add(number(rest === 0n ? '0' : hex(rest)));
  return parts;
}

/** Counts and ids are small and decimal; magic numbers and addresses are hex. */
function plain({ word, hex: register }: Field, value: number | bigint): string {
  const small = word === 's32' || (word !== 'u64' && register !== true && value < 0x1_0000);
  return small || Number(value) === 0 ? String(value) : hex(value);
}
