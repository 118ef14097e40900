import { done } from '../../../lib/result';
import { err, type Result } from '../../kernel/errno';
import { locked, type Task } from '../../kernel/task';
import { iommu_veventq_alloc } from '../../uapi/iommufd';
import type { FieldsOf } from '../../uapi/struct';
import { defineIoctl, type Ucmd } from '../ioctl';
import { Veventq } from '../veventq';
import type { Viommu } from '../viommu';

type VeventqAlloc = Ucmd<FieldsOf<typeof iommu_veventq_alloc>>;

const RULE = 'iommufd_veventq_alloc';

/** IOMMU_VEVENTQ_ALLOC — where one type of a vIOMMU's events is told. Linux: iommufd/eventq.c iommufd_veventq_alloc() */
export const veventqAlloc = defineIoctl({
  name: 'IOMMU_VEVENTQ_ALLOC',
  nr: 0x93,
  layout: iommu_veventq_alloc,
  last: 'out_veventq_fd',
  *execute(ucmd) {
    const { ctx, cmd } = ucmd;
    if (cmd.flags !== 0 || cmd.__reserved !== 0 || cmd.type === 0)
      return err('EOPNOTSUPP', 'a flag or a reserved field is set, or no type is given', { rule: RULE });
    if (cmd.veventq_depth === 0) return err('EINVAL', 'there is room for no event', { rule: RULE });
    const found = ctx.objects.get(cmd.viommu_id, 'viommu');
    if (!found.ok) return found;
    const viommu = found.value;
    const result = yield* locked(viommu.veventqsRwsem, () => allocLocked(ucmd, viommu));
    ctx.objects.put(viommu);
    return result;
  },
});

function* allocLocked(ucmd: VeventqAlloc, viommu: Viommu): Task<Result<undefined>> {
  const { ctx, cmd, caller } = ucmd;
  const other = viommu.veventqs.find((each) => each.type === cmd.type);
  if (other) {
    const why = `${other.title} takes the events of type ${cmd.type} already`;
    return err('EEXIST', why, { rule: RULE, culprit: other.worldId });
  }
  const id = ctx.objects.reserve();
  if (!id.ok) return id;
  const queue = new Veventq(ctx, id.value, viommu, cmd.type, cmd.veventq_depth);
  const fd = queue.open(caller.files);
  if (!fd.ok) {
    yield* ctx.objects.abort(queue);
    return fd;
  }
  cmd.out_veventq_id = queue.id;
  cmd.out_veventq_fd = fd.value;
  const responded = ucmd.respond();
  if (!responded.ok) {
    caller.files.abandon(fd.value);
    yield* ctx.objects.abort(queue);
    return responded;
  }
  ctx.objects.finalize(queue);
  if (queue.file) caller.files.install(fd.value, queue.file);
  return done;
}
