import { callWith, type CommandFields, type CommandName } from '../../iommufd/call';
import type { ScratchMemory } from '../../iommufd/caller';
import type { IommufdCtx } from '../../iommufd/ctx';
import { err, ok, type Result } from '../../kernel/errno';
import type { KernelFile } from '../../kernel/file';
import type { Task } from '../../kernel/task';
import { decode, encode, type FieldsOf, type Fields, type Struct } from '../../uapi/struct';
import type { ProcessCaller } from '../process-caller';
import { mismatch, type Args, type Outcome } from '../statement';
import { found, mistake, said, type Found, type VerbContext } from './verb';

/** Calls that a script's lines make: bytes in a process's memory, an ioctl on a file of it, and bytes back. */

export const callerOf = ({ machine }: VerbContext, ctx: IommufdCtx): ProcessCaller =>
  machine.caller(ctx.memory.name);

/** A command of /dev/iommu by the process that has the context open. */
export function callAs<N extends CommandName>(
  context: VerbContext,
  ctx: IommufdCtx,
  name: N,
  fields: (place: (bytes: Uint8Array) => bigint) => Partial<CommandFields<N>>,
  by: ProcessCaller = callerOf(context, ctx),
): Task<Result<CommandFields<N> & { readonly scratch: ScratchMemory }>> {
  return callScratch(ctx, name, fields, by);
}

function* callScratch<N extends CommandName>(
  ctx: IommufdCtx,
  name: N,
  fields: (place: (bytes: Uint8Array) => bigint) => Partial<CommandFields<N>>,
  by: ProcessCaller,
): Task<Result<CommandFields<N> & { readonly scratch: ScratchMemory }>> {
  const { caller, scratch } = by.withScratch();
  const answered = yield* callWith(
    scratch,
    ctx,
    name,
    fields((bytes) => scratch.place(bytes)),
    caller,
  );
  return answered.ok ? ok({ ...answered.value, scratch }) : answered;
}

/** A command of any file by its structure; `value`: what the call returned. */
export function* callFile<S extends Struct>(
  file: KernelFile,
  by: ProcessCaller,
  cmd: number,
  layout: S,
  fields: Partial<Fields>,
): Task<Result<{ readonly value: number; readonly fields: FieldsOf<S> }>> {
  const { caller, scratch } = by.withScratch();
  const arg = scratch.place(encode(layout, fields));
  const answered = yield* ioctlOf(file, caller, cmd, arg);
  if (!answered.ok) return answered;
  const bytes = scratch.read(arg, layout.bytes);
  return bytes.ok ? ok({ value: answered.value, fields: decode(layout, bytes.value) }) : bytes;
}

/** Linux: vfs_ioctl() */

export function* ioctlOf(
  file: KernelFile,
  caller: Parameters<NonNullable<KernelFile['ioctl']>>[0],
  cmd: number,
  arg: bigint,
): Task<Result<number>> {
  if (file.ioctl) return yield* file.ioctl(caller, cmd, arg);
  return err('ENOTTY', `${file.title} has no commands`, { rule: 'vfs_ioctl' });
}

/** `"2a 00 00 00"`: bytes as they lie in memory; `"0x1000 0x30"`: 64-bit words. */
export function bytesOf(text: string): Uint8Array | null {
  if (text.startsWith('0x')) return wordBytes(text.split(/\s+/));
  const digits = text.replace(/[\s_]/g, '');
  if (digits.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(digits)) return null;
  return Uint8Array.from({ length: digits.length / 2 }, (_, at) =>
    parseInt(digits.slice(2 * at, 2 * at + 2), 16),
  );
}

function wordBytes(words: readonly string[]): Uint8Array | null {
  if (!words.every((word) => /^0x[0-9a-fA-F_]{1,24}$/.test(word))) return null;
  const values = words.map((word) => BigInt(word.replaceAll('_', '')));
  if (values.some((value) => value >> 64n !== 0n)) return null;
  return new Uint8Array(BigUint64Array.from(values).buffer);
}

export const hexBytes = (bytes: Uint8Array): string =>
  [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');

/** An option that holds bytes; none where it is left out. */
export function bytesOption(args: Args, key: string): Found<Uint8Array> {
  const text = args.option(key) ?? '';
  const bytes = bytesOf(text);
  const what = `${key} is bytes in hex such as "2a 00 00 00", or 64-bit words such as "0x1000 0x30"`;
  return bytes ? found(bytes) : mistake(what, args.columnOf(key));
}

/** An option that holds a type: a number, or the header's word for it, whole or as far as it differs from others: `VTD_S1`. */
export function typeOption(args: Args, key: string, layout: Struct, field: string): Found<number> {
  const text = args.option(key);
  if (text === null) return found(0);
  const number = args.size(key);
  if (number !== null && number < 1n << 32n) return found(Number(number));
  const names = layout.fields.find((each) => each.name === field)?.enumOf ?? {};
  const named = Object.entries(names).find(([name]) => name === text || shortName(name) === text);
  if (named !== undefined) return found(named[1]);
  return mistake(
    `${text} is no ${key}; those with a name are ${Object.keys(names).join(', ')}`,
    args.columnOf(key),
  );
}

/** `IOMMU_HWPT_DATA_VTD_S1` without what all of them begin with. */
const shortName = (name: string): string => name.replace(/^IOMMU_\w+?_(?:DATA|TYPE)_/, '');

/** A 32-bit number of an option; `otherwise` where it is left out. */
export function u32Option(args: Args, key: string, otherwise = 0): Found<number> {
  const value = args.size(key);
  if (value === null) return found(otherwise);
  if (value < 1n << 32n) return found(Number(value));
  return mistake(`${key} has 32 bits`, args.columnOf(key));
}

/** What a line came to, as `is "text"` or `contains "text"` behind its first words wants it. */
export function saidAs({ args }: VerbContext, content: string, at: number): Outcome {
  const how = args.word(at);
  const wanted = args.text(at + 1);
  if (how === null || wanted === null) return said(content);
  const so = how === 'is' ? content === wanted : content.includes(wanted);
  return so ? said(content) : mismatch(`it is ${content}`);
}
