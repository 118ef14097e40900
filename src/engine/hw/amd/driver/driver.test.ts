import { describe, expect, it } from 'vitest';
import { PhysicalMemory } from '../../../memory/physical-memory';
import {
  client,
  entryOf,
  FakeUnit,
  FULL_EFR,
  FULL_EFR2,
  linesOf,
  NIC,
  paging,
  rig,
  RW,
} from './fake-unit.conformance';
import { createAmdDriver } from './driver';

// Expected values: drivers/iommu/amd/{init,iommu}.c of the 7.1 merge window, by the functions named.

/** CONTROL's bits that are set after each write to it, lowest first, and other registers by offset. */
function sequence(writes: readonly string[]): string[] {
  let control = 0n;
  return writes.map((write) => {
    const [offset = '', value = ''] = write.split(' ');
    if (offset !== '18') return write;
    const next = BigInt(`0x${value}`);
    const changed = next ^ control;
    const bits = [...changed.toString(2)].reverse().flatMap((digit, n) => (digit === '1' ? [n] : []));
    const sign = (n: number) => (((next >> BigInt(n)) & 1n) === 1n ? '+' : '-');
    control = next;
    return bits.length === 0 ? 'same' : bits.map((n) => `${sign(n)}${n}`).join(' ');
  });
}

function boot(efr: bigint, options = {}) {
  const memory = new PhysicalMemory();
  const bus = new FakeUnit(memory);
  bus.registers.set(0x30, efr).set(0x1a0, FULL_EFR2);
  const made = createAmdDriver({
    unit: 'iommu:ivhd0',
    memory,
    bus,
    efr,
    efr2: FULL_EFR2,
    lastBdf: 0xff,
    ...options,
  });
  if (!made.ok) throw new Error(made.why);
  return { memory, bus, driver: made.value };
}

describe('boot', () => {
  it('writes registers in the order of early_enable_iommu(), iommu_init_pci(), amd_iommu_enable_interrupts()', () => {
    const { bus, driver } = boot(FULL_EFR);
    driver.start();
    const disable = Array<string>(9).fill('same');
    // One table of two frames (256 entries), the semaphore, two frames of commands, two of events, two of page requests.
    expect(sequence(bus.writes)).toEqual([
      ...disable, // disable_iommus()
      ...disable, // early_enable_iommu(): iommu_disable()
      ...['same', 'same', 'same', 'same', '+10', '+7', '+45'], // iommu_init_flags(): time-out 4, EPH
      '0 100001', // iommu_set_device_table()
      '8 900000000104000', // iommu_enable_command_buffer()
      'same',
      '2000 0',
      '2008 0',
      '+12',
      '10 900000000106000', // iommu_enable_event_buffer()
      '2010 0',
      '2018 0',
      '+2',
      '+16', // iommu_enable_gt()
      '+58',
      '+0', // iommu_enable()
      '2008 10', // INVALIDATE_IOMMU_ALL, COMPLETION_WAIT
      '2008 20',
      'same', // iommu_init_pci(): iommu_enable_gt()
      'same',
      '2008 30', // amd_iommu_init_pci(): amd_iommu_flush_all_caches()
      '2008 40',
      '+3', // iommu_init_irq()
      '+15', // amd_iommu_enable_ppr_log()
      '38 900000000108000',
      '2030 0',
      '2038 0',
      '+14',
      '+13',
    ]);
    expect(bus.commands).toEqual(['0 80000000 0 0', 'wait', '0 80000000 0 0', 'wait']);
  });

  it('firmware’s flags, 128-bit interrupt entries and x2APIC each have their bit', () => {
    const { bus, driver } = boot(FULL_EFR | (1n << 7n) | (1n << 2n), { acpiFlags: 0xf });
    driver.start();
    const bits = sequence(bus.writes).filter((write) => write.startsWith('+'));
    expect(bits).toEqual([
      ...['+1', '+8', '+9', '+11', '+10', '+7', '+45', '+12', '+2', '+16', '+58'],
      ...['+17', '+50', '+0'], // iommu_enable_ga(), iommu_enable_xt()
      ...['+51', '+3', '+15', '+14', '+13'],
    ]);
  });

  it('without INVALIDATE_IOMMU_ALL every entry, interrupt table and domain is named', () => {
    const { bus } = boot(FULL_EFR & ~(1n << 6n));
    expect(bus.commands).toHaveLength(3 * 256 + 3);
    expect(bus.commands.slice(254, 259)).toEqual([
      'fe 20000000 0 0',
      'ff 20000000 0 0',
      'wait',
      '0 50000000 0 0',
      '1 50000000 0 0',
    ]);
    expect(bus.commands.slice(-2)).toEqual(['0 300000ff fffff003 7fffffff', 'wait']);
  });

  it('no entry is valid before the start, then all block; with interrupt remapping all have IV', () => {
    const { memory, bus, driver } = boot(FULL_EFR);
    const entry = (rid: number) => entryOf({ memory, bus } as never, rid);
    expect(entry(0x42)).toEqual([0n, 0n, 1n, 0n]);
    driver.start();
    expect([entry(0), entry(0xff)]).toEqual([
      [3n, 0n, 1n, 0n],
      [3n, 0n, 1n, 0n],
    ]);
    expect(driver.isolatedMsi).toBe(true);
    const without = boot(FULL_EFR, { interruptRemapping: false });
    without.driver.start();
    expect(entryOf(without as never, 0)).toEqual([3n, 0n, 0n, 0n]);
    expect(without.driver.isolatedMsi).toBe(false);
  });

  it('every allocation may fail, and nothing is left behind', () => {
    for (let nth = 1; nth <= 5; nth++) {
      const memory = new PhysicalMemory();
      memory.failNth(nth);
      const bus = new FakeUnit(memory);
      const made = createAmdDriver({ unit: 'u', memory, bus, efr: FULL_EFR, efr2: 0n, lastBdf: 0xff });
      expect(made).toMatchObject({ ok: false, errno: 'ENOMEM' });
      expect(memory.allocatedFrames).toBe(0);
      expect(bus.read64(0x18) & 1n).toBe(0n);
    }
  });

  it('prints what the kernel prints', () => {
    const r = rig({ pageTable: 'v2' });
    r.driver.start();
    expect(linesOf(r.trace)).toEqual([
      `AMD-Vi: Extended features (0x${FULL_EFR.toString(16)}, 0x8): PPR NX GT IA`,
      'AMD-Vi: Interrupt remapping enabled',
      'AMD-Vi: V2 page table enabled (Paging mode : 4 level)',
    ]);
  });
});

describe('device table entries', () => {
  it('host table: V TV Mode root IR IW, domain id', () => {
    const r = rig();
    const domain = paging(r.driver);
    expect(domain.attachDev(NIC, null).ok).toBe(true);
    const { rootPa, levels, tag } = r.driver.describeDomain(domain)!;
    // amd_iommu_set_dte_v1(); identity has the first id.
    expect(entryOf(r, 0x100)).toEqual([3n | (3n << 9n) | BigInt(rootPa) | (3n << 61n), 2n, 1n, 0n]);
    expect([levels, tag]).toEqual([3, 'DomID 2']);
  });

  it('guest tables: GV GIoV GLX GCR3 root, a domain id of the device’s own', () => {
    const r = rig({ pageTable: 'v2', abilitiesOf: () => ({ ats: true, pri: true, maxPasids: 1 << 10 }) });
    const domain = paging(r.driver);
    domain.attachDev(NIC, null);
    const [w0 = 0n, w1 = 0n, w2, w3] = entryOf(r, 0x100);
    const gcr3 = (((w0 >> 58n) & 7n) << 12n) | (((w1 >> 16n) & 0xffffn) << 15n) | ((w1 >> 43n) << 31n);
    // set_dte_gcr3_table(): GIOV 54, GV 55, GLX 57:56 = 1 for 1024 PASIDs, IR 61, IW 62; domain 3 is gcr3_info's; I 96.
    expect(w0 & ~(7n << 58n)).toBe(3n | (1n << 54n) | (1n << 55n) | (1n << 56n) | (3n << 61n));
    expect([w1 & 0xffffn, (w1 >> 32n) & 0x3ffn, w2, w3]).toEqual([3n, 1n, 1n, 0n]);
    // Two levels: PASID 0 is entry 0 of the table that entry 0 names.
    const lower = r.memory.readU64(Number(gcr3))!;
    const root = r.memory.readU64(Number(lower & ~0xfffn))!;
    expect([lower & 1n, root]).toEqual([1n, BigInt(r.driver.describeDomain(domain)!.rootPa) | 1n]);
  });

  it('identity: no table, and by a slip of the kernel’s no domain id and bit I; blocked: V alone', () => {
    const r = rig();
    r.driver.identityDomain.attachDev(NIC, null);
    expect(entryOf(r, 0x100)).toEqual([3n | (3n << 61n), 1n << 32n, 1n, 0n]);
    r.driver.blockedDomain.attachDev(NIC, r.driver.identityDomain);
    expect(entryOf(r, 0x100)).toEqual([1n, 0n, 1n, 0n]);
  });

  it('identity of a device with PASIDs: guest tables without GIoV', () => {
    const r = rig({ abilitiesOf: () => ({ ats: false, pri: false, maxPasids: 256 }) });
    r.driver.identityDomain.attachDev(NIC, null);
    const [w0 = 0n] = entryOf(r, 0x100);
    expect([(w0 >> 54n) & 1n, (w0 >> 55n) & 1n, (w0 >> 9n) & 7n]).toEqual([0n, 1n, 0n]);
    expect(r.driver.defDomainType(NIC)).toBe('identity');
  });

  it('what firmware wants of an entry stays, the smallest range decides; erratum 63 sets IW', () => {
    const deviceFlags = [
      { first: 0, last: 0x3ff, flags: 0x01 },
      { first: 0x100, last: 0x107, flags: 0x10 | 0x80 },
    ];
    const r = rig({ deviceFlags });
    // set_dev_entry_from_acpi_range(): SYSMGT1 is bit 104, LINT1 191, INIT 184.
    expect(entryOf(r, 0x200)).toEqual([3n, 0n, 1n | (1n << 56n), 0n]);
    r.driver.blockedDomain.attachDev(NIC, null);
    expect(entryOf(r, 0x100).slice(0, 2)).toEqual([1n | (1n << 62n), 1n << 40n]);
    expect(entryOf(r, 0x100)[2]! >> 63n).toBe(1n);
  });
});

describe('what the unit is told', () => {
  const host = (domid: number, lo: string, hi: string) =>
    `0 3${domid.toString(16).padStart(7, '0')} ${lo} ${hi}`;
  const ALL = (domid: number) => host(domid, 'fffff003', '7fffffff');
  const DTE = (rid: number) => `${rid.toString(16)} 20000000 0 0`;

  it('attach: the entry as it is written, then as part of the device, then the old domain', () => {
    const r = rig();
    const [a, b] = [paging(r.driver), paging(r.driver)];
    a.attachDev(NIC, null);
    // update_dte256(), amd_iommu_update_dte(); the entry had no domain id.
    expect(r.bus.takeCommands()).toEqual([DTE(0x100), 'wait', DTE(0x100), 'wait']);
    b.attachDev(NIC, a);
    const entry = [DTE(0x100), 'wait', DTE(0x100), 'wait'];
    // detach_device(): clear_dte_entry(), amd_iommu_domain_flush_all(); then attach_device().
    expect(r.bus.takeCommands()).toEqual([...entry, ALL(2), 'wait', ...entry]);
  });

  it('blocked: the entry is cleared twice', () => {
    const r = rig();
    const a = paging(r.driver);
    a.attachDev(NIC, null);
    r.bus.takeCommands();
    r.driver.blockedDomain.attachDev(NIC, a);
    const entry = [DTE(0x100), 'wait', DTE(0x100), 'wait'];
    expect(r.bus.takeCommands()).toEqual([...entry, ALL(2), 'wait', ...entry]);
  });

  it('aliases get copies of the entry, each with a flush of its own', () => {
    const aliased = client('0000:03:02.0', 0x0310, [0x0310, 0x0300]);
    const r = rig({}, [aliased]);
    const a = paging(r.driver);
    a.attachDev(aliased, null);
    // update_dte256() of the device, clone_alias(), device_flush_dte() over pci_for_each_dma_alias().
    expect(r.bus.takeCommands()).toEqual([
      DTE(0x310),
      'wait',
      DTE(0x300),
      'wait',
      DTE(0x310),
      DTE(0x300),
      'wait',
    ]);
    expect(entryOf(r, 0x300)).toEqual(entryOf(r, 0x310));
    expect(r.driver.globals.ids.count).toBe(2);
  });

  it('an alias that only firmware knows is flushed last', () => {
    const r = rig({ aliasOf: (rid) => (rid === 0x100 ? 0xa0 : rid) });
    r.driver.identityDomain.attachDev(NIC, null);
    expect(r.bus.takeCommands()).toEqual([
      DTE(0x100),
      'wait',
      DTE(0xa0),
      'wait',
      DTE(0x100),
      DTE(0xa0),
      'wait',
    ]);
    expect(entryOf(r, 0xa0)).toEqual(entryOf(r, 0x100));
  });

  it.each<[string, bigint, number, string]>([
    // build_inv_address(): ones below the highest bit that changes, S in bit 0, PDE in bit 1.
    ['one page', 0x10_0000n, 1, '100002'],
    ['two aligned pages', 0x10_2000n, 2, '102003'],
    ['two pages that straddle', 0x10_3000n, 2, '103003'],
    ['two pages that straddle more', 0x10_7000n, 2, '107003'],
    ['three pages', 0x10_0000n, 3, '101003'],
  ])('unmap of %s', (_, iova, pages, lo) => {
    const r = rig();
    const domain = paging(r.driver);
    domain.attachDev(NIC, null);
    domain.paging!.map(iova, 0x4000_1000, pages * 4096, RW);
    r.bus.takeCommands();
    expect(domain.paging!.unmap(iova, pages * 4096)).toBe(pages * 4096);
    expect(r.bus.takeCommands()).toEqual([host(2, lo, '0'), 'wait']);
  });

  it('mapping tells nothing, unless the unit remembers what is absent: then only aligned ranges', () => {
    const r = rig();
    const plain = paging(r.driver);
    plain.attachDev(NIC, null);
    r.bus.takeCommands();
    plain.paging!.map(0x3000n, 0x4000_1000, 3 * 4096, RW);
    expect(r.bus.takeCommands()).toEqual([]);
    const v = rig({ capability: (1 << 24) | (1 << 26) | (1 << 27) });
    const domain = paging(v.driver);
    domain.attachDev(NIC, null);
    v.bus.takeCommands();
    domain.paging!.map(0x3000n, 0x4000_1000, 3 * 4096, RW);
    // amd_iommu_domain_flush_pages(): page 3, then pages 4 and 5.
    expect(v.bus.takeCommands()).toEqual([host(2, '3002', '0'), host(2, '4003', '0'), 'wait']);
  });

  it('nobody is told of a domain that no device uses; a forgotten flush is forgotten', () => {
    const r = rig();
    const domain = paging(r.driver);
    domain.paging!.map(0x1000n, 0x4000_0000, 4096, RW);
    domain.paging!.unmap(0x1000n, 4096);
    expect(r.bus.takeCommands()).toEqual([]);
    domain.attachDev(NIC, null);
    domain.paging!.map(0x1000n, 0x4000_0000, 4096, RW);
    r.bus.takeCommands();
    r.driver.skipInvalidation = true;
    domain.paging!.unmap(0x1000n, 4096);
    expect(r.bus.takeCommands()).toEqual([]);
  });

  it('a guest table is flushed by each device’s id, with GN', () => {
    const r = rig({ pageTable: 'v2' });
    const domain = paging(r.driver);
    domain.attachDev(NIC, null);
    domain.paging!.map(0x1000n, 0x4000_0000, 4096, RW);
    r.bus.takeCommands();
    domain.paging!.unmap(0x1000n, 4096);
    expect(r.bus.takeCommands()).toEqual(['0 30000003 1006 0', 'wait']);
  });

  it('a unit that fetches nothing: Completion-Wait times out, then the buffer is full', () => {
    const r = rig();
    r.bus.stopped = true;
    const domain = paging(r.driver);
    domain.attachDev(NIC, null);
    expect(linesOf(r.trace)).toContain('AMD-Vi: IOMMU 0000:00:00.2: Completion-Wait loop timed out');
    for (let n = 0; n < 300; n++) r.driver.blockedDomain.attachDev(NIC, null);
    expect(linesOf(r.trace)).toContain('AMD-Vi: Command buffer timeout');
  });
});

describe('growth of the host table', () => {
  it('the devices and their aliases get root and mode with one more level, before the table is used', () => {
    const aliased = client('0000:03:02.0', 0x0310, [0x0310, 0x0300]);
    const r = rig({}, [NIC, aliased]);
    const domain = paging(r.driver);
    domain.attachDev(NIC, null);
    domain.attachDev(aliased, null);
    r.bus.takeCommands();
    expect(domain.paging!.map(1n << 40n, 0x4000_0000, 4096, RW).ok).toBe(true);
    const { rootPa, levels } = r.driver.describeDomain(domain)!;
    const entry = [3n | (4n << 9n) | BigInt(rootPa) | (3n << 61n), 2n, 1n, 0n];
    expect(levels).toBe(4);
    expect([0x100, 0x310, 0x300].map((rid) => entryOf(r, rid))).toEqual([entry, entry, entry]);
    const all = '0 30000002 fffff003 7fffffff';
    const nic = ['100 20000000 0 0'];
    const [dev, ali] = ['310 20000000 0 0', '300 20000000 0 0'];
    // amd_iommu_change_top(): newest device first; set_dte_entry(), clone_aliases(), then device_flush_dte() of each.
    expect(r.bus.takeCommands()).toEqual([
      ...[dev, 'wait', ali, 'wait', dev, ali, 'wait', all, 'wait', ali, 'wait'],
      ...[...nic, 'wait', ...nic, 'wait', all, 'wait'],
      ...[dev, ali, ...nic, 'wait'],
    ]);
  });

  it.each([
    [0, 48],
    [1, 57],
    [2, 64],
  ])('EFR.HATS %i: %i bits', (hats, bits) => {
    const r = rig({ efr: (FULL_EFR & ~(3n << 10n)) | (BigInt(hats) << 10n) });
    expect(paging(r.driver).paging!.apertureLast).toBe((1n << BigInt(bits)) - 1n);
  });

  it('page sizes: all but 512 GiB, or as the command line says', () => {
    const sizes = (pageSizes: 'all' | '4k' | 'v2') => paging(rig({ pageSizes }).driver).paging!.pageSizesLg2;
    const all = Array.from({ length: 40 }, (_, n) => n + 12).filter((size) => size !== 39);
    expect([sizes('all'), sizes('4k'), sizes('v2')]).toEqual([all, [12], [12, 21, 30]]);
  });
});

describe('allocation', () => {
  const NO = (bit: number) => FULL_EFR & ~(1n << BigInt(bit));
  const outcome = (options: object, flags: object): string => {
    const r = rig(options);
    const made = r.driver.domainAllocPaging(NIC, flags);
    return made.ok ? r.driver.describeDomain(made.value)!.format : made.errno;
  };

  it.each<[string, object, object, string]>([
    // amd_iommu_domain_alloc_paging_flags()
    ['nothing special', {}, {}, 'amdv1'],
    ['pgtbl_v2', { pageTable: 'v2' }, {}, 'x86_64'],
    ['pgtbl_v2 without GIoSup falls back', { pageTable: 'v2', efr: NO(48) }, {}, 'amdv1'],
    ['HATDis: guest tables', { hatDisabled: true }, {}, 'x86_64'],
    ['HATS 3 is reserved: guest tables', { efr: FULL_EFR | (3n << 10n) }, {}, 'x86_64'],
    ['dirty tracking', {}, { dirtyTracking: true }, 'amdv1'],
    ['dirty tracking with v2 by default', { pageTable: 'v2' }, { dirtyTracking: true }, 'amdv1'],
    ['dirty tracking without HDSup', { efr: NO(52) }, { dirtyTracking: true }, 'EOPNOTSUPP'],
    ['nesting parent', {}, { nestParent: true }, 'amdv1'],
    ['nesting parent with dirty tracking', {}, { nestParent: true, dirtyTracking: true }, 'amdv1'],
    ['nesting parent without GCR3TRPMode', { efr2: 0n }, { nestParent: true }, 'EOPNOTSUPP'],
    ['nesting parent without GTSup', { efr: NO(4) }, { nestParent: true }, 'EOPNOTSUPP'],
    ['nesting parent with HATDis', { hatDisabled: true }, { nestParent: true }, 'EOPNOTSUPP'],
    ['PASID', {}, { pasid: true }, 'x86_64'],
    ['PASID without EPHSup', { efr: NO(50) }, { pasid: true }, 'EOPNOTSUPP'],
    [
      'PASID where processors have five levels and the unit four',
      { la57: true, efr: NO(12) },
      { pasid: true },
      'EOPNOTSUPP',
    ],
    ['PASID and nesting parent', {}, { pasid: true, nestParent: true }, 'EOPNOTSUPP'],
    ['user data', {}, { userData: { type: 3, length: 32, read: () => ({ ok: false }) } }, 'EOPNOTSUPP'],
  ])('%s', (_, options, flags, expected) => {
    expect(outcome(options, flags)).toBe(expected);
  });

  it('guest tables leave the highest bit out: 47 bits of four levels, 56 of five', () => {
    const of = (la57: boolean) => paging(rig({ pageTable: 'v2', la57 }).driver);
    expect([of(false), of(true)].map((d) => d.paging!.apertureLast)).toEqual([
      (1n << 47n) - 1n,
      (1n << 56n) - 1n,
    ]);
  });

  it('a table that cannot be had gives its id back', () => {
    const r = rig();
    const before = r.driver.ids.count;
    r.memory.failNth(1);
    expect(r.driver.domainAllocPaging(NIC, {})).toMatchObject({ errno: 'ENOMEM' });
    expect(r.driver.ids.count).toBe(before);
    paging(r.driver).paging!.free();
    expect(r.driver.ids.count).toBe(before);
  });

  it('no ids left: a domain is ENOMEM, a device’s own table ENOSPC', () => {
    const r = rig({ pageTable: 'v2' });
    const domain = paging(r.driver);
    while (r.driver.ids.allocate() !== null);
    expect(r.driver.domainAllocPaging(NIC, {})).toMatchObject({ errno: 'ENOMEM' });
    expect(domain.attachDev(NIC, null)).toMatchObject({ errno: 'ENOSPC', rule: 'setup_gcr3_table' });
  });

  it('neither host nor guest tables: the device is not probed', () => {
    const made = boot(FULL_EFR & ~(1n << 4n), { hatDisabled: true });
    expect(made.driver.probeDevice(NIC)).toMatchObject({ errno: 'ENODEV' });
  });
});

describe('attach', () => {
  it('a table of PASIDs that cannot be had: the device is left with nothing', () => {
    const r = rig({ pageTable: 'v2' });
    const [a, b] = [paging(r.driver), paging(r.driver)];
    a.attachDev(NIC, null);
    const before = r.driver.ids.count;
    r.memory.failNth(1);
    expect(b.attachDev(NIC, a)).toMatchObject({ errno: 'ENOMEM' });
    expect(entryOf(r, 0x100)).toEqual([1n, 0n, 1n, 0n]);
    expect(r.driver.ids.count).toBe(before - 1);
    expect(r.driver.domainOf(NIC.name, -1)).toBeNull();
  });

  it('more PASIDs than the table has levels for is EINVAL', () => {
    const r = rig({
      pageTable: 'v2',
      efr: FULL_EFR & ~(3n << 14n),
      abilitiesOf: () => ({ ats: false, pri: false, maxPasids: 513 }),
    });
    expect(paging(r.driver).attachDev(NIC, null)).toMatchObject({
      errno: 'EINVAL',
      rule: 'setup_gcr3_table',
    });
  });

  it('identity is EINVAL with SNP; entries are then not TV', () => {
    const r = rig({ snp: true, efr: FULL_EFR | (1n << 63n) });
    expect(r.driver.identityDomain.attachDev(NIC, null)).toMatchObject({ errno: 'EINVAL' });
    expect(entryOf(r, 0x200)[0]).toBe(1n);
    expect(r.driver.defDomainType(NIC)).toBeNull();
  });

  it('again to the same domain does nothing', () => {
    const r = rig();
    const a = paging(r.driver);
    a.attachDev(NIC, null);
    r.bus.takeCommands();
    expect(a.attachDev(NIC, a).ok).toBe(true);
    expect(r.bus.takeCommands()).toEqual([]);
  });

  it('a device that another driver has is EINVAL, one that is out of scope ENODEV, and so is the unit itself', () => {
    const r = rig({ scope: (device) => device.name !== '0000:02:00.0' });
    expect(paging(r.driver).attachDev(client('0000:05:00.0', 0x500), null)).toMatchObject({
      errno: 'EINVAL',
    });
    expect(r.driver.probeDevice(client('0000:02:00.0', 0x200))).toMatchObject({ errno: 'ENODEV' });
    expect(r.driver.probeDevice(client('0000:04:00.0', 0x400))).toMatchObject({ errno: 'ENODEV' });
    expect(r.driver.probeDevice(client('0000:00:00.2', 2))).toMatchObject({ errno: 'ENODEV' });
  });

  it('all that domains and devices took comes back', () => {
    const r = rig({ pageTable: 'v2', abilitiesOf: () => ({ ats: true, pri: false, maxPasids: 65536 }) });
    const frames = r.memory.allocatedFrames;
    const ids = r.driver.ids.count;
    const a = paging(r.driver);
    a.attachDev(NIC, null);
    a.paging!.map(0x1000n, 0x4000_0000, 4096, RW);
    r.driver.blockedDomain.attachDev(NIC, a);
    a.paging!.free();
    expect([r.memory.allocatedFrames, r.driver.ids.count]).toEqual([frames, ids]);
  });
});

describe('what else the core asks', () => {
  it('reserved: unity maps, MSIs, and HyperTransport unless EFR2 says to ignore it', () => {
    const unity = { start: 0x8000_0000n, last: 0x8000_ffffn, kind: 'direct' as const };
    const r = rig({ reservedOf: (name) => (name === NIC.name ? [unity] : []) });
    const msi = { start: 0xfee0_0000n, last: 0xfeef_ffffn, kind: 'msi' };
    const ht = { start: 0xfd_0000_0000n, last: 0xff_ffff_ffffn, kind: 'reserved' };
    expect(r.driver.getResvRegions(NIC)).toEqual([unity, msi, ht]);
    expect(rig({ efr2: 1n << 11n }).driver.getResvRegions(NIC)).toEqual([msi]);
  });

  it('capabilities', () => {
    const of = (options: object) => {
      const { driver } = rig(options);
      const caps = [
        'CACHE_COHERENCY',
        'NOEXEC',
        'PRE_BOOT_PROTECTION',
        'ENFORCE_CACHE_COHERENCY',
        'DIRTY_TRACKING',
        'PCI_ATS_SUPPORTED',
      ] as const;
      return caps.map((cap) => driver.capable(NIC, cap));
    };
    expect(of({})).toEqual([true, false, false, true, true, false]);
    const ats = { abilitiesOf: () => ({ ats: true, pri: false, maxPasids: 0 }) };
    expect(of({ ...ats, dmaRemapSupport: true, efr: FULL_EFR & ~(1n << 52n) })).toEqual([
      ...[true, false, true, true, false, true],
    ]);
    // iommu_init_device() looks for no capability where the unit has no page requests.
    expect(of({ ...ats, efr: FULL_EFR & ~2n })[5]).toBe(false);
    expect(of({ ...ats, capability: 1 << 27 })[5]).toBe(false);
  });

  it('GET_HW_INFO: both feature registers, for its own type and for the default', () => {
    const { driver } = rig();
    const bytes = new Uint8Array(16);
    new DataView(bytes.buffer).setBigUint64(0, FULL_EFR, true);
    bytes[8] = 8;
    expect(driver.hwInfo(NIC, 0)).toEqual({ ok: true, value: { type: 4, bytes } });
    expect(driver.hwInfo(NIC, 4)).toEqual({ ok: true, value: { type: 4, bytes } });
    expect(driver.hwInfo(NIC, 1)).toMatchObject({ errno: 'EOPNOTSUPP' });
  });

  it('default domains: untrusted devices are translated, those with PASIDs are not, unless memory is encrypted', () => {
    const abilitiesOf = () => ({ ats: false, pri: false, maxPasids: 8 });
    const type = (options: object) => rig(options).driver.defDomainType(NIC);
    expect(type({})).toBeNull();
    expect(type({ abilitiesOf })).toBe('identity');
    expect(type({ abilitiesOf: () => ({ ...abilitiesOf(), untrusted: true }) })).toBe('DMA');
    expect(type({ abilitiesOf, memoryEncryption: true })).toBeNull();
    expect(type({ abilitiesOf, forceIsolation: true })).toBeNull();
  });

  it('two units of a segment share its table and the ids of domains', () => {
    const first = rig();
    const bus = new FakeUnit(first.memory);
    bus.registers.set(0x30, FULL_EFR).set(0x1a0, FULL_EFR2);
    const second = createAmdDriver({
      unit: 'iommu:ivhd1',
      memory: first.memory,
      bus,
      efr: FULL_EFR,
      efr2: FULL_EFR2,
      devid: 0x0202,
      sisters: () => [first.driver],
    });
    if (!second.ok) throw new Error(second.why);
    second.value.start();
    expect(bus.read64(0)).toBe(first.bus.read64(0));
    const other = client('0000:02:00.0', 0x200);
    second.value.probeDevice(other);
    const domain = paging(first.driver);
    expect(domain.attachDev(NIC, null).ok && domain.attachDev(other, null).ok).toBe(true);
    domain.paging!.map(0x1000n, 0x4000_0000, 4096, RW);
    first.bus.takeCommands();
    bus.takeCommands();
    domain.paging!.unmap(0x1000n, 4096);
    const flush = ['0 30000003 1002 0', 'wait'];
    expect([first.bus.takeCommands(), bus.takeCommands()]).toEqual([flush, flush]);
  });

  it('a domain that tracks dirty pages is not for a device behind a unit that cannot', () => {
    const first = rig();
    const domain = paging(first.driver, { dirtyTracking: true });
    const bus = new FakeUnit(first.memory);
    const second = createAmdDriver({
      unit: 'iommu:ivhd1',
      memory: first.memory,
      bus,
      efr: FULL_EFR & ~(1n << 52n),
      efr2: FULL_EFR2,
      sisters: () => [first.driver],
    });
    if (!second.ok) throw new Error(second.why);
    const other = client('0000:02:00.0', 0x200);
    second.value.probeDevice(other);
    expect(domain.attachDev(other, null)).toMatchObject({ errno: 'EINVAL', rule: 'amd_iommu_attach_device' });
  });
});
