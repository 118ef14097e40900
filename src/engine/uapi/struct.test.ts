import { describe, expect, it } from 'vitest';
import * as uapi from './iommufd';
import { decode, encode, endOf, type Struct } from './struct';

// Sizes and offsets: a C program compiled against include/uapi/linux/iommufd.h.
const SIZES: [Struct, number, string, number][] = [
  [uapi.iommu_destroy, 8, 'id', 8],
  [uapi.iommu_ioas_alloc, 12, 'out_ioas_id', 12],
  [uapi.iommu_ioas_allow_iovas, 24, 'allowed_iovas', 24],
  [uapi.iommu_ioas_copy, 40, 'src_iova', 40],
  [uapi.iommu_ioas_iova_ranges, 32, 'out_iova_alignment', 32],
  [uapi.iommu_ioas_map, 40, 'iova', 40],
  [uapi.iommu_ioas_unmap, 24, 'length', 24],
  [uapi.iommu_option, 24, 'val64', 24],
  [uapi.iommu_hwpt_alloc, 48, '__reserved', 24],
  [uapi.iommu_iova_range, 16, 'last', 16],
];

describe('structures of /dev/iommu', () => {
  it.each(SIZES)('%o', (struct, bytes, last, least) => {
    expect([struct.bytes, endOf(struct, last)]).toEqual([bytes, least]);
  });

  it.each(SIZES)('fields follow each other without a gap or an overlap', (struct) => {
    let at = 0;
    for (const { name, offset } of struct.fields) {
      expect([name, offset]).toEqual([name, at]);
      at = endOf(struct, name);
    }
    expect(at).toBe(struct.bytes);
  });

  it('bytes and values agree, little endian, and missing bytes are zero', () => {
    const bytes = encode(uapi.iommu_ioas_unmap, {
      size: 24,
      ioas_id: 0x0102_0304,
      iova: 0x1122_3344_5566_7788n,
    });
    expect([...bytes.slice(4, 16)]).toEqual([4, 3, 2, 1, 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11]);
    expect(decode(uapi.iommu_ioas_unmap, bytes.slice(0, 12))).toEqual({
      size: 24,
      ioas_id: 0x0102_0304,
      iova: 0x5566_7788n,
      length: 0n,
    });
  });
});
