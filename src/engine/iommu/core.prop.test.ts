import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attachGroupHandle, detachGroupHandle, replaceGroupHandle } from './attach';
import { unbindDriver } from './drivers';
import { storeGroupType } from './group-type';
import type { DmaOwner, IommuGroup } from './group';
import type { IommuDomain } from './ops';
import { claimDeviceDmaOwner, releaseDeviceDmaOwner } from './ownership';
import { attachDevicePasid, detachDevicePasid, domainOfEntry, replaceDevicePasid } from './pasid';
import { probeDevice, releaseDevice } from './probe';
import { resetDone, resetPrepare } from './reset';
import { ALICE, BOB, CoreRig } from './testing/core-rig';

/**
 * What must hold whatever is done in whatever order, with attach, PASID and allocation made to fail: properties that the
 * kernel's comments promise (iommu.c, "DMA ownership" and __iommu_group_set_domain_internal()).
 */
const GROUPS = ['abc', 'd'];
const LETTERS = [...'abcd'];
const OWNERS: readonly DmaOwner[] = [ALICE, BOB];

const step = fc.record({
  what: fc.constantFrom(
    'bind',
    'unbind',
    'claim',
    'release',
    'attach',
    'replace',
    'detach',
    'pasid',
    'replace-pasid',
    'detach-pasid',
    'reset',
    'done',
    'type',
    'remove',
    'add',
  ),
  letter: fc.constantFrom(...LETTERS),
  which: fc.nat(3),
  /** The k-th attach, PASID or allocation of this step fails; 0: none. */
  fail: fc.nat(4),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Native drivers and claims as a program would count them by what succeeded. */
class Model {
  readonly native = new Set<string>();
  readonly claims = new Map<string, DmaOwner[]>();
  /** Devices that could not even be blocked, so they stay where they were. */
  readonly stuck = new Set<string>();
  claimsOf(letters: readonly string[]): readonly DmaOwner[] {
    return letters.flatMap((letter) => this.claims.get(letter) ?? []);
  }
}

describe('whatever happens', () => {
  it('owners, counts, domains and PASIDs agree with what was granted', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        let left = 0;
        const rig = CoreRig.of(
          GROUPS,
          {},
          {
            traits: () => ({ ats: true, maxPasids: 8 }),
            fail: { hit: () => --left === 0 },
          },
        );
        const domains = [rig.newDomain(), rig.newDomain(), rig.newDomain(), rig.newDomain()];
        const model = new Model();
        for (const each of steps) {
          left = each.fail;
          rig.unit.failNth('attach', each.fail === 0 ? Infinity : each.fail, 'EIO');
          let pasidCalls = 0;
          rig.unit.refusesPasid = (_device, domain) =>
            domain !== rig.unit.blockedDomain && ++pasidCalls === each.fail;
          perform(rig, model, each, domains);
          left = 0;
          rig.unit.failNth('attach', Infinity, 'EIO');
          rig.unit.refusesPasid = () => false;
          for (const group of rig.core.groups.values()) {
            if (each.fail > 0) noteStuck(rig, model, group);
            check(rig, model, group);
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});

function perform(
  rig: CoreRig,
  model: Model,
  { what, letter, which }: Step,
  domains: readonly IommuDomain[],
): void {
  const device = rig.core.devices.get(letter);
  const group = device?.group;
  const domain = domains[which]!;
  const pasid = 1 + (which & 1);
  if (!device || !group) {
    if (!device && what === 'add') {
      rig.hotAdd(letter, GROUPS);
    } else if (device && what === 'add') {
      rig.run(probeDevice(rig.core, device, (each) => rig.groupFor(GROUPS, each)));
    }
    return;
  }
  const { core } = rig;
  switch (what) {
    case 'bind':
      if (rig.bind(letter, which < 3 ? 'e1000e' : 'vfio-pci').ok && which < 3) model.native.add(letter);
      return;
    case 'unbind':
      // While PASIDs are attached the kernel warns and does not count down: its drivers detach before.
      if (group.pasidArray.size > 0) return;
      rig.run(unbindDriver(core, device));
      model.native.delete(letter);
      return;
    case 'claim': {
      const owner = OWNERS[which & 1]!;
      if (rig.run(claimDeviceDmaOwner(core, device, owner)).ok)
        model.claims.set(letter, [...(model.claims.get(letter) ?? []), owner]);
      return;
    }
    case 'release':
      // Nobody releases what it did not claim, nor with something attached.
      if (!model.claims.get(letter)?.length || group.pasidArray.size > 0 || group.resettingDomain) return;
      rig.run(releaseDeviceDmaOwner(core, device));
      model.claims.set(letter, model.claims.get(letter)!.slice(1));
      return;
    case 'attach':
      if (group.owner) rig.run(attachGroupHandle(core, group, { domain }));
      return;
    case 'replace':
      if (group.owner && group.pasidArray.has(0)) rig.run(replaceGroupHandle(core, group, { domain }));
      return;
    case 'detach':
      if (group.pasidArray.has(0) && !group.resettingDomain) rig.run(detachGroupHandle(core, group));
      return;
    case 'pasid':
      rig.run(attachDevicePasid(core, device, pasid, domain, which < 2 ? { domain } : null));
      return;
    case 'replace-pasid':
      rig.run(replaceDevicePasid(core, device, pasid, domain, { domain }));
      return;
    case 'detach-pasid': {
      const entry = group.pasidArray.get(pasid);
      if (entry && !group.resettingDomain)
        rig.run(detachDevicePasid(core, device, pasid, domainOfEntry(entry)));
      return;
    }
    case 'reset':
      rig.run(resetPrepare(core, device));
      return;
    case 'done':
      if (group.resettingDomain) rig.run(resetDone(core, device));
      return;
    case 'type':
      rig.run(storeGroupType(core, group, ['identity', 'DMA', 'DMA-FQ', 'auto'][which]!));
      return;
    case 'remove':
      if (device.driver || model.claims.get(letter)?.length || group.resettingDomain) return;
      if (group.devices.length === 1 && group.pasidArray.size > 0) return;
      rig.run(releaseDevice(core, device));
      return;
    case 'add':
      return;
  }
}

/** Where blocking itself fails, there is nothing left to park a device on. Linux: __iommu_device_set_domain() */
function noteStuck(rig: ReturnType<typeof CoreRig.of>, model: Model, group: IommuGroup): void {
  if (group.domain !== group.blockingDomain) return;
  for (const { name } of group.devices)
    if (rig.unit.attached.get(name) !== group.domain) model.stuck.add(name);
}

function check(rig: ReturnType<typeof CoreRig.of>, model: Model, group: IommuGroup): void {
  const letters = group.devices.map(({ name }) => name);
  const natives = letters.filter((letter) => model.native.has(letter)).length;
  const claims = model.claimsOf(letters);
  // Native drivers or one user, never both, and each counted once.
  expect(natives === 0 || claims.length === 0).toBe(true);
  expect(group.ownerCnt).toBe(natives + claims.length);
  expect(new Set(claims).size).toBe(group.owner ? 1 : 0);
  if (group.owner) expect(claims[0]).toBe(group.owner);
  // A user's group is never on the default domain.
  if (group.owner) expect(group.domain).not.toBe(group.defaultDomain);
  if (group.pasidArray.has(0)) expect(domainOfEntry(group.pasidArray.get(0)!)).toBe(group.domain);
  for (const device of group.devices) {
    const real = rig.unit.attached.get(device.name);
    expect(real).toBe(device.attached);
    // Each device is where the group is; only what the kernel parks after a failure, or during a reset, is blocked.
    if (real === group.domain) model.stuck.delete(device.name);
    else if (!model.stuck.has(device.name)) expect([group.blockingDomain, undefined]).toContain(real);
    // A PASID is where its entry says, or nowhere: a device that came later, or could not be set again after a reset.
    for (const pasid of [1, 2]) {
      const entry = group.pasidArray.get(pasid);
      const set = rig.unit.pasids.get(`${device.name}/${pasid}`);
      if (set) expect(entry && domainOfEntry(entry)).toBe(set);
    }
  }
}
