/**
 * Tables as the documents lay them out, for tests; no code of the readers is used.
 *
 * Spec: Intel VT-d 5.1, 8 · AMD IOMMU 3.10, 5.2 · Arm DEN 0049E.f
 */
type Part = readonly number[];

const le = (value: number | bigint, bytes: number): number[] =>
  Array.from({ length: bytes }, (_, index) => Number((BigInt(value) >> BigInt(8 * index)) & 0xffn));
export const u8 = (value: number): Part => le(value, 1);
export const u16 = (value: number): Part => le(value, 2);
export const u32 = (value: number): Part => le(value, 4);
export const u64 = (value: number | bigint): Part => le(value, 8);
const ascii = (text: string): number[] => [...text].map((char) => char.charCodeAt(0));
const flat = (...parts: readonly Part[]): number[] => parts.flat();

/** Header, body, right length and checksum. */
export function table(signature: string, revision: number, body: Part): Uint8Array {
  const bytes = Uint8Array.from(
    flat(
      ascii(signature),
      u32(36 + body.length),
      u8(revision),
      u8(0),
      ascii('OEMID '),
      ascii('OEMTABLE'),
      u32(1),
      ascii('TEST'),
      u32(1),
      body,
    ),
  );
  bytes[9] = (256 - (bytes.reduce((sum, byte) => sum + byte, 0) & 0xff)) & 0xff;
  return bytes;
}

export interface ScopeOptions {
  readonly type?: number;
  readonly bus?: number;
  readonly id?: number;
  readonly path: readonly (readonly [device: number, fn: number])[];
}
export const scope = ({ type = 1, bus = 0, id = 0, path }: ScopeOptions): Part =>
  flat(u8(type), u8(6 + path.length * 2), u16(0), u8(id), u8(bus), ...path.map(([d, f]) => [d, f]));

const structure = (type: number, rest: Part): Part => flat(u16(type), u16(rest.length + 4), rest);
export interface DrhdOptions {
  readonly all?: boolean;
  readonly segment?: number;
  readonly base: number;
  readonly scopes?: readonly Part[];
}
export const drhd = ({ all = false, segment = 0, base, scopes = [] }: DrhdOptions): Part =>
  structure(0, flat(u8(all ? 1 : 0), u8(0), u16(segment), u64(base), ...scopes));
export const rmrr = (
  start: number | bigint,
  last: number | bigint,
  scopes: readonly Part[],
  segment = 0,
): Part => structure(1, flat(u16(0), u16(segment), u64(start), u64(last), ...scopes));
export const atsr = (all: boolean, scopes: readonly Part[] = []): Part =>
  structure(2, flat(u8(all ? 1 : 0), u8(0), u16(0), ...scopes));
export const dmarStructure = structure;

export const dmar = (parts: readonly Part[], { width = 47, flags = 1 } = {}): Uint8Array =>
  table(
    'DMAR',
    1,
    flat(
      u8(width),
      u8(flags),
      Array.from({ length: 10 }, () => 0),
      ...parts,
    ),
  );

/** Device entries of an IVHD. */
export const ivhdEntry = {
  all: flat(u8(1), u16(0), u8(0)),
  select: (rid: number): Part => flat(u8(2), u16(rid), u8(0)),
  range: (first: number, last: number): Part => flat(u8(3), u16(first), u8(0), u8(4), u16(last), u8(0)),
  alias: (rid: number, to: number): Part => flat(u8(0x42), u16(rid), u8(0), u8(0), u16(to), u8(0)),
  aliasRange: (first: number, last: number, to: number): Part =>
    flat(u8(0x43), u16(first), u8(0), u8(0), u16(to), u8(0), u8(4), u16(last), u8(0)),
  special: (handle: number, rid: number, variety: number): Part =>
    flat(u8(0x48), u16(0), u8(0), u8(handle), u16(rid), u8(variety)),
};
export interface IvhdOptions {
  readonly type?: 0x10 | 0x11 | 0x40;
  readonly rid: number;
  readonly base: number;
  readonly segment?: number;
  readonly entries: readonly Part[];
}
export function ivhd({ type = 0x10, rid, base, segment = 0, entries }: IvhdOptions): Part {
  const rest = flat(type === 0x10 ? [] : Array.from({ length: 16 }, () => 0), ...entries);
  return flat(
    u8(type),
    u8(0),
    u16(24 + rest.length),
    u16(rid),
    u16(0x40),
    u64(base),
    u16(segment),
    u16(0),
    u32(0),
    rest,
  );
}
export const ivmd = (
  type: 0x20 | 0x21 | 0x22,
  rids: readonly [first: number, last: number],
  start: number,
  length: number,
  flags = 7,
): Part => flat(u8(type), u8(flags), u16(32), u16(rids[0]), u16(rids[1]), u64(0), u64(start), u64(length));
export const ivrs = (blocks: readonly Part[]): Uint8Array =>
  table('IVRS', 2, flat(u32(0x3000), u64(0), ...blocks));

export interface Mapping {
  readonly input?: number;
  /** Number of ids. */
  readonly ids: number;
  readonly to?: number;
  /** Index of the node that it leads to. */
  readonly node: number;
  readonly single?: boolean;
}
export interface Node {
  readonly type: number;
  readonly revision?: number;
  readonly data: Part;
  readonly mappings?: readonly Mapping[];
}
export const rootComplex = (mappings: readonly Mapping[], { segment = 0, ats = 1 } = {}): Node => ({
  type: 2,
  data: flat(u64(0), u32(ats), u32(segment), u8(64), u8(0), u16(0)),
  mappings,
});
/** With all of its interrupts wired, or by messages through the mapping of that index. */
export const smmuv3 = (base: number, mappings: readonly Mapping[] = [], ownMapping?: number): Node => ({
  type: 4,
  revision: 4,
  data: flat(
    u64(base),
    u32(0),
    u32(0),
    u64(0),
    u32(0),
    ...[1, 2, 3, 4].map((gsiv) => u32(ownMapping === undefined ? gsiv : 0)),
    u32(0),
    u32(ownMapping ?? 0),
  ),
  mappings,
});
export const itsGroup: Node = { type: 0, data: flat(u32(1), u32(0)) };
export const rmr = (
  regions: readonly (readonly [start: number, length: number])[],
  mappings: readonly Mapping[],
  flags = 0,
): Node => ({
  type: 6,
  data: flat(
    u32(flags),
    u32(regions.length),
    u32(28),
    ...regions.map(([start, length]) => flat(u64(start), u64(length), u32(0))),
  ),
  mappings,
});

export function iort(nodes: readonly Node[], revision = 5): Uint8Array {
  const sizes = nodes.map(({ data, mappings = [] }) => 16 + data.length + mappings.length * 20);
  const offsets = sizes.map((_, index) => 48 + sizes.slice(0, index).reduce((sum, size) => sum + size, 0));
  const body = nodes.map(({ type, revision: of = 0, data, mappings = [] }, index) =>
    flat(
      u8(type),
      u16(sizes[index] ?? 0),
      u8(of),
      u32(index),
      u32(mappings.length),
      u32(mappings.length === 0 ? 0 : 16 + data.length),
      data,
      ...mappings.map(({ input = 0, ids, to = input, node, single = false }) =>
        flat(u32(input), u32(ids - 1), u32(to), u32(offsets[node] ?? 0), u32(single ? 1 : 0)),
      ),
    ),
  );
  return table('IORT', revision, flat(u32(nodes.length), u32(48), u32(0), ...body));
}

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');
const printable = (row: Uint8Array): string =>
  [...row].map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('');
const rows = (bytes: Uint8Array, line: (offset: number, row: Uint8Array) => string): string[] =>
  Array.from({ length: Math.ceil(bytes.length / 16) }, (_, index) =>
    line(index * 16, bytes.subarray(index * 16, index * 16 + 16)),
  );

/** What the programs print that people use for such tables. */
export const TEXT_FORMS: Readonly<Record<string, (bytes: Uint8Array) => string>> = {
  acpidump: (bytes) =>
    [
      `${String.fromCharCode(...bytes.subarray(0, 4))} @ 0x000000007A7F8000`,
      ...rows(bytes, (offset, row) => {
        const pairs = [...row].map((byte) => hex(byte, 2).toUpperCase()).join(' ');
        return `    ${hex(offset, 4).toUpperCase()}: ${pairs.padEnd(48)} ${printable(row)}`;
      }),
      '',
    ].join('\n'),
  xxd: (bytes) =>
    rows(bytes, (offset, row) => {
      const pairs = [...row].map((byte) => hex(byte, 2)).join('');
      return `${hex(offset, 8)}: ${(pairs.match(/.{1,4}/g) ?? []).join(' ').padEnd(39)}  ${printable(row)}`;
    }).join('\n'),
  'hexdump -C': (bytes) => {
    const lines: string[] = [];
    let before = '';
    for (const line of rows(bytes, (offset, row) => {
      const pairs = [...row].map((byte) => hex(byte, 2));
      const halves = `${pairs.slice(0, 8).join(' ')}  ${pairs.slice(8).join(' ')}`;
      return `${hex(offset, 8)}  ${halves.padEnd(48)}  |${printable(row)}|`;
    })) {
      const same = line.slice(8) === before;
      before = line.slice(8);
      if (!same) lines.push(line);
      else if (lines.at(-1) !== '*') lines.push('*');
    }
    return [...lines, hex(bytes.length, 8)].join('\n');
  },
};
