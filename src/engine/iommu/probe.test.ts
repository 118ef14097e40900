import { describe, expect, it } from 'vitest';
import { MockUnit } from './testing/mock-iommu';
import { groupReserved } from './reserved';
import type { DmaOwner } from './group';
import { claimDeviceDmaOwner } from './ownership';
import { probeDevice, releaseDevice } from './probe';
import { CoreRig as Rig, outcome } from './testing/core-rig';

// Expected results: drivers/iommu/iommu.c of the 7.1 merge window.
const alice: DmaOwner = { worldId: 'ctx:1', title: 'Alice' };
const type = (rig: Rig, letter: string) => rig.device(letter).group?.defaultDomain?.type;

function hotAdd(rig: Rig, letter: string, groups: readonly string[]) {
  const device = rig.add(letter);
  return rig.run(probeDevice(rig.core, device, (each) => rig.groupFor(groups, each)));
}

describe('groups and default domains', () => {
  it('[A2] numbers are the lowest free, and [A3] free again only after the last reference', () => {
    const rig = Rig.of(['a', 'b', 'c']);
    const held = rig.device('b').group!;
    rig.core.getGroup(held);
    rig.run(releaseDevice(rig.core, rig.device('b')));
    hotAdd(rig, 'd', ['d']);
    expect(rig.device('d').group?.id).toBe(3);
    rig.core.putGroup(held);
    hotAdd(rig, 'e', ['e']);
    expect(rig.device('e').group?.id).toBe(1);
  });

  it.each([
    [{ passthrough: false, strict: false }, 'DMA-FQ'],
    [{ passthrough: false, strict: true }, 'DMA'],
    [{ passthrough: true, strict: false }, 'identity'],
  ])('the command line %o makes default domains %s', (iommu, expected) => {
    expect(type(new Rig([new MockUnit('mock0')], ['a'], { iommu }), 'a')).toBe(expected);
  });

  it('lazy invalidation falls back to strict where the driver cannot', () => {
    const unit = new MockUnit('mock0');
    unit.capabilities.delete('DEFERRED_FLUSH');
    expect(type(new Rig([unit], ['a']), 'a')).toBe('DMA');
  });

  it('at boot the wishes of all members count, whichever comes first', () => {
    const unit = new MockUnit('mock0');
    unit.forced.set('b', 'identity');
    const rig = new Rig([unit], ['ab', 'c']);
    expect(['a', 'b', 'c'].map((letter) => type(rig, letter))).toEqual(['identity', 'identity', 'DMA-FQ']);
  });

  it('identity wins where members disagree, with an error in the log', () => {
    const unit = new MockUnit('mock0');
    unit.forced.set('a', 'DMA').set('b', 'identity');
    const rig = new Rig([unit], ['ab']);
    expect(type(rig, 'a')).toBe('identity');
    expect(rig.trace.take().some((event) => event.kind === 'log' && event.text.includes('conflicting'))).toBe(
      true,
    );
  });

  it('[A5] a device that no IOMMU serves is in no group, and says why', () => {
    const unit = new MockUnit('mock0');
    unit.scope.add('a');
    const rig = new Rig([unit], ['a', 'b']);
    expect(rig.device('b').group).toBeNull();
    expect(rig.device('b').ungrouped).toMatchObject({ errno: 'ENODEV' });
  });

  it('[A11] [D9] each device has the unit that accepts it', () => {
    const first = new MockUnit('mock0');
    const second = new MockUnit('mock1', { driver: 'other' });
    first.scope.add('a');
    second.scope.add('b');
    const rig = new Rig([first, second], ['a', 'b']);
    expect([rig.device('a').ops?.unit, rig.device('b').ops?.unit]).toEqual(['iommu:mock0', 'iommu:mock1']);
  });

  it('[A6] a newcomer joins whatever its group is on: default domain, or blocked for a user', () => {
    const rig = Rig.of(['a']);
    hotAdd(rig, 'b', ['abc']);
    expect(rig.domainOf('b')).toBe(rig.device('a').group?.defaultDomain?.label);
    rig.run(claimDeviceDmaOwner(rig.core, rig.device('a'), alice));
    expect(outcome(hotAdd(rig, 'c', ['abc']))).toBe('ok');
    expect(rig.domainOf('c')).toBe('blocked');
    expect(outcome(rig.bind('c', 'e1000e'))).toBe('EBUSY');
    expect(rig.device('a').group?.joins.map((join) => `${join.device.name} via ${join.via}`)).toEqual([
      'b via a',
      'c via a',
    ]);
  });

  it('[A6] a newcomer whose attach fails is out again, and its group untouched', () => {
    const rig = Rig.of(['a']);
    const { group } = rig.device('a');
    rig.unit.failNth('attach', 1, 'ENOMEM');
    expect(outcome(hotAdd(rig, 'b', ['ab']))).toBe('ENOMEM');
    expect(rig.device('b')).toMatchObject({ group: null, ops: null });
    expect(group).toMatchObject({ refs: 1, devices: [rig.device('a')], joins: [] });
  });

  it('a first attach that fails leaves no group and no domain', () => {
    const rig = Rig.of(['a']);
    const live = rig.unit.live.size;
    rig.unit.failNth('attach', 1, 'EIO');
    expect(outcome(hotAdd(rig, 'b', ['b']))).toBe('EIO');
    expect([rig.core.groups.size, rig.unit.live.size]).toEqual([1, live]);
  });

  it('[A7] the last device to go takes the domains and the number with it', () => {
    const rig = Rig.of(['ab'], { staticBlocked: false });
    rig.run(releaseDevice(rig.core, rig.device('a')));
    expect([rig.core.groups.size, rig.unit.live.size]).toEqual([1, 1]);
    rig.run(releaseDevice(rig.core, rig.device('b')));
    expect([rig.core.groups.size, rig.unit.live.size, rig.core.devices.size]).toEqual([0, 0, 0]);
  });

  it('[A1] reserved_regions merges the members’ regions per type, sorted', () => {
    const unit = new MockUnit('mock0');
    unit.resv.set('a', [
      { start: 0xfee0_0000n, last: 0xfeef_ffffn, kind: 'msi' },
      { start: 0x2000n, last: 0x2fffn, kind: 'direct' },
    ]);
    unit.resv.set('b', [
      { start: 0xfee0_0000n, last: 0xfeef_ffffn, kind: 'msi' },
      { start: 0x3000n, last: 0x3fffn, kind: 'direct' },
      { start: 0x2800n, last: 0x2fffn, kind: 'reserved' },
    ]);
    const rig = new Rig([unit], ['ab']);
    expect(groupReserved(rig.device('a').group!)).toEqual([
      { start: 0x2000n, last: 0x3fffn, kind: 'direct' },
      { start: 0x2800n, last: 0x2fffn, kind: 'reserved' },
      { start: 0xfee0_0000n, last: 0xfeef_ffffn, kind: 'msi' },
    ]);
  });
});
