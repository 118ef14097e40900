import { done } from '../../lib/result';
import { hex } from '../../lib/u64';
import { err, ERRNO, ok, type Result } from '../kernel/errno';
import type { Task } from '../kernel/task';
import { IOMMUFD_CMD_BASE, ioctlNumber } from '../uapi/iommufd';
import {
  decode,
  encode,
  endOf,
  fieldOf,
  firstWord,
  type Fields,
  type FieldsOf,
  type Struct,
} from '../uapi/struct';
import type { Caller } from '../kernel/caller';
import type { IommufdCtx } from './ctx';
import type { AnyObject } from './object';
import { PayloadWatch, type AnyPayloadRule, type PayloadRule } from './payload';
import { UserCopy } from './user-copy';
import { vfioIoctl } from './vfio-compat/ioctl';

/** One call in progress. Linux: struct iommufd_ucmd */
export interface Ucmd<T> {
  readonly ctx: IommufdCtx;
  readonly caller: Caller;
  /** The caller's memory. */
  readonly user: UserCopy;
  /** The structure's values; what the handler changes is what `respond` writes. */
  readonly cmd: T;
  /** Copies the structure back, as much of it as the caller gave room for. Linux: iommufd_ucmd_respond() */
  respond(): Result<undefined>;
  /** Copies one field back. */
  respondField(name: keyof T & string): Result<undefined>;
  /**
   * Makes the object that this call is about: published when the call succeeds, undone when it fails.
   *
   * Linux: _iommufd_object_alloc_ucmd()
   */
  create<O extends AnyObject>(make: (id: number) => O): Result<O>;
}

/** A command of /dev/iommu, as one row of the table. Linux: IOCTL_OP() */
export interface Ioctl<S extends Struct = Struct> {
  readonly name: string;
  readonly nr: number;
  readonly layout: S;
  /** The structure may be given up to the end of this field: what older programs know. */
  readonly last: string;
  /** What it points to, for the trace. Absent: nothing, or nothing that has a layout. */
  readonly payload?: PayloadRule<S>;
  /** A number: what the call returns instead of 0. */
  execute(ucmd: Ucmd<FieldsOf<S>>): Task<Result<number | undefined>>;
}

/** A handler is written as a plain object; this only ties the names of its fields to the layout. */
export const defineIoctl = <S extends Struct>(
  ioctl: Ioctl<S> & { readonly last: S['fields'][number]['name'] },
): Ioctl<S> => ioctl;

/** A row whatever its structure. */
export interface AnyIoctl {
  readonly name: string;
  readonly nr: number;
  readonly layout: Struct;
  readonly last: string;
  readonly payload?: AnyPayloadRule;
  execute(ucmd: Ucmd<Fields>): Task<Result<number | undefined>>;
}

/** The commands that a kernel has, by their numbers. Linux: iommufd_ioctl_ops[] */
export class CommandTable {
  /** One past the last number: beyond it VFIO's commands are looked for. */
  readonly end: number;
  private readonly byNr = new Map<number, AnyIoctl>();

  constructor(rows: readonly AnyIoctl[]) {
    for (const row of rows) this.byNr.set(row.nr, row);
    this.end = Math.max(...this.byNr.keys()) + 1;
  }

  get(nr: number): AnyIoctl | undefined {
    return this.byNr.get(nr);
  }
}

export interface IoctlRequest {
  readonly cmd: number;
  readonly caller: Caller;
  readonly argVa: bigint;
}

/** What the trace will tell of a call. */
export interface IoctlRecord {
  name: string | null;
  before: Uint8Array;
  after: Uint8Array;
  /** What was copied from and to where the structure points. */
  payload: PayloadWatch | null;
}

const NOTHING = new Uint8Array();
const RULE = 'iommufd_fops_ioctl';

/**
 * Bytes in, bytes out.
 *
 * Linux: drivers/iommu/iommufd/main.c iommufd_fops_ioctl()
 */
export function* dispatch(table: CommandTable, ctx: IommufdCtx, request: IoctlRequest): Task<Result<number>> {
  const record: IoctlRecord = { name: null, before: NOTHING, after: NOTHING, payload: null };
  const nr = request.cmd & 0xff;
  const foreign = nr < IOMMUFD_CMD_BASE || nr >= table.end;
  const result = foreign
    ? yield* vfioIoctl(ctx, request, record)
    : yield* ownIoctl(table, ctx, request, record);
  const { trace } = ctx.core;
  if (trace.on) {
    const { cmd, argVa } = request;
    const { name, before, after } = record;
    const payload = record.payload?.payload() ?? null;
    const returned = result.ok ? result.value : -ERRNO[result.errno];
    const about = { kind: 'ioctl', file: ctx.worldId, name, cmd, argVa, before, after, returned } as const;
    trace.emit(payload === null ? about : { ...about, payload });
  }
  return result;
}

function* ownIoctl(
  table: CommandTable,
  ctx: IommufdCtx,
  { cmd, caller, argVa }: IoctlRequest,
  record: IoctlRecord,
): Task<Result<number>> {
  const size = caller.bytes.read(argVa, 4);
  if (!size.ok) return err('EFAULT', `the structure at ${hex(argVa)} cannot be read`, { rule: RULE });
  const userBytes = firstWord(size.value);
  const ioctl = table.get(cmd & 0xff);
  if (!ioctl || ioctlNumber(ioctl.nr) !== cmd)
    return err('ENOTTY', `${hex(cmd)} is no command of /dev/iommu that this kernel has`, { rule: RULE });
  record.name = ioctl.name;
  const least = endOf(ioctl.layout, ioctl.last);
  if (userBytes < least)
    return err('EINVAL', `size says ${userBytes} bytes, ${ioctl.name} needs at least ${least}`, {
      rule: RULE,
    });
  const user = new UserCopy(caller.bytes, ctx.core.fail);
  const bytes = user.readStruct(argVa, userBytes, ioctl.layout.bytes);
  if (!bytes.ok) return bytes;
  record.before = bytes.value;
  record.after = bytes.value;
  const call = new Call(ioctl.layout, { ctx, caller, user, argVa, userBytes }, record);
  const { payload: rule } = ioctl;
  if (rule !== undefined && ctx.core.trace.on) {
    user.watch = record.payload = new PayloadWatch(rule.field, call.cmd, rule.bytes(call.cmd));
  }
  return yield* execute(ioctl, call);
}

/** Linux: the end of iommufd_fops_ioctl() */
function* execute(ioctl: AnyIoctl, call: Call): Task<Result<number>> {
  const executed = yield* ioctl.execute(call);
  const { made } = call;
  if (made && executed.ok) call.ctx.objects.finalize(made);
  if (made && !executed.ok) yield* call.ctx.objects.abort(made);
  return executed.ok ? ok(executed.value ?? 0) : executed;
}

interface CallInput {
  readonly ctx: IommufdCtx;
  readonly caller: Caller;
  readonly user: UserCopy;
  readonly argVa: bigint;
  readonly userBytes: number;
}

class Call implements Ucmd<Fields> {
  readonly ctx: IommufdCtx;
  readonly caller: Caller;
  readonly user: UserCopy;
  readonly cmd: Fields;
  made: AnyObject | null = null;

  constructor(
    private readonly layout: Struct,
    private readonly input: CallInput,
    private readonly record: IoctlRecord,
  ) {
    this.ctx = input.ctx;
    this.caller = input.caller;
    this.user = input.user;
    this.cmd = decode(layout, record.before);
  }

  readonly respond = (): Result<undefined> =>
    this.write(0, Math.min(this.input.userBytes, this.layout.bytes));

  readonly respondField = (name: string): Result<undefined> =>
    this.write(fieldOf(this.layout, name).offset, endOf(this.layout, name));

  readonly create = <O extends AnyObject>(make: (id: number) => O): Result<O> => {
    const id = this.ctx.objects.reserve();
    if (!id.ok) return id;
    const object = make(id.value);
    this.made = object;
    return ok(object);
  };

  /** What no field covers goes back as it came. */
  private write(from: number, to: number): Result<undefined> {
    const { input, layout, record } = this;
    const image = encode(layout, this.cmd, record.before).slice(from, to);
    const written = this.user.write(input.argVa + BigInt(from), image);
    if (!written.ok) {
      return err('EFAULT', `the structure at ${hex(input.argVa)} cannot be written`, { rule: RULE });
    }
    // As it came in until something is written.
    if (record.after === record.before) record.after = record.before.slice();
    record.after.set(image, from);
    return done;
  }
}
