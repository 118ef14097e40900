import { hex } from '../../../lib/u64';
import type { Task } from '../../kernel/task';
import { iommu_hw_queue_alloc, iommu_veventq_alloc, iommu_viommu_alloc } from '../../uapi/iommufd';
import type { Outcome } from '../statement';
import { bytesOption, callAs, typeOption, u32Option } from './calls';
import { nameObject } from './iommufd';
import { kernelVerb, objectAt, said, siblingAt } from './verb';

/** What of an IOMMU a VM gets for itself. */

/** `viommu = VIOMMU_ALLOC dev parent type=1` */
export const viommuAlloc = kernelVerb(function* (context): Task<Outcome> {
  const dev = objectAt(context, 0);
  if (!dev.ok) return dev;
  const { ctx, id } = dev.value;
  const hwpt = siblingAt(context, 1, ctx);
  if (!hwpt.ok) return hwpt;
  const type = typeOption(context.args, 'type', iommu_viommu_alloc, 'type');
  if (!type.ok) return type;
  const data = bytesOption(context.args, 'data');
  if (!data.ok) return data;
  const made = yield* callAs(context, ctx, 'IOMMU_VIOMMU_ALLOC', (place) => ({
    type: type.value,
    dev_id: id,
    hwpt_id: hwpt.value,
    data_len: data.value.length,
    data_uptr: data.value.length === 0 ? 0n : place(data.value),
  }));
  if (!made.ok) return made;
  nameObject(context, ctx, made.value.out_viommu_id);
  return said(`vIOMMU ${made.value.out_viommu_id}`);
});

/** `vdev = VDEVICE_ALLOC viommu dev id=0x10` */
export const vdeviceAlloc = kernelVerb(function* (context): Task<Outcome> {
  const viommu = objectAt(context, 0);
  if (!viommu.ok) return viommu;
  const { ctx, id } = viommu.value;
  const dev = siblingAt(context, 1, ctx);
  if (!dev.ok) return dev;
  const virt_id = context.args.size('id') ?? 0n;
  const fields = { viommu_id: id, dev_id: dev.value, virt_id };
  const made = yield* callAs(context, ctx, 'IOMMU_VDEVICE_ALLOC', () => fields);
  if (!made.ok) return made;
  nameObject(context, ctx, made.value.out_vdevice_id);
  return said(`vDEVICE ${made.value.out_vdevice_id}, ${hex(virt_id)} to the VM`);
});

/** `events = VEVENTQ_ALLOC viommu type=1 depth=8` */
export const veventqAlloc = kernelVerb(function* (context): Task<Outcome> {
  const viommu = objectAt(context, 0);
  if (!viommu.ok) return viommu;
  const type = typeOption(context.args, 'type', iommu_veventq_alloc, 'type');
  if (!type.ok) return type;
  const depth = u32Option(context.args, 'depth');
  if (!depth.ok) return depth;
  const { ctx, id } = viommu.value;
  const fields = { viommu_id: id, type: type.value, veventq_depth: depth.value };
  const made = yield* callAs(context, ctx, 'IOMMU_VEVENTQ_ALLOC', () => fields);
  if (!made.ok) return made;
  nameObject(context, ctx, made.value.out_veventq_id);
  return said(`event queue ${made.value.out_veventq_id}, descriptor ${made.value.out_veventq_fd}`);
});

/** `queue = HW_QUEUE_ALLOC viommu type=1 index=0 iova=0x100000 len=64K` */
export const hwQueueAlloc = kernelVerb(function* (context): Task<Outcome> {
  const { args } = context;
  const viommu = objectAt(context, 0);
  if (!viommu.ok) return viommu;
  const type = typeOption(args, 'type', iommu_hw_queue_alloc, 'type');
  if (!type.ok) return type;
  const index = u32Option(args, 'index');
  if (!index.ok) return index;
  const { ctx, id } = viommu.value;
  const fields = {
    viommu_id: id,
    type: type.value,
    index: index.value,
    nesting_parent_iova: args.size('iova') ?? 0n,
    length: args.size('len') ?? 0n,
  };
  const made = yield* callAs(context, ctx, 'IOMMU_HW_QUEUE_ALLOC', () => fields);
  if (!made.ok) return made;
  nameObject(context, ctx, made.value.out_hw_queue_id);
  return said(`hardware queue ${made.value.out_hw_queue_id}`);
});
