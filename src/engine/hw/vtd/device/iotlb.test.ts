import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cacheShapeProblem } from './config';
import { inspectVtd, summarizeVtd } from './inspect';
import { Iotlb } from './iotlb';
import { Fixture, PAGE } from './fixture.conformance';

/** PA_LO, PA_HI, reason, level, permissions: as a walk leaves them. */
const leaf = (level: number, pa: number, perms: number): Int32Array =>
  Int32Array.of(pa | 0, Math.floor(pa / 2 ** 32), 0, level, perms, 0, 0, 0, perms);

it('shapes that people may ask for are judged before they are built', () => {
  expect(cacheShapeProblem({ sets: 64, ways: 4 })).toBeNull();
  for (const [sets, ways] of [
    [3, 4],
    [4, 3],
    [65536, 2],
  ] as const) {
    expect(cacheShapeProblem({ sets, ways })).not.toBeNull();
    expect(() => new Iotlb({ sets, ways })).toThrow(/IOTLB/);
  }
});

describe('IOTLB', () => {
  it('tells domains and page sizes apart', () => {
    const tlb = new Iotlb({ sets: 4, ways: 4 });
    tlb.fill(1, 0x1ff, 0x4000_0000, leaf(0, 0x1000, 3));
    tlb.fill(2, 0x1ff, 0x4000_0000, leaf(0, 0x2000, 1));
    tlb.fill(3, 0x1ff, 0x4000_0000, leaf(1, 0x40_0000, 3));
    const at = (did: number, lo: number): number => {
      const entry = tlb.find(did, 0x1ff, lo);
      return entry < 0 ? -1 : tlb.paLo(entry, lo);
    };
    expect([at(1, 0x4000_0123), at(2, 0x4000_0123), at(3, 0x401f_0123)]).toEqual([0x1123, 0x2123, 0x5f_0123]);
    expect([at(1, 0x4000_1000), at(3, 0x4020_0000), at(4, 0x4000_0000)]).toEqual([-1, -1, -1]);
    expect(tlb.find(1, 0x1fe, 0x4000_0000)).toBe(-1);
  });

  it('a full set gives up its ways in turn', () => {
    const tlb = new Iotlb({ sets: 1, ways: 2 });
    for (const page of [1, 2, 3]) tlb.fill(1, 0, page << 12, leaf(0, 0x1000, 3));
    expect([1, 2, 3].map((page) => tlb.find(1, 0, page << 12) >= 0)).toEqual([false, true, true]);
  });

  it('agrees with a list of what was filled and not dropped (property)', () => {
    const page = fc.record({ did: fc.integer({ min: 1, max: 2 }), vpn: fc.nat(40), level: fc.nat(1) });
    const command = fc.record({ drop: fc.boolean(), page, mask: fc.nat(10) });
    fc.assert(
      fc.property(fc.array(command, { maxLength: 40 }), (commands) => {
        // More ways than fills: nothing is evicted.
        const tlb = new Iotlb({ sets: 8, ways: 64 });
        let model: { did: number; first: number; last: number }[] = [];
        for (const { drop, page: p, mask } of commands) {
          const size = 512 ** p.level;
          const first = p.vpn * 37 - ((p.vpn * 37) % size);
          if (!drop) {
            if (tlb.find(p.did, 0, (p.vpn * 37) << 12) >= 0) continue;
            tlb.fill(p.did, 0, (p.vpn * 37) << 12, leaf(p.level, 2 ** 30, 3));
            model.push({ did: p.did, first, last: first + size - 1 });
            continue;
          }
          const from = p.vpn * 37 - ((p.vpn * 37) % 2 ** mask);
          const gone = model.filter((m) => m.did === p.did && m.first < from + 2 ** mask && from <= m.last);
          expect(tlb.invalidatePages(p.did, 0, (p.vpn * 37) << 12, mask)).toBe(gone.length);
          model = model.filter((m) => !gone.includes(m));
        }
        expect(tlb.list()).toHaveLength(model.length);
      }),
    );
  });
});

describe('introspection', () => {
  const entries = (f: Fixture, id: string) =>
    inspectVtd(f.device).caches.find((cache) => cache.id === id)!.entries;

  it('an entry is stale when the tables say something else, and looking changes nothing', () => {
    const f = new Fixture().attach(4);
    f.walk(4, 1, 0x1000n, BigInt(PAGE));
    f.walk(4, 1, 0x2000n, BigInt(PAGE));
    f.outcome(0x1000n);
    f.outcome(0x2000n);
    f.trace.take();
    const stale = () => entries(f, 'iotlb').map((e) => [e.iova, e.stale]);
    expect(stale()).toEqual([
      [0x1000n, false],
      [0x2000n, false],
    ]);
    f.walk(4, 1, 0x2000n, BigInt(PAGE) + 4096n);
    expect(stale()).toEqual([
      [0x1000n, false],
      [0x2000n, true],
    ]);
    f.put(f.contextEntry, 0n, 0n);
    expect(stale()).toEqual([
      [0x1000n, true],
      [0x2000n, true],
    ]);
    expect(entries(f, 'context')).toMatchObject([{ rid: 0x0100, stale: true }]);
    expect(entries(f, 'context')[0]!.tags).toEqual([
      { name: 'SID', value: '0000:01:00.0' },
      { name: 'DID', value: '48879' },
    ]);
    expect(f.trace.take()).toEqual([]);
    expect(f.device.state.iotlb.list()).toHaveLength(2);
    expect(summarizeVtd(f.device).caches.find((c) => c.id === 'iotlb')).toMatchObject({
      used: 2,
      size: 256,
      stale: 2,
    });
  });

  it('shows pending faults and registers by name', () => {
    const f = new Fixture(0x1a05).attach(4);
    f.outcome(0x1234_5678n, true);
    const view = inspectVtd(f.device);
    expect(view.faults).toMatchObject([
      {
        index: 0,
        device: '0000:1a:00.5',
        access: 'write',
        iova: 0x1234_5000n,
        reason: 5,
        // The kernel's line, as dmar_fault_do_one() builds it.
        kernelLine:
          'DMAR: [DMA Write NO_PASID] Request device [1a:00.5] fault addr 0x12345000 [fault reason 0x05] PTE Write access is not set',
      },
    ]);
    const status = view.registers.find((r) => r.name === 'FSTS')!;
    expect(status).toMatchObject({ value: 2n, writable: true, bytes: 4, offset: 0x34 });
    expect(status.fields.find((field) => field.name === 'PPF')).toMatchObject({ bits: '1', value: 1n });
    expect(summarizeVtd(f.device)).toMatchObject({ enabled: true, addressBits: 48 });
  });
});
