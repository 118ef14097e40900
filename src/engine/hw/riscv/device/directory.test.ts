import { describe, expect, it } from 'vitest';
import { ATS_REQUEST, ATS_TRANSLATED, EXECUTE, NO_PASID, READ, WRITE } from '../../port';
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
  root,
  SECOND,
  type Context,
} from './fixture.conformance';

// Expected values: RISC-V IOMMU Architecture Specification, chapter "Data Structures".
const IOVA = 0x1_4060_3000n;
const bit = (n: number): bigint => 1n << BigInt(n);
const range = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, n) => first + n);
const EN_ATS = 2n;

/** Sv39 at FIRST, with one page that leads to FREE. */
const firstStage = (b: Bench): Bench =>
  b
    .put(FIRST + 8n * 5n, pointer(FIRST + 0x1000n))
    .put(FIRST + 0x1000n + 8n * 3n, pointer(FIRST + 0x2000n))
    .put(FIRST + 0x2000n + 8n * 3n, leaf(FREE));
const SV39 = root(FIRST, 3);
const SV39X4 = root(SECOND, 3);

describe('directories of one, two and three levels', () => {
  // Spec: "Process to translate an IOVA", steps 3 to 5: DDI[0] is device_id[5:0], DDI[1] is [14:6] in the extended format.
  it.each<[string, bigint, number, number, boolean]>([
    ['1LVL, extended: 6 bits', DEFAULT_CAPABILITIES, 2, 63, true],
    ['1LVL, extended: not 7', DEFAULT_CAPABILITIES, 2, 64, false],
    ['1LVL, extended: not device 0x4000, whose DDI[1] has 9 bits', DEFAULT_CAPABILITIES, 2, 0x4000, false],
    ['1LVL, extended: not device 0x800000', DEFAULT_CAPABILITIES, 2, 0x80_0000, false],
    ['2LVL, extended: 15 bits', DEFAULT_CAPABILITIES, 3, 0x7fff, true],
    ['2LVL, extended: not 16', DEFAULT_CAPABILITIES, 3, 0x8000, false],
    ['3LVL, extended: 24 bits', DEFAULT_CAPABILITIES, 4, 0xff_ffff, true],
    ['1LVL, base: 7 bits', DEFAULT_CAPABILITIES & ~bit(22), 2, 127, true],
    ['1LVL, base: not 8', DEFAULT_CAPABILITIES & ~bit(22), 2, 128, false],
    ['2LVL, base: 16 bits', DEFAULT_CAPABILITIES & ~bit(22), 3, 0xffff, true],
    ['2LVL, base: not 17', DEFAULT_CAPABILITIES & ~bit(22), 3, 0x1_0000, false],
    ['3LVL, base: 24 bits', DEFAULT_CAPABILITIES & ~bit(22), 4, 0xff_ffff, true],
  ])('%s', (_, capabilities, mode, did, reaches) => {
    const b = new Bench({ capabilities }).start(4, mode);
    const wide = capabilities === DEFAULT_CAPABILITIES ? [6, 9, 9] : [7, 9, 8];
    let table = DDT;
    for (let level = mode - 2; level > 0; level--) {
      const shift = wide.slice(0, level).reduce((sum, width) => sum + width, 0);
      const index = BigInt((did >>> shift) & (2 ** (wide[level] ?? 0) - 1));
      b.put(table + index * 8n, pointer(table + 0x1000n));
      table += 0x1000n;
    }
    const index = BigInt(did & (2 ** wide[0]! - 1));
    b.put(table + index * (wide[0] === 6 ? 64n : 32n), 1n);
    expect(b.ask(0x5678n, READ, { did })).toBe(reaches ? 0x5678n : 'cause 260');
  });

  it('an entry on the way: V is wanted, reserved bits are not', () => {
    const wrong = [...range(0, 9), ...range(54, 63)].flatMap((n) => {
      const b = new Bench()
        .start(4, 3)
        .put(DDT, pointer(DDT + 0x1000n) ^ bit(n))
        .put(DDT + 0x1000n, 1n);
      const cause = n === 0 ? 'cause 258' : 'cause 259';
      return b.ask(0n, READ) === cause ? [] : [n];
    });
    expect(wrong).toEqual([]);
  });

  it.each([
    [1, 'cause 257'],
    [2, 'cause 268'],
  ] as const)('memory that answers with %i: %s', (answer, cause) => {
    const b = new Bench()
      .start(4, 3)
      .put(DDT, pointer(DDT + 0x1000n))
      .put(DDT + 0x1000n, 1n);
    expect(b.hazard(DDT, answer).ask(0n, READ)).toBe(cause);
    expect(b.hazard(DDT + 0x1000n, answer).ask(0n, READ)).toBe(cause);
  });
});

describe('a device context is misconfigured', () => {
  const ask = (context: Context, config = {}): bigint | string =>
    new Bench(config).start().identity().context(0, context).ask(0x8000_0000n, READ);

  it('where a reserved bit is set, and not where another is', () => {
    const plain: Record<string, readonly number[]> = {
      // EN_PRI, T2GPA, PRPR want others beside them; DPE wants PDTV; SXL wants GXL.
      tc: [2, 3, 6, 9, 11, ...range(12, 23), ...range(32, 63)],
      ta: [...range(0, 11), ...range(32, 39)],
      // Modes 1, 2 and 4 of bits 63:60 are no modes; 8 is Sv39.
      fsc: [...range(44, 59), 60, 61, 62],
    };
    const base: Context = { tc: 1n, ta: 0n, fsc: 0n };
    const legal: Record<string, readonly number[]> = {
      tc: [1, 4, 5, 7, 8, 10],
      ta: [...range(12, 31), ...range(40, 51), ...range(52, 63)],
      fsc: range(0, 43),
    };
    for (const key of ['tc', 'ta', 'fsc'] as const) {
      const of = (n: number): bigint | string => ask({ ...base, [key]: (base[key] ?? 0n) | bit(n) });
      expect([key, plain[key]!.filter((n) => of(n) !== 'cause 259')]).toEqual([key, []]);
      expect([key, legal[key]!.filter((n) => of(n) !== 0x8000_0000n)]).toEqual([key, []]);
    }
  });

  it.each<[string, Context, bigint | string]>([
    ['EN_PRI with EN_ATS is fine', { tc: 7n }, 0x8000_0000n],
    ['PRPR with EN_PRI is fine', { tc: 0x47n }, 0x8000_0000n],
    ['PRPR without EN_PRI', { tc: 0x43n }, 'cause 259'],
    ['T2GPA with a second stage is fine', { tc: 0xbn, iohgatp: SV39X4 }, 0x8000_0000n],
    ['T2GPA with the second stage Bare', { tc: 0xbn }, 'cause 259'],
    ['DPE with PDTV is fine', { tc: 0x221n }, 0x8000_0000n],
    ['PDTV with a mode that is none: 8', { tc: 0x21n, fsc: root(PDT, 3) }, 'cause 259'],
    ['a root of the second stage that is not aligned to 16 KiB', { iohgatp: SV39X4 + 1n }, 'cause 259'],
    ['second-stage mode 1', { iohgatp: 1n << 60n }, 'cause 259'],
    ['second-stage mode 11', { iohgatp: 11n << 60n }, 'cause 259'],
    ['first-stage mode 11', { fsc: 11n << 60n }, 'cause 259'],
    ['MSI pages without a second stage', { msi: [root(MSI_TABLE, -4)] }, 'cause 259'],
    ['MSI pages with one are fine', { iohgatp: SV39X4, msi: [root(MSI_TABLE, -4), 0n, 1n] }, 0x8000_0000n],
    ['MSI mode 2', { iohgatp: SV39X4, msi: [2n << 60n] }, 'cause 259'],
    ['a reserved bit of msiptp', { iohgatp: SV39X4, msi: [1n << 44n] }, 'cause 259'],
    ['a reserved bit of msi_addr_mask', { iohgatp: SV39X4, msi: [0n, 1n << 52n] }, 'cause 259'],
    ['a reserved bit of msi_addr_pattern', { iohgatp: SV39X4, msi: [0n, 0n, 1n << 63n] }, 'cause 259'],
    ['the eighth doubleword', { msi: [0n, 0n, 0n, 1n] }, 'cause 259'],
    ['V = 0: all others are free', { tc: 0xffff_fffen }, 'cause 258'],
  ])('%s', (_, context, outcome) => {
    expect(ask(context)).toBe(outcome);
  });

  it.each<[string, number, Context]>([
    ['ATS', 25, { tc: 3n }],
    ['T2GPA', 26, { tc: 0xbn, iohgatp: SV39X4 }],
    ['AMO_HWAD: GADE', 24, { tc: 0x81n }],
    ['AMO_HWAD: SADE', 24, { tc: 0x101n }],
    ['END: SBE', 27, { tc: 0x401n }],
    ['PD8', 38, { tc: 0x21n, fsc: root(PDT, -4) }],
    ['PD17', 39, { tc: 0x21n, fsc: root(PDT, -3) }],
    ['PD20', 40, { tc: 0x21n, fsc: root(PDT, -2) }],
    ['Sv57', 11, { fsc: root(FIRST, 5) }],
    ['Sv48', 10, { fsc: root(FIRST, 4) }],
    ['Sv57x4', 19, { iohgatp: root(SECOND, 5) }],
    ['QOSID: RCID', 41, { ta: bit(40) }],
    ['QOSID: MCID', 41, { ta: bit(52) }],
  ])('it asks for what the unit lacks: %s', (_, capability, context) => {
    expect(ask(context, { capabilities: DEFAULT_CAPABILITIES & ~bit(capability) })).toBe('cause 259');
    expect(ask(context)).not.toBe('cause 259');
  });

  it('SXL and SBE follow fctl where it cannot be written', () => {
    expect(ask({ tc: 0x401n }, { beWritable: false })).toBe('cause 259');
    expect(ask({ tc: 0x801n }, { gxlWritable: true })).toBe(0x8000_0000n);
  });
});

describe('process directories', () => {
  const PDTV = 0x21n;
  /** A directory of `levels` levels with a context for a process; from the first level at PDT on, 4 KiB each. */
  const directory = (b: Bench, levels: number, pasid: number, ta: bigint, fsc = SV39): Bench => {
    const shifts = [0, 8, 17];
    let table = PDT;
    for (let level = levels - 1; level > 0; level--, table += 0x1000n) {
      b.put(table + BigInt((pasid >>> shifts[level]!) & 0x1ff) * 8n, pointer(table + 0x1000n));
    }
    return b.put(table + BigInt(pasid & 0xff) * 16n, ta, fsc);
  };
  const bench = (levels: number, pasid: number, ta = 1n, fsc = SV39, tc = PDTV): Bench =>
    directory(firstStage(new Bench().start()), levels, pasid, ta, fsc).context(0, {
      tc,
      fsc: (BigInt(levels) << 60n) | (PDT >> 12n),
    });

  it.each([
    [1, 0xff, 0x100],
    [2, 0x1_ffff, 0x2_0000],
    [3, 0xf_ffff, 0x10_0000],
  ])('%i levels take process %i, and not %i', (levels, last, beyond) => {
    const b = bench(levels, last);
    expect(b.ask(IOVA, READ, { pasid: last })).toBe(FREE);
    if (beyond < 0x10_0000) expect(b.ask(IOVA, READ, { pasid: beyond })).toBe('cause 260');
    expect(b.ask(IOVA, READ, { pasid: last - 1 })).toBe('cause 266');
  });

  it('a request without a process: Bare, or process 0 where DPE is 1', () => {
    expect(bench(1, 0).ask(IOVA, READ)).toBe(IOVA);
    expect(bench(1, 0, 1n, SV39, PDTV | bit(9)).ask(IOVA, READ)).toBe(FREE);
  });

  it('a process where there is no directory', () => {
    const b = firstStage(new Bench().start()).context(0, { fsc: SV39 });
    expect(b.ask(IOVA, READ, { pasid: 0 })).toBe('cause 260');
    expect(b.ask(IOVA, READ)).toBe(FREE);
  });

  it('a context is misconfigured where a reserved bit is set, and not where another is', () => {
    const ta = (n: number): bigint | string => bench(1, 7, 1n | bit(n)).ask(IOVA, READ, { pasid: 7 });
    expect([...range(3, 11), ...range(32, 63)].filter((n) => ta(n) !== 'cause 267')).toEqual([]);
    expect([1, 2, ...range(12, 31)].filter((n) => ta(n) !== FREE)).toEqual([]);
    const fsc = (value: bigint): bigint | string => bench(1, 7, 1n, value).ask(IOVA, READ, { pasid: 7 });
    expect(range(44, 59).filter((n) => fsc(SV39 | bit(n)) !== 'cause 267')).toEqual([]);
    expect(
      range(1, 15).filter((mode) => (fsc(BigInt(mode) << 60n) === 'cause 267') === (mode >= 8 && mode <= 10)),
    ).toEqual([]);
  });

  it('an entry on the way: V is wanted, reserved bits are not', () => {
    const ask = (n: number): bigint | string =>
      bench(2, 7)
        .put(PDT, pointer(PDT + 0x1000n) ^ bit(n))
        .ask(IOVA, READ, { pasid: 7 });
    expect(ask(0)).toBe('cause 266');
    expect([...range(1, 9), ...range(54, 63)].filter((n) => ask(n) !== 'cause 267')).toEqual([]);
  });
});

describe('DC.tc.DTF = 1 leaves out of the fault queue', () => {
  const DTF = 0x10n;
  const MSI = [root(MSI_TABLE, -4), 0n, FREE >> 12n];
  const guest: Context = { iohgatp: SV39X4, fsc: 0n, msi: MSI };
  const processes: Context = { tc: 0x21n, fsc: root(PDT, -4) };
  type Row = [number, boolean, Context, (b: Bench) => unknown];
  // Spec: table "Fault record CAUSE field encodings", column "Reported if DTF is 1?"
  it.each<Row>([
    [1, false, { fsc: SV39 }, (b) => b.hazard(FIRST, 1).ask(IOVA, EXECUTE)],
    [5, false, { fsc: SV39 }, (b) => b.hazard(FIRST, 1).ask(IOVA, READ)],
    [7, false, { fsc: SV39 }, (b) => b.hazard(FIRST, 1).ask(IOVA, WRITE)],
    [12, false, { fsc: SV39 }, (b) => b.ask(0n, EXECUTE)],
    [13, false, { fsc: SV39 }, (b) => b.ask(0n, READ)],
    [15, false, { fsc: SV39 }, (b) => b.ask(0n, WRITE)],
    [20, false, guest, (b) => b.ask(0n, EXECUTE)],
    [21, false, guest, (b) => b.ask(0n, READ)],
    [23, false, guest, (b) => b.ask(0n, WRITE)],
    [260, false, {}, (b) => b.ask(0n, READ | ATS_TRANSLATED)],
    [261, false, guest, (b) => b.hazard(MSI_TABLE, 1).ask(FREE, WRITE)],
    [262, false, guest, (b) => b.ask(FREE, WRITE)],
    [263, false, guest, (b) => b.put(MSI_TABLE, 1n).ask(FREE, WRITE)],
    [265, false, processes, (b) => b.hazard(PDT, 1).ask(0n, READ, { pasid: 1 })],
    [266, false, processes, (b) => b.ask(0n, READ, { pasid: 1 })],
    [267, false, processes, (b) => b.put(PDT + 16n, 9n).ask(0n, READ, { pasid: 1 })],
    [269, false, processes, (b) => b.hazard(PDT, 2).ask(0n, READ, { pasid: 1 })],
    [270, false, guest, (b) => b.hazard(MSI_TABLE, 2).ask(FREE, WRITE)],
    [274, false, { fsc: SV39 }, (b) => b.hazard(FIRST, 2).ask(IOVA, READ)],
    // Where there is no valid device context, DTF counts as 0.
    [257, true, {}, (b) => b.hazard(DDT, 1).ask(0n, READ)],
    [258, true, {}, (b) => b.put(DDT, DTF).ask(0n, READ)],
    [259, true, {}, (b) => b.put(DDT, bit(12) | DTF | 1n).ask(0n, READ)],
    [268, true, {}, (b) => b.hazard(DDT, 2).ask(0n, READ)],
    [256, true, {}, (b) => b.wr8(0x10, 0n).ask(0n, READ)],
  ])('cause %i: recorded all the same: %s', (cause, always, context, provoke) => {
    const run = (tc: bigint): readonly number[] => {
      const b = firstStage(new Bench().start().identity()).context(0, {
        ...context,
        tc: (context.tc ?? 1n) | tc,
      });
      expect(provoke(b)).toBe(`cause ${cause}`);
      return b.causes();
    };
    expect(run(0n)).toEqual([cause]);
    expect(run(DTF)).toEqual(always ? [cause] : []);
  });
});

describe('fault records', () => {
  it.each<[string, number, number, bigint]>([
    ['untranslated execute', EXECUTE, 1, 0n],
    ['untranslated read', READ, 2, 0n],
    ['untranslated write', WRITE, 3, 0n],
    ['translated execute', EXECUTE | READ | ATS_TRANSLATED, 5, 1n],
    ['translated read', READ | ATS_TRANSLATED, 6, 1n],
    ['translated write', WRITE | ATS_TRANSLATED, 7, 1n],
    ['ATS translation request', READ | ATS_REQUEST, 8, 1n],
  ])('name the type of the transaction: %s', (_, access, ttyp, process) => {
    // Process contexts are looked for nowhere: what a device without EN_ATS asks so, or with a process, is disallowed.
    const b = new Bench().start().context(5, {});
    const pasid = process === 1n ? 3 : NO_PASID;
    if (ttyp < 4) b.context(5, { fsc: SV39 });
    b.ask(0x7_0000n, access, { did: 5, pasid });
    expect(b.faults()).toMatchObject([{ ttyp, did: 5, pid: process === 1n ? 3 : 0, iotval: 0x7_0000n }]);
  });

  it('tell the guest physical address of a guest page fault, and whether it was that of a table', () => {
    const b = new Bench().start().identity();
    b.context(0, { iohgatp: SV39X4 }).context(1, { iohgatp: SV39X4, fsc: root(0x1000n, 3) });
    expect(b.ask(0x5678n, READ)).toBe('cause 21');
    expect(b.ask(IOVA, WRITE, { did: 1 })).toBe('cause 23');
    const [own, implicit] = b.faults();
    // Spec: section "Fault/Event-Queue (FQ)": bits 63:2 of the address; bit 0: an implicit access. Bits 11:2 may be 0.
    expect(own!.iotval2).toBe(0x5678n);
    expect(implicit!.iotval2 & ~0xffcn).toBe(0x1001n);
  });

  it('EN_ATS lets translated requests through as they are', () => {
    expect(
      new Bench()
        .start()
        .context(0, { tc: 1n | EN_ATS, fsc: SV39 })
        .ask(0x1234n, READ | ATS_TRANSLATED),
    ).toBe(0x1234n);
  });
});
