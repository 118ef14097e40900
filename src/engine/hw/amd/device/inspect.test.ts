import { describe, expect, it } from 'vitest';
import { READ, WRITE } from '../../port';
import { explainAmd, explainAmdFault } from './explain';
import { Fixture, GCR3, IRT, PAGE, TABLE } from './fixture.conformance';
import { summarizeAmd, viewAmd, walkedRoot } from './inspect';

const MAPPED = 3n << 61n;

const cache = (f: Fixture, id: string) =>
  viewAmd(f.device).caches.find((one) => one.id === id)?.entries ?? [];
const stale = (f: Fixture): Record<string, number> =>
  Object.fromEntries(summarizeAmd(f.device).caches.map((one) => [one.id, one.stale]));
const NONE = { dte: 0, pasid: 0, iotlb: 0, 'paging-structure': 0, interrupt: 0 };

/** A unit with an entry in every cache. */
function used(): Fixture {
  const extra = Fixture.guest(0, 4);
  const f = new Fixture().dte({
    mode: 3,
    root: TABLE,
    extra: [extra[0] ?? 0n, extra[1] ?? 0n, (extra[2] ?? 0n) | BigInt(IRT) | 1n | (4n << 1n) | (2n << 60n)],
  });
  f.on();
  f.walk(3, 1, 0x5000n, BigInt(PAGE));
  f.read(0x5000n);
  f.memory.store32(IRT + 8, 0x40_0001);
  f.device.interrupt(f.rid, 0xfee0_0000, new Uint8Array([2, 0, 0, 0]));
  // A process whose tables the host maps one to one.
  f.walk(3, 2, 0x20_0000n, 0x20_0000n);
  f.process(1, 0, 4, 0x7000n, 0x20_3000n);
  f.walk(3, 2, 0n, 0n);
  f.put(TABLE + 0x1000, BigInt(TABLE + 0x2000) | 1n | (1n << 9n) | MAPPED);
  return f;
}

describe('what a unit holds', () => {
  it('[view] nothing after reset, and it changes nothing by being looked at', () => {
    const f = new Fixture();
    expect(stale(f)).toEqual(NONE);
    expect(viewAmd(f.device).registers.find((r) => r.name === 'EFR')?.value).toBe(f.reg(0x30));
    expect(viewAmd(f.device).queues.map((q) => q.name)).toEqual(['Command buffer', 'Event log', 'PPR log']);
    const g = used();
    g.trace.take();
    const words = g.memory.words.slice();
    viewAmd(g.device);
    summarizeAmd(g.device);
    expect(g.memory.words).toEqual(words);
    expect(g.trace.take()).toEqual([]);
  });

  it('[view] every cache, with its tags and what it answers', () => {
    const f = used();
    expect(cache(f, 'dte')).toMatchObject([
      { rid: 0x100, stale: false, tags: [{ name: 'DeviceID', value: '0000:01:00.0' }] },
    ]);
    expect(cache(f, 'iotlb')).toMatchObject([
      { iova: 0x5000n, pa: PAGE, sizeLg2: 12, stale: false, gives: 'PA 0x56789a000, 4 KiB, read, write' },
    ]);
    expect(cache(f, 'paging-structure')).toMatchObject([{ iova: 0n, pa: TABLE + 0x2000, stale: false }]);
    expect(cache(f, 'interrupt')).toMatchObject([{ gives: 'vector 0x40', stale: false }]);
    expect(summarizeAmd(f.device)).toMatchObject({ enabled: true, addressBits: 64 });
    expect(walkedRoot(f.device, 0x100, -1)).toBe(TABLE);
    expect(walkedRoot(f.device, 0x101, -1)).toBeNull();
  });

  it('[view] a changed page is stale, until it is invalidated', () => {
    const f = used();
    f.put(TABLE + 0x2000 + 40, 0x1_0000n | 1n | MAPPED);
    expect(stale(f)).toEqual({ ...NONE, iotlb: 1 });
    f.put(TABLE + 0x2000 + 40, BigInt(PAGE) | 1n | (1n << 61n));
    expect(stale(f)).toEqual({ ...NONE, iotlb: 1 });
    f.command([(3n << 60n) | (0xbeefn << 32n), 0x5000n]);
    expect(stale(f)).toEqual(NONE);
  });

  it('[view] so are a changed pointer, device entry and interrupt', () => {
    const f = used();
    f.put(TABLE + 0x1000, BigInt(TABLE + 0x9000) | 1n | (1n << 9n) | MAPPED);
    expect(stale(f)).toMatchObject({ 'paging-structure': 1, iotlb: 1 });
    f.memory.store32(IRT + 8, 0x41_0001);
    expect(stale(f)).toMatchObject({ interrupt: 1 });
    f.dte({ mode: 2, root: TABLE });
    expect(stale(f)).toMatchObject({ dte: 1 });
    f.flush();
    expect(stale(f)).toEqual(NONE);
  });

  it('[view] a translation of a domain that no device has any more is stale', () => {
    const f = used();
    f.dte({ mode: 3, root: TABLE, domain: 7n });
    expect(stale(f)).toMatchObject({ dte: 1, iotlb: 1, 'paging-structure': 1 });
  });

  it('[view] the owner of a domain is found in the table when its entry is not cached', () => {
    const f = used();
    f.command([(2n << 60n) | 0x100n, 0n]);
    expect(cache(f, 'dte')).toEqual([]);
    expect(stale(f)).toEqual(NONE);
  });

  it('[view] processes: GCR3 entries and their translations', () => {
    const f = new Fixture().dte({ extra: Fixture.guest(0, 4) }).on();
    const leaf = f.process(1, 0, 4, 0x5000n, BigInt(PAGE)).at(-1) ?? 0;
    f.outcome(0x5000n, WRITE, 1);
    expect(stale(f)).toEqual(NONE);
    expect(cache(f, 'pasid')).toMatchObject([{ rid: 0x100, gives: 'guest table of 4 levels at 0x120000' }]);
    expect(cache(f, 'iotlb')).toMatchObject([{ gives: 'PA 0x56789a000, 4 KiB, read, write, execute' }]);
    expect(walkedRoot(f.device, 0x100, 1)).toBe(0x12_0000);
    f.put(leaf, BigInt(PAGE) | 5n);
    expect(stale(f)).toEqual({ ...NONE, iotlb: 1 });
    f.put(GCR3 + 8, 0n);
    expect(stale(f)).toEqual({ ...NONE, iotlb: 1, pasid: 1, 'paging-structure': 1 });
  });

  it('[view] queues show what was done and what waits', () => {
    const f = new Fixture().on();
    f.command([(1n << 60n) | 2n, 0n], [0xfn << 60n, 0n], [1n << 60n, 0n]);
    const queue = viewAmd(f.device).queues[0];
    expect(queue?.entries.map((e) => [e.name, e.pending])).toEqual([
      ['COMPLETION_WAIT', false],
      ['UNKNOWN', true],
      ['COMPLETION_WAIT', true],
    ]);
    expect(queue).toMatchObject({ head: 1, tail: 3, size: 256, enabled: true });
    expect(queue?.stopped).toContain('CmdBufRun');
  });

  it('[view] faults are what the log holds', () => {
    const f = new Fixture().attach(1);
    f.write(0x1234n);
    const view = viewAmd(f.device, { driver: 'vfio-pci' });
    expect(view.faults).toMatchObject([
      {
        device: '0000:01:00.0',
        access: 'write',
        iova: 0x1234n,
        name: 'IO_PAGE_FAULT',
        kernelLine:
          'vfio-pci 0000:01:00.0: AMD-Vi: Event logged [IO_PAGE_FAULT domain=0xbeef address=0x1234 flags=0x0020]',
      },
    ]);
  });
});

describe('a walk in words', () => {
  const steps = (f: Fixture, iova: bigint, pasid = -1) => {
    f.trace.take();
    f.outcome(iova, READ, pasid);
    return explainAmd(f.device, f.trace.take());
  };

  it('[explain] host tables, skipped levels and all', () => {
    const f = new Fixture().attach(4);
    f.put(TABLE, BigInt(TABLE + 0x1000) | 1n | (1n << 9n) | MAPPED);
    f.put(TABLE + 0x1000 + 5 * 8, BigInt(PAGE) | 1n | MAPPED);
    const found = steps(f, 0x5000n);
    expect(found.map((s) => [s.kind, s.structure, s.outcome, s.level])).toEqual([
      ['cache', 'dte', 'miss', 0],
      ['read', 'dte', 'table', 0],
      ['cache', 'iotlb', 'miss', 0],
      ['read', 'table', 'table', 4],
      ['read', 'table', 'leaf', 1],
    ]);
    expect(found[3]?.occupancy?.[0]).toBe(1);
    expect(found[4]?.fields.find((field) => field.name === 'Address')?.meaning).toBe('page at 0x56789a000');
    expect(steps(f, 0x5000n).map((s) => [s.structure, s.outcome])).toEqual([
      ['dte', 'hit'],
      ['iotlb', 'hit'],
    ]);
  });

  it('[explain] processes, and where a walk ended', () => {
    const f = new Fixture().dte({ extra: Fixture.guest(1, 5) }).on();
    f.process(1, 1, 5, 0x5000n, BigInt(PAGE));
    const found = steps(f, 0x6000n, 1);
    expect(found.map((s) => `${s.structure} ${s.outcome} ${s.level}`)).toEqual([
      'dte miss 0',
      'dte table 0',
      'pasid miss 0',
      'gcr3 table 0',
      'gcr3 table 0',
      'iotlb miss 0',
      'table table 5',
      'table table 4',
      'table table 3',
      'table table 2',
      'table fault 1',
    ]);
    expect(found.every((s) => s.stage === null)).toBe(true);
    expect(found.at(-1)?.title).toBe('Guest level 1 table');
  });

  it('[explain] a fault: why, and what the kernel prints', () => {
    const f = new Fixture().attach(1);
    f.trace.take();
    f.write(0x1000n);
    const fault = f.trace.take().find((event) => event.kind === 'fault');
    if (fault?.kind !== 'fault') throw new Error('no fault');
    expect(explainAmdFault(f.device, fault)).toEqual({
      why: 'no page is mapped at this address for the write: an entry on the way is not present, or the address has more bits than the tables translate',
      kernelLine:
        'AMD-Vi: Event logged [IO_PAGE_FAULT device=0000:01:00.0 domain=0xbeef address=0x1000 flags=0x0020]',
    });
  });

  it('[explain] a hardware error names the address of the table', () => {
    const f = new Fixture().dte({ mode: 2, root: 0x8000 }).on();
    f.trace.take();
    f.read(0x20_0000n);
    const fault = f.trace.take().find((event) => event.kind === 'fault');
    if (fault?.kind !== 'fault') throw new Error('no fault');
    expect(explainAmdFault(f.device, fault).kernelLine).toBe(
      'iommu ivhd0: AMD-Vi: Event logged [PAGE_TAB_HARDWARE_ERROR device=0000:01:00.0 pasid=0xbeef address=0x8008 flags=0x0200]',
    );
  });
});
