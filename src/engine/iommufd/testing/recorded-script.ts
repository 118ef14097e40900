import { U64_MAX } from '../../../lib/u64';
import { BAD_VA } from './recorded-ops';

/** One operation of a recorded script. Grammar: `../shared/conformance/ops/FORMAT.md` beside the checkout. */
export interface Line {
  readonly child: boolean;
  readonly label: string | null;
  readonly op: string;
  /** The text after `@`. */
  readonly fd: string | null;
  /** In order; a word without `=` is its own key. */
  readonly words: readonly string[];
  readonly keys: ReadonlyMap<string, string>;
}

export function parseLine(text: string): Line {
  const words = text.split(/[ \t]+/).filter((word) => word !== '');
  const child = words[0] === 'child';
  if (child) words.shift();
  const [, label = null, op = '', fd = null] = /^(?:(\w+)=)?(\w+)(?:@(.*))?$/.exec(words.shift() ?? '') ?? [];
  const keys = new Map<string, string>();
  for (const word of words) {
    const at = word.indexOf('=');
    const key = at < 0 ? word : word.slice(0, at);
    if (!keys.has(key)) keys.set(key, at < 0 ? '1' : word.slice(at + 1));
  }
  return { child, label, op, fd, words: words.map((word) => word.split('=')[0] ?? ''), keys };
}

/** What names in a script stand for; a child's operations set them for all. */
export class Registers {
  private readonly values = new Map<string, bigint>();
  /** User addresses of buffers. */
  readonly buffers = new Map<string, bigint>();

  set(label: string | null, field: string | null, value: bigint): void {
    if (label === null) return;
    this.values.set(field === null ? label : `${label}.${field}`, BigInt.asUintN(64, value));
  }

  /** A sum of terms, in 64 bits. */
  evaluate(text: string): bigint {
    let sum = 0n;
    for (const [, sign, atom = ''] of text.matchAll(/([+-]?)([^+-]+)/g)) {
      const value = this.atom(atom);
      sum += sign === '-' ? -value : value;
    }
    return BigInt.asUintN(64, sum);
  }

  /** Unset names are 0, unset descriptors -1; what is no buffer is an address where nothing is. */
  private atom(atom: string): bigint {
    if (atom === 'max') return U64_MAX;
    if (atom.startsWith('%')) return this.buffers.get(atom.slice(1)) ?? BAD_VA;
    if (!atom.startsWith('$')) return BigInt(atom);
    return this.values.get(atom.slice(1)) ?? (atom.endsWith('.fd') ? U64_MAX : 0n);
  }

  /** `1,q:2,h:3,b:4,z:8,f:8`: words of several widths, zeroes, fill bytes. */
  blob(text: string): Uint8Array {
    const bytes: number[] = [];
    for (const item of text.split(',')) {
      const [, width = 'w', atom = '0'] = /^(?:(\w):)?(.*)$/.exec(item) ?? [];
      const value = this.evaluate(atom);
      if (width === 'z' || width === 'f') {
        for (let n = 0; n < Math.min(Number(value), 0x8000); n++) bytes.push(width === 'z' ? 0 : 0xee);
      } else {
        const count = { q: 8, h: 2, b: 1 }[width] ?? 4;
        for (let at = 0; at < count; at++) bytes.push(Number((value >> BigInt(8 * at)) & 0xffn));
      }
    }
    return Uint8Array.from(bytes);
  }

  blobOf(text: string | undefined): Uint8Array {
    return text === undefined ? new Uint8Array() : this.blob(text);
  }

  /** `a:b,c:d`: pairs of 64-bit words. */
  ranges(text: string): Uint8Array {
    const words = text.split(',').flatMap((pair) => pair.split(':').map((each) => this.evaluate(each)));
    const bytes = new Uint8Array(words.length * 8);
    words.forEach((word, index) => {
      store(bytes, index * 8, 8, word);
    });
    return bytes;
  }
}

/** `0,3-5`: a bitmap, as long as its last bit needs. */
export function bitmap(text: string): Uint8Array {
  const bits: number[] = [];
  for (const [, first = '0', last = first] of text.matchAll(/(\d+)(?:-(\d+))?/g)) {
    for (let bit = Number(first); bit <= Number(last); bit++) bits.push(bit);
  }
  const bytes = new Uint8Array(Math.ceil((Math.max(-1, ...bits) + 1) / 8));
  for (const bit of bits) bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) | (1 << (bit & 7));
  return bytes;
}

export function store(into: Uint8Array, offset: number, bytes: number, value: bigint): void {
  for (let at = 0; at < bytes; at++) into[offset + at] = Number((value >> BigInt(8 * at)) & 0xffn);
}

export function load(from: Uint8Array, offset: number, bytes: number): bigint {
  let value = 0n;
  for (let at = bytes - 1; at >= 0; at--) value = (value << 8n) | BigInt(from[offset + at] ?? 0);
  return value;
}
