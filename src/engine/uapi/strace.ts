import { hex } from '../../lib/u64';
import type { IoctlEvent } from '../trace/event';
import { wordParts } from './format';
import { viewStruct, type StructView } from './hex';
import { ARGUMENT_NAMES, layoutOf } from './layouts';
import { errnoOf, strerror } from './strerror';
import { decode, WORD_BYTES, type Field, type Fields, type Struct } from './struct';

/** A piece of a printed call, for colours. */
export interface Token {
  readonly kind: 'call' | 'file' | 'command' | 'field' | 'name' | 'number' | 'mark' | 'comment' | 'errno';
  readonly text: string;
}

/** A call as people read it. */
export interface IoctlCall {
  readonly file: string;
  /** e.g. `IOMMU_IOAS_MAP`, or the number where it is no command. */
  readonly command: string;
  /** Joined, they are the line that strace prints. */
  readonly tokens: readonly Token[];
  readonly returned: number;
  readonly errno: string | null;
  /** Null when the structure could not be read, or the number is no command. */
  readonly struct: StructView | null;
}

export function describeIoctl(event: IoctlEvent): IoctlCall {
  const layout = layoutOf(event.name, event.cmd, event.before);
  const readable = layout !== null && event.before.length > 0;
  return {
    file: event.file,
    command: event.name ?? hex(event.cmd),
    tokens: straceTokens(event),
    returned: event.returned,
    errno: event.returned < 0 ? errnoName(-event.returned) : null,
    struct: readable ? viewStruct(layout, event.before, event.after) : null,
  };
}

/** `ioctl(3, IOMMU_DESTROY, {size=8, id=1}) = 0`. `file` is what stands for the descriptor. */
export const strace = (event: IoctlEvent, file?: string): string =>
  straceTokens(event)
    .map((token) => (token.kind === 'file' ? (file ?? token.text) : token.text))
    .join('');

function straceTokens(event: IoctlEvent): readonly Token[] {
  const { name, cmd, before, after, argVa, returned } = event;
  const layout = layoutOf(name, cmd, before);
  const argument =
    layout === null || before.length === 0
      ? [bareArgument(name, argVa)]
      : structTokens(layout, before, after, returned >= 0);
  return [
    token('call', 'ioctl'),
    mark('('),
    token('file', event.file),
    mark(', '),
    ...(name === null ? [token('command', iocText(cmd))] : [token('command', name)]),
    mark(', '),
    ...argument,
    mark(')'),
    mark(' = '),
    ...resultTokens(returned),
  ];
}

/** An address, or the number that some of VFIO's commands take in its place. */
function bareArgument(name: string | null, argument: bigint): Token {
  const names = name === null ? undefined : ARGUMENT_NAMES[name];
  const known = names && Object.entries(names).find(([, value]) => BigInt(value) === argument)?.[0];
  if (known !== undefined) return token('name', known);
  return token('number', argument === 0n ? 'NULL' : hex(argument));
}

const token = (kind: Token['kind'], text: string): Token => ({ kind, text });
const mark = (text: string): Token => token('mark', text);

/** A number without a name, in the header's parts. Linux: include/uapi/asm-generic/ioctl.h */
function iocText(cmd: number): string {
  const dir = ['_IOC_NONE', '_IOC_WRITE', '_IOC_READ', '_IOC_READ|_IOC_WRITE'][cmd >>> 30] ?? '';
  const bytes = (cmd >>> 16) & 0x3fff;
  return `_IOC(${dir}, ${hex((cmd >> 8) & 0xff)}, ${hex(cmd & 0xff)}, ${bytes === 0 ? '0' : hex(bytes)})`;
}

/** What went in, and after an arrow what came out. */
function structTokens(
  struct: Struct,
  before: Uint8Array,
  after: Uint8Array,
  succeeded: boolean,
): readonly Token[] {
  const [was, is] = [decode(struct, before), decode(struct, after)];
  const given = struct.fields.filter((field) => field.offset + WORD_BYTES[field.word] <= before.length);
  const went = given.filter((field) => field.dir !== 'out' && !isIdle(field, was));
  const came = given.filter(
    (field) => was[field.name] !== is[field.name] || (field.dir === 'out' && succeeded),
  );
  const beyond = before.subarray(struct.bytes);
  const tail =
    beyond.length === 0
      ? []
      : [
          mark(', '),
          token(
            'comment',
            `/* ${beyond.length} more bytes, ${beyond.some((b) => b !== 0) ? 'not ' : ''}zero */`,
          ),
        ];
  return [
    mark('{'),
    ...fieldTokens(went, was),
    ...tail,
    mark('}'),
    ...(came.length === 0 ? [] : [mark(' => {'), ...fieldTokens(came, is), mark('}')]),
  ];
}

/** Reserved words that are zero as they must be, and driver data that is not there, go without saying. */
function isIdle(field: Field, values: Fields): boolean {
  if (values[field.name] != 0) return false;
  return field.name.startsWith('__reserved') || (field.blob !== undefined && values[field.blob] === 0);
}

function fieldTokens(fields: readonly Field[], values: Fields): readonly Token[] {
  return fields.flatMap((field, index) => {
    const value = values[field.name] ?? 0;
    const length = field.blob === undefined ? 0 : Number(values[field.blob] ?? 0);
    return [
      ...(index > 0 ? [mark(', ')] : []),
      token('field', field.name),
      mark('='),
      ...wordParts(field, value),
      ...(length > 0 ? [token('comment', ` /* ${length} bytes */`)] : []),
    ];
  });
}

const errnoName = (number: number): string => errnoOf(number) ?? `ERRNO_${number}`;

function resultTokens(returned: number): readonly Token[] {
  if (returned >= 0) return [token('number', String(returned))];
  const errno = errnoOf(-returned);
  const text = errno === null ? `Unknown error ${-returned}` : strerror(errno);
  return [
    token('number', '-1'),
    mark(' '),
    token('errno', errnoName(-returned)),
    token('comment', ` (${text})`),
  ];
}
