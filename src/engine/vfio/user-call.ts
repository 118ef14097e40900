import { hex } from '../../lib/u64';
import type { IommuCore } from '../iommu/core';
import { UserCopy } from '../iommufd/user-copy';
import type { Caller } from '../kernel/caller';
import { err, ERRNO, ok, type Result } from '../kernel/errno';
import type { Task } from '../kernel/task';
import { decode, encode, type Fields, type FieldsOf, type Struct } from '../uapi/struct';

/** An ioctl(2) as it arrives at a file. */
export interface IoctlRequest {
  readonly caller: Caller;
  readonly cmd: number;
  readonly arg: bigint;
}

const NOTHING = new Uint8Array();

/** One of VFIO's calls in progress: its argument is a number, or the address of a structure that begins with its size. */
export class UserCall {
  readonly caller: Caller;
  readonly cmd: number;
  readonly arg: bigint;
  readonly user: UserCopy;
  private before = NOTHING;
  private after = NOTHING;

  constructor(
    readonly core: IommuCore,
    request: IoctlRequest,
  ) {
    this.caller = request.caller;
    this.cmd = request.cmd;
    this.arg = request.arg;
    this.user = new UserCopy(request.caller.bytes, core.fail);
  }

  /** The structure's first bytes; the rest counts as zero. Linux: copy_from_user() */
  read<S extends Struct>(layout: S, bytes = layout.bytes): Result<FieldsOf<S>> {
    const read = this.user.read(this.arg, bytes);
    if (!read.ok) return this.unreadable();
    return ok(this.take(layout, read.value));
  }

  /** As many bytes as the structure says that it has. Linux: get_user(argsz), copy_struct_from_user() */
  readSized<S extends Struct>(layout: S, least: number, rule: string): Result<FieldsOf<S>> {
    const size = this.user.read(this.arg, 4);
    if (!size.ok) return this.unreadable();
    const argsz = new DataView(size.value.buffer, size.value.byteOffset).getUint32(0, true);
    if (argsz < least) return tooSmall(argsz, least, rule);
    const read = this.user.readStruct(this.arg, argsz, layout.bytes);
    return read.ok ? ok(this.take(layout, read.value)) : read;
  }

  /** Bytes `from` to `to` of the structure go back. Linux: copy_to_user() */
  write(layout: Struct, fields: Fields, from: number, to: number): Result<undefined> {
    const image = encode(layout, fields).subarray(from, to);
    const written = this.user.write(this.arg + BigInt(from), image);
    if (!written.ok) return err('EFAULT', `the structure at ${hex(this.arg)} cannot be written`);
    const after = new Uint8Array(Math.max(this.after.length, to));
    after.set(this.after);
    after.set(image, from);
    this.after = after;
    return written;
  }

  /** Tells the trace of the call, once it is over. */
  report(file: string, name: string | null, result: Result<number>): void {
    const { trace } = this.core;
    if (!trace.on) return;
    const { cmd, arg, before, after } = this;
    const returned = result.ok ? result.value : -ERRNO[result.errno];
    trace.emit({ kind: 'ioctl', file, name, cmd, argVa: arg, before, after, returned });
  }

  private take<S extends Struct>(layout: S, bytes: Uint8Array<ArrayBufferLike>): FieldsOf<S> {
    this.before = bytes.slice();
    this.after = bytes.slice();
    return decode(layout, bytes);
  }

  private unreadable() {
    return err('EFAULT', `the structure at ${hex(this.arg)} cannot be read`);
  }
}

export const tooSmall = (argsz: number, least: number, rule: string) =>
  err('EINVAL', `argsz says ${argsz} bytes, and at least ${least} are needed`, { rule });

/** A command of one of VFIO's files. */
export interface VfioCommand<F> {
  readonly name: string;
  run(file: F, call: UserCall): Task<Result<number>>;
}

/** Runs the command of a number, or `other`, and tells the trace. */
export function* runCommand<F>(
  commands: ReadonlyMap<number, VfioCommand<F>>,
  file: F,
  worldId: string,
  call: UserCall,
  other: () => Task<Result<number>>,
): Task<Result<number>> {
  const command = commands.get(call.cmd);
  const result = command ? yield* command.run(file, call) : yield* other();
  call.report(worldId, command?.name ?? null, result);
  return result;
}
