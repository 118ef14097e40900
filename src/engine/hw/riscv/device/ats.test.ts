import { describe, expect, it } from 'vitest';
import {
  ATS_GLOBAL,
  ATS_GRANTS,
  ATS_REQUEST,
  ATS_SIZE_LG2,
  ATS_TRANSLATED,
  ATS_UNTRANSLATED_ONLY,
  COMPLETION,
  EXECUTE,
  PRIVILEGED,
  READ,
  WRITE,
} from '../../port';
import { DEFAULT_CAPABILITIES } from './config';
import {
  Bench,
  DDT,
  FIRST,
  FREE,
  leaf,
  MSI_TABLE,
  PDT,
  pointer,
  ppnField,
  root,
  SECOND,
  type Context,
} from './fixture.conformance';
import { OUT_MRIF_HI, OUT_MRIF_LO, OUT_MRIF_NID } from './translation';

// Expected values: RISC-V IOMMU Architecture Specification, sections "PCIe ATS translation request handling", "Process to
// translate addresses of MSIs", chapter "Debug support"; RISC-V Advanced Interrupt Architecture, "MSI page tables".
const bit = (n: number): bigint => 1n << BigInt(n);
const IOVA = 0x1000n;
const ASK = READ | WRITE | ATS_REQUEST;
const [EN_ATS, T2GPA] = [2n, 8n];
const SV39 = root(FIRST, 3);
const SV39X4 = root(SECOND, 3);
/** Completions: unsupported request, completer abort. */
const [UR, CA] = [1, 4];

const bench = (context: Context, entry = leaf(FREE)): Bench =>
  new Bench()
    .start()
    .identity()
    .put(FIRST, pointer(FIRST + 0x1000n))
    .put(FIRST + 0x1000n, pointer(FIRST + 0x2000n))
    .put(FIRST + 0x2000n + 8n, entry)
    .context(0, { ...context, tc: (context.tc ?? 1n) | EN_ATS });

describe('translation requests', () => {
  it.each<[string, bigint, number, number]>([
    ['what both asked for and mapped is granted', 0xd7n, ASK, READ | WRITE],
    ['no write permission', 0xd3n, ASK, READ],
    ['execution, where the page has it and a process asks', 0xdfn, ASK | EXECUTE, READ | WRITE],
    ['D is clear: a page fault of who means to write, and so nothing', 0x57n, ASK, 0],
    ['D is clear: to be read, by who does not mean to write', 0x57n, READ | ATS_REQUEST, READ],
    ['no user page: nothing', 0xc7n, ASK, 0],
    ['A is clear: nothing', 0x17n, ASK, 0],
    ['no entry: nothing', 0n, ASK, 0],
  ])('%s', (_, flags, access, grants) => {
    const b = bench({ fsc: SV39 }, flags === 0n ? 0n : leaf(FREE, flags));
    const pa = b.ask(IOVA, access);
    if (grants !== 0) expect(pa).toBe(FREE);
    expect(b.out(ATS_GRANTS) & (READ | WRITE)).toBe(grants);
    // A success response is no fault record, whatever it grants.
    expect(b.faults()).toEqual([]);
  });

  it.each<[string, number, number, (b: Bench) => Bench]>([
    ['256', 256, UR, (b) => b.wr8(0x10, 0n)],
    ['257', 257, UR, (b) => b.hazard(DDT, 1)],
    ['258', 258, UR, (b) => b.context(0, { tc: 0n })],
    ['259', 259, UR, (b) => b.context(0, { tc: 0x1001n })],
    ['260, with EN_ATS = 0', 260, UR, (b) => b.context(0, { fsc: SV39 })],
    ['260, in Bare mode', 260, UR, (b) => b.wr8(0x10, 0n).wr8(0x10, 1n)],
    ['5', 5, CA, (b) => b.hazard(FIRST, 1)],
  ])('refused with cause %s, and recorded', (_, cause, completion, prepare) => {
    const b = prepare(bench({ fsc: SV39 }));
    expect(b.ask(IOVA, READ | ATS_REQUEST)).toBe(`cause ${cause}`);
    expect(b.out(COMPLETION)).toBe(completion);
    expect(b.faults()).toMatchObject([{ cause, ttyp: 8, iotval: IOVA }]);
  });

  it.each<[number, number, (b: Bench) => Bench]>([
    [265, CA, (b) => b.hazard(PDT, 1)],
    [267, CA, (b) => b.put(PDT, 9n)],
  ])('of a process: refused with cause %i', (cause, completion, prepare) => {
    const b = prepare(bench({ tc: 0x21n, fsc: root(PDT, -4) }));
    expect(b.ask(IOVA, ASK, { pasid: 0 })).toBe(`cause ${cause}`);
    expect(b.out(COMPLETION)).toBe(completion);
  });

  it('of a process that has no context: no grant, and no fault', () => {
    const b = bench({ tc: 0x21n, fsc: root(PDT, -4) });
    b.ask(IOVA, ASK, { pasid: 0 });
    expect([b.out(ATS_GRANTS), b.faults()]).toEqual([0, []]);
  });

  it('of a process: Global, Privileged and execution as the document has them', () => {
    const b = bench({ tc: 0x21n, fsc: root(PDT, -4) }, leaf(FREE, 0xffn)).put(PDT, 7n, SV39); // ENS, SUM; G, X
    b.ask(IOVA, ASK | EXECUTE, { pasid: 0 });
    expect(b.out(ATS_GRANTS)).toBe(READ | WRITE | EXECUTE | ATS_GLOBAL);
    b.ask(IOVA, ASK | PRIVILEGED, { pasid: 0 });
    expect(b.out(ATS_GRANTS)).toBe(READ | WRITE | ATS_GLOBAL | PRIVILEGED);
    // Without a process there are no global pages.
    const plain = bench({ fsc: SV39 }, leaf(FREE, 0xffn));
    plain.ask(IOVA, ASK);
    expect(plain.out(ATS_GRANTS)).toBe(READ | WRITE);
  });

  it('tell the range, which is the smaller of both stages', () => {
    const b = bench({ fsc: SV39, iohgatp: SV39X4 }, leaf(FREE));
    b.ask(IOVA, ASK);
    expect(b.out(ATS_SIZE_LG2)).toBe(12);
    const large = bench({ fsc: SV39 }).put(FIRST + 0x1000n, leaf(0x8020_0000n));
    expect(large.ask(IOVA, ASK)).toBe(0x8020_1000n);
    expect(large.out(ATS_SIZE_LG2)).toBe(21);
  });
});

describe('translated requests', () => {
  it('pass as they are, or through the second stage where T2GPA is 1', () => {
    expect(bench({ fsc: SV39, iohgatp: SV39X4 }).ask(0x1234n, READ | ATS_TRANSLATED)).toBe(0x1234n);
    const guest = bench({ tc: 1n | T2GPA, fsc: SV39, iohgatp: SV39X4 });
    expect(guest.ask(0x8000_1234n, READ | ATS_TRANSLATED)).toBe(0x8000_1234n);
    expect(guest.ask(0x1234n, WRITE | ATS_TRANSLATED)).toBe('cause 23');
    expect(guest.faults()).toMatchObject([{ cause: 23, ttyp: 7, iotval2: 0x1234n }]);
  });

  it('T2GPA = 1: a translation request is answered with the guest physical address', () => {
    const b = bench({ tc: 1n | T2GPA, iohgatp: SV39X4, fsc: SV39 }).put(
      SECOND + 16n,
      leaf(0xc000_0000n, 0xdfn),
    );
    // The first stage's tables would move too: they are mapped where they are by pages of their own.
    b.put(SECOND + 16n, pointer(SECOND + 0x4000n));
    b.put(SECOND + 0x4000n, leaf(0x8000_0000n, 0xdfn)); // 2 MiB, with the tables and FREE
    b.put(SECOND + 0x4000n + 8n, leaf(0xc000_0000n, 0xdfn));
    b.put(FIRST + 0x2008n, leaf(0x8020_0000n));
    expect(b.ask(IOVA, ASK)).toBe(0x8020_0000n);
    expect(b.ask(IOVA, READ)).toBe(0xc000_0000n);
  });
});

describe('messages of devices', () => {
  /** Interrupt files at FREE and the page after the next: mask 101b. */
  const files = (entry: readonly bigint[], file = 0n, context: Context = {}): Bench =>
    bench({ iohgatp: SV39X4, ...context, msi: [root(MSI_TABLE, -4), 5n, FREE >> 12n] }).put(
      MSI_TABLE + file * 16n,
      ...entry,
    );
  const basic = (pa: bigint): bigint => ppnField(pa) | 7n;
  const TO = 0x9000_0000n;

  it('go where the entry of their file says; other pages through the second stage', () => {
    expect(files([basic(TO)]).ask(FREE + 0x10n, WRITE)).toBe(TO + 0x10n);
    // Bits 0 and 2 of the page number are packed into the number of the file.
    expect(files([basic(TO)], 2n).ask(FREE + 0x4000n, WRITE)).toBe(TO);
    expect(files([basic(TO)], 3n).ask(FREE + 0x5000n, WRITE)).toBe(TO);
    expect(files([basic(TO)]).ask(FREE + 0x2000n, WRITE)).toBe(FREE + 0x2000n);
  });

  it('may be read, and not executed', () => {
    expect(files([basic(TO)]).ask(FREE, READ)).toBe(TO);
    expect(files([basic(TO)]).ask(FREE, EXECUTE)).toBe('cause 1');
  });

  it('every bit of the entry', () => {
    const wrong: unknown[] = [];
    for (let n = 0; n < 64; n++) {
      const outcome = files([basic(TO) ^ bit(n)]).ask(FREE, WRITE);
      // M = 1 is an interrupt file in memory: tried below.
      if (n === 2) continue;
      const expected = n === 0 ? 'cause 262' : n < 10 || n > 53 ? 'cause 263' : TO ^ bit(n + 2);
      if (outcome !== expected) wrong.push([n, outcome]);
    }
    expect(wrong).toEqual([]);
  });

  it('without MSI_MRIF, M = 1 is a misconfiguration', () => {
    const b = new Bench({ capabilities: DEFAULT_CAPABILITIES & ~bit(23) }).start().identity();
    b.context(0, { iohgatp: SV39X4, msi: [root(MSI_TABLE, -4), 0n, FREE >> 12n] }).put(MSI_TABLE, 3n);
    expect(b.ask(FREE, WRITE)).toBe('cause 263');
  });

  const NOTICE = FREE + 0x7000n;
  /** V, M = 1, and MRIF Address[55:9] in bits 53:7; the second word has the notice: N10, NPPN, NID. */
  const inMemory = (mrif: bigint): readonly bigint[] => [
    3n | ((mrif >> 9n) << 7n),
    bit(60) | ppnField(NOTICE) | 0x155n,
  ];

  it('an interrupt file in memory is told by its whole address', () => {
    const far = 0xff_8000_1234_5600n;
    const b = files(inMemory(far));
    b.ask(FREE, WRITE);
    const address = (BigInt(b.out(OUT_MRIF_HI) >>> 0) << 32n) | BigInt(b.out(OUT_MRIF_LO) >>> 0);
    expect([address, b.out(OUT_MRIF_NID)]).toEqual([far, 0x555]);
  });

  it('every reserved bit of such an entry', () => {
    const reserved = [...[3, 4, 5, 6], ...Array.from({ length: 10 }, (_, n) => 54 + n)];
    const first = reserved.filter(
      (n) => files([inMemory(FREE)[0]! | bit(n), inMemory(FREE)[1]!]).ask(FREE, WRITE) !== 'cause 263',
    );
    expect(first).toEqual([]);
    const high = [54, 55, 56, 57, 58, 59, 61, 62, 63];
    expect(
      high.filter(
        (n) => files([inMemory(FREE)[0]!, inMemory(FREE)[1]! | bit(n)]).ask(FREE, WRITE) !== 'cause 263',
      ),
    ).toEqual([]);
  });

  it('a message sets its pending bit there, and sends the notice where it is enabled', () => {
    const mrif = FREE + 0x8200n;
    const b = files(inMemory(mrif)).put(mrif + 24n, bit(5)); // identities 64 to 127: 69 is enabled
    const deliver = (identity: number): boolean => {
      b.ask(FREE, WRITE);
      return b.device.interrupt(0, Number(FREE), new Uint8Array([identity, 0, 0, 0]));
    };
    expect(deliver(70)).toBe(true);
    expect([b.get(mrif + 16n), b.get(NOTICE)]).toEqual([bit(6), 0n]);
    expect(deliver(69)).toBe(true);
    expect([b.get(mrif + 16n), b.get(NOTICE)]).toEqual([bit(6) | bit(5), 0x555n]);
  });

  it('ATS: only untranslated requests may use an interrupt file in memory', () => {
    const b = files(inMemory(FREE + 0x8000n));
    b.ask(FREE, ASK);
    expect(b.out(ATS_GRANTS)).toBe(READ | WRITE | ATS_UNTRANSLATED_ONLY);
    const direct = files([basic(TO)]);
    expect(direct.ask(FREE, ASK)).toBe(TO);
    expect(direct.out(ATS_GRANTS)).toBe(READ | WRITE);
  });
});

describe('translations for debugging', () => {
  const debug = (b: Bench, iova: bigint, ctl = 8n): bigint => {
    b.wr8(0x258, iova).wr8(0x260, ctl | 1n);
    expect(b.rd8(0x260) & 1n).toBe(0n);
    return b.rd8(0x268);
  };
  it('answer with PPN, and the size of a superpage in it', () => {
    expect(debug(bench({ fsc: SV39 }), IOVA)).toBe(ppnField(FREE));
    const large = bench({ fsc: SV39 }).put(FIRST + 0x1000n, leaf(0x8020_0000n));
    // Section "Translation-response": 2 MiB is yyy0 1111 1111 with S.
    expect(debug(large, IOVA)).toBe((((0x8020_0000n >> 12n) | 0xffn) << 10n) | bit(9));
  });

  it('answer with fault, which is recorded as that of an untranslated request', () => {
    const b = bench({ fsc: SV39 });
    expect(debug(b, 0x7000n) & 1n).toBe(1n);
    expect(debug(b, 0x7000n, 0n) & 1n).toBe(1n);
    expect(debug(b, 0x7000n, 0xcn) & 1n).toBe(1n);
    expect(b.faults()).toMatchObject([
      { cause: 13, ttyp: 2, iotval: 0x7000n },
      { cause: 15, ttyp: 3 },
      { cause: 12, ttyp: 1 },
    ]);
  });

  it('DID, PID, PV', () => {
    const b = bench({})
      .context(9, { tc: 0x21n, fsc: root(PDT, -4) })
      .put(PDT + 0x50n, 1n, SV39);
    expect(debug(b, IOVA, 8n | (5n << 12n) | bit(32) | (9n << 40n))).toBe(ppnField(FREE));
    expect(debug(b, IOVA, 8n | (4n << 12n) | bit(32) | (9n << 40n)) & 1n).toBe(1n);
  });
});
