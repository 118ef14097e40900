import { describe, expect, it } from 'vitest';
import { READ } from '../../port';
import { DEFAULT_CAPABILITIES } from './config';
import { Bench, COMMANDS, FAULTS, FREE, PAGES, ppnField } from './fixture.conformance';

// Expected values: RISC-V IOMMU Architecture Specification, chapter "In-memory queue interface", and the registers' sections.
const bit = (n: number): bigint => 1n << BigInt(n);
/** cqcsr: cqmf, cmd_to, cmd_ill, fence_w_ip. */
const [MF, TO, ILL, FENCE] = [0x100, 0x200, 0x400, 0x800];
const ON = 0x1_0003;
const IOFENCE = 2n;
const AV = bit(10);
const without = (...bits: readonly number[]): bigint =>
  bits.reduce((caps, n) => caps & ~bit(n), DEFAULT_CAPABILITIES);

describe('commands', () => {
  it('are illegal where a reserved bit is set, and only there', () => {
    const list = (...ranges: readonly (readonly [number, number])[]): Set<number> =>
      new Set(
        ranges.flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, n) => first + n)),
      );
    // Bits 127:0 of a command; opcode and func3, bits 9:0, are tried below.
    const formats: readonly (readonly [string, bigint, Set<number>])[] = [
      ['IOTINVAL.VMA', 1n, list([11, 11], [35, 43], [60, 72], [126, 127])],
      ['IOTINVAL.GVMA', 0x81n, list([11, 11], [32, 32], [35, 43], [60, 72], [126, 127])],
      // WSI, bit 11, is reserved where interrupts are no wires: here they are.
      ['IOFENCE.C', IOFENCE, list([14, 31], [126, 127])],
      ['IODIR.INVAL_DDT', 3n, list([10, 32], [34, 39], [64, 127])],
      ['IODIR.INVAL_PDT', 0x83n | bit(33), list([10, 11], [32, 39], [64, 127])],
      ['ATS.PRGR', 0x84n, list([10, 11], [34, 39])],
    ];
    for (const [name, word, reserved] of formats) {
      const wrong: number[] = [];
      for (let n = 10; n < 128; n++) {
        // PDT needs its DV; a fence with AV writes to address 0, which is no memory.
        if (name === 'IODIR.INVAL_PDT' && n === 33) continue;
        if (name === 'IOFENCE.C' && n === 10) continue;
        // Whether a GSCID or an address is there without its valid bit: ignored.
        const [q0, q1] = n < 64 ? [word ^ bit(n), 0n] : [word, bit(n - 64)];
        const illegal = (new Bench().start().command(q0, q1) & ILL) !== 0;
        if (illegal !== reserved.has(n)) wrong.push(n);
      }
      expect([name, wrong]).toEqual([name, []]);
    }
  });

  it('exist for opcodes 1 to 4 with their functions', () => {
    const known = new Set([0x001, 0x081, 0x002, 0x003, 0x083, 0x004, 0x084]);
    const wrong = Array.from({ length: 1024 }, (_, n) => n).filter((n) => {
      const b = new Bench().start();
      // INVAL_PDT without DV is illegal.
      const csr = b.command(BigInt(n) | (n === 0x083 ? bit(33) : 0n), 0n);
      return ((csr & ILL) === 0) !== known.has(n);
    });
    expect(wrong).toEqual([]);
  });

  it.each<[string, bigint, bigint]>([
    ['IODIR.INVAL_PDT without DV', 0x83n, DEFAULT_CAPABILITIES],
    ['ATS without the capability', 0x84n, without(25)],
    ['IOTINVAL with NL without the capability', 1n | AV | bit(34), without(42)],
    ['IODIR.INVAL_PDT for a process id of 18 bits where 17 are', 0x83n | bit(33) | bit(29), without(40)],
  ])('%s: illegal', (_, word, capabilities) => {
    expect(new Bench({ capabilities }).start().command(word, 0n) & ILL).toBe(ILL);
  });

  it('IOTINVAL with S without the capability: illegal', () => {
    expect(new Bench({ capabilities: without(43) }).start().command(1n | AV, bit(9)) & ILL).toBe(ILL);
    expect(new Bench().start().command(1n | AV, bit(9)) & ILL).toBe(0);
  });

  it('an illegal command stops the queue at its own index until cmd_ill is cleared', () => {
    const b = new Bench().start();
    b.command(IOFENCE, 0n, 0x7fn, 0n, IOFENCE | AV | (7n << 32n), FREE >> 2n);
    expect([b.rd(0x48), b.rd(0x20), b.get(FREE)]).toEqual([ON | ILL, 1, 0n]);
    b.put(COMMANDS + 16n, IOFENCE, 0n).wr(0x48, 3 | ILL);
    expect([b.rd(0x48), b.rd(0x20), b.get(FREE)]).toEqual([ON, 3, 7n]);
  });

  it('memory that refuses the fetch: cqmf, at the index', () => {
    const b = new Bench().start().hazard(COMMANDS, 1);
    expect([b.command(IOFENCE, 0n), b.rd(0x20)]).toEqual([ON | MF, 0]);
    b.memory.hazards = null;
    expect([b.wr(0x48, 3 | MF).rd(0x48), b.rd(0x20)]).toEqual([ON, 1]);
  });

  it('memory that refuses the data of a fence: cqmf, and the fence is not done', () => {
    const b = new Bench().start().hazard(FREE, 1, true);
    expect([b.command(IOFENCE | AV, FREE >> 2n), b.rd(0x20)]).toEqual([ON | MF, 0]);
    // Beyond the physical address space there is no memory either.
    expect(new Bench().start().command(IOFENCE | AV, bit(60)) & MF).toBe(MF);
  });

  it('a fence writes four bytes, orders what it is told, and interrupts by wire', () => {
    const b = new Bench().start().put(FREE, 0xffff_ffff_ffff_ffffn);
    expect(b.command(IOFENCE | AV | bit(11) | bit(12) | (0x1234_5678n << 32n), (FREE + 4n) >> 2n)).toBe(
      ON | FENCE,
    );
    expect(b.get(FREE)).toBe(0x1234_5678_ffff_ffffn);
    expect(b.syncs).toEqual(['reads']);
    expect([b.rd(0x54), b.interrupts]).toEqual([1, ['commands']]);
    // Without wires the bit is reserved.
    const messages = new Bench().wr8(0x18, ppnField(COMMANDS) | 3n).wr(0x48, 1);
    expect(messages.command(IOFENCE | bit(11), 0n) & ILL).toBe(ILL);
  });

  it('the queue wraps, and its head with it', () => {
    const b = new Bench().start(2);
    for (let n = 1; n <= 9; n++) {
      b.command(IOFENCE | AV | (BigInt(n) << 32n), FREE >> 2n);
      expect([b.rd(0x20), b.rd(0x24), b.get(FREE)]).toEqual([n % 4, n % 4, BigInt(n)]);
    }
  });

  it('nothing is done while the queue is off; switching it on clears the errors and the head', () => {
    const b = new Bench().start();
    b.command(0x7fn, 0n);
    b.wr(0x48, 0).wr(0x24, 0);
    expect(b.rd(0x48) & 0x1_0001).toBe(0);
    expect([b.wr(0x48, 3).rd(0x48), b.rd(0x20)]).toEqual([ON, 0]);
    const off = new Bench().wr8(0x18, ppnField(COMMANDS) | 3n);
    off.command(IOFENCE | AV | bit(32), FREE >> 2n);
    expect([off.rd(0x20), off.get(FREE)]).toEqual([0, 0n]);
    expect([off.wr(0x48, 1).rd(0x20), off.get(FREE)]).toEqual([1, 1n]);
  });
});

describe('invalidations of devices', () => {
  const inval = (rid: bigint): bigint => 4n | (rid << 40n);

  it('a fence waits for their completions', () => {
    const b = new Bench({ itags: 2 }).start();
    b.command(inval(5n), 0x1000n, inval(6n), 0x2000n, IOFENCE | AV | bit(32), FREE >> 2n);
    expect(b.messages.map(({ rid, tag, payloadLo }) => [rid, tag, payloadLo])).toEqual([
      [5, 0, 0x1000],
      [6, 1, 0x2000],
    ]);
    expect([b.rd(0x20), b.get(FREE)]).toEqual([2, 0n]);
    expect(b.device.commands.complete(6, false, 0, 2, 1)).toBe(true);
    expect(b.rd(0x20)).toBe(2);
    // From the wrong device, for a tag that nobody waits for.
    expect(b.device.commands.complete(7, false, 0, 1, 1)).toBe(false);
    expect(b.device.commands.complete(5, false, 0, 4, 1)).toBe(true);
    expect(b.rd(0x20)).toBe(2);
    expect(b.device.commands.complete(5, false, 0, 1, 1)).toBe(true);
    expect([b.rd(0x20), b.get(FREE)]).toEqual([3, 1n]);
  });

  it('a completion that comes in parts is complete with the last of them', () => {
    const b = new Bench().start();
    b.command(inval(5n), 0n, IOFENCE, 0n);
    for (const head of [1, 1, 2]) {
      b.device.commands.complete(5, false, 0, 1, 3);
      expect(b.rd(0x20)).toBe(head);
    }
  });

  it('more of them than tags: the rest wait', () => {
    const b = new Bench({ itags: 1 }).start();
    b.command(inval(5n), 0n, inval(6n), 0n, IOFENCE, 0n);
    expect(b.messages.map(({ rid }) => rid)).toEqual([5]);
    b.device.commands.complete(5, false, 0, 1, 1);
    expect(b.messages.map(({ rid }) => rid)).toEqual([5, 6]);
    b.device.commands.complete(6, false, 0, 1, 1);
    expect(b.rd(0x20)).toBe(3);
  });

  it('a time-out is told by the next fence: cmd_to, at its index', () => {
    const b = new Bench().start();
    b.command(inval(5n), 0n, IOFENCE, 0n);
    b.device.commands.timeOut(1);
    expect([b.rd(0x48), b.rd(0x20), b.rd(0x54)]).toEqual([ON | TO, 1, 1]);
    expect([b.wr(0x48, 3 | TO).rd(0x48), b.rd(0x20)]).toEqual([ON, 2]);
  });

  it('a response to a page request goes out as it is given', () => {
    const b = new Bench().start();
    b.command(
      0x84n | (0x77n << 12n) | bit(32) | bit(33) | (0x1234n << 40n) | (0x56n << 56n),
      0x1001_0000_0000n,
    );
    expect(b.messages).toMatchObject([
      {
        code: 5,
        rid: 0x1234,
        segmentValid: true,
        segment: 0x56,
        pasidValid: true,
        pasid: 0x77,
        payloadHi: 0x1001,
        payloadLo: 0,
      },
    ]);
  });
});

describe('the fault queue', () => {
  /** A device without a context: cause 258. */
  const fault = (b: Bench, count = 1): Bench => {
    for (let n = 0; n < count; n++) b.ask(BigInt(n), READ, { did: 1 });
    return b;
  };

  it('takes one record less than it has entries; then fqof, until it is cleared', () => {
    const b = fault(new Bench().start(2), 3);
    expect([b.rd(0x34), b.rd(0x4c)]).toEqual([3, ON]);
    fault(b);
    expect([b.rd(0x34), b.rd(0x4c)]).toEqual([3, ON | 0x200]);
    // Room alone does not make it go on.
    fault(b.wr(0x30, 3));
    expect([b.rd(0x34), b.rd(0x4c)]).toEqual([3, ON | 0x200]);
    fault(b.wr(0x4c, 3 | 0x200), 2);
    expect([b.rd(0x34), b.rd(0x4c)]).toEqual([1, ON]);
  });

  it('memory that refuses the record: fqmf, until it is cleared; the record is gone', () => {
    const b = new Bench().start().hazard(FAULTS, 1, true);
    expect(fault(b).rd(0x4c)).toBe(ON | 0x100);
    b.memory.hazards = null;
    expect(fault(b).rd(0x34)).toBe(0);
    expect(fault(b.wr(0x4c, 3 | 0x100)).rd(0x34)).toBe(1);
  });

  it('takes nothing while it is off', () => {
    const b = fault(new Bench().start().wr(0x4c, 0), 2);
    expect([b.rd(0x34), b.rd(0x4c)]).toEqual([0, 0]);
    expect(fault(b.wr(0x4c, 1)).rd(0x34)).toBe(1);
  });
});

describe('page requests', () => {
  interface Message {
    readonly did?: number;
    readonly payload?: number;
    readonly pasid?: number;
  }
  /** A request of group 5 to read; L is 4. */
  const send = (b: Bench, { did = 0, payload = 5 * 8 + 5, pasid = -1 }: Message = {}): Bench => {
    b.device.receivePageRequest({
      rid: did,
      segmentValid: false,
      segment: 0,
      pasidValid: pasid >= 0,
      pasid: Math.max(0, pasid),
      privileged: true,
      execute: true,
      payloadHi: 0,
      payloadLo: payload,
    });
    return b;
  };
  /** EN_ATS, EN_PRI; PRPR is bit 6. */
  const bench = (tc = 7n): Bench => new Bench().start(2).context(0, { tc });
  /** Code of the response in bits 15:12 of the payload's high word, group in 8:0. */
  const responses = (b: Bench): unknown[] =>
    b.messages.map(({ code, pasidValid, pasid, payloadHi }) => [
      code,
      (payloadHi >>> 12) & 15,
      payloadHi & 0x1ff,
      pasidValid ? pasid : null,
    ]);

  it('go into the queue; privilege and execution count with a PASID only', () => {
    const b = send(send(bench(), { pasid: 9 }));
    expect([b.rd(0x44), b.rd(0x54), responses(b)]).toEqual([2, 8, []]);
    expect([b.get(PAGES), b.get(PAGES + 8n)]).toEqual([(9n << 12n) | (7n << 32n), 45n]);
    const plain = send(bench());
    expect(plain.get(PAGES)).toBe(0n);
  });

  it.each<[string, (b: Bench) => Bench, number, readonly number[]]>([
    ['Off: response failure', (b) => b.wr8(0x10, 0n), 15, [256]],
    ['Bare: invalid request', (b) => b.wr8(0x10, 1n), 1, [260]],
    ['a device_id that is too wide: invalid request', (b) => b, 1, [260]],
    ['no context: response failure', (b) => b.context(0, { tc: 0n }), 15, [258]],
    ['a context that is wrong: response failure', (b) => b.context(0, { tc: 0x1007n }), 15, [259]],
    ['EN_PRI = 0: invalid request', (b) => b.context(0, { tc: 3n }), 1, [260]],
    ['the queue is off: response failure', (b) => b.wr(0x50, 0), 15, []],
    ['pqmf: response failure', (b) => b.hazard(PAGES, 1, true), 15, []],
    ['the queue is full: success', (b) => send(send(send(b))), 0, []],
  ])('answered by the unit: %s', (name, prepare, code, causes) => {
    const did = name.includes('too wide') ? 64 : 0;
    const b = prepare(bench());
    send(b, { did });
    expect(responses(b)).toEqual([[5, code, 5, null]]);
    expect(b.faults()).toMatchObject(causes.map((cause) => ({ cause, ttyp: 9, did, iotval: 4n })));
    // Who waits for more of the group, and stop markers, get no answer.
    send(b, { did, payload: 5 * 8 + 1 });
    send(b, { did, payload: 5 * 8 + 4, pasid: 1 });
    expect(b.messages).toHaveLength(1);
  });

  it.each<[string, bigint, number, number, number | null]>([
    ['without PRPR: none', 7n, 9, 0, null],
    ['with PRPR: the request’s', 0x47n, 9, 0, 9],
    ['with PRPR, of a request without: none', 0x47n, -1, 0, null],
    ['of a failure: the request’s, PRPR or not', 7n, 9, 15, 9],
  ])('the PASID of an answer %s', (_, tc, pasid, code, told) => {
    const b = bench(tc);
    if (code === 15) b.wr(0x50, 0);
    else send(send(send(b)));
    send(b, { pasid });
    expect(responses(b)).toEqual([[5, code, 5, told]]);
  });

  it('an overflow lasts until pqof is cleared, and the queue wraps', () => {
    const b = send(send(send(send(bench()))));
    expect([b.rd(0x44), b.rd(0x50)]).toEqual([3, ON | 0x200]);
    send(b.wr(0x40, 3));
    expect(b.rd(0x44)).toBe(3);
    send(b.wr(0x50, 3 | 0x200));
    expect(b.rd(0x44)).toBe(0);
  });
});

describe('interrupts', () => {
  /** icvec: commands 0, faults 1, counters 2, page requests 3; each with a message of its own. */
  const messages = (): Bench => {
    const b = new Bench().wr8(0x2f8, 0x3210n);
    for (let n = 0; n < 4; n++) b.wr8(0x300 + 16 * n, FREE + 4n * BigInt(n)).wr(0x308 + 16 * n, 0xa0 + n);
    b.wr8(0x28, ppnField(FAULTS) | 3n)
      .wr(0x4c, 3)
      .wr8(0x18, ppnField(COMMANDS) | 3n)
      .wr(0x48, 3);
    return b;
  };
  const fault = (b: Bench): Bench => {
    b.ask(0n, READ);
    return b;
  };

  it('are messages of the vector that icvec has for the cause', () => {
    const b = fault(messages());
    expect([b.get(FREE), b.rd(0x54), b.interrupts]).toEqual([0xa1n << 32n, 2, ['faults']]);
    b.command(0x7fn, 0n);
    expect([b.get(FREE), b.rd(0x54)]).toEqual([(0xa1n << 32n) | 0xa0n, 3]);
  });

  it('come once for a pending bit', () => {
    const b = fault(messages()).put(FREE, 0n);
    expect(fault(b).get(FREE)).toBe(0n);
    expect(fault(b.wr(0x54, 2)).get(FREE)).toBe(0xa1n << 32n);
  });

  it('wait while the vector is masked', () => {
    const b = fault(messages().wr(0x31c, 1));
    expect([b.get(FREE), b.rd(0x54), b.interrupts]).toEqual([0n, 2, []]);
    expect([b.wr(0x31c, 0).get(FREE), b.interrupts]).toEqual([0xa1n << 32n, ['faults']]);
    expect(b.put(FREE, 0n).wr(0x31c, 1).wr(0x31c, 0).get(FREE)).toBe(0n);
  });

  it('a message that memory refuses is a fault, cause 273, without a transaction', () => {
    const b = fault(messages().hazard(FREE, 1, true));
    expect(b.faults()).toMatchObject([{ cause: 256 }, { cause: 273, ttyp: 0, did: 0, iotval: FREE + 4n }]);
  });

  it('do not come while the queue does not enable them', () => {
    const b = fault(messages().wr(0x4c, 1));
    expect([b.rd(0x54), b.interrupts]).toEqual([0, []]);
  });

  it('a pending bit that is cleared comes back while its reason is there', () => {
    const b = messages();
    b.command(0x7fn, 0n);
    expect(b.wr(0x54, 1).rd(0x54)).toBe(1);
    b.put(COMMANDS, IOFENCE, 0n).wr(0x48, 3 | ILL);
    expect(b.wr(0x54, 1).rd(0x54)).toBe(0);
  });
});
