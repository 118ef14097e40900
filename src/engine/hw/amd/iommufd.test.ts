import { describe, expect, it } from 'vitest';
import { IommuCore } from '../../iommu/core';
import { probeDevice } from '../../iommu/probe';
import { call, type CommandFields, type CommandName } from '../../iommufd/call';
import { rootCaller } from '../../iommufd/caller';
import { Iommufd } from '../../iommufd/ctx';
import { bindDevice } from '../../iommufd/device';
import { attachDeviceTo, replaceDevice } from '../../iommufd/device-attach';
import type { Result } from '../../kernel/errno';
import { runTask, type Task } from '../../kernel/task';
import { ProcessMemory } from '../../memory/process-memory';
import { entryOf, FULL_EFR, FULL_EFR2, NIC, rig } from './driver/fake-unit.conformance';
import type { AmdDriverOptions } from './driver/options';

// Errnos: drivers/iommu/iommufd/{device,hw_pagetable,viommu}.c and drivers/iommu/amd/{iommu,iommufd,nested}.c of the 7.1
// merge window. Flags and types: include/uapi/linux/iommufd.h.
const NEST_PARENT = 1;
const DIRTY = 2;
const PASID = 8;
const AMD = 4;

/** QEMU with a device behind an AMD unit. */
function scene(options: Partial<AmdDriverOptions> = {}, maxPasids = 0) {
  const r = rig({ abilitiesOf: () => ({ ats: false, pri: false, maxPasids }), ...options }, []);
  const core = new IommuCore(r.trace);
  core.registerUnit(r.driver);
  const run = <T>(task: Task<T>): T => runTask(task, r.trace);
  const ok = <T>(result: Result<T>): T => {
    if (!result.ok) throw new Error(`${result.errno}: ${result.why}`);
    return result.value;
  };
  const device = core.addDevice(NIC, { maxPasids });
  ok(run(probeDevice(core, device, () => ({ kind: 'new' }))));
  const process = new ProcessMemory('qemu', r.memory);
  const ctx = new Iommufd(core, { frames: r.memory }).open(process);
  const caller = rootCaller(process);
  const idev = ok(run(bindDevice(ctx, device)));
  const buffer = ok(process.mmap(2 * 4096)).userVa;
  const ioctl = <N extends CommandName>(name: N, fields: Partial<CommandFields<N>>) =>
    run(call(ctx, name, fields, caller));
  const must = <N extends CommandName>(name: N, fields: Partial<CommandFields<N>>) => ok(ioctl(name, fields));
  const outcome = <N extends CommandName>(name: N, fields: Partial<CommandFields<N>>): string => {
    const result = ioctl(name, fields);
    return result.ok ? 'ok' : result.errno;
  };
  const ioas = must('IOMMU_IOAS_ALLOC', {}).out_ioas_id;
  const hwpt = (flags: number) =>
    must('IOMMU_HWPT_ALLOC', { dev_id: idev.id, pt_id: ioas, flags }).out_hwpt_id;
  const attach = (id: number) => ok(run(attachDeviceTo(idev, 0, id)));
  const replace = (id: number) => ok(run(replaceDevice(idev, 0, id)));
  /** A guest's device table entry at the buffer. */
  const entry = (words: readonly bigint[]) => {
    const bytes = new Uint8Array(BigUint64Array.from(words).buffer);
    ok(process.write(buffer, bytes));
    return { data_uptr: buffer, data_len: bytes.length, data_type: 3 };
  };
  return { ...r, core, process, idev, buffer, ioas, must, outcome, hwpt, attach, replace, entry };
}

describe('iommufd over AMD-Vi', () => {
  it('GET_HW_INFO: type 4, EFR and EFR2; PASIDs and dirty tracking as capabilities', () => {
    const s = scene({}, 1024);
    const fields = { dev_id: s.idev.id, data_uptr: s.buffer, data_len: 24 };
    const info = s.must('IOMMU_GET_HW_INFO', fields);
    const bytes = s.process.read(s.buffer, 24);
    const words = bytes.ok ? [...new BigUint64Array(bytes.value.slice().buffer)] : [];
    expect([info.data_type, info.data_len, words]).toEqual([AMD, 16, [FULL_EFR, FULL_EFR2, 0n]]);
    // IOMMU_HW_CAP_DIRTY_TRACKING, IOMMU_HW_CAP_PCI_ATS_NOT_SUPPORTED; 10 bits of PASIDs
    expect([info.out_capabilities & 1n, info.out_max_pasid_log2]).toEqual([1n, 10]);
    const asked = (type: number) => s.outcome('IOMMU_GET_HW_INFO', { ...fields, flags: 1, data_type: type });
    expect([asked(AMD), asked(1), asked(2)]).toEqual(['ok', 'EOPNOTSUPP', 'EOPNOTSUPP']);
  });

  it('HWPT_ALLOC: which flags go together, and which need what of the unit', () => {
    const alloc = (flags: number, options: Partial<AmdDriverOptions> = {}) => {
      const s = scene(options, 1024);
      return s.outcome('IOMMU_HWPT_ALLOC', { dev_id: s.idev.id, pt_id: s.ioas, flags });
    };
    expect([0, NEST_PARENT, DIRTY, NEST_PARENT | DIRTY, PASID].map((flags) => alloc(flags))).toEqual(
      Array<string>(5).fill('ok'),
    );
    expect([NEST_PARENT | PASID, DIRTY | PASID].map((flags) => alloc(flags))).toEqual([
      'EOPNOTSUPP',
      'EOPNOTSUPP',
    ]);
    expect(alloc(NEST_PARENT, { efr2: 0n })).toBe('EOPNOTSUPP');
    expect(alloc(DIRTY, { efr: FULL_EFR & ~(1n << 52n) })).toBe('EOPNOTSUPP');
    expect(alloc(PASID, { efr: FULL_EFR & ~(1n << 50n) })).toBe('EOPNOTSUPP');
  });

  it('a mapping reaches the hardware’s table, and is gone from it', () => {
    const s = scene();
    const hwpt = s.hwpt(0);
    s.attach(hwpt);
    s.must('IOMMU_IOAS_MAP', {
      ioas_id: s.ioas,
      flags: 7,
      user_va: s.buffer,
      length: 4096n,
      iova: 0x4000_0000n,
    });
    // Mode 3 with one leaf a level: index 1 of the top, then 0 and 0.
    let at = Number(entryOf(s, 0x100)[0]! & 0xf_ffff_ffff_f000n);
    const step = (index: number) => Number((s.memory.readU64(at + index * 8) ?? 0n) & 0xf_ffff_ffff_f000n);
    at = step(1);
    at = step(0);
    expect(step(0)).toBe(s.process.physical(s.buffer));
    const leaf = at;
    s.must('IOMMU_IOAS_UNMAP', { ioas_id: s.ioas, iova: 0x4000_0000n, length: 4096n });
    expect(s.memory.readU64(leaf)).toBe(0n);
  });

  it('dirty tracking over iommufd switches the entry’s HAD', () => {
    const s = scene();
    const hwpt = s.hwpt(DIRTY);
    s.attach(hwpt);
    s.must('IOMMU_HWPT_SET_DIRTY_TRACKING', { hwpt_id: hwpt, flags: 1 });
    expect((entryOf(s, 0x100)[0]! >> 7n) & 3n).toBe(3n);
    s.must('IOMMU_HWPT_SET_DIRTY_TRACKING', { hwpt_id: hwpt, flags: 0 });
    expect((entryOf(s, 0x100)[0]! >> 7n) & 3n).toBe(0n);
  });

  it('a vIOMMU of whatever type can be had, but no nested HWPT in it: the kernel left that out', () => {
    const s = scene();
    const hwpt_id = s.hwpt(NEST_PARENT);
    const make = (type: number) =>
      s.must('IOMMU_VIOMMU_ALLOC', { type, dev_id: s.idev.id, hwpt_id }).out_viommu_id;
    const viommu = make(1);
    expect(make(77)).toBeGreaterThan(viommu);
    const data = s.entry([3n | (1n << 55n) | (1n << 58n), 7n, 0n, 0n]);
    const alloc = (pt_id: number) => s.outcome('IOMMU_HWPT_ALLOC', { dev_id: s.idev.id, pt_id, ...data });
    expect([alloc(viommu), alloc(hwpt_id)]).toEqual(['EOPNOTSUPP', 'EOPNOTSUPP']);
  });

  it('with it filled in: the guest’s tables over the parent’s', () => {
    const s = scene({ nestedDomains: true });
    const parent = s.hwpt(NEST_PARENT);
    const { out_viommu_id: viommu } = s.must('IOMMU_VIOMMU_ALLOC', {
      type: 1,
      dev_id: s.idev.id,
      hwpt_id: parent,
    });
    const alloc = (words: readonly bigint[]) =>
      s.outcome('IOMMU_HWPT_ALLOC', { dev_id: s.idev.id, pt_id: viommu, ...s.entry(words) });
    expect(alloc([3n | (1n << 9n), 7n, 0n, 0n])).toBe('EINVAL');
    const data = s.entry([3n | (1n << 55n) | (1n << 58n), 7n, 0n, 0n]);
    const { out_hwpt_id: nested } = s.must('IOMMU_HWPT_ALLOC', { dev_id: s.idev.id, pt_id: viommu, ...data });
    s.attach(parent);
    s.replace(nested);
    const [w0 = 0n] = entryOf(s, 0x100);
    expect([(w0 >> 55n) & 1n, (w0 >> 9n) & 7n, (w0 >> 58n) & 7n]).toEqual([1n, 3n, 1n]);
  });
});
