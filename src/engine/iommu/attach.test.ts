import { describe, expect, it } from 'vitest';
import { MockUnit } from './testing/mock-iommu';
import {
  attachDevice,
  attachGroup,
  attachGroupHandle,
  detachGroup,
  detachGroupHandle,
  replaceGroupHandle,
} from './attach';
import type { DmaOwner } from './group';
import type { IommuDomain } from './ops';
import { claimDeviceDmaOwner } from './ownership';
import { CoreRig as Rig, outcome } from './testing/core-rig';

// Expected results: drivers/iommu/iommu.c of the 7.1 merge window.
const alice: DmaOwner = { worldId: 'ctx:1', title: 'Alice' };

function newDomain(rig: Rig & { unit: MockUnit }): IommuDomain {
  const made = rig.unit.domainAllocPaging(rig.device('a').client, {});
  if (!made.ok) throw new Error(made.why);
  return made.value;
}
const group = (rig: Rig) => rig.device('a').group!;
const where = (rig: Rig, letters: string) => [...letters].map((letter) => rig.domainOf(letter));

describe('attach, replace, detach of a group', () => {
  it('[A8] [D7] a device that is not alone cannot be attached by itself', () => {
    const rig = Rig.of(['ab']);
    expect(rig.run(attachDevice(rig.core, newDomain(rig), rig.device('a')))).toMatchObject({
      errno: 'EINVAL',
      culprit: 'group:0',
    });
    expect(new Set(where(rig, 'ab')).size).toBe(1);
  });

  it('[D7] a group on a domain of somebody else is EBUSY', () => {
    const rig = Rig.of(['a']);
    expect(outcome(rig.run(attachDevice(rig.core, newDomain(rig), rig.device('a'))))).toBe('ok');
    expect(outcome(rig.run(attachDevice(rig.core, newDomain(rig), rig.device('a'))))).toBe('EBUSY');
  });

  it('[D6] a domain of another driver is EINVAL', () => {
    const rig = Rig.of(['a']);
    const other = new MockUnit('other0', { driver: 'other' });
    const foreign = other.domainAllocPaging(rig.device('a').client, {});
    expect(
      rig.run(attachGroup(rig.core, foreign.ok ? foreign.value : newDomain(rig), group(rig))),
    ).toMatchObject({
      errno: 'EINVAL',
      rule: 'domain_iommu_ops_compatible',
    });
  });

  it('[D8] detach goes to the default domain, or to the blocking one while a user owns the group', () => {
    const rig = Rig.of(['ab']);
    rig.run(attachGroup(rig.core, newDomain(rig), group(rig)));
    rig.run(detachGroup(rig.core, group(rig)));
    expect(group(rig).domain).toBe(group(rig).defaultDomain);
    rig.run(claimDeviceDmaOwner(rig.core, rig.device('a'), alice));
    rig.run(attachGroup(rig.core, newDomain(rig), group(rig)));
    rig.run(detachGroup(rig.core, group(rig)));
    expect(where(rig, 'ab')).toEqual(['blocked', 'blocked']);
  });

  it('an attachment through a handle excludes a second one, and detach ends it', () => {
    const rig = Rig.of(['a']);
    const attach = () =>
      outcome(rig.run(attachGroupHandle(rig.core, group(rig), { domain: newDomain(rig) })));
    expect([attach(), attach()]).toEqual(['ok', 'EBUSY']);
    rig.run(detachGroupHandle(rig.core, group(rig)));
    expect(attach()).toBe('ok');
  });

  it('[D1] replace never visits the blocking domain', () => {
    const rig = Rig.of(['ab']);
    const [first, second] = [newDomain(rig), newDomain(rig)];
    rig.run(attachGroupHandle(rig.core, group(rig), { domain: first }));
    rig.unit.moves.length = 0;
    rig.run(replaceGroupHandle(rig.core, group(rig), { domain: second }));
    expect(rig.unit.moves).toEqual([`a→${second.label}`, `b→${second.label}`]);
  });

  it('[D2] replace of a group on a core domain is an attach', () => {
    const rig = Rig.of(['ab']);
    const domain = newDomain(rig);
    expect(outcome(rig.run(replaceGroupHandle(rig.core, group(rig), { domain })))).toBe('ok');
    expect(where(rig, 'ab')).toEqual([domain.label, domain.label]);
  });

  it.each([
    [1, []],
    [2, ['a']],
    [3, ['a', 'b']],
  ])('[D3] replace fails at device %i: those before it are put back, the group stays', (nth, movedBefore) => {
    const rig = Rig.of(['abc']);
    const [first, second] = [newDomain(rig), newDomain(rig)];
    rig.run(attachGroupHandle(rig.core, group(rig), { domain: first }));
    rig.unit.moves.length = 0;
    rig.unit.failNth('attach', nth, 'ENOMEM');
    expect(outcome(rig.run(replaceGroupHandle(rig.core, group(rig), { domain: second })))).toBe('ENOMEM');
    expect(where(rig, 'abc')).toEqual([first.label, first.label, first.label]);
    expect(group(rig).domain).toBe(first);
    expect(rig.unit.moves).toEqual([
      ...movedBefore.map((letter) => `${letter}→${second.label}`),
      ...movedBefore.map((letter) => `${letter}→${first.label}`),
    ]);
  });

  it('[D4] a failure on the way back to the default domain parks that device, moves the others, and warns', () => {
    const rig = Rig.of(['abc']);
    rig.run(claimDeviceDmaOwner(rig.core, rig.device('a'), alice));
    group(rig).owner = null; // as if released: the core domain is the default one, a blocking domain exists
    rig.run(attachGroupHandle(rig.core, group(rig), { domain: newDomain(rig) }));
    rig.trace.take();
    rig.unit.failNth('attach', 2, 'ENOMEM');
    rig.run(detachGroupHandle(rig.core, group(rig)));
    const { defaultDomain } = group(rig);
    expect(where(rig, 'abc')).toEqual([defaultDomain?.label, 'blocked', defaultDomain?.label]);
    expect(group(rig).domain).toBe(defaultDomain);
    expect(rig.trace.take().some((event) => event.kind === 'log' && event.text.startsWith('WARNING'))).toBe(
      true,
    );
  });
});
