import { hex, U64_MAX } from '../../../lib/u64';
import { allowIovas, call, iovaRanges } from '../../iommufd/call';
import type { IommufdCtx } from '../../iommufd/ctx';
import {
  IOMMU_HWPT_ALLOC_DIRTY_TRACKING,
  IOMMU_HWPT_ALLOC_NEST_PARENT,
  IOMMU_IOAS_MAP_FIXED_IOVA,
  IOMMU_IOAS_MAP_READABLE,
  IOMMU_IOAS_MAP_WRITEABLE,
} from '../../uapi/iommufd';
import { closeContext } from '../../vfio/cdev';
import { sizeWords } from '../words';
import { count } from './machine';
import {
  contextAt,
  kernelVerb,
  mistake,
  named,
  objectAt,
  processAt,
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

/** `ctx = open /dev/iommu qemu` */
export const open = kernelVerb((context) => {
  const { machine, args } = context;
  if (args.word(0) !== '/dev/iommu') return mistake('only /dev/iommu can be opened', args.column(0));
  const ctx = machine.iommufd.open(processAt(context, 1));
  if (args.statement.name !== null)
    machine.names.set(args.statement.name, { kind: 'context', number: ctx.number });
  return said(`context ${ctx.number} of ${ctx.memory.name}`);
});

/** `close ctx` */
export const close = kernelVerb((context) => {
  const ctx = contextAt(context, 0);
  if (!ctx.ok) return ctx;
  const objects = ctx.value.objects.list().length;
  context.machine.run(closeContext(context.machine.vfio, ctx.value));
  return said(`closed, ${count(objects, 'object')} gone`);
});

/** `ioas = IOAS_ALLOC ctx` */
export const ioasAlloc = kernelVerb((context) => {
  const ctx = contextAt(context, 0);
  if (!ctx.ok) return ctx;
  const made = context.machine.run(call(ctx.value, 'IOMMU_IOAS_ALLOC', {}));
  if (!made.ok) return made;
  nameObject(context, ctx.value, made.value.out_ioas_id);
  return said(`IOAS ${made.value.out_ioas_id}`);
});

/** `hwpt = HWPT_ALLOC dev ioas nest-parent dirty` */
export const hwptAlloc = kernelVerb((context) => {
  const { args, machine } = context;
  const dev = objectAt(context, 0);
  if (!dev.ok) return dev;
  const { ctx, id } = dev.value;
  const ioas = siblingAt(context, 1, ctx);
  if (!ioas.ok) return ioas;
  const flags =
    (args.has('nest-parent') ? IOMMU_HWPT_ALLOC_NEST_PARENT : 0) |
    (args.has('dirty') ? IOMMU_HWPT_ALLOC_DIRTY_TRACKING : 0);
  const made = machine.run(call(ctx, 'IOMMU_HWPT_ALLOC', { flags, dev_id: id, pt_id: ioas.value }));
  if (!made.ok) return made;
  nameObject(context, ctx, made.value.out_hwpt_id);
  return said(`HWPT ${made.value.out_hwpt_id}`);
});

/** `IOAS_MAP ioas buf iova=0x100000 len=2M rw` */
export const ioasMap = kernelVerb((context) => {
  const { args, machine } = context;
  const object = objectAt(context, 0);
  if (!object.ok) return object;
  const buffer = named(context, 1, 'buffer');
  if (!buffer.ok) return buffer;
  const { ctx, id } = object.value;
  const { mapping, process } = buffer.value;
  if (process !== ctx.memory.name) {
    return mistake(
      `${args.word(1) ?? ''} is memory of ${process}, the context is ${ctx.memory.name}'s`,
      args.column(1),
    );
  }
  const offset = args.size('offset') ?? 0n;
  const length = args.size('len') ?? BigInt(mapping.bytes) - offset;
  const iova = args.size('iova');
  const flags = accessFlags(args.word(2) ?? '') | (iova === null ? 0 : IOMMU_IOAS_MAP_FIXED_IOVA);
  const mapped = machine.run(
    call(ctx, 'IOMMU_IOAS_MAP', {
      flags,
      ioas_id: id,
      user_va: mapping.userVa + offset,
      length,
      iova: iova ?? 0n,
    }),
  );
  if (!mapped.ok) return mapped;
  return said(`${sizeWords(length)} at ${hex(mapped.value.iova)}`);
});

function accessFlags(word: string): number {
  return (
    (word.includes('r') ? IOMMU_IOAS_MAP_READABLE : 0) | (word.includes('w') ? IOMMU_IOAS_MAP_WRITEABLE : 0)
  );
}

/** `IOAS_UNMAP ioas iova=… len=…` or `IOAS_UNMAP ioas all` */
export const ioasUnmap = kernelVerb((context) => {
  const { args, machine } = context;
  const object = objectAt(context, 0);
  if (!object.ok) return object;
  const { ctx, id } = object.value;
  const range = args.has('all')
    ? { iova: 0n, length: U64_MAX }
    : { iova: args.size('iova') ?? 0n, length: args.size('len') ?? 0n };
  const unmapped = machine.run(call(ctx, 'IOMMU_IOAS_UNMAP', { ioas_id: id, ...range }));
  return unmapped.ok ? said(`${sizeWords(unmapped.value.length)} unmapped`) : unmapped;
});

/** `IOAS_COPY ioas from src=… len=… iova=… rw` */
export const ioasCopy = kernelVerb((context) => {
  const { args, machine } = context;
  const object = objectAt(context, 0);
  if (!object.ok) return object;
  const { ctx, id } = object.value;
  const from = siblingAt(context, 1, ctx);
  if (!from.ok) return from;
  const iova = args.size('iova');
  const copied = machine.run(
    call(ctx, 'IOMMU_IOAS_COPY', {
      flags: accessFlags(args.word(2) ?? '') | (iova === null ? 0 : IOMMU_IOAS_MAP_FIXED_IOVA),
      dst_ioas_id: id,
      src_ioas_id: from.value,
      length: args.size('len') ?? 0n,
      dst_iova: iova ?? 0n,
      src_iova: args.size('src') ?? 0n,
    }),
  );
  return copied.ok ? said(`${sizeWords(args.size('len') ?? 0n)} at ${hex(copied.value.dst_iova)}`) : copied;
});

/** `IOAS_IOVA_RANGES ioas` */
export const ioasIovaRanges = kernelVerb((context) => {
  const object = objectAt(context, 0);
  if (!object.ok) return object;
  const asked = context.machine.run(iovaRanges(object.value.ctx, object.value.id));
  if (!asked.ok) return asked;
  const ranges = asked.value.ranges.map(({ start, last }) => `${hex(start)}-${hex(last)}`);
  return said(`${ranges.join(' ')} align ${sizeWords(asked.value.alignment)}`);
});

/** `IOAS_ALLOW_IOVAS ioas 0x100000-0x1fffff` */
export const ioasAllowIovas = kernelVerb((context) => {
  const object = objectAt(context, 0);
  if (!object.ok) return object;
  const ranges = context.args.ranges();
  const allowed = context.machine.run(allowIovas(object.value.ctx, object.value.id, ranges));
  if (!allowed.ok) return allowed;
  return said(ranges.length === 0 ? 'everything allowed' : `${count(ranges.length, 'range')} allowed`);
});

/** `DESTROY ioas` */
export const destroy = kernelVerb((context) => {
  const object = objectAt(context, 0);
  if (!object.ok) return object;
  const { ctx, id } = object.value;
  const destroyed = context.machine.run(call(ctx, 'IOMMU_DESTROY', { id }));
  return destroyed.ok ? said('destroyed') : destroyed;
});
