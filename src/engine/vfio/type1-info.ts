import { ok, type Result } from '../kernel/errno';
import { holding, type Task } from '../kernel/task';
import { encode, endOf, type Struct } from '../uapi/struct';
import {
  VFIO_DMA_CC_IOMMU,
  VFIO_IOMMU_INFO_CAPS,
  VFIO_IOMMU_INFO_PGSIZES,
  VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE,
  VFIO_IOMMU_TYPE1_INFO_CAP_MIGRATION,
  VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL,
  vfio_iommu_type1_info,
  vfio_iommu_type1_info_cap_iova_range,
  vfio_iommu_type1_info_cap_migration,
  vfio_iommu_type1_info_dma_avail,
  vfio_iova_range,
  VFIO_TYPE1_IOMMU,
  VFIO_TYPE1v2_IOMMU,
  VFIO_UNMAP_ALL,
} from '../uapi/vfio';
import type { Type1 } from './type1';
import { tooSmall, type UserCall } from './user-call';

/**
 * What a type1 container can do.
 *
 * Linux: drivers/vfio/vfio_iommu_type1.c
 */

/** Linux: vfio_iommu_type1_check_extension() */
export function* checkExtension(type1: Type1 | null, extension: bigint): Task<Result<number>> {
  switch (extension) {
    case VFIO_TYPE1_IOMMU:
    case VFIO_TYPE1v2_IOMMU:
    case VFIO_UNMAP_ALL:
      return ok(1);
    case VFIO_DMA_CC_IOMMU: {
      if (!type1) return ok(0);
      const all = yield* holding(type1.lock, () => type1.domains.every((each) => each.enforceCacheCoherency));
      return ok(all ? 1 : 0);
    }
    default:
      return ok(0);
  }
}

/** Linux: vfio_iommu_type1_get_info() */
export function* type1GetInfo(type1: Type1, call: UserCall): Task<Result<number>> {
  const layout = vfio_iommu_type1_info;
  const least = endOf(layout, 'iova_pgsizes');
  const read = call.read(layout, least);
  if (!read.ok) return read;
  const info = read.value;
  if (info.argsz < least) return tooSmall(info.argsz, least, 'vfio_iommu_type1_get_info');
  const room = Math.min(info.argsz, layout.bytes);
  const caps = yield* holding(type1.lock, () => {
    info.iova_pgsizes = type1.pgsizeBitmap;
    return chain(capsOf(type1), layout.bytes);
  });
  info.flags = VFIO_IOMMU_INFO_PGSIZES | VFIO_IOMMU_INFO_CAPS;
  if (info.argsz < layout.bytes + caps.length) info.argsz = layout.bytes + caps.length;
  else {
    const copied = call.user.write(call.arg + BigInt(layout.bytes), caps);
    if (!copied.ok) return copied;
    info.cap_offset = layout.bytes;
  }
  const written = call.write(layout, info, 0, room);
  return written.ok ? ok(0) : written;
}

/** Linux: DIRTY_BITMAP_SIZE_MAX */
const DIRTY_BITMAP_BYTES = 0x1000_0000n;

function capsOf(type1: Type1): readonly Uint8Array[] {
  const { smallestPage, iovas } = type1;
  const migration = encode(vfio_iommu_type1_info_cap_migration, {
    id: VFIO_IOMMU_TYPE1_INFO_CAP_MIGRATION,
    version: 1,
    pgsize_bitmap: smallestPage,
    max_dirty_bitmap_size: DIRTY_BITMAP_BYTES,
  });
  const avail = encode(vfio_iommu_type1_info_dma_avail, {
    id: VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL,
    version: 1,
    avail: type1.dmaAvailable,
  });
  if (iovas.length === 0) return [migration, avail];
  const head = encode(vfio_iommu_type1_info_cap_iova_range, {
    id: VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE,
    version: 1,
    nr_iovas: iovas.length,
  });
  const ranges = iovas.map(({ start, last }) => encode(vfio_iova_range, { start, end: last }));
  return [migration, avail, joined([head, ...ranges])];
}

const NEXT: Struct['fields'][number] = vfio_iommu_type1_info_dma_avail.fields[2];

/** Each capability names where the next one begins. Linux: vfio_info_cap_add(), vfio_info_cap_shift() */
function chain(caps: readonly Uint8Array[], from: number): Uint8Array {
  const padded = caps.map((cap) => {
    const whole = new Uint8Array(Math.ceil(cap.length / 8) * 8);
    whole.set(cap);
    return whole;
  });
  let at = from;
  for (const [index, cap] of padded.entries()) {
    at += cap.length;
    if (index < padded.length - 1) new DataView(cap.buffer).setUint32(NEXT.offset, at, true);
  }
  return joined(padded);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
