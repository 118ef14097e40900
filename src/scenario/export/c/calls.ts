import type { IoctlEvent } from '../../../engine/trace/event';
import { wordParts } from '../../../engine/uapi/format';
import { iommu_iova_range } from '../../../engine/uapi/iommufd';
import { ARGUMENT_NAMES, layoutOf } from '../../../engine/uapi/layouts';
import { payloadOf } from '../../../engine/uapi/payloads';
import { errnoOf } from '../../../engine/uapi/strerror';
import { decode, firstWord, type Field, type Fields, type Struct } from '../../../engine/uapi/struct';
import type { Statement } from '../../script';
import { bytesOfText, sizeOf, wordsOf } from '../words-of';
import { memberName } from './definitions';
import { outIdsOf, isObjectId } from './object-ids';
import type { State } from './state';
import { cString, hexLiteral, numberLiteral } from './text';

/** One ioctl of the log as statements of the program. */

interface Call {
  readonly event: IoctlEvent;
  readonly statement: Statement;
  readonly line: number;
  readonly state: State;
  /** `ctx:1`: whose objects its ids are. */
  readonly context: string;
}

/** Numbers above are the kernel's own: libc has no name for them. */
const LAST_OF_LIBC = 511;

const expectedOf = (returned: number): string => {
  if (returned >= 0) return '0';
  const name = -returned > LAST_OF_LIBC ? null : errnoOf(-returned);
  return name ?? String(-returned);
};

export function callLines(call: Call, fd: string): readonly string[] {
  const { event, statement, state, line } = call;
  const { name, cmd, before, returned } = event;
  if (name === null || statement.verb === 'ioctl') return rawLines(call, fd);
  const command = state.definitions.command(name, cmd);
  const layout = layoutOf(name, cmd, before);
  if (name === 'VFIO_GROUP_GET_DEVICE_FD') return deviceFdLines(call, fd);
  if (name === 'VFIO_GROUP_SET_CONTAINER')
    return block(
      [`int container = ${fdNamed(call, 1)};`],
      checkLine(line, `ioctl(${fd}, ${command}, &container)`, name, returned),
      [],
    );
  if (layout === null || before.length === 0) {
    const argument = argumentOf(call);
    return [`\t${checkLine(line, `ioctl(${fd}, ${command}, ${argument})`, name, returned)}`];
  }
  return structLines(call, fd, layout);
}

const block = (declared: readonly string[], check: string, after: readonly string[]): readonly string[] => [
  '\t{',
  ...indented(declared),
  '',
  `\t\t${check}`,
  ...indented(after),
  '\t}',
];

const indented = (lines: readonly string[]): readonly string[] =>
  lines.map((line) => (line === '' ? '' : `\t\t${line}`));

export const checkLine = (line: number, expression: string, what: string, returned: number): string =>
  `check(${line}, ${cString(what)}, ${expression}, ${expectedOf(returned)});`;

/** VFIO's commands that take a number, or nothing, in place of a structure. */
function argumentOf({ event: { name, argVa }, state }: Call): string {
  const names = name === null ? undefined : ARGUMENT_NAMES[name];
  const known = names && Object.entries(names).find(([, value]) => BigInt(value) === argVa);
  if (known) return state.definitions.constant(known[0], BigInt(known[1]));
  return argVa === 0n ? 'NULL' : numberLiteral(argVa);
}

/** A descriptor that the script names, as that argument of the line. */
function fdNamed({ statement, state }: Call, at: number): string {
  return state.nameFds.get(wordsOf(statement)[at] ?? '') ?? '-1';
}

function deviceFdLines({ event, statement, state, line }: Call, fd: string): readonly string[] {
  const device = wordsOf(statement)[1] ?? '';
  const name = statement.name ?? 'device';
  const full = /^[0-9a-f]{2}:/i.test(device) ? `0000:${device}` : device;
  const command = state.definitions.command('VFIO_GROUP_GET_DEVICE_FD', event.cmd);
  const call = `ioctl(${fd}, ${command}, ${cString(full)})`;
  if (event.returned < 0) return [`\t${checkLine(line, call, 'VFIO_GROUP_GET_DEVICE_FD', event.returned)}`];
  const ident = state.idents.of('fd', name);
  state.nameFds.set(name, ident);
  state.fileFds.set(`dev:${full}`, ident);
  return [`\t${ident} = ${call};`, `\t${checkLine(line, ident, 'VFIO_GROUP_GET_DEVICE_FD', 0)}`];
}

/** A command by its number, on bytes that the script gives. */
function rawLines({ event, line, state, statement }: Call, fd: string): readonly string[] {
  const { name, cmd, argVa, returned } = event;
  // The log has them only where the kernel read them.
  const told = statement.verb === 'ioctl' ? wordsOf(statement)[2] : undefined;
  const before = told === undefined ? event.before : (bytesOfText(told) ?? event.before);
  const number = name === null ? hexLiteral(BigInt(cmd)) : state.definitions.command(name, cmd);
  const what = name ?? `ioctl ${hexLiteral(BigInt(cmd))}`;
  if (before.length === 0)
    return [`\t${checkLine(line, `ioctl(${fd}, ${number}, ${numberLiteral(argVa)})`, what, returned)}`];
  return block(byteArray('cmd', before), checkLine(line, `ioctl(${fd}, ${number}, cmd)`, what, returned), []);
}

const ROW = 12;

function byteArray(ident: string, bytes: Uint8Array): readonly string[] {
  const rows = Array.from({ length: Math.ceil(bytes.length / ROW) }, (_, row) =>
    [...bytes.subarray(row * ROW, (row + 1) * ROW)]
      .map((byte) => `0x${byte.toString(16).padStart(2, '0')}`)
      .join(', '),
  );
  // As a structure would lie.
  return [`_Alignas(8) unsigned char ${ident}[] = {`, ...rows.map((row) => `\t${row},`), '};'];
}

function structLines(call: Call, fd: string, layout: Struct): readonly string[] {
  const { event, line, state, context } = call;
  const { name, cmd, before, after, returned } = event;
  const command = state.definitions.command(name ?? '', cmd);
  const pointed = pointedOf(call, layout);
  const values = decode(layout, before);
  const isTest = layout.name.startsWith('iommu_test_cmd');
  const type = isTest ? 'struct iommu_test_cmd' : state.definitions.struct(layout);
  const member = isTest ? state.definitions.testView(layout) : null;
  const declared = firstWord(before) > layout.bytes ? roomy(type, firstWord(before)) : null;
  const initial = initialisers(call, layout, values, pointed, declared === null ? null : 'info.');
  const cmdText =
    declared === null
      ? [`${type} cmd = {`, ...initial.map((each) => `\t${each}`), '};']
      : [...declared, '', ...initial];
  const fetched: string[] = [];
  if (returned >= 0) {
    for (const { field, id, name: given } of outIdsOf(
      layout,
      decode(layout, after),
      values,
      call.statement,
    )) {
      const into = state.gave(context, id, given);
      if (into !== null)
        fetched.push(
          `${into} = ${member && field.offset >= 16 ? `cmd.${member}` : 'cmd'}.${memberName(field, 'out')};`,
        );
    }
    fetched.push(...fdsGiven(call, layout));
  }
  const argument = declared === null ? '&cmd' : 'cmd.room';
  return block(
    [...(pointed?.declared ?? []), ...cmdText],
    checkLine(line, `ioctl(${fd}, ${command}, ${argument})`, name ?? '', returned),
    fetched,
  );
}

/** Some of VFIO's structures grow with what they tell. */
const roomy = (type: string, size: number): readonly string[] => [
  `union { ${type} info; unsigned char room[${Math.min(size, 1 << 20)}]; } cmd = { .room = { 0 } };`,
];

/** Descriptors that come inside structures. */
function fdsGiven({ statement, state, context }: Call, layout: Struct): readonly string[] {
  return layout.fields.flatMap((field) => {
    if (!/^out_\w+_fd$/.test(field.name)) return [];
    const name = statement.name ?? field.name.slice(4, -3);
    const ident = state.idents.of('fd', name);
    state.nameFds.set(name, ident);
    state.closing.set(`${context} ${name}`, { fd: ident, of: context });
    return [`${ident} = cmd.${field.name};`];
  });
}

interface Pointed {
  readonly field: string;
  readonly declared: readonly string[];
  /** The expression for the address. */
  readonly address: string;
}

/** What is zero and may stay unsaid: the C language sets it so. */
function initialisers(
  call: Call,
  layout: Struct,
  values: Fields,
  pointed: Pointed | null,
  assign: string | null,
): readonly string[] {
  const own: string[] = [];
  const ofView: string[] = [];
  const isTest = layout.name.startsWith('iommu_test_cmd');
  for (const field of layout.fields) {
    const value = values[field.name] ?? 0;
    const isPointer = pointed?.field === field.name;
    const isSaid = BigInt(value) !== 0n || isPointer || ZERO_SAYS.has(field.name);
    if (field.dir === 'out' || !isSaid) continue;
    const text = isPointer ? pointed.address : valueText(call, layout, field, value);
    (isTest && field.offset >= 16 && field.name !== 'last' ? ofView : own).push(
      assign === null ? `.${memberName(field, 'in')} = ${text},` : `cmd.${assign}${field.name} = ${text};`,
    );
  }
  if (ofView.length === 0) return own;
  const member = call.state.definitions.testView(layout);
  return [...own, `.${member} = {`, ...ofView.map((line) => `\t${line}`), '},'];
}

/** Choices of which zero is one that readers want to see. */
const ZERO_SAYS = new Set(['op', 'option_id']);

/** User addresses, as fields: what they point to is a buffer of the script. */
const USER_MEMORY = new Set(['user_va', 'vaddr', 'uptr']);

function valueText(call: Call, layout: Struct, field: Field, value: number | bigint): string {
  const { state, context } = call;
  const { name } = field;
  if ((name === 'size' || name === 'argsz') && field.offset === 0)
    return Number(value) === layout.bytes
      ? 'sizeof(cmd)'
      : Number(value) > layout.bytes
        ? 'sizeof(cmd.room)'
        : String(value);
  if (isObjectId(name) && !(name === 'id' && layout.name === 'iommu_test_cmd')) {
    const ident = state.idOf(context, Number(value));
    if (ident !== null) return ident;
  }
  if (USER_MEMORY.has(name)) return userAddress(call, BigInt(value));
  if (name === 'iommufd') return fdNamed(call, call.statement.verb === 'BIND' ? 0 : 1);
  if (name === 'fd') return fdNamed(call, 1);
  return wordText(call, field, value);
}

/** Flags and enums by the header's names. */
function wordText({ state }: Pick<Call, 'state'>, field: Field, value: number | bigint): string {
  return wordParts(field, value)
    .map((part) => {
      if (part.kind === 'mark') return ' | ';
      if (part.kind === 'number')
        return numberLiteral(BigInt(value) === 0n || !field.flags ? BigInt(value) : BigInt(part.text));
      const known = field.flags?.[part.text] ?? field.enumOf?.[part.text] ?? 0;
      return state.definitions.constant(part.text, BigInt(known));
    })
    .join('');
}

function userAddress({ statement, state }: Call, va: bigint): string {
  const named = state.buffers.get(wordsOf(statement)[1] ?? '');
  const offset = sizeOf(statement, 'offset') ?? 0n;
  if (named !== undefined) named.base ??= va - offset;
  const buffer =
    named ??
    [...state.buffers.values()].find(
      ({ base, bytes }) => base !== null && va >= base && va < base + (bytes ?? 0n),
    );
  if (buffer?.base == null) return numberLiteral(va);
  const within = va - buffer.base;
  const at = within === 0n ? '' : ` + ${numberLiteral(within)}`;
  return `(uintptr_t)${buffer.ident}${at}`;
}

/** Memory that a structure points to: data of a driver as it came in, or room for what comes back. */
function pointedOf(call: Call, layout: Struct): Pointed | null {
  const { event, state } = call;
  const field = layout.fields.find(({ name }) => POINTERS.has(name));
  if (field === undefined) return null;
  const values = decode(layout, event.before);
  if (BigInt(values[field.name] ?? 0) === 0n) return null;
  const address = '(uintptr_t)data';
  const known = payloadOf(event);
  if (known !== null && known.read && !known.more) {
    const [first] = known.entries;
    if (first !== undefined && first.before.length === first.struct.bytes) {
      const type = state.definitions.payload(first.struct);
      const entries = known.entries.map(({ struct, before }) => payloadEntry(call, struct, before));
      return { field: field.name, address, declared: [`${type} data[] = {`, ...entries.flat(), '};'] };
    }
  }
  const { payload } = event;
  if (payload !== undefined && payload.read.length > 0)
    return { field: field.name, address, declared: byteArray('data', payload.read) };
  return { field: field.name, address, declared: room(call, layout, values) };
}

const POINTERS = new Set(['data_uptr', 'allowed_iovas', 'data']);

function payloadEntry(call: Call, struct: Struct, bytes: Uint8Array): readonly string[] {
  const values = decode(struct, bytes);
  const members: string[] = [];
  const arrays = new Map<string, string[]>();
  for (const field of struct.fields) {
    const value = values[field.name] ?? 0;
    const array = /^(\w+)\[\d+\]$/.exec(field.name)?.[1];
    if (array !== undefined)
      arrays.set(array, [...(arrays.get(array) ?? []), hexLiteral(BigInt.asUintN(64, BigInt(value)))]);
    else if (BigInt(value) !== 0n) members.push(`.${field.name} = ${wordText(call, field, value)}`);
  }
  for (const [array, elements] of arrays) members.push(`.${array} = { ${elements.join(', ')} }`);
  return [`\t{ ${members.length === 0 ? '0' : members.join(', ')} },`];
}

/** As much as the structure says that there is; the kernel did not look at what lies there. */
function room({ state }: Call, layout: Struct, values: Fields): readonly string[] {
  const number = (name: string): bigint => BigInt(values[name] ?? 0);
  if (layout.name === 'iommu_ioas_iova_ranges' || layout.name === 'iommu_ioas_allow_iovas') {
    const count = number('num_iovas') > 4096n ? 4096n : number('num_iovas');
    // The structure's release is that of its command.
    const type = state.definitions.struct(iommu_iova_range);
    return [`static ${type} data[${count === 0n ? 1 : count}];`];
  }
  const bytes =
    layout.name === 'iommu_hwpt_get_dirty_bitmap'
      ? bitmapBytes(number('length'), number('page_size'))
      : layout.name === 'iommu_hwpt_invalidate'
        ? number('entry_len') * number('entry_num')
        : number('data_len');
  const most = 1n << 24n;
  return [`static _Alignas(8) unsigned char data[${bytes === 0n ? 1n : bytes > most ? most : bytes}];`];
}

/** Whole words of 64 bits. */
function bitmapBytes(length: bigint, page: bigint): bigint {
  const bits = page === 0n ? 1n : (length + page - 1n) / page;
  return ((bits + 63n) / 64n) * 8n;
}
