import { hex } from '../../../lib/u64';
import { done } from '../../../lib/result';
import { err, type Result } from '../../kernel/errno';
import type { Task } from '../../kernel/task';
import {
  VFIO_DMA_MAP_FLAG_READ,
  VFIO_DMA_MAP_FLAG_WRITE,
  VFIO_DMA_UNMAP_FLAG_ALL,
  vfio_iommu_type1_dma_map,
  vfio_iommu_type1_dma_unmap,
} from '../../uapi/vfio';
import type { FieldsOf } from '../../uapi/struct';
import type { Ioas } from '../ioas';
import { cutAt } from '../iopt-cut';
import { mapUserPages } from '../iopt-map';
import { unmapAll, unmapIova } from '../iopt-unmap';
import { getCompatIoas } from './compat-ioas';
import type { VfioCall } from './vfio-call';

/** VFIO_IOMMU_MAP_DMA: always at the IOVA given. Linux: iommufd_vfio_map_dma() */
export function* mapDma(call: VfioCall): Task<Result<undefined>> {
  const rule = 'iommufd_vfio_map_dma';
  const read = call.read(vfio_iommu_type1_dma_map, 32);
  if (!read.ok) return read;
  const map = read.value;
  if (map.argsz < 32 || (map.flags & ~(VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE)) !== 0)
    return err('EINVAL', 'argsz is too small, or an unknown flag is set', { rule });
  const found = getCompatIoas(call.ctx);
  if (!found.ok) return found;
  const mapped = yield* mapUserPages(call.ctx, found.value.iopt, call.caller, {
    where: { fixed: map.iova },
    userVa: map.vaddr,
    length: map.size,
    prot: {
      read: (map.flags & VFIO_DMA_MAP_FLAG_READ) !== 0,
      write: (map.flags & VFIO_DMA_MAP_FLAG_WRITE) !== 0,
    },
  });
  call.ctx.objects.put(found.value);
  return mapped.ok ? done : mapped;
}

type Unmap = FieldsOf<typeof vfio_iommu_type1_dma_unmap>;

/** VFIO_IOMMU_UNMAP_DMA: how much went is told whatever happened. Linux: iommufd_vfio_unmap_dma() */
export function* unmapDma(call: VfioCall): Task<Result<undefined>> {
  const rule = 'iommufd_vfio_unmap_dma';
  const read = call.read(vfio_iommu_type1_dma_unmap, 24);
  if (!read.ok) return read;
  const unmap = read.value;
  // VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP among them: HWPT_GET_DIRTY_BITMAP has taken its place.
  if (unmap.argsz < 24 || (unmap.flags & ~VFIO_DMA_UNMAP_FLAG_ALL) !== 0)
    return err('EINVAL', 'argsz is too small, or an unknown flag is set', { rule });
  const found = getCompatIoas(call.ctx);
  if (!found.ok) return found;
  const result = yield* unmapFrom(call, found.value, unmap);
  call.ctx.objects.put(found.value);
  return result;
}

function* unmapFrom(call: VfioCall, ioas: Ioas, unmap: Unmap): Task<Result<undefined>> {
  const all = (unmap.flags & VFIO_DMA_UNMAP_FLAG_ALL) !== 0;
  if (all && (unmap.iova !== 0n || unmap.size !== 0n)) {
    const why = `everything is to go, and yet ${hex(unmap.iova)} and ${hex(unmap.size)} are given`;
    return err('EINVAL', why, { rule: 'iommufd_vfio_unmap_dma' });
  }
  const cut = !all && ioas.iopt.smallPages ? yield* cutAround(ioas, unmap) : done;
  if (!cut.ok) return cut;
  const count = { bytes: 0n };
  const unmapped = all
    ? yield* unmapAll(ioas.iopt, count)
    : yield* unmapIova(ioas.iopt, unmap.iova, unmap.size, count);
  unmap.size = count.bytes;
  const written = call.write(vfio_iommu_type1_dma_unmap, unmap, 24);
  if (!written.ok) return written;
  return unmapped.ok ? done : unmapped;
}

/** Without large pages a mapping can be parted at both ends of what is to go. */
const cutAround = ({ iopt }: Ioas, { iova, size }: Unmap): Task<Result<undefined>> => {
  const last = BigInt.asUintN(64, iova + size - 1n);
  return cutAt(iopt, iova === 0n ? [last] : [last, iova - 1n]);
};
