/** Where the recorder puts its structures and arrays. */
export const STRUCT_VA = 0xe_0000_0000n;
export const STRUCT_BYTES = 0x4000;
export const SCRATCH_VA = 0xf_0000_0000n;
export const SCRATCH_BYTES = 0x40000;
/** Never mapped. */
export const BAD_VA = 0xd_0000_0000n;
/** Buffer n lies in its own GiB. */
export const BUFFER_VA = 0x10_0000_0000n;
export const BUFFER_SLOT = 1n << 30n;
export const BUFFERS = 24;

/** How the recorder prints a field: input; output id; output descriptor; in and out, or out alone, hex or decimal. */
export type FieldKind = 'in' | 'id' | 'fd' | 'iox' | 'iod' | 'ox';

export interface OpField {
  readonly name: string;
  readonly offset: number;
  readonly bytes: number;
  readonly kind: FieldKind;
}

export interface OpRow {
  readonly cmd: number;
  readonly bytes: number;
  /** Operation of the test command; 0 for every other. */
  readonly sub: number;
  /** Output that the bare label stands for. */
  readonly primary: string | null;
  readonly fields: readonly OpField[];
}

const TEST_CMD = 0x3ba0;

/** `name offset bytes kind`, separated by commas. */
function op(cmd: number, bytes: number, primary: string | null, fields: string, sub = 0): OpRow {
  return {
    cmd,
    bytes,
    sub,
    primary,
    fields: fields.split(', ').map((text) => {
      const [name = '', offset, size, kind = 'in'] = text.split(' ');
      return { name, offset: Number(offset), bytes: Number(size), kind: kind as FieldKind };
    }),
  };
}

const test = (sub: number, primary: string | null, fields: string): OpRow =>
  op(TEST_CMD, 72, primary, fields, sub);

/**
 * The recorder's operations on structures, with offsets of their own: they must agree with uapi/ without being taken
 * from it.
 */
export const OPS: ReadonlyMap<string, OpRow> = new Map([
  ['DESTROY', op(0x3b80, 8, null, 'id 4 4')],
  ['IOAS_ALLOC', op(0x3b81, 12, 'id', 'flags 4 4, id 8 4 id')],
  ['ALLOW_IOVAS', op(0x3b82, 24, null, 'ioas 4 4, num 8 4, rsvd 12 4, ptr 16 8')],
  [
    'COPY',
    op(0x3b83, 40, 'dst_iova', 'flags 4 4, dst 8 4, src 12 4, len 16 8, dst_iova 24 8 iox, src_iova 32 8'),
  ],
  ['IOVA_RANGES', op(0x3b84, 32, 'num', 'ioas 4 4, num 8 4 iod, rsvd 12 4, ptr 16 8, align 24 8 id')],
  ['MAP', op(0x3b85, 40, 'iova', 'flags 4 4, ioas 8 4, rsvd 12 4, va 16 8, len 24 8, iova 32 8 iox')],
  ['UNMAP', op(0x3b86, 24, 'len', 'ioas 4 4, iova 8 8, len 16 8 iox')],
  ['OPTION', op(0x3b87, 24, 'val', 'id 4 4, op 8 2, rsvd 10 2, obj 12 4, val 16 8 iox')],
  ['VFIO_IOAS', op(0x3b88, 12, 'ioas', 'ioas 4 4 iod, op 8 2, rsvd 10 2')],
  [
    'HWPT_ALLOC',
    op(
      0x3b89,
      48,
      'id',
      'flags 4 4, dev 8 4, pt 12 4, id 16 4 id, rsvd 20 4, dtype 24 4, dlen 28 4, dptr 32 8, fault 40 4, rsvd2 44 4',
    ),
  ],
  [
    'GET_HW_INFO',
    op(
      0x3b8a,
      40,
      'type',
      'flags 4 4, dev 8 4, dlen 12 4 iod, dptr 16 8, type 24 4 iox, pasid_log2 28 1 id, rsvd 29 1, rsvd2 30 2, caps 32 8 ox',
    ),
  ],
  ['SET_DIRTY', op(0x3b8b, 16, null, 'flags 4 4, hwpt 8 4, rsvd 12 4')],
  [
    'GET_DIRTY',
    op(0x3b8c, 48, null, 'hwpt 4 4, flags 8 4, rsvd 12 4, iova 16 8, len 24 8, page 32 8, bitmap 40 8'),
  ],
  ['INVALIDATE', op(0x3b8d, 32, null, 'hwpt 4 4, dptr 8 8, dtype 16 4, elen 20 4, num 24 4 iod, rsvd 28 4')],
  ['FAULT_ALLOC', op(0x3b8e, 16, 'id', 'flags 4 4, id 8 4 id, fd 12 4 fd')],
  ['MAP_FILE', op(0x3b8f, 40, 'iova', 'flags 4 4, ioas 8 4, file 12 4, start 16 8, len 24 8, iova 32 8 iox')],
  [
    'VIOMMU_ALLOC',
    op(
      0x3b90,
      40,
      'id',
      'flags 4 4, type 8 4, dev 12 4, hwpt 16 4, id 20 4 id, dlen 24 4, rsvd 28 4, dptr 32 8',
    ),
  ],
  ['VDEVICE_ALLOC', op(0x3b91, 24, 'id', 'viommu 4 4, dev 8 4, id 12 4 id, virt 16 8')],
  ['CHANGE_PROCESS', op(0x3b92, 8, null, 'rsvd 4 4')],
  [
    'VEVENTQ_ALLOC',
    op(0x3b93, 32, 'id', 'flags 4 4, viommu 8 4, type 12 4, depth 16 4, id 20 4 id, fd 24 4 fd, rsvd 28 4'),
  ],
  [
    'HW_QUEUE_ALLOC',
    op(0x3b94, 40, 'id', 'flags 4 4, viommu 8 4, type 12 4, index 16 4, id 20 4 id, iova 24 8, len 32 8'),
  ],
  [
    'VFIO_INFO',
    op(0x3b70, 24, 'argsz', 'argsz 0 4 iod, flags 4 4 iox, pgsizes 8 8 ox, cap_offset 16 4 id, pad 20 4'),
  ],
  ['VFIO_MAP', op(0x3b71, 32, null, 'argsz 0 4, flags 4 4, va 8 8, iova 16 8, len 24 8')],
  ['VFIO_UNMAP', op(0x3b72, 24, 'len', 'argsz 0 4, flags 4 4, iova 8 8, len 16 8 iox')],
  ['T_RESERVED', test(1, null, 'ioas 8 4, start 16 8, len 24 8')],
  ['T_MOCK', test(2, 'stdev', 'pt 8 4, stdev 16 4 id, hwpt 20 4 id, idev 24 4 id')],
  ['T_MOCK_FLAGS', test(12, 'stdev', 'pt 8 4, stdev 16 4 id, hwpt 20 4 id, idev 24 4 id, flags 28 4')],
  ['T_CHECK_MAP', test(3, null, 'hwpt 8 4, iova 16 8, len 24 8, va 32 8')],
  ['T_CHECK_REFS', test(4, null, 'len 16 8, va 24 8, refs 32 4')],
  ['T_ACCESS', test(5, 'fd', 'ioas 8 4, fd 16 4 fd, flags 20 4')],
  ['T_ACC_UNPIN', test(6, null, 'acc 8 4, pin 16 4')],
  ['T_ACC_PIN', test(7, 'pin', 'acc 8 4, flags 16 4, pin 20 4 id, iova 24 8, len 32 8, va 40 8')],
  ['T_ACC_RW', test(8, null, 'acc 8 4, iova 16 8, len 24 8, va 32 8, flags 40 4')],
  ['T_LIMIT', test(9, null, 'limit 16 4')],
  ['T_REPLACE', test(10, 'pt', 'stdev 8 4, pt 16 4 iod')],
  ['T_ACC_REPLACE', test(11, null, 'acc 8 4, ioas 16 4')],
  ['T_DIRTY', test(13, 'nr', 'hwpt 8 4, flags 16 4, iova 24 8, len 32 8, page 40 8, ptr 48 8, nr 56 8 id')],
  ['T_CHECK_IOTLB', test(14, null, 'hwpt 8 4, n 16 4, iotlb 20 4')],
  ['T_IOPF', test(15, null, 'id 8 4, dev 16 4, pasid 20 4, grpid 24 4, perm 28 4, addr 32 8')],
  ['T_CHECK_CACHE', test(16, null, 'dev 8 4, n 16 4, cache 20 4')],
  ['T_VEVENT', test(17, null, 'id 8 4, dev 16 4')],
  ['T_PASID_ATTACH', test(18, 'pt', 'stdev 8 4, pasid 16 4, pt 20 4 iod')],
  ['T_PASID_REPLACE', test(19, 'pt', 'stdev 8 4, pasid 16 4, pt 20 4 iod')],
  ['T_PASID_DETACH', test(20, null, 'stdev 8 4, pasid 16 4')],
  ['T_PASID_CHECK', test(21, null, 'stdev 8 4, pasid 16 4, hwpt 20 4')],
  ['T_DMABUF', test(22, 'fd', 'len 16 4, oflags 20 4')],
  ['T_REVOKE', test(23, null, 'file 16 4, revoked 20 4')],
  ['T_OP', test(0, null, 'op 4 4, id 8 4')],
]);
