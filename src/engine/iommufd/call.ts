import { hex } from '../../lib/u64';
import { err, ok, type Result } from '../kernel/errno';
import type { Task } from '../kernel/task';
import { ioctlNumber, iommu_iova_range } from '../uapi/iommufd';
import { decode, encode, type Fields, type FieldsOf } from '../uapi/struct';
import type { Caller } from '../kernel/caller';
import { rootCaller, ScratchMemory } from './caller';
import { COMMANDS } from './commands';
import type { IommufdCtx } from './ctx';
import type { Interval } from './interval-list';

export type CommandName = keyof typeof COMMANDS;
export type CommandFields<N extends CommandName> = FieldsOf<(typeof COMMANDS)[N]['layout']>;

/** A raw ioctl(2) on an open /dev/iommu: the structure lies at `argVa` in the caller's memory. */
export const ioctl = (ctx: IommufdCtx, cmd: number, caller: Caller, argVa: bigint): Task<Result<number>> =>
  ctx.ioctl(caller, cmd, argVa);

/**
 * A command by its fields: lays the structure out in memory, runs the ioctl on the bytes, and reads them back.
 * `size` is filled in unless it is given.
 */
export function* call<N extends CommandName>(
  ctx: IommufdCtx,
  name: N,
  fields: Partial<CommandFields<N>>,
  caller: Caller = rootCaller(ctx.memory),
): Task<Result<CommandFields<N>>> {
  return yield* callWith(new ScratchMemory(caller.bytes), ctx, name, fields, caller);
}

/** As `call`; what the structure points to lies in `scratch` already. */
export function* callWith<N extends CommandName>(
  scratch: ScratchMemory,
  ctx: IommufdCtx,
  name: N,
  fields: Partial<CommandFields<N>>,
  caller: Caller,
): Task<Result<CommandFields<N>>> {
  const { layout, nr }: (typeof COMMANDS)[CommandName] = COMMANDS[name];
  const given: Partial<Fields> = { size: layout.bytes, ...fields };
  const argVa = scratch.place(encode(layout, given));
  const answered = yield* ioctl(ctx, ioctlNumber(nr), { ...caller, bytes: scratch }, argVa);
  if (!answered.ok) return answered;
  const bytes = scratch.read(argVa, layout.bytes);
  return bytes.ok ? ok(decode(layout, bytes.value) as CommandFields<N>) : bytes;
}

/** IOMMU_IOAS_IOVA_RANGES as programs use it: first how many, then which. */
export function* iovaRanges(
  ctx: IommufdCtx,
  ioasId: number,
  caller: Caller = rootCaller(ctx.memory),
): Task<Result<{ readonly ranges: readonly Interval[]; readonly alignment: bigint }>> {
  const scratch = new ScratchMemory(caller.bytes);
  const room = 1024;
  const array = scratch.place(new Uint8Array(room * iommu_iova_range.bytes));
  const asked = yield* callWith(
    scratch,
    ctx,
    'IOMMU_IOAS_IOVA_RANGES',
    { ioas_id: ioasId, num_iovas: room, allowed_iovas: array },
    caller,
  );
  if (!asked.ok) return asked;
  const ranges: Interval[] = [];
  for (let index = 0; index < asked.value.num_iovas; index++) {
    const at = array + BigInt(index * iommu_iova_range.bytes);
    const bytes = scratch.read(at, iommu_iova_range.bytes);
    if (!bytes.ok) return err('EFAULT', `${hex(at)} cannot be read`);
    ranges.push(decode(iommu_iova_range, bytes.value));
  }
  return ok({ ranges, alignment: asked.value.out_iova_alignment });
}

/** IOMMU_IOAS_ALLOW_IOVAS with its array. */
export function* allowIovas(
  ctx: IommufdCtx,
  ioasId: number,
  ranges: readonly Interval[],
  caller: Caller = rootCaller(ctx.memory),
): Task<Result<undefined>> {
  const scratch = new ScratchMemory(caller.bytes);
  const array = new Uint8Array(ranges.length * iommu_iova_range.bytes);
  ranges.forEach((each, index) => {
    array.set(
      encode(iommu_iova_range, { start: each.start, last: each.last }),
      index * iommu_iova_range.bytes,
    );
  });
  const allowed_iovas = scratch.place(array);
  const asked = yield* callWith(
    scratch,
    ctx,
    'IOMMU_IOAS_ALLOW_IOVAS',
    { ioas_id: ioasId, num_iovas: ranges.length, allowed_iovas },
    caller,
  );
  return asked.ok ? ok(undefined) : asked;
}
