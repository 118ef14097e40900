import { describe, expect, it } from 'vitest';
import type { IommuDomain } from '../../../iommu/ops';
import { done } from '../../../../lib/result';
import type { DeviceAbilities, ReportedFault } from '../../unit';
import { client, FakeUnit, SCALABLE, type FakeOptions } from './fake-unit.conformance';

const NIC = client(0x100);
const ABLE: DeviceAbilities = { ats: true, pri: true, maxPasids: 1024 };
const PQH = 0xc0;
const PQT = 0xc8;
const PRS = 0xdc;

function setup(options: FakeOptions = {}, abilities = ABLE) {
  const events: string[] = [];
  const reports: ReportedFault[] = [];
  let full = false;
  const switched = (what: string) => (name: string, on: boolean) =>
    events.push(`${what} ${name} ${on ? 'on' : 'off'}`);
  const u = new FakeUnit({
    ...options,
    driver: {
      abilitiesOf: () => abilities,
      control: { ats: switched('ats'), pri: switched('pri'), pasid: switched('pasid') },
      pageRequests: {
        allow: (device) => {
          events.push(`allow ${device.name}`);
          return !full;
        },
        forbid: (device) => void events.push(`forbid ${device.name}`),
        report: (_device, fault) => void reports.push(fault),
      },
      ...options.driver,
    },
  });
  const { driver } = u;
  driver.probeDevice(NIC);
  driver.enableTranslation();
  driver.probeFinalize(NIC);
  const alloc = (handled = false, flags = {}): IommuDomain => {
    const made = driver.domainAllocPaging(NIC, flags);
    if (!made.ok) throw new Error(made.why);
    if (handled) made.value.iopfHandler = () => done;
    return made.value;
  };
  u.take();
  return { u, driver, alloc, events, reports, fill: () => (full = true) };
}

/** intel_iommu_probe_finalize(), intel_iommu_release_device() */
describe('what is switched on in a device', () => {
  it('PASID, then ATS, then page requests; off the other way round', () => {
    const s = setup();
    s.driver.releaseDevice(NIC);
    expect(s.events).toEqual([
      `pasid ${NIC.name} on`,
      `ats ${NIC.name} on`,
      `pri ${NIC.name} on`,
      `pri ${NIC.name} off`,
      `ats ${NIC.name} off`,
      `pasid ${NIC.name} off`,
    ]);
  });

  it.each<[string, FakeOptions, DeviceAbilities, string[]]>([
    ['no device TLB support', { ecap: SCALABLE.filter((b) => b !== 'dt') }, ABLE, ['pasid']],
    ['no drain of page requests', { ecap: SCALABLE.filter((b) => b !== 'pds') }, ABLE, ['pasid', 'ats']],
    ['no PASIDs', { ecap: SCALABLE.filter((b) => b !== 'pasid') }, ABLE, ['ats', 'pri']],
    ['a device without ATS', {}, { ...ABLE, ats: false }, ['pasid']],
    ['a device that can nothing', {}, { ats: false, pri: false, maxPasids: 0 }, []],
  ])('%s', (_, options, abilities, expected) => {
    expect(setup(options, abilities).events.map((event) => event.split(' ')[0])).toEqual(expected);
  });

  it('the default domain, attached before ATS is on, gets its device TLB told', () => {
    const u = new FakeUnit({ driver: { abilitiesOf: () => ABLE } });
    u.driver.probeDevice(NIC);
    u.driver.enableTranslation();
    const made = u.driver.domainAllocPaging(NIC, {});
    if (!made.ok) throw new Error(made.why);
    made.value.attachDev(NIC, null);
    u.driver.probeFinalize(NIC);
    u.take();
    made.value.paging!.flushIotlbAll!();
    expect(u.descriptors().map(([w]) => w & 15n)).toEqual([6n, 3n]);
  });

  it('legacy mode: ATS comes with the domain and goes with it, and TT is 1', () => {
    const s = setup({ driver: { legacy: true } });
    expect(s.events).toEqual([]);
    const domain = s.alloc();
    domain.attachDev(NIC, null);
    expect(s.events).toEqual([`ats ${NIC.name} on`]);
    const context = (s.u.memory.readU64(Number((s.u.read64(0x20) & ~0xfffn) + 16n)) ?? 0n) & ~0xfffn;
    expect((s.u.memory.readU64(Number(context)) ?? 0n) & 0xfn).toBe(0x5n);
    s.u.take();
    s.driver.blockedDomain.attachDev(NIC, domain);
    // intel_context_flush_no_pasid()
    expect(s.u.descriptors()).toEqual([
      [0x31n | (2n << 16n) | (0x100n << 32n), 0n],
      [0xe2n | (2n << 16n), 0n],
      [3n | (0x100n << 32n), 0x7fff_ffff_ffff_f001n],
    ]);
    expect(s.events.at(-1)).toBe(`ats ${NIC.name} off`);
  });

  it('two requesters of one id: EEXIST', () => {
    const s = setup();
    expect(s.driver.probeDevice({ ...NIC, name: '0000:01:00.1' })).toMatchObject({ errno: 'EEXIST' });
  });
});

/** intel_iommu_enable_iopf(), iopf_for_domain_set() */
describe('who may ask for pages', () => {
  it('a domain whose faults nobody handles asks for nothing; the first that has a handler does', () => {
    const s = setup();
    s.events.length = 0;
    s.alloc().attachDev(NIC, null);
    expect(s.events).toEqual([]);
    const handled = s.alloc(true);
    handled.attachDev(NIC, null);
    handled.setDevPasid!(NIC, 4, null);
    expect(s.events).toEqual([`allow ${NIC.name}`]);
    s.driver.blockedDomain.setDevPasid!(NIC, 4, handled);
    expect(s.events).toHaveLength(1);
    s.driver.blockedDomain.attachDev(NIC, handled);
    expect(s.events.at(-1)).toBe(`forbid ${NIC.name}`);
  });

  it('attached straight to another domain it stays in the queue: only the blocking domain takes it out', () => {
    // intel_iommu_attach_device() sets, but never removes; the release of the device does at last.
    const s = setup();
    s.events.length = 0;
    s.alloc(true).attachDev(NIC, null);
    const plain = s.alloc();
    plain.attachDev(NIC, null);
    s.driver.blockedDomain.attachDev(NIC, plain);
    expect(s.events).toEqual([`allow ${NIC.name}`]);
    s.driver.releaseDevice(NIC);
    expect(s.events.slice(1, 3)).toEqual([`forbid ${NIC.name}`, `pri ${NIC.name} off`]);
  });

  it('a device without page requests: ENODEV; a queue that refuses it: EBUSY; it is left blocked', () => {
    const plain = setup({}, { ...ABLE, pri: false });
    expect(plain.alloc(true).attachDev(NIC, null)).toMatchObject({
      errno: 'ENODEV',
      rule: 'intel_iommu_enable_iopf',
    });
    const s = setup();
    s.fill();
    const domain = s.alloc(true);
    expect(domain.attachDev(NIC, null)).toMatchObject({ errno: 'EBUSY' });
    expect(s.driver.domainOf(NIC.name, 0)).toBeNull();
    expect(domain.setDevPasid!(NIC, 4, null)).toMatchObject({ errno: 'EBUSY' });
    expect(s.driver.tables(domain)!.tag).toBeNull();
  });
});

/** intel_iommu_set_dev_pasid(), blocking_domain_set_dev_pasid() */
describe('PASIDs', () => {
  it('errnos in order', () => {
    const legacy = setup({ driver: { legacy: true } });
    expect(legacy.alloc().setDevPasid!(NIC, 1, null)).toMatchObject({ errno: 'EOPNOTSUPP' });
    expect(legacy.driver.identityDomain.setDevPasid!(NIC, 1, null)).toMatchObject({ errno: 'EOPNOTSUPP' });
    const s = setup();
    const first = s.alloc();
    expect(first.setDevPasid!(NIC, 32768, null)).toMatchObject({ errno: 'ENODEV' }); // past the directory
    expect(first.setDevPasid!(NIC, 1, null).ok).toBe(true);
    expect(s.alloc().setDevPasid!(NIC, 1, null)).toMatchObject({ errno: 'EBUSY' }); // and nothing is said to be there
    expect(first.setDevPasid!(client(0x900), 1, null)).toMatchObject({ errno: 'EINVAL' });
  });

  it('a replacement tears the old entry down and gives its id back', () => {
    const s = setup();
    const [a, b] = [s.alloc(), s.alloc(false, { dirtyTracking: true })];
    a.setDevPasid!(NIC, 5, null);
    expect(s.driver.tables(a)!.tag).toBe('DID 2');
    expect(b.setDevPasid!(NIC, 5, a).ok).toBe(true);
    expect([s.driver.tables(a)!.tag, s.driver.tables(b)!.tag]).toEqual([null, 'DID 3']);
    expect(s.driver.domainOf(NIC.name, 5)).toBe(b);
    expect(s.driver.identityDomain.setDevPasid!(NIC, 5, b).ok).toBe(true);
    expect(s.driver.tables(b)!.tag).toBeNull();
    expect(s.driver.domainOf(NIC.name, 5)).toBe(s.driver.identityDomain);
    expect(a.setDevPasid!(NIC, 5, s.driver.identityDomain).ok).toBe(true);
    s.driver.blockedDomain.setDevPasid!(NIC, 5, a);
    expect([s.driver.domainOf(NIC.name, 5), s.driver.tables(a)!.tag]).toEqual([null, null]);
  });

  it('a table that cannot be had is ENODEV: the kernel makes no difference', () => {
    const s = setup();
    const domain = s.alloc();
    s.u.memory.failNth(1);
    expect(domain.setDevPasid!(NIC, 5, null)).toMatchObject({
      errno: 'ENODEV',
      rule: 'intel_pasid_get_entry',
    });
    expect(s.driver.tables(domain)!.tag).toBeNull();
  });
});

/** prq_event_thread(); the entry's format: section 7.4.1 "Page Request Descriptor" */
describe('page requests', () => {
  interface Bits {
    readonly rid?: bigint;
    readonly pasid?: bigint;
    readonly exe?: bigint;
    readonly priv?: bigint;
    readonly read?: bigint;
    readonly write?: bigint;
    readonly last?: bigint;
    readonly group?: bigint;
    readonly iova?: bigint;
  }
  function put(s: ReturnType<typeof setup>, at: number, bits: Bits): void {
    const {
      rid = 0x100n,
      pasid,
      exe = 0n,
      priv = 0n,
      read = 1n,
      write = 0n,
      last = 1n,
      group = 3n,
      iova = 0x5000n,
    } = bits;
    const queue = Number(s.u.read64(0xd0) & ~0xfffn);
    const pp = pasid === undefined ? 0n : 1n;
    s.u.memory.writeU64(
      queue + at * 32,
      1n | (pp << 8n) | (rid << 16n) | ((pasid ?? 0n) << 32n) | (exe << 52n) | (priv << 53n),
    );
    s.u.memory.writeU64(queue + at * 32 + 8, read | (write << 1n) | (last << 2n) | (group << 3n) | iova);
    s.u.set32(PQT, (at + 1) * 32);
  }

  it('PPR is cleared first, each request is reported, and the head follows the tail', () => {
    const s = setup();
    put(s, 0, { pasid: 7n, write: 1n, last: 0n });
    put(s, 1, { pasid: 7n, iova: 0x7fff_ffff_f000n });
    put(s, 2, {});
    s.driver.interrupt('page-requests');
    expect(s.reports).toEqual([
      {
        pasid: 7,
        group: 3,
        iova: 0x5000n,
        read: true,
        write: true,
        execute: false,
        privileged: false,
        last: false,
      },
      {
        pasid: 7,
        group: 3,
        iova: 0x7fff_ffff_f000n,
        read: true,
        write: false,
        execute: false,
        privileged: false,
        last: true,
      },
      {
        pasid: -1,
        group: 3,
        iova: 0x5000n,
        read: true,
        write: false,
        execute: false,
        privileged: false,
        last: true,
      },
    ]);
    expect(s.u.take()).toEqual([
      { kind: 'register', offset: PRS, value: 1n },
      { kind: 'register', offset: PQH, value: 96n },
    ]);
  });

  it.each<[string, Bits, string | null]>([
    ['not canonical', { iova: 0x8000_0000_0000n, pasid: 7n }, 'DMAR: IOMMU: dmar0: Address is not canonical'],
    ['privileged', { priv: 1n, pasid: 7n }, 'DMAR: IOMMU: dmar0: Page request in Privilege Mode'],
    ['execute', { exe: 1n, pasid: 7n }, 'DMAR: IOMMU: dmar0: Execution request not supported'],
    ['of nobody', { rid: 0x900n, pasid: 7n }, null],
  ])('%s: answered as invalid', (_, bits, text) => {
    const s = setup();
    s.u.trace.take();
    put(s, 0, bits);
    s.driver.interrupt('page-requests');
    expect(s.reports).toEqual([]);
    // QI_PGRP_*: PASID present, code 1, requester, PASID; the group's index from bit 3 on
    expect(s.u.descriptors()).toEqual([
      [9n | (1n << 4n) | (1n << 12n) | ((bits.rid ?? 0x100n) << 16n) | (7n << 32n), 24n],
    ]);
    const texts = s.u.trace.take().flatMap((e) => (e.kind === 'log' ? [e.text] : []));
    expect(texts[0]).toBe(text ?? texts.at(-1));
    expect(texts.at(-1)).toMatch(/^DMAR: dmar0: Invalid page request: /);
  });

  it('one that is not the last of its group gets no answer, and a stop marker none either', () => {
    const s = setup();
    put(s, 0, { exe: 1n, last: 0n });
    put(s, 1, { read: 0n, write: 0n });
    s.driver.interrupt('page-requests');
    expect([s.reports, s.u.descriptors()]).toEqual([[], []]);
  });

  it('overflow is cleared when the queue is empty', () => {
    const s = setup();
    s.u.set32(PRS, 3);
    s.driver.interrupt('page-requests');
    expect(s.u.take()).toEqual([
      { kind: 'register', offset: PRS, value: 1n },
      { kind: 'register', offset: PQH, value: 0n },
      { kind: 'register', offset: PRS, value: 2n },
    ]);
  });

  /** intel_iommu_page_response() */
  it.each([
    ['success', 0n],
    ['invalid', 1n],
    ['failure', 15n],
  ] as const)('the answer %s', (response, code) => {
    const s = setup();
    const fault = { grpid: 3, perm: 1, addr: 0x5000n, lastPage: true };
    s.driver.pageResponse(NIC, { ...fault, pasid: 7 }, response);
    s.driver.pageResponse(NIC, { ...fault, pasid: null }, response);
    expect(s.u.descriptors()).toEqual([
      [0x19n | (code << 12n) | (0x100n << 16n) | (7n << 32n), 24n],
      [0x9n | (code << 12n) | (0x100n << 16n), 24n],
    ]);
  });

  it('taking an entry away drains: a fence, the IOTLB, the device TLB, and a wait that drains page requests', () => {
    const s = setup();
    const domain = s.alloc(true);
    domain.attachDev(NIC, null);
    domain.setDevPasid!(NIC, 7, null);
    put(s, 0, { pasid: 7n });
    s.u.take();
    s.driver.blockedDomain.setDevPasid!(NIC, 7, domain);
    expect(s.reports).toHaveLength(1); // what waited was handled
    const words = s.u.take().flatMap((e) => (e.kind === 'descriptor' ? [e.words[0]] : []));
    expect(words.slice(-4)).toEqual([
      0x2_0000_0045n,
      0x26n | (2n << 16n) | (7n << 32n),
      8n | (0x100n << 16n) | (7n << 32n),
      0x2_0000_00a5n,
    ]);
  });

  it('a device that asks for nothing is not drained', () => {
    const s = setup();
    const domain = s.alloc();
    domain.setDevPasid!(NIC, 7, null);
    s.u.take();
    s.driver.blockedDomain.setDevPasid!(NIC, 7, domain);
    expect(s.u.descriptors().map(([w]) => w & 0xffn)).toEqual([0x17n, 0x26n, 8n]);
  });
});
