import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../iommufd/commands';
import { ERRNO } from '../kernel/errno';
import type { IoctlEvent } from '../trace/event';
import * as uapi from './iommufd';
import * as test from './iommufd-test';
import * as vfio from './vfio';
import { viewStruct } from './hex';
import { layoutOf } from './layouts';
import { describeIoctl, strace } from './strace';
import { encode, type Fields, type Struct } from './struct';

/**
 * Names and numbers: include/uapi/linux/iommufd.h, drivers/iommu/iommufd/iommufd_test.h. How a call is printed: strace(1),
 * "=> " between what a structure was and what it became, `= -1 ERRNO (text)` with the C library's texts.
 */
interface Call {
  readonly nr: number;
  readonly name: string;
  readonly struct: Struct;
  readonly given: Partial<Fields>;
  readonly back?: Partial<Fields>;
  readonly returned?: number;
  /** Bytes of the structure that the program has. */
  readonly size?: number;
}

function called({ nr, name, struct, given, back = {}, returned = 0, size = struct.bytes }: Call): IoctlEvent {
  const bytes = (values: Partial<Fields>): Uint8Array => {
    const image = new Uint8Array(size);
    image.set(encode(struct, { size, ...values }).subarray(0, size));
    return image;
  };
  return {
    kind: 'ioctl',
    file: 'ctx:1',
    name,
    cmd: uapi.ioctlNumber(nr),
    argVa: 0x7ffd_0000_0000n,
    before: bytes(given),
    after: bytes({ ...given, ...back }),
    returned,
  };
}

const MAP = { nr: 0x85, name: 'IOMMU_IOAS_MAP', struct: uapi.iommu_ioas_map } as const;

describe('a call as strace prints it', () => {
  it('flags by name, addresses in hex, reserved words left out', () => {
    const given = {
      flags: uapi.IOMMU_IOAS_MAP_FIXED_IOVA | uapi.IOMMU_IOAS_MAP_READABLE,
      ioas_id: 2,
      user_va: 0x7f00_0000_0000n,
      length: 0x1000n,
      iova: 0x10_0000n,
    };
    expect(strace(called({ ...MAP, given }), '3')).toBe(
      'ioctl(3, IOMMU_IOAS_MAP, {size=40, flags=IOMMU_IOAS_MAP_FIXED_IOVA|IOMMU_IOAS_MAP_READABLE, ioas_id=2, ' +
        'user_va=0x7f0000000000, length=0x1000, iova=0x100000}) = 0',
    );
  });

  it('what came back stands after an arrow', () => {
    const given = { flags: uapi.IOMMU_IOAS_MAP_READABLE, ioas_id: 2, length: 0x1000n };
    expect(strace(called({ ...MAP, given, back: { iova: 0x1000n } }))).toContain(
      'iova=0} => {iova=0x1000}) = 0',
    );
  });

  it('a refusal has its name and text', () => {
    expect(strace(called({ ...MAP, given: {}, returned: -ERRNO.EEXIST }))).toMatch(
      /\) = -1 EEXIST \(File exists\)$/,
    );
  });

  it('a value that comes back although the call failed is shown', () => {
    const call = {
      nr: 0x84,
      name: 'IOMMU_IOAS_IOVA_RANGES',
      struct: uapi.iommu_ioas_iova_ranges,
      given: { num_iovas: 1 },
      back: { num_iovas: 3, out_iova_alignment: 4096n },
      returned: -ERRNO.EMSGSIZE,
    };
    expect(strace(called(call))).toContain(
      '=> {num_iovas=3, out_iova_alignment=0x1000}) = -1 EMSGSIZE (Message too long)',
    );
  });

  it('bits without a name are left over as a number, and no bit at all is 0', () => {
    expect(strace(called({ ...MAP, given: { flags: 0x18 | uapi.IOMMU_IOAS_MAP_WRITEABLE } }))).toContain(
      'flags=IOMMU_IOAS_MAP_WRITEABLE|0x18,',
    );
    expect(strace(called({ ...MAP, given: { flags: 0 } }))).toContain('flags=0,');
  });

  it('a reserved word that is not zero is shown: the kernel refuses it', () => {
    expect(strace(called({ ...MAP, given: { __reserved: 7 } }))).toContain('__reserved=7');
  });

  it('driver data is its place and its length', () => {
    const HWPT = { nr: 0x89, name: 'IOMMU_HWPT_ALLOC', struct: uapi.iommu_hwpt_alloc } as const;
    const given = { data_type: 0xdead, data_len: 8, data_uptr: 0x7ffd_0000_0040n };
    expect(strace(called({ ...HWPT, given }))).toContain(
      'data_type=IOMMU_HWPT_DATA_SELFTEST, data_len=8, data_uptr=0x7ffd00000040 /* 8 bytes */',
    );
    expect(strace(called({ ...HWPT, given: {} }))).not.toContain('data_uptr');
  });

  it('a shorter structure ends where the program’s does', () => {
    const call = { nr: 0x89, name: 'IOMMU_HWPT_ALLOC', struct: uapi.iommu_hwpt_alloc, given: {}, size: 24 };
    expect(strace(called(call))).toContain('pt_id=0} => {out_hwpt_id=0}');
  });

  it('a longer one tells whether the kernel can take it', () => {
    expect(strace(called({ ...MAP, given: {}, size: 48 }))).toContain('/* 8 more bytes, zero */}');
  });

  it('a structure that cannot be read is an address', () => {
    const none = new Uint8Array(0);
    const event = { ...called({ ...MAP, given: {} }), before: none, after: none, returned: -ERRNO.EFAULT };
    expect(strace(event, '3')).toBe('ioctl(3, IOMMU_IOAS_MAP, 0x7ffd00000000) = -1 EFAULT (Bad address)');
    expect(describeIoctl(event).struct).toBeNull();
  });

  it('a number that is no command is taken apart', () => {
    const event = { ...called({ ...MAP, given: {} }), name: null, cmd: 0xc018_3b99, returned: -ERRNO.ENOTTY };
    expect(strace(event, '3')).toBe(
      'ioctl(3, _IOC(_IOC_READ|_IOC_WRITE, 0x3b, 0x99, 0x18), 0x7ffd00000000) = -1 ENOTTY (Inappropriate ioctl for device)',
    );
  });

  it('VFIO: by name, as its files use the same numbers, and numbers in place of an address by their names', () => {
    // include/uapi/linux/vfio.h
    const base = { kind: 'ioctl', file: 'vfio', argVa: 3n, returned: 0 } as const;
    const none = new Uint8Array(0);
    const set = { ...base, name: 'VFIO_SET_IOMMU', cmd: 0x3b66, before: none, after: none };
    expect(strace(set, '3')).toBe('ioctl(3, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU) = 0');
    const before = encode(vfio.vfio_iommu_type1_dma_map, {
      argsz: 32,
      flags: 3,
      iova: 0x1000n,
      size: 0x2000n,
    });
    const map = { ...base, name: 'VFIO_IOMMU_MAP_DMA', cmd: 0x3b71, before, after: before };
    expect(strace(map, '3')).toBe(
      'ioctl(3, VFIO_IOMMU_MAP_DMA, {argsz=32, flags=VFIO_DMA_MAP_FLAG_READ|VFIO_DMA_MAP_FLAG_WRITE, vaddr=0, iova=0x1000, size=0x2000}) = 0',
    );
  });

  it('the test command is read as its operation says', () => {
    const op = test.IOMMU_TEST_OP_PASID_ATTACH;
    const before = encode(test.iommu_test_cmd, { size: 72, op, id: 1, union0: (5n << 32n) | 1024n });
    const event: IoctlEvent = {
      kind: 'ioctl',
      file: 'ctx:1',
      name: 'IOMMU_TEST_CMD',
      cmd: uapi.ioctlNumber(0xa0),
      argVa: 0n,
      before,
      after: before,
      returned: 0,
    };
    expect(strace(event, '3')).toBe(
      'ioctl(3, IOMMU_TEST_CMD, {size=72, op=IOMMU_TEST_OP_PASID_ATTACH, id=1, pasid=1024, pt_id=5}) = 0',
    );
  });
});

describe('bytes and fields', () => {
  const STRUCTS = Array.from({ length: 0x15 }, (_, at) =>
    layoutOf('', uapi.ioctlNumber(0x80 + at), new Uint8Array(8)),
  );

  it.each(STRUCTS)('%o: every byte belongs to one field', (struct) => {
    if (struct === null) throw new Error('a command without a structure');
    const bytes = new Uint8Array(struct.bytes + 8);
    const { fields } = viewStruct(struct, bytes, bytes);
    let end = 0;
    for (const { offset, bytes: width } of fields) {
      expect(offset).toBe(end);
      end += width;
    }
    expect(end).toBe(bytes.length);
  });

  it('what the kernel wrote is told from what it left', () => {
    const { struct } = describeIoctl(called({ ...MAP, given: { ioas_id: 2 }, back: { iova: 0x1000n } }));
    expect(struct?.fields.filter((field) => field.changed).map((field) => field.name)).toEqual(['iova']);
  });

  it('fields behind a short structure are absent', () => {
    const bytes = new Uint8Array(24);
    const { fields } = viewStruct(uapi.iommu_hwpt_alloc, bytes, bytes);
    expect(fields.filter((field) => field.absent).map((field) => field.name)).toEqual([
      'data_type',
      'data_len',
      'data_uptr',
      'fault_id',
      '__reserved2',
    ]);
  });

  it('every command that the dispatcher knows is printed with its own structure', () => {
    for (const { nr, layout } of Object.values(COMMANDS)) {
      const printed = layoutOf('', uapi.ioctlNumber(nr), new Uint8Array(8));
      expect(printed?.bytes).toBe(layout.bytes);
      expect(printed?.name).toBe(layout.name);
    }
  });
});
