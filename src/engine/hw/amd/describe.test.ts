import { describe, expect, it } from 'vitest';
import {
  commandName,
  decodeCommand,
  decodeDte,
  decodeGuestEntry,
  decodeHostEntry,
  decodeIrte,
  gcr3Root,
  hostLeafLg2,
  splitAddress,
} from './describe';
import { decodeEvent, decodePpr, eventLine, eventParts } from './describe-events';
import { decodeRegister } from './describe-registers';
import { reasonName, reasonWhy } from './reasons';

// Field positions: those that OpenVMM's layout tests check (amd_iommu/src/spec/{registers,dte,commands,irte,pte}.rs), and
// Linux's amd_iommu_types.h. Kernel lines: drivers/iommu/amd/iommu.c iommu_print_event() and
// amd_iommu_report_page_fault() at 7.1.
const value = (fields: readonly { name: string; value: bigint }[], name: string): bigint | undefined =>
  fields.find((field) => field.name === name)?.value;

describe('kernel lines', () => {
  const device = { segment: 0 };
  const words = (code: bigint, flags: bigint, tag: bigint, address: bigint): bigint[] => [
    (code << 60n) | (flags << 48n) | ((tag & 0xffffn) << 32n) | (tag & 0xf_0000n) | 0x0100n,
    address,
  ];

  it('[line] a page fault: of a device with a driver, and of one that the kernel does not know', () => {
    const fault = words(2n, 0x20n, 0xan, 0xdead_b000n);
    expect(eventLine(fault, { ...device, driver: 'vfio-pci' })).toBe(
      'vfio-pci 0000:01:00.0: AMD-Vi: Event logged [IO_PAGE_FAULT domain=0x000a address=0xdeadb000 flags=0x0020]',
    );
    expect(eventLine(fault, device)).toBe(
      'AMD-Vi: Event logged [IO_PAGE_FAULT device=0000:01:00.0 domain=0x000a address=0xdeadb000 flags=0x0020]',
    );
    // The handler has 16 bits for what may be a PASID of 20.
    expect(eventLine(words(2n, 1n, 0x1_2345n, 0n), device)).toContain('domain=0x2345');
  });

  it('[line] every other event', () => {
    const line = (code: bigint, flags: bigint, tag = 0n, address = 0x1000n): string =>
      eventLine(words(code, flags, tag, address), device);
    const at = 'device=0000:01:00.0';
    expect(line(1n, 0x80n)).toBe(
      `iommu ivhd0: AMD-Vi: Event logged [ILLEGAL_DEV_TABLE_ENTRY ${at} pasid=0x00000 address=0x1000 flags=0x0080]`,
    );
    expect(line(3n, 0x200n)).toBe(
      `iommu ivhd0: AMD-Vi: Event logged [DEV_TAB_HARDWARE_ERROR ${at} address=0x1000 flags=0x0200]`,
    );
    expect(line(4n, 0x200n, 0x1_beefn)).toBe(
      `iommu ivhd0: AMD-Vi: Event logged [PAGE_TAB_HARDWARE_ERROR ${at} pasid=0x1beef address=0x1000 flags=0x0200]`,
    );
    expect(line(5n, 0n)).toBe('iommu ivhd0: AMD-Vi: Event logged [ILLEGAL_COMMAND_ERROR address=0x1000]');
    expect(line(6n, 0x200n)).toBe(
      'iommu ivhd0: AMD-Vi: Event logged [COMMAND_HARDWARE_ERROR address=0x1000 flags=0x0200]',
    );
    expect(line(7n, 0n)).toBe(`iommu ivhd0: AMD-Vi: Event logged [IOTLB_INV_TIMEOUT ${at} address=0x1000]`);
    // As a machine printed it (its kernel left the segment out).
    expect(eventLine([0x8a00n << 48n, 0xffff_fffd_f800_0000n], device)).toBe(
      'iommu ivhd0: AMD-Vi: Event logged [INVALID_DEVICE_REQUEST device=0000:00:00.0 pasid=0x00000 address=0xfffffffdf8000000 flags=0x0a00]',
    );
    expect(eventLine([0x9144_1605_4321_0100n, 0x1234_5000n], { segment: 1, ivhd: 'ivhd2' })).toBe(
      'iommu ivhd2: AMD-Vi: Event logged [INVALID_PPR_REQUEST device=0001:01:00.0 pasid=0x54321 address=0x12345000 flags=0x0144 tag=0x205]',
    );
    expect(eventLine([0xc000_0001_0000_0002n, 0x3_0000_0004n], device)).toBe(
      'iommu ivhd0: AMD-Vi: Event logged [UNKNOWN event[0]=0x00000002 event[1]=0xc0000001 event[2]=0x00000004 event[3]=0x00000003',
    );
  });
});

describe('why', () => {
  it('[why] every event with every flag has a sentence of its own kind', () => {
    for (let code = 1; code <= 9; code++) {
      expect(reasonName(code << 12)).not.toBe('UNKNOWN');
      for (let flags = 0; flags < 0x1000; flags++) {
        const why = reasonWhy((code << 12) | flags);
        expect(why.length).toBeGreaterThan(20);
        expect(why).not.toMatch(/undefined|an event that/);
      }
    }
    expect(reasonName(0xc000)).toBe('UNKNOWN');
  });

  it('[why] tells the cases apart', () => {
    const of = (flags: number): string => reasonWhy(0x2000 | flags);
    const sentences = [0x00, 0x20, 0x10, 0x50, 0x70, 0x90, 0x01, 0x55, 0x57, 0x08, 0x18, 0xb8].map(of);
    expect(new Set(sentences).size).toBe(sentences.length);
    expect(of(0x70)).toContain('may not be written');
    expect(of(0x57)).toContain('NX');
    expect(reasonWhy(0x8a00)).toContain('IntCtl = 00b');
    expect(reasonWhy(0x8300)).toContain('ATS');
  });
});

describe('entries', () => {
  it('[fields] device table entry', () => {
    const fields = decodeDte([
      1n |
        2n |
        (3n << 7n) |
        (4n << 9n) |
        (0x12_3456n << 12n) |
        (1n << 54n) |
        (1n << 55n) |
        (2n << 56n) |
        (5n << 58n) |
        (1n << 61n),
      0x42n | (0xabcdn << 16n) | (1n << 32n) | (1n << 34n) | (2n << 40n) | (0x1_2345n << 43n),
      1n | (9n << 1n) | (0x4_0000n << 6n) | (1n << 54n) | (2n << 60n),
      0n,
    ]);
    const expected = {
      V: 1n,
      TV: 1n,
      HAD: 3n,
      Mode: 4n,
      HostPTRootPtr: 0x12_3456n,
      GIoV: 1n,
      GV: 1n,
      GLX: 2n,
      IR: 1n,
      IW: 0n,
      DomainID: 0x42n,
      I: 1n,
      SE: 0n,
      SA: 1n,
      SysMgt: 2n,
      IV: 1n,
      IntTabLen: 9n,
      IntTabPtr: 0x4_0000n,
      GuestPagingMode: 1n,
      IntCtl: 2n,
    };
    for (const [name, want] of Object.entries(expected)) expect(value(fields, name), name).toBe(want);
    expect(gcr3Root([5n << 58n, (0xabcdn << 16n) | (0x1_2345n << 43n)])).toBe(
      (5n << 12n) | (0xabcdn << 15n) | (0x1_2345n << 31n),
    );
  });

  it('[fields] host table entries: a table, a page, a page of a coded size', () => {
    expect(value(decodeHostEntry(2, 0x10_0000n | 1n | (2n << 9n)), 'Address')).toBe(0x100n);
    expect(hostLeafLg2(2, 1n | (2n << 9n))).toBeNull();
    expect(hostLeafLg2(1, 1n)).toBe(21);
    // 64 KiB at 0x20000: Linux codes it 0x27000.
    const coded = 0x2_7000n | 1n | (7n << 9n);
    expect(hostLeafLg2(0, coded)).toBe(16);
    expect(value(decodeHostEntry(0, coded), 'Address')).toBe(2n);
    expect(decodeHostEntry(0, coded).find((f) => f.name === 'NextLevel')?.meaning).toBe('a page of 64 KiB');
    expect(value(decodeHostEntry(0, (1n << 60n) | (1n << 62n)), 'FC')).toBe(1n);
  });

  it('[fields] guest table entries', () => {
    const large = decodeGuestEntry(1, 0x4000_00e7n | (1n << 63n));
    expect(value(large, 'PS')).toBe(1n);
    expect(value(large, 'D')).toBe(1n);
    expect(value(large, 'NX')).toBe(1n);
    expect(large.find((f) => f.name === 'Address')?.meaning).toBe('page at 0x40000000');
    expect(value(decodeGuestEntry(3, 0x5007n), 'PS')).toBeUndefined();
  });

  it('[fields] interrupt table entries of both sizes', () => {
    const small = decodeIrte([1n | (1n << 6n) | (5n << 8n) | (0x80n << 16n)]);
    expect([
      value(small, 'RemapEn'),
      value(small, 'DM'),
      value(small, 'Destination'),
      value(small, 'Vector'),
    ]).toEqual([1n, 1n, 5n, 0x80n]);
    const wide = decodeIrte([1n | (0x12_3456n << 8n), 0x42n | (0xan << 56n)]);
    expect([
      value(wide, 'Destination[23:0]'),
      value(wide, 'Destination[31:24]'),
      value(wide, 'Vector'),
    ]).toEqual([0x12_3456n, 0xan, 0x42n]);
  });

  it('[fields] commands', () => {
    const wait = decodeCommand([(1n << 60n) | (1n << 32n) | 0x1003n, 0xcafe_babe_dead_beefn]);
    expect([value(wait, 'S'), value(wait, 'I'), value(wait, 'F')]).toEqual([1n, 1n, 0n]);
    expect(wait.find((f) => f.name === 'StoreAddress')?.meaning).toBe('written to 0x100001000');
    expect(value(wait, 'StoreData')).toBe(0xcafe_babe_dead_beefn);
    const pages = decodeCommand([(3n << 60n) | (0x1234n << 32n), 0x1234_5001n]);
    expect([
      value(pages, 'DomainID'),
      value(pages, 'S'),
      value(pages, 'PDE'),
      value(pages, 'Address'),
    ]).toEqual([0x1234n, 1n, 0n, 0x1_2345n]);
    expect(value(decodeCommand([(2n << 60n) | 0xffn, 0n]), 'DeviceID')).toBe(0xffn);
    expect(value(decodeCommand([(5n << 60n) | 0xabcdn, 0n]), 'DeviceID')).toBe(0xabcdn);
    expect([1, 2, 3, 4, 5, 6, 8].map(commandName)).toEqual([
      'COMPLETION_WAIT',
      'INVALIDATE_DEVTAB_ENTRY',
      'INVALIDATE_IOMMU_PAGES',
      'INVALIDATE_IOTLB_PAGES',
      'INVALIDATE_INTERRUPT_TABLE',
      'PREFETCH_IOMMU_PAGES',
      'INVALIDATE_IOMMU_ALL',
    ]);
  });

  it('[fields] events and page requests', () => {
    const fault = decodeEvent([0x2070_0042_0003_abcdn, 0x1000n]);
    expect([value(fault, 'PR'), value(fault, 'RW'), value(fault, 'PE'), value(fault, 'GN')]).toEqual([
      1n,
      1n,
      1n,
      0n,
    ]);
    expect(eventParts([0x2070_0042_0003_abcdn, 0x1000n])).toMatchObject({
      rid: 0xabcd,
      tag: 0x3_0042,
      flags: 0x70,
      reason: 0x2070,
      name: 'IO_PAGE_FAULT',
    });
    const request = decodePpr([0x1126_1405_4321_0100n, 0x1234_5000n]);
    expect([
      value(request, 'PRGIndex'),
      value(request, 'LPIG'),
      value(request, 'GN'),
      value(request, 'W'),
    ]).toEqual([5n, 0n, 1n, 1n]);
  });

  it('[fields] registers', () => {
    const control = decodeRegister(0x18, 1n | 4n | 16n | 8n | (1n << 10n) | (1n << 12n) | (1n << 43n));
    for (const name of [
      'IommuEn',
      'EventLogEn',
      'ComWaitIntEn',
      'EventIntEn',
      'Coherent',
      'CmdBufEn',
      'NumIntRemapMode',
    ])
      expect(value(control, name), name).toBe(1n);
    expect(value(control, 'GTEn')).toBe(0n);
    const base = decodeRegister(0x00, 0x1_2345_6789_0000n | 0x1ffn);
    expect([value(base, 'Size'), base[0]?.meaning]).toEqual([0x1ffn, '65536 entries']);
    expect(decodeRegister(0x08, 9n << 56n).find((f) => f.name === 'Len')?.meaning).toBe('512 entries');
    const status = decodeRegister(0x2020, 1n | 4n | 16n);
    expect(
      ['EventOverflow', 'ComWaitInt', 'CmdBufRun', 'EventLogInt', 'EventLogRun'].map((n) => value(status, n)),
    ).toEqual([1n, 1n, 1n, 0n, 0n]);
  });
});

describe('addresses', () => {
  it('[address] the indices of a walk, and the offset', () => {
    const parts = splitAddress(0x7f80_4030_2123n, { levels: 4 });
    expect(parts.map((p) => [p.label, p.bits, p.value])).toEqual([
      ['level 4', 9, 0xff],
      ['level 3', 9, 1],
      ['level 2', 9, 1],
      ['level 1', 9, 0x102],
      ['offset', 12, 0x123],
    ]);
  });

  it('[address] large and coded pages, skipped levels, the short top level', () => {
    expect(
      splitAddress(0x1_2345n, { levels: 2, leafLg2: 16 }).map((p) => [p.label, p.bits, p.value]),
    ).toEqual([
      ['level 2', 9, 0],
      ['level 1', 5, 1],
      ['offset', 16, 0x2345],
    ]);
    expect(splitAddress(0n, { levels: 3, leafLg2: 21 }).map((p) => p.label)).toEqual([
      'level 3',
      'level 2',
      'offset',
    ]);
    expect(splitAddress(0n, { levels: 3, walked: [3, 1] }).map((p) => p.label)).toEqual([
      'level 3',
      'level 2, skipped',
      'level 1',
      'offset',
    ]);
    expect(splitAddress((1n << 64n) - 1n, { levels: 6 })[0]).toMatchObject({ bits: 7, value: 127 });
    for (const leafLg2 of [12, 13, 21, 40, 51]) {
      const bits = splitAddress(0n, { levels: 6, leafLg2 }).reduce((sum, p) => sum + p.bits, 0);
      expect(bits).toBe(64);
    }
  });
});
