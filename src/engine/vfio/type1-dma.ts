import { done } from '../../lib/result';
import { hex, U64_MAX } from '../../lib/u64';
import { err, ok, type Failure, type Result } from '../kernel/errno';
import { holding, type Task } from '../kernel/task';
import {
  VFIO_DMA_MAP_FLAG_READ,
  VFIO_DMA_MAP_FLAG_WRITE,
  VFIO_DMA_UNMAP_FLAG_ALL,
  vfio_iommu_type1_dma_map,
  vfio_iommu_type1_dma_unmap,
} from '../uapi/vfio';
import type { FieldsOf } from '../uapi/struct';
import { isValid } from './iova-list';
import { lastOf, type Type1, type Type1Dma } from './type1';
import { pinAndMap, removeDma } from './type1-pages';
import { tooSmall, type UserCall } from './user-call';

/**
 * VFIO_IOMMU_MAP_DMA and VFIO_IOMMU_UNMAP_DMA of a type1 container. Moving mappings to another process (VADDR) and its
 * dirty bitmaps are not modelled.
 *
 * Linux: drivers/vfio/vfio_iommu_type1.c
 */

type Map = FieldsOf<typeof vfio_iommu_type1_dma_map>;
type Unmap = FieldsOf<typeof vfio_iommu_type1_dma_unmap>;

/** Linux: vfio_iommu_type1_map_dma() */
export function* type1MapDma(type1: Type1, call: UserCall): Task<Result<number>> {
  const rule = 'vfio_iommu_type1_map_dma';
  const read = call.read(vfio_iommu_type1_dma_map);
  if (!read.ok) return read;
  const map = read.value;
  if (map.argsz < 32) return tooSmall(map.argsz, 32, rule);
  if ((map.flags & ~(VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE)) !== 0)
    return err('EINVAL', 'an unknown flag is set', { rule });
  const wrong = checkMap(map);
  if (wrong) return wrong;
  return yield* holding(type1.lock, () => mapLocked(type1, call, map));
}

/** Linux: vfio_dma_do_map() */
function checkMap({ iova, vaddr, size, flags }: Map): Failure | null {
  const rule = 'vfio_dma_do_map';
  if (size === 0n) return err('EINVAL', 'the length is zero', { rule });
  if (iova + size - 1n > U64_MAX || vaddr + size - 1n > U64_MAX)
    return err('EOVERFLOW', 'the mapping passes the end of the address space', { rule });
  return flags === 0 ? err('EINVAL', 'neither READ nor WRITE is set', { rule }) : null;
}

function mapLocked(type1: Type1, { caller }: UserCall, map: Map): Result<number> {
  const rule = 'vfio_dma_do_map';
  const { iova, vaddr, size, flags } = map;
  const page = type1.smallestPage;
  if (((size | iova | vaddr) & (page - 1n)) !== 0n)
    return err('EINVAL', `iova, vaddr and size are not all multiples of ${hex(page)}`, { rule });
  const met = type1.findDma(iova, iova + size - 1n);
  if (met) return err('EEXIST', `${hex(met.iova)} is mapped already`, { rule });
  if (type1.dmaAvailable === 0)
    return err('ENOSPC', 'the container has no room for another mapping', { rule });
  if (!isValid(type1.iovas, { start: iova, last: iova + size - 1n })) {
    const why = `not all of ${hex(iova)}-${hex(iova + size - 1n)} may be mapped: it is reserved, or out of reach`;
    return err('EINVAL', why, { rule: 'vfio_iommu_iova_dma_valid' });
  }
  if (type1.core.fail.hit(rule)) return err('ENOMEM', 'no memory for a mapping', { rule });
  const dma: Type1Dma = {
    iova,
    size,
    vaddr,
    prot: {
      read: (flags & VFIO_DMA_MAP_FLAG_READ) !== 0,
      write: (flags & VFIO_DMA_MAP_FLAG_WRITE) !== 0,
    },
    mm: caller.mm,
    lockCap: caller.capable('CAP_IPC_LOCK'),
    memlockPages: () => caller.process.memlockLimit() / 4096n,
    runs: null,
  };
  const mapped = type1.domains.length === 0 ? done : pinAndMap(type1, dma);
  if (!mapped.ok) return mapped;
  type1.dmas = [...type1.dmas, dma].sort((a, b) => (a.iova < b.iova ? -1 : 1));
  return ok(0);
}

/** How much went is told. Linux: vfio_iommu_type1_unmap_dma() */
export function* type1UnmapDma(type1: Type1, call: UserCall): Task<Result<number>> {
  const rule = 'vfio_iommu_type1_unmap_dma';
  const layout = vfio_iommu_type1_dma_unmap;
  const read = call.read(layout);
  if (!read.ok) return read;
  const unmap = read.value;
  if (unmap.argsz < layout.bytes) return tooSmall(unmap.argsz, layout.bytes, rule);
  if ((unmap.flags & ~VFIO_DMA_UNMAP_FLAG_ALL) !== 0)
    return err('EINVAL', 'an unknown flag is set', { rule });
  const unmapped = yield* holding(type1.lock, () => unmapLocked(type1, unmap));
  if (!unmapped.ok) return unmapped;
  unmap.size = unmapped.value;
  const written = call.write(layout, unmap, 0, layout.bytes);
  return written.ok ? ok(0) : written;
}

/** Linux: vfio_dma_do_unmap() */
function unmapLocked(type1: Type1, { iova, size, flags }: Unmap): Result<bigint> {
  const rule = 'vfio_dma_do_unmap';
  const page = type1.smallestPage;
  const all = (flags & VFIO_DMA_UNMAP_FLAG_ALL) !== 0;
  if ((iova & (page - 1n)) !== 0n) return err('EINVAL', `iova is no multiple of ${hex(page)}`, { rule });
  if (all && (iova !== 0n || size !== 0n))
    return err('EINVAL', 'everything is to go, and yet an address or a length is given', { rule });
  if (!all && (size === 0n || (size & (page - 1n)) !== 0n))
    return err('EINVAL', `the length is zero, or no multiple of ${hex(page)}`, { rule });
  const last = all ? U64_MAX : iova + size - 1n;
  if (last > U64_MAX) return err('EOVERFLOW', 'the stretch passes the end of the address space', { rule });
  const cut = type1.v2 && !all ? cutMapping(type1, iova, last) : undefined;
  if (cut) {
    const why = `${hex(cut.iova)}-${hex(lastOf(cut))} was mapped at once, and goes at once`;
    return err('EINVAL', why, { rule });
  }
  let unmapped = 0n;
  for (const dma of type1.dmas) {
    if (lastOf(dma) < iova) continue;
    // The first version does nothing about a mapping that began before; one that begins here goes as a whole.
    if (dma.iova > last || (!type1.v2 && dma.iova < iova)) break;
    unmapped += dma.size;
    removeDma(type1, dma);
  }
  return ok(unmapped);
}

const cutMapping = (type1: Type1, start: bigint, last: bigint): Type1Dma | undefined =>
  [type1.findDma(start, start), type1.findDma(last, last)].find(
    (dma, at) => dma && (at === 0 ? dma.iova !== start : lastOf(dma) !== last),
  );
