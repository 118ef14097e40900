/** Where the recorder puts its structures and arrays. */
export const STRUCT_VA = 0xe_0000_0000n;
export const STRUCT_PAGES = 4;
export const SCRATCH_VA = 0xf_0000_0000n;

/** How the recorder prints a field: an input, an id, or an output in hex or decimal. */
export type FieldKind = 'in' | 'id' | 'hex' | 'dec';

export interface OpField {
  readonly name: string;
  readonly offset: number;
  readonly bytes: number;
  readonly kind: FieldKind;
}

export interface OpRow {
  readonly cmd: number;
  readonly bytes: number;
  readonly primary: string | null;
  readonly fields: readonly OpField[];
}

/** `name offset bytes kind`, separated by commas. */
function op(cmd: number, bytes: number, primary: string | null, fields: string): OpRow {
  return {
    cmd,
    bytes,
    primary,
    fields: fields.split(', ').map((text) => {
      const [name = '', offset, size, kind = 'in'] = text.split(' ');
      return { name, offset: Number(offset), bytes: Number(size), kind: kind as FieldKind };
    }),
  };
}

/**
 * The recorder's operations that this engine has, with offsets of their own: they must agree with uapi/iommufd.ts
 * without being taken from it.
 */
export const OPS: ReadonlyMap<string, OpRow> = new Map([
  ['DESTROY', op(0x3b80, 8, null, 'id 4 4')],
  ['IOAS_ALLOC', op(0x3b81, 12, 'id', 'flags 4 4, id 8 4 id')],
  ['ALLOW_IOVAS', op(0x3b82, 24, null, 'ioas 4 4, num 8 4, rsvd 12 4, ptr 16 8')],
  [
    'COPY',
    op(0x3b83, 40, 'dst_iova', 'flags 4 4, dst 8 4, src 12 4, len 16 8, dst_iova 24 8 hex, src_iova 32 8'),
  ],
  ['IOVA_RANGES', op(0x3b84, 32, 'num', 'ioas 4 4, num 8 4 dec, rsvd 12 4, ptr 16 8, align 24 8 id')],
  ['MAP', op(0x3b85, 40, 'iova', 'flags 4 4, ioas 8 4, rsvd 12 4, va 16 8, len 24 8, iova 32 8 hex')],
  ['UNMAP', op(0x3b86, 24, 'len', 'ioas 4 4, iova 8 8, len 16 8 hex')],
  ['OPTION', op(0x3b87, 24, 'val', 'id 4 4, op 8 2, rsvd 10 2, obj 12 4, val 16 8 hex')],
  [
    'HWPT_ALLOC',
    op(
      0x3b89,
      48,
      'id',
      'flags 4 4, dev 8 4, pt 12 4, id 16 4 id, rsvd 20 4, dtype 24 4, dlen 28 4, dptr 32 8, fault 40 4, rsvd2 44 4',
    ),
  ],
]);
