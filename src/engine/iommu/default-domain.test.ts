import { describe, expect, it } from 'vitest';
import { deferredAttach } from './attach';
import { storeGroupType } from './group-type';
import type { IommuDomain } from './ops';
import { claimDeviceDmaOwner } from './ownership';
import { releaseDevice } from './probe';
import { ALICE, CoreRig, outcome } from './testing/core-rig';
import { CoreUnit } from './testing/core-unit';

// Expected results: iommu_setup_default_domain() and what it calls, drivers/iommu/iommu.c of the 7.1 merge window.
const store = (rig: CoreRig, word: string) =>
  outcome(rig.run(storeGroupType(rig.core, rig.group('a'), word)));

function staticDefault(type: IommuDomain['type']): CoreUnit {
  const unit = new CoreUnit('mock0');
  const { blockedDomain } = unit;
  if (!blockedDomain) throw new Error('no blocked domain');
  return Object.assign(unit, { defaultDomain: { ...blockedDomain, label: `static ${type}`, type } });
}

describe('which default domain a group gets', () => {
  it('a driver’s static one, whatever the command line says; sysfs shows its type and takes no other', () => {
    const rig = new CoreRig([staticDefault('blocked')], ['a']);
    expect(rig.group('a').defaultDomain?.type).toBe('blocked');
    expect(['identity', 'DMA', 'DMA-FQ', 'auto'].map((word) => store(rig, word))).toEqual([
      'EINVAL',
      'EINVAL',
      'EINVAL',
      'ok',
    ]);
  });

  it('where drivers disagree identity wins, in either order, and the words are the kernel’s', () => {
    for (const [first, second] of [
      ['DMA', 'identity'],
      ['identity', 'DMA'],
    ] as const) {
      const unit = new CoreUnit('mock0');
      unit.forced.set('a', first).set('b', second);
      const rig = new CoreRig([unit], ['ab']);
      expect(rig.group('a').defaultDomain?.type).toBe('identity');
      const [one, two] = first === 'DMA' ? ['Translated', 'Passthrough'] : ['Passthrough', 'Translated'];
      expect(rig.logs()).toContain(
        `pci b: IOMMU driver error, requesting conflicting def_domain_type, ${one} and ${two}, for devices in group 0.`,
      );
    }
  });

  it('a device that is not trusted is translated strictly, even with iommu.passthrough', () => {
    const rig = CoreRig.of(
      ['ab'],
      {},
      {
        iommu: { passthrough: true, strict: false },
        traits: (letter) => ({ untrusted: letter === 'b' }),
      },
    );
    expect(rig.group('a').defaultDomain?.type).toBe('DMA');
    expect(['identity', 'DMA-FQ', 'DMA'].map((word) => store(rig, word))).toEqual(['EINVAL', 'ok', 'ok']);
  });

  it('one that is not trusted and must be identity is refused: EINVAL', () => {
    const unit = new CoreUnit('mock0');
    const rig = new CoreRig([unit], [], { traits: () => ({ untrusted: true }) });
    unit.forced.set('a', 'identity');
    expect(outcome(rig.hotAdd('a', ['a']))).toBe('EINVAL');
    expect(rig.logs()).toContain(
      'pci a: Device is not trusted, but driver is overriding group 0 to Passthrough, refusing to probe.',
    );
    expect([rig.core.groups.size, rig.device('a').group]).toEqual([0, null]);
  });

  it('without memory for a lazy domain a strict one is tried, and the log says so', () => {
    const unit = new CoreUnit('mock0');
    const rig = new CoreRig([unit], []);
    unit.failNth('alloc', 1, 'ENOMEM');
    expect(outcome(rig.hotAdd('a', ['a']))).toBe('ok');
    expect(rig.group('a').defaultDomain?.type).toBe('DMA');
    expect(rig.logs()).toContain(
      'Failed to allocate default IOMMU domain of type 11 for group (null) - Falling back to IOMMU_DOMAIN_DMA',
    );
    unit.failNth('alloc', 1, 'ENOMEM', 2);
    expect(outcome(rig.hotAdd('b', ['b']))).toBe('ENOMEM');
  });

  it('a strict machine does not try twice: EINVAL', () => {
    const unit = new CoreUnit('mock0');
    const rig = new CoreRig([unit], [], { iommu: { passthrough: false, strict: true } });
    unit.failNth('alloc', 1, 'ENOMEM');
    expect(outcome(rig.hotAdd('a', ['a']))).toBe('EINVAL');
  });

  it('a device with PASIDs gets a domain that goes with them, where the driver knows such', () => {
    const asked: (boolean | undefined)[] = [];
    class Spy extends CoreUnit {
      override domainAllocPaging(...args: Parameters<CoreUnit['domainAllocPaging']>) {
        asked.push(args[1].pasid);
        return super.domainAllocPaging(...args);
      }
    }
    const traits = (letter: string) => (letter === 'a' ? { maxPasids: 8 } : {});
    new CoreRig([new Spy('mock0')], ['a', 'b'], { traits });
    new CoreRig([new Spy('mock0', { pagingExtras: [] })], ['a'], { traits });
    expect(asked).toEqual([true, undefined, undefined]);
  });

  it('at boot drivers hear that a device is ready when its group has its domain', () => {
    const rig = CoreRig.of(['ab', 'c']);
    rig.hotAdd('d', ['d']);
    expect(rig.unit.finalized).toEqual(['a', 'b', 'c', 'd']);
  });
});

describe('1:1 regions', () => {
  const RMRR = [{ start: 0x10_0000n, last: 0x10_0fffn, kind: 'direct' }] as const;

  it('that cannot be mapped before the attach are tried again after it', () => {
    const unit = new CoreUnit('mock0');
    const rig = new CoreRig([unit], []);
    unit.resv.set('a', RMRR);
    unit.failNth('map', 1, 'ENOMEM');
    expect(outcome(rig.hotAdd('a', ['a']))).toBe('ok');
    expect(rig.logs()).toContain('IOMMU driver was not able to establish FW requested direct mapping.');
    expect(rig.group('a').defaultDomain?.paging?.iovaToPhys(0x10_0000n)).toBe(0x10_0000);
  });

  it('that cannot be mapped at all refuse the device', () => {
    const unit = new CoreUnit('mock0');
    const rig = new CoreRig([unit], []);
    unit.resv.set('a', RMRR);
    unit.failNth('map', 1, 'ENOMEM', 2);
    expect(outcome(rig.hotAdd('a', ['a']))).toBe('ENOMEM');
    expect([rig.core.groups.size, unit.live.size]).toEqual([0, 0]);
  });

  it('and a change of type that loses them goes back', () => {
    const unit = new CoreUnit('mock0');
    unit.resv.set('a', RMRR);
    const rig = new CoreRig([unit], ['a']);
    const before = rig.domainOf('a');
    unit.failNth('map', 1, 'ENOMEM', 2);
    expect(store(rig, 'DMA')).toBe('ENOMEM');
    expect([rig.domainOf('a'), rig.group('a').defaultDomain?.type, unit.live.size]).toEqual([
      before,
      'DMA-FQ',
      1,
    ]);
  });
});

describe('deferred attach: an earlier kernel’s tables stay until the first map', () => {
  function kdump() {
    const unit = new CoreUnit('mock0');
    unit.deferred.add('a');
    return Object.assign(new CoreRig([unit], ['ab']), { unit });
  }

  it('the default domain is set without a call to the driver', () => {
    const rig = kdump();
    expect([rig.domainOf('a'), rig.domainOf('b')]).toEqual([undefined, rig.group('a').domain?.label]);
    expect(rig.device('a').attachDeferred).toBe(true);
  });

  it('nor is it by another default domain; any other domain ends the deferral', () => {
    const rig = kdump();
    expect(store(rig, 'identity')).toBe('ok');
    expect([rig.domainOf('a'), rig.device('a').attachDeferred]).toEqual([undefined, true]);
    rig.ok(claimDeviceDmaOwner(rig.core, rig.device('a'), ALICE));
    expect([rig.domainOf('a'), rig.device('a').attachDeferred]).toEqual(['blocked', false]);
  });

  it('the first map attaches it, unless its group is being reset', () => {
    const rig = kdump();
    const group = rig.group('a');
    const attach = () => outcome(rig.run(deferredAttach(rig.core, rig.device('a'), group.defaultDomain!)));
    group.resettingDomain = rig.unit.blockedDomain;
    expect(attach()).toBe('EBUSY');
    group.resettingDomain = null;
    expect(attach()).toBe('ok');
    expect([rig.domainOf('a'), rig.device('a').attachDeferred]).toEqual([group.domain?.label, false]);
    rig.unit.moves.length = 0;
    expect([attach(), rig.unit.moves]).toEqual(['ok', []]);
  });

  it('a device that goes without ever having mapped is not touched', () => {
    const rig = kdump();
    Object.assign(rig.unit, { releaseDomain: rig.unit.blockedDomain });
    rig.unit.moves.length = 0;
    rig.run(releaseDevice(rig.core, rig.device('a')));
    rig.run(releaseDevice(rig.core, rig.device('b')));
    expect([rig.unit.moves, rig.unit.released]).toEqual([['b→blocked'], ['a', 'b']]);
  });
});
