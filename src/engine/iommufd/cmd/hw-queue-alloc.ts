import { hex } from '../../../lib/u64';
import { err, type Result } from '../../kernel/errno';
import type { Task } from '../../kernel/task';
import { iommu_hw_queue_alloc } from '../../uapi/iommufd';
import type { FieldsOf } from '../../uapi/struct';
import { HwQueue } from '../hw-queue';
import { defineIoctl, type Ucmd } from '../ioctl';
import { addChecked } from '../page';
import type { Viommu } from '../viommu';

type HwQueueAlloc = Ucmd<FieldsOf<typeof iommu_hw_queue_alloc>>;

const RULE = 'iommufd_hw_queue_alloc_ioctl';

/**
 * IOMMU_HW_QUEUE_ALLOC — a queue in a VM's memory that hardware reads by itself.
 *
 * Linux: iommufd/viommu.c iommufd_hw_queue_alloc_ioctl()
 */
export const hwQueueAlloc = defineIoctl({
  name: 'IOMMU_HW_QUEUE_ALLOC',
  nr: 0x94,
  layout: iommu_hw_queue_alloc,
  last: 'length',
  *execute(ucmd) {
    const { ctx, cmd } = ucmd;
    if (cmd.flags !== 0 || cmd.type === 0)
      return err('EOPNOTSUPP', 'an unknown flag is set, or no type is given', { rule: RULE });
    if (cmd.length === 0n) return err('EINVAL', 'the queue has no length', { rule: RULE });
    if (addChecked(cmd.nesting_parent_iova, cmd.length - 1n) === null) {
      const why = `${hex(cmd.nesting_parent_iova)} plus ${hex(cmd.length)} passes the end of the address space`;
      return err('EOVERFLOW', why, { rule: RULE });
    }
    const found = ctx.objects.get(cmd.viommu_id, 'viommu');
    if (!found.ok) return found;
    const result = yield* allocIn(ucmd, found.value);
    ctx.objects.put(found.value);
    return result;
  },
});

function* allocIn(ucmd: HwQueueAlloc, viommu: Viommu): Task<Result<undefined>> {
  const { ctx, cmd } = ucmd;
  const { ops } = viommu;
  const cannot = err('EOPNOTSUPP', `${viommu.title} has no hardware queues of type ${cmd.type}`, {
    rule: RULE,
    culprit: viommu.worldId,
  });
  if (!ops?.hwQueueInit || ops.supportsHwQueue?.(cmd.type) !== true) return cannot;
  const { type, index, nesting_parent_iova: baseIova, length } = cmd;
  const made = ucmd.create((id) => new HwQueue(ctx, id, viommu, { type, index, baseIova, length }));
  if (!made.ok) return made;
  const queue = made.value;
  const pa = yield* queue.pin();
  if (!pa.ok) return pa;
  const initialised = ops.hwQueueInit(queue, pa.value);
  if (!initialised.ok) return initialised;
  queue.initialised = true;
  cmd.out_hw_queue_id = queue.id;
  return ucmd.respond();
}
