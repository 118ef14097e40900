import { describe, expect, it } from 'vitest';
import { attachGroup, attachGroupHandle, detachGroup, replaceGroupHandle } from './attach';
import { claimDeviceDmaOwner, releaseDeviceDmaOwner } from './ownership';
import { attachDevicePasid, replaceDevicePasid } from './pasid';
import { driverDomainFor, resetDone, resetPrepare } from './reset';
import { ALICE, CoreRig, outcome } from './testing/core-rig';

// Expected results: pci_dev_reset_iommu_prepare(), pci_dev_reset_iommu_done() of the 7.1 merge window.
const rigOf = (groups: readonly string[]) =>
  CoreRig.of(groups, {}, { traits: (letter) => ({ ats: letter !== 'z', maxPasids: 64 }) });
const prepare = (rig: CoreRig, letter: string) =>
  outcome(rig.run(resetPrepare(rig.core, rig.device(letter))));
const finish = (rig: CoreRig, letter: string) => rig.run(resetDone(rig.core, rig.device(letter)));
const where = (rig: CoreRig, letters: string) => [...letters].map((letter) => rig.domainOf(letter));

describe('a device that is reset', () => {
  it('is blocked, its siblings are not, and the group’s domain is remembered', () => {
    const rig = rigOf(['ab']);
    const domain = rig.newDomain();
    rig.ok(attachGroup(rig.core, domain, rig.group('a')));
    expect(prepare(rig, 'a')).toBe('ok');
    expect(where(rig, 'ab')).toEqual(['blocked', domain.label]);
    expect([rig.group('a').domain, driverDomainFor(rig.group('a'))]).toEqual([
      domain,
      rig.unit.blockedDomain,
    ]);
    finish(rig, 'a');
    expect(where(rig, 'ab')).toEqual([domain.label, domain.label]);
    expect(driverDomainFor(rig.group('a'))).toBe(domain);
  });

  it('so are its PASIDs; afterwards they are set on the whole group', () => {
    const rig = rigOf(['ab']);
    const domain = rig.newDomain();
    rig.ok(attachDevicePasid(rig.core, rig.device('a'), 5, domain, { domain }));
    prepare(rig, 'a');
    expect([...rig.unit.pasids.keys()]).toEqual(['b/5']);
    rig.trace.take();
    finish(rig, 'a');
    expect([...rig.unit.pasids.keys()].sort()).toEqual(['a/5', 'b/5']);
    const calls = rig.trace
      .take()
      .flatMap((event) => (event.kind === 'domain' && event.pasid ? [event.device] : []));
    expect(calls).toEqual(['a', 'b']);
  });

  it('nobody moves its group meanwhile: EBUSY, siblings included', () => {
    const rig = rigOf(['ab']);
    const [domain, other] = [rig.newDomain(), rig.newDomain()];
    prepare(rig, 'a');
    const group = rig.group('a');
    expect(
      [
        rig.run(attachGroup(rig.core, domain, group)),
        rig.run(attachGroupHandle(rig.core, group, { domain })),
        rig.run(replaceGroupHandle(rig.core, group, { domain })),
        rig.run(attachDevicePasid(rig.core, rig.device('b'), 5, domain, { domain })),
        rig.run(replaceDevicePasid(rig.core, rig.device('b'), 5, other, { domain: other })),
        rig.run(claimDeviceDmaOwner(rig.core, rig.device('b'), ALICE)),
      ].map(outcome),
    ).toEqual(['EBUSY', 'EBUSY', 'EBUSY', 'EBUSY', 'EBUSY', 'EBUSY']);
    expect(group.pasidArray.size).toBe(0);
  });

  it('a change that may not fail fails all the same, with a warning', () => {
    const rig = rigOf(['ab']);
    const domain = rig.newDomain();
    rig.ok(attachGroup(rig.core, domain, rig.group('a')));
    prepare(rig, 'a');
    rig.logs();
    rig.run(detachGroup(rig.core, rig.group('a')));
    expect(rig.logs()).toEqual([expect.stringContaining('WARNING: __iommu_group_set_domain_nofail')]);
    expect(rig.group('a').domain).toBe(domain);
  });

  it('a second device of the group cannot be reset at the same time: EBUSY and a warning', () => {
    const rig = rigOf(['ab']);
    prepare(rig, 'a');
    rig.logs();
    expect(prepare(rig, 'b')).toBe('EBUSY');
    expect(rig.logs()).toEqual([expect.stringContaining('WARNING: pci_dev_reset_iommu_prepare')]);
    expect(rig.domainOf('b')).toBe(rig.group('b').defaultDomain?.label);
  });

  it('without ATS nothing happens', () => {
    const rig = rigOf(['z']);
    expect(prepare(rig, 'z')).toBe('ok');
    expect([rig.group('z').resettingDomain, rig.domainOf('z')]).toEqual([
      null,
      rig.group('z').defaultDomain?.label,
    ]);
  });

  it('of a group that is blocked anyway no driver is called', () => {
    const rig = rigOf(['a']);
    rig.ok(claimDeviceDmaOwner(rig.core, rig.device('a'), ALICE));
    rig.unit.moves.length = 0;
    prepare(rig, 'a');
    finish(rig, 'a');
    expect(rig.unit.moves).toEqual([]);
    rig.run(releaseDeviceDmaOwner(rig.core, rig.device('a')));
    expect(rig.domainOf('a')).toBe(rig.group('a').defaultDomain?.label);
  });

  it('a device that cannot be blocked is not reset', () => {
    const rig = rigOf(['a']);
    rig.unit.failNth('attach', 1, 'EIO');
    expect(prepare(rig, 'a')).toBe('EIO');
    expect(rig.group('a').resettingDomain).toBeNull();
  });
});
