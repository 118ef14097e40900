import { describe, expect, it } from 'vitest';
import { attachGroupHandle } from './attach';
import type { DeviceTraits } from './device';
import type { AttachHandle } from './group';
import type { IommuDomain } from './ops';
import { claimDeviceDmaOwner, releaseDeviceDmaOwner } from './ownership';
import { attachDevicePasid, attachHandleGet, detachDevicePasid, replaceDevicePasid } from './pasid';
import { ALICE, CoreRig, outcome } from './testing/core-rig';
import { CoreUnit } from './testing/core-unit';

// Expected results: drivers/iommu/iommu.c of the 7.1 merge window, iommu_attach_device_pasid() and its sisters.
const MANY: DeviceTraits = { maxPasids: 1 << 20 };
const all = (): DeviceTraits => MANY;
const rigOf = (groups: readonly string[], traits: (letter: string) => DeviceTraits = all) =>
  CoreRig.of(groups, {}, { traits });

const attach = (rig: CoreRig, pasid: number, domain: IommuDomain, handle: AttachHandle | null = { domain }) =>
  outcome(rig.run(attachDevicePasid(rig.core, rig.device('a'), pasid, domain, handle)));
const replace = (
  rig: CoreRig,
  pasid: number,
  domain: IommuDomain,
  handle: AttachHandle | null = { domain },
) => outcome(rig.run(replaceDevicePasid(rig.core, rig.device('a'), pasid, domain, handle)));
const detach = (rig: CoreRig, pasid: number, domain: IommuDomain) =>
  rig.run(detachDevicePasid(rig.core, rig.device('a'), pasid, domain));
const hardware = ({ unit }: { unit: CoreUnit }) =>
  Object.fromEntries([...unit.pasids].map(([key, { label }]) => [key, label]));

describe('PASID attach', () => {
  it('what a device can tell apart is the smaller of its own and its unit’s', () => {
    const rig = rigOf(['a', 'b', 'c'], (letter) => ({ a: MANY, b: { maxPasids: 4 }, c: {} })[letter] ?? {});
    expect(['a', 'b', 'c'].map((letter) => rig.device(letter).maxPasids)).toEqual([1024, 4, 0]);
  });

  it('moves every device of the group that knows PASIDs, and leaves the others alone', () => {
    const rig = rigOf(['abc'], (letter) => (letter === 'b' ? {} : MANY));
    const domain = rig.newDomain();
    expect(attach(rig, 5, domain)).toBe('ok');
    expect(hardware(rig)).toEqual({ 'a/5': domain.label, 'c/5': domain.label });
  });

  it('errors in the order of the kernel', () => {
    const rig = rigOf(['a']);
    const domain = rig.newDomain();
    const noPasids: IommuDomain = { ...domain, setDevPasid: undefined as never };
    const foreign = new CoreUnit('other0', { driver: 'other' }).domainAllocPaging(rig.device('a').client, {});
    if (!foreign.ok) throw new Error(foreign.why);
    // EOPNOTSUPP is said of PASID 0 too, EINVAL of a foreign domain before its PASID is looked at.
    expect(attach(rig, 0, noPasids)).toBe('EOPNOTSUPP');
    expect(attach(rig, 5, foreign.value)).toBe('EINVAL');
    expect(attach(rig, 0, domain)).toBe('EINVAL');
    expect(attach(rig, 1024, domain)).toBe('EINVAL');
    expect([attach(rig, 1023, domain), attach(rig, 1023, domain)]).toEqual(['ok', 'EBUSY']);
  });

  it('a driver whose blocking domain knows no PASIDs is EOPNOTSUPP', () => {
    const rig = CoreRig.of(['a'], { staticBlocked: false }, { traits: all });
    expect(attach(rig, 5, rig.newDomain())).toBe('EOPNOTSUPP');
  });

  it('a device without a group is ENODEV', () => {
    const rig = rigOf(['a']);
    const lonely = rig.add('z');
    const domain = rig.newDomain();
    expect(outcome(rig.run(attachDevicePasid(rig.core, lonely, 5, domain)))).toBe('ENODEV');
    expect(outcome(rig.run(replaceDevicePasid(rig.core, lonely, 5, domain, { domain })))).toBe('ENODEV');
  });

  it('one narrow device of the group refuses for all', () => {
    const rig = rigOf(['ab'], (letter) => (letter === 'b' ? { maxPasids: 4 } : MANY));
    expect(attach(rig, 4, rig.newDomain())).toBe('EINVAL');
  });

  it('a device that fails takes those before it back out, and the PASID stays free', () => {
    const rig = rigOf(['abc']);
    rig.unit.refusesPasid = (device) => device === 'c';
    expect(attach(rig, 5, rig.newDomain())).toBe('ENOMEM');
    expect([hardware(rig), rig.group('a').pasidArray.size]).toEqual([{}, 0]);
  });
});

describe('PASID replace and detach', () => {
  it('errors in the order of the kernel', () => {
    const rig = rigOf(['a']);
    const domain = rig.newDomain();
    expect(replace(rig, 0, domain)).toBe('EINVAL');
    expect(replace(rig, 5, domain, null)).toBe('EINVAL');
    expect(replace(rig, 5, domain)).toBe('EINVAL'); // not attached
    expect(attach(rig, 5, domain)).toBe('ok');
    expect(replace(rig, 5, rig.newDomain())).toBe('ok');
  });

  it('the handle in use cannot be used again: that is a warning', () => {
    const rig = rigOf(['a']);
    const domain = rig.newDomain();
    const handle: AttachHandle = { domain };
    attach(rig, 5, domain, handle);
    rig.logs();
    expect(replace(rig, 5, rig.newDomain(), handle)).toBe('EINVAL');
    expect(rig.logs()).toEqual([expect.stringContaining('WARNING')]);
  });

  it('by the same domain only the handle changes, and no driver is called', () => {
    const rig = rigOf(['a']);
    const domain = rig.newDomain();
    attach(rig, 5, domain);
    rig.trace.take();
    const handle: AttachHandle = { domain };
    rig.unit.refusesPasid = () => true;
    expect(replace(rig, 5, domain, handle)).toBe('ok');
    expect(attachHandleGet(rig.group('a'), 5)).toMatchObject({ value: handle });
    expect(rig.trace.take().some((event) => event.kind === 'domain')).toBe(false);
  });

  it('an attachment without a handle can be replaced by one with', () => {
    const rig = rigOf(['a']);
    attach(rig, 5, rig.newDomain(), null);
    expect(outcome(attachHandleGet(rig.group('a'), 5))).toBe('ENOENT');
    expect(replace(rig, 5, rig.newDomain())).toBe('ok');
    expect(outcome(attachHandleGet(rig.group('a'), 5))).toBe('ok');
  });

  it('a device that fails puts those before it back on the old domain', () => {
    const rig = rigOf(['abc']);
    const [old, next] = [rig.newDomain(), rig.newDomain()];
    attach(rig, 5, old);
    rig.unit.refusesPasid = (device, domain) => device === 'c' && domain === next;
    expect(replace(rig, 5, next)).toBe('ENOMEM');
    expect(hardware(rig)).toEqual({ 'a/5': old.label, 'b/5': old.label, 'c/5': old.label });
    expect(attachHandleGet(rig.group('a'), 5)).toMatchObject({ value: { domain: old } });
  });

  it('one that cannot go back to the old domain either is blocked, with a warning', () => {
    const rig = rigOf(['ab']);
    const [old, next] = [rig.newDomain(), rig.newDomain()];
    attach(rig, 5, old);
    rig.logs();
    rig.unit.refusesPasid = (device, domain) => (device === 'b' ? domain === next : domain === old);
    expect(replace(rig, 5, next)).toBe('ENOMEM');
    expect(hardware(rig)).toEqual({ 'b/5': old.label });
    expect(rig.logs()).toEqual([expect.stringContaining('WARNING: __iommu_set_group_pasid')]);
  });

  it('detach blocks it on every device, and the PASID is free', () => {
    const rig = rigOf(['ab']);
    const domain = rig.newDomain();
    attach(rig, 5, domain);
    detach(rig, 5, domain);
    expect([hardware(rig), attach(rig, 5, domain)]).toEqual([{}, 'ok']);
  });
});

describe('attach handles', () => {
  it('of a type that is not asked for is EBUSY, none at all ENOENT', () => {
    const rig = rigOf(['a']);
    const domain = rig.newDomain();
    rig.ok(attachGroupHandle(rig.core, rig.group('a'), { domain }));
    expect(outcome(attachHandleGet(rig.group('a'), 0, 'nested'))).toBe('EBUSY');
    expect(outcome(attachHandleGet(rig.group('a'), 0, 'unmanaged'))).toBe('ok');
    expect(outcome(attachHandleGet(rig.group('a'), 7))).toBe('ENOENT');
  });

  it('no handle is EINVAL before anything else', () => {
    const rig = rigOf(['a']);
    expect(outcome(rig.run(attachGroupHandle(rig.core, rig.group('a'), null)))).toBe('EINVAL');
  });
});

describe('PASIDs and ownership', () => {
  it('[B6] a group with a PASID attached cannot be claimed: EBUSY', () => {
    const rig = rigOf(['a']);
    attach(rig, 5, rig.newDomain());
    expect(outcome(rig.run(claimDeviceDmaOwner(rig.core, rig.device('a'), ALICE)))).toBe('EBUSY');
  });

  it('[B3] and takes one native driver, but no second: EBUSY', () => {
    const rig = rigOf(['ab']);
    expect(outcome(rig.bind('a', 'idxd'))).toBe('ok');
    attach(rig, 5, rig.newDomain());
    expect(outcome(rig.bind('b', 'idxd'))).toBe('EBUSY');
  });

  it('[B10] a release with a PASID attached warns, and the owner keeps the group', () => {
    const rig = rigOf(['a']);
    rig.ok(claimDeviceDmaOwner(rig.core, rig.device('a'), ALICE));
    const domain = rig.newDomain();
    attach(rig, 5, domain);
    rig.logs();
    rig.run(releaseDeviceDmaOwner(rig.core, rig.device('a')));
    expect(rig.logs()).toEqual([expect.stringContaining('WARNING: __iommu_release_dma_ownership')]);
    expect(rig.group('a')).toMatchObject({ owner: ALICE, ownerCnt: 1 });
    detach(rig, 5, domain);
    rig.run(releaseDeviceDmaOwner(rig.core, rig.device('a')));
    expect(rig.group('a')).toMatchObject({ owner: null, ownerCnt: 0 });
  });
});
