import { describe, expect, it } from 'vitest';
import { unbindDriver } from '../iommu/drivers';
import { storeGroupType } from '../iommu/group-type';
import { claimDeviceDmaOwner } from '../iommu/ownership';
import { ALICE, CoreRig, outcome, type CoreRigOptions } from '../iommu/testing/core-rig';
import { CoreUnit } from '../iommu/testing/core-unit';
import { PhysicalMemory } from '../memory/physical-memory';
import { dmaAlloc, dmaFree } from './alloc';
import { cookieOf } from './cookie';
import { dmaMap, dmaUnmap, setDmaMask, type DmaDirection } from './map';
import { flushTimeout } from './timers';
import { viewDmaApi } from './view';

// Expected results: drivers/iommu/dma-iommu.c and iova.c of the 7.1 merge window.
const STRICT: CoreRigOptions = { iommu: { passthrough: false, strict: true } };
/** All but the last page below 4 GiB is the host bridge's. */
const NEARLY_FULL: CoreRigOptions = {
  ...STRICT,
  traits: () => ({ hostWindows: [{ start: 0n, last: 0xffff_efffn }] }),
};

const map = (rig: CoreRig, pa: number, bytes: number, direction: DmaDirection = 'bidirectional') =>
  rig.run(dmaMap(rig.core, rig.device('a'), { pa, bytes, direction }));
const address = (rig: CoreRig, pa: number, bytes: number): bigint => {
  const mapped = map(rig, pa, bytes);
  if (!mapped.ok) throw new Error(mapped.why);
  return mapped.value;
};
const unmap = (rig: CoreRig, iova: bigint, bytes: number) => dmaUnmap(rig.core, rig.device('a'), iova, bytes);
const paging = (rig: CoreRig) => rig.group('a').defaultDomain!.paging!;
const queue = (rig: CoreRig) => cookieOf(rig.group('a').defaultDomain)!.queue;

describe('dma_map through a default domain', () => {
  it('hands out addresses from 4 GiB downwards and keeps the offset in the page', () => {
    const rig = CoreRig.of(['a'], {}, STRICT);
    expect([address(rig, 0x1234_5678, 100), address(rig, 0x2000, 8192)]).toEqual([
      0xffff_f678n,
      0xffff_c000n,
    ]);
    expect(paging(rig).iovaToPhys(0xffff_f678n)).toBe(0x1234_5678);
  });

  it('two bytes over a page boundary take two pages', () => {
    const rig = CoreRig.of(['a'], {}, STRICT);
    expect(address(rig, 0x1fff, 2)).toBe(0xffff_efffn);
    expect([0xffff_efffn, 0xffff_f000n].map((iova) => paging(rig).iovaToPhys(iova))).toEqual([
      0x1fff, 0x2000,
    ]);
  });

  it.each([
    ['to-device', { read: true, write: false }],
    ['from-device', { read: false, write: true }],
    ['bidirectional', { read: true, write: true }],
  ] as const)('%s is what the device may do', (direction, prot) => {
    const rig = CoreRig.of(['a'], {}, STRICT);
    map(rig, 0x5000, 4096, direction);
    const [table] = rig.unit.live;
    expect([...table!.leaves.values()].map((leaf) => leaf.prot)).toEqual([prot]);
  });

  it('what the first device reserves is left out: interrupts, and what its host bridge sends elsewhere', () => {
    const unit = new CoreUnit('mock0');
    unit.resv.set('a', [{ start: 0xfee0_0000n, last: 0xfeef_ffffn, kind: 'msi' }]);
    const hostWindows = [{ start: 0xff00_0000n, last: 0xffff_ffffn }];
    const rig = new CoreRig([unit], ['a'], { ...STRICT, traits: () => ({ hostWindows }) });
    expect(address(rig, 0x1000, 4096)).toBe(0xfeff_f000n);
    expect(address(rig, 0x10_0000, 2 ** 20)).toBe(0xfed0_0000n);
  });

  it('a 64-bit device stays below 4 GiB until that is full, and says when it leaves', () => {
    const rig = CoreRig.of(['a'], {}, NEARLY_FULL);
    setDmaMask(rig.device('a'), 2n ** 64n - 1n);
    expect(address(rig, 0, 4096)).toBe(0xffff_f000n);
    rig.logs();
    expect(address(rig, 0, 4096)).toBe(0xffff_ffff_f000n);
    expect(rig.logs()).toContain('pci a: Using 48-bit DMA addresses');
  });

  it('with iommu.forcedac it is above from the start; a 32-bit device never is', () => {
    const iommu = { passthrough: false, strict: true, forcedac: true };
    const rig = CoreRig.of(['a'], {}, { iommu });
    expect(address(rig, 0x1000, 4096)).toBe(0xffff_f000n);
    setDmaMask(rig.device('a'), 2n ** 40n - 1n);
    expect(address(rig, 0x1000, 4096)).toBe(0xff_ffff_f000n);
  });

  it('no address left is a mapping error, ENOMEM', () => {
    const rig = CoreRig.of(['a'], {}, NEARLY_FULL);
    address(rig, 0, 4096);
    expect(map(rig, 0, 4096)).toMatchObject({ errno: 'ENOMEM', rule: 'dma_mapping_error' });
  });

  it('a driver that refuses the map gives its address back', () => {
    const rig = CoreRig.of(['a'], {}, STRICT);
    rig.unit.failNth('map', 1, 'ENOMEM');
    expect(outcome(map(rig, 0x1000, 4096))).toBe('ENOMEM');
    expect(address(rig, 0x1000, 4096)).toBe(0xffff_f000n);
  });

  it('while a user owns the group its maps go to a domain that is attached to nothing', () => {
    const rig = CoreRig.of(['a'], {}, STRICT);
    rig.run(claimDeviceDmaOwner(rig.core, rig.device('a'), ALICE));
    expect(outcome(map(rig, 0x1000, 4096))).toBe('ok');
    expect(rig.domainOf('a')).toBe('blocked');
  });
});

describe('dma_unmap', () => {
  it('strict: the address is free at once, and the next of that size gets it', () => {
    const rig = CoreRig.of(['a'], {}, STRICT);
    const first = address(rig, 0x1000, 4096);
    address(rig, 0x2000, 4096);
    unmap(rig, first, 4096);
    expect(paging(rig).iovaToPhys(first)).toBeNull();
    expect(address(rig, 0x3000, 4096)).toBe(first);
  });

  it('lazy: the address is not handed out again before the flush', () => {
    const rig = CoreRig.of(['a']);
    expect(rig.group('a').defaultDomain?.type).toBe('DMA-FQ');
    const first = address(rig, 0x1000, 4096);
    unmap(rig, first, 4096);
    expect([queue(rig)?.entries.length, queue(rig)?.timerOn]).toEqual([1, true]);
    expect(address(rig, 0x2000, 4096)).toBe(first - 4096n);
    queue(rig)?.timeout();
    expect([queue(rig)?.entries.length, queue(rig)?.timerOn]).toEqual([0, false]);
    expect(address(rig, 0x3000, 4096)).toBe(first);
  });

  it('lazy: the 256th unmap finds 255 in the ring and flushes them all', () => {
    const rig = CoreRig.of(['a']);
    const mapped = Array.from({ length: 256 }, (_, page) => address(rig, page * 4096, 4096));
    for (const iova of mapped.slice(0, 255)) unmap(rig, iova, 4096);
    expect([queue(rig)?.entries.length, queue(rig)?.flushes]).toEqual([255, 0]);
    unmap(rig, mapped[255]!, 4096);
    expect([queue(rig)?.entries.length, queue(rig)?.flushes]).toEqual([1, 1]);
  });

  it('lazy: what waits can be seen, and 10 ms end it', () => {
    const rig = CoreRig.of(['a', 'b']);
    unmap(rig, address(rig, 0x1000, 8192), 8192);
    const view = () => viewDmaApi(rig.group('a').defaultDomain);
    const range = { iova: 0xffff_e000n, last: 0xffff_ffffn };
    expect(view()).toEqual({
      lazy: true,
      taken: [range],
      cached: 0,
      waiting: [range],
      timerOn: true,
      flushes: 0,
    });
    expect([flushTimeout(rig.core), flushTimeout(rig.core)]).toEqual([1, 0]);
    expect(view()).toMatchObject({ taken: [range], cached: 1, waiting: [], timerOn: false, flushes: 1 });
  });

  it('of nothing is a warning', () => {
    const rig = CoreRig.of(['a']);
    rig.logs();
    unmap(rig, 0x1000n, 4096);
    expect(rig.logs()).toEqual([expect.stringContaining('WARNING: iommu_dma_unmap_phys')]);
    expect(queue(rig)?.entries).toEqual([]);
  });

  it('more than is mapped is a warning too', () => {
    const rig = CoreRig.of(['a'], {}, STRICT);
    const iova = address(rig, 0x1000, 4096);
    rig.logs();
    unmap(rig, iova, 8192);
    expect(rig.logs()).toEqual([expect.stringContaining('0x1000 of 0x2000 bytes')]);
  });
});

describe('default domains and the DMA API', () => {
  it('identity: addresses are physical, as far as the device reaches', () => {
    const rig = CoreRig.of(['a'], {}, { iommu: { passthrough: true, strict: false } });
    expect(address(rig, 0x1234_5678, 100)).toBe(0x1234_5678n);
    expect(map(rig, 0x1_0000_0000, 4096)).toMatchObject({ errno: 'ENOMEM' });
    expect(rig.logs()).toContain(
      'pci a: DMA addr 0x0000000100000000+4096 overflow (mask ffffffff, bus limit 0).',
    );
    setDmaMask(rig.device('a'), 2n ** 64n - 1n);
    expect(address(rig, 0x1_0000_0000, 4096)).toBe(0x1_0000_0000n);
  });

  it('[B12] DMA → DMA-FQ brings up a queue under a running driver; what is mapped stays', () => {
    const rig = CoreRig.of(['a'], {}, STRICT);
    rig.bind('a', 'e1000e');
    const iova = address(rig, 0x1000, 4096);
    expect(outcome(rig.run(storeGroupType(rig.core, rig.group('a'), 'DMA-FQ\n')))).toBe('ok');
    unmap(rig, iova, 4096);
    expect(queue(rig)?.entries.length).toBe(1);
  });

  it('a new default domain forgets what was handed out, and the queue’s tables are given back', () => {
    const rig = CoreRig.of(['a']);
    unmap(rig, address(rig, 0x1000, 4096), 4096);
    rig.run(unbindDriver(rig.core, rig.device('a')));
    expect(outcome(rig.run(storeGroupType(rig.core, rig.group('a'), 'DMA')))).toBe('ok');
    expect([queue(rig), rig.unit.live.size]).toEqual([null, 1]);
    expect(address(rig, 0x2000, 4096)).toBe(0xffff_f000n);
  });

  it('without memory for the queue the domain is strict; without memory for its caches the device goes direct', () => {
    const failing = (point: string): CoreRigOptions => ({ fail: { hit: (each) => each === point } });
    expect(CoreRig.of(['a'], {}, failing('iommu_dma_init_fq')).group('a').defaultDomain?.type).toBe('DMA');
    const direct = CoreRig.of(['a'], {}, failing('iova_domain_init_rcaches'));
    expect(direct.logs()).toContain('Failed to set up IOMMU for device a; retaining platform DMA ops');
    expect(address(direct, 0x1234_5678, 100)).toBe(0x1234_5678n);
  });

  it('devices of a group share their addresses', () => {
    const rig = CoreRig.of(['ab'], {}, STRICT);
    address(rig, 0x1000, 4096);
    const second = rig.run(
      dmaMap(rig.core, rig.device('b'), { pa: 0x2000, bytes: 4096, direction: 'to-device' }),
    );
    expect(second).toMatchObject({ ok: true, value: 0xffff_e000n });
  });
});

describe('dma_alloc', () => {
  it('pieces as large as IOMMU pages, at one address', () => {
    const rig = CoreRig.of(['a'], {}, STRICT);
    const memory = new PhysicalMemory();
    const made = rig.ok(dmaAlloc(rig.core, rig.device('a'), memory, 2 ** 21 + 5000));
    expect(made).toMatchObject({ address: 0xffc0_0000n, bytes: 2 ** 21 + 8192 });
    expect(made.runs.map(({ count }) => count)).toEqual([512, 1, 1]);
    expect(made.runs[0]!.pfn % 512).toBe(0);
    expect(paging(rig).iovaToPhys(made.address + 2n ** 21n)).toBe(made.runs[1]!.pfn * 4096);
    dmaFree(rig.core, rig.device('a'), memory, made);
    expect([memory.allocatedFrames, paging(rig).iovaToPhys(made.address)]).toEqual([0, null]);
  });

  it('without translation: physically one piece', () => {
    const rig = CoreRig.of(['a'], {}, { iommu: { passthrough: true, strict: false } });
    const memory = new PhysicalMemory();
    const made = rig.ok(dmaAlloc(rig.core, rig.device('a'), memory, 3 * 4096));
    expect(made.address).toBe(BigInt(made.runs[0]!.pfn * 4096));
    expect(made.runs).toEqual([{ pfn: made.runs[0]!.pfn, count: 3 }]);
  });

  it('whatever allocation fails, nothing is left behind', () => {
    let failed = 0;
    for (let nth = 1; nth < 20; nth++) {
      let left = Infinity;
      const rig = CoreRig.of(['a'], {}, { ...STRICT, fail: { hit: () => --left === 0 } });
      const memory = new PhysicalMemory();
      left = nth;
      const made = rig.run(dmaAlloc(rig.core, rig.device('a'), memory, 3 * 4096));
      left = Infinity;
      if (made.ok) dmaFree(rig.core, rig.device('a'), memory, made.value);
      else failed++;
      expect([memory.allocatedFrames, rig.unit.live.size]).toEqual([0, 1]);
      expect([...rig.unit.live].map((table) => table.leaves.size)).toEqual([0]);
    }
    expect(failed).toBeGreaterThan(0);
  });
});
