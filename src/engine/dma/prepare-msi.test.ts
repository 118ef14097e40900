import { describe, expect, it } from 'vitest';
import { attachGroup } from '../iommu/attach';
import { claimDeviceDmaOwner } from '../iommu/ownership';
import type { ResvRegion } from '../iommu/ops';
import { ALICE, CoreRig, outcome, type CoreRigOptions } from '../iommu/testing/core-rig';
import { CoreUnit } from '../iommu/testing/core-unit';
import { FailNth } from '../kernel/fail';
import { cookieOf, getMsiCookie } from './cookie';
import { dmaMap } from './map';
import { prepareMsi } from './prepare-msi';

// Expected results: drivers/iommu/iommu.c iommu_dma_prepare_msi(), dma-iommu.c iommu_dma_get_msi_page() and
// iommu_get_msi_cookie(), include/linux/msi.h msi_msg_set_addr() of the 7.1 merge window.
const STRICT: CoreRigOptions = { iommu: { passthrough: false, strict: true } };
const DOORBELL = 0x2c1_0040n;
const WINDOW: ResvRegion = { start: 0x800_0000n, last: 0x80f_ffffn, kind: 'sw-msi' };

const prepare = (rig: CoreRig, letter = 'a', msiPa = DOORBELL): bigint | string => {
  const result = rig.run(prepareMsi(rig.core, rig.device(letter), msiPa));
  return result.ok ? result.value : result.errno;
};
const paOf = (rig: CoreRig, iova: bigint): number | null =>
  rig.group('a').domain?.paging?.iovaToPhys(iova) ?? null;

describe('an interrupt of a device whose driver uses the DMA API', () => {
  it('is written to a page of the default domain, the same for the same doorbell and for siblings', () => {
    const rig = CoreRig.of(['ab'], {}, STRICT);
    expect([prepare(rig), paOf(rig, 0xffff_f040n)]).toEqual([0xffff_f040n, 0x2c1_0040]);
    expect([prepare(rig, 'b', 0x2c1_0ff8n), prepare(rig, 'a', 0x2c1_1000n)]).toEqual([
      0xffff_fff8n,
      0xffff_e000n,
    ]);
  });

  it('may only be written, as device memory', () => {
    const rig = CoreRig.of(['a'], {}, STRICT);
    prepare(rig);
    const [table] = rig.unit.live;
    expect([...table!.leaves.values()].map(({ prot }) => prot)).toEqual([
      { read: false, write: true, mmio: true },
    ]);
  });

  it('takes its address from the same room as dma_map, also from a window of software', () => {
    const unit = new CoreUnit('mock0');
    unit.resv.set('a', [WINDOW]);
    const rig = new CoreRig([unit], ['a'], STRICT);
    expect(prepare(rig)).toBe(0xffff_f040n);
    const mapped = rig.ok(
      dmaMap(rig.core, rig.device('a'), { pa: 0x1000, bytes: 4096, direction: 'to-device' }),
    );
    expect(mapped).toBe(0xffff_e000n);
  });

  it('stays where it is when the doorbell is in a window that hardware takes out', () => {
    const unit = new CoreUnit('mock0');
    unit.resv.set('a', [{ start: 0x2c0_0000n, last: 0x2cf_ffffn, kind: 'msi' }]);
    const rig = new CoreRig([unit], ['a'], STRICT);
    expect([prepare(rig), prepare(rig, 'a', 0x2cf_fffcn), prepare(rig, 'a', 0x2d0_0000n)]).toEqual([
      DOORBELL,
      0x2cf_fffcn,
      0xffff_f000n,
    ]);
  });

  it('stays where it is on an identity domain, and without a group', () => {
    const rig = CoreRig.of(['a'], {}, { iommu: { passthrough: true, strict: true } });
    expect(prepare(rig)).toBe(DOORBELL);
    const alone = rig.add('z');
    expect(rig.run(prepareMsi(rig.core, alone, DOORBELL))).toEqual({ ok: true, value: DOORBELL });
  });

  it('that cannot be entered is ENOMEM, and its address is free again', () => {
    const rig = CoreRig.of(['a'], {}, STRICT);
    rig.unit.failNth('map', 1, 'EINVAL');
    expect(prepare(rig)).toBe('ENOMEM');
    expect([prepare(rig), cookieOf(rig.group('a').domain)?.msiPages.length]).toEqual([0xffff_f040n, 1]);
  });

  it('without memory for the page is ENOMEM', () => {
    const fail = new FailNth();
    const rig = CoreRig.of(['a'], {}, { ...STRICT, fail });
    fail.arm(1);
    expect([prepare(rig), fail.fired, prepare(rig)]).toEqual([
      'ENOMEM',
      'iommu_dma_get_msi_page',
      0xffff_f040n,
    ]);
  });
});

describe('an interrupt of a device whose addresses a user has', () => {
  /** As VFIO's type 1 container does. */
  const attached = (base: bigint | null): CoreRig & { readonly unit: CoreUnit } => {
    const rig = CoreRig.of(['ab'], {}, STRICT);
    rig.ok(claimDeviceDmaOwner(rig.core, rig.device('a'), ALICE));
    const domain = rig.newDomain();
    rig.ok(attachGroup(rig.core, domain, rig.group('a')));
    if (base !== null) expect(outcome(getMsiCookie(rig.core, domain, base))).toBe('ok');
    return rig;
  };

  it('goes to the window of its cookie, page after page', () => {
    const rig = attached(0x800_0000n);
    expect([prepare(rig), prepare(rig, 'b', 0x5000n), prepare(rig, 'b')]).toEqual([
      0x800_0040n,
      0x800_1000n,
      0x800_0040n,
    ]);
    expect(paOf(rig, 0x800_1000n)).toBe(0x5000);
  });

  it('that cannot be entered leaves its place to the next', () => {
    const rig = attached(0x800_0000n);
    rig.unit.failNth('map', 1, 'EINVAL');
    expect([prepare(rig), prepare(rig)]).toEqual(['ENOMEM', 0x800_0040n]);
  });

  it('has no place in a window that begins at 0', () => {
    expect(prepare(attached(0n))).toBe('ENOMEM');
  });

  it('has nobody to enter it without a cookie: EOPNOTSUPP, also while the group is blocked', () => {
    expect(prepare(attached(null))).toBe('EOPNOTSUPP');
    const rig = CoreRig.of(['a'], {}, STRICT);
    rig.ok(claimDeviceDmaOwner(rig.core, rig.device('a'), ALICE));
    expect(prepare(rig)).toBe('EOPNOTSUPP');
  });

  it('a cookie is only for domains of users that have none: EINVAL, EEXIST', () => {
    const rig = attached(0x800_0000n);
    const { domain, defaultDomain } = rig.group('a');
    expect(outcome(getMsiCookie(rig.core, domain!, 0n))).toBe('EEXIST');
    expect(outcome(getMsiCookie(rig.core, defaultDomain!, 0n))).toBe('EINVAL');
  });
});
