import { describe, expect, it } from 'vitest';
import { FailNth } from '../kernel/fail';
import { waitUntil, type Task } from '../kernel/task';
import { Scheduler } from '../kernel/scheduler';
import { unbindDevice } from './device';
import { MockScene } from './testing/mock-scene';

// drivers/iommu/iommufd/main.c of the 7.1 merge window: _iommufd_object_alloc(), iommufd_object_remove(),
// iommufd_fops_release(); the numbers of xa_alloc() with XA_FLAGS_ALLOC1.

describe('ids of a context', () => {
  it('start at 1; the lowest free one comes next, whatever type had it', () => {
    const scene = new MockScene(['a']);
    const idev = scene.bind('a');
    const ids = [idev.id, scene.ioas(), scene.ioas(), scene.ioas()];
    expect(ids).toEqual([1, 2, 3, 4]);
    scene.must('IOMMU_DESTROY', { id: 3 });
    scene.must('IOMMU_DESTROY', { id: 2 });
    expect(scene.must('IOMMU_FAULT_QUEUE_ALLOC', {}).out_fault_id).toBe(2);
    expect(scene.hwpt(idev, 4)).toBe(3);
    expect(scene.ioas()).toBe(5);
  });

  it('one in the making is not found, and yet the option for accounting is refused', () => {
    const scene = new MockScene([]);
    const option = { option_id: 0, op: 0, val64: 1n };
    expect(scene.outcome('IOMMU_OPTION', option)).toBe('ok');
    const id = scene.ctx.objects.reserve();
    expect(id.ok && scene.ctx.objects.get(id.value).ok).toBe(false);
    expect(scene.outcome('IOMMU_DESTROY', { id: 1 })).toBe('ENOENT');
    expect(scene.outcome('IOMMU_OPTION', option)).toBe('EBUSY');
    scene.ctx.objects.release(1);
    expect(scene.outcome('IOMMU_OPTION', option)).toBe('ok');
  });

  it('DESTROY of what is not there is ENOENT, of what is referred to EBUSY and says by whom', () => {
    const scene = new MockScene(['a']);
    const idev = scene.bind('a');
    const ioas = scene.ioas();
    const hwpt = scene.hwpt(idev, ioas);
    expect([0, 99, 0xffff_ffff].map((id) => scene.outcome('IOMMU_DESTROY', { id }))).toEqual([
      'ENOENT',
      'ENOENT',
      'ENOENT',
    ]);
    const refused = scene.call('IOMMU_DESTROY', { id: ioas });
    expect(refused).toMatchObject({ errno: 'EBUSY', culprit: `hwpt:1.${hwpt}` });
    expect(scene.outcome('IOMMU_DESTROY', { id: idev.id })).toBe('EBUSY');
    scene.must('IOMMU_DESTROY', { id: hwpt });
    scene.must('IOMMU_DESTROY', { id: ioas });
    expect(scene.kinds).toEqual(['1:device']);
  });

  it('of a vDEVICE whose device is unbound stays as a tombstone until the context is gone', () => {
    const scene = new MockScene(['a', 'b']);
    const [a, b] = [scene.bind('a'), scene.bind('b')];
    const ioas = scene.ioas();
    const parent = scene.hwpt(a, ioas, 1);
    const viommu = scene.must('IOMMU_VIOMMU_ALLOC', { type: 0xdead_beef, dev_id: a.id, hwpt_id: parent });
    const vdev = (dev_id: number, virt_id: bigint) =>
      scene.must('IOMMU_VDEVICE_ALLOC', { viommu_id: viommu.out_viommu_id, dev_id, virt_id }).out_vdevice_id;
    const tomb = vdev(a.id, 1n);
    const plain = vdev(b.id, 2n);
    scene.must('IOMMU_DESTROY', { id: plain });
    scene.unbind(a);
    expect(scene.outcome('IOMMU_DESTROY', { id: tomb })).toBe('ENOENT');
    expect(scene.ctx.objects.tombstones).toEqual([tomb]);
    // The id of the device is free, that of its vDEVICE is not.
    expect([scene.ioas(), scene.ioas(), scene.ioas()]).toEqual([a.id, plain, plain + 1]);
    expect(scene.outcome('IOMMU_OPTION', { option_id: 0, op: 0 })).toBe('EBUSY');
    scene.unbind(b);
    scene.run(scene.ctx.release());
    expect(scene.iommufd.contexts).toEqual([]);
  });
});

describe('the end of a context', () => {
  it('takes leaves first: a nested HWPT before its parent, that before the IOAS', () => {
    const scene = new MockScene(['a']);
    const idev = scene.bind('a');
    const ioas = scene.ioas();
    const parent = scene.hwpt(idev, ioas, 1);
    scene.hwpt(idev, parent, 0, { data_type: 0xdead, data_len: 4, data_uptr: scene.words(1) });
    expect(scene.attach(idev, parent)).toBe(parent);
    scene.detach(idev);
    scene.unbind(idev);
    scene.run(scene.ctx.release());
    expect(scene.iommufd.contexts).toEqual([]);
    expect(scene.selftest.unit.live.size).toBe(0);
  });

  it('comes with the last event descriptor, not with its own', () => {
    const scene = new MockScene([]);
    const { out_fault_fd } = scene.must('IOMMU_FAULT_QUEUE_ALLOC', {});
    scene.run(scene.ctx.release());
    expect(scene.iommufd.contexts).toEqual([scene.ctx]);
    scene.closeFd(out_fault_fd);
    expect(scene.iommufd.contexts).toEqual([]);
  });

  it('leaves alone, with a warning, what a driver has not given back', () => {
    const scene = new MockScene(['a']);
    scene.bind('a');
    scene.run(scene.ctx.release());
    expect(scene.kinds).toEqual(['1:device']);
    const warnings = scene.trace.take().filter((event) => event.kind === 'log' && event.level === 'warn');
    expect(warnings.length).toBeGreaterThan(0);
  });
});

describe('a driver gives an object back', () => {
  it('while a call has it in hand: the driver waits, holding no lock, until the call is over', () => {
    const scene = new MockScene(['a']);
    const idev = scene.bind('a');
    let over = false;
    function* slowCall(): Task<void> {
      const found = scene.ctx.objects.get(idev.id, 'device');
      if (!found.ok) return;
      yield* waitUntil('the test', () => over);
      scene.ctx.objects.put(found.value);
    }
    const scheduler = new Scheduler(scene.trace);
    scheduler.run(slowCall(), { name: 'call' });
    // One that a person steps is not told that its minute is over.
    const unbind = scheduler.start(unbindDevice(idev), { name: 'unbind' });
    scheduler.finish(unbind);
    expect([unbind.result, unbind.held]).toEqual([null, []]);
    expect(scene.outcome('IOMMU_DESTROY', { id: idev.id })).toBe('EBUSY');
    over = true;
    scheduler.settle();
    scheduler.finish(unbind);
    expect(unbind.result).not.toBeNull();
    expect(scene.kinds).toEqual([]);
  });

  it('that is still referred to: a warning, and it stays', () => {
    const scene = new MockScene(['a']);
    const idev = scene.bind('a');
    const ioas = scene.ioas();
    scene.attach(idev, ioas);
    scene.unbind(idev);
    expect(scene.kinds).toEqual(['1:device', '2:ioas', '3:hwpt-paging']);
    scene.detach(idev);
    expect(scene.kinds).toEqual(['1:device', '2:ioas']);
  });
});

describe('no memory for an object', () => {
  it('is ENOMEM, and no id is lost', () => {
    const fail = new FailNth();
    const scene = new MockScene([], { fail });
    const outcomes: string[] = [];
    for (let nth = 1; nth < 10; nth++) {
      fail.arm(nth);
      outcomes.push(scene.outcome('IOMMU_IOAS_ALLOC', {}));
      if (fail.fired === null) break;
    }
    fail.arm(0);
    // The structure comes in, object, id, the structure goes back.
    expect(outcomes).toEqual(['EFAULT', 'ENOMEM', 'ENOMEM', 'EFAULT', 'ok']);
    expect(scene.kinds).toEqual(['1:ioas']);
  });

  it('open(2) too', () => {
    const scene = new MockScene([], { fail: new FailNth(0) });
    const fail = scene.core.fail as FailNth;
    fail.arm(1);
    expect(scene.iommufd.openNode(scene.memory)).toMatchObject({ errno: 'ENOMEM' });
    expect(scene.iommufd.contexts).toEqual([scene.ctx]);
  });
});
