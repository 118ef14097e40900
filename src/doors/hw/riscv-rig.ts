import type { AtsMessage } from '../../engine/hw/riscv/device/messages';
import { RiscvIommu } from '../../engine/hw/riscv/device/device';
import type { RiscvConfig } from '../../engine/hw/riscv/device/config';
import { CQCSR, CQH, CQT, FQB, FQH, FQT, IPSR, PQB, PQH, PQT } from '../../engine/hw/riscv/regs';
import { FAULT_BYTES, PAGE_REQUEST_BYTES } from '../../engine/hw/riscv/structs';
import { formatAddress, formatPair, parseHex, parsePair, splitAddress, type Pair } from './hex';
import { RigMemory } from './rig-memory';
import { cacheContents } from './riscv-caches';
import { RIG_CONFIG, resetConfig } from './riscv-config';
import { drainFaults, drainPageRequests } from './riscv-queues';
import { request, type RequestWords } from './riscv-request';

/** An answer: what goes out as JSON, beside `ok` and `id`. */
export type Answer = Readonly<Record<string, unknown>>;

/** A command that cannot be understood. */
class BadCommand extends Error {}

type Words = ReadonlyMap<string, string>;
type Command = (rig: RiscvRig, positional: readonly string[], words: Words) => Answer;

/** The RISC-V model on a test bench: every command of the protocol as a line in, and the answer as a line out. */
export class RiscvRig {
  readonly memory = new RigMemory();
  ended = false;
  device: RiscvIommu;
  private config: RiscvConfig = RIG_CONFIG;
  private messages: AtsMessage[] = [];
  private syncs: { readonly pr: number; readonly pw: number }[] = [];

  constructor() {
    this.device = this.build();
  }

  /** Answers one line. */
  answer(line: string): string {
    const parts = line.trim().split(/\s+/);
    const id = parts[0]?.startsWith('#') === true ? { id: parts.shift()?.slice(1) } : {};
    const [name = '', ...rest] = parts;
    const command = COMMANDS.get(name);
    try {
      if (command === undefined) throw new BadCommand(`unknown command ${name}`);
      const words = new Map<string, string>();
      const positional: string[] = [];
      for (const part of rest) {
        const equals = part.indexOf('=');
        if (equals < 0) positional.push(part);
        else words.set(part.slice(0, equals), part.slice(equals + 1));
      }
      const answer = command(this, positional, words);
      return JSON.stringify({ ok: 1, ...id, ...answer });
    } catch (thrown) {
      if (!(thrown instanceof BadCommand)) throw thrown;
      return JSON.stringify({ ok: 0, ...id, err: thrown.message });
    }
  }

  reset(words: Words): void {
    const settings = new Map([...words].filter(([key]) => key !== 'keepcfg' && key !== 'keepmem'));
    const base = words.has('keepcfg') && words.get('keepcfg') !== '0' ? this.config : RIG_CONFIG;
    const config = resetConfig(base, settings);
    if (typeof config === 'string') throw new BadCommand(config);
    this.config = config;
    if (!words.has('keepmem') || words.get('keepmem') === '0') this.memory.clear();
    this.memory.clearRules();
    this.messages = [];
    this.syncs = [];
    this.device = this.build();
  }

  /** Forgets memory; the unit's caches stay. */
  clearMemory(): void {
    for (const [pfn, offset] of [...this.memory.doublewords()]) {
      const at = this.memory.frameToWrite(pfn) + (offset >> 2);
      this.memory.words[at] = 0;
      this.memory.words[at + 1] = 0;
    }
  }

  /** What a command did besides: messages sent, memory ordered, accesses made. */
  besides(): Answer {
    const { messages, syncs, memory } = this;
    const msgs = messages.map((m) => ({
      code: m.code,
      tag: m.tag,
      rid: m.rid,
      dsv: m.segmentValid ? 1 : 0,
      dseg: m.segment,
      pv: m.pasidValid ? 1 : 0,
      pid: m.pasid,
      payload: formatPair(m.payloadHi, m.payloadLo),
    }));
    this.messages = [];
    this.syncs = [];
    const acc = memory.seen === null ? {} : { acc: this.accesses() };
    return {
      ...(msgs.length > 0 ? { msgs } : {}),
      ...(syncs.length > 0 ? { sync: syncs } : {}),
      ...acc,
    };
  }

  register(offset: number): number {
    return this.device.state.reg(offset) >>> 0;
  }

  /** Accesses since the last answer. A write of an entry just read is the second half of an atomic access. */
  private accesses(): readonly (readonly [string, string, number, number, string])[] {
    const { memory } = this;
    const seen = memory.seen ?? [];
    memory.seen = [];
    const list: [string, string, number, number, string][] = [];
    const read = new Set<string>();
    for (const { write, pfn, offset, bytes, answer } of seen) {
      const place = formatAddress(pfn, offset);
      const text = memory.bytes(pfn, offset, bytes);
      if (write && bytes <= 8 && read.has(place)) list.push(['x', place, bytes, answer, text]);
      if (!write) read.add(place);
      list.push([write ? 'w' : 'r', place, bytes, answer, text]);
    }
    return list;
  }

  private build(): RiscvIommu {
    return new RiscvIommu(this.config, {
      memory: this.memory,
      ats: {
        send: (message) => void this.messages.push(message),
        sync: (reads, writes) => void this.syncs.push({ pr: reads ? 1 : 0, pw: writes ? 1 : 0 }),
      },
    });
  }
}

const hexOf = (text: string | undefined, what: string): number => {
  const value = parseHex(text ?? '');
  if (value === null) throw new BadCommand(`${what}: a hex number is missing`);
  return value;
};

const pairOf = (text: string | undefined, what: string): Pair => {
  const value = parsePair(text ?? '');
  if (value === null) throw new BadCommand(`${what}: a 64-bit hex number is missing`);
  return value;
};

/** What one command may ask for. */
const MOST_BYTES = 0x10_0000;

const countOf = (text: string | undefined, what: string, most: number): number => {
  const count = hexOf(text, what);
  if (count > most) throw new BadCommand(`${what}: at most ${most.toString(16)} at a time`);
  return count;
};

const placeOf = (text: string | undefined): { pfn: number; offset: number } =>
  splitAddress(pairOf(text, 'address'));
const word = (words: Words, key: string, otherwise = 0): number =>
  words.has(key) ? hexOf(words.get(key), key) : otherwise;

/** The place so many bytes further on. */
const beyond = (at: { pfn: number; offset: number }, bytes: number): { pfn: number; offset: number } => ({
  pfn: at.pfn + Math.floor((at.offset + bytes) / 4096),
  offset: (at.offset + bytes) % 4096,
});

const writeDoublewords: Command = (rig, [address, ...values]) => {
  const start = placeOf(address);
  values.forEach((text, n) => {
    const { hi, lo } = pairOf(text, 'value');
    const { pfn, offset } = beyond(start, 8 * n);
    if (offset % 8 === 0) {
      const at = rig.memory.frameToWrite(pfn) + (offset >> 2);
      rig.memory.words[at] = lo;
      rig.memory.words[at + 1] = hi;
      return;
    }
    for (let byte = 0; byte < 8; byte++) {
      const place = beyond({ pfn, offset }, byte);
      rig.memory.writeByte(place.pfn, place.offset, (byte < 4 ? lo : hi) >>> (8 * (byte & 3)));
    }
  });
  return {};
};

const readDoublewords: Command = (rig, [address, count]) => {
  const start = placeOf(address);
  const q = Array.from(
    { length: count === undefined ? 1 : countOf(count, 'count', MOST_BYTES / 8) },
    (_, n) => {
      const { pfn, offset } = beyond(start, 8 * n);
      const text = rig.memory.bytes(pfn, offset, 8);
      const { hi, lo } = pairOf((text.match(/../g) ?? []).reverse().join(''), 'value');
      return formatPair(hi, lo);
    },
  );
  return { q };
};

const writeBytes: Command = (rig, [address, digits = '']) => {
  const start = placeOf(address);
  if (!/^([0-9a-f]{2})*$/i.test(digits)) throw new BadCommand('bytes: pairs of hex digits are wanted');
  (digits.match(/../g) ?? []).forEach((text, n) => {
    const { pfn, offset } = beyond(start, n);
    rig.memory.writeByte(pfn, offset, parseInt(text, 16));
  });
  return {};
};

const writeRegister: Command = (rig, [offset, size, value]) => {
  const at = hexOf(offset, 'offset');
  const { hi, lo } = pairOf(value, 'value');
  const bytes = hexOf(size, 'size');
  if (bytes === 4) rig.device.registers.write32(at, lo);
  else if (bytes === 8) rig.device.registers.write64(at, (BigInt(hi >>> 0) << 32n) | BigInt(lo >>> 0));
  return rig.besides();
};

const readRegister: Command = (rig, [offset, size]) => {
  const at = hexOf(offset, 'offset');
  const bytes = hexOf(size, 'size');
  if (bytes === 4) return { v: (rig.device.registers.read32(at) >>> 0).toString(16) };
  return { v: bytes === 8 ? rig.device.registers.read64(at).toString(16) : '0' };
};

const translate: Command = (rig, _, words) => {
  const iova = pairOf(words.get('iova'), 'iova');
  const parsed: RequestWords = {
    did: word(words, 'did') & 0xff_ffff,
    hi: iova.hi,
    lo: iova.lo,
    at: words.get('at') ?? 'u',
    write: words.get('rw') === 'w',
    pid: words.has('pid') ? word(words, 'pid') & 0xf_ffff : -1,
    privileged: word(words, 'pr') !== 0,
    execute: word(words, 'ex') !== 0,
    noWrite: word(words, 'nw') !== 0,
    cxl: word(words, 'cxl') !== 0,
  };
  const answer = request(rig.device, parsed);
  if (typeof answer === 'string') throw new BadCommand(answer);
  return { ...answer, ...rig.besides() };
};

const commandState = (rig: RiscvRig): Answer => ({
  cqh: rig.register(CQH),
  cqt: rig.register(CQT),
  cqcsr: rig.register(CQCSR).toString(16),
  ipsr: rig.register(IPSR).toString(16),
});

const processCommands: Command = (rig, [count]) => {
  rig.device.commands.run(count === undefined ? Infinity : hexOf(count, 'count'));
  return { ...commandState(rig), ...rig.besides() };
};

const pageRequest: Command = (rig, _, words) => {
  const payload = pairOf(words.get('payload'), 'payload');
  rig.device.receivePageRequest({
    rid: word(words, 'rid') & 0xffff,
    segmentValid: word(words, 'dsv') !== 0,
    segment: word(words, 'dseg') & 0xff,
    pasidValid: word(words, 'pv') !== 0,
    pasid: word(words, 'pid') & 0xf_ffff,
    privileged: word(words, 'pr') !== 0,
    execute: word(words, 'ex') !== 0,
    payloadHi: payload.hi,
    payloadLo: payload.lo,
  });
  return rig.besides();
};

const completion: Command = (rig, _, words) => {
  const payload = pairOf(words.get('payload'), 'payload');
  const segment = word(words, 'dseg') & 0xff;
  const expected = rig.device.commands.complete(
    word(words, 'rid') & 0xffff,
    word(words, 'dsv') !== 0,
    segment,
    payload.lo,
    payload.hi & 7,
  );
  return { unexpected: expected ? 0 : 1, ...commandState(rig), ...rig.besides() };
};

const timeOut: Command = (rig, _, words) => {
  rig.device.commands.timeOut(word(words, 'itags'));
  return { ...commandState(rig), ...rig.besides() };
};

const addRule: Command = (rig, [address, length, kind = '']) => {
  const start = pairOf(address, 'address');
  const bytes = pairOf(length, 'length');
  if (!/^[rwp]+$/.test(kind)) throw new BadCommand('kind: letters r, w and p');
  const value = ({ hi, lo }: Pair): bigint => (BigInt(hi >>> 0) << 32n) | BigInt(lo >>> 0);
  rig.memory.addRule(value(start), value(bytes), kind);
  return {};
};

const COMMANDS: ReadonlyMap<string, Command> = new Map(
  Object.entries<Command>({
    hello: (rig) => {
      const { config, iotlb, contexts } = rig.device.state;
      return {
        model: 'iommu-playground riscv',
        rev: '1',
        protocol: 1,
        tlb: iotlb.sets * iotlb.ways,
        dc_cache: contexts.ddtSets * contexts.ddtWays,
        pc_cache: contexts.pdtSets * contexts.pdtWays,
        itags: config.itags,
      };
    },
    reset: (rig, _, words) => {
      rig.reset(words);
      return {};
    },
    wq: writeDoublewords,
    rq: readDoublewords,
    wb: writeBytes,
    rb: (rig, [address, length]) => {
      const { pfn, offset } = placeOf(address);
      return { hex: rig.memory.bytes(pfn, offset, countOf(length, 'length', MOST_BYTES)) };
    },
    mdump: (rig) => ({
      mem: Array.from(rig.memory.doublewords(), ([pfn, offset, hi, lo]) => [
        formatAddress(pfn, offset),
        formatPair(hi, lo),
      ]),
    }),
    mclear: (rig) => {
      rig.clearMemory();
      return {};
    },
    pma: addRule,
    pmaclear: (rig) => {
      rig.memory.clearRules();
      return {};
    },
    wr: writeRegister,
    rr: readRegister,
    t: translate,
    pc: processCommands,
    pr: pageRequest,
    ic: completion,
    to: timeOut,
    fq: (rig) => ({
      recs: drainFaults(rig.memory, rig.device, { base: FQB, head: FQH, tail: FQT, bytes: FAULT_BYTES }),
    }),
    pq: (rig) => ({
      recs: drainPageRequests(rig.memory, rig.device, {
        base: PQB,
        head: PQH,
        tail: PQT,
        bytes: PAGE_REQUEST_BYTES,
      }),
    }),
    flush: (rig) => {
      rig.device.flush();
      return {};
    },
    caches: (rig) => cacheContents(rig.device),
    trace: (rig, [state]) => {
      if (state !== 'on' && state !== 'off') throw new BadCommand('trace on or trace off');
      rig.memory.watch(state === 'on');
      return {};
    },
    quit: (rig) => {
      rig.ended = true;
      return {};
    },
  }),
);
