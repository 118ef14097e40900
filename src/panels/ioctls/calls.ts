import type { WorldId, WorldObject } from '../../engine/sim/world';
import type { IoctlEvent, TraceEvent } from '../../engine/trace/event';
import type { StructView } from '../../engine/uapi/hex';
import type { IoctlCall, PayloadView, Token } from '../../engine/uapi/strace';

/** A call of the log, before it is described. */
export interface LoggedCall {
  /** Line of the script, and which of its calls. */
  readonly key: string;
  readonly line: number;
  readonly event: IoctlEvent;
}

/** Every call up to a line, in order. */
export function callsOf(
  events: readonly { readonly line: number; readonly events: readonly TraceEvent[] }[],
): readonly LoggedCall[] {
  return events.flatMap(({ line, events: happened }) =>
    happened
      .filter((event) => event.kind === 'ioctl')
      .map((event, index) => ({ key: `${line}.${index}`, line, event })),
  );
}

type Objects = Readonly<Record<WorldId, WorldObject>>;

/** How the script calls what a call was made on. */
export const fileName = (objects: Objects, file: string): string => objects[file]?.name ?? file;

/** A call's tokens with the file by its name in the script. */
export const named = (objects: Objects, tokens: readonly Token[]): readonly Token[] =>
  tokens.map((token) => (token.kind === 'file' ? { ...token, text: fileName(objects, token.text) } : token));

export const textOf = (tokens: readonly Token[]): string => tokens.map((token) => token.text).join('');

/** For a bug report or a mail: the call, and its bytes on the way in and out. */
export function callText(call: IoctlCall, tokens: readonly Token[]): string {
  const lines = [textOf(tokens)];
  if (call.struct !== null) lines.push(...bytesOf(call.struct));
  if (call.payload !== null)
    for (const { behind, struct } of behindOf(call.payload)) lines.push(`  ${behind}:`, ...bytesOf(struct));
  return lines.join('\n');
}

function bytesOf({ before, after }: StructView): readonly string[] {
  const changed = before.some((byte, at) => byte !== after[at]);
  return [...dump('in ', before), ...(changed ? dump('out', after) : [])];
}

/** What a structure points to, each with what it is called: `data_uptr`, or where there are several `data_uptr[1]`. */
export const behindOf = ({
  field,
  structs,
}: PayloadView): readonly { readonly behind: string; readonly struct: StructView }[] =>
  structs.map((struct, index) => ({
    behind: structs.length === 1 ? field : `${field}[${index}]`,
    struct,
  }));

const ROW = 16;

function dump(label: string, bytes: Uint8Array): readonly string[] {
  return Array.from({ length: Math.ceil(bytes.length / ROW) }, (_, row) => {
    const part = [...bytes.subarray(row * ROW, (row + 1) * ROW)];
    const hex = part.map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    return `  ${label} ${(row * ROW).toString(16).padStart(3, '0')}: ${hex}`;
  });
}
