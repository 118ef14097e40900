import { describe, expect, it } from 'vitest';
import { IommuCore } from '../../iommu/core';
import { probeDevice } from '../../iommu/probe';
import { call, type CommandFields, type CommandName } from '../../iommufd/call';
import { rootCaller } from '../../iommufd/caller';
import { Iommufd } from '../../iommufd/ctx';
import { bindDevice } from '../../iommufd/device';
import { attachDeviceTo, replaceDevice } from '../../iommufd/device-attach';
import type { Result } from '../../kernel/errno';
import { Descriptors } from '../../kernel/file-table';
import { runTask, type Task } from '../../kernel/task';
import { PhysicalMemory } from '../../memory/physical-memory';
import { ProcessMemory } from '../../memory/process-memory';
import { TraceBuffer } from '../../trace/trace';
import { transfer } from '../common/dma';
import * as r from './regs';
import { createSmmuUnit } from './unit';

/**
 * What a VMM does for a VM with an SMMUv3, through iommufd, to the bytes. Linux: tools/testing/selftests/iommu, include/uapi/
 * linux/iommufd.h, Documentation/userspace-api/iommufd.rst
 */
const DEV = { name: '0000:01:00.0', rid: 0x100, aliasRids: [0x100] };
const NEST_PARENT = 1;
const DIRTY_TRACKING = 2;
const ALLOC_PASID = 8;
const SMMUV3 = 1;
const HWPT_DATA_ARM_SMMUV3 = 2;
const VSID = 0x55;
const GUEST_CD = 0x1000n;

function machine() {
  const trace = new TraceBuffer();
  const physical = new PhysicalMemory();
  const core = new IommuCore(trace);
  const unit = createSmmuUnit({ unit: 'iommu:smmu0', memory: physical, trace });
  if (!unit.ok) throw new Error(unit.why);
  const { driver, device } = unit.value;
  core.registerUnit(driver);
  const run = <T>(task: Task<T>): T => runTask(task, trace);
  const ok = <T>(result: Result<T>): T => {
    if (!result.ok) throw new Error(`${result.errno}: ${result.why}`);
    return result.value;
  };
  const added = core.addDevice(DEV, { maxPasids: 0 });
  ok(run(probeDevice(core, added, () => ({ kind: 'new' }))));
  const qemu = new ProcessMemory('qemu', physical);
  const iommufd = new Iommufd(core, { frames: physical });
  const ctx = iommufd.open(qemu);
  const files = new Descriptors(16);
  const caller = { ...rootCaller(qemu), files };
  const scratch = ok(qemu.mmap(4096)).userVa;
  const idev = ok(run(bindDevice(ctx, added)));
  const outcome = <N extends CommandName>(name: N, fields: Partial<CommandFields<N>>) =>
    run(call(ctx, name, fields, caller));
  const must = <N extends CommandName>(name: N, fields: Partial<CommandFields<N>>) =>
    ok(outcome(name, fields));
  /** 64-bit words at a place of the process. */
  const words = (...values: readonly bigint[]): bigint => {
    const bytes = new Uint8Array(values.length * 8);
    const view = new DataView(bytes.buffer);
    values.forEach((value, n) => view.setBigUint64(n * 8, value, true));
    ok(qemu.write(scratch, bytes));
    return scratch;
  };
  const peek = (count: number): bigint[] => {
    const bytes = ok(qemu.read(scratch, count * 8));
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    return Array.from({ length: count }, (_, n) => view.getBigUint64(n * 8, true));
  };
  const write = (iova: bigint): number | null =>
    transfer(device, physical, { device: DEV.name, rid: DEV.rid, iova, bytes: 1, data: Uint8Array.of(1) })[0]!
      .pa;
  const ioas = must('IOMMU_IOAS_ALLOC', {}).out_ioas_id;
  const base = { trace, physical, driver, device, qemu, idev, files, caller, ioas, scratch };
  return { ...base, run, ok, outcome, must, words, peek, write };
}

/** A VM with 1 MiB at guest address 0, whose tables map its page 5 to its page 0x80. */
function vm() {
  const all = machine();
  const { must, qemu, physical, ok, ioas, idev, words } = all;
  const memory = ok(qemu.mmap(2 ** 20));
  must('IOMMU_IOAS_MAP', {
    ioas_id: ioas,
    flags: 7,
    user_va: memory.userVa,
    length: 2n ** 20n,
    iova: 0n,
  });
  const parent = must('IOMMU_HWPT_ALLOC', { dev_id: idev.id, pt_id: ioas, flags: NEST_PARENT }).out_hwpt_id;
  const viommu = must('IOMMU_VIOMMU_ALLOC', { type: SMMUV3, dev_id: idev.id, hwpt_id: parent }).out_viommu_id;
  const store = (gpa: bigint, word: bigint): void => {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigUint64(0, word, true);
    ok(qemu.write(memory.userVa + gpa, bytes));
  };
  const cd = 25n | (1n << 30n) | (1n << 31n) | (5n << 32n) | (1n << 41n) | (7n << 45n) | (9n << 48n);
  store(GUEST_CD, cd);
  store(GUEST_CD + 8n, 0x2000n);
  store(0x2000n, 0x3003n);
  store(0x3000n, 0x4003n);
  const mapPage5 = (to: bigint): void =>
    store(0x4028n, to | 0x3n | (1n << 6n) | (3n << 8n) | (1n << 10n) | (1n << 11n));
  mapPage5(0x8_0000n);
  const paOf = (gpa: bigint): number | null => qemu.physical(memory.userVa + gpa);
  const nested = (ste0: bigint, ste1: bigint) =>
    all.outcome('IOMMU_HWPT_ALLOC', {
      dev_id: idev.id,
      pt_id: viommu,
      data_type: HWPT_DATA_ARM_SMMUV3,
      data_len: 16,
      data_uptr: words(ste0, ste1),
    });
  const vdevice = (): number =>
    must('IOMMU_VDEVICE_ALLOC', { viommu_id: viommu, dev_id: idev.id, virt_id: BigInt(VSID) }).out_vdevice_id;
  const invalidate = (...commands: readonly bigint[]) =>
    all.outcome('IOMMU_HWPT_INVALIDATE', {
      hwpt_id: viommu,
      data_type: SMMUV3,
      entry_len: 16,
      entry_num: commands.length / 2,
      data_uptr: words(...commands),
    });
  return { ...all, parent, viommu, nested, vdevice, invalidate, mapPage5, paOf, physical };
}

const S1 = 0x1n | (5n << 1n) | GUEST_CD;
const DSS0 = 0x2n;

describe('iommufd over SMMUv3', () => {
  it('GET_HW_INFO: the identification registers', () => {
    const { must, idev, scratch, peek, device } = machine();
    const info = must('IOMMU_GET_HW_INFO', { dev_id: idev.id, data_len: 40, data_uptr: scratch });
    // IOMMU_HW_INFO_TYPE_ARM_SMMUV3; dirty tracking
    expect([info.data_type, info.data_len]).toEqual([2, 40]);
    expect(info.out_capabilities & 1n).toBe(1n);
    const words = peek(5).flatMap((word) => [Number(word & 0xffff_ffffn), Number(word >> 32n)]);
    const registers = [r.IDR0, r.IDR1, r.IDR2, r.IDR3, r.IDR4, r.IDR5, r.IIDR, r.AIDR];
    const read = (offset: number): number => device.registers.read32(offset) >>> 0;
    expect(words).toEqual([0, 0, ...registers.map(read)]);
  });

  it('an IOAS is reached through stage 1, a nesting parent is stage 2', () => {
    const { outcome, idev, ioas, run, ok, driver } = machine();
    ok(run(attachDeviceTo(idev, 0, ioas)));
    expect(driver.domainOf(DEV.name, -1)).toMatchObject({ smmuState: { stage: 's1' } });
    const alloc = (flags: number) => {
      const made = outcome('IOMMU_HWPT_ALLOC', { dev_id: idev.id, pt_id: ioas, flags });
      return made.ok ? 'ok' : made.errno;
    };
    expect([0, NEST_PARENT, DIRTY_TRACKING, ALLOC_PASID, DIRTY_TRACKING | ALLOC_PASID].map(alloc)).toEqual(
      Array.from({ length: 5 }, () => 'ok'),
    );
    expect(alloc(NEST_PARENT | DIRTY_TRACKING)).toBe('EOPNOTSUPP');
    expect(alloc(NEST_PARENT | ALLOC_PASID)).toBe('EOPNOTSUPP');
  });

  it('VIOMMU_ALLOC: of its own type alone', () => {
    const { outcome, idev, parent } = vm();
    const of = (type: number) => outcome('IOMMU_VIOMMU_ALLOC', { type, dev_id: idev.id, hwpt_id: parent });
    expect(of(2)).toMatchObject({ errno: 'EOPNOTSUPP' });
    expect(of(SMMUV3).ok).toBe(true);
  });

  it('a nested HWPT: EIO for what a VM must not say, and a vDEVICE before it can translate', () => {
    const { nested, vdevice, run, idev, write, paOf, ok } = vm();
    expect(nested(S1 | (1n << 52n), DSS0)).toMatchObject({ errno: 'EIO' });
    const { out_hwpt_id: id } = ok(nested(S1, DSS0));
    expect(run(attachDeviceTo(idev, 0, id))).toMatchObject({ errno: 'ENOENT' });
    vdevice();
    ok(run(attachDeviceTo(idev, 0, id)));
    expect(write(0x5123n)).toBe(paOf(0x8_0123n));
  });

  it('HWPT_INVALIDATE: the VM’s commands, and how many were done', () => {
    const { nested, vdevice, run, idev, write, paOf, ok, mapPage5, invalidate } = vm();
    vdevice();
    ok(run(attachDeviceTo(idev, 0, ok(nested(S1, DSS0)).out_hwpt_id)));
    expect(write(0x5000n)).toBe(paOf(0x8_0000n));
    mapPage5(0x9_0000n);
    expect(write(0x5000n)).toBe(paOf(0x8_0000n));
    const done = ok(invalidate(0x06n | (BigInt(VSID) << 32n), 0n, 0x12n | (9n << 48n), 0x5001n));
    expect(done.entry_num).toBe(2);
    expect(write(0x5000n)).toBe(paOf(0x9_0000n));
    expect(invalidate(0x46n, 0n)).toMatchObject({ errno: 'EIO' });
    expect(invalidate(0x06n | (0x56n << 32n), 0n)).toMatchObject({ errno: 'EIO' });
  });

  it('VEVENTQ: a fault of the VM’s tables is read as the unit wrote it', () => {
    const { nested, vdevice, run, idev, write, ok, must, viommu, files, caller, scratch, peek } = vm();
    vdevice();
    const { out_veventq_fd: fd } = must('IOMMU_VEVENTQ_ALLOC', {
      viommu_id: viommu,
      type: SMMUV3,
      veventq_depth: 4,
    });
    ok(run(attachDeviceTo(idev, 0, ok(nested(S1, DSS0)).out_hwpt_id)));
    expect(write(0x7000n)).toBeNull();
    const open = files.get(fd);
    if (open?.kind !== 'kernel' || !open.file.read) throw new Error('no file');
    expect(run(open.file.read(caller, scratch, 4096, null))).toMatchObject({ ok: true, value: 40 });
    const [header, first, second, third] = peek(5);
    // Flags and sequence 0; F_TRANSLATION of the virtual StreamID; a write, input address; the address.
    expect([header, first! & 0xffn, first! >> 32n, third]).toEqual([0n, 0x10n, BigInt(VSID), 0x7000n]);
    expect([(second! >> 35n) & 1n, (second! >> 40n) & 3n]).toEqual([0n, 2n]);
  });

  it('replace from the host’s table to the VM’s and back', () => {
    const { nested, vdevice, run, idev, write, ok, ioas, paOf } = vm();
    vdevice();
    ok(run(attachDeviceTo(idev, 0, ioas)));
    expect(write(0x5000n)).toBe(paOf(0x5000n));
    ok(run(replaceDevice(idev, 0, ok(nested(S1, DSS0)).out_hwpt_id)));
    expect(write(0x5000n)).toBe(paOf(0x8_0000n));
    ok(run(replaceDevice(idev, 0, ok(nested(0x9n, 0n)).out_hwpt_id)));
    expect(write(0x5000n)).toBe(paOf(0x5000n));
    ok(run(replaceDevice(idev, 0, ioas)));
    expect(write(0x5000n)).toBe(paOf(0x5000n));
  });
});
