import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../iommufd/commands';
import { ERRNO } from '../kernel/errno';
import type { IoctlEvent, IoctlPayload } from '../trace/event';
import * as uapi from './iommufd';
import * as test from './iommufd-test';
import * as vendor from './iommufd-vendor';
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

  describe('what a structure points to is printed in its place', () => {
    const HWPT = { nr: 0x89, name: 'IOMMU_HWPT_ALLOC', struct: uapi.iommu_hwpt_alloc } as const;
    const INVALIDATE = {
      nr: 0x8d,
      name: 'IOMMU_HWPT_INVALIDATE',
      struct: uapi.iommu_hwpt_invalidate,
    } as const;
    const HW_INFO = { nr: 0x8a, name: 'IOMMU_GET_HW_INFO', struct: uapi.iommu_hw_info } as const;
    const NOTHING = new Uint8Array();
    const pointing = (call: Call, payload: Partial<IoctlPayload>): IoctlEvent => {
      const { field = 'data_uptr', read = NOTHING, written = NOTHING } = payload;
      const claimed = payload.claimed ?? BigInt(Math.max(read.length, written.length));
      return { ...called(call), payload: { field, claimed, read, written } };
    };

    it.each<[number, Uint8Array, string]>([
      [
        1,
        encode(vendor.iommu_hwpt_vtd_s1, { flags: 5n, pgtbl_addr: 0x10_0000n, addr_width: 48 }),
        '{flags=IOMMU_VTD_S1_SRE|IOMMU_VTD_S1_WPE, pgtbl_addr=0x100000, addr_width=48}',
      ],
      [2, encode(vendor.iommu_hwpt_arm_smmuv3, { 'ste[0]': 0x2_000bn }), '{ste=[0x2000b, 0]}'],
      [3, encode(vendor.iommu_hwpt_amd_guest, { 'dte[0]': 3n, 'dte[3]': 4n }), '{dte=[0x3, 0, 0, 0x4]}'],
      [0xdead, encode(test.iommu_hwpt_selftest, { iotlb: 7 }), '{iotlb=7, pagetable_type=0}'],
    ])('data of HWPT_ALLOC, type %i', (data_type, read, printed) => {
      const given = { data_type, data_len: read.length, data_uptr: 0x7ffd_0000_0040n };
      const line = strace(pointing({ ...HWPT, given }, { read }));
      expect(line).toContain(`data_len=${read.length}, data_uptr=[${printed}], fault_id=0}`);
    });

    it('an array has each of its entries, and dots for those that the kernel did not look at', () => {
      const page = (addr: bigint) => encode(vendor.iommu_hwpt_vtd_s1_invalidate, { addr, npages: 1n });
      const read = Uint8Array.from([...page(0x1000n), ...page(0x2001n)]);
      const given = { data_uptr: 0x1000n, entry_len: 24, entry_num: 3 };
      const call = { ...INVALIDATE, given, back: { entry_num: 1 }, returned: -ERRNO.EINVAL };
      const event = pointing(call, { read, claimed: 72n });
      expect(strace(event)).toContain(
        'data_uptr=[{addr=0x1000, npages=0x1, flags=0}, {addr=0x2001, npages=0x1, flags=0}, ...], data_type=',
      );
      expect(describeIoctl(event).payload).toMatchObject({ field: 'data_uptr', more: true });
      const all = pointing(call, { read, claimed: 48n });
      expect(strace(all)).not.toContain('...');
    });

    it('of a long array the first 32 entries', () => {
      const read = new Uint8Array(24 * 33);
      const given = { data_uptr: 0x1000n, entry_len: 24, entry_num: 33 };
      const event = pointing({ ...INVALIDATE, given }, { read });
      expect(strace(event).split('{addr=')).toHaveLength(33);
      expect(strace(event)).toContain('flags=0}, ...],');
    });

    it('an entry longer than its structure says what lies behind', () => {
      const read = new Uint8Array(32);
      const given = { data_type: 0, data_uptr: 0x1000n, entry_len: 32, entry_num: 1 };
      expect(strace(pointing({ ...INVALIDATE, given }, { read }))).toContain(
        '{addr=0, npages=0, flags=0, /* 8 more bytes, zero */}',
      );
    });

    it.each<[number, Uint8Array, string]>([
      [
        1,
        encode(vendor.iommu_hw_info_vtd, { flags: 1, cap_reg: 0xd2n, ecap_reg: 0xf0n }),
        '{flags=IOMMU_HW_INFO_VTD_ERRATA_772415_SPR17, cap_reg=0xd2, ecap_reg=0xf0}',
      ],
      [
        2,
        encode(vendor.iommu_hw_info_arm_smmuv3, { 'idr[0]': 2, 'idr[5]': 0x8000_0000, aidr: 3 }),
        '{flags=0, idr=[0x2, 0, 0, 0, 0, 0x80000000], iidr=0, aidr=0x3}',
      ],
      [
        3,
        encode(vendor.iommu_hw_info_tegra241_cmdqv, { version: 1, log2vcmdqs: 7, log2vsids: 4 }),
        '{flags=0, version=1, log2vcmdqs=7, log2vsids=4}',
      ],
      [4, encode(vendor.iommu_hw_info_amd, { efr: 0x8dfn, efr2: 0n }), '{efr=0x8df, efr2=0}'],
    ])('what the kernel wrote stands behind the arrow: GET_HW_INFO, type %i', (data_type, info, printed) => {
      const written = new Uint8Array(64);
      written.set(info);
      const given = { data_len: 64, data_uptr: 0x1000n };
      const back = { data_len: info.length, data_type };
      const line = strace(pointing({ ...HW_INFO, given, back }, { written }));
      expect(line).toContain('data_uptr=0x1000 /* 64 bytes */, data_type=IOMMU_HW_INFO_TYPE_NONE}');
      expect(line).toContain(`=> {data_len=${info.length}, data_uptr=[${printed}], data_type=`);
    });

    it('a structure that goes both ways is printed on both sides', () => {
      const VIOMMU = { nr: 0x90, name: 'IOMMU_VIOMMU_ALLOC', struct: uapi.iommu_viommu_alloc } as const;
      const read = encode(test.iommu_viommu_selftest, { in_data: 9 });
      const written = encode(test.iommu_viommu_selftest, { in_data: 9, out_data: 9, out_mmap_length: 4096n });
      const given = { type: 0xdead_beef, data_len: 24, data_uptr: 0x1000n };
      expect(strace(pointing({ ...VIOMMU, given }, { read, written }))).toMatch(
        /data_uptr=\[\{in_data=9\}\]\} => \{.*data_uptr=\[\{out_data=9, out_mmap_offset=0, out_mmap_length=0x1000\}\]/,
      );
    });

    it('ranges of an IOAS', () => {
      const written = Uint8Array.from([
        ...encode(uapi.iommu_iova_range, { start: 0n, last: 0xfedf_ffffn }),
        ...encode(uapi.iommu_iova_range, { start: 0xfef0_0000n, last: 0xffff_ffffn }),
      ]);
      const event = pointing(
        {
          nr: 0x84,
          name: 'IOMMU_IOAS_IOVA_RANGES',
          struct: uapi.iommu_ioas_iova_ranges,
          given: { num_iovas: 8, allowed_iovas: 0x1000n },
          back: { num_iovas: 2, out_iova_alignment: 4096n },
        },
        { field: 'allowed_iovas', written, claimed: 128n },
      );
      expect(strace(event)).toContain(
        '=> {num_iovas=2, allowed_iovas=[{start=0, last=0xfedfffff}, {start=0xfef00000, last=0xffffffff}], out_iova_alignment=0x1000})',
      );
    });

    it('data of a type that nobody knows stays its place and length', () => {
      const given = { data_type: 77, data_len: 8, data_uptr: 0x1000n };
      const event = pointing({ ...HWPT, given }, { read: new Uint8Array(8) });
      expect(strace(event)).toContain('data_uptr=0x1000 /* 8 bytes */');
      expect(describeIoctl(event).payload).toBeNull();
    });

    it('as bytes and fields: every byte belongs to one, also of what was not asked for', () => {
      const written = new Uint8Array(64);
      written.set(encode(vendor.iommu_hw_info_amd, { efr: 1n, efr2: 2n }));
      const back = { data_len: 16, data_type: 4 };
      const event = pointing({ ...HW_INFO, given: { data_len: 64, data_uptr: 0x1000n }, back }, { written });
      const [info] = describeIoctl(event).payload?.structs ?? [];
      expect(info?.fields.map(({ name, offset, bytes, dir }) => [name, offset, bytes, dir])).toEqual([
        ['efr', 0, 8, 'out'],
        ['efr2', 8, 8, 'out'],
        ['beyond', 16, 48, 'out'],
      ]);
      expect(info?.after).toEqual(written);
    });
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
