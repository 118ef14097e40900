import { beforeEach, describe, expect, it } from 'vitest';
import { outcome, Rig } from './testing/rig';
import { call } from './call';
import { bindDevice, type IommufdDevice } from './device';
import { attachDeviceTo, replaceDevice } from './device-attach';
import { NO_PASID } from '../iommu/group';
import { BUFFER_VA, MockScene } from './testing/mock-scene';
import type { IommufdOptions } from './options';

// Expected results: drivers/iommu/iommufd/device.c and drivers/iommu/iommu.c of the 7.1 merge window, with several
// devices in one group, which the kernel's own tests never have.
const PASID = 8;
const NEST_PARENT = 1;

describe('attachments by PASID', () => {
  let scene: MockScene;
  let a: IommufdDevice;
  let b: IommufdDevice;
  let ioas: number;
  /** Made for company, and not. */
  let social: number;
  let plain: number;

  beforeEach(() => {
    scene = new MockScene(['ab']);
    [a, b] = [scene.bind('a'), scene.bind('b')];
    ioas = scene.ioas();
    social = scene.hwpt(a, ioas, PASID);
    plain = scene.hwpt(a, ioas);
  });

  it('[C13] to an IOAS are EINVAL: automatic HWPTs are never made for PASIDs', () => {
    expect(scene.attach(a, ioas, 5)).toBe('EINVAL');
    scene.attach(a, ioas);
    expect(scene.attach(a, ioas, 5)).toBe('EINVAL');
    expect(scene.kinds.filter((kind) => kind.endsWith('hwpt-paging')).length).toBe(3);
  });

  it('but EBUSY where that PASID is attached already', () => {
    expect(scene.attach(a, social, 5)).toBe(social);
    expect(scene.attach(a, ioas, 5)).toBe('EBUSY');
    expect(scene.attach(a, social, 5)).toBe('EBUSY');
  });

  it('need a HWPT made for them, and company of the same kind', () => {
    expect(scene.attach(a, plain, 5)).toBe('EINVAL');
    scene.attach(a, plain);
    expect(scene.attach(a, social, 5)).toBe('EINVAL'); // beside one that was not
    expect(scene.replace(a, social)).toBe(social);
    expect(scene.attach(a, social, 5)).toBe(social);
    expect(scene.replace(a, plain)).toBe('EINVAL'); // the other way round
    scene.detach(a);
    expect(scene.attach(a, plain)).toBe('EINVAL');
    scene.detach(a, 5);
    expect(scene.attach(a, plain)).toBe(plain);
  });

  it('are of the group: a second device joins the same HWPT, the last one to leave blocks', () => {
    expect(scene.attach(a, social, 5)).toBe(social);
    const other = scene.hwpt(a, ioas, PASID);
    expect(scene.attach(b, other, 5)).toBe('EINVAL');
    expect(scene.attach(b, social, 5)).toBe(social);
    expect([scene.users(social), scene.users(a.id), scene.users(b.id)]).toEqual([2, 2, 2]);
    scene.detach(a, 5);
    expect(a.igroup.group.pasidArray.has(5)).toBe(true);
    scene.detach(b, 5);
    expect(a.igroup.group.pasidArray.has(5)).toBe(false);
    expect(scene.users(social)).toBe(0);
  });

  it('replace moves all of the group by that PASID alone, and takes no part in reserved regions', () => {
    const other = scene.hwpt(a, scene.ioas(), PASID);
    for (const idev of [a, b]) scene.attach(idev, social, 5);
    scene.attach(a, social, 6);
    let asked = 0;
    scene.selftest.unit.getResvRegions = () => (asked++, []);
    expect(scene.replace(b, other, 5)).toBe(other);
    expect([scene.users(social), scene.users(other)]).toEqual([1, 2]);
    expect([a.hwptOf(5)?.id, b.hwptOf(5)?.id, a.hwptOf(6)?.id]).toEqual([other, other, social]);
    expect(asked).toBe(0);
  });

  it('replace of what is not attached is EINVAL; detaching it does nothing', () => {
    expect(scene.replace(a, social, 5)).toBe('EINVAL');
    scene.attach(b, social, 5);
    expect(scene.replace(a, social, 5)).toBe('EINVAL');
    scene.detach(a, 5);
    expect(scene.users(social)).toBe(1);
  });

  it('PASID 0 is what requests without a PASID use', () => {
    scene.attach(a, social);
    scene.detach(a, 0);
    expect(scene.replace(a, social)).toBe('EINVAL');
  });

  it('beyond what a device of the group knows are EINVAL', () => {
    expect(scene.attach(a, social, 2 ** 20)).toBe('EINVAL');
    expect(scene.attach(a, social, 2 ** 20 - 1)).toBe(social);
  });

  it('a refusal by the second device leaves the first where it was', () => {
    // The mock refuses every second attach of this PASID; the second device is the second.
    const mock = scene.device('b').client as { pasid1024FakeError?: boolean };
    mock.pasid1024FakeError = true;
    expect(scene.attach(a, social, 1024)).toBe('ENOMEM');
    expect(a.igroup.group.pasidArray.size).toBe(0);
    expect([scene.users(social), a.igroup.attaches.size]).toEqual([0, 0]);
    expect(scene.attach(a, social, 1024)).toBe(social);
  });

  it('of a nested HWPT work like any other', () => {
    const parent = scene.hwpt(a, ioas, NEST_PARENT);
    const data = { data_type: 0xdead, data_len: 4, data_uptr: scene.words(1) };
    const nested = scene.hwpt(a, parent, PASID, data);
    expect(scene.attach(a, nested, 7)).toBe(nested);
    expect(scene.replace(a, social, 7)).toBe(social);
    expect(scene.users(nested)).toBe(0);
  });
});

describe('a device without PASIDs', () => {
  it('takes none, even on a HWPT that is made for them', () => {
    // A property of 0 bits means one PASID, which is the one without a number.
    const scene = new MockScene(['a'], { maxPasids: 1 });
    const a = scene.bind('a');
    const hwpt = scene.hwpt(a, scene.ioas(), PASID);
    scene.attach(a, hwpt);
    expect(scene.attach(a, hwpt, 1)).toBe('EINVAL');
  });

  it('is EOPNOTSUPP where the driver has no PASIDs at all', () => {
    const rig = Rig.of(['a'], { pagingExtras: ['pasid'] });
    const ctx = rig.open();
    const idev = rig.ok(bindDevice(ctx, rig.device('a')));
    const pt_id = rig.ok(call(ctx, 'IOMMU_IOAS_ALLOC', {})).out_ioas_id;
    const made = rig.ok(call(ctx, 'IOMMU_HWPT_ALLOC', { dev_id: idev.id, pt_id, flags: PASID }));
    expect(outcome(rig.run(attachDeviceTo(idev, 5, made.out_hwpt_id)))).toBe('EOPNOTSUPP');
    expect(idev.igroup.attaches.size).toBe(0);
  });
});

describe('fault queues and virtual functions', () => {
  it('a HWPT that reports page faults is EINVAL for a virtual function', () => {
    const scene = new MockScene(['a', 'b'], { virtualFunctions: 'b' });
    const [a, b] = [scene.bind('a'), scene.bind('b')];
    const { out_fault_id: fault_id } = scene.must('IOMMU_FAULT_QUEUE_ALLOC', {});
    const ioas = scene.ioas();
    const hwpt = scene.hwpt(a, ioas, 4, { fault_id });
    expect(scene.attach(a, hwpt)).toBe(hwpt);
    expect(scene.attach(b, hwpt)).toBe('EINVAL');
    scene.attach(b, ioas);
    expect(scene.replace(b, hwpt)).toBe('EINVAL');
  });
});

describe('the kernel’s defects, on request', () => {
  const failedReplace = (options: Partial<IommufdOptions>): number => {
    const rig = Rig.of(['a']);
    Object.assign(rig.iommufd.options, options);
    rig.unit.resv.set('a', [{ start: 0xfee0_0000n, last: 0xfeef_ffffn, kind: 'msi' }]);
    rig.buffer(1, BUFFER_VA);
    const ctx = rig.open();
    const idev = rig.ok(bindDevice(ctx, rig.device('a')));
    const pt_id = rig.ok(call(ctx, 'IOMMU_IOAS_ALLOC', {})).out_ioas_id;
    const alloc = () => rig.ok(call(ctx, 'IOMMU_HWPT_ALLOC', { dev_id: idev.id, pt_id })).out_hwpt_id;
    const [first, second] = [alloc(), alloc()];
    rig.ok(attachDeviceTo(idev, NO_PASID, first));
    rig.unit.failNth('attach', 1, 'ENOMEM');
    expect(outcome(rig.run(replaceDevice(idev, NO_PASID, second)))).toBe('ENOMEM');
    const ioas = ctx.objects.peek(pt_id);
    return ioas?.kind === 'ioas'
      ? ioas.iopt.reserved.all.filter(({ owner }) => owner === idev.device).length
      : -1;
  };

  it('a replace that fails within one IOAS loses the regions of the old attachment', () => {
    expect(failedReplace({})).toBe(1);
    expect(failedReplace({ kernelDefects: new Set(['failed-replace-unreserves'] as const) })).toBe(0);
  });
});
