/** A field as `iasl -d` prints it: `[030h 0048   2]                Subtable Type : 0000 [Hardware Unit Definition]`. */
export interface DisassembledField {
  readonly offset: number;
  readonly bytes: readonly number[];
}

const FIELD = /^\[([0-9a-f]{3,6})h \d{1,8} +([0-9a-f]{1,4})(h?)\] *([^:]{1,60}?) : (.*)$/i;
const LONGEST = 512;

/** Null for what is no such line; its value cannot be read: without bytes. */
export function readField(text: string): DisassembledField | null {
  const match = FIELD.exec(text);
  if (match === null) return null;
  const [, offset = '', length = '', hex = '', name = '', value = ''] = match;
  const count = parseInt(length, hex === '' ? 10 : 16);
  if (!(count > 0 && count <= LONGEST)) return { offset: parseInt(offset, 16), bytes: [] };
  const quoted = /^"([^"]*)"/.exec(value)?.[1];
  const bytes =
    quoted === undefined
      ? numberBytes(value.replace(/\s*\[.*$/, '').trim(), count)
      : textBytes(quoted.replaceAll('\\\\', '\\'), count, /^(?:Signature|Oem|Asl)/.test(name) ? 0x20 : 0);
  return { offset: parseInt(offset, 16), bytes };
}

function textBytes(text: string, count: number, padding: number): readonly number[] {
  return Array.from({ length: count }, (_, index) =>
    index < text.length ? text.charCodeAt(index) & 0xff : padding,
  );
}

/** One number, least significant byte first, or bytes one by one. */
function numberBytes(value: string, count: number): readonly number[] {
  const digits = value.replace(/[ ,:]/g, '');
  if (!/^[0-9a-f]+$/i.test(digits) || digits.length !== count * 2) return [];
  const bytes = Array.from({ length: count }, (_, index) =>
    parseInt(digits.slice(index * 2, index * 2 + 2), 16),
  );
  return digits === value ? bytes.toReversed() : bytes;
}
