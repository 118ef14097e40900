import { describe, expect, it } from 'vitest';
import { IommuCore } from '../../iommu/core';
import { NO_PASID } from '../../iommu/group';
import { probeDevice } from '../../iommu/probe';
import { call, type CommandFields, type CommandName } from '../../iommufd/call';
import { rootCaller } from '../../iommufd/caller';
import { Iommufd } from '../../iommufd/ctx';
import { bindDevice } from '../../iommufd/device';
import { attachDeviceTo, detachDeviceFrom, replaceDevice } from '../../iommufd/device-attach';
import type { Result } from '../../kernel/errno';
import { runTask, type Task } from '../../kernel/task';
import { PhysicalMemory } from '../../memory/physical-memory';
import { ProcessMemory } from '../../memory/process-memory';
import { TraceBuffer } from '../../trace/trace';
import { transfer } from '../common/dma';
import type { VtdConfig } from './device/config';
import { createVtdUnit } from './unit';

/**
 * The whole way of a VM with a virtual VT-d unit: iommufd's ioctls in, DMA out. Structures: include/uapi/linux/iommufd.h;
 * what they come to: drivers/iommu/intel/{iommu,nested}.c of the 7.1 merge window.
 */
const CLIENT = { name: '0000:01:00.0', rid: 0x0100, aliasRids: [0x0100] };
const CONFIG: Partial<VtdConfig> = {
  scalable: true,
  firstStage: true,
  secondStage: true,
  nested: true,
  secondStageAccessDirty: true,
  scalableCoherent: true,
  pasid: true,
  firstStage1G: true,
  supervisorRequests: true,
};
const MIB = 2 ** 20;
/** Where the VM's memory begins in the VMM, and its pages: guest physical 0 is the first. */
const GUEST_BYTES = 4 * MIB;

function machine() {
  const memory = new PhysicalMemory();
  const trace = new TraceBuffer();
  const made = createVtdUnit({
    memory,
    trace,
    config: CONFIG,
    abilitiesOf: () => ({ ats: false, pri: false, maxPasids: 1024 }),
  });
  if (!made.ok) throw new Error(made.why);
  const { driver, device: hardware } = made.value;
  const core = new IommuCore(trace);
  core.registerUnit(driver);
  const device = core.addDevice(CLIENT, { maxPasids: 1024 });
  const run = <T>(task: Task<T>): T => runTask(task, trace);
  const must = <T>(result: Result<T>): T => {
    if (!result.ok) throw new Error(`${result.errno}: ${result.why} (${result.rule ?? ''})`);
    return result.value;
  };
  must(run(probeDevice(core, device, () => ({ kind: 'new' }))));
  driver.enableTranslation();
  const process = new ProcessMemory('qemu', memory);
  const iommufd = new Iommufd(core, { frames: memory, allowUnsafeInterrupts: true });
  const ctx = iommufd.open(process);
  const idev = must(run(bindDevice(ctx, device)));
  const caller = rootCaller(process);
  const attempt = <N extends CommandName>(name: N, fields: Partial<CommandFields<N>>) =>
    run(call(ctx, name, fields, caller));
  const ioctl = <N extends CommandName>(name: N, fields: Partial<CommandFields<N>>) =>
    must(attempt(name, fields));

  const ram = must(process.mmap(GUEST_BYTES, 12));
  const scratch = must(process.mmap(4096, 12)).userVa;
  /** Puts words where an ioctl can point at them. */
  const words = (...values: readonly bigint[]): bigint => {
    const bytes = new Uint8Array(values.length * 8);
    const view = new DataView(bytes.buffer);
    values.forEach((value, n) => view.setBigUint64(n * 8, value, true));
    must(process.write(scratch, bytes));
    return scratch;
  };
  const ioas = ioctl('IOMMU_IOAS_ALLOC', {}).out_ioas_id;
  /** The VM's memory, guest physical = IOVA. */
  const fill = () =>
    ioctl('IOMMU_IOAS_MAP', {
      flags: 7,
      ioas_id: ioas,
      user_va: ram.userVa,
      length: BigInt(GUEST_BYTES),
      iova: 0n,
    });
  const hwpt = (fields: Partial<CommandFields<'IOMMU_HWPT_ALLOC'>>): number =>
    ioctl('IOMMU_HWPT_ALLOC', { dev_id: idev.id, ...fields }).out_hwpt_id;
  const nest = (parent: number, table: bigint, width = 48n) =>
    hwpt({ pt_id: parent, data_type: 1, data_len: 24, data_uptr: words(0n, table, width) });
  const invalidate = (id: number, ...entry: readonly bigint[]) =>
    attempt('IOMMU_HWPT_INVALIDATE', {
      hwpt_id: id,
      data_uptr: words(...entry),
      data_type: 0,
      entry_len: 24,
      entry_num: 1,
    });
  const guest = (gpa: number): number =>
    must({ ok: true, value: process.physical(ram.userVa + BigInt(gpa)) ?? -1 });
  const put = (gpa: number, value: bigint): boolean => memory.writeU64(guest(gpa), value);
  const dma = (iova: bigint, pasid?: number, data?: Uint8Array) =>
    transfer(hardware, memory, {
      device: CLIENT.name,
      rid: CLIENT.rid,
      iova,
      bytes: 1,
      ...(pasid === undefined ? {} : { pasid }),
      ...(data === undefined ? {} : { data }),
    })[0]!;
  return {
    memory,
    trace,
    driver,
    hardware,
    core,
    device,
    process,
    ctx,
    idev,
    run,
    must,
    attempt,
    ioctl,
    ram,
    ioas,
    fill,
    hwpt,
    nest,
    invalidate,
    guest,
    put,
    dma,
    words,
    scratch,
  };
}

const NEST_PARENT = 1;
const DIRTY_TRACKING = 2;
const PASID = 8;

/** A guest's first-stage table of four levels: 0x4000_0000 to guest page 0x20_0000. Section 9.7: P, RW, US */
function guestTable(m: ReturnType<typeof machine>): bigint {
  const [pml4, pdpt, pd, pt] = [0x10_0000, 0x10_1000, 0x10_2000, 0x10_3000];
  m.put(pml4, BigInt(pdpt) | 7n);
  m.put(pdpt + 8, BigInt(pd) | 7n);
  m.put(pd, BigInt(pt) | 7n);
  m.put(pt, 0x20_0000n | 7n);
  return BigInt(pml4);
}

describe('iommufd over a scalable VT-d unit', () => {
  it('GET_HW_INFO: 24 bytes: the erratum, CAP and ECAP as the registers have them', () => {
    const m = machine();
    const info = m.ioctl('IOMMU_GET_HW_INFO', { dev_id: m.idev.id, data_len: 32, data_uptr: m.scratch });
    expect([info.data_type, info.data_len, info.out_max_pasid_log2]).toEqual([1, 24, 10]);
    expect(info.out_capabilities).toBe(1n | 8n); // dirty tracking, no ATS
    const bytes = m.must(m.process.read(m.scratch, 32));
    const view = new DataView(bytes.buffer);
    expect([view.getUint32(0, true), view.getUint32(4, true)]).toEqual([1, 0]);
    expect(view.getBigUint64(8, true)).toBe(m.hardware.registers.read64(0x08));
    expect(view.getBigUint64(16, true)).toBe(m.hardware.registers.read64(0x10));
    const other = m.attempt('IOMMU_GET_HW_INFO', { dev_id: m.idev.id, flags: 1, data_type: 2 });
    expect(other).toMatchObject({ errno: 'EOPNOTSUPP' });
  });

  it('a nested HWPT: DMA goes through the guest’s table and the VMM’s', () => {
    const m = machine();
    m.fill();
    const parent = m.hwpt({ pt_id: m.ioas, flags: NEST_PARENT });
    const nested = m.nest(parent, guestTable(m));
    m.must(m.run(attachDeviceTo(m.idev, NO_PASID, nested)));
    expect(m.dma(0x4000_0123n).pa).toBe(m.guest(0x20_0123));
    expect(m.dma(0x4000_1000n).pa).toBeNull();
    // The guest maps another page; what was absent needs no invalidation.
    m.put(0x10_3008, 0x20_5000n | 7n);
    expect(m.dma(0x4000_1000n).pa).toBe(m.guest(0x20_5000));
  });

  it('the guest’s change is seen only after HWPT_INVALIDATE', () => {
    const m = machine();
    m.fill();
    const nested = m.nest(m.hwpt({ pt_id: m.ioas, flags: NEST_PARENT }), guestTable(m));
    m.must(m.run(attachDeviceTo(m.idev, NO_PASID, nested)));
    expect(m.dma(0x4000_0000n).pa).toBe(m.guest(0x20_0000));
    m.put(0x10_3000, 0x20_6000n | 7n);
    expect(m.dma(0x4000_0000n).pa).toBe(m.guest(0x20_0000));
    expect(m.invalidate(nested, 0x4000_0000n, 1n, 1n).ok).toBe(true);
    expect(m.dma(0x4000_0000n).pa).toBe(m.guest(0x20_6000));
    m.put(0x10_3000, 0n);
    expect(m.invalidate(nested, 0n, 2n ** 64n - 1n, 0n).ok).toBe(true);
    expect(m.dma(0x4000_0000n).pa).toBeNull();
    expect(m.invalidate(nested, 1n, 1n, 0n)).toMatchObject({ errno: 'EINVAL' });
    expect(m.invalidate(nested, 0n, 1n, 2n)).toMatchObject({ errno: 'EOPNOTSUPP' });
  });

  it('what the VMM unmaps of the parent is gone from nested translations too', () => {
    const m = machine();
    m.fill();
    const nested = m.nest(m.hwpt({ pt_id: m.ioas, flags: NEST_PARENT }), guestTable(m));
    m.must(m.run(attachDeviceTo(m.idev, NO_PASID, nested)));
    expect(m.dma(0x4000_0000n).pa).not.toBeNull();
    m.ioctl('IOMMU_IOAS_UNMAP', { ioas_id: m.ioas, iova: 0n, length: BigInt(GUEST_BYTES) });
    expect(m.dma(0x4000_0000n).pa).toBeNull();
  });

  it('errnos of HWPT_ALLOC and ATTACH reach the caller', () => {
    const m = machine();
    m.fill();
    const alloc = (fields: Partial<CommandFields<'IOMMU_HWPT_ALLOC'>>): string => {
      const made = m.attempt('IOMMU_HWPT_ALLOC', { dev_id: m.idev.id, ...fields });
      return made.ok ? 'ok' : made.errno;
    };
    const plain = m.hwpt({ pt_id: m.ioas });
    const parent = m.hwpt({ pt_id: m.ioas, flags: NEST_PARENT });
    const data = { data_type: 1, data_len: 24, data_uptr: m.words(0n, 0x10_0000n, 48n) };
    expect([
      alloc({ pt_id: plain, ...data }),
      alloc({ pt_id: parent, ...data, data_type: 2 }),
      alloc({ pt_id: parent, ...data, data_len: 16 }),
      alloc({ pt_id: parent, ...data, data_len: 24, data_uptr: 0x1000n }),
      alloc({ pt_id: parent, ...data, flags: DIRTY_TRACKING }),
      alloc({ pt_id: m.ioas, ...data }),
      alloc({ pt_id: parent, ...data, flags: PASID }),
    ]).toEqual(['EINVAL', 'EOPNOTSUPP', 'EINVAL', 'EFAULT', 'EOPNOTSUPP', 'EOPNOTSUPP', 'ok']);
    const narrow = m.nest(parent, 0x10_0000n, 39n);
    expect(m.run(attachDeviceTo(m.idev, NO_PASID, narrow))).toMatchObject({ errno: 'EINVAL' });
  });

  it('dirty tracking: what the device wrote, once', () => {
    const m = machine();
    m.fill();
    const hwpt = m.hwpt({ pt_id: m.ioas, flags: DIRTY_TRACKING });
    m.must(m.run(attachDeviceTo(m.idev, NO_PASID, hwpt)));
    m.ioctl('IOMMU_HWPT_SET_DIRTY_TRACKING', { hwpt_id: hwpt, flags: 1 });
    m.dma(0x3000n);
    m.dma(0x5000n, undefined, Uint8Array.of(1));
    const bitmap = () => {
      const data = m.words(0n);
      m.ioctl('IOMMU_HWPT_GET_DIRTY_BITMAP', {
        hwpt_id: hwpt,
        iova: 0n,
        length: 0x4_0000n,
        page_size: 4096n,
        data,
      });
      const bytes = m.must(m.process.read(data, 8));
      return new DataView(bytes.buffer).getBigUint64(0, true);
    };
    expect(bitmap()).toBe(1n << 5n);
    expect(bitmap()).toBe(0n);
    // The IOTLB was told with it: the next write is seen again.
    m.dma(0x5000n, undefined, Uint8Array.of(1));
    expect(bitmap()).toBe(1n << 5n);
  });

  it('a PASID has a table of its own, and loses it', () => {
    const m = machine();
    m.fill();
    const paging = m.hwpt({ pt_id: m.ioas, flags: PASID });
    m.must(m.run(attachDeviceTo(m.idev, 9, paging)));
    expect(m.dma(0x3000n, 9).pa).toBe(m.guest(0x3000));
    expect([m.dma(0x3000n, 8).pa, m.dma(0x3000n).pa]).toEqual([null, null]);
    const parent = m.hwpt({ pt_id: m.ioas, flags: NEST_PARENT | PASID });
    const data = { data_type: 1, data_len: 24, data_uptr: m.words(0n, guestTable(m), 48n) };
    const nested = m.hwpt({ pt_id: parent, flags: PASID, ...data });
    m.must(m.run(replaceDevice(m.idev, 9, nested)));
    expect([m.dma(0x4000_0000n, 9).pa, m.dma(0x3000n, 9).pa]).toEqual([m.guest(0x20_0000), null]);
    m.run(detachDeviceFrom(m.idev, 9));
    expect(m.dma(0x4000_0000n, 9).pa).toBeNull();
  });
});
