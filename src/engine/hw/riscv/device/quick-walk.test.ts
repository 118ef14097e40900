import { describe, expect, it } from 'vitest';
import { LEAF_LEVEL, NO_PASID, READ } from '../../port';
import { Bench, FIRST, FREE, leaf, MSI_TABLE, PDT, pointer, root, SECOND } from './fixture.conformance';

/**
 * Where the quick way once came to something else than the document's, as single cases: what random games met rarely.
 *
 * Expected values: RISC-V IOMMU specification, "Process to translate an IOVA", "Caching in-memory data structures"; The RISC-V
 * Instruction Set Manual, volume II, "Virtual Address Translation Process" and "Two-Stage Address Translation".
 */
const G = 0x20n;
const NO_CACHE = { sets: 0, ways: 0 };
const gscid = 1n;
/** Tables below SECOND: its root takes 16 KiB. */
const [SECOND_1, SECOND_0] = [SECOND + 0x4000n, SECOND + 0x5000n] as const;
const [FIRST_1, FIRST_0] = [FIRST + 0x1000n, FIRST + 0x2000n] as const;

/** A second stage that maps guest physical 0 to 2 MiB by a last table, page by page, and 2 GiB on to themselves. */
const guest = (b: Bench): Bench =>
  b.identity().put(SECOND, pointer(SECOND_1)).put(SECOND_1, pointer(SECOND_0));

describe('the quick way', () => {
  it('finds an address space once: a fault over the process directory is told of the table that it stopped at', () => {
    const b = new Bench();
    guest(b).start();
    // The directory's root and its leaf are guest pages 0x60 and 0x61.
    b.put(SECOND_0 + 0x60n * 8n, leaf(PDT), 0n, leaf(FREE));
    b.put(PDT, pointer(0x6_1000n));
    b.context(0, { iohgatp: root(SECOND, 3, gscid) });
    b.context(1, { tc: 0x21n, iohgatp: root(SECOND, 3, gscid), fsc: (2n << 60n) | 0x60n });
    expect(b.ask(0x6_2000n, READ)).toBe(FREE);
    // From here on the last table is in the walk cache alone, and nothing invalidates it: the root is found by it still.
    b.put(SECOND_1, 0n);
    expect(b.ask(0x5000n, READ, { did: 1, pasid: 1 })).toBe('cause 21');
    expect(b.faults().map(({ iotval2 }) => iotval2 & ~0xfffn)).toEqual([0x6_1000n]);
  });

  it('tells second stages with one root and different schemes apart', () => {
    const b = new Bench({ walkCache: NO_CACHE }).start();
    // First-stage tables lie at 2 GiB, where Sv39x4 alone has something; the page at 0 is there under both.
    b.identity().put(SECOND, pointer(SECOND_1)).put(SECOND_1, leaf(0x8000_0000n, 0xdfn));
    b.put(FIRST, pointer(FIRST_1)).put(FIRST_1, leaf(0n));
    b.context(0, { iohgatp: root(SECOND, 3, gscid), fsc: root(FIRST, 3) });
    b.context(1, { iohgatp: root(SECOND, 4, 2n), fsc: root(FIRST, 3) });
    expect(b.ask(0x123n, READ)).toBe(0x8000_0123n);
    expect(b.ask(0x123n, READ, { did: 1 })).toBe('cause 21');
  });

  it('takes G of the way from the walk cache before the entry is replaced', () => {
    const b = new Bench({ walkCache: { sets: 1, ways: 1 } });
    guest(b).start();
    b.put(SECOND_0, leaf(FREE), leaf(FREE + 0x1000n));
    b.put(FIRST, pointer(FIRST_1)).put(FIRST_1, pointer(FIRST_0) | G);
    b.put(FIRST_0, leaf(0n), leaf(0x1000n));
    b.context(0, { iohgatp: root(SECOND, 3, gscid), fsc: root(FIRST, 3) });
    expect(b.ask(0n, READ)).toBe(FREE);
    expect(b.ask(0x1000n, READ)).toBe(FREE + 0x1000n);
    expect(b.device.state.iotlb.list().map(({ global }) => global)).toEqual([true, true]);
  });

  it('refuses addresses that are not canonical, whatever a wider scheme left in the walk cache', () => {
    const b = new Bench().start();
    const far = 0x80_0000_0000n;
    b.put(FIRST + 8n, pointer(FIRST_1)).put(FIRST_1, pointer(FIRST_0));
    b.put(FIRST_0, pointer(FIRST_0 + 0x1000n)).put(FIRST_0 + 0x1000n, leaf(FREE), leaf(FREE));
    b.context(0, { ta: 1n << 12n, fsc: root(FIRST, 4) });
    b.context(1, { ta: 1n << 12n, fsc: root(FIRST, 3) });
    expect(b.ask(far, READ)).toBe(FREE);
    expect(b.ask(far + 0x1000n, READ, { did: 1 })).toBe('cause 13');
  });

  it('knows of a message that its leaf is the MSI entry, not what was walked before', () => {
    const b = new Bench().start();
    const FILE = 0x8030_0000n;
    // A = 0 and GADE: the first request has to go the document's way.
    b.put(SECOND + 16n, leaf(0x8000_0000n, 0x1fn)).put(MSI_TABLE, leaf(FREE, 7n));
    b.context(0, { tc: 0x81n, iohgatp: root(SECOND, 3, gscid) });
    const msi = [(1n << 60n) | (MSI_TABLE >> 12n), 0n, FILE >> 12n, 0n];
    b.context(1, { iohgatp: root(SECOND, 3, gscid), msi });
    expect(b.ask(0x8000_0000n, READ)).toBe(0x8000_0000n);
    expect(b.out(LEAF_LEVEL)).toBe(2);
    expect(b.ask(FILE, READ, { did: 1 })).toBe(FREE);
    expect(b.out(LEAF_LEVEL)).toBe(0);
  });

  it('looks a context up again that a page request has driven out of the cache', () => {
    const b = new Bench({ ddtCache: { sets: 1, ways: 1 } }).identity().start();
    b.context(0, { iohgatp: root(SECOND, 3, gscid) });
    b.context(1, { tc: 0x7n });
    expect(b.ask(0x8000_0000n, READ)).toBe(0x8000_0000n);
    b.context(0, { tc: 0n });
    // Still cached.
    expect(b.ask(0x8000_0000n, READ)).toBe(0x8000_0000n);
    const nothing = { execute: false, privileged: false, group: 1, last: true };
    b.device.pageRequest({ rid: 1, pasid: NO_PASID, iova: 0n, read: true, write: false, ...nothing });
    expect(b.ask(0x8000_0000n, READ)).toBe('cause 258');
  });

  it('takes no context with V = 0, though one was good before the directory was set anew', () => {
    const b = new Bench({ ddtCache: NO_CACHE }).start();
    b.put(FIRST, leaf(0n));
    b.context(0, { fsc: root(FIRST, 3) });
    expect(b.ask(0x123n, READ)).toBe(0x123n);
    b.wr8(0x10, 0n).start();
    b.context(0, { tc: 0n, fsc: root(FIRST, 3) });
    expect(b.ask(0x4000_0123n, READ)).toBe('cause 258');
    expect(b.ask(0x123n, READ)).toBe('cause 258');
  });
});
