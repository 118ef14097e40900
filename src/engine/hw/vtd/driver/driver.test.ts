import { describe, expect, it } from 'vitest';
import type { IommuClient } from '../../../iommu/ops';
import { PhysicalMemory } from '../../../memory/physical-memory';
import { TraceBuffer } from '../../../trace/trace';
import { transfer } from '../../common/dma';
import type { VtdConfig } from '../device/config';
import { inspectVtd } from '../device/inspect';
import { createVtdUnit } from '../unit';
import type { VtdDriverOptions } from './driver';
import { psiMask } from './flush';

const client = (name: string, rid: number, aliasRids = [rid]): IommuClient => ({ name, rid, aliasRids });
const NIC = client('0000:01:00.0', 0x0100);
const RW = { read: true, write: true };

function setup(config: Partial<VtdConfig> = {}, driver: Partial<VtdDriverOptions> = {}) {
  const memory = new PhysicalMemory();
  const trace = new TraceBuffer();
  const made = createVtdUnit({ memory, trace, config, driver });
  if (!made.ok) throw new Error(made.why);
  const unit = made.value;
  unit.driver.probeDevice(NIC);
  unit.driver.enableTranslation();
  const domain = () => {
    const d = unit.driver.domainAllocPaging(NIC, {});
    if (!d.ok) throw new Error(d.why);
    return d.value;
  };
  const dma = (rid: number, iova: bigint, data?: Uint8Array) =>
    transfer(unit.device, memory, {
      device: 'x',
      rid,
      iova,
      bytes: 1,
      ...(data === undefined ? {} : { data }),
    })[0]!;
  /** Invalidation descriptors since the last call, without the waits: low and high word. */
  const commands = () =>
    trace.take().flatMap((e) => (e.kind === 'command' && e.name !== 'Invalidation Wait' ? [e.words] : []));
  const frame = (count = 1): number => {
    const pfn = memory.allocateFrames(count, { align: count, from: 'top' });
    if (!pfn.ok) throw new Error();
    return pfn.value * 4096;
  };
  commands();
  return { memory, trace, ...unit, domain, dma, commands, frame };
}

/** Words of a context entry, found from RTADDR as hardware does. */
function contextWords(u: ReturnType<typeof setup>, rid: number): bigint[] {
  const root = Number(u.device.registers.read64(0x20) & ~0xfffn);
  const entry = u.memory.readU64(root + (rid >> 8) * 16) ?? 0n;
  const at = Number(entry & ~0xfffn) + (rid & 0xff) * 16;
  return [u.memory.readU64(at) ?? -1n, u.memory.readU64(at + 8) ?? -1n];
}

describe('boot', () => {
  it('queue, interrupt remapping, root table, fault interrupt, translation: in the order of the kernel', () => {
    const memory = new PhysicalMemory();
    const trace = new TraceBuffer();
    const unit = createVtdUnit({ memory, trace });
    if (!unit.ok) throw new Error(unit.why);
    unit.value.driver.enableTranslation();
    const writes = trace
      .take()
      .flatMap((e) =>
        e.kind === 'register' && e.op === 'write' ? [`${e.name} ${e.value.toString(16)}`] : [],
      );
    // dmar_enable_qi(), iommu_set_irq_remapping(), iommu_set_root_entry(), dmar_set_interrupt(), iommu_enable_translation()
    expect(writes).toEqual([
      'IQT 0',
      'IQA 100000',
      'GCMD 4000000',
      'IRTA 20080f',
      'GCMD 5000000',
      'IQT 20',
      'GCMD 6000000',
      'RTADDR 102000',
      'GCMD 46000000',
      'IQT 40',
      'IQT 60',
      'FEDATA 21',
      'FEADDR fee00000',
      'FEUADDR 0',
      'FECTL 0',
      'GCMD 86000000',
    ]);
  });

  it('every allocation of the boot may fail', () => {
    for (let nth = 1; nth <= 4; nth++) {
      const memory = new PhysicalMemory();
      memory.failNth(nth);
      expect(createVtdUnit({ memory })).toMatchObject({ ok: false, errno: 'ENOMEM' });
    }
  });

  it('without interrupt remapping MSIs are not isolated', () => {
    expect(setup().driver.isolatedMsi).toBe(true);
    expect(setup({ interruptRemapping: false }).driver.isolatedMsi).toBe(false);
    expect(setup({}, { interruptRemapping: false }).driver.isolatedMsi).toBe(false);
  });
});

describe('context entries', () => {
  it('paging: lo = table|TT 0|P, hi = AW | DID << 8, for 3, 4 and 5 levels', () => {
    for (const [widthBits, aw] of [
      [39, 1n],
      [48, 2n],
      [57, 3n],
    ] as const) {
      const u = setup({ widthBits });
      const domain = u.domain();
      domain.attachDev(NIC, null);
      const table = u.driver.tables(domain)!;
      // The first domain id is IDA_START_DID = 2.
      expect(contextWords(u, 0x0100)).toEqual([BigInt(table.rootPa) | 1n, aw | (2n << 8n)]);
      expect([table.levels, table.tag, table.format]).toEqual([Number(aw) + 2, 'DID 2', 'vtdss']);
      expect(domain.paging!.apertureLast).toBe((1n << BigInt(widthBits)) - 1n);
    }
  });

  it('identity: TT 2, the widest AW, domain id 1; blocked: all zero', () => {
    const u = setup();
    u.driver.identityDomain.attachDev(NIC, null);
    expect(contextWords(u, 0x0100)).toEqual([(2n << 2n) | 1n, 2n | (1n << 8n)]);
    u.driver.blockedDomain.attachDev(NIC, null);
    expect(contextWords(u, 0x0100)).toEqual([0n, 0n]);
  });

  it('one for every alias; taking them away flushes context cache and domain', () => {
    const u = setup();
    const aliased = client('0000:03:02.0', 0x0310, [0x0310, 0x0300]);
    u.driver.probeDevice(aliased);
    const domain = u.domain();
    domain.attachDev(aliased, null);
    expect(contextWords(u, 0x0300)).toEqual(contextWords(u, 0x0310));
    u.commands();
    u.driver.blockedDomain.attachDev(aliased, domain);
    expect([contextWords(u, 0x0300), contextWords(u, 0x0310)]).toEqual([
      [0n, 0n],
      [0n, 0n],
    ]);
    // qi_flush_context(did, PCI_DEVID(info->bus, info->devfn), DEVICE), qi_flush_iotlb(did, DSI) for each alias: the
    // kernel names the device's own id both times.
    const context = 0x31n | (2n << 16n) | (0x0310n << 32n);
    const iotlb = 0xe2n | (2n << 16n);
    expect(u.commands().map(([lo]) => lo)).toEqual([context, iotlb, context, iotlb]);
  });

  it.each([false, true])(
    'a cached alias survives the kernel’s flush: flushEveryAlias = %s',
    (flushEveryAlias) => {
      const u = setup({}, { flushEveryAlias });
      const aliased = client('0000:03:02.0', 0x0310, [0x0310, 0x0300]);
      u.driver.probeDevice(aliased);
      const domain = u.domain();
      domain.attachDev(aliased, null);
      domain.paging!.map(0x1000n, u.frame(), 4096, RW);
      u.dma(0x0310, 0x1000n);
      u.dma(0x0300, 0x1000n);
      u.driver.blockedDomain.attachDev(aliased, domain);
      const left = inspectVtd(u.device).caches.find((cache) => cache.id === 'context')!.entries;
      expect(left.map((e) => [e.tags[0]!.value, e.stale])).toEqual(
        flushEveryAlias ? [] : [['0000:03:00.0', true]],
      );
    },
  );

  it('after each word of a change the hardware sees the old entry, the new one, or none', () => {
    const u = setup();
    const [a, b] = [u.domain(), u.domain()];
    const [pa, pb] = [u.frame(), u.frame()];
    a.paging!.map(0x1000n, pa, 4096, RW);
    b.paging!.map(0x1000n, pb, 4096, RW);
    const states = [a, b, u.driver.identityDomain, u.driver.blockedDomain];
    const seenAs = [pa, pb, 0x1000, null];
    const store = u.memory.store64.bind(u.memory);
    for (const [from, before] of states.entries()) {
      for (const [to, after] of states.entries()) {
        before.attachDev(NIC, null);
        const seen: (number | null)[] = [];
        u.memory.store64 = (address, hi, lo) => {
          const done = store(address, hi, lo);
          // A look without caches: what any request could meet now.
          u.device.state.contextCache.invalidateAll();
          u.device.state.iotlb.invalidateAll();
          seen.push(u.dma(0x0100, 0x1000n).pa);
          return done;
        };
        after.attachDev(NIC, before);
        u.memory.store64 = store;
        const allowed = new Set([seenAs[from], seenAs[to], null]);
        expect(seen.filter((pa) => !allowed.has(pa ?? null))).toEqual([]);
        expect(u.dma(0x0100, 0x1000n).pa).toBe(seenAs[to]);
      }
    }
  });
});

describe('attach', () => {
  it('blocks first: a device that cannot get the new domain is left with nothing', () => {
    const u = setup({ nd: 0 }); // 16 ids, 2 of them reserved
    const clients = Array.from({ length: 15 }, (_, n) =>
      client(`0000:04:${n.toString(16).padStart(2, '0')}.0`, 0x400 + n * 8),
    );
    const results = clients.map((c) => {
      u.driver.probeDevice(c);
      u.driver.identityDomain.attachDev(c, null);
      return u.domain().attachDev(c, u.driver.identityDomain);
    });
    expect(results.map((r) => r.ok)).toEqual([...Array<boolean>(14).fill(true), false]);
    expect(results.at(-1)).toMatchObject({ errno: 'ENOSPC' });
    expect(u.dma(0x400 + 14 * 8, 0x1000n).pa).toBeNull();
  });

  it('a domain keeps its id while any device uses it, and ids are used again', () => {
    const u = setup();
    const other = client('0000:02:00.0', 0x0200);
    u.driver.probeDevice(other);
    const [a, b] = [u.domain(), u.domain()];
    a.attachDev(NIC, null);
    a.attachDev(other, null);
    u.driver.blockedDomain.attachDev(NIC, a);
    expect(u.driver.tables(a)!.tag).toBe('DID 2');
    b.attachDev(NIC, null);
    expect(u.driver.tables(b)!.tag).toBe('DID 3');
    u.driver.blockedDomain.attachDev(other, a);
    expect(u.driver.tables(a)!.tag).toBeNull();
    a.attachDev(other, null);
    expect(u.driver.tables(a)!.tag).toBe('DID 2');
  });

  it('a context table that cannot be had is ENOMEM, and leaves no id behind', () => {
    const u = setup();
    const domain = u.domain();
    u.memory.failNth(1);
    expect(domain.attachDev(NIC, null)).toMatchObject({ errno: 'ENOMEM' });
    expect(u.driver.tables(domain)!.tag).toBeNull();
    expect(domain.attachDev(NIC, null).ok).toBe(true);
  });

  it('a device out of scope is ENODEV, and a domain is not for a device that another driver has: EINVAL', () => {
    const u = setup({}, { scope: (device) => device.name === NIC.name });
    expect(u.driver.probeDevice(client('0000:09:00.0', 0x900))).toMatchObject({ errno: 'ENODEV' });
    expect(u.domain().attachDev(client('0000:09:00.0', 0x900), null)).toMatchObject({ errno: 'EINVAL' });
  });

  it('release stops the device’s DMA', () => {
    const u = setup();
    u.driver.identityDomain.attachDev(NIC, null);
    expect(u.dma(0x0100, 0x1000n).pa).toBe(0x1000);
    u.driver.releaseDevice(NIC);
    expect(u.dma(0x0100, 0x1000n).pa).toBeNull();
  });
});

describe('invalidation after unmap', () => {
  function mapped(config: Partial<VtdConfig> = {}, driver: Partial<VtdDriverOptions> = {}) {
    const u = setup(config, driver);
    const domain = u.domain();
    domain.attachDev(NIC, null);
    return { ...u, paging: domain.paging! };
  }
  const PSI = 0xf2n | (2n << 16n); // page-selective, DW, DR, domain 2
  const DSI = 0xe2n | (2n << 16n);

  it('mapping sends none: CAP.CM is clear', () => {
    const u = mapped();
    u.commands();
    u.paging.map(0x10_0000n, u.frame(512), 2 ** 21, RW);
    expect(u.commands()).toEqual([]);
  });

  it.each<[string, bigint, number, bigint, bigint]>([
    // calculate_psi_aligned_address(): the block must be aligned to its size; IH = 1, for no table was freed
    ['one page', 0x10_0000n, 1, PSI, 0x10_0040n],
    ['two aligned pages', 0x10_2000n, 2, PSI, 0x10_2041n],
    ['two pages that straddle', 0x10_3000n, 2, PSI, 0x10_0043n],
    ['three pages', 0x10_0000n, 3, PSI, 0x10_0042n],
    ['pages 511 and 512 of a gibibyte', 0x1ff000n, 2, PSI, 0x4an],
  ])('%s', (_, iova, pages, lo, hi) => {
    const u = mapped();
    // A neighbour keeps every table in use.
    u.paging.map(0x0n, u.frame(), 4096, RW);
    u.paging.map(0x3f_f000n, u.frame(), 4096, RW);
    const pa = u.frame(8) + 4096;
    u.paging.map(iova, pa, pages * 4096, RW);
    u.commands();
    expect(u.paging.unmap(iova, pages * 4096)).toBe(pages * 4096);
    expect(u.commands()).toEqual([[lo, hi]]);
  });

  it('a freed table clears IH; more than MAMV is the whole domain', () => {
    const u = mapped({ maxAddressMask: 9 });
    u.paging.map(0n, u.frame(512) + 4096 * 0, 2 ** 21, { read: true, write: false });
    u.paging.map(2n ** 21n, 4096, 2 ** 21, RW);
    u.commands();
    expect(u.paging.unmap(2n ** 21n, 2 ** 21)).toBe(2 ** 21);
    expect(u.commands()).toEqual([[PSI, 0x20_0009n]]);
    u.paging.map(2n ** 22n, 4096, 2 ** 22, RW);
    u.commands();
    u.paging.unmap(2n ** 22n, 2 ** 22);
    expect(u.commands()).toEqual([[DSI, 0n]]);
  });

  it('a hole unmaps nothing and sends nothing; so does a domain that no device uses', () => {
    const u = mapped();
    u.commands();
    expect(u.paging.unmap(0x1000n, 4096)).toBe(0);
    const idle = u.domain();
    idle.paging!.map(0x1000n, u.frame(), 4096, RW);
    idle.paging!.unmap(0x1000n, 4096);
    expect(u.commands()).toEqual([]);
  });

  it('tables are freed after the flush, never before', () => {
    const u = mapped();
    u.paging.map(0n, 4096, 2 ** 21, RW);
    const free = u.memory.freeFrames.bind(u.memory);
    const order: string[] = [];
    u.memory.freeFrames = (pfn, count) => {
      order.push(...u.commands().map(() => 'flush'), 'free');
      free(pfn, count);
    };
    u.commands();
    u.paging.unmap(0n, 2 ** 21);
    expect(order[0]).toBe('flush');
    expect(order).toContain('free');
  });

  it('tables that a large page replaces are flushed for before they are freed', () => {
    const u = mapped();
    u.paging.map(0n, 4096, 8192, RW);
    u.paging.unmap(0n, 8192);
    u.commands();
    expect(u.paging.map(0n, u.frame(512), 2 ** 21, RW).ok).toBe(true);
    expect(u.commands()).toEqual([[PSI, 9n]]);
  });

  it('forgetting to flush leaves a translation that is shown as stale and still works', () => {
    const u = mapped({}, { skipInvalidation: true });
    const pa = u.frame();
    u.paging.map(0x1000n, pa, 4096, RW);
    u.dma(0x0100, 0x1000n);
    u.paging.unmap(0x1000n, 4096);
    expect(u.dma(0x0100, 0x1000n)).toMatchObject({ pa, from: 'iotlb' });
    expect(inspectVtd(u.device).caches.find((cache) => cache.id === 'iotlb')!.entries).toMatchObject([
      { iova: 0x1000n, pa, stale: true },
    ]);
  });

  it('psiMask covers the range with one aligned block, and no smaller one would (sampled)', () => {
    for (let first = 0; first < 40; first++) {
      for (let last = first; last < 80; last++) {
        const mask = psiMask(first, last);
        const covers = (m: number): boolean => Math.floor(first / 2 ** m) === Math.floor(last / 2 ** m);
        expect([covers(mask), mask === 0 || !covers(mask - 1)]).toEqual([true, true]);
      }
    }
  });
});

describe('faults', () => {
  it('the handler prints the kernel’s line, keeps the fault, and clears the register', () => {
    const u = setup();
    u.trace.take();
    u.dma(0x0100, 0xdead_b000n, new Uint8Array(1));
    const log = u.trace.take().flatMap((e) => (e.kind === 'log' ? [e.text] : []));
    // dmar_fault() and dmar_fault_do_one()
    expect(log).toEqual([
      'DMAR: DRHD: handling fault status reg 2',
      'DMAR: [DMA Write NO_PASID] Request device [01:00.0] fault addr 0xdeadb000 [fault reason 0x01] Present bit in root entry is clear',
    ]);
    expect(u.driver.faultLog).toMatchObject([
      { index: 0, device: '0000:01:00.0', reason: 1, iova: 0xdead_b000n },
    ]);
    expect(inspectVtd(u.device).faults).toEqual([]);
  });

  it('an interrupt message that remapping blocks', () => {
    const u = setup();
    u.dma(0x0100, 0xfee0_0000n, new Uint8Array(4));
    const data = new Uint8Array(4);
    transfer(u.device, u.memory, { device: 'x', rid: 0x0100, iova: 0xfee0_0000n, bytes: 4, data });
    expect(u.driver.faultLog.at(-1)?.kernelLine).toBe(
      'DMAR: [INTR-REMAP] Request device [01:00.0] fault index 0x0 [fault reason 0x25] Blocked a compatibility format interrupt request',
    );
  });
});

describe('what it tells the core', () => {
  it('capabilities as intel_iommu_capable() in legacy mode', () => {
    const u = setup();
    const has = (
      [
        'CACHE_COHERENCY',
        'NOEXEC',
        'PRE_BOOT_PROTECTION',
        'ENFORCE_CACHE_COHERENCY',
        'DEFERRED_FLUSH',
        'DIRTY_TRACKING',
      ] as const
    ).filter((c) => u.driver.capable(NIC, c));
    expect(has).toEqual(['CACHE_COHERENCY', 'ENFORCE_CACHE_COHERENCY']);
    expect(setup({ snoopControl: false }).driver.capable(NIC, 'ENFORCE_CACHE_COHERENCY')).toBe(false);
    expect(setup({ passThrough: false }).driver.defDomainType()).toBe('DMA');
    expect(u.driver.defDomainType()).toBeNull();
  });

  it('reserved regions: RMRR, the ISA bridge, MSI', () => {
    const rmrr = { start: 0x8b00_0000n, last: 0x8f7f_ffffn, kind: 'direct-relaxable' } as const;
    const u = setup({}, { reservedOf: (device) => (device === '0000:00:02.0' ? [rmrr] : []) });
    const msi = { start: 0xfee0_0000n, last: 0xfeef_ffffn, kind: 'msi' };
    expect(u.driver.getResvRegions(NIC)).toEqual([msi]);
    expect(u.driver.getResvRegions(client('0000:00:02.0', 0x10))).toEqual([rmrr, msi]);
    const isa = { ...client('0000:00:1f.0', 0xf8), classCode: 0x060100 };
    expect(u.driver.getResvRegions(isa)).toEqual([
      { start: 0n, last: 0xff_ffffn, kind: 'direct-relaxable' },
      msi,
    ]);
  });

  it('page sizes follow CAP.SLLPS; nesting and dirty tracking are EOPNOTSUPP', () => {
    expect(setup({ superpages: 1 }).domain().paging!.pageSizesLg2).toEqual([12, 21]);
    const u = setup();
    expect(u.driver.domainAllocPaging(NIC, { nestParent: true })).toMatchObject({ errno: 'EOPNOTSUPP' });
    expect(u.driver.domainAllocPaging(NIC, { dirtyTracking: true })).toMatchObject({ errno: 'EOPNOTSUPP' });
  });

  it('enforced coherency sets SNP in the leaves that come after', () => {
    const u = setup();
    const domain = u.domain();
    expect(domain.paging!.enforceCacheCoherency!()).toBe(true);
    domain.paging!.map(0n, 0x20_0000, 2 ** 21, RW);
    domain.attachDev(NIC, null);
    u.trace.take();
    u.dma(0x0100, 0x10n);
    const leaf = u.trace.take().flatMap((e) => (e.kind === 'read' && e.level === 1 ? e.words : []));
    expect(leaf).toEqual([0x20_0000n | 0x883n]);
  });

  it('a unit without snoop control: the domain of no device may still say yes, its attach is then refused', () => {
    // domain_support_force_snooping() asks the attached devices' units; paging_domain_compatible_second_stage()
    const u = setup({ snoopControl: false });
    const [early, late] = [u.domain(), u.domain()];
    expect(early.paging!.enforceCacheCoherency!()).toBe(true);
    expect(early.attachDev(NIC, null)).toMatchObject({ errno: 'EINVAL' });
    late.attachDev(NIC, null);
    expect(late.paging!.enforceCacheCoherency!()).toBe(false);
  });

  it('the same calls give the same words and the same events', () => {
    const run = () => {
      const u = setup();
      const domain = u.domain();
      domain.attachDev(NIC, null);
      domain.paging!.map(0x1000n, u.frame(4), 16384, RW);
      u.dma(0x0100, 0x2000n);
      domain.paging!.unmap(0x1000n, 16384);
      u.dma(0x0100, 0x2000n);
      return { events: u.trace.take(), words: u.memory.words, view: inspectVtd(u.device) };
    };
    expect(run()).toEqual(run());
  });
});
