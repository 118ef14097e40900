import { hex, U64_MAX } from '../../../lib/u64';
import { allowIovas, iovaRanges } from '../../iommufd/call';
import type { IommufdCtx } from '../../iommufd/ctx';
import {
  IOMMU_IOAS_MAP_FIXED_IOVA,
  IOMMU_IOAS_MAP_READABLE,
  IOMMU_IOAS_MAP_WRITEABLE,
  IOMMU_OPTION_HUGE_PAGES,
  IOMMU_OPTION_OP_GET,
  IOMMU_OPTION_OP_SET,
  IOMMU_OPTION_RLIMIT_MODE,
  IOMMU_VFIO_IOAS_CLEAR,
  IOMMU_VFIO_IOAS_GET,
  IOMMU_VFIO_IOAS_SET,
} from '../../uapi/iommufd';
import type { Task } from '../../kernel/task';
import type { Outcome } from '../statement';
import { sizeWords } from '../words';
import { callAs, saidAs } from './calls';
import { count } from './machine';
import {
  contextAt,
  found,
  kernelVerb,
  mistake,
  named,
  objectAt,
  said,
  siblingAt,
  type VerbContext,
} from './verb';

/** Gives what an ioctl made the name that stands before the `=`. */
export function nameObject({ machine, args }: VerbContext, ctx: IommufdCtx, id: number): void {
  const object = ctx.objects.peek(id);
  if (args.statement.name !== null && object)
    machine.names.setObject(args.statement.name, ctx.number, object);
}

/** `ioas = IOAS_ALLOC ctx` */
export const ioasAlloc = kernelVerb(function* (context): Task<Outcome> {
  const ctx = contextAt(context, 0);
  if (!ctx.ok) return ctx;
  const made = yield* callAs(context, ctx.value, 'IOMMU_IOAS_ALLOC', () => ({}));
  if (!made.ok) return made;
  nameObject(context, ctx.value, made.value.out_ioas_id);
  return said(`IOAS ${made.value.out_ioas_id}`);
});

/** `IOAS_MAP ioas buf iova=0x100000 len=2M rw` */
export const ioasMap = kernelVerb(function* (context): Task<Outcome> {
  const { args, machine } = context;
  const object = objectAt(context, 0);
  if (!object.ok) return object;
  const buffer = named(context, 1, 'buffer');
  if (!buffer.ok) return buffer;
  const { ctx, id } = object.value;
  const { mapping, process } = buffer.value;
  const by = machine.caller(args.option('by') ?? ctx.memory.name);
  if (process !== by.mm.name) {
    return mistake(
      `${args.word(1) ?? ''} is memory of ${process}, and ${by.mm.name} makes the call`,
      args.column(1),
    );
  }
  const offset = args.size('offset') ?? 0n;
  const length = args.size('len') ?? BigInt(mapping.bytes) - offset;
  const iova = args.size('iova');
  const flags = accessFlags(args.word(2) ?? '') | (iova === null ? 0 : IOMMU_IOAS_MAP_FIXED_IOVA);
  const fields = {
    flags,
    ioas_id: id,
    user_va: mapping.userVa + offset,
    length,
    iova: iova ?? 0n,
  };
  const mapped = yield* callAs(context, ctx, 'IOMMU_IOAS_MAP', () => fields, by);
  if (!mapped.ok) return mapped;
  return said(`${sizeWords(length)} at ${hex(mapped.value.iova)}`);
});

/** `IOAS_MAP_FILE ioas file iova=0x100000 rw` */
export const ioasMapFile = kernelVerb(function* (context): Task<Outcome> {
  const { args, machine } = context;
  const object = objectAt(context, 0);
  if (!object.ok) return object;
  const memfd = named(context, 1, 'memfd');
  if (!memfd.ok) return memfd;
  const { ctx, id } = object.value;
  const { file, process } = memfd.value;
  const by = machine.caller(process);
  const fd = by.files.find((each) => each.kind === 'memory' && each.source === file);
  if (fd === null) return mistake(`${args.word(1) ?? ''} is closed`, args.column(1));
  const start = args.size('offset') ?? 0n;
  const length = args.size('len') ?? BigInt(file.bytes) - start;
  const iova = args.size('iova');
  const flags = accessFlags(args.word(2) ?? '') | (iova === null ? 0 : IOMMU_IOAS_MAP_FIXED_IOVA);
  const fields = { flags, ioas_id: id, fd, start, length, iova: iova ?? 0n };
  const mapped = yield* callAs(context, ctx, 'IOMMU_IOAS_MAP_FILE', () => fields, by);
  return mapped.ok ? said(`${sizeWords(length)} at ${hex(mapped.value.iova)}`) : mapped;
});

/** `IOAS_CHANGE_PROCESS ctx heir`: what others mapped of files counts for the caller from now on. */
export const ioasChangeProcess = kernelVerb(function* (context): Task<Outcome> {
  const ctx = contextAt(context, 0);
  if (!ctx.ok) return ctx;
  const by = context.machine.caller(context.args.word(1) ?? 'qemu');
  const changed = yield* callAs(context, ctx.value, 'IOMMU_IOAS_CHANGE_PROCESS', () => ({}), by);
  return changed.ok ? said(`everything mapped is ${by.mm.name}'s`) : changed;
});

/** `OPTION ctx RLIMIT_MODE 1`, `OPTION ioas HUGE_PAGES` */
export const option = kernelVerb(function* (context): Task<Outcome> {
  const { args } = context;
  const which = args.word(1);
  const object = which === 'RLIMIT_MODE' ? contextAt(context, 0) : objectAt(context, 0);
  if (!object.ok) return object;
  const { ctx, id } = 'ctx' in object.value ? object.value : { ctx: object.value, id: 0 };
  const value = args.number(2);
  const fields = {
    option_id: which === 'RLIMIT_MODE' ? IOMMU_OPTION_RLIMIT_MODE : IOMMU_OPTION_HUGE_PAGES,
    op: value === null ? IOMMU_OPTION_OP_GET : IOMMU_OPTION_OP_SET,
    object_id: id,
    val64: value ?? 0n,
  };
  const answered = yield* callAs(context, ctx, 'IOMMU_OPTION', () => fields);
  if (!answered.ok) return answered;
  return said(`${which ?? ''} is ${answered.value.val64}`);
});

/** `VFIO_IOAS ctx GET`, `VFIO_IOAS ctx SET ioas`, `VFIO_IOAS ctx CLEAR` */
export const vfioIoas = kernelVerb(function* (context): Task<Outcome> {
  const { args } = context;
  const ctx = contextAt(context, 0);
  if (!ctx.ok) return ctx;
  const op = args.word(1);
  if (op === 'SET' && args.word(2) === null) return mistake('SET which IOAS?', args.column(1));
  const ioas = op === 'SET' ? siblingAt(context, 2, ctx.value) : found(0);
  if (!ioas.ok) return ioas;
  const fields = { op: VFIO_IOAS_OPS[op ?? ''] ?? IOMMU_VFIO_IOAS_GET, ioas_id: ioas.value };
  const answered = yield* callAs(context, ctx.value, 'IOMMU_VFIO_IOAS', () => fields);
  if (!answered.ok) return answered;
  if (op === 'CLEAR') return said('VFIO commands work on no IOAS');
  nameObject(context, ctx.value, answered.value.ioas_id);
  return said(`VFIO commands work on IOAS ${answered.value.ioas_id}`);
});

const VFIO_IOAS_OPS: Readonly<Record<string, number>> = {
  GET: IOMMU_VFIO_IOAS_GET,
  SET: IOMMU_VFIO_IOAS_SET,
  CLEAR: IOMMU_VFIO_IOAS_CLEAR,
};

function accessFlags(word: string): number {
  return (
    (word.includes('r') ? IOMMU_IOAS_MAP_READABLE : 0) | (word.includes('w') ? IOMMU_IOAS_MAP_WRITEABLE : 0)
  );
}

/** `IOAS_UNMAP ioas iova=… len=…` or `IOAS_UNMAP ioas all` */
export const ioasUnmap = kernelVerb(function* (context): Task<Outcome> {
  const { args } = context;
  const object = objectAt(context, 0);
  if (!object.ok) return object;
  const { ctx, id } = object.value;
  const range = args.has('all')
    ? { iova: 0n, length: U64_MAX }
    : { iova: args.size('iova') ?? 0n, length: args.size('len') ?? 0n };
  const unmapped = yield* callAs(context, ctx, 'IOMMU_IOAS_UNMAP', () => ({ ioas_id: id, ...range }));
  return unmapped.ok ? said(`${sizeWords(unmapped.value.length)} unmapped`) : unmapped;
});

/** `IOAS_COPY ioas from src=… len=… iova=… rw` */
export const ioasCopy = kernelVerb(function* (context): Task<Outcome> {
  const { args } = context;
  const object = objectAt(context, 0);
  if (!object.ok) return object;
  const { ctx, id } = object.value;
  const from = siblingAt(context, 1, ctx);
  if (!from.ok) return from;
  const iova = args.size('iova');
  const copied = yield* callAs(context, ctx, 'IOMMU_IOAS_COPY', () => ({
    flags: accessFlags(args.word(2) ?? '') | (iova === null ? 0 : IOMMU_IOAS_MAP_FIXED_IOVA),
    dst_ioas_id: id,
    src_ioas_id: from.value,
    length: args.size('len') ?? 0n,
    dst_iova: iova ?? 0n,
    src_iova: args.size('src') ?? 0n,
  }));
  return copied.ok ? said(`${sizeWords(args.size('len') ?? 0n)} at ${hex(copied.value.dst_iova)}`) : copied;
});

/** `IOAS_IOVA_RANGES ioas` */
export const ioasIovaRanges = kernelVerb(function* (context): Task<Outcome> {
  const object = objectAt(context, 0);
  if (!object.ok) return object;
  const asked = yield* iovaRanges(object.value.ctx, object.value.id);
  if (!asked.ok) return asked;
  const ranges = asked.value.ranges.map(({ start, last }) => `${hex(start)}-${hex(last)}`);
  return saidAs(context, `${ranges.join(' ')} align ${sizeWords(asked.value.alignment)}`, 1);
});

/** `IOAS_ALLOW_IOVAS ioas 0x100000-0x1fffff` */
export const ioasAllowIovas = kernelVerb(function* (context): Task<Outcome> {
  const object = objectAt(context, 0);
  if (!object.ok) return object;
  const ranges = context.args.ranges();
  const allowed = yield* allowIovas(object.value.ctx, object.value.id, ranges);
  if (!allowed.ok) return allowed;
  return said(ranges.length === 0 ? 'everything allowed' : `${count(ranges.length, 'range')} allowed`);
});

/** `DESTROY ioas` */
export const destroy = kernelVerb(function* (context): Task<Outcome> {
  const object = objectAt(context, 0);
  if (!object.ok) return object;
  const { ctx, id } = object.value;
  const destroyed = yield* callAs(context, ctx, 'IOMMU_DESTROY', () => ({ id }));
  return destroyed.ok ? said('destroyed') : destroyed;
});
