import { describe, expect, it } from 'vitest';
import { READ } from '../../port';
import { DEFAULT_CAPABILITIES } from './config';
import { Bench } from './fixture.conformance';

// Expected values: RISC-V IOMMU Architecture Specification, chapter "Memory-mapped register interface".
const ONES = 0xffff_ffff_ffff_ffffn;
/** DDTP and the bases of queues: PPN in bits 53:10; PAS is 56, so all of it is there. */
const PPN = 0x3f_ffff_ffff_fc00n;
const without = (...bits: readonly bigint[]): bigint =>
  bits.reduce((caps, bit) => caps & ~(1n << bit), DEFAULT_CAPABILITIES);
const [ATS, HPM, DBG, QOSID] = [25n, 30n, 31n, 41n];
/** capabilities.IGS in bits 29:28. */
const withIgs = (igs: bigint): bigint => (DEFAULT_CAPABILITIES & ~(3n << 28n)) | (igs << 28n);

describe('reset', () => {
  it('queues are off, nothing is pending, and the mode is Off', () => {
    const b = new Bench();
    for (const csr of [0x48, 0x4c, 0x50]) expect(b.rd(csr) & 0x3_0003).toBe(0);
    expect(b.rd(0x54)).toBe(0);
    expect(b.rd8(0x10) & 0x1fn).toBe(0n);
    expect(b.rd8(0x260) & 1n).toBe(0n);
    expect(b.rd8(0)).toBe(DEFAULT_CAPABILITIES);
  });
});

describe('fields that can be written', () => {
  it.each<[string, number, bigint]>([
    ['capabilities are read-only', 0x00, DEFAULT_CAPABILITIES],
    ['cqb: LOG2SZ-1 and PPN', 0x18, PPN | 0x1fn],
    ['fqb: LOG2SZ-1 and PPN', 0x28, PPN | 0x1fn],
    ['pqb: LOG2SZ-1 and PPN', 0x38, PPN | 0x1fn],
    ['tr_req_iova: vpn', 0x258, ONES & ~0xfffn],
    ['tr_response is read-only', 0x268, 0n],
    ['icvec: two bits for each of four causes', 0x2f8, 0x3333n],
    ['msi_addr_0: ADDR in bits 55:2', 0x300, 0xff_ffff_ffff_fffcn],
    ['iohpmctr1', 0x68, ONES],
    ['iohpmcycles', 0x60, ONES],
  ])('%s', (_, offset, kept) => {
    const b = new Bench().wr8(offset, ONES);
    expect(b.rd8(offset)).toBe(kept);
    // By halves as well; the low half last.
    const halves = new Bench().wr(offset + 4, -1).wr(offset, -1);
    expect(halves.rd8(offset)).toBe(kept);
  });

  it.each<[string, number, number]>([
    ['fctl: BE and WSI, GXL where the unit lets it', 0x08, 3],
    ['cqh is read-only', 0x20, 0],
    ['fqt is read-only', 0x34, 0],
    ['pqt is read-only', 0x44, 0],
    ['iocountovf is read-only', 0x58, 0],
    ['iocountinh: a bit for each of eight counters', 0x5c, 0xff],
    ['iommu_qosid: RCID and MCID', 0x270, 0x0fff_0fff],
    ['msi_data_0', 0x308, 0xffff_ffff],
    ['msi_vec_ctl_0: M', 0x30c, 1],
    ['reserved', 0x274, 0],
    ['custom', 0x2b0, 0],
    ['reserved, behind the registers', 0x400, 0],
    ['custom, beside fctl', 0x0c, 0],
  ])('%s', (_, offset, kept) => {
    expect(new Bench().wr(offset, -1).rd(offset)).toBe(kept);
  });

  it('fctl.GXL, where the unit has it', () => {
    expect(new Bench({ gxlWritable: true }).wr(8, -1).rd(8)).toBe(7);
  });

  it.each([0x20, 0x30, 0x40])(
    'an index is as wide as its queue, and 0 after its base was written (register %i)',
    (head) => {
      // cqh and cqt, fqh, pqh: software writes the command queue's tail and the other queues' heads.
      const index = head === 0x20 ? 0x24 : head;
      const base = head - 8;
      const b = new Bench().wr8(base, 4n).wr(index, -1);
      expect(b.rd(index)).toBe(31);
      expect(b.wr8(base, 2n).rd(index) >>> 3).toBe(0);
    },
  );

  it('PPN fields are as wide as the physical address', () => {
    const narrow = (DEFAULT_CAPABILITIES & ~(0x3fn << 32n)) | (32n << 32n);
    const b = new Bench({ capabilities: narrow });
    expect(b.wr8(0x18, ONES).rd8(0x18)).toBe((0xf_ffffn << 10n) | 0x1fn);
    expect(b.wr8(0x300, ONES).rd8(0x300)).toBe(0xffff_fffcn);
  });

  it('icvec has no vector for counters and page requests where the unit has neither', () => {
    expect(new Bench({ capabilities: without(HPM) }).wr8(0x2f8, ONES).rd8(0x2f8)).toBe(0x3033n);
    expect(new Bench({ capabilities: without(ATS) }).wr8(0x2f8, ONES).rd8(0x2f8)).toBe(0x0333n);
    expect(new Bench({ vectorBits: 0 }).wr8(0x2f8, ONES).rd8(0x2f8)).toBe(0n);
  });
});

describe('registers that a unit does not have read as zero, and keep nothing', () => {
  it.each<[string, bigint, readonly number[]]>([
    ['ATS', ATS, [0x38, 0x40, 0x44, 0x50]],
    ['HPM', HPM, [0x58, 0x5c, 0x60, 0x64, 0x68, 0x160, 0x158, 0x250]],
    ['DBG', DBG, [0x258, 0x25c, 0x260, 0x264, 0x268]],
    ['QOSID', QOSID, [0x270]],
  ])('without %s', (_, bit, offsets) => {
    const b = new Bench({ capabilities: without(bit) });
    for (const offset of offsets) expect([offset, b.wr(offset, -1).rd(offset)]).toEqual([offset, 0]);
  });

  it('msi_cfg_tbl, where interrupts are wires only; and then fctl.WSI is 1', () => {
    const b = new Bench({ capabilities: withIgs(1n) });
    for (const offset of [0x300, 0x304, 0x308, 0x30c]) expect(b.wr(offset, -1).rd(offset)).toBe(0);
    expect(b.rd(8) & 2).toBe(2);
  });

  it('fctl.WSI, where interrupts are messages only', () => {
    expect(new Bench({ capabilities: withIgs(0n) }).wr(8, 2).rd(8)).toBe(0);
  });
});

describe('accesses that the document leaves open', () => {
  it('do nothing: not aligned, across two registers, 8 bytes where 4 are', () => {
    const b = new Bench();
    expect([b.rd(0x02), b.rd8(0x1c), b.rd8(0x20), b.rd(0x2000)]).toEqual([0, 0n, 0n, 0]);
    b.wr8(0x48, 1n).wr(0x4a, 1).wr(0x2000, 1).wr8(0x14, ONES);
    expect([b.rd(0x48), b.rd8(0x10), b.rd8(0x18)]).toEqual([0, 0n, 0n]);
  });
});

describe('ddtp', () => {
  it.each([0, 1, 2, 3, 4])('mode %i is taken', (mode) => {
    expect(new Bench().wr8(0x10, (ONES & ~0xfn) | BigInt(mode)).rd8(0x10)).toBe(PPN | BigInt(mode));
  });

  it.each([5, 13, 14, 15])('mode %i is not: the field keeps a legal value', (mode) => {
    expect(new Bench().wr8(0x10, 3n).wr8(0x10, BigInt(mode)).rd8(0x10) & 0xfn).toBe(3n);
  });

  it('a unit may have fewer levels', () => {
    expect(new Bench({ maxMode: 3 }).wr8(0x10, 4n).rd8(0x10)).toBe(0n);
  });

  it('Off stops everything, Bare lets everything pass as it is', () => {
    const b = new Bench();
    expect(b.ask(0x1234n, READ)).toBe('cause 256');
    expect(b.wr8(0x10, 1n).ask(0x1234n, READ)).toBe(0x1234n);
    expect(b.wr8(0x10, 0n).ask(0x1234n, READ)).toBe('cause 256');
  });
});

describe('fctl', () => {
  it.each<[string, number, number]>([
    ['the command queue', 0x48, 1],
    ['the fault queue', 0x4c, 1],
    ['the page request queue', 0x50, 1],
  ])('keeps its value while %s is on', (_, offset, value) => {
    expect(new Bench().wr(offset, value).wr(8, 3).rd(8)).toBe(0);
    expect(new Bench().wr(offset, value).wr(offset, 0).wr(8, 3).rd(8)).toBe(3);
  });

  it('keeps its value while the IOMMU is not off', () => {
    expect(new Bench().wr8(0x10, 1n).wr(8, 3).rd(8)).toBe(0);
  });
});

describe('switching queues', () => {
  it.each<[string, number, number]>([
    ['cqcsr: cqon follows cqen', 0x48, 0x20],
    ['fqcsr: fqon follows fqen', 0x4c, 0x34],
    ['pqcsr: pqon follows pqen', 0x50, 0x44],
  ])('%s', (_, csr, index) => {
    const b = new Bench();
    expect(b.wr(csr, 3).rd(csr)).toBe(0x1_0003);
    expect(b.rd(index)).toBe(0);
    expect(b.wr(csr, 2).rd(csr)).toBe(2);
    // Error bits are set by the unit alone.
    expect(b.wr(csr, -1).rd(csr)).toBe(0x1_0003);
  });
});

describe('counters', () => {
  /** Event 1: untranslated requests. */
  const counting = (b: Bench, n = 1): Bench => b.wr8(0x158 + 8 * n, 1n);
  const requests = (b: Bench, count: number): Bench => {
    for (let n = 0; n < count; n++) b.ask(0n, READ);
    return b;
  };

  it('count their event; bit X of iocountinh stops iohpmctrX', () => {
    const b = counting(counting(new Bench(), 1), 2);
    expect(requests(b, 3).rd8(0x68)).toBe(3n);
    requests(b.wr(0x5c, 1 << 2), 2);
    expect([b.rd8(0x68), b.rd8(0x70)]).toEqual([5n, 3n]);
    requests(b.wr(0x5c, 1), 1);
    expect([b.rd8(0x68), b.rd8(0x70)]).toEqual([6n, 4n]);
  });

  it('an overflow sets OF and its copy, and interrupts once', () => {
    const b = counting(new Bench()).wr8(0x68, ONES);
    requests(b, 2);
    expect(b.rd8(0x68)).toBe(1n);
    expect(b.rd8(0x160) >> 63n).toBe(1n);
    expect(b.rd(0x58)).toBe(2);
    expect(b.rd(0x54)).toBe(4);
    b.wr(0x54, 4).wr8(0x68, ONES);
    expect(requests(b, 1).rd(0x54)).toBe(0);
  });

  it.each<[string, bigint, number]>([
    ['of one device', (1n << 61n) | (5n << 36n) | 1n, 1],
    ['of devices 4 to 7, by a mask that ends in 011', (1n << 61n) | (5n << 36n) | (1n << 15n) | 1n, 2],
    ['of processes, when the request has none', (1n << 60n) | 1n, 0],
    ['another event', 2n, 0],
  ])('filter: %s', (_, selector, count) => {
    const b = new Bench().wr8(0x160, selector);
    for (const did of [3, 4, 5, 8]) b.ask(0n, READ, { did });
    expect(b.rd8(0x68)).toBe(BigInt(count));
  });

  it('an event that the unit does not know leaves the selector as it was', () => {
    expect(new Bench().wr8(0x160, 3n).wr8(0x160, 0x3fffn).rd8(0x160)).toBe(3n);
  });
});
