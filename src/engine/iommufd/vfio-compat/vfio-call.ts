import { hex } from '../../../lib/u64';
import type { Caller } from '../../kernel/caller';
import { err, ok, type Result } from '../../kernel/errno';
import { decode, encode, type Fields, type FieldsOf, type Struct } from '../../uapi/struct';
import type { IommufdCtx } from '../ctx';
import type { IoctlRecord, IoctlRequest } from '../ioctl';
import { UserCopy } from '../user-copy';

/** One of VFIO's own commands in progress: its argument is a number, or the address of a structure with its size first. */
export class VfioCall {
  readonly caller: Caller;
  readonly user: UserCopy;
  readonly arg: bigint;

  constructor(
    readonly ctx: IommufdCtx,
    request: IoctlRequest,
    private readonly record: IoctlRecord,
  ) {
    this.caller = request.caller;
    this.arg = request.argVa;
    this.user = new UserCopy(request.caller.bytes, ctx.core.fail);
  }

  /** The structure's first bytes; the rest counts as zero. */
  read<S extends Struct>(layout: S, bytes: number): Result<FieldsOf<S>> {
    const read = this.user.read(this.arg, bytes);
    if (!read.ok) return err('EFAULT', `the structure at ${hex(this.arg)} cannot be read`);
    this.record.before = read.value;
    this.record.after = read.value;
    return ok(decode(layout, read.value));
  }

  write(layout: Struct, fields: Fields, bytes: number): Result<undefined> {
    const image = encode(layout, fields).subarray(0, bytes);
    const written = this.user.write(this.arg, image);
    if (!written.ok) return err('EFAULT', `the structure at ${hex(this.arg)} cannot be written`);
    this.record.after = image;
    return written;
  }
}
