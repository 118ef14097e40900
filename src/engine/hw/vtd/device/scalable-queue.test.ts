import { describe, expect, it } from 'vitest';
import { NO_PASID } from '../../port';
import {
  bits,
  firstStage,
  IOVA,
  nested,
  PAGE,
  QIE,
  QUEUE,
  ScalableFixture,
  SECOND,
  secondStage,
  STATUS,
  TE,
} from './scalable-fixture.conformance';

/**
 * The invalidation queue with 256-bit descriptors.
 *
 * Expected values: VT-d document, sections 6.5.2.1 to 6.5.2.12, 7.6.1, 11.4.9; corner cases as OpenVMM's
 * queued_invalidation tests list them, read as facts.
 */
const IQH = 0x80;
const IQT = 0x88;
const IQA = 0x90;
const FSTS = 0x34;
const IQER = 0xb0;

const wait = (data: bigint, flags = 0x20n): bigint[] => [(data << 32n) | flags | 5n, BigInt(STATUS)];
const make = (config = {}, entry = secondStage()) =>
  new ScalableFixture(0x0100, config).attach(entry).queue();
const reg = (f: ScalableFixture, offset: number): number => f.device.registers.read32(offset) >>> 0;
const status = (f: ScalableFixture): bigint => f.word(STATUS) & 0xffff_ffffn;
const iqe = (f: ScalableFixture): boolean => (reg(f, FSTS) & 0x10) !== 0;

describe('256-bit descriptors', () => {
  it.each([0, 1, 3])('QS = %i gives 2^(QS+7) descriptors; the queue wraps', (size) => {
    const f = new ScalableFixture().attach(secondStage()).queue(size);
    const entries = (4096 << size) / 32;
    for (let n = 0; n < entries + 3; n++) {
      f.submit(wait(BigInt(n + 1)));
      expect([reg(f, IQH), status(f), iqe(f)]).toEqual([
        (((n + 1) % entries) * 32) >>> 0,
        BigInt(n + 1),
        false,
      ]);
    }
  });

  it('every type and granularity is understood', () => {
    const f = make();
    f.submit(
      ...[
        0x11n,
        0x21n,
        0x31n,
        0x12n,
        0x22n,
        0x32n,
        0x07n,
        0x17n,
        0x37n,
        0x26n,
        0x36n,
        0x04n,
        0x14n,
        0x03n,
        0x08n,
        0x09n,
      ].map((lo) => [lo]),
      wait(0xcafen, 0x60n),
    );
    expect([iqe(f), status(f), f.invalidations.length, f.responses.length]).toEqual([false, 0xcafen, 2, 1]);
  });

  it('the width must fit the mode, and the tail the width', () => {
    const cases: [Partial<Record<string, boolean>>, number, boolean, number, number][] = [
      // config, RTADDR.TTM, wide, tail, IQEI
      [{}, 1, false, 16, 5],
      [{ abortDma: true }, 3, false, 16, 5],
      [{ scalable: false }, 0, true, 32, 5],
      [{ scalable: false }, 1, true, 32, 7],
      [{}, 2, true, 32, 7],
      [{}, 3, true, 32, 7],
      [{}, 1, true, 16, 6],
      [{}, 1, true, 48, 6],
      [{}, 1, true, 4096, 1],
      [{}, 1, true, 33, 1],
    ];
    for (const [config, mode, wide, tail, code] of cases) {
      const f = new ScalableFixture(0x0100, config).attach(secondStage());
      f.enable(0x10_0000 | (mode << 10));
      f.put(QUEUE, ...wait(1n), 0n, 0n);
      f.device.registers.write64(IQA, BigInt(QUEUE | (wide ? 0x800 : 0)));
      f.device.registers.write32(0x18, TE | QIE);
      f.device.registers.write32(IQT, tail);
      expect([iqe(f), reg(f, IQER), reg(f, IQH), status(f)]).toEqual([true, code, 0, 0n]);
    }
  });

  it('legacy mode takes either width, but only types 1 to 5', () => {
    for (const wide of [false, true]) {
      for (const type of [6n, 7n, 8n, 9n]) {
        const f = new ScalableFixture();
        f.device.registers.write64(IQA, BigInt(QUEUE | (wide ? 0x800 : 0)));
        f.device.registers.write32(0x18, QIE);
        const bytes = wide ? 32 : 16;
        f.put(QUEUE, ...wait(1n), 0n, 0n);
        f.put(QUEUE + bytes, type, 0n, 0n, 0n);
        f.device.registers.write32(IQT, 2 * bytes);
        expect([reg(f, IQH), status(f), iqe(f), reg(f, IQER)]).toEqual([bytes, 1n, true, 3]);
      }
    }
  });

  it('every reserved bit of every type', () => {
    const upper: [number, number] = [255, 128];
    const reserved: [bigint, bigint[]][] = [
      [0x11n, bits([8, 6], [15, 12], [63, 50], [127, 64], upper)],
      [0x12n, bits([8, 8], [15, 12], [63, 32], [75, 71], upper)],
      [0x03n, bits([8, 4], [31, 21], [51, 48], [75, 65], upper)],
      [0x04n, bits([8, 5], [26, 12], [63, 48], [127, 64], upper)],
      [0x05n, bits([8, 8], [31, 12], [65, 64], upper)],
      [0x26n, bits([8, 6], [15, 12], [63, 52], [75, 71], upper)],
      [0x07n, bits([8, 6], [15, 12], [63, 52], [127, 64], upper)],
      [0x08n, bits([74, 65], upper)],
      [0x09n, bits([8, 5], [63, 52], [127, 76], upper)],
    ];
    for (const [lo, which] of reserved) {
      for (const bit of which) {
        const f = make();
        const words = [lo, 0n, 0n, 0n];
        words[Number(bit / 64n)] = (words[Number(bit / 64n)] ?? 0n) | (1n << (bit % 64n));
        f.submit(words, wait(1n));
        expect([lo, bit, reg(f, IQH), iqe(f), reg(f, IQER)]).toEqual([lo, bit, 0, true, 4]);
        expect(status(f)).toBe(0n);
      }
    }
  });

  it('fields of features that the unit lacks are reserved; so are the types', () => {
    for (const [config, words, code] of [
      [{ deviceTlbThrottle: false }, [0x1003n], 4],
      [{ deviceTlbThrottle: false }, [0x03n | (1n << 52n)], 4],
      [{ deviceTlbThrottle: false }, [0x1008n], 4],
      [{ deviceTlbThrottle: false }, [0x08n | (1n << 52n)], 4],
      [{ pageRequests: false }, wait(1n, 0x80n), 4],
      [{ pageRequests: false }, [0x09n], 3],
      [{ deviceTlb: false, pageRequests: false }, [0x03n], 3],
      [{ deviceTlb: false, pageRequests: false }, [0x08n], 3],
      [{ interruptRemapping: false }, [0x04n], 3],
      [{ pageSelective: false }, [0x32n], 4],
      [{ maxHandleMask: 3 }, [0x14n | (4n << 27n)], 4],
      [{ maxAddressMask: 8 }, [0x32n, 9n], 4],
      [{}, [0x27n], 4],
      [{}, [0x06n], 4],
      [{}, [0x16n], 4],
      [{}, [0x0an], 3],
      [{}, [0x207n], 3],
    ] as const) {
      const f = make(config);
      f.submit(words);
      expect([iqe(f), reg(f, IQER)]).toEqual([true, code]);
    }
  });

  it('a bad descriptor stops the queue; cleared, it goes on', () => {
    const f = make();
    f.submit(wait(1n), [0n], wait(3n));
    expect([reg(f, IQH), status(f), iqe(f)]).toEqual([32, 1n, true]);
    f.put(QUEUE + 32, 0x11n);
    f.device.registers.write32(FSTS, 0x10);
    expect([reg(f, IQH), status(f), iqe(f)]).toEqual([96, 3n, false]);
  });

  it('IF raises the completion event once until IWC is cleared; masked it waits', () => {
    const f = make();
    f.device.registers.write32(0xa0, 0);
    f.submit(wait(1n, 0x30n), wait(2n, 0x30n));
    expect([f.interrupts, reg(f, 0x9c), status(f)]).toEqual([['commands'], 1, 2n]);
    f.device.registers.write32(0x9c, 1);
    f.device.registers.write32(0xa0, 1 << 31);
    f.submit(wait(3n, 0x30n));
    expect([f.interrupts.length, reg(f, 0xa0) >>> 30]).toEqual([1, 3]);
    f.device.registers.write32(0xa0, 0);
    expect([f.interrupts.length, reg(f, 0xa0)]).toEqual([2, 0]);
    f.device.registers.write32(0x9c, 1);
    f.device.registers.write32(0xa0, 1 << 31);
    f.submit(wait(4n, 0x30n));
    f.device.registers.write32(0x9c, 1);
    f.device.registers.write32(0xa0, 0);
    expect(f.interrupts).toHaveLength(2);
  });
});

describe('device TLBs', () => {
  it.each<[string, bigint[], object]>([
    [
      'one page',
      [0x03n | (0x0208n << 32n), 0x5000n],
      { rid: 0x0208, pasid: NO_PASID, iova: 0x5000n, sizeLg2: 12, global: false },
    ],
    ['8 KiB', [0x03n | (0x0208n << 32n), 0x4001n], { iova: 0x4000n, sizeLg2: 13 }],
    ['2 MiB: ones up to bit 19', [0x03n, 0x40_0000n | 0xf_f000n | 1n], { iova: 0x40_0000n, sizeLg2: 21 }],
    ['everything: as Linux asks for it', [0x03n, 0x7fff_ffff_ffff_f001n], { iova: 0n, sizeLg2: 64 }],
    [
      'a page of a PASID',
      [0x08n | (0x0208n << 16n) | (9n << 32n), 0x5000n],
      { rid: 0x0208, pasid: 9, iova: 0x5000n, sizeLg2: 12, global: false },
    ],
    ['16 KiB of a PASID', [0x08n | (9n << 32n), 0x5000n | 0x800n], { pasid: 9, iova: 0x4000n, sizeLg2: 14 }],
    ['of every PASID', [0x08n | (9n << 32n), 0x7fff_ffff_ffff_f801n], { sizeLg2: 64, global: true }],
  ])('%s', (_, words, message) => {
    const f = make();
    f.submit(words, wait(1n));
    expect(f.invalidations).toMatchObject([message]);
    expect(status(f)).toBe(1n);
  });

  it('no answer: the next wait is aborted, ITE names the device, and nothing is fetched until it is cleared', () => {
    const f = make();
    f.device.registers.write32(0x38, 0);
    f.answering = false;
    f.submit([0x03n | (0x0208n << 32n)], [0x11n], wait(1n), wait(2n));
    expect([reg(f, FSTS) & 0x70, reg(f, IQER + 4), status(f), reg(f, IQH)]).toEqual([0x40, 0x0208, 0n, 96]);
    expect(f.interrupts).toEqual(['faults']);
    f.device.registers.write32(0x88, 128);
    expect(status(f)).toBe(0n);
    f.device.registers.write32(FSTS, 0x40);
    expect([status(f), reg(f, IQH), reg(f, FSTS) & 0x40]).toEqual([2n, 128, 0]);
  });

  it('no answer and no wait behind it: the time-out passes when the queue is empty', () => {
    const f = make();
    f.answering = false;
    f.submit([0x08n | (0x0210n << 16n)]);
    expect([reg(f, FSTS) & 0x40, reg(f, IQER + 4) & 0xffff]).toEqual([0x40, 0x0210]);
  });

  it('an unexpected completion sets ICE, and the queue goes on', () => {
    const f = make();
    f.device.queue.unexpectedCompletion(0x0218);
    expect([reg(f, FSTS) & 0x20, reg(f, IQER + 4) >>> 16]).toEqual([0x20, 0x0218]);
    f.submit(wait(1n));
    expect(status(f)).toBe(1n);
    f.device.registers.write32(FSTS, 0x20);
    expect(reg(f, FSTS) & 0x20).toBe(0);
  });

  it('a page group response reaches its device', () => {
    const f = make();
    f.submit([0x09n | (1n << 4n) | (1n << 12n) | (0x0100n << 16n) | (7n << 32n), (0x1a5n << 3n) | 7n]);
    f.submit([0x09n | (15n << 12n) | (0x0100n << 16n) | (7n << 32n), 3n << 3n]);
    expect(f.responses).toEqual([
      { rid: 0x0100, pasid: 7, group: 0x1a5, code: 1 },
      { rid: 0x0100, pasid: NO_PASID, group: 3, code: 15 },
    ]);
  });
});

describe('what is stale until it is invalidated', () => {
  const PASIDE = 8n;
  const DID = 0xbeefn << 16n;

  /** PASIDs 1 and 2 with tables of their own kind, under one domain id; a page of each is cached. */
  function warm(entry = firstStage(0xbeefn)): ScalableFixture {
    const f = new ScalableFixture(0x0100, {}, 1).attach(entry, { flags: PASIDE, ridPasid: 0n }).queue();
    for (let n = 0; n < 8; n++) f.put(f.pasidEntry + 64 + n * 8, f.word(f.pasidEntry + n * 8));
    f.second(4, 2, 0n, 0n);
    f.second(4, 1, 0x7000_0000n, PAGE);
    f.first(4, 1, 0x7000_0000n, entry[0] === firstStage()[0] ? PAGE : 0x10_0000n);
    for (const pasid of [1, 2]) f.outcome(0x7000_0000n, false, pasid);
    return f;
  }
  const translations = (f: ScalableFixture): number[] =>
    f.device.state.iotlb
      .list()
      .map(({ space }) => space >>> 2)
      .sort();
  const tables = (f: ScalableFixture): string[] =>
    [
      ...new Set(
        f.device.state.walkCache.list().map(({ space }) => (space === 0 ? 'second' : `${space >>> 2}`)),
      ),
    ].sort();

  const at = (iova: bigint, hint = 0n, mask = 0n): bigint => iova | mask | (hint << 6n);
  it.each<[string, bigint, bigint, number[], string[]]>([
    ['IOTLB global', 0x12n, 0n, [], []],
    ['IOTLB this domain', 0x22n | DID, 0n, [], []],
    ['IOTLB another domain', 0x22n | (0xbeeen << 16n), 0n, [1, 2], ['1', '2']],
    // Whose page lies behind it is unknown: all first-stage entries of the domain.
    ['IOTLB any page', 0x32n | DID, at(0x1000n, 1n), [], []],
    ['IOTLB a page of another domain', 0x32n | (0xbeeen << 16n), at(0x7000_0000n), [1, 2], ['1', '2']],
    ['P_IOTLB of PASID 1', 0x26n | DID | (1n << 32n), 0n, [2], ['2']],
    ['P_IOTLB of PASID 3', 0x26n | DID | (3n << 32n), 0n, [1, 2], ['1', '2']],
    ['P_IOTLB of another domain', 0x26n | (0xbeeen << 16n) | (1n << 32n), 0n, [1, 2], ['1', '2']],
    ['P_IOTLB the page of PASID 1', 0x36n | DID | (1n << 32n), at(0x7000_0000n), [2], ['2']],
    ['P_IOTLB the same, leaf only', 0x36n | DID | (1n << 32n), at(0x7000_0000n, 1n), [2], ['1', '2']],
    [
      'P_IOTLB a page of another half of the address space',
      0x36n | DID | (1n << 32n),
      at(1n << 56n),
      [1, 2],
      ['1', '2'],
    ],
    ['P_IOTLB a page beside it', 0x36n | DID | (1n << 32n), at(0x7000_1000n, 1n), [1, 2], ['1', '2']],
    ['P_IOTLB the pair that it is in', 0x36n | DID | (1n << 32n), at(0x7000_1000n, 1n, 1n), [2], ['1', '2']],
  ])('first stage: %s', (_, lo, hi, left, leftTables) => {
    const f = warm();
    expect([translations(f), tables(f)]).toEqual([
      [1, 2],
      ['1', '2'],
    ]);
    f.submit([lo, hi]);
    expect([iqe(f), translations(f), tables(f)]).toEqual([false, left, leftTables]);
  });

  it.each<[string, bigint, bigint, number[], string[]]>([
    ['IOTLB any page, leaf only', 0x32n | DID, at(1n << 40n, 1n), [], ['second']],
    ['IOTLB a page of its tables', 0x32n | DID, at(0x19_0000n), [], []],
    ['P_IOTLB of PASID 1', 0x26n | DID | (1n << 32n), 0n, [2], ['2', 'second']],
    ['P_IOTLB the page of PASID 2', 0x36n | DID | (2n << 32n), at(0x7000_0000n), [1], ['1', 'second']],
  ])('nested: %s', (_, lo, hi, left, leftTables) => {
    const f = warm(nested(0xbeefn));
    expect([translations(f), tables(f)]).toEqual([
      [1, 2],
      ['1', '2', 'second'],
    ]);
    f.submit([lo, hi]);
    expect([iqe(f), translations(f), tables(f)]).toEqual([false, left, leftTables]);
  });

  it('second stage: one entry serves all PASIDs of the domain, and goes with any of them', () => {
    const f = warm(secondStage(0xbeefn));
    expect(translations(f)).toEqual([0]);
    f.submit([0x36n | DID | (1n << 32n), 0x7000_0000n]);
    expect(translations(f)).toEqual([0]);
    f.submit([0x26n | DID | (1n << 32n), 0n]);
    expect(translations(f)).toEqual([]);
  });

  it.each<[string, bigint, number[]]>([
    ['global', 0x37n, []],
    ['its domain', 0x07n | DID, []],
    ['another domain', 0x07n | (0xbeeen << 16n), [1, 2]],
    ['PASID 1', 0x17n | DID | (1n << 32n), [2]],
    ['PASID 1 of another domain', 0x17n | (0xbeeen << 16n) | (1n << 32n), [1, 2]],
  ])('PASID cache: %s', (_, lo, left) => {
    const f = warm();
    const { pasidCache } = f.device.state;
    expect(
      pasidCache
        .rows()
        .map((row) => pasidCache.pasidAt(row))
        .sort(),
    ).toEqual([1, 2]);
    f.submit([lo]);
    expect(
      pasidCache
        .rows()
        .map((row) => pasidCache.pasidAt(row))
        .sort(),
    ).toEqual(left);
  });

  it.each<[string, bigint, number]>([
    ['global', 0x11n, 0],
    // Contexts of scalable mode know no domain.
    ['any domain', 0x21n, 0],
    ['its source, whatever the domain', 0x31n | (0x0100n << 32n), 0],
    ['another source', 0x31n | (0x0108n << 32n), 1],
  ])('context cache: %s', (_, lo, left) => {
    const f = warm();
    f.submit([lo]);
    expect(f.device.state.contextCache.list()).toHaveLength(left);
  });

  it('each cache hides a change until its own invalidation', () => {
    const f = new ScalableFixture().attach(secondStage()).queue();
    f.second(4, 1, IOVA, PAGE);
    const other = 0x1_0000_0000n;
    expect(f.outcome(IOVA)).toBe(PAGE | 0xabcn);
    // IOTLB
    const leaf = f.second(4, 1, IOVA, other).at(-1) ?? 0;
    expect(f.outcome(IOVA)).toBe(PAGE | 0xabcn);
    f.submit([0x32n | DID, (IOVA & ~0xfffn) | 0x40n]);
    expect(f.outcome(IOVA)).toBe(other | 0xabcn);
    // Paging-structure cache: the bottom table moves, and its old place is emptied.
    const moved = 0x20_0000;
    f.put(moved + (leaf & 0xfff), PAGE | 3n);
    f.put(SECOND + 0x2000 + Number((IOVA >> 21n) & 511n) * 8, BigInt(moved) | 3n);
    f.submit([0x32n | DID, (IOVA & ~0xfffn) | 0x40n]);
    expect(f.outcome(IOVA)).toBe(other | 0xabcn);
    f.submit([0x32n | DID, IOVA & ~0xfffn]);
    expect(f.outcome(IOVA)).toBe(PAGE | 0xabcn);
    // PASID cache
    f.put(f.pasidEntry, f.word(f.pasidEntry) & ~1n);
    f.submit([0x12n]);
    expect(f.outcome(IOVA)).toBe(PAGE | 0xabcn);
    f.submit([0x17n | DID]);
    expect(f.outcome(IOVA)).toBe('fault 0x59');
    // Context cache
    f.put(f.contextEntry, 0n);
    f.submit([0x37n]);
    expect(f.outcome(IOVA)).toBe('fault 0x59');
    f.submit([0x31n | (0x0100n << 32n)]);
    expect(f.outcome(IOVA)).toBe('fault 0x41');
  });

  it('what was absent is found at once; with CAP.CM only after its invalidation', () => {
    for (const cachingMode of [false, true]) {
      const f = new ScalableFixture(0x0100, { cachingMode }).queue();
      f.attach(secondStage());
      f.put(f.contextEntry, 0n);
      const steps: [() => void, bigint[], string][] = [
        [() => f.attach(secondStage()), [0x31n | (0x0100n << 32n)], 'fault 0x41'],
        [() => f.attach(secondStage()), [0x07n], 'fault 0x59'],
        [() => f.second(4, 1, IOVA, PAGE), [0x32n | DID, IOVA & ~0xfffn], 'fault 0x79'],
      ];
      const flushing = f.device.state.config.flushOnSetPointer;
      expect(flushing).toBe(true);
      for (const [n, [appear, invalidate, before]] of steps.entries()) {
        if (n === 1) {
          f.put(f.pasidEntry, 0n);
          f.submit([0x37n], [0x12n]);
        }
        expect(f.outcome(IOVA)).toBe(before);
        // Not by the fixture's way, which sets the root table anew.
        if (n === 2) appear();
        else restore(f);
        if (cachingMode) expect(f.outcome(IOVA)).toBe(before);
        f.submit(invalidate);
        if (n === 0) f.submit([0x37n]);
        expect(f.outcome(IOVA)).toBe(n === 2 ? PAGE | 0xabcn : 'fault 0x79');
        if (n < 2) f.submit([0x12n]);
      }
    }
  });

  /** Context and PASID entry as attach() writes them. */
  function restore(f: ScalableFixture): void {
    f.put(f.contextEntry, 0x12_0000n | 1n | (7n << 9n));
    f.put(f.pasidEntry, secondStage()[0] | 1n, secondStage()[1]);
  }

  it('the interrupt-entry cache too, by index', () => {
    const f = make();
    const table = 0x40_0000;
    f.device.registers.write64(0xb8, BigInt(table) | 0x800n | 7n);
    f.device.registers.write32(0x18, TE | QIE | (1 << 24));
    f.device.registers.write32(0x18, TE | QIE | (1 << 25));
    const send = (index: number): boolean =>
      f.device.interrupt(f.rid, 0xfee0_0010 + (index << 5), new Uint8Array(4));
    for (const index of [4, 5, 6]) f.put(table + index * 16, 0x42_0001n, 0n);
    expect([4, 5, 6].map(send)).toEqual([true, true, true]);
    for (const index of [4, 5, 6]) f.put(table + index * 16, 0n, 0n);
    expect([4, 5, 6].map(send)).toEqual([true, true, true]);
    // Two entries from 4 on.
    f.submit([0x14n | (1n << 27n) | (4n << 32n)]);
    expect([4, 5, 6].map(send)).toEqual([false, false, true]);
    f.submit([0x04n]);
    expect(send(6)).toBe(false);
  });

  it('no caches: every change is seen at once', () => {
    const off = { sets: 0, ways: 0 };
    const f = new ScalableFixture(0x0100, {
      iotlb: off,
      deviceCache: off,
      processCache: off,
      walkCache: off,
      interruptCache: off,
    }).attach(secondStage());
    f.second(4, 1, IOVA, PAGE);
    expect([f.translate(IOVA), f.translate(IOVA)]).toEqual([1, 1]);
    f.second(4, 1, IOVA, 0x1_0000_0000n);
    expect(f.outcome(IOVA)).toBe(0x1_0000_0abcn);
    f.put(f.pasidEntry, 0n);
    expect(f.outcome(IOVA)).toBe('fault 0x59');
    f.put(f.contextEntry, 0n);
    expect(f.outcome(IOVA)).toBe('fault 0x41');
  });

  it('a new root table flushes where CAP.ESRTPS is set; turning translation off always does in scalable units', () => {
    for (const flushOnSetPointer of [false, true]) {
      const f = new ScalableFixture(0x0100, { flushOnSetPointer }).attach(secondStage());
      f.second(4, 1, IOVA, PAGE);
      f.outcome(IOVA);
      f.device.registers.write32(0x18, TE | (1 << 30));
      expect(f.device.state.iotlb.list()).toHaveLength(flushOnSetPointer ? 0 : 1);
      f.outcome(IOVA);
      f.device.registers.write32(0x18, 0);
      const { contextCache, pasidCache, iotlb, walkCache } = f.device.state;
      expect([contextCache.rows(), pasidCache.rows(), iotlb.list(), walkCache.list()]).toEqual([
        [],
        [],
        [],
        [],
      ]);
    }
  });
});
