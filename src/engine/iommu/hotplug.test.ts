import { describe, expect, it } from 'vitest';
import { attachDevice, attachGroup, detachDevice, replaceGroupHandle } from './attach';
import { showGroupType } from './group-type';
import { claimDeviceDmaOwner, useDefaultDomain } from './ownership';
import { addGroupDevice, releaseDevice, removeGroupDevice } from './probe';
import { groupReserved } from './reserved';
import { ALICE, CoreRig, outcome } from './testing/core-rig';
import { CoreUnit } from './testing/core-unit';
import { plainDriver, bindDriver } from './drivers';

// Expected results: drivers/iommu/iommu.c of the 7.1 merge window.
const release = (rig: CoreRig, letter: string) => rig.run(releaseDevice(rig.core, rig.device(letter)));

describe('devices that come', () => {
  it('[A6] into a group with native drivers: another native driver may take it', () => {
    const rig = CoreRig.of(['a']);
    rig.bind('a', 'e1000e');
    expect(outcome(rig.hotAdd('b', ['ab']))).toBe('ok');
    expect(rig.domainOf('b')).toBe(rig.group('a').defaultDomain?.label);
    expect([outcome(rig.bind('b', 'nvme')), rig.group('a').ownerCnt]).toEqual(['ok', 2]);
  });

  it('[A6] into a group that a user attached: it is on the user’s domain at once', () => {
    const rig = CoreRig.of(['a']);
    rig.ok(claimDeviceDmaOwner(rig.core, rig.device('a'), ALICE));
    const domain = rig.newDomain();
    rig.ok(attachGroup(rig.core, domain, rig.group('a')));
    expect(outcome(rig.hotAdd('b', ['ab']))).toBe('ok');
    expect(rig.domainOf('b')).toBe(domain.label);
    expect(outcome(rig.bind('b', 'nvme'))).toBe('EBUSY');
  });

  it('[A6] one with a 1:1 region cannot join a blocked group: EINVAL', () => {
    const rig = CoreRig.of(['a']);
    rig.ok(claimDeviceDmaOwner(rig.core, rig.device('a'), ALICE));
    rig.unit.resv.set('b', [{ start: 0x1000n, last: 0x1fffn, kind: 'direct' }]);
    expect(outcome(rig.hotAdd('b', ['ab']))).toBe('EINVAL');
    expect([rig.device('b').group, rig.group('a').devices.length]).toEqual([null, 1]);
    // What it reserves was mapped for its siblings, too, and stays: nobody undoes that.
    expect(rig.group('a').defaultDomain?.paging?.iovaToPhys(0x1000n)).toBe(0x1000);
  });

  it('whatever allocation of a probe fails, nothing is left behind', () => {
    const points: string[] = [];
    for (let nth = 1; nth < 12; nth++) {
      let left = Infinity;
      const hit = (point: string) => {
        const fails = --left === 0;
        if (fails) points.push(point);
        return fails;
      };
      const rig = CoreRig.of(['a'], {}, { fail: { hit } });
      const live = rig.unit.live.size;
      left = nth;
      const added = rig.hotAdd('b', ['b']);
      left = Infinity;
      if (added.ok) release(rig, 'b');
      expect([rig.core.groups.size, rig.unit.live.size, rig.group('a').refs]).toEqual([1, live, 1]);
      expect(rig.core.devices.get('b')?.group ?? null).toBeNull();
    }
    expect(points).toEqual(
      expect.arrayContaining([
        'dev_iommu_get',
        'iommu_device_link',
        'iommu_group_alloc',
        'iommu_group_alloc_device',
        'iommu_get_dma_cookie',
      ]),
    );
  });
});

describe('devices that go', () => {
  it('[A7] are parked on the driver’s release domain, but never blocked against a 1:1 region', () => {
    const unit = new CoreUnit('mock0');
    unit.resv.set('b', [{ start: 0x1000n, last: 0x1fffn, kind: 'direct' }]);
    const rig = new CoreRig([unit], ['a', 'b']);
    Object.assign(unit, { releaseDomain: unit.blockedDomain });
    unit.moves.length = 0;
    release(rig, 'a');
    release(rig, 'b');
    expect(unit.moves).toEqual(['a→blocked', 'b→identity']);
  });

  it('[A7] the last one of a group that is still owned is a warning', () => {
    const rig = CoreRig.of(['a']);
    rig.ok(claimDeviceDmaOwner(rig.core, rig.device('a'), ALICE));
    rig.logs();
    release(rig, 'a');
    expect(rig.logs()).toEqual([expect.stringContaining('WARNING: __iommu_group_free_device')]);
    expect([rig.core.groups.size, rig.unit.live.size]).toEqual([0, 0]);
  });
});

describe('[D10] a group that no IOMMU stands behind', () => {
  function byHand() {
    const rig = CoreRig.of(['a']);
    const group = rig.core.allocGroup();
    const device = rig.add('v');
    rig.ok(addGroupDevice(rig.core, group, device));
    return { rig, group, device };
  }

  it('shows in sysfs, of unknown type, with nothing reserved', () => {
    const { group } = byHand();
    expect([showGroupType(group), groupReserved(group), [...group.linkNames.values()]]).toEqual([
      'unknown',
      [],
      ['v'],
    ]);
  });

  it('takes no domain: EINVAL, and native drivers come again later', () => {
    const { rig, group, device } = byHand();
    expect(outcome(rig.run(attachGroup(rig.core, rig.newDomain(), group)))).toBe('EINVAL');
    expect(outcome(rig.run(useDefaultDomain(rig.core, device)))).toBe('EPROBE_DEFER');
  });

  it('goes with its last device', () => {
    const { rig, group, device } = byHand();
    rig.logs();
    rig.run(removeGroupDevice(rig.core, device));
    expect(rig.logs()).toEqual([`pci v: Removing from iommu group ${group.id}`]);
    expect([device.group, rig.core.groups.has(group.id)]).toEqual([null, false]);
  });
});

describe('several units', () => {
  function two() {
    const [first, second] = [new CoreUnit('mock0'), new CoreUnit('mock1', { driver: 'other' })];
    first.scope.add('a');
    second.scope.add('b');
    return { rig: new CoreRig([first, second], ['a', 'b']), first, second };
  }

  it('[D6] a domain of one driver on a device of another is EINVAL, but a static one of its own is fine', () => {
    const { rig, second } = two();
    expect(outcome(rig.run(attachDevice(rig.core, rig.newDomain('a'), rig.device('b'))))).toBe('EINVAL');
    expect(outcome(rig.run(attachDevice(rig.core, second.identityDomain, rig.device('b'))))).toBe('ok');
  });

  it('[D6] replace asks the domain’s driver alone', () => {
    const { rig, first } = two();
    const domain = rig.newDomain('a');
    first.refuses = (_device, asked) => (asked === domain ? 'EINVAL' : null);
    const replaced = rig.run(replaceGroupHandle(rig.core, rig.group('b'), { domain }));
    expect(replaced).toMatchObject({ errno: 'EINVAL', why: expect.stringContaining('never takes') });
  });

  it('[D9] capabilities are the device’s', () => {
    const { rig, second } = two();
    second.capabilities.delete('CACHE_COHERENCY');
    const coherent = ['a', 'b'].map((letter) => {
      const { ops, client } = rig.device(letter);
      return ops?.capable(client, 'CACHE_COHERENCY');
    });
    expect(coherent).toEqual([true, false]);
  });
});

describe('detaching a device', () => {
  it('from a domain that it is not on, or when it is not alone, is a warning and nothing else', () => {
    const rig = CoreRig.of(['a', 'bc']);
    const domain = rig.newDomain();
    rig.ok(attachDevice(rig.core, domain, rig.device('a')));
    rig.ok(attachGroup(rig.core, domain, rig.group('b')));
    rig.logs();
    rig.run(detachDevice(rig.core, rig.newDomain(), rig.device('a')));
    rig.run(detachDevice(rig.core, domain, rig.device('b')));
    expect(rig.logs().length).toBe(2);
    expect([rig.domainOf('a'), rig.domainOf('b')]).toEqual([domain.label, domain.label]);
    rig.run(detachDevice(rig.core, domain, rig.device('a')));
    expect(rig.domainOf('a')).toBe(rig.group('a').defaultDomain?.label);
  });
});

describe('drivers', () => {
  it('vfio-pci refuses what its denylist names; other vfio drivers do not ask', () => {
    const rig = CoreRig.of(['a'], {}, { traits: () => ({ pciId: { vendor: 0x8086, device: 0x37c9 } }) });
    const bind = (name: string) => outcome(rig.run(bindDriver(rig.core, rig.device('a'), plainDriver(name))));
    expect(bind('vfio-pci')).toBe('EINVAL');
    expect(rig.device('a').driver).toBeNull();
    expect(bind('qat_vfio_pci')).toBe('ok');
  });
});
