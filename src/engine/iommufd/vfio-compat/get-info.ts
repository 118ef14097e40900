import { U64_MAX } from '../../../lib/u64';
import { done } from '../../../lib/result';
import { err, ok, type Result } from '../../kernel/errno';
import { reading, sharing, type Task } from '../../kernel/task';
import {
  VFIO_IOMMU_INFO_CAPS,
  VFIO_IOMMU_INFO_PGSIZES,
  VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE,
  VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL,
  vfio_info_cap_header,
  vfio_iommu_type1_info,
  vfio_iommu_type1_info_cap_iova_range,
  vfio_iommu_type1_info_dma_avail,
  vfio_iova_range,
} from '../../uapi/vfio';
import { encode, type FieldsOf } from '../../uapi/struct';
import { pagingOf } from '../unmap-area';
import { holes } from '../interval-list';
import type { Ioas } from '../ioas';
import type { IoPagetable } from '../iopt';
import { PAGE_SIZE } from '../page';
import { getCompatIoas } from './compat-ioas';
import type { VfioCall } from './vfio-call';

type Info = FieldsOf<typeof vfio_iommu_type1_info>;

/** VFIO_IOMMU_GET_INFO: page sizes, and what there is besides, as far as there is room. Linux: iommufd_vfio_iommu_get_info() */
export function* getInfo(call: VfioCall): Task<Result<undefined>> {
  const read = call.read(vfio_iommu_type1_info, 16);
  if (!read.ok) return read;
  const info = read.value;
  if (info.argsz < 16)
    return err('EINVAL', 'argsz has no room for the page sizes', { rule: 'iommufd_vfio_iommu_get_info' });
  const found = getCompatIoas(call.ctx);
  if (!found.ok) return found;
  const result = yield* answer(call, found.value, info);
  call.ctx.objects.put(found.value);
  return result;
}

function* answer(call: VfioCall, { iopt }: Ioas, info: Info): Task<Result<undefined>> {
  const room = info.argsz;
  info.flags = VFIO_IOMMU_INFO_PGSIZES | VFIO_IOMMU_INFO_CAPS;
  info.iova_pgsizes = yield* sharing(iopt.domainsRwsem, () => pageSizes(iopt));
  return yield* reading(iopt.iovaRwsem, function* (): Task<Result<undefined>> {
    const filled = fillCaps(call, iopt, room);
    if (!filled.ok) return filled;
    // Those for which there was no room are counted all the same, so that the user can come again with more.
    info.cap_offset = room >= filled.value ? vfio_iommu_type1_info.bytes : 0;
    info.argsz = filled.value;
    return call.write(vfio_iommu_type1_info, info, Math.min(room, vfio_iommu_type1_info.bytes));
  });
}

/** What all domains can do; parts of a CPU page do not show. Linux: iommufd_get_pagesizes() */
function pageSizes(iopt: IoPagetable): bigint {
  let sizes = U64_MAX;
  for (const domain of iopt.domains) sizes &= bitmapOf(pagingOf(domain).pageSizesLg2);
  const parts = PAGE_SIZE - 1n;
  if ((sizes & parts) !== 0n) sizes = (sizes & ~parts) | PAGE_SIZE;
  return sizes > iopt.alignment ? sizes : iopt.alignment;
}

const bitmapOf = (sizesLg2: readonly number[]): bigint =>
  sizesLg2.reduce((bits, lg2) => bits | (1n << BigInt(lg2)), 0n);

/** Puts one capability at `va` if `room` bytes are enough for it; how many it takes. */
type FillCap = (call: VfioCall, iopt: IoPagetable, va: bigint, room: number) => Result<number>;

/** The capabilities one behind the other, chained by their offsets; where they end. */
function fillCaps(call: VfioCall, iopt: IoPagetable, room: number): Result<number> {
  let at = vfio_iommu_type1_info.bytes;
  let previous: number | null = null;
  for (const fill of FILL_CAPS) {
    const bytes = fill(call, iopt, call.arg + BigInt(at), Math.max(0, room - at));
    if (!bytes.ok) return bytes;
    if (previous !== null && room >= at) {
      const next = new Uint8Array(Uint32Array.of(at).buffer);
      const linked = call.user.write(call.arg + BigInt(previous + NEXT_OFFSET), next);
      if (!linked.ok) return linked;
    }
    previous = at;
    at += Math.ceil(bytes.value / 8) * 8;
  }
  return ok(at);
}

const NEXT_OFFSET = vfio_info_cap_header.fields.find((each) => each.name === 'next')?.offset ?? 0;

/** No limit but the memory's own. Linux: iommufd_fill_cap_dma_avail() */
const fillDmaAvail: FillCap = (call, _iopt, va, room) => {
  const { bytes } = vfio_iommu_type1_info_dma_avail;
  const cap = { id: VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL, version: 1, avail: 0xffff_ffff };
  const written = room >= bytes ? call.user.write(va, encode(vfio_iommu_type1_info_dma_avail, cap)) : done;
  return written.ok ? ok(bytes) : written;
};

/** Linux: iommufd_fill_cap_iova() */
const fillIovaRanges: FillCap = (call, iopt, va, room) => {
  const head = vfio_iommu_type1_info_cap_iova_range;
  let nr_iovas = 0;
  let end = head.bytes;
  for (const hole of holes([iopt.reserved], 0n, U64_MAX)) {
    const range = encode(vfio_iova_range, { start: hole.start, end: hole.last });
    if (room >= end + range.length) {
      const written = call.user.write(va + BigInt(end), range);
      if (!written.ok) return written;
    }
    nr_iovas++;
    end += range.length;
  }
  const cap = { id: VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE, version: 1, nr_iovas };
  const written = room >= end ? call.user.write(va, encode(head, cap)) : done;
  return written.ok ? ok(end) : written;
};

const FILL_CAPS: readonly FillCap[] = [fillDmaAvail, fillIovaRanges];
