import { describe, expect, it } from 'vitest';
import { IommufdAttachHandle } from './igroup';
import { attachHandleGet } from '../iommu/pasid';
import { NO_PASID } from '../iommu/group';
import { DATA_VA, MockScene, NOWHERE_VA, READ_ONLY_VA } from './testing/mock-scene';
import { MockUnit } from './testing/mock-iommu';
import { outcome, Rig } from './testing/rig';
import { call } from './call';
import { bindDevice } from './device';

// Errnos and their order: drivers/iommu/iommufd/hw_pagetable.c and selftest.c of the 7.1 merge window.
const NEST_PARENT = 1;
const DIRTY = 2;
const FAULT = 4;
const PASID = 8;
const DATA = { data_type: 0xdead, data_len: 4, data_uptr: DATA_VA };

describe('HWPT_ALLOC', () => {
  it('the smallest change that causes each errno, in the order of the checks', () => {
    const scene = new MockScene(['a']);
    const dev_id = scene.bind('a').id;
    const pt_id = scene.ioas();
    const good = { dev_id, pt_id };
    const cases: [string, Parameters<typeof scene.outcome<'IOMMU_HWPT_ALLOC'>>[1]][] = [
      ['ok', good],
      ['EOPNOTSUPP', { ...good, __reserved: 1, data_len: 4 }], // before the data
      ['EINVAL', { ...good, data_len: 4, dev_id: 99 }], // data without a type, before the device
      ['EINVAL', { ...good, data_type: 0xdead, dev_id: 99 }], // a type without data
      ['ENOENT', { ...good, dev_id: 99, pt_id: 98 }], // the device before the table
      ['ENOENT', { ...good, dev_id: pt_id }], // no device
      ['EINVAL', { ...good, pt_id: 98, flags: 0x10 }], // everywhere else ENOENT
      ['EINVAL', { ...good, pt_id: dev_id }],
      ['EOPNOTSUPP', { ...good, flags: 0x10 }],
      ['EOPNOTSUPP', { ...good, flags: FAULT | NEST_PARENT, fault_id: 99 }], // before the fault queue
      ['EOPNOTSUPP', { ...good, ...DATA, data_type: 1 }], // another driver's data
      ['EINVAL', { ...good, ...DATA, data_len: 9 }], // longer than the driver knows: not E2BIG
      ['EFAULT', { ...good, ...DATA, data_uptr: NOWHERE_VA }],
      ['ENOENT', { ...good, flags: FAULT, fault_id: 99 }],
      ['ENOENT', { ...good, flags: FAULT, fault_id: pt_id }],
      ['ok', { ...good, __reserved2: 1 }], // not looked at
    ];
    const results = cases.map(([, fields]) => scene.outcome('IOMMU_HWPT_ALLOC', fields));
    expect(results).toEqual(cases.map(([errno]) => errno));
    expect(scene.kinds).toEqual(['1:device', '2:ioas', '3:hwpt-paging', '4:hwpt-paging']);
    expect(scene.users(pt_id)).toBe(2);
  });

  it('nested over a parent: the same for a table of the user’s own', () => {
    const scene = new MockScene(['a']);
    const idev = scene.bind('a');
    const ioas = scene.ioas();
    const parent = scene.hwpt(idev, ioas, NEST_PARENT);
    const plain = scene.hwpt(idev, ioas);
    const auto = scene.attach(idev, ioas);
    const nested = scene.hwpt(idev, parent, 0, DATA);
    const base = { dev_id: idev.id, pt_id: parent, ...DATA };
    const cases: [string, Parameters<typeof scene.outcome<'IOMMU_HWPT_ALLOC'>>[1]][] = [
      ['EOPNOTSUPP', { ...base, flags: NEST_PARENT, pt_id: plain }], // the flags before the parent
      ['EOPNOTSUPP', { dev_id: idev.id, pt_id: plain }], // no data, before the parent
      ['EINVAL', { ...base, pt_id: plain }],
      ['EINVAL', { ...base, pt_id: Number(auto) }],
      ['EINVAL', { ...base, pt_id: nested }], // nothing nests in what is nested
      ['EOPNOTSUPP', { ...base, data_type: 1 }],
      ['EINVAL', { ...base, data_len: 9 }],
      ['EFAULT', { ...base, data_uptr: NOWHERE_VA }],
      ['ENOENT', { ...base, flags: FAULT, fault_id: 99 }],
      ['ok', { ...base, flags: PASID }],
    ];
    const results = cases.map(([, fields]) => scene.outcome('IOMMU_HWPT_ALLOC', fields));
    expect(results).toEqual(cases.map(([errno]) => errno));
    expect(scene.users(parent)).toBe(2);
    expect(scene.outcome('IOMMU_DESTROY', { id: parent })).toBe('EBUSY');
    scene.must('IOMMU_DESTROY', { id: nested });
    expect(scene.users(parent)).toBe(1);
  });

  it('an answer that cannot be written undoes it, and lets the fault queue go', () => {
    const scene = new MockScene(['a']);
    const idev = scene.bind('a');
    const ioas = scene.ioas();
    const { out_fault_id } = scene.must('IOMMU_FAULT_QUEUE_ALLOC', {});
    scene.memory.map(READ_ONLY_VA, 1, () => 9);
    const struct = new Uint8Array(48);
    new Uint32Array(struct.buffer).set([48, FAULT, idev.id, ioas, 0, 0, 0, 0, 0, 0, out_fault_id]);
    scene.memory.write(READ_ONLY_VA, struct);
    scene.memory.map(READ_ONLY_VA, 1, () => 9, false);
    expect(scene.run(scene.ctx.ioctl(scene.caller, 0x3b89, READ_ONLY_VA))).toMatchObject({ errno: 'EFAULT' });
    expect(scene.kinds).toEqual(['1:device', '2:ioas', '3:fault']);
    expect([scene.users(ioas), scene.users(out_fault_id)]).toEqual([0, 1]);
    expect(scene.selftest.unit.live.size).toBe(0);
  });

  it('a driver that completes domains only at attach: no flags, no data; an attach comes before the fill', () => {
    // [E6] Linux: iommufd_hwpt_paging_alloc() with immediate_attach.
    class LateUnit extends MockUnit {
      readonly finalisesAtAttach = true;
    }
    const unit = new LateUnit('late');
    const rig = new Rig([unit], ['a', 'b']);
    const ctx = rig.open();
    const idev = rig.ok(bindDevice(ctx, rig.device('a')));
    const ioas = rig.ok(call(ctx, 'IOMMU_IOAS_ALLOC', {})).out_ioas_id;
    const alloc = (flags: number) =>
      outcome(rig.run(call(ctx, 'IOMMU_HWPT_ALLOC', { dev_id: idev.id, pt_id: ioas, flags })));
    expect([alloc(DIRTY), alloc(NEST_PARENT), alloc(0)]).toEqual(['EOPNOTSUPP', 'EOPNOTSUPP', 'ok']);
  });
});

describe('HWPT_INVALIDATE', () => {
  const scene = (): { scene: MockScene; hwpt: number; paging: number } => {
    const made = new MockScene(['a']);
    const idev = made.bind('a');
    const paging = made.hwpt(idev, made.ioas(), NEST_PARENT);
    return {
      scene: made,
      paging,
      hwpt: made.hwpt(idev, paging, 0, { ...DATA, data_uptr: made.words(0xbad) }),
    };
  };
  const request = (hwpt_id: number) => ({
    hwpt_id,
    data_type: 0xdead_beef,
    data_uptr: DATA_VA,
    entry_len: 8,
    entry_num: 1,
  });

  it('the smallest change that causes each errno; how many were done is told whatever happens', () => {
    const { scene: s, hwpt, paging } = scene();
    const good = request(hwpt);
    s.words(0, 1, 0, 2, 0, 4, 0, 3); // the third names a word that is not there
    const cases: [string, number, Partial<typeof good & { __reserved: number }>][] = [
      ['ok', 1, {}],
      ['ok', 0, { entry_num: 0, data_uptr: 0n, entry_len: 0 }], // asks whether the type is known
      ['EINVAL', 0, { entry_num: 0, data_type: 1 }],
      ['EOPNOTSUPP', 0, { __reserved: 1, entry_len: 0 }],
      ['EINVAL', 0, { entry_len: 0, hwpt_id: 99 }], // before the id
      ['EINVAL', 0, { data_uptr: 0n, hwpt_id: 99 }],
      ['ENOENT', 0, { hwpt_id: 99 }],
      ['EINVAL', 0, { hwpt_id: paging }],
      ['EINVAL', 0, { data_type: 1 }],
      ['EINVAL', 0, { entry_len: 4 }],
      ['EINVAL', 0, { entry_len: 12 }],
      ['EINVAL', 2, { entry_num: 4 }], // the first two are done
      ['EFAULT', 0, { data_uptr: NOWHERE_VA }],
    ];
    const results = cases.map(([, , change]) => {
      const fields = { ...good, ...change };
      const layout = new Uint8Array(32);
      const view = new DataView(layout.buffer);
      view.setUint32(0, 32, true);
      view.setUint32(4, fields.hwpt_id, true);
      view.setBigUint64(8, fields.data_uptr, true);
      [fields.data_type, fields.entry_len, fields.entry_num, fields.__reserved ?? 0].forEach(
        (word, index) => {
          view.setUint32(16 + 4 * index, word, true);
        },
      );
      s.memory.write(DATA_VA + 0x1000n, layout);
      const result = s.run(s.ctx.ioctl(s.caller, 0x3b8d, DATA_VA + 0x1000n));
      return [result.ok ? 'ok' : result.errno, s.peek(DATA_VA + 0x1018n, 1)[0]];
    });
    expect(results).toEqual(cases.map(([errno, handled]) => [errno, handled]));
  });

  it('an answer that cannot be written is EFAULT, whatever the driver said', () => {
    const { scene: s } = scene();
    expect(s.run(s.ctx.ioctl(s.caller, 0x3b8d, READ_ONLY_VA))).toMatchObject({ errno: 'EINVAL' }); // size 0
    s.memory.map(READ_ONLY_VA, 1, () => 9);
    s.memory.write(READ_ONLY_VA, new Uint8Array(Uint32Array.of(32, 99, 0, 0, 0, 0, 0, 0).buffer));
    s.memory.map(READ_ONLY_VA, 1, () => 9, false);
    expect(s.run(s.ctx.ioctl(s.caller, 0x3b8d, READ_ONLY_VA))).toMatchObject({ errno: 'EFAULT' }); // not ENOENT
  });
});

describe('dirty tracking', () => {
  it('SET: flags, id, whether the domain can', () => {
    const scene = new MockScene(['a']);
    const idev = scene.bind('a');
    const ioas = scene.ioas();
    const [plain, tracking] = [scene.hwpt(idev, ioas), scene.hwpt(idev, ioas, DIRTY)];
    const set = (fields: Parameters<typeof scene.outcome<'IOMMU_HWPT_SET_DIRTY_TRACKING'>>[1]) =>
      scene.outcome('IOMMU_HWPT_SET_DIRTY_TRACKING', fields);
    expect([
      set({ flags: 2, hwpt_id: 99 }),
      set({ flags: 1, hwpt_id: 99 }),
      set({ flags: 1, hwpt_id: ioas }),
      set({ flags: 1, hwpt_id: plain }),
      set({ flags: 1, hwpt_id: tracking, __reserved: 1 }), // not looked at
      set({ flags: 0, hwpt_id: tracking }),
    ]).toEqual(['EOPNOTSUPP', 'ENOENT', 'ENOENT', 'EOPNOTSUPP', 'ok', 'ok']);
  });

  it('GET: flags and the reserved field, then the id', () => {
    const scene = new MockScene(['a']);
    const hwpt_id = scene.hwpt(scene.bind('a'), scene.ioas(), DIRTY);
    const get = (fields: Parameters<typeof scene.outcome<'IOMMU_HWPT_GET_DIRTY_BITMAP'>>[1]) =>
      scene.outcome('IOMMU_HWPT_GET_DIRTY_BITMAP', fields);
    const good = { hwpt_id, iova: 0n, length: 0x10_0000n, page_size: 4096n, data: DATA_VA };
    expect([
      get({ ...good, flags: 2, hwpt_id: 99 }),
      get({ ...good, __reserved: 1, hwpt_id: 99 }),
      get({ ...good, hwpt_id: 99 }),
      get(good),
    ]).toEqual(['EOPNOTSUPP', 'EOPNOTSUPP', 'ENOENT', 'ok']);
  });
});

describe('GET_HW_INFO', () => {
  const info = (change: Parameters<MockScene['outcome']>[1], maxPasids?: number) => {
    const scene = new MockScene(['a'], maxPasids === undefined ? {} : { maxPasids });
    const dev_id = scene.bind('a').id;
    return { scene, result: scene.call('IOMMU_GET_HW_INFO', { dev_id, data_uptr: DATA_VA, ...change }) };
  };

  it('the smallest change that causes each errno, in the order of the checks', () => {
    const cases: [string, Parameters<MockScene['outcome']>[1]][] = [
      ['EOPNOTSUPP', { flags: 2, dev_id: 99 }],
      ['EOPNOTSUPP', { __reserved0: 1, dev_id: 99 }],
      ['EOPNOTSUPP', { __reserved2: 1, dev_id: 99 }],
      ['ENOENT', { dev_id: 99 }],
      ['EOPNOTSUPP', { flags: 1, data_type: 1 }],
      ['ok', { flags: 0, data_type: 1 }], // without the flag the type is not looked at
      ['ok', { flags: 1, data_type: 0xfeed_beef }],
      ['EFAULT', { data_len: 4, data_uptr: NOWHERE_VA }],
      ['EFAULT', { data_len: 0xffff_ffff }], // the zeroes run into a hole
      ['ok', { data_len: 0, data_uptr: NOWHERE_VA }],
    ];
    expect(cases.map(([, change]) => outcome(info(change).result))).toEqual(cases.map(([errno]) => errno));
  });

  it('copies what fits, zeroes the rest, and tells how much there is', () => {
    const { scene, result } = info({});
    expect(result).toMatchObject({ value: { data_len: 8, data_type: 0xfeed_beef, out_max_pasid_log2: 20 } });
    scene.words(7, 7, 7, 7);
    const dev_id = 1;
    scene.must('IOMMU_GET_HW_INFO', { dev_id, data_len: 6, data_uptr: DATA_VA });
    expect(scene.peek(DATA_VA, 4)).toEqual([0, 0xbeef, 7, 7]);
    const all = scene.must('IOMMU_GET_HW_INFO', { dev_id, data_len: 12, data_uptr: DATA_VA });
    expect(scene.peek(DATA_VA, 4)).toEqual([0, 0xdead_beef, 0, 7]);
    expect(all.data_len).toBe(8);
    // Dirty pages can be tracked; there is no ATS.
    expect(all.out_capabilities).toBe(9n);
  });

  it('PASIDs by their number, not by their width', () => {
    const widths = [1, 2, 3, 4, 2 ** 20].map((count) => {
      const { result } = info({}, count);
      return result.ok && result.value.out_max_pasid_log2;
    });
    expect(widths).toEqual([0, 1, 1, 2, 20]);
  });
});

describe('attachments', () => {
  it('of a nested HWPT keep regions clear in the IOAS of its parent', () => {
    const scene = new MockScene(['a']);
    const idev = scene.bind('a');
    const ioas = scene.ioas();
    const other = scene.ioas();
    const parent = scene.hwpt(idev, ioas, NEST_PARENT);
    const nested = scene.hwpt(idev, parent, 0, { ...DATA, data_uptr: scene.words(1) });
    const paging = scene.hwpt(idev, other);
    const msi = { start: 0xfee0_0000n, last: 0xfeef_ffffn, kind: 'msi' } as const;
    scene.selftest.unit.getResvRegions = () => [msi];
    const kept = (id: number) => {
      const object = scene.ctx.objects.peek(id);
      if (object?.kind !== 'ioas') return -1;
      return object.iopt.reserved.all.filter(({ owner }) => owner === idev.device).length;
    };
    expect(scene.attach(idev, nested)).toBe(nested);
    expect([kept(ioas), kept(other)]).toEqual([1, 0]);
    expect(scene.replace(idev, paging)).toBe(paging);
    expect([kept(ioas), kept(other)]).toEqual([0, 1]);
    expect(scene.replace(idev, nested)).toBe(nested);
    scene.detach(idev);
    expect([kept(ioas), kept(other)]).toEqual([0, 0]);
  });

  it('have a handle that leads to the device which asked', () => {
    const scene = new MockScene(['ab']);
    const [a, b] = [scene.bind('a'), scene.bind('b')];
    const hwpt = scene.hwpt(a, scene.ioas());
    scene.attach(b, hwpt);
    scene.attach(a, hwpt);
    const handle = attachHandleGet(a.igroup.group, NO_PASID);
    expect(handle.ok && handle.value instanceof IommufdAttachHandle && handle.value.idev).toBe(b);
    scene.detach(b);
    scene.detach(a);
    expect(attachHandleGet(a.igroup.group, NO_PASID).ok).toBe(false);
  });
});
