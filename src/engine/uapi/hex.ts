import { formatWord } from './format';
import { decode, WORD_BYTES, type Field, type Struct } from './struct';

/** One field of a structure that went into a call and came back. */
export interface FieldView {
  readonly name: string;
  /** e.g. `u32`; a stretch that no field covers has none. */
  readonly word: string | null;
  readonly offset: number;
  readonly bytes: number;
  readonly dir: Field['dir'];
  /** The caller gave a structure too short for it: the kernel takes zero. */
  readonly absent: boolean;
  readonly changed: boolean;
  readonly before: string;
  readonly after: string;
}

/** A structure as bytes on the way in and on the way out, and what they mean. */
export interface StructView {
  readonly name: string;
  /** In the order of the bytes; together they cover all of them. */
  readonly fields: readonly FieldView[];
  readonly before: Uint8Array;
  readonly after: Uint8Array;
}

/**
 * Bytes → fields, every byte in exactly one. Bytes behind the structure that this kernel knows, and holes in it, are
 * fields without a word.
 */
export function viewStruct(struct: Struct, before: Uint8Array, after: Uint8Array): StructView {
  const [was, is] = [decode(struct, before), decode(struct, after)];
  const fields: FieldView[] = [];
  const dir = struct.fields.every((field) => field.dir === 'out') ? 'out' : 'in';
  const fill = (from: number, to: number, name: string): void => {
    if (to > from) fields.push(bare(name, from, dir, before.subarray(from, to), after.subarray(from, to)));
  };
  let end = 0;
  for (const field of [...struct.fields].sort((a, b) => a.offset - b.offset)) {
    const { name, word, offset, dir } = field;
    const bytes = WORD_BYTES[word];
    fill(end, Math.min(offset, before.length), 'unused');
    fields.push({
      name,
      word,
      offset,
      bytes,
      dir,
      absent: offset + bytes > before.length,
      changed: was[name] !== is[name],
      before: formatWord(field, was[name] ?? 0),
      after: formatWord(field, is[name] ?? 0),
    });
    end = offset + bytes;
  }
  fill(end, Math.min(struct.bytes, before.length), 'unused');
  fill(Math.max(end, struct.bytes), before.length, 'beyond');
  return { name: struct.name, fields, before, after };
}

function bare(
  name: string,
  offset: number,
  dir: Field['dir'],
  before: Uint8Array,
  after: Uint8Array,
): FieldView {
  const text = (bytes: Uint8Array): string => (bytes.every((byte) => byte === 0) ? '0' : 'not zero');
  return {
    name,
    word: null,
    offset,
    bytes: before.length,
    dir,
    absent: false,
    changed: before.some((byte, at) => byte !== after[at]),
    before: text(before),
    after: text(after),
  };
}
