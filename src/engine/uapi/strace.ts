import { hex } from '../../lib/u64';
import type { IoctlEvent } from '../trace/event';
import { viewStruct, type StructView } from './hex';
import { ARGUMENT_NAMES, layoutOf } from './layouts';
import { payloadOf } from './payloads';
import { errnoOf, strerror } from './strerror';
import { mark, structTokens, token, type Token } from './struct-tokens';

export type { Token } from './struct-tokens';

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
  /** What the structure points to, as far as the kernel looked at it and somebody knows what it is. */
  readonly payload: PayloadView | null;
}

export interface PayloadView {
  /** The field that points to it. */
  readonly field: string;
  readonly structs: readonly StructView[];
  /** There is more, which the kernel did not look at, or is too much to show. */
  readonly more: boolean;
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
    payload: payloadView(event),
  };
}

function payloadView(event: IoctlEvent): PayloadView | null {
  const payload = payloadOf(event);
  if (payload === null) return null;
  const { field, entries, more } = payload;
  return { field, structs: entries.map((each) => viewStruct(each.struct, each.before, each.after)), more };
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
      : structTokens(layout, before, after, returned >= 0, payloadOf(event));
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

/** A number without a name, in the header's parts. Linux: include/uapi/asm-generic/ioctl.h */
function iocText(cmd: number): string {
  const dir = ['_IOC_NONE', '_IOC_WRITE', '_IOC_READ', '_IOC_READ|_IOC_WRITE'][cmd >>> 30] ?? '';
  const bytes = (cmd >>> 16) & 0x3fff;
  return `_IOC(${dir}, ${hex((cmd >> 8) & 0xff)}, ${hex(cmd & 0xff)}, ${bytes === 0 ? '0' : hex(bytes)})`;
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
