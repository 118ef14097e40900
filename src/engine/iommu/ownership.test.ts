import { describe, expect, it } from 'vitest';
import { MockUnit } from './testing/mock-iommu';
import type { DmaOwner } from './group';
import { storeGroupType } from './group-type';
import { isManagedDriver, unbindDriver } from './drivers';
import {
  claimDeviceDmaOwner,
  claimGroupDmaOwner,
  releaseDeviceDmaOwner,
  useDefaultDomain,
} from './ownership';
import { CoreRig as Rig, outcome } from './testing/core-rig';

// Expected errnos: drivers/iommu/iommu.c of the 7.1 merge window, rows of the seed about DMA ownership.
const alice: DmaOwner = { worldId: 'ctx:1', title: 'Alice' };
const bob: DmaOwner = { worldId: 'ctx:2', title: 'Bob' };

const claim = (rig: Rig, letter: string, owner: DmaOwner) =>
  rig.run(claimDeviceDmaOwner(rig.core, rig.device(letter), owner));
const group = (rig: Rig, letter: string) => rig.device(letter).group!;

describe('DMA ownership', () => {
  it('[B1] native drivers of one group count together and own nothing', () => {
    const rig = Rig.of(['abc']);
    const counts = ['a', 'b', 'c'].map((letter) => {
      expect(outcome(rig.bind(letter, 'e1000e'))).toBe('ok');
      return group(rig, 'a').ownerCnt;
    });
    expect(counts).toEqual([1, 2, 3]);
    expect(group(rig, 'a').owner).toBeNull();
  });

  it('[B2] a claim while a sibling has a native driver is EPERM and names it', () => {
    const rig = Rig.of(['ab']);
    rig.bind('b', 'e1000e');
    const refused = claim(rig, 'a', alice);
    expect(refused).toMatchObject({ errno: 'EPERM', culprit: 'dev:b', rule: 'iommu_device_claim_dma_owner' });
    expect(outcome(rig.run(claimGroupDmaOwner(rig.core, group(rig, 'a'), alice)))).toBe('EPERM');
    expect(rig.domainOf('a')).toBe(group(rig, 'a').defaultDomain?.label);
  });

  it('[B3] a native driver while a user owns the group is EBUSY and names the user', () => {
    const rig = Rig.of(['ab']);
    claim(rig, 'a', alice);
    expect(rig.bind('b', 'e1000e')).toMatchObject({
      errno: 'EBUSY',
      culprit: 'ctx:1',
      rule: 'iommu_device_use_default_domain',
    });
    expect(rig.device('b').driver).toBeNull();
    expect(group(rig, 'a').ownerCnt).toBe(1);
  });

  it.each(['pci-stub', 'vfio-pci', 'mlx5-vfio-pci', 'qat_vfio_pci'])(
    '[B4] %s binds at any time and is not counted',
    (driver) => {
      const rig = Rig.of(['ab']);
      claim(rig, 'a', alice);
      expect(outcome(rig.bind('b', driver))).toBe('ok');
      expect(group(rig, 'a').ownerCnt).toBe(1);
    },
  );

  it('[B4] nouveau, nvme and the like are native', () => {
    expect(['nouveau', 'nvme', 'e1000e', 'vfio'].map(isManagedDriver)).toEqual([false, false, false, false]);
  });

  it('[B5] the same owner may claim device by device, another not; a group claim is exclusive even for the same', () => {
    const rig = Rig.of(['abc']);
    expect(outcome(claim(rig, 'a', alice))).toBe('ok');
    expect(outcome(claim(rig, 'b', alice))).toBe('ok');
    expect(group(rig, 'a').ownerCnt).toBe(2);
    expect(claim(rig, 'c', bob)).toMatchObject({ errno: 'EPERM', culprit: 'ctx:1' });
    expect(outcome(rig.run(claimGroupDmaOwner(rig.core, group(rig, 'a'), alice)))).toBe('EPERM');
  });

  it('[B7] the claim blocks all devices of the group at once', () => {
    const rig = Rig.of(['abc']);
    claim(rig, 'b', alice);
    expect(['a', 'b', 'c'].map((each) => rig.domainOf(each))).toEqual(['blocked', 'blocked', 'blocked']);
  });

  it('[B7] a driver without a blocked domain gets an empty page table for it', () => {
    const rig = Rig.of(['ab'], { staticBlocked: false });
    claim(rig, 'a', alice);
    expect(group(rig, 'a').blockingDomain?.type).toBe('unmanaged');
    expect(rig.domainOf('b')).toBe(group(rig, 'a').blockingDomain?.label);
  });

  it('[B8] a device that firmware maps 1:1 makes the claim EINVAL, with a warning, and siblings are put back', () => {
    const unit = new MockUnit('mock0');
    unit.resv.set('b', [{ start: 0x10_0000n, last: 0x10_ffffn, kind: 'direct' }]);
    const rig = new Rig([unit], ['ab']);
    const before = rig.domainOf('a');
    rig.trace.take();
    expect(claim(rig, 'a', alice)).toMatchObject({ errno: 'EINVAL', culprit: 'dev:b' });
    expect(rig.domainOf('a')).toBe(before);
    expect(group(rig, 'a')).toMatchObject({ owner: null, ownerCnt: 0 });
    const logs = rig.trace.take().filter((event) => event.kind === 'log');
    expect(logs.map((event) => event.text).join()).toContain('1:1 IOMMU mapping');
  });

  it('[B8] and its region is mapped 1:1 in the default domain', () => {
    const unit = new MockUnit('mock0');
    unit.resv.set('a', [{ start: 0x10_0000n, last: 0x10_1fffn, kind: 'direct' }]);
    unit.resv.set('b', [{ start: 0x10_1000n, last: 0x10_2fffn, kind: 'direct-relaxable' }]);
    const rig = new Rig([unit], ['ab']);
    const paging = group(rig, 'a').defaultDomain!.paging!;
    expect([0x10_0000n, 0x10_1000n, 0x10_2000n, 0x10_3000n].map((iova) => paging.iovaToPhys(iova))).toEqual([
      0x10_0000,
      0x10_1000,
      0x10_2000,
      null,
    ]);
    expect([rig.device('a').requireDirect, rig.device('b').requireDirect]).toEqual([true, false]);
  });

  it('[B9] release counts down; the last one brings the default domain back', () => {
    const rig = Rig.of(['ab']);
    claim(rig, 'a', alice);
    claim(rig, 'b', alice);
    rig.run(releaseDeviceDmaOwner(rig.core, rig.device('a')));
    expect(group(rig, 'a')).toMatchObject({ owner: alice, ownerCnt: 1 });
    expect(rig.domainOf('a')).toBe('blocked');
    rig.run(releaseDeviceDmaOwner(rig.core, rig.device('b')));
    expect(group(rig, 'a')).toMatchObject({ owner: null, ownerCnt: 0 });
    expect(rig.domainOf('a')).toBe(group(rig, 'a').defaultDomain?.label);
  });

  it('[B11] a driver that binds before the bus is done is told to come again', () => {
    const rig = Rig.of(['a']);
    group(rig, 'a').defaultDomain = null;
    expect(outcome(rig.run(useDefaultDomain(rig.core, rig.device('a'))))).toBe('EPROBE_DEFER');
  });

  it('[B12] the type of the default domain changes only while nobody has the group, but DMA → DMA-FQ always', () => {
    const rig = new Rig([new MockUnit('mock0')], ['a'], { iommu: { passthrough: false, strict: true } });
    const store = (word: string) => outcome(rig.run(storeGroupType(rig.core, group(rig, 'a'), word)));
    rig.bind('a', 'e1000e');
    expect([store('identity'), store('DMA-FQ'), store('nonsense')]).toEqual(['EPERM', 'ok', 'EINVAL']);
    rig.run(unbindDriver(rig.core, rig.device('a')));
    expect(store('identity')).toBe('ok');
    expect(rig.domainOf('a')).toBe('identity');
  });
});
