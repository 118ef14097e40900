import { describe, expect, it } from 'vitest';
import { createAmdUnit } from '../hw/amd/unit';
import { transfer } from '../hw/common/dma';
import { NO_PASID } from '../hw/port';
import { createSmmuUnit } from '../hw/smmuv3/unit';
import type { HardwareUnit, UnitOptions } from '../hw/unit';
import { SCALABLE_VTD_CONFIG } from '../hw/vtd/device/config';
import { createVtdUnit } from '../hw/vtd/unit';
import { IommuCore } from '../iommu/core';
import { probeDevice } from '../iommu/probe';
import { call, type CommandFields, type CommandName } from '../iommufd/call';
import { rootCaller } from '../iommufd/caller';
import { Iommufd } from '../iommufd/ctx';
import { bindDevice } from '../iommufd/device';
import { attachDeviceTo } from '../iommufd/device-attach';
import type { Result } from '../kernel/errno';
import { runTask, type Task } from '../kernel/task';
import { PhysicalMemory } from '../memory/physical-memory';
import { ProcessMemory } from '../memory/process-memory';
import { TraceBuffer } from '../trace/trace';
import { iommufd_vevent_header } from '../uapi/iommufd';
import {
  iommu_hw_info_amd,
  iommu_hw_info_arm_smmuv3,
  iommu_hw_info_vtd,
  IOMMU_HW_INFO_VTD_ERRATA_772415_SPR17,
  iommu_hwpt_amd_guest,
  iommu_hwpt_arm_smmuv3,
  iommu_hwpt_vtd_s1,
  iommu_hwpt_vtd_s1_invalidate,
  iommu_vevent_arm_smmuv3,
  iommu_viommu_arm_smmuv3_invalidate,
  IOMMU_VTD_INV_FLAGS_LEAF,
} from '../uapi/iommufd-vendor';
import { decode, encode } from '../uapi/struct';

/**
 * Drivers read and write their data of iommufd byte by byte; here the bytes are those of the header's structures, whose
 * layout a C program printed (uapi/struct.test.ts), and the hardware has to do as they say.
 *
 * Types and flags: include/uapi/linux/iommufd.h of the 7.1 merge window.
 */
const NIC = { name: '0000:01:00.0', rid: 0x100, aliasRids: [0x100] };
const NEST_PARENT = 1;
const RAM_BYTES = 1 << 20;
const FIXED_READ_WRITE = 7;

/** A VM that has the whole device: its memory is mapped from 0 on in a nesting parent. */
function scene(make: (options: UnitOptions) => Result<HardwareUnit>) {
  const memory = new PhysicalMemory();
  const trace = new TraceBuffer();
  const run = <T>(task: Task<T>): T => runTask(task, trace);
  const ok = <T>(result: Result<T>): T => {
    if (!result.ok) throw new Error(`${result.errno}: ${result.why}`);
    return result.value;
  };
  const unit = ok(make({ unit: 'iommu:unit0', memory, trace }));
  const core = new IommuCore(trace);
  core.registerUnit(unit.ops);
  const device = core.addDevice(NIC);
  ok(run(probeDevice(core, device, () => ({ kind: 'new' }))));
  unit.start();
  const process = new ProcessMemory('qemu', memory);
  const ctx = new Iommufd(core, { frames: memory }).open(process);
  const caller = rootCaller(process);
  const idev = ok(run(bindDevice(ctx, device)));
  const ram = ok(process.mmap(RAM_BYTES, 12)).userVa;
  const buffer = ok(process.mmap(4096)).userVa;
  const ioctl = <N extends CommandName>(name: N, fields: Partial<CommandFields<N>>) =>
    run(call(ctx, name, fields, caller));
  const must = <N extends CommandName>(name: N, fields: Partial<CommandFields<N>>) => ok(ioctl(name, fields));
  const ioas_id = must('IOMMU_IOAS_ALLOC', {}).out_ioas_id;
  must('IOMMU_IOAS_MAP', { ioas_id, flags: FIXED_READ_WRITE, user_va: ram, length: BigInt(RAM_BYTES) });
  const parent = must('IOMMU_HWPT_ALLOC', { dev_id: idev.id, pt_id: ioas_id, flags: NEST_PARENT });
  /** Structures one behind the other, where the program has room. */
  const place = (...structs: readonly Uint8Array[]): bigint => {
    ok(process.write(buffer, Uint8Array.from(structs.flatMap((each) => [...each]))));
    return buffer;
  };
  return {
    unit,
    ioctl,
    must,
    place,
    dev_id: idev.id,
    parent: parent.out_hwpt_id,
    read: (bytes: number) => ok(process.read(buffer, bytes)),
    readFile(fd: number, bytes: number): number {
      const open = caller.files.get(fd);
      if (open?.kind !== 'kernel' || !open.file.read) throw new Error(`${fd} cannot be read`);
      return ok(run(open.file.read(caller, buffer, bytes, null)));
    },
    /** 64-bit words in the VM's memory. */
    put: (gpa: number, ...words: readonly bigint[]) =>
      ok(process.write(ram + BigInt(gpa), new Uint8Array(BigUint64Array.from(words).buffer))),
    host: (gpa: number) => process.physical(ram + BigInt(gpa)),
    attach: (pt: number) => ok(run(attachDeviceTo(idev, 0, pt))),
    /** Where the device's request comes out. */
    dma: (iova: bigint, write = false) =>
      transfer(unit.translator, memory, {
        device: NIC.name,
        rid: NIC.rid,
        iova,
        bytes: 1,
        pasid: NO_PASID,
        ...(write ? { data: Uint8Array.of(1) } : {}),
      })[0]?.pa,
    nested: (pt_id: number, data_type: number, data: Uint8Array) =>
      ioctl('IOMMU_HWPT_ALLOC', {
        dev_id: idev.id,
        pt_id,
        data_type,
        data_len: data.length,
        data_uptr: place(data),
      }),
  };
}

/** Asks with room for more than there is: the rest comes back zero. */
function hwInfo(s: ReturnType<typeof scene>): { readonly type: number; readonly bytes: Uint8Array } {
  const room = 64;
  const data_uptr = s.place(new Uint8Array(room).fill(0xff));
  const { data_type, data_len } = s.must('IOMMU_GET_HW_INFO', {
    dev_id: s.dev_id,
    data_len: room,
    data_uptr,
  });
  const bytes = s.read(room);
  expect(bytes.subarray(data_len).every((byte) => byte === 0)).toBe(true);
  return { type: data_type, bytes: bytes.slice(0, data_len) };
}

describe('VT-d', () => {
  const VTD_S1 = 1;
  const INVALIDATE_VTD_S1 = 0;
  const vtd = () => scene((options) => createVtdUnit({ ...options, config: SCALABLE_VTD_CONFIG }));

  /** First-stage entries: P, RW, US. Two pages, at 0x200000 and behind it. */
  function guest() {
    const s = vtd();
    s.put(0x1_0000, 0x1_1007n);
    s.put(0x1_1000, 0x1_2007n);
    s.put(0x1_2008, 0x1_3007n);
    s.put(0x1_3000, 0x5_0007n, 0x5_1007n);
    return s;
  }
  const table = encode(iommu_hwpt_vtd_s1, { pgtbl_addr: 0x1_0000n, addr_width: 48 });

  it('iommu_hw_info_vtd: CAP and ECAP as the registers have them', () => {
    const s = vtd();
    const { type, bytes } = hwInfo(s);
    expect([type, bytes.length]).toEqual([1, iommu_hw_info_vtd.bytes]);
    expect(decode(iommu_hw_info_vtd, bytes)).toEqual({
      flags: IOMMU_HW_INFO_VTD_ERRATA_772415_SPR17,
      __reserved: 0,
      cap_reg: s.unit.registers.read64(0x08),
      ecap_reg: s.unit.registers.read64(0x10),
    });
  });

  it('iommu_hwpt_vtd_s1 names the table that the hardware walks, iommu_hwpt_vtd_s1_invalidate what it forgets', () => {
    const s = guest();
    const made = s.nested(s.parent, VTD_S1, table);
    if (!made.ok) throw new Error(made.why);
    const hwpt_id = made.value.out_hwpt_id;
    s.attach(hwpt_id);
    const targets = () => [s.dma(0x20_0040n), s.dma(0x20_1040n)];
    expect(targets()).toEqual([s.host(0x5_0040), s.host(0x5_1040)]);
    s.put(0x1_3000, 0x6_0007n, 0x6_1007n);
    // Cached, and nobody said anything.
    expect(targets()).toEqual([s.host(0x5_0040), s.host(0x5_1040)]);
    const page = (addr: bigint, flags: number) =>
      encode(iommu_hwpt_vtd_s1_invalidate, { addr, npages: 1n, flags });
    const invalidate = (...entries: readonly Uint8Array[]) =>
      s.ioctl('IOMMU_HWPT_INVALIDATE', {
        hwpt_id,
        data_type: INVALIDATE_VTD_S1,
        data_uptr: s.place(...entries),
        entry_len: iommu_hwpt_vtd_s1_invalidate.bytes,
        entry_num: entries.length,
      });
    expect(invalidate(page(0x20_1000n, IOMMU_VTD_INV_FLAGS_LEAF), page(0x20_0000n, 2))).toMatchObject({
      errno: 'EOPNOTSUPP', // a flag that the kernel does not know
    });
    expect(targets()).toEqual([s.host(0x5_0040), s.host(0x6_1040)]);
    expect(invalidate(page(0x20_0000n, 0), page(0x20_1000n, 0))).toMatchObject({ value: { entry_num: 2 } });
    expect(targets()).toEqual([s.host(0x6_0040), s.host(0x6_1040)]);
  });

  it('has no vIOMMU at this version', () => {
    const s = vtd();
    const fields = { type: 1, dev_id: s.dev_id, hwpt_id: s.parent };
    expect(s.ioctl('IOMMU_VIOMMU_ALLOC', fields)).toMatchObject({ errno: 'EOPNOTSUPP' });
  });
});

describe('SMMUv3', () => {
  const ARM_SMMUV3 = 1;
  const HWPT_ARM_SMMUV3 = 2;
  const VSID = 0x5n;
  const smmu = () => scene((options) => createSmmuUnit(options));

  /** A vIOMMU in which the device is stream 5, and a context descriptor with a table for 0x200000 and what follows. */
  function guest() {
    const s = smmu();
    s.put(0x2_0000, 0x1_e205_c000_3510n, 0x3_0000n, 0n, 0xf404_ff44n);
    s.put(0x3_0000, 0x3_1003n);
    s.put(0x3_1000, 0x3_2003n);
    s.put(0x3_2008, 0x3_3003n);
    s.put(0x3_3000, 0x5_0f47n);
    const viommu = s.must('IOMMU_VIOMMU_ALLOC', { type: ARM_SMMUV3, dev_id: s.dev_id, hwpt_id: s.parent });
    const viommu_id = viommu.out_viommu_id;
    s.must('IOMMU_VDEVICE_ALLOC', { viommu_id, dev_id: s.dev_id, virt_id: VSID });
    // V, Config 5 (stage 1), S1ContextPtr
    const ste = encode(iommu_hwpt_arm_smmuv3, { 'ste[0]': 1n | (5n << 1n) | 0x2_0000n });
    const made = s.nested(viommu_id, HWPT_ARM_SMMUV3, ste);
    if (!made.ok) throw new Error(made.why);
    return { ...s, viommu_id, hwpt: made.value.out_hwpt_id };
  }

  it('iommu_hw_info_arm_smmuv3: IDR0 to IDR5, IIDR and AIDR as the registers have them', () => {
    const s = smmu();
    const { type, bytes } = hwInfo(s);
    expect([type, bytes.length]).toEqual([2, iommu_hw_info_arm_smmuv3.bytes]);
    const register = (offset: number) => s.unit.registers.read32(offset) >>> 0;
    expect(decode(iommu_hw_info_arm_smmuv3, bytes)).toEqual({
      flags: 0,
      __reserved: 0,
      'idr[0]': register(0x00),
      'idr[1]': register(0x04),
      'idr[2]': register(0x08),
      'idr[3]': register(0x0c),
      'idr[4]': register(0x10),
      'idr[5]': register(0x14),
      iidr: register(0x18),
      aidr: register(0x1c),
    });
  });

  it('iommu_hwpt_arm_smmuv3 is the entry of the stream; word 1 is looked at too', () => {
    const s = guest();
    s.attach(s.hwpt);
    expect(s.dma(0x20_0040n)).toBe(s.host(0x5_0040));
    // MemAttr, bits 35:32 of word 1, is not among the fields that the header lets a VM set: EIO.
    const foreign = encode(iommu_hwpt_arm_smmuv3, { 'ste[0]': 0x2_000bn, 'ste[1]': 1n << 32n });
    expect(s.nested(s.viommu_id, HWPT_ARM_SMMUV3, foreign)).toMatchObject({ errno: 'EIO' });
  });

  it('iommu_viommu_arm_smmuv3_invalidate is a command of the VM', () => {
    const s = guest();
    s.attach(s.hwpt);
    expect(s.dma(0x20_0040n)).toBe(s.host(0x5_0040));
    s.put(0x3_3000, 0x6_0f47n);
    expect(s.dma(0x20_0040n)).toBe(s.host(0x5_0040));
    // CMD_TLBI_NH_VA of ASID 1, leaf; CMD_CFGI_CD of a stream that the VM does not have.
    const tlbi = { 'cmd[0]': 0x12n | (1n << 48n), 'cmd[1]': 0x20_0000n | 1n };
    const cfgi = { 'cmd[0]': 0x05n | ((VSID + 1n) << 32n), 'cmd[1]': 1n };
    const invalidate = (...commands: readonly (typeof tlbi)[]) =>
      s.ioctl('IOMMU_HWPT_INVALIDATE', {
        hwpt_id: s.viommu_id,
        data_type: ARM_SMMUV3,
        data_uptr: s.place(...commands.map((each) => encode(iommu_viommu_arm_smmuv3_invalidate, each))),
        entry_len: iommu_viommu_arm_smmuv3_invalidate.bytes,
        entry_num: commands.length,
      });
    expect(invalidate(cfgi, tlbi)).toMatchObject({ errno: 'EIO' });
    expect(s.dma(0x20_0040n)).toBe(s.host(0x5_0040));
    expect(invalidate(tlbi)).toMatchObject({ value: { entry_num: 1 } });
    expect(s.dma(0x20_0040n)).toBe(s.host(0x6_0040));
  });

  it('iommu_vevent_arm_smmuv3 behind its header: the record, with the VM’s stream', () => {
    const s = guest();
    const queue = s.must('IOMMU_VEVENTQ_ALLOC', {
      viommu_id: s.viommu_id,
      type: ARM_SMMUV3,
      veventq_depth: 8,
    });
    s.attach(s.hwpt);
    expect(s.dma(0x20_2345n, true)).toBeNull();
    expect(s.dma(0x20_3000n)).toBeNull();
    const each = iommufd_vevent_header.bytes + iommu_vevent_arm_smmuv3.bytes;
    expect(s.readFile(queue.out_veventq_fd, 4096)).toBe(2 * each);
    const bytes = s.read(2 * each);
    const headers = [0, each].map((at) => decode(iommufd_vevent_header, bytes.subarray(at)));
    expect(headers).toEqual([
      { flags: 0, sequence: 0 },
      { flags: 0, sequence: 1 },
    ]);
    const events = [0, each].map((at) =>
      decode(iommu_vevent_arm_smmuv3, bytes.subarray(at + iommufd_vevent_header.bytes)),
    );
    // 7.3.13 F_TRANSLATION: number 0x10, StreamID, RnW (bit 99), CLASS IN (bits 105:104), InputAddr.
    const RNW = 1n << 35n;
    expect(
      events.map((event) => [event['evt[0]'], event['evt[1]'] & (RNW | (3n << 40n)), event['evt[2]']]),
    ).toEqual([
      [0x10n | (VSID << 32n), 2n << 40n, 0x20_2345n],
      [0x10n | (VSID << 32n), RNW | (2n << 40n), 0x20_3000n],
    ]);
  });
});

describe('AMD-Vi', () => {
  const AMD_GUEST = 3;
  const IOVA = 0x1234_5000n;
  const TARGET = 0x2_0000;
  const TABLES = [0x1_1000, 0x1_2000, 0x1_3000, 0x1_4000] as const;
  const amd = () => scene((options) => createAmdUnit({ ...options, driver: { nestedDomains: true } }));

  it('iommu_hw_info_amd: EFR and EFR2 as the registers have them', () => {
    const s = amd();
    const { type, bytes } = hwInfo(s);
    expect([type, bytes.length]).toEqual([4, iommu_hw_info_amd.bytes]);
    expect(decode(iommu_hw_info_amd, bytes)).toEqual({
      efr: s.unit.registers.read64(0x30),
      efr2: s.unit.registers.read64(0x1a0),
    });
  });

  it('iommu_hwpt_amd_guest is the device table entry; the vIOMMU has nothing to invalidate', () => {
    const s = amd();
    // GCR3 table of one entry, and tables of four levels: P, RW, US.
    s.put(0x1_0000, BigInt(TABLES[0]) | 1n);
    for (const [n, at] of TABLES.entries()) {
      const index = Number((IOVA >> BigInt(39 - 9 * n)) & 511n);
      s.put(at + index * 8, BigInt(TABLES[n + 1] ?? TARGET) | 7n);
    }
    const fields = { type: 1, dev_id: s.dev_id, hwpt_id: s.parent };
    const { out_viommu_id: viommu } = s.must('IOMMU_VIOMMU_ALLOC', fields);
    // V, TV, GIoV, GV; the GCR3 table's address in three parts: bits 14:12, 30:15 and 51:31.
    const gcr3 = 0x1_0000n;
    const dte = {
      'dte[0]': 3n | (1n << 54n) | (1n << 55n) | (((gcr3 >> 12n) & 7n) << 58n),
      'dte[1]': 9n | (((gcr3 >> 15n) & 0xffffn) << 16n) | ((gcr3 >> 31n) << 43n),
    };
    // Word 2, bits 55:54: guest paging mode 2 is none.
    const wrong = encode(iommu_hwpt_amd_guest, { ...dte, 'dte[2]': 2n << 54n });
    expect(s.nested(viommu, AMD_GUEST, wrong)).toMatchObject({ errno: 'EINVAL' });
    const made = s.nested(viommu, AMD_GUEST, encode(iommu_hwpt_amd_guest, dte));
    if (!made.ok) throw new Error(made.why);
    s.attach(made.value.out_hwpt_id);
    expect([s.dma(IOVA), s.dma(IOVA + 4096n)]).toEqual([s.host(TARGET), null]);
    expect(s.ioctl('IOMMU_HWPT_INVALIDATE', { hwpt_id: viommu })).toMatchObject({ errno: 'EOPNOTSUPP' });
  });
});
