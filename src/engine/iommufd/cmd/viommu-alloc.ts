import { err, type Result } from '../../kernel/errno';
import type { IommuOps } from '../../iommu/ops';
import { iommu_viommu_alloc } from '../../uapi/iommufd';
import type { FieldsOf } from '../../uapi/struct';
import type { HwptPaging } from '../hwpt';
import type { IommufdDevice } from '../device';
import { defineIoctl, type Ucmd } from '../ioctl';
import { userData } from '../user-data';
import { Viommu } from '../viommu';

type ViommuAlloc = Ucmd<FieldsOf<typeof iommu_viommu_alloc>>;

const RULE = 'iommufd_viommu_alloc_ioctl';

/** IOMMU_VIOMMU_ALLOC — a slice of a device's IOMMU, for a VM. Linux: iommufd/viommu.c iommufd_viommu_alloc_ioctl() */
export const viommuAlloc = defineIoctl({
  name: 'IOMMU_VIOMMU_ALLOC',
  nr: 0x90,
  layout: iommu_viommu_alloc,
  last: 'out_viommu_id',
  payload: { field: 'data_uptr', bytes: (cmd) => BigInt(cmd.data_len) },
  *execute(ucmd) {
    const { ctx, cmd } = ucmd;
    // __reserved is not looked at.
    if (cmd.flags !== 0 || cmd.type === 0)
      return err('EOPNOTSUPP', 'an unknown flag is set, or no type is given', { rule: RULE });
    const found = ctx.objects.get(cmd.dev_id, 'device');
    if (!found.ok) return found;
    const result = allocFor(ucmd, found.value);
    ctx.objects.put(found.value);
    return result;
  },
});

function allocFor(ucmd: ViommuAlloc, { device }: IommufdDevice): Result<undefined> {
  const { ctx, cmd } = ucmd;
  const { ops, client, name, worldId } = device;
  if (!ops?.viommuInit || ops.supportsViommu?.(client, cmd.type) !== true) {
    const why = `the IOMMU driver of ${name} has no vIOMMU of type ${cmd.type}`;
    return err('EOPNOTSUPP', why, { rule: RULE, culprit: worldId });
  }
  const found = ctx.objects.get(cmd.hwpt_id, 'hwpt-paging');
  if (!found.ok) return found;
  const result = allocOver(ucmd, ops, found.value);
  ctx.objects.put(found.value);
  return result;
}

function allocOver(ucmd: ViommuAlloc, ops: IommuOps, hwpt: HwptPaging): Result<undefined> {
  const { ctx, cmd, user } = ucmd;
  const { domain } = hwpt;
  if (!hwpt.nestParent || !domain) {
    const why = `${hwpt.title} was not made as a nesting parent`;
    return err('EINVAL', why, { rule: RULE, culprit: hwpt.worldId });
  }
  const made = ucmd.create((id) => new Viommu(ctx, id, cmd.type, hwpt, ops));
  if (!made.ok) return made;
  const viommu = made.value;
  const data = cmd.data_len === 0 ? null : userData(user, cmd.type, cmd.data_uptr, cmd.data_len);
  const initialised = ops.viommuInit?.(viommu, domain, data);
  if (!initialised?.ok) return initialised ?? err('EOPNOTSUPP', 'the driver has no vIOMMU', { rule: RULE });
  viommu.ops = initialised.value;
  cmd.out_viommu_id = viommu.id;
  return ucmd.respond();
}
