import { describe, expect, it } from 'vitest';
import type { IommuClient, IommuDomain } from '../../../iommu/ops';
import { PhysicalMemory } from '../../../memory/physical-memory';
import { TraceBuffer } from '../../../trace/trace';
import { createSmmuDriver, type SmmuDriver, type SmmuDriverOptions } from './driver';
import { FakeSmmu, PLAIN_IDS, type FakeIds } from './fake-smmu.conformance';

/**
 * What the driver writes and in which order, recorded from a bus that is no hardware. Expected values: Linux 7.1,
 * drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3.c and .h, read by hand.
 */
const client = (rid: number, aliases: readonly number[] = [rid]): IommuClient => ({
  name: `0000:0${rid >> 8}:0${(rid >> 3) & 0x1f}.${rid & 7}`,
  rid,
  aliasRids: aliases,
});
const DEV = client(0x100);
const RW = { read: true, write: true };

function setup(ids: Partial<FakeIds> = {}, options: Partial<SmmuDriverOptions> = {}) {
  const memory = new PhysicalMemory();
  const trace = new TraceBuffer();
  const bus = new FakeSmmu(memory, ids);
  const made = createSmmuDriver({ memory, bus, unit: 'iommu:smmu0', trace, ...options });
  if (!made.ok) throw new Error(made.why);
  const log = (): string[] => trace.take().flatMap((event) => (event.kind === 'log' ? [event.text] : []));
  return { memory, bus, trace, driver: made.value, log };
}

function attached(ids: Partial<FakeIds> = {}, options: Partial<SmmuDriverOptions> = {}) {
  const all = setup(ids, options);
  expect(all.driver.probeDevice(DEV).ok).toBe(true);
  const domain = must(all.driver.domainAllocPaging(DEV, {}));
  all.bus.take();
  expect(domain.attachDev(DEV, null).ok).toBe(true);
  return { ...all, domain };
}

function must(result: ReturnType<SmmuDriver['domainAllocPaging']>): IommuDomain {
  if (!result.ok) throw new Error(result.why);
  return result.value;
}

const RIL = 1 << 10;
const ATS_IDR0 = 1 << 10;
const withBits = (bits: number): Partial<FakeIds> => ({ idr0: PLAIN_IDS.idr0 | bits });
const ABLE = { abilitiesOf: () => ({ ats: true, pri: false, maxPasids: 256 }) };

describe('arm_smmu_device_reset()', () => {
  it('writes registers in the order of the kernel', () => {
    const { bus, driver } = setup();
    const { strtab, cmdq, evtq } = driver.smmu;
    expect(bus.writes).toEqual([
      'CR0=0',
      // Inner shareable, write-back, for tables and queues.
      'CR1=d75',
      // PTM, RECINVSID
      'CR2=6',
      `STRTAB_BASE=${(strtab.base | (1n << 62n)).toString(16)}`,
      // Two levels, SPLIT 8, LOG2SIZE 16
      'STRTAB_BASE_CFG=10210',
      `CMDQ_BASE=${cmdq.ring.base.toString(16)}`,
      'CMDQ_PROD=0',
      'CMDQ_CONS=0',
      'CR0=8',
      `EVTQ_BASE=${evtq.base.toString(16)}`,
      'EVTQ_PROD=0',
      'EVTQ_CONS=0',
      'CR0=c',
      'IRQ_CTRL=0',
      'GERROR_IRQ_CFG0=0',
      'EVTQ_IRQ_CFG0=0',
      'IRQ_CTRL=5',
      'CR0=d',
    ]);
    expect(bus.take()).toEqual(['CFGI_ALL', 'SYNC', 'TLBI_NSNH_ALL', 'SYNC']);
  });

  it('with PRI, ATS and EL2 more of it', () => {
    const { bus } = setup(withBits((1 << 16) | ATS_IDR0 | (1 << 9)));
    const controls = bus.writes.filter((each) => /^(CR0|CR2|IRQ_CTRL)=/.test(each));
    expect(controls).toEqual([
      'CR0=0',
      'CR2=7',
      'CR0=8',
      'CR0=c',
      'CR0=e',
      'CR0=1e',
      'IRQ_CTRL=0',
      'IRQ_CTRL=7',
      'CR0=1f',
    ]);
    expect(bus.take()).toEqual(['CFGI_ALL', 'SYNC', 'TLBI_EL2_ALL', 'SYNC', 'TLBI_NSNH_ALL', 'SYNC']);
  });

  it('says what it found', () => {
    // COHERENCY 8, TRANS_S1 9, TRANS_S2 10, 2_LVL 0 and 1, TT_LE 2, SVA 17, NESTING 19
    expect(setup().log()).toEqual([
      'arm-smmu-v3 arm-smmu-v3.0.auto: oas 44-bit (features 0x000a0707)',
      'arm-smmu-v3 arm-smmu-v3.0.auto: allocated 256 entries for cmdq',
      'arm-smmu-v3 arm-smmu-v3.0.auto: allocated 256 entries for evtq',
    ]);
  });

  it('a stream table of 8 bits is linear', () => {
    const { bus } = setup({ idr1: (PLAIN_IDS.idr1 & ~0x3f) | 8 });
    expect(bus.writes).toContain('STRTAB_BASE_CFG=8');
  });

  it.each([
    ['no translation support!', { idr0: PLAIN_IDS.idr0 & ~3 }],
    ['unknown/unsupported TT endianness!', { idr0: PLAIN_IDS.idr0 | (3 << 21) }],
    ['AArch64 table format not supported!', { idr0: PLAIN_IDS.idr0 & ~(3 << 2) }],
    ['embedded implementation not supported', { idr1: PLAIN_IDS.idr1 | (1 << 29) }],
    ['command queue size <= 64 entries not supported', { idr1: (PLAIN_IDS.idr1 & ~(31 << 21)) | (6 << 21) }],
  ])('ENXIO: %s', (why, ids) => {
    const memory = new PhysicalMemory();
    const made = createSmmuDriver({ memory, bus: new FakeSmmu(memory, ids), unit: 'iommu:smmu0' });
    expect(made).toMatchObject({ ok: false, errno: 'ENXIO', why });
  });

  it('a completion by message, where the unit can send one, is looked for in the command itself', () => {
    const { bus, driver } = setup(withBits(1 << 13));
    const syncs = bus.takeWords().filter(([first]) => (first & 0xffn) === 0x46n);
    const { ring } = driver.smmu.cmdq;
    // CS=1, inner shareable, write-back; address: the command's own.
    expect(syncs.map(([first]) => first)).toEqual([0xfc0_1046n, 0xfc0_1046n]);
    expect(syncs.map(([, second]) => second)).toEqual([BigInt(ring.pa(1)), BigInt(ring.pa(3))]);
  });
});

describe('entries in memory', () => {
  const steOf = ({ memory, driver }: ReturnType<typeof setup>, sid: number): bigint[] => {
    const pa = driver.smmu.strtab.entryPa(sid);
    return [0, 1, 2, 3].map((n) => memory.readU64(pa + n * 8)!);
  };

  it('level-2 tables are made when a device of their bus comes, full of aborts', () => {
    const all = setup();
    const table = Number(all.driver.smmu.strtab.base & ~(1n << 62n));
    expect(all.memory.readU64(table + 8)).toBe(0n);
    all.driver.probeDevice(DEV);
    const first = all.memory.readU64(table + 8)!;
    expect(first & 0x1fn).toBe(9n);
    // V, Config 0
    expect(all.memory.readU64(Number(first & ~0x3fn) + 255 * 64)).toBe(1n);
    expect(all.memory.readU64(table)).toBe(0n);
  });

  it('stage 1: a table with one descriptor, and the entry that points at it', () => {
    const all = attached();
    const [ste0, ste1, ste2, ste3] = steOf(all, 0x100) as [bigint, bigint, bigint, bigint];
    // V, Config 5, linear, S1CDMax 0
    expect(ste0 & 0xf800_0000_0000_003fn).toBe(0xbn);
    // S1DSS 2, write-back twice, inner shareable; no EATS, STRW NS-EL1
    expect([ste1, ste2, ste3]).toEqual([0xd6n, 0n, 0n]);
    const cd = Number(ste0 & 0xf_ffff_ffff_ffc0n);
    // T0SZ 16, TG0 0, WBWA twice, IS, EPD1, V; IPS 4, AA64, R, A, ASET, ASID 1
    const expected = 16n | (1n << 8n) | (1n << 10n) | (3n << 12n) | (1n << 30n) | (1n << 31n) | (4n << 32n);
    expect(all.memory.readU64(cd)).toBe(expected | (1n << 41n) | (7n << 45n) | (1n << 48n));
    expect(all.memory.readU64(cd + 8)).toBe(BigInt(all.driver.shapeOf(all.domain)!.rootPfn * 4096));
    expect(all.memory.readU64(cd + 24)).toBe(0xf404_ff44n);
  });

  it('stage 2: the entry itself points at the table', () => {
    const all = setup(withBits(0));
    all.driver.probeDevice(DEV);
    const parent = must(all.driver.domainAllocPaging(DEV, { nestParent: true }));
    expect(parent.attachDev(DEV, null).ok).toBe(true);
    const [ste0, ste1, ste2, ste3] = steOf(all, 0x100) as [bigint, bigint, bigint, bigint];
    expect([ste0, ste1]).toEqual([0xdn, 0n]);
    // VMID 1; T0SZ 20, SL0 2 (level 0), IS, WBWA twice, PS 4; AA64, PTW, R
    const vtcr = 20n | (2n << 6n) | (1n << 8n) | (1n << 10n) | (3n << 12n) | (4n << 16n);
    expect(ste2).toBe(1n | (vtcr << 32n) | (1n << 51n) | (1n << 54n) | (1n << 58n));
    expect(ste3).toBe(BigInt(all.driver.shapeOf(parent)!.rootPfn * 4096));
  });

  it('identity is bypass, blocked is abort', () => {
    const all = setup({ idr1: PLAIN_IDS.idr1 | (1 << 27) });
    all.driver.probeDevice(DEV);
    all.driver.identityDomain.attachDev(DEV, null);
    // Attributes as they come in, where the unit could override them.
    expect(steOf(all, 0x100)).toEqual([9n, 1n << 44n, 0n, 0n]);
    all.driver.blockedDomain.attachDev(DEV, all.driver.identityDomain);
    expect(steOf(all, 0x100)).toEqual([1n, 0n, 0n, 0n]);
  });

  it('11 bits of SSID need two levels of descriptors, 10 do not', () => {
    const with11 = setup({}, { abilitiesOf: () => ({ ats: false, pri: false, maxPasids: 2048 }) });
    with11.driver.probeDevice(DEV);
    const domain = must(with11.driver.domainAllocPaging(DEV, {}));
    domain.attachDev(DEV, null);
    const [ste0] = steOf(with11, 0x100) as [bigint];
    // S1Fmt 2, S1CDMax 11
    expect([(ste0 >> 4n) & 3n, ste0 >> 59n]).toEqual([2n, 11n]);
    const level1 = with11.memory.readU64(Number(ste0 & 0xf_ffff_ffff_ffc0n))!;
    expect(level1 & 0xfffn).toBe(1n);
    expect(with11.memory.readU64(Number(level1 & ~0xfffn))! & 0x8000_0000n).not.toBe(0n);
  });
});

describe('commands', () => {
  it('attach to stage 1: the descriptor before the entry, each step told', () => {
    expect(attached().bus.take()).toEqual([
      ...['CFGI_CD', 'SYNC', 'CFGI_CD', 'SYNC'],
      ...['CFGI_STE', 'SYNC', 'CFGI_STE', 'SYNC', 'PREFETCH_CFG'],
    ]);
  });

  it('from one stage-1 domain to another: the descriptor alone changes, then the old ASID goes', () => {
    const { driver, bus, domain } = attached();
    bus.take();
    must(driver.domainAllocPaging(DEV, {})).attachDev(DEV, domain);
    const words = bus.takeWords();
    expect(words.map(([first]) => first & 0xffn)).toEqual(
      [0x05, 0x46, 0x05, 0x46, 0x05, 0x46, 0x01, 0x11, 0x46].map(BigInt),
    );
    // ASID 1
    expect(words[7]![0]).toBe(0x11n | (1n << 48n));
  });

  it('a page goes: its address with LEAF, then SYNC', () => {
    const { bus, domain } = attached();
    bus.take();
    domain.paging!.map(0x1234_5000n, 0x10_0000, 4096, RW);
    expect(bus.take()).toEqual([]);
    domain.paging!.unmap(0x1234_5000n, 4096);
    expect(bus.takeWords()).toEqual([
      [0x12n | (1n << 48n), 0x1234_5001n],
      [0x46n | (2n << 12n) | (3n << 22n) | (0xfn << 24n), 0n],
    ]);
  });

  it('without range commands one a page, from 512 pages on one for the ASID', () => {
    const { bus, domain } = attached();
    domain.paging!.map(0n, 0x10_1000, 511 * 4096, RW);
    domain.paging!.map(0x4000_0000n, 0x4010_1000, 511 * 4096, RW);
    domain.paging!.map(0x401f_f000n, 0x4030_0000, 4096, RW);
    bus.take();
    domain.paging!.unmap(0n, 511 * 4096);
    const few = bus.take();
    expect(few.filter((each) => each === 'TLBI_NH_VA')).toHaveLength(511);
    // A table of 512 pages: it is freed, so the walk goes first, then the 2 MiB that were asked for.
    domain.paging!.unmap(0x4000_0000n, 2 ** 21);
    expect(bus.take()).toEqual(['TLBI_NH_ASID', 'SYNC', 'TLBI_NH_VA', 'SYNC']);
  });

  it('range commands: NUM, SCALE, TTL and TG', () => {
    const { bus, domain } = attached({ idr3: RIL });
    domain.paging!.map(0x1000n, 0x10_1000, 35 * 4096, RW);
    bus.take();
    domain.paging!.unmap(0x1000n, 35 * 4096);
    // 35 pages: 3 at scale 0 (35 & 31), then 32 = 1 at scale 5. TG 1 (4 KiB), TTL 3, LEAF.
    const low = (1n << 10n) | (3n << 8n) | 1n;
    expect(bus.takeWords().slice(0, 2)).toEqual([
      [0x12n | (2n << 12n) | (1n << 48n), 0x1000n | low],
      [0x12n | (5n << 20n) | (1n << 48n), 0x4000n | low],
    ]);
  });

  it('range commands for 2 MiB pages say level 2', () => {
    const { bus, domain } = attached({ idr3: RIL });
    domain.paging!.map(0x20_0000n, 0x20_0000, 2 ** 21, RW);
    bus.take();
    domain.paging!.unmap(0x20_0000n, 2 ** 21);
    expect(bus.takeWords()[0]).toEqual([
      0x12n | (9n << 20n) | (1n << 48n),
      0x20_0000n | (1n << 10n) | (2n << 8n) | 1n,
    ]);
  });

  it('at EL2 the commands are those of EL2', () => {
    const { bus, domain } = attached(withBits(1 << 9));
    domain.paging!.map(0x1000n, 0x10_0000, 4096, RW);
    bus.take();
    domain.paging!.unmap(0x1000n, 4096);
    domain.paging!.flushIotlbAll!();
    expect(bus.take()).toEqual(['TLBI_EL2_VA', 'SYNC', 'TLBI_EL2_ASID', 'SYNC']);
  });

  it('a nesting parent: its own translations, then those above them, then the whole ATC', () => {
    const { driver, bus } = setup(withBits(ATS_IDR0), ABLE);
    driver.probeDevice(DEV);
    const parent = must(driver.domainAllocPaging(DEV, { nestParent: true }));
    parent.attachDev(DEV, null);
    parent.paging!.map(0x1000n, 0x10_0000, 4096, RW);
    bus.take();
    parent.paging!.unmap(0x1000n, 4096);
    const words = bus.takeWords();
    expect(words.map(([first]) => first & 0xffn)).toEqual([0x2a, 0x46, 0x10, 0x46, 0x40, 0x46].map(BigInt));
    expect(words[4]).toEqual([0x40n | (0x100n << 32n), 52n]);
  });

  it('with ATS the device is told after the IOTLB, by a power of two', () => {
    const { bus, domain } = attached(withBits(ATS_IDR0), ABLE);
    domain.paging!.map(0x7000n, 0x10_7000, 4 * 4096, RW);
    bus.take();
    domain.paging!.unmap(0x7000n, 4 * 4096);
    const words = bus.takeWords();
    expect(words.map(([first]) => first & 0xffn)).toEqual(
      [0x12, 0x12, 0x12, 0x12, 0x46, 0x40, 0x46].map(BigInt),
    );
    // Pages 7 to 10 need 0 to 15: the kernel's own example.
    expect(words[5]).toEqual([0x40n | (0x100n << 32n), 4n]);
  });

  it('ATS goes on after the entry allows it, and off before it no longer does', () => {
    const order: string[] = [];
    const control = {
      ats: (_: string, on: boolean) => void order.push(on ? 'ats on' : 'ats off'),
      pri: () => undefined,
      pasid: () => void order.push('pasid'),
    };
    const { driver, bus, domain } = attached(withBits(ATS_IDR0), { ...ABLE, control });
    const { smmu } = driver;
    const eats = (): bigint => (smmu.strtab.entry(0x100).read(1) >> 28n) & 3n;
    expect(order).toEqual(['pasid', 'ats on']);
    expect(eats()).toBe(1n);
    expect(bus.take().slice(-3)).toEqual(['PREFETCH_CFG', 'ATC_INV', 'SYNC']);
    bus.onDoorbell = () => void order.push(`EATS ${eats()}`);
    driver.blockedDomain.attachDev(DEV, domain);
    expect(order[2]).toBe('ats off');
    expect(order.at(-1)).toBe('EATS 0');
  });

  it('a queue that stands still is a time-out, and said so', () => {
    const { driver, bus, log, domain } = attached();
    log();
    bus.stuck = true;
    domain.paging!.flushIotlbAll!();
    expect(log().filter((each) => each.includes('CMD_SYNC timeout'))).toHaveLength(1);
    expect(driver.smmu.cmdq.issueSync([0x30, 0, 0, 0])).toMatchObject({ ok: false, errno: 'ETIMEDOUT' });
  });

  it('a command that is refused becomes a SYNC', () => {
    const { driver, bus, log, memory } = setup();
    log();
    const { ring } = driver.smmu.cmdq;
    bus.stuck = true;
    driver.smmu.cmdq.issue([0xff, 1, 2, 3]);
    const at = Number(bus.read64(0x9c));
    bus.registers.set(0x9c, BigInt(at) | (1n << 24n));
    bus.registers.set(0x60, 1n);
    driver.handler.globalErrors();
    expect(memory.readU64(ring.pa(at))! & 0xffn).toBe(0x46n);
    expect(bus.read64(0x64)).toBe(1n);
    const hex8 = (value: number) => value.toString(16).padStart(8, '0');
    expect(log().map((text) => text.replace('arm-smmu-v3 arm-smmu-v3.0.auto: ', ''))).toEqual([
      'unexpected global error reported (0x00000001), this could be serious',
      `CMDQ error (cons 0x${hex8(0x100_0000 + at)}): Illegal command`,
      'skipping command in error state:',
      '\t0x00000001000000ff',
      '\t0x0000000300000002',
    ]);
  });

  it('the queue wraps, and wraps again', () => {
    const { bus, domain } = attached();
    domain.paging!.map(0x1000n, 0x10_0000, 4096, RW);
    for (let n = 0; n < 600; n++) {
      bus.take();
      domain.paging!.flushIotlbAll!();
      expect(bus.take()).toEqual(['TLBI_NH_ASID', 'SYNC']);
    }
  });
});

describe('errnos, in the order of the kernel', () => {
  const user = { type: 2, length: 16, read: () => ({ ok: true as const, value: new Uint8Array(16) }) };
  const NO_S1 = { idr0: PLAIN_IDS.idr0 & ~2 };

  it('arm_smmu_domain_alloc_paging_flags()', () => {
    const both = setup().driver;
    both.probeDevice(DEV);
    const without = setup(NO_S1).driver;
    const errnoOf = (driver: SmmuDriver, flags: object): string => {
      const made = driver.domainAllocPaging(DEV, flags);
      return made.ok ? made.value.paging!.constructor.name : made.errno;
    };
    const refused = 'EOPNOTSUPP';
    expect(errnoOf(both, { userData: user })).toBe(refused);
    expect(errnoOf(both, { nestParent: true, dirtyTracking: true })).toBe(refused);
    expect(errnoOf(both, { nestParent: true, pasid: true })).toBe(refused);
    expect(errnoOf(without, { nestParent: true })).toBe(refused);
    expect(errnoOf(without, { pasid: true })).toBe(refused);
    expect(errnoOf(without, { dirtyTracking: true })).toBe(refused);
    for (const flags of [{}, { nestParent: true }, { pasid: true }, { pasid: true, dirtyTracking: true }])
      expect(errnoOf(both, flags)).toBe('SmmuDomain');
    expect(errnoOf(without, {})).toBe('SmmuDomain');
  });

  it('a map over something is EEXIST, beyond the table ERANGE, and nothing half-done stays', () => {
    const { domain } = attached();
    const { paging } = domain;
    paging!.map(0x3000n, 0x10_0000, 4096, RW);
    expect(paging!.map(0x1000n, 0x20_0000, 3 * 4096, RW)).toMatchObject({ errno: 'EEXIST' });
    expect(paging!.iovaToPhys(0x1000n)).toBeNull();
    expect(paging!.map(1n << 48n, 0x20_0000, 4096, RW)).toMatchObject({ errno: 'ERANGE' });
    expect(paging!.map(0n, 2 ** 44, 4096, RW)).toMatchObject({ errno: 'ERANGE' });
    expect(paging!.map(0n, 0, 4096, { read: false, write: false })).toMatchObject({ errno: 'EINVAL' });
  });

  it('of a large page no part is unmapped', () => {
    const { paging } = attached().domain;
    paging!.map(0x20_0000n, 0x20_0000, 2 ** 21, RW);
    expect(paging!.unmap(0x20_0000n, 4096)).toBe(0);
    expect(paging!.unmap(0x20_1000n, 4096)).toBe(0);
    expect(paging!.iovaToPhys(0x20_0000n)).toBe(0x20_0000);
    expect(paging!.unmap(0x20_0000n, 2 ** 21)).toBe(2 ** 21);
  });

  it('arm_smmu_attach_dev(): EINVAL for another unit’s domain, EBUSY for stage 2 over PASIDs in use', () => {
    const { driver, domain } = attached({}, ABLE);
    expect(domain.attachDev(client(0x200), null)).toMatchObject({ errno: 'EINVAL' });
    const pasid = must(driver.domainAllocPaging(DEV, { pasid: true }));
    expect(pasid.setDevPasid!(DEV, 5, null).ok).toBe(true);
    const stage2 = must(driver.domainAllocPaging(DEV, { nestParent: true }));
    expect(stage2.attachDev(DEV, domain)).toMatchObject({ errno: 'EBUSY', rule: 'arm_smmu_attach_dev' });
    driver.blockedDomain.setDevPasid!(DEV, 5, pasid);
    expect(stage2.attachDev(DEV, domain).ok).toBe(true);
    // Beside stage 2 there is no table of descriptors.
    expect(pasid.setDevPasid!(DEV, 5, null)).toMatchObject({ errno: 'EINVAL', rule: 'arm_smmu_set_pasid' });
    expect(stage2.setDevPasid!(DEV, 5, null)).toMatchObject({
      errno: 'EINVAL',
      rule: 'arm_smmu_s1_set_dev_pasid',
    });
  });

  it('a StreamID beyond the table is ERANGE, one that another device has ENODEV', () => {
    const { driver, log } = setup({ idr1: (PLAIN_IDS.idr1 & ~0x3f) | 8 });
    expect(driver.probeDevice(client(0x100))).toMatchObject({ errno: 'ERANGE' });
    expect(driver.probeDevice(client(0x10)).ok).toBe(true);
    log();
    expect(driver.probeDevice(client(0x11, [0x11, 0x10]))).toMatchObject({ errno: 'ENODEV' });
    expect(log()).toEqual([
      'pci 0000:00:02.1: Aliasing StreamID 0x10 (from 0000:00:02.0) unsupported, expect DMA to be broken',
    ]);
    // Nothing of the refused one stays.
    expect(driver.probeDevice(client(0x11)).ok).toBe(true);
  });

  it('a domain that promises coherent accesses refuses a device that cannot', () => {
    const { driver } = setup({}, { canWbs: (name) => name === DEV.name });
    driver.probeDevice(DEV);
    const other = client(0x200);
    driver.probeDevice(other);
    const domain = must(driver.domainAllocPaging(DEV, {}));
    domain.attachDev(DEV, null);
    expect(domain.paging!.enforceCacheCoherency!()).toBe(true);
    expect(domain.attachDev(other, null)).toMatchObject({ errno: 'EINVAL', rule: 'arm_smmu_attach_prepare' });
    expect(driver.capable(DEV, 'ENFORCE_CACHE_COHERENCY')).toBe(true);
    expect(driver.capable(other, 'ENFORCE_CACHE_COHERENCY')).toBe(false);
  });

  it('page faults need a device whose faults stall and that has one StreamID', () => {
    const stalls = { idr0: PLAIN_IDS.idr0 & ~(3 << 24) };
    const asked: string[] = [];
    const pageRequests = {
      allow: ({ name }: IommuClient) => asked.push(name) > 0,
      forbid: ({ name }: IommuClient) => void asked.push(`no ${name}`),
      report: () => undefined,
    };
    const two = client(0x108, [0x108, 0x110]);
    const { driver } = setup(stalls, { canStall: () => true, pageRequests });
    for (const each of [DEV, two]) driver.probeDevice(each);
    const domain = must(driver.domainAllocPaging(DEV, {}));
    domain.iopfHandler = () => ({ ok: true, value: undefined });
    expect(domain.attachDev(two, null)).toMatchObject({ errno: 'EOPNOTSUPP' });
    expect(domain.attachDev(DEV, null).ok).toBe(true);
    driver.blockedDomain.attachDev(DEV, domain);
    expect(asked).toEqual([DEV.name, `no ${DEV.name}`]);
    const without = setup().driver;
    without.probeDevice(DEV);
    const plain = must(without.domainAllocPaging(DEV, {}));
    plain.iopfHandler = () => ({ ok: true, value: undefined });
    expect(plain.attachDev(DEV, null).ok).toBe(true);
  });
});

describe('PASIDs', () => {
  const rig = (attachTo: 'identity' | 'blocked') => {
    const all = setup(withBits(ATS_IDR0), ABLE);
    all.driver.probeDevice(DEV);
    const under = attachTo === 'identity' ? all.driver.identityDomain : all.driver.blockedDomain;
    under.attachDev(DEV, null);
    const domain = must(all.driver.domainAllocPaging(DEV, { pasid: true }));
    all.bus.take();
    const ste = (): bigint[] => [0, 1].map((n) => all.driver.smmu.strtab.entry(0x100).read(n));
    return { ...all, under, domain, ste };
  };

  it.each([
    ['identity', 1n],
    ['blocked', 0n],
  ] as const)('beside %s the entry keeps its meaning for requests without one', (name, s1dss) => {
    const { driver, domain, ste, under } = rig(name);
    expect(domain.setDevPasid!(DEV, 7, null).ok).toBe(true);
    const [first, second] = ste() as [bigint, bigint];
    // Config 5, S1CDMax 8, S1DSS, EATS on
    expect([(first >> 1n) & 7n, first >> 59n, second & 3n, (second >> 28n) & 3n]).toEqual([
      5n,
      8n,
      s1dss,
      1n,
    ]);
    expect(driver.domainOf(DEV.name, 7)).toBe(domain);
    driver.blockedDomain.setDevPasid!(DEV, 7, domain);
    expect((ste()[0]! >> 1n) & 7n).toBe(name === 'identity' ? 4n : 0n);
    expect(driver.domainOf(DEV.name, 7)).toBeNull();
    expect(driver.domainOf(DEV.name, -1)).toBe(under);
  });

  it('the descriptor of the PASID, its ASID, and commands that name it', () => {
    const { driver, domain, bus, memory, ste } = rig('blocked');
    domain.setDevPasid!(DEV, 7, null);
    const table = Number(ste()[0]! & 0xf_ffff_ffff_ffc0n);
    expect(memory.readU64(table)).toBe(0n);
    expect(memory.readU64(table + 7 * 64)! & 0x8000_0000n).toBe(0x8000_0000n);
    const cfgi = bus.takeWords().filter(([first]) => (first & 0xffn) === 5n);
    expect(cfgi).toEqual([
      [0x5n | (7n << 12n) | (0x100n << 32n), 1n],
      [0x5n | (7n << 12n) | (0x100n << 32n), 1n],
    ]);
    driver.blockedDomain.setDevPasid!(DEV, 7, domain);
    const words = bus.takeWords().map(([first]) => first);
    // V=0, the rest cleared; then the ATC of the PASID, the ASID.
    expect(words.filter((first) => (first & 0xffn) === 0x40n)[0]).toBe(
      0x40n | (1n << 11n) | (7n << 12n) | (0x100n << 32n),
    );
    expect(words.filter((first) => (first & 0xffn) === 0x11n)).toEqual([0x11n | (1n << 48n)]);
  });
});

describe('what goes back', () => {
  it('ASIDs, VMIDs and frames', () => {
    const { driver, memory, domain } = attached();
    const stage2 = must(driver.domainAllocPaging(DEV, { nestParent: true }));
    stage2.paging!.map(0n, 0x10_0000, 4096, RW);
    driver.blockedDomain.attachDev(DEV, domain);
    domain.paging!.free();
    stage2.paging!.free();
    const again = must(driver.domainAllocPaging(DEV, {}));
    expect(driver.describeDomain(again)).toMatchObject({ tag: 'ASID 1' });
    again.paging!.free();
    const with1 = memory.allocatedFrames;
    driver.releaseDevice(DEV);
    // The table of descriptors.
    expect(memory.allocatedFrames).toBe(with1 - 1);
    driver.probeDevice(DEV);
    expect(memory.allocatedFrames).toBe(with1 - 1);
  });
});
