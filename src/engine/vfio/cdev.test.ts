import { beforeEach, describe, expect, it } from 'vitest';
import { bindDriver, unbindDriver } from '../iommu/drivers';
import { call } from '../iommufd/call';
import type { IommufdCtx } from '../iommufd/ctx';
import { outcome, Rig } from '../iommufd/testing/rig';
import { MockUnit } from '../iommufd/testing/mock-iommu';
import {
  attachOnly,
  attachPt,
  bindIommufd,
  closeContext,
  closeFile,
  detachPt,
  openAndBind,
  replaceOnly,
} from './cdev';
import type { VfioFile } from './device-file';
import { Vfio } from './vfio';

// Expected results: drivers/vfio/{device_cdev,iommufd,vfio_main,group}.c of the 7.1 merge window.
let rig: Rig;
let vfio: Vfio;
let ctx: IommufdCtx;

beforeEach(() => {
  rig = Rig.of(['ab', 'c']);
  vfio = new Vfio(rig.core);
  ctx = rig.open();
});

const driver = (letter: string, name: string) =>
  outcome(rig.run(bindDriver(rig.core, rig.device(letter), vfio.driver(name))));
const open = (letter: string, into = ctx): VfioFile => rig.ok(openAndBind(vfio, into, rig.device(letter)));
const ioas = (): number => {
  const made = rig.run(call(ctx, 'IOMMU_IOAS_ALLOC', {}));
  return made.ok ? made.value.out_ioas_id : 0;
};

describe('a vfio device', () => {
  it('exists only while a vfio driver has the device', () => {
    expect(rig.run(openAndBind(vfio, ctx, rig.device('a')))).toMatchObject({
      errno: 'ENOENT',
      culprit: 'dev:a',
    });
    driver('a', 'e1000e');
    expect(outcome(vfio.open(rig.device('a')))).toBe('ENOENT');
    rig.run(unbindDriver(rig.core, rig.device('a')));
    driver('a', 'vfio-pci');
    expect(outcome(vfio.open(rig.device('a')))).toBe('ok');
    rig.run(unbindDriver(rig.core, rig.device('a')));
    expect(outcome(vfio.open(rig.device('a')))).toBe('ENOENT');
  });

  it('needs a group, coherent DMA, and no bridge', () => {
    const unit = new MockUnit('mock0');
    unit.scope.add('a');
    const other = new Rig([unit], ['a', 'b']);
    const bind = (letter: string) =>
      outcome(other.run(bindDriver(other.core, other.device(letter), vfio.driver('vfio-pci'))));
    expect(bind('b')).toBe('EINVAL');
    unit.capabilities.delete('CACHE_COHERENCY');
    expect(bind('a')).toBe('EINVAL');
    expect(other.device('a').driver).toBeNull();
  });

  it('is bound once: a second descriptor, or the same one again, is EINVAL', () => {
    driver('a', 'vfio-pci');
    const file = open('a');
    expect(outcome(rig.run(bindIommufd(file, () => ({ ok: true, value: ctx }))))).toBe('EINVAL');
    expect(rig.run(openAndBind(vfio, rig.open(), rig.device('a')))).toMatchObject({
      errno: 'EINVAL',
      culprit: 'ctx:1',
    });
  });

  it('[B2] [B13] a bind that is refused leaves nothing behind', () => {
    driver('a', 'vfio-pci');
    driver('b', 'e1000e');
    expect(rig.run(openAndBind(vfio, ctx, rig.device('a')))).toMatchObject({
      errno: 'EPERM',
      culprit: 'dev:b',
    });
    expect([ctx.objects.isEmpty, rig.device('a').holder]).toEqual([true, null]);
    rig.run(ctx.put());
    expect(rig.iommufd.contexts).toEqual([]);
  });

  it('[E7] its ATTACH replaces when it is attached already', () => {
    driver('a', 'vfio-pci');
    const file = open('a');
    const [first, second] = [ioas(), ioas()];
    const one = rig.ok(attachPt(file, first));
    const two = rig.ok(attachPt(file, second));
    expect([one.filled.ioas.id, two.filled.ioas.id, ctx.objects.peek(one.id) === one]).toEqual([
      first,
      second,
      false,
    ]);
  });

  it('[C10] [E7] attach alone is EBUSY the second time, replace alone EINVAL the first time', () => {
    driver('a', 'vfio-pci');
    const file = open('a');
    const pt = ioas();
    expect(outcome(rig.run(replaceOnly(file, pt)))).toBe('EINVAL');
    expect(outcome(rig.run(attachOnly(file, pt)))).toBe('ok');
    expect(outcome(rig.run(attachOnly(file, pt)))).toBe('EBUSY');
    expect(outcome(rig.run(replaceOnly(file, ioas())))).toBe('ok');
  });

  it('detach is harmless where nothing is attached, and EINVAL where nothing is bound', () => {
    driver('a', 'vfio-pci');
    const file = open('a');
    expect(outcome(rig.run(detachPt(file)))).toBe('ok');
    rig.run(closeFile(file));
    expect([outcome(rig.run(detachPt(file))), outcome(rig.run(attachPt(file, 1)))]).toEqual([
      'EINVAL',
      'EINVAL',
    ]);
  });

  it('closing detaches, unbinds and gives the group back', () => {
    driver('a', 'vfio-pci');
    const file = open('a');
    rig.ok(attachPt(file, ioas()));
    rig.run(closeFile(file));
    expect(rig.device('a').group).toMatchObject({ owner: null, ownerCnt: 0 });
    expect(rig.domainOf('b')).toBe(rig.device('a').group?.defaultDomain?.label);
    expect(driver('b', 'e1000e')).toBe('ok');
  });

  it('keeps its driver while it is open', () => {
    driver('a', 'vfio-pci');
    const file = open('a');
    expect(rig.run(unbindDriver(rig.core, rig.device('a')))).toMatchObject({
      errno: 'EBUSY',
      culprit: 'ctx:1',
    });
    rig.run(closeFile(file));
    expect(outcome(rig.run(unbindDriver(rig.core, rig.device('a'))))).toBe('ok');
  });

  it('keeps the context alive after its descriptor is closed', () => {
    driver('a', 'vfio-pci');
    const file = open('a');
    rig.run(ctx.put());
    expect(rig.iommufd.contexts).toEqual([ctx]);
    rig.run(closeFile(file));
    expect(rig.iommufd.contexts).toEqual([]);
  });

  it('a process that ends closes all of its devices, then the context', () => {
    for (const letter of ['a', 'b', 'c']) driver(letter, 'vfio-pci');
    const files = ['a', 'b', 'c'].map((letter) => open(letter));
    const pt = ioas();
    for (const file of files) rig.ok(attachPt(file, pt));
    rig.run(closeContext(vfio, ctx));
    expect([rig.iommufd.contexts, rig.device('a').group?.ownerCnt, rig.device('c').group?.ownerCnt]).toEqual([
      [],
      0,
      0,
    ]);
  });
});
