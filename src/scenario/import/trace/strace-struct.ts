import { decode, type Struct } from '../../../engine/uapi/struct';
import { valueOf } from './constants';
import type { TraceFields, TraceValue } from './imported-trace';
import { splitTop } from './strace-line';

/** A structure as text, on the way in and on the way out. */
export interface ShownStruct {
  readonly fields: TraceFields;
  readonly out: TraceFields;
}

/**
 * `{size=12, flags=0} => {out_ioas_id=1}`, or `{…, iova=0 => 0x1000}`. Null: it is an address, or nothing that is known.
 * Bytes as `"\x0c\x00…"` are read by the command's layout.
 */
export function readStruct(text: string, layoutOf: (bytes: Uint8Array) => Struct | null): ShownStruct | null {
  if (text.startsWith('"')) return fromBytes(text, layoutOf);
  if (!text.startsWith('{')) return null;
  const [before = '', after = ''] = splitArrow(text);
  const fields = new Map<string, TraceValue>();
  const out = new Map<string, TraceValue>();
  readMembers(before, fields, out);
  for (const [name, value] of fields) if (!out.has(name)) out.set(name, value);
  if (after !== '') readMembers(after, out, out);
  return { fields, out };
}

function fromBytes(text: string, layoutOf: (bytes: Uint8Array) => Struct | null): ShownStruct | null {
  const pairs = text.match(/\\x[0-9a-f]{2}/gi);
  if (pairs === null || pairs.join('').length !== text.replace(/"|\.\.\./g, '').length) return null;
  const bytes = Uint8Array.from(pairs, (pair) => parseInt(pair.slice(2), 16));
  const layout = layoutOf(bytes);
  if (layout === null) return null;
  const values = Object.entries(decode(layout, bytes)).map(([name, value]) => [name, BigInt(value)] as const);
  return { fields: new Map(values), out: new Map(values) };
}

/** At an arrow that stands in no bracket. */
function splitArrow(text: string): readonly [string, string] {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '{' || character === '[') depth++;
    else if (character === '}' || character === ']') depth--;
    else if (depth === 0 && text.startsWith('=>', at))
      return [text.slice(0, at).trim(), text.slice(at + 2).trim()];
  }
  return [text, ''];
}

function readMembers(text: string, fields: Map<string, TraceValue>, out: Map<string, TraceValue>): void {
  const inner = text.replace(/^\{/, '').replace(/\}$/, '');
  for (const part of splitTop(inner)) {
    const equals = part.indexOf('=');
    if (equals < 1) continue;
    const name = part.slice(0, equals);
    const [value = '', changed = ''] = splitArrow(part.slice(equals + 1));
    readValue(name, value, fields);
    if (changed !== '') readValue(name, changed, out);
  }
}

function readValue(name: string, text: string, into: Map<string, TraceValue>): void {
  const plain = text.replace(/\/\*.*?\*\//g, '').trim();
  if (plain.startsWith('[')) {
    const items = splitTop(plain.replace(/^\[/, '').replace(/\]$/, '')).filter((item) => item !== '...');
    if (items.every((item) => item.startsWith('{'))) {
      into.set(
        name,
        items.map((item) => {
          const fields = new Map<string, TraceValue>();
          readMembers(item, fields, fields);
          return fields;
        }),
      );
      return;
    }
    for (const [index, item] of items.entries()) readValue(`${name}[${index}]`, item, into);
    return;
  }
  const value = numberText(plain);
  if (value !== null) into.set(name, value);
}

/** Numbers, names and what is joined by `|`; null: nobody knows one of them. */
export function numberText(text: string): bigint | null {
  const plain = text.replace(/<.*>$/, '').trim();
  if (plain === 'NULL') return 0n;
  let value = 0n;
  for (const word of plain.split('|')) {
    const number = /^-?(?:0x[0-9a-f]+|\d+)$/i.test(word)
      ? word.startsWith('-')
        ? -BigInt(word.slice(1))
        : BigInt(word)
      : valueOf(word);
    if (number === null) return null;
    value |= number;
  }
  return value;
}
