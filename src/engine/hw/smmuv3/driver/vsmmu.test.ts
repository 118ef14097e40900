import { describe, expect, it } from 'vitest';
import type { IommuClient, IommuDomain, UserDataArray } from '../../../iommu/ops';
import type { ViommuHandle, ViommuOps } from '../../../iommu/viommu-ops';
import { err, ok, type Result } from '../../../kernel/errno';
import { PhysicalMemory } from '../../../memory/physical-memory';
import { TraceBuffer } from '../../../trace/trace';
import { createSmmuDriver, type SmmuDriverOptions } from './driver';
import { FakeSmmu, PLAIN_IDS } from './fake-smmu.conformance';

/**
 * What a VM may say, and what becomes of it. Expected values: Linux 7.1, arm-smmu-v3-iommufd.c, arm-smmu-v3.c
 * arm_smmu_handle_event(), arm_smmu_dump_event(), read by hand.
 */
const DEV: IommuClient = { name: '0000:01:00.0', rid: 0x100, aliasRids: [0x100] };
const FWB = 1 << 8;
const ATS = 1 << 10;
const STALLS_CONFIGURABLE = PLAIN_IDS.idr0 & ~(3 << 24);
const ABLE = { abilitiesOf: () => ({ ats: true, pri: false, maxPasids: 256 }) };
const VSID = 0x55n;

function setup(options: Partial<SmmuDriverOptions> = {}, idr0 = PLAIN_IDS.idr0 | ATS) {
  const memory = new PhysicalMemory();
  const trace = new TraceBuffer();
  const bus = new FakeSmmu(memory, { idr0, idr3: FWB });
  const driver = must(createSmmuDriver({ memory, bus, unit: 'iommu:smmu0', trace, ...ABLE, ...options }));
  driver.probeDevice(DEV);
  const parent = must(driver.domainAllocPaging(DEV, { nestParent: true }));
  const events: { type: number; words: bigint[] }[] = [];
  const vdevices = new Map<bigint, IommuClient>();
  let queue = true;
  const handle: ViommuHandle = {
    type: 1,
    findDevice: (id) => vdevices.get(id) ?? null,
    virtIdOf: (device) => [...vdevices].find(([, each]) => each === device)?.[0] ?? null,
    reportEvent(type, data) {
      if (!queue) return err('EOPNOTSUPP', 'no queue');
      const view = new DataView(data.buffer);
      events.push({ type, words: [0, 8, 16, 24].map((at) => view.getBigUint64(at, true)) });
      return ok(undefined);
    },
    allocMmap: () => err('EOPNOTSUPP', 'no memory'),
    destroyMmap: () => undefined,
  };
  const viommu = must(driver.viommuInit(handle, parent, null));
  vdevices.set(VSID, DEV);
  bus.take();
  const log = (): string[] => trace.take().flatMap((event) => (event.kind === 'log' ? [event.text] : []));
  const closeQueue = (): void => void (queue = false);
  return { memory, bus, driver, parent, viommu, vdevices, events, log, closeQueue };
}

function must<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(`${result.errno}: ${result.why}`);
  return result.value;
}

function bytesOf(words: readonly bigint[]): Uint8Array {
  const bytes = new Uint8Array(words.length * 8);
  const view = new DataView(bytes.buffer);
  for (const [n, word] of words.entries()) view.setBigUint64(n * 8, word, true);
  return bytes;
}

function alloc(viommu: ViommuOps, words: readonly bigint[], type = 2, flags = 0): Result<IommuDomain> {
  const bytes = bytesOf(words);
  return viommu.allocDomainNested!(flags, { type, length: bytes.length, read: () => ok(bytes) });
}

function commands(words: readonly (readonly [bigint, bigint])[], type = 1): UserDataArray {
  const entry = (index: number): Result<Uint8Array> => ok(bytesOf(words[index]!));
  return { type, entryLength: 16, entryCount: words.length, handled: 0, read: entry, readStruct: entry };
}

/** V, Config 5, a table at 0x12340 for 2^4 descriptors; S1DSS 2, write-back. */
const TABLE = [0x1n | (5n << 1n) | 0x1_2340n | (4n << 59n), 0xd6n] as const;
const EATS_FULL = 1n << 28n;

describe('arm_smmu_validate_vste()', () => {
  it.each([
    ['flags', 'EOPNOTSUPP', [0n, 0n], 2, 2],
    ['another type', 'EINVAL', [...TABLE], 3, 0],
    ['too short', 'EINVAL', [1n], 2, 0],
    ['a third word', 'EINVAL', [...TABLE, 0n], 2, 0],
    ['a field of word 0 that is ours', 'EIO', [TABLE[0] | (1n << 52n), TABLE[1]], 2, 0],
    ['a field of word 1 that is ours', 'EIO', [TABLE[0], TABLE[1] | (1n << 25n)], 2, 0],
    ['stage 2', 'EIO', [0x1n | (6n << 1n), 0n], 2, 0],
    ['both stages', 'EIO', [0x1n | (7n << 1n), 0n], 2, 0],
    ['split-stage ATS', 'EIO', [TABLE[0], TABLE[1] | (2n << 28n)], 2, 0],
  ] as const)('%s: %s', (_what, errno, words, type, flags) => {
    expect(alloc(setup().viommu, words, type, flags)).toMatchObject({ ok: false, errno });
  });

  it('not valid is taken whatever else it says', () => {
    expect(alloc(setup().viommu, [0xffff_0000_0000_0000n, ~0n & ((1n << 64n) - 1n)]).ok).toBe(true);
  });
});

describe('arm_smmu_attach_dev_nested()', () => {
  const steOf = ({ driver }: ReturnType<typeof setup>): bigint[] =>
    [0, 1, 2, 3].map((n) => driver.smmu.strtab.entry(0x100).read(n));

  it('a table of the VM over the parent: Config 7, its own fields, and MEV', () => {
    const all = setup();
    all.parent.attachDev(DEV, null);
    const [, plain1, plain2, plain3] = steOf(all);
    const nested = must(alloc(all.viommu, TABLE));
    expect(nested.attachDev(DEV, all.parent).ok).toBe(true);
    const [ste0, ste1, ste2, ste3] = steOf(all);
    expect(ste0).toBe(TABLE[0] | (7n << 1n));
    // S2FWB of the parent stays; ATS is the VM's to ask for, and it did not.
    expect(plain1).toBe((1n << 25n) | EATS_FULL);
    expect(ste1).toBe((1n << 25n) | TABLE[1] | (1n << 19n));
    expect([ste2, ste3]).toEqual([plain2, plain3]);
  });

  it('with EATS in the VM’s entry ATS stays on', () => {
    const all = setup();
    all.parent.attachDev(DEV, null);
    const nested = must(alloc(all.viommu, [TABLE[0], TABLE[1] | EATS_FULL]));
    nested.attachDev(DEV, all.parent);
    expect(steOf(all)[1]! & (3n << 28n)).toBe(EATS_FULL);
  });

  it('bypass is the parent alone; abort and not valid are aborts', () => {
    const all = setup();
    all.parent.attachDev(DEV, null);
    const parentSte = steOf(all);
    must(alloc(all.viommu, [0x9n, 0n])).attachDev(DEV, all.parent);
    expect(steOf(all)).toEqual(parentSte);
    must(alloc(all.viommu, [0n, 0n])).attachDev(DEV, all.parent);
    expect(steOf(all)).toEqual([1n, 0n, 0n, 0n]);
  });

  it('what translates needs a vDEVICE, what does not needs none', () => {
    const all = setup();
    all.vdevices.clear();
    expect(must(alloc(all.viommu, TABLE)).attachDev(DEV, null)).toMatchObject({ errno: 'ENOENT' });
    expect(must(alloc(all.viommu, [0x9n, 0n])).attachDev(DEV, null).ok).toBe(true);
    // Not valid counts as abort.
    expect(must(alloc(all.viommu, [0n, 0n])).attachDev(DEV, null).ok).toBe(true);
  });

  it('not while PASIDs are in use', () => {
    const all = setup();
    all.driver.identityDomain.attachDev(DEV, null);
    const pasid = must(all.driver.domainAllocPaging(DEV, { pasid: true }));
    expect(pasid.setDevPasid!(DEV, 3, null).ok).toBe(true);
    expect(must(alloc(all.viommu, TABLE)).attachDev(DEV, null)).toMatchObject({ errno: 'EBUSY' });
  });

  it('a parent that changes tells the device that is nested over it', () => {
    const all = setup();
    must(alloc(all.viommu, [TABLE[0], TABLE[1] | EATS_FULL])).attachDev(DEV, null);
    all.parent.paging!.map(0x1000n, 0x10_0000, 4096, { read: true, write: true });
    all.bus.take();
    all.parent.paging!.unmap(0x1000n, 4096);
    expect(all.bus.take()).toEqual(['TLBI_S2_IPA', 'SYNC', 'TLBI_NH_ALL', 'SYNC', 'ATC_INV', 'SYNC']);
  });
});

describe('arm_vsmmu_convert_user_cmd()', () => {
  const VMID1 = 1n << 32n;
  const SID = 0x100n << 32n;

  it.each([
    ['NSNH_ALL becomes NH_ALL', [0x30n | (9n << 32n), 0x77n], [0x10n | VMID1, 0n]],
    ['NH_ALL', [0x10n | (9n << 32n), 0n], [0x10n | VMID1, 0n]],
    ['NH_ASID', [0x11n | (9n << 32n) | (4n << 48n), 0n], [0x11n | VMID1 | (4n << 48n), 0n]],
    ['NH_VA', [0x12n | (4n << 48n), 0x5001n], [0x12n | VMID1 | (4n << 48n), 0x5001n]],
    ['NH_VAA', [0x13n, 0x5001n], [0x13n | VMID1, 0x5001n]],
    ['CFGI_CD', [0x05n | (3n << 12n) | (VSID << 32n), 1n], [0x05n | (3n << 12n) | SID, 1n]],
    ['CFGI_CD_ALL', [0x06n | (VSID << 32n), 0n], [0x06n | SID, 0n]],
    ['ATC_INV', [0x40n | (VSID << 32n), 52n], [0x40n | SID, 52n]],
  ] as const)('%s', (_what, from, to) => {
    const { viommu, bus } = setup();
    const array = commands([from]);
    expect(viommu.cacheInvalidate!(array).ok).toBe(true);
    expect(array.handled).toBe(1);
    const [first, sync] = bus.takeWords();
    expect(first).toEqual(to);
    expect(sync![0] & 0xffn).toBe(0x46n);
  });

  it.each([0x01, 0x03, 0x04, 0x20, 0x28, 0x2a, 0x41, 0x44, 0x46, 0xff])('EIO: command %i', (op) => {
    const array = commands([[BigInt(op), 0n]]);
    expect(setup().viommu.cacheInvalidate!(array)).toMatchObject({ errno: 'EIO' });
    expect(array.handled).toBe(0);
  });

  it('EIO: a StreamID that is no vDEVICE', () => {
    const array = commands([[0x06n | (0x56n << 32n), 0n]]);
    expect(setup().viommu.cacheInvalidate!(array)).toMatchObject({ errno: 'EIO' });
  });

  it('EINVAL: another type, or none at all', () => {
    const { viommu } = setup();
    expect(viommu.cacheInvalidate!(commands([[0x30n, 0n]], 2))).toMatchObject({ errno: 'EINVAL' });
    expect(viommu.cacheInvalidate!(commands([]))).toMatchObject({ errno: 'EINVAL' });
  });

  it('those before one that is refused count as handled, though they are not sent', () => {
    const { viommu, bus } = setup();
    const array = commands([
      [0x11n, 0n],
      [0x12n, 0n],
      [0x46n, 0n],
      [0x10n, 0n],
    ]);
    expect(viommu.cacheInvalidate!(array)).toMatchObject({ errno: 'EIO' });
    expect([array.handled, bus.take()]).toEqual([2, []]);
  });

  it('63 go in a batch, each with its SYNC', () => {
    const { viommu, bus } = setup();
    const array = commands(Array.from({ length: 130 }, () => [0x10n, 0n] as const));
    expect(viommu.cacheInvalidate!(array).ok).toBe(true);
    const names = bus.take();
    expect(names.map((name, at) => (name === 'SYNC' ? at : -1)).filter((at) => at >= 0)).toEqual([
      63, 127, 132,
    ]);
  });
});

describe('vIOMMUs of a unit', () => {
  it('need two stages, and a way to keep the VM from getting around caches', () => {
    const make = (idr0: number, idr3: number, canWbs: boolean) => {
      const memory = new PhysicalMemory();
      const bus = new FakeSmmu(memory, { idr0, idr3 });
      const driver = must(createSmmuDriver({ memory, bus, unit: 'iommu:smmu0', canWbs: () => canWbs }));
      driver.probeDevice(DEV);
      return driver;
    };
    const supports = (idr0: number, idr3: number, canWbs: boolean, type = 1): boolean =>
      make(idr0, idr3, canWbs).supportsViommu(DEV, type);
    expect(supports(PLAIN_IDS.idr0, FWB, false)).toBe(true);
    expect(supports(PLAIN_IDS.idr0, 0, true)).toBe(true);
    expect(supports(PLAIN_IDS.idr0, 0, false)).toBe(false);
    expect(supports(PLAIN_IDS.idr0 & ~1, FWB, true)).toBe(false);
    expect(supports(PLAIN_IDS.idr0, FWB, true, 2)).toBe(false);
  });

  it('a parent of another unit is EINVAL', () => {
    const [one, other] = [setup(), setup()];
    const handle = {} as ViommuHandle;
    expect(one.driver.viommuInit(handle, other.parent, null)).toMatchObject({ errno: 'EINVAL' });
  });

  it('hw_info: flags, reserved, IDR0 to 5, IIDR, AIDR', () => {
    const { driver } = setup();
    const info = must(driver.hwInfo(DEV, 0));
    const words = new Uint32Array(info.bytes.buffer);
    expect(info.type).toBe(2);
    expect([...words]).toEqual([
      ...[0, 0, (PLAIN_IDS.idr0 | ATS) >>> 0, PLAIN_IDS.idr1, 0, FWB, 0, PLAIN_IDS.idr5, 0, 0],
    ]);
    expect(driver.hwInfo(DEV, 2).ok).toBe(true);
    expect(driver.hwInfo(DEV, 1)).toMatchObject({ errno: 'EOPNOTSUPP' });
  });
});

describe('events', () => {
  const PROD = 0x100a8;
  /** Puts records in the queue as the unit does. */
  function put({ memory, driver, bus }: ReturnType<typeof setup>, ...records: bigint[][]): void {
    const ring = driver.smmu.evtq;
    let prod = Number(bus.read64(PROD));
    for (const record of records) {
      for (const [n, word] of record.entries()) memory.writeU64(ring.pa(prod) + n * 8, word);
      prod = (prod + 1) & (2 * ring.entries - 1);
    }
    bus.registers.set(PROD, BigInt(prod));
    driver.handler.events();
  }
  const at = (sid: bigint, id: bigint): bigint => id | (sid << 32n);
  const RNW = 1n << 35n;
  const CLASS_IN = 2n << 40n;
  const PREFIX = 'arm-smmu-v3 arm-smmu-v3.0.auto: ';

  it('a translation fault, as the kernel prints it', () => {
    const all = setup();
    all.log();
    put(all, [at(0x100n, 0x10n), RNW | CLASS_IN, 0x1234_5678n, 0n]);
    expect(all.log().map((text) => text.replace(PREFIX, ''))).toEqual([
      'event 0x10 received:',
      '\t0x0000010000000010',
      '\t0x0000020800000000',
      '\t0x0000000012345678',
      '\t0x0000000000000000',
      'event: F_TRANSLATION client: 0000:01:00.0 sid: 0x100 ssid: 0x0 iova: 0x12345678 ipa: 0x0',
      'unpriv data read s1 "Input address caused fault" stag: 0x0',
    ]);
  });

  it('a permission fault on a table, with a PASID, of stage 2, stalled and privileged', () => {
    const all = setup();
    all.log();
    const second = 0x21n | (1n << 31n) | (1n << 33n) | (1n << 34n) | (1n << 39n) | (1n << 40n) | (1n << 44n);
    put(all, [at(0x900n, 0x13n) | (1n << 11n) | (7n << 12n), second, 0x1000n, 0x7_2345_6000n]);
    expect(
      all
        .log()
        .slice(-2)
        .map((text) => text.replace(PREFIX, '')),
    ).toEqual([
      'event: F_PERMISSION client: (unassigned sid) sid: 0x900 ssid: 0x7 iova: 0x1000 ipa: 0x723456000',
      'priv inst write s2 "Stage 1 translation table fetch" ttd_read stall stag: 0x21',
    ]);
  });

  it('a fetch fault says where, a configuration fault nothing more, an unknown one that', () => {
    const all = setup();
    all.log();
    put(
      all,
      [at(0x100n, 0x03n), 0n, 0n, 0x8000_1008n],
      [at(0x100n, 0x04n), 0n, 0n, 0n],
      [at(0x100n, 0x21n), 0n, 0n, 0n],
    );
    const lines = all
      .log()
      .map((text) => text.replace(PREFIX, ''))
      .filter((text) => text.startsWith('event: '));
    expect(lines).toEqual([
      'event: F_STE_FETCH client: 0000:01:00.0 sid: 0x100 ssid: 0x0 fetch_addr: 0x80001008',
      'event: C_BAD_STE client: 0000:01:00.0 sid: 0x100 ssid: 0x0',
      'event: UNKNOWN client: 0000:01:00.0 sid: 0x100 ssid: 0x0',
    ]);
  });

  it('of stage 1 of a nested device they go to the VM, with its StreamID, and are not printed', () => {
    const all = setup();
    must(alloc(all.viommu, TABLE)).attachDev(DEV, null);
    all.log();
    const record = [at(0x100n, 0x10n), RNW | CLASS_IN, 0xabcd_e000n, 0n];
    put(all, record);
    expect(all.events).toEqual([{ type: 1, words: [at(VSID, 0x10n), ...record.slice(1)] }]);
    expect(all.log()).toEqual([]);
    // Of stage 2 they are the host's.
    put(all, [at(0x100n, 0x10n), RNW | CLASS_IN | (1n << 39n), 0xabcd_e000n, 0n]);
    expect(all.events).toHaveLength(1);
    expect(all.log()).toHaveLength(7);
    all.closeQueue();
    put(all, record);
    expect(all.log()).toHaveLength(7);
  });

  it('a stalled one becomes a page fault, and its answer a RESUME without a SYNC', () => {
    const faults: unknown[] = [];
    const pageRequests = {
      allow: () => true,
      forbid: () => undefined,
      report: (device: IommuClient, fault: object) => void faults.push({ device: device.name, ...fault }),
    };
    const all = setup({ canStall: () => true, pageRequests }, STALLS_CONFIGURABLE);
    const domain = must(all.driver.domainAllocPaging(DEV, {}));
    const record = [at(0x100n, 0x10n), 0x42n | (1n << 31n) | CLASS_IN, 0x9000n, 0n];
    domain.attachDev(DEV, null);
    // S in the descriptor, no S1STALLD in the entry.
    expect(all.driver.smmu.strtab.entry(0x100).read(1) & (1n << 27n)).toBe(0n);
    all.bus.take();
    put(all, record);
    // Nobody handles it: aborted.
    expect(all.bus.takeWords()).toEqual([[0x44n | (2n << 12n) | (0x100n << 32n), 0x42n]]);
    domain.iopfHandler = () => ok(undefined);
    put(all, record);
    expect(faults).toEqual([
      {
        device: DEV.name,
        pasid: -1,
        group: 0x42,
        iova: 0x9000n,
        read: false,
        write: true,
        execute: false,
        privileged: false,
        last: true,
      },
    ]);
    const fault = { pasid: null, grpid: 0x42, perm: 2, addr: 0x9000n, lastPage: true };
    all.driver.pageResponse(DEV, fault, 'success');
    all.driver.pageResponse(DEV, fault, 'failure');
    expect(all.bus.takeWords()).toEqual([
      [0x44n | (1n << 12n) | (0x100n << 32n), 0x42n],
      [0x44n | (2n << 12n) | (0x100n << 32n), 0x42n],
    ]);
  });

  it('an overflow is said once, and acknowledged', () => {
    const all = setup();
    all.log();
    all.bus.registers.set(PROD, 0x8000_0000n);
    all.driver.handler.events();
    all.driver.handler.events();
    expect(all.log()).toEqual([`${PREFIX}EVTQ overflow detected -- events lost`]);
    expect(all.bus.read64(0x100ac)).toBe(0x8000_0000n);
  });

  it('a page request is refused', () => {
    const all = setup({}, PLAIN_IDS.idr0 | (1 << 16));
    const ring = all.driver.smmu.priq!;
    all.log();
    all.bus.take();
    const first = 0x100n | (5n << 32n) | (1n << 60n) | (1n << 61n) | (1n << 62n) | (1n << 63n);
    all.memory.writeU64(ring.pa(0), first);
    all.memory.writeU64(ring.pa(0) + 8, 0x7000n | 9n);
    all.bus.registers.set(0x100c8, 1n);
    all.driver.handler.pageRequests();
    expect(all.log().map((text) => text.replace(PREFIX, ''))).toEqual([
      'unexpected PRI request received:',
      '\tsid 0x00000100.0x00005: [9L] unprivileged RW access at iova 0x0000000000007000',
    ]);
    expect(all.bus.takeWords()).toEqual([[0x41n | (1n << 11n) | (5n << 12n) | (0x100n << 32n), 9n]]);
  });
});
