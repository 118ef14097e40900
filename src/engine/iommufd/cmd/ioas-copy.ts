import { iommu_ioas_copy } from '../../uapi/iommufd';
import { defineIoctl } from '../ioctl';
import { getPieces, mapPieces } from '../iopt-map';
import { checkMapFlags, whereTo } from './map-flags';

/**
 * IOMMU_IOAS_COPY — maps in one IOAS what another maps, sharing its pinned pages.
 * Linux: iommufd/ioas.c iommufd_ioas_copy()
 */
export const ioasCopy = defineIoctl({
  name: 'IOMMU_IOAS_COPY',
  nr: 0x83,
  layout: iommu_ioas_copy,
  last: 'src_iova',
  *execute({ ctx, cmd, respond }) {
    const { convertCopySource } = ctx.module.options;
    if (convertCopySource) yield* convertCopySource(ctx, cmd);
    const words = [cmd.length, cmd.src_iova, cmd.dst_iova];
    const prot = checkMapFlags('iommufd_ioas_copy', cmd.flags, 0, words);
    if (!prot.ok) return prot;
    const source = ctx.objects.get(cmd.src_ioas_id, 'ioas');
    if (!source.ok) return source;
    const pieces = yield* getPieces(source.value.iopt, cmd.src_iova, cmd.length);
    ctx.objects.put(source.value);
    if (!pieces.ok) return pieces;
    const target = ctx.objects.get(cmd.dst_ioas_id, 'ioas');
    if (!target.ok) {
      for (const { pages } of pieces.value) yield* pages.put();
      return target;
    }
    const mapped = yield* mapPieces(target.value.iopt, pieces.value, {
      where: whereTo(cmd.flags, cmd.dst_iova),
      length: cmd.length,
      prot: prot.value,
    });
    if (mapped.ok) cmd.dst_iova = mapped.value;
    const result = mapped.ok ? respond() : mapped;
    ctx.objects.put(target.value);
    return result;
  },
});
