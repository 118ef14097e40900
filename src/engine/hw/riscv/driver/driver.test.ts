import { describe, expect, it } from 'vitest';
import type { IommuClient, IommuDomain } from '../../../iommu/ops';
import type { Result } from '../../../kernel/errno';
import { PhysicalMemory } from '../../../memory/physical-memory';
import { TraceBuffer } from '../../../trace/trace';
import { createRiscvDriver, PscidSpace, type RiscvDriver, type RiscvDriverOptions } from './driver';
import { FakeRiscv, PLAIN, type FakeRiscvOptions } from './fake-riscv.conformance';

/**
 * What the driver writes and in which order, recorded from a bus that is no hardware. Expected values: Linux 7.1,
 * drivers/iommu/riscv/iommu.c, iommu-platform.c, iommu-bits.h, read by hand.
 */
const client = (rid: number, aliases: readonly number[] = [rid]): IommuClient => ({
  name: `0000:0${rid >> 8}:0${(rid >> 3) & 0x1f}.${rid & 7}`,
  rid,
  aliasRids: aliases,
});
const DEV = client(0x108);
const RW = { read: true, write: true };
const MSI_FLAT = 1n << 22n;

/** Commands by opcode and func3, from iommu-bits.h. */
const VMA = 1n;
const FENCE = 2n | (3n << 12n);
const DDT = 3n;
const ofDevice = (did: bigint): bigint => DDT | (1n << 33n) | (did << 40n);
const ofPscid = (pscid: bigint): bigint => VMA | (1n << 32n) | (pscid << 12n);

function must<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`${result.errno}: ${result.why}`);
  return result.value;
}

function setup(options: Partial<FakeRiscvOptions> = {}, driverOptions: Partial<RiscvDriverOptions> = {}) {
  const memory = new PhysicalMemory();
  const trace = new TraceBuffer();
  const bus = new FakeRiscv(memory, options);
  const driver = must(createRiscvDriver({ memory, bus, unit: 'iommu:riscv0', trace, ...driverOptions }));
  const log = (): string[] => trace.take().flatMap((event) => (event.kind === 'log' ? [event.text] : []));
  return { memory, bus, driver, log };
}

function attached(options: Partial<FakeRiscvOptions> = {}) {
  const all = setup(options);
  must(all.driver.probeDevice(DEV));
  const domain = must(all.driver.domainAllocPaging(DEV, {}));
  all.bus.takeWords();
  must(domain.attachDev(DEV, null));
  return { ...all, domain };
}

/** The four first words of a device's context. */
function contextOf({ memory, bus }: ReturnType<typeof setup>, did: number, extended = false): number {
  const ppn = (word: bigint): number => Number((word & (((1n << 44n) - 1n) << 10n)) << 2n);
  const low = extended ? 6 : 7;
  const root = ppn(bus.read64(0x10));
  const second = ppn(memory.readU64(root + ((did >> (low + 9)) & 0x1ff) * 8)!);
  const third = ppn(memory.readU64(second + ((did >> low) & 0x1ff) * 8)!);
  return third + (did & (2 ** low - 1)) * (extended ? 64 : 32);
}

describe('riscv_iommu_init()', () => {
  it('writes registers in the order of the kernel', () => {
    const { bus } = setup();
    const [cqb, fqb, ddtp] = [0x18, 0x28, 0x10].map((offset) => bus.read64(offset).toString(16));
    expect(bus.writes).toEqual([
      // WSI
      'FCTL=2',
      'ICVEC=2310',
      // What is fixed is asked for by writing.
      'DDTP=0',
      'CQB=1f',
      `CQB=${cqb!}`,
      'FQB=1f',
      `FQB=${fqb!}`,
      'CQT=0',
      'CQCSR=103',
      'IPSR=1',
      'FQH=0',
      'FQCSR=103',
      'IPSR=2',
      `DDTP=${ddtp!}`,
    ]);
    // 8192 and 4096 entries.
    expect([bus.read64(0x18) & 0x1fn, bus.read64(0x28) & 0x1fn]).toEqual([12n, 11n]);
    expect(bus.takeWords()).toEqual([
      [DDT, 0n],
      [VMA, 0n],
      [FENCE, 0n],
    ]);
  });

  it('says how it is interrupted', () => {
    expect(setup().log()).toEqual([
      'riscv,iommu 3010000.iommu: failed to find an MSI domain',
      'riscv,iommu 3010000.iommu: using wire-signaled interrupts',
    ]);
  });

  it('a shorter queue where the unit has no longer one', () => {
    expect(setup({ log2szLimit: 5n }).bus.read64(0x18) & 0x1fn).toBe(5n);
  });

  it.each([
    [4n, ['4']],
    [3n, ['4', '3']],
    [2n, ['4', '3', '2']],
  ])('a directory as deep as the unit takes it: mode %s', (maxMode, tried) => {
    const modes = setup({ maxMode })
      .bus.writes.filter((each) => each.startsWith('DDTP='))
      .slice(1);
    expect(modes.map((each) => each.slice(-1))).toEqual(tried);
  });

  it.each([
    ['EBUSY', 'ddtp is busy', { ddtp: 0x10n }],
    ['EBUSY', 'the unit is in use already', { ddtp: 2n }],
    ['EINVAL', 'the unit takes no directory of any depth', { maxMode: 1n }],
    ['ENODEV', 'unable to use wire-signaled interrupts', { capabilities: PLAIN.capabilities & ~(3n << 28n) }],
    ['ENODEV', 'invalid IGS', { capabilities: PLAIN.capabilities | (3n << 28n) }],
  ] as const)('%s: %s', (errno, why, options) => {
    const memory = new PhysicalMemory();
    const made = createRiscvDriver({ memory, bus: new FakeRiscv(memory, options), unit: 'iommu:riscv0' });
    expect(made).toMatchObject({ ok: false, errno, why });
  });
});

describe('riscv_iommu_iodir_update()', () => {
  it('a context that was not valid: its words, then V, then the unit is told', () => {
    const all = attached();
    const at = contextOf(all, 0x108);
    const [tc, iohgatp, ta, fsc] = [0, 8, 16, 24].map((n) => all.memory.readU64(at + n)!);
    expect([tc, iohgatp, ta! >> 12n, fsc! >> 60n]).toEqual([1n, 0n, 1n, 9n]);
    expect(all.bus.takeWords()).toEqual([
      [ofDevice(0x108n), 0n],
      [ofPscid(1n), 0n],
      [FENCE, 0n],
    ]);
  });

  it('one that was valid is taken out first, and its PSCID after', () => {
    const { driver, bus, domain } = attached();
    bus.takeWords();
    const next = must(driver.domainAllocPaging(DEV, {}));
    must(next.attachDev(DEV, domain));
    expect(bus.takeWords().map(([first]) => first)).toEqual([
      ...[ofDevice(0x108n), ofPscid(1n), FENCE],
      ...[ofDevice(0x108n), ofPscid(2n), FENCE],
      // The last device has left.
      ...[ofPscid(1n), FENCE],
    ]);
  });

  it('the unit sees the old, the new, or nothing at every command', () => {
    const all = attached();
    const { driver, bus, domain, memory } = all;
    const at = contextOf(all, 0x108);
    const words = (): string => [0, 16, 24].map((n) => memory.readU64(at + n)!.toString(16)).join(' ');
    const before = words();
    const seen: string[] = [];
    bus.onCommand = () => void seen.push(words());
    const next = must(driver.domainAllocPaging(DEV, {}));
    must(next.attachDev(DEV, domain));
    const after = words();
    const invalid = before.replace(/^1/, '0');
    expect(new Set(seen)).toEqual(new Set([invalid, after]));
    expect(seen.indexOf(after)).toBeGreaterThan(seen.lastIndexOf(invalid));
  });

  it('at every single store: V goes first and comes last', () => {
    const all = attached();
    const { driver, domain, memory } = all;
    const at = contextOf(all, 0x108);
    const store = memory.writeU64.bind(memory);
    const prefixes: bigint[][] = [];
    memory.writeU64 = (pa, value) => {
      const written = store(pa, value);
      if (pa >= at && pa < at + 32) prefixes.push([0, 16, 24].map((n) => memory.readU64(at + n)!));
      return written;
    };
    const old = [0, 16, 24].map((n) => memory.readU64(at + n)!);
    const next = must(driver.domainAllocPaging(DEV, {}));
    must(next.attachDev(DEV, domain));
    const now = [0, 16, 24].map((n) => memory.readU64(at + n)!);
    expect(prefixes.length).toBe(4);
    for (const each of prefixes) {
      const isOld = each.every((word, n) => word === old[n]);
      const isNew = each.every((word, n) => word === now[n]);
      expect(isOld || isNew || (each[0]! & 1n) === 0n).toBe(true);
    }
  });

  it('identity is Bare and valid, blocked is not valid', () => {
    const all = setup({ capabilities: PLAIN.capabilities | MSI_FLAT });
    must(all.driver.probeDevice(DEV));
    all.bus.takeWords();
    must(all.driver.identityDomain.attachDev(DEV, null));
    const at = contextOf(all, 0x108, true);
    const words = () => [0, 8, 16, 24].map((n) => all.memory.readU64(at + n)!);
    expect(words()).toEqual([1n, 0n, 0n, 0n]);
    expect(all.bus.takeWords().map(([first]) => first)).toEqual([ofDevice(0x108n), VMA, FENCE]);
    must(all.driver.blockedDomain.attachDev(DEV, all.driver.identityDomain));
    expect(words()).toEqual([0n, 0n, 0n, 0n]);
  });

  it('every alias has a context of its own', () => {
    const all = setup();
    const two = client(0x108, [0x108, 0x200]);
    must(all.driver.probeDevice(two));
    must(all.driver.identityDomain.attachDev(two, null));
    expect([0x108, 0x200].map((did) => all.memory.readU64(contextOf(all, did)))).toEqual([1n, 1n]);
  });
});

describe('riscv_iommu_iotlb_inval()', () => {
  it('page by page below 2 MiB, everything from there on', () => {
    const { bus, domain } = attached();
    domain.paging!.map(0x1000n, 0x10_1000, 3 * 4096, RW);
    bus.takeWords();
    domain.paging!.unmap(0x1000n, 3 * 4096);
    const page = (vpn: bigint): readonly [bigint, bigint] => [ofPscid(1n) | (1n << 10n), vpn << 10n];
    expect(bus.takeWords()).toEqual([page(1n), page(2n), page(3n), [FENCE, 0n]]);
    domain.paging!.map(0x20_0000n, 0x20_0000, 2 ** 21, RW);
    domain.paging!.unmap(0x20_0000n, 2 ** 21);
    expect(bus.takeWords()).toEqual([
      [ofPscid(1n), 0n],
      [FENCE, 0n],
    ]);
  });

  it('where a table was freed everything goes, for pages keep what is known of tables', () => {
    const { bus, domain } = attached();
    domain.paging!.map(0x20_0000n, 0x20_1000, 2 ** 21, RW);
    bus.takeWords();
    domain.paging!.unmap(0x20_0000n, 2 ** 21);
    expect(bus.takeWords().map(([first]) => first)).toEqual([ofPscid(1n), FENCE]);
  });

  it('each unit with a device in the domain is told once', () => {
    const pscids = new PscidSpace();
    const units: RiscvDriver[] = [];
    const make = (rids: readonly number[]) => {
      const options = { pscids, sisters: () => units, scope: ({ rid }: IommuClient) => rids.includes(rid) };
      const all = setup({}, options);
      units.push(all.driver);
      return all;
    };
    const [one, two] = [make([0x100, 0x101]), make([0x200])];
    const devices = [0x100, 0x101, 0x200].map((rid) => client(rid));
    for (const device of devices) must((device.rid < 0x200 ? one : two).driver.probeDevice(device));
    const domain = must(one.driver.domainAllocPaging(devices[0]!, {}));
    for (const device of devices) must(domain.attachDev(device, null));
    domain.paging!.map(0x1000n, 0x10_0000, 4096, RW);
    for (const { bus } of [one, two]) bus.takeWords();
    domain.paging!.unmap(0x1000n, 4096);
    for (const { bus } of [one, two]) expect(bus.takeWords()).toHaveLength(2);
    // The last of a unit that leaves takes its entries along, another does not.
    must(one.driver.blockedDomain.attachDev(devices[0]!, domain));
    expect(one.bus.takeWords().filter(([first]) => first === ofPscid(1n))).toHaveLength(1);
    must(two.driver.blockedDomain.attachDev(devices[2]!, domain));
    expect(two.bus.takeWords().filter(([first]) => first === ofPscid(1n))).toHaveLength(2);
  });

  it('the queue wraps', () => {
    const { bus, domain } = attached({ log2szLimit: 3n });
    for (let n = 0; n < 40; n++) {
      bus.takeWords();
      domain.paging!.flushIotlbAll!();
      expect(bus.takeWords()).toHaveLength(2);
    }
  });

  it('a queue that stands still is said so', () => {
    const { bus, domain, log } = attached();
    log();
    bus.stuck = true;
    domain.paging!.flushIotlbAll!();
    expect(log()).toEqual(['riscv,iommu 3010000.iommu: Hardware error: command execution timeout']);
  });
});

describe('devices and domains', () => {
  it('ENODEV: beyond the directory, or not in scope', () => {
    const shallow = setup({ maxMode: 2n });
    expect(shallow.driver.probeDevice(client(0x80))).toMatchObject({ errno: 'ENODEV' });
    expect(shallow.driver.probeDevice(client(0x7f)).ok).toBe(true);
    const scoped = setup({}, { scope: () => false });
    expect(scoped.driver.probeDevice(DEV)).toMatchObject({ errno: 'ENODEV' });
  });

  it('the widest table that the unit walks; only half of its addresses are given out', () => {
    const levelsOf = (capabilities: bigint): readonly [number, bigint] => {
      const { driver } = setup({ capabilities: (PLAIN.capabilities & ~(7n << 9n)) | (capabilities << 9n) });
      must(driver.probeDevice(DEV));
      const domain: IommuDomain = must(driver.domainAllocPaging(DEV, {}));
      return [driver.describeDomain(domain)!.levels, domain.paging!.apertureLast];
    };
    expect(levelsOf(0b001n)).toEqual([3, 2n ** 38n - 1n]);
    expect(levelsOf(0b011n)).toEqual([4, 2n ** 47n - 1n]);
    expect(levelsOf(0b111n)).toEqual([5, 2n ** 56n - 1n]);
    const none = setup({ capabilities: PLAIN.capabilities & ~(7n << 9n) });
    expect(none.driver.domainAllocPaging(DEV, {})).toMatchObject({ errno: 'ENODEV' });
  });

  it('is capable of nothing, says nothing of reserved regions, and knows no extras', () => {
    const { driver } = setup();
    for (const each of ['CACHE_COHERENCY', 'DEFERRED_FLUSH', 'DIRTY_TRACKING'] as const)
      expect(driver.capable(DEV, each)).toBe(false);
    expect(driver.getResvRegions()).toEqual([]);
    expect(driver.domainAllocPaging(DEV, { nestParent: true })).toMatchObject({ errno: 'EOPNOTSUPP' });
    expect(driver.domainAllocPaging(DEV, { dirtyTracking: true })).toMatchObject({ errno: 'EOPNOTSUPP' });
    expect(setup({}, { reportCoherency: true }).driver.capable(DEV, 'CACHE_COHERENCY')).toBe(true);
  });

  it('PSCIDs and frames go back', () => {
    const { driver, memory, domain } = attached();
    const before = memory.allocatedFrames;
    must(driver.blockedDomain.attachDev(DEV, domain));
    domain.paging!.free();
    const again = must(driver.domainAllocPaging(DEV, {}));
    expect(driver.describeDomain(again)).toMatchObject({ tag: 'PSCID 1', format: 'riscv64' });
    expect(memory.allocatedFrames).toBe(before);
  });
});

describe('the fault queue', () => {
  it('prints what the kernel prints, and takes the record out', () => {
    const { memory, bus, driver, log } = setup();
    log();
    const base = Number((bus.read64(0x28) & (((1n << 44n) - 1n) << 10n)) << 2n);
    const record = [0xdn | (0x108n << 40n), 0n, 0x1234_5000n, 0n];
    for (const [n, word] of record.entries()) memory.writeU64(base + n * 8, word);
    memory.writeU64(base + 32, 0n);
    bus.registers.set(0x34, 2n);
    driver.interrupt('faults');
    expect(log()).toEqual(['riscv,iommu 3010000.iommu: Fault 13 devid: 0x108 iotval: 12345000 iotval2: 0']);
    expect(bus.read64(0x30)).toBe(2n);
    expect(driver.parts.faults.records).toHaveLength(2);
  });

  it('an overflow is said and acknowledged', () => {
    const { bus, driver, log } = setup();
    log();
    bus.registers.set(0x4c, 0x1_0203n);
    driver.interrupt('faults');
    expect(log()).toEqual(['riscv,iommu 3010000.iommu: Queue #1 error; memory fault:0 overflow:1']);
    expect(bus.writes.at(-1)).toBe('FQCSR=10203');
  });

  it('an error of the command queue too', () => {
    const { bus, driver, log } = setup();
    log();
    bus.registers.set(0x48, 0x1_0403n);
    driver.interrupt('commands');
    expect(log()).toEqual([
      'riscv,iommu 3010000.iommu: Queue #0 error; fault:0 timeout:0 illegal:1 fence_w_ip:0',
    ]);
    expect(bus.writes.slice(-2)).toEqual(['CQCSR=10403', 'IPSR=1']);
  });
});
