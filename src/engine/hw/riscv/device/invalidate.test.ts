import { describe, expect, it } from 'vitest';
import { READ, WRITE } from '../../port';
import { DEFAULT_CAPABILITIES } from './config';
import { Bench, DDT, FIRST, FREE, leaf, MSI_TABLE, PDT, pointer, root, SECOND } from './fixture.conformance';

// Expected values: RISC-V IOMMU Architecture Specification, sections "IOMMU Page-Table cache invalidation commands" with its
// tables, "IOMMU directory cache invalidation commands" and "Caching in-memory data structures". What a command does not name
// may be dropped as well; that it stays is this unit's own choice, for stale translations to be seen.
const bit = (n: number): bigint => 1n << BigInt(n);
const GIB = 0x4000_0000n;
/** Three pages of one table, 4 KiB each; the last is global. */
const PAGE = [0x1000n, 0x2000n, 0x3000n] as const;
const OLD = FREE;
const NEW = FREE + 0x10_0000n;

interface Space {
  readonly gscid: number;
  readonly pscid: number;
}
/** By device. -1: no second stage. */
const SPACES: readonly Space[] = [
  { gscid: -1, pscid: 1 },
  { gscid: -1, pscid: 2 },
  { gscid: 1, pscid: 1 },
  { gscid: 1, pscid: 2 },
  { gscid: 2, pscid: 1 },
];

const map = (b: Bench, to: bigint): Bench =>
  b.put(FIRST + 0x2000n + 8n, leaf(to), leaf(to + 0x1000n), leaf(to + 0x2000n, 0xf7n)); // the last with G

function bench(): Bench {
  const b = new Bench({ iotlb: { sets: 64, ways: 8 } }).start().identity();
  b.put(FIRST, pointer(FIRST + 0x1000n)).put(FIRST + 0x1000n, pointer(FIRST + 0x2000n));
  map(b, OLD);
  SPACES.forEach(({ gscid, pscid }, did) => {
    const iohgatp = gscid < 0 ? 0n : root(SECOND, 3, BigInt(gscid));
    b.context(did, { iohgatp, ta: BigInt(pscid) << 12n, fsc: root(FIRST, 3) });
  });
  return b;
}

const entries = SPACES.flatMap((space, did) => PAGE.map((iova, page) => ({ ...space, did, iova, page })));
type Entry = (typeof entries)[number];
const nameOf = ({ gscid, pscid, page }: Entry): string => `GSCID ${gscid} PSCID ${pscid} page ${page}`;
const fresh = (b: Bench, { did, iova, page }: Entry): boolean =>
  b.ask(iova, READ, { did }) === NEW + BigInt(page) * 0x1000n;

/** What is seen anew after a command. */
function dropped(...command: readonly bigint[]): readonly string[] {
  const b = bench();
  for (const { did, iova } of entries) b.ask(iova, READ, { did });
  map(b, NEW);
  expect(b.command(...command) & 0xf00).toBe(0);
  return entries.filter((entry) => fresh(b, entry)).map(nameOf);
}

const VMA = 1n;
const GVMA = 0x81n;
const [AV, PSCV, GV, NL] = [bit(10), bit(32), bit(33), bit(34)];
const pscid = (n: bigint): bigint => n << 12n;
const gscid = (n: bigint): bigint => n << 44n;
const address = (iova: bigint): bigint => (iova >> 12n) << 10n;

describe('IOTINVAL.VMA', () => {
  it('without a command everything stays as it was', () => {
    expect(dropped(2n, 0n)).toEqual([]);
  });

  // Table "IOTINVAL.VMA operands and operations".
  it.each([
    [0, 0, 0],
    [0, 0, 1],
    [0, 1, 0],
    [0, 1, 1],
    [1, 0, 0],
    [1, 0, 1],
    [1, 1, 0],
    [1, 1, 1],
  ])('GV=%i AV=%i PSCV=%i', (gv, av, pscv) => {
    const operands = (gv ? GV | gscid(1n) : 0n) | (av ? AV : 0n) | (pscv ? PSCV | pscid(1n) : 0n);
    for (const page of [0, 2]) {
      const expected = entries.filter(
        (entry) =>
          (gv === 1 ? entry.gscid === 1 : entry.gscid < 0) &&
          (av === 0 || entry.page === page) &&
          (pscv === 0 || (entry.pscid === 1 && entry.page !== 2)), // global ones stay
      );
      expect(dropped(VMA | operands, av ? address(PAGE[page]!) : 0n)).toEqual(expected.map(nameOf));
    }
  });

  it('S: the first bit of ADDR that is 0 tells the range. Spec: "Address Range Invalidation Extension"', () => {
    // Pages 0x2000 and 0x3000: 8 KiB at 0x2000, bit 12 is the 0.
    const range = dropped(VMA | AV, address(0x2000n) | bit(9));
    expect(range).toEqual(entries.filter(({ gscid: g, page }) => g < 0 && page > 0).map(nameOf));
    const all = dropped(VMA | AV, address(0x3000n) | bit(9));
    expect(all).toEqual(entries.filter(({ gscid: g }) => g < 0).map(nameOf));
  });

  it('operands without their valid bits are ignored', () => {
    const host = entries.filter(({ gscid: g }) => g < 0).map(nameOf);
    expect(dropped(VMA | gscid(1n) | pscid(2n), address(PAGE[1]))).toEqual(host);
  });
});

describe('IOTINVAL.GVMA', () => {
  const guests = (which: (entry: Entry) => boolean): readonly string[] =>
    entries.filter((e) => e.gscid >= 0 && which(e)).map(nameOf);

  // Table "IOTINVAL.GVMA operands and operations".
  it('GV=0: every guest, and not the host', () => {
    expect(dropped(GVMA, 0n)).toEqual(guests(() => true));
  });

  it('GV=1: one guest', () => {
    expect(dropped(GVMA | GV | gscid(1n), 0n)).toEqual(guests((entry) => entry.gscid === 1));
  });

  it('GV=1 AV=1: at least what lies at the guest physical address, and nothing of others', () => {
    const found = dropped(GVMA | GV | AV | gscid(1n), address(OLD));
    expect(found).toEqual(
      expect.arrayContaining([...guests((entry) => entry.gscid === 1 && entry.page === 0)]),
    );
    expect(guests((entry) => entry.gscid === 1)).toEqual(expect.arrayContaining([...found]));
  });

  it('is illegal with PSCV', () => {
    expect(bench().command(GVMA | PSCV, 0n) & 0x400).toBe(0x400);
  });

  it('a change of the second stage is seen after it, and not after IOTINVAL.VMA of the host', () => {
    const b = bench();
    expect(b.ask(PAGE[0], READ, { did: 2 })).toBe(OLD);
    b.put(SECOND + 16n, leaf(0x8000_0000n + GIB, 0xdfn));
    b.command(VMA, 0n);
    expect(b.ask(PAGE[0], READ, { did: 2 })).toBe(OLD);
    // The tables of the first stage moved with it.
    b.put(SECOND + 16n, leaf(0x8000_0000n, 0xd3n));
    b.command(GVMA | GV | gscid(1n), 0n);
    expect(b.ask(PAGE[0], WRITE, { did: 2 })).toBe('cause 23');
  });
});

describe('tables in the walk cache', () => {
  /** The pointer to the last table leads elsewhere; page 1 was never asked for. */
  const moved = (...command: readonly bigint[]): bigint | string => {
    const b = bench();
    b.ask(PAGE[0], READ);
    b.put(FIRST + 0x8000n + 16n, leaf(NEW)).put(FIRST + 0x1000n, pointer(FIRST + 0x8000n));
    b.command(...command);
    return b.ask(PAGE[1], READ);
  };

  it('stay until AV=0, or NL=1 at their address. Spec: "Non-leaf PTE Invalidation Extension"', () => {
    expect(moved(2n, 0n)).toBe(OLD + 0x1000n);
    expect(moved(VMA | AV, address(PAGE[1]))).toBe(OLD + 0x1000n);
    expect(moved(VMA | AV | NL, address(PAGE[1]))).toBe(NEW);
    expect(moved(VMA, 0n)).toBe(NEW);
  });

  it('are never wrong where there is no such cache', () => {
    const b = new Bench({
      walkCache: { sets: 0, ways: 0 },
      iotlb: { sets: 0, ways: 0 },
      ddtCache: { sets: 0, ways: 0 },
    }).start();
    b.put(FIRST, pointer(FIRST + 0x1000n))
      .put(FIRST + 0x1000n, pointer(FIRST + 0x2000n))
      .context(0, { fsc: root(FIRST, 3) });
    expect(map(b, OLD).ask(PAGE[0], READ)).toBe(OLD);
    expect(map(b, NEW).ask(PAGE[0], READ)).toBe(NEW);
  });
});

describe('directories', () => {
  const DDT_INVAL = 3n;
  const PDT_INVAL = 0x83n;
  const DV = bit(33);
  const did = (n: bigint): bigint => n << 40n;
  const pid = (n: bigint): bigint => n << 12n;

  /** Devices 0 and 1 with processes 1 and 2: all are asked for, then made invalid. */
  const after = (...command: readonly bigint[]): readonly string[] => {
    const b = new Bench().start();
    b.put(FIRST, pointer(FIRST + 0x1000n)).put(FIRST + 0x1000n, pointer(FIRST + 0x2000n));
    map(b, OLD);
    for (const device of [0, 1]) {
      const table = PDT + BigInt(device) * 0x1000n;
      b.context(device, { tc: 0x21n, fsc: root(table, -4) });
      for (const process of [1n, 2n]) b.put(table + process * 16n, 1n | (process << 12n), root(FIRST, 3));
    }
    const all = [0, 1].flatMap((device) => [1, 2].map((process) => ({ did: device, pasid: process })));
    for (const from of all) expect(b.ask(PAGE[0], READ, from)).toBe(OLD);
    for (const n of [0n, 1n]) {
      b.put(DDT + n * 64n, 0n);
      for (const process of [1n, 2n]) b.put(PDT + n * 0x1000n + process * 16n, 0n);
    }
    b.command(...command);
    return all.map(
      (from) => `${from.did}/${from.pasid} ${b.ask(PAGE[0], READ, from) === OLD ? 'as before' : 'gone'}`,
    );
  };
  const [KEPT, GONE] = ['as before', 'gone'];
  const outcome = (...each: readonly string[]): readonly string[] =>
    ['0/1', '0/2', '1/1', '1/2'].map((who, n) => `${who} ${each[n] ?? ''}`);

  it.each<[string, bigint, readonly (string | undefined)[]]>([
    ['none', 2n, [KEPT, KEPT, KEPT, KEPT]],
    ['INVAL_DDT, DV=0: all devices and processes', DDT_INVAL, [GONE, GONE, GONE, GONE]],
    ['INVAL_DDT of a device: it and its processes', DDT_INVAL | DV | did(1n), [KEPT, KEPT, GONE, GONE]],
    ['INVAL_PDT: one process of one device', PDT_INVAL | DV | did(0n) | pid(2n), [KEPT, GONE, KEPT, KEPT]],
    ['IOTINVAL has no effect on directories', VMA, [KEPT, KEPT, KEPT, KEPT]],
  ])('%s', (_, word, expected) => {
    expect(after(word, 0n)).toEqual(outcome(...(expected as string[])));
  });

  it('what is not valid is never cached', () => {
    const b = new Bench().start();
    expect(b.ask(0n, READ)).toBe('cause 258');
    expect(b.context(0, {}).ask(0x1234n, READ)).toBe(0x1234n);
    b.context(0, { iohgatp: root(SECOND, 3) }).command(DDT_INVAL, 0n);
    expect(b.ask(0x8000_0000n, READ)).toBe('cause 21');
    expect(b.identity().ask(0x8000_0000n, READ)).toBe(0x8000_0000n);
  });
});

describe('MSI page tables', () => {
  it('are cached by GSCID and guest physical address, for IOTINVAL.GVMA to drop', () => {
    const b = new Bench().start().identity();
    b.context(0, { iohgatp: root(SECOND, 3, 7n), msi: [root(MSI_TABLE, -4), 0n, FREE >> 12n] });
    b.put(MSI_TABLE, ((OLD >> 12n) << 10n) | 7n);
    expect(b.ask(FREE, WRITE)).toBe(OLD);
    b.put(MSI_TABLE, ((NEW >> 12n) << 10n) | 7n).command(VMA, 0n);
    expect(b.ask(FREE, WRITE)).toBe(OLD);
    b.command(GVMA | GV | gscid(7n), 0n);
    expect(b.ask(FREE, WRITE)).toBe(NEW);
  });
});

it('capabilities are those that these tests take for granted: NL and S', () => {
  expect((DEFAULT_CAPABILITIES >> 42n) & 3n).toBe(3n);
});
