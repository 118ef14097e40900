import { done } from '../../../lib/result';
import { err, ok, type Result } from '../../kernel/errno';
import type { IommufdCtx } from '../ctx';
import { Ioas } from '../ioas';

/**
 * The IOAS that VFIO's own commands work on, as they name none.
 *
 * Linux: drivers/iommu/iommufd/vfio_compat.c
 */

/** To be put back. Linux: get_compat_ioas() */
export function getCompatIoas(ctx: IommufdCtx): Result<Ioas> {
  const ioas = ctx.vfioIoas;
  if (ioas?.lock()) return ok(ioas);
  return err('ENODEV', `${ctx.title} has no IOAS for VFIO's commands: no group is in it yet`, {
    rule: 'get_compat_ioas',
    culprit: ctx.worldId,
  });
}

/** A device without an IOMMU comes in. Linux: iommufd_vfio_compat_set_no_iommu() */
export function setNoIommu(ctx: IommufdCtx): Result<undefined> {
  const rule = 'iommufd_vfio_compat_set_no_iommu';
  if (ctx.vfioIoas)
    return err('EINVAL', `${ctx.title} has devices behind an IOMMU`, { rule, culprit: ctx.worldId });
  ctx.noIommuMode = true;
  return done;
}

/** A group comes in: from now on there is such an IOAS, perhaps one that the user had set. Linux: iommufd_vfio_compat_ioas_create() */
export function createCompatIoas(ctx: IommufdCtx): Result<undefined> {
  const id = ctx.objects.reserve();
  if (!id.ok) return id;
  const known = ctx.vfioIoas?.users ?? 0;
  if (ctx.noIommuMode || known > 0) {
    ctx.objects.release(id.value);
    const rule = 'iommufd_vfio_compat_ioas_create';
    if (!ctx.noIommuMode) return done;
    return err('EINVAL', `${ctx.title} has devices without an IOMMU`, { rule, culprit: ctx.worldId });
  }
  const ioas = new Ioas(ctx, id.value);
  ctx.vfioIoas = ioas;
  ctx.objects.finalize(ioas);
  return done;
}
