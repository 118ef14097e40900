/** A case recorded from the RISC-V reference model, as it is written down. Numbers in text are hex. See fixtures/riscv. */
export interface RecordedCase {
  readonly id: number;
  readonly tag: string;
  readonly cfg: Readonly<Record<string, string | number>> & { readonly bare: readonly number[] };
  readonly init: readonly (readonly [offset: number, size: number, value: string])[];
  readonly pma: readonly (readonly [address: string, bytes: number, kind: string])[];
  readonly mem: readonly (readonly string[])[];
  readonly steps: readonly Step[];
  readonly end: Readonly<Record<string, string | number>>;
}

interface Request {
  readonly did: number;
  readonly iova: string;
  readonly at: string;
  readonly rw: string;
  readonly pid?: number;
  readonly pr?: number;
  readonly ex?: number;
  readonly nw?: number;
  readonly cxl?: number;
}

interface Step {
  readonly t?: Request;
  readonly c?: readonly [string, string];
  readonly wq?: readonly [string, string];
  readonly wr?: readonly [number, number, string];
  readonly rr?: readonly [number, number];
  readonly dbg?: readonly [string, string];
  readonly pr?: Readonly<Record<string, string | number>>;
  readonly ic?: Readonly<Record<string, string | number>>;
  readonly r?: unknown;
  readonly fq?: readonly string[];
  readonly pq?: readonly string[];
  readonly msgs?: readonly (readonly (number | string)[])[];
  readonly post?: readonly (readonly [string, string])[];
}

/** A unit that speaks the line protocol. */
export type Ask = (line: string) => Readonly<Record<string, unknown>>;

const hex = (value: number | bigint): string => value.toString(16);
const number = (value: unknown): bigint => BigInt(`0x${String(value)}`);
const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

const BARE = ['sv57', 'sv48', 'sv39', 'sv32', 'sv57x4', 'sv48x4', 'sv39x4', 'sv32x4'];
/** In hex already, other than the rest of `cfg`. */
const TEXTS = new Set(['cap', 'fctl', 'qosmask']);
/** Offsets of the queues' registers, from the document: base and tail, and the bytes of an entry. */
const COMMANDS = { base: 0x18, tail: 0x24, bytes: 16 };
const FAULTS = { base: 0x28, tail: 0x34, bytes: 32 };
const PAGES = { base: 0x38, tail: 0x44, bytes: 16 };
type Queue = typeof COMMANDS;
/** What the end of a case tells, and where it is read. */
const END = { fqcsr: 0x4c, fqt: 0x34, cqcsr: 0x48, cqh: 0x20, pqcsr: 0x50, pqt: 0x44, ipsr: 0x54 };

/** Plays a recorded case to a unit, and lists where it says other things than the model did. */
export class CaseReplay {
  readonly differences: string[] = [];
  /** Answers, records and changes of memory that were compared. */
  compared = 0;
  /** Whole addresses of memory-resident interrupt files, as the unit told them. */
  readonly fileAddresses: bigint[] = [];
  private next = 0;
  private memory = new Map<string, string>();

  constructor(
    private readonly ask: Ask,
    private readonly recorded: RecordedCase,
  ) {}

  /** `flush`: the unit forgets what it caches before every step. */
  run(flush: boolean): this {
    this.prepare();
    this.memory = this.dump();
    this.recorded.steps.forEach((step, at) => {
      if (flush) this.ask('flush');
      const tails = [this.register(FAULTS.tail), this.register(PAGES.tail)] as const;
      this.step(step, `step ${at}`);
      // Software that moves a queue starts its indices anew: then there is nothing to compare.
      if (step.wr === undefined) {
        this.expect(`step ${at}: fault records`, this.records(FAULTS, tails[0]), step.fq ?? []);
        this.expect(`step ${at}: page requests`, this.records(PAGES, tails[1]), step.pq ?? []);
      }
      this.expect(
        `step ${at}: memory`,
        this.changes(),
        [...(step.post ?? [])].map(([a, q]) => `${a} ${q}`).sort(),
      );
    });
    for (const [name, offset] of Object.entries(END)) {
      const value = this.register(offset);
      const wanted = this.recorded.end[name];
      this.expect(`end: ${name}`, typeof wanted === 'number' ? value : hex(value), wanted);
    }
    return this;
  }

  private prepare(): void {
    const { cfg, mem, init, pma } = this.recorded;
    const settings = Object.entries(cfg).flatMap(([key, value]) =>
      Array.isArray(value) ? [] : [`${key}=${TEXTS.has(key) ? String(value) : hex(Number(value))}`],
    );
    this.ask(
      `reset ${[...settings, ...BARE.map((name, n) => `${name}=${hex(cfg.bare[n] ?? 0x1000)}`)].join(' ')}`,
    );
    for (const [address, ...words] of mem) this.ask(`wq ${address} ${words.join(' ')}`);
    for (const [offset, size, value] of init) this.ask(`wr ${hex(offset)} ${size} ${value}`);
    for (const [address, bytes, kind] of pma) this.ask(`pma ${address} ${hex(bytes)} ${kind}`);
  }

  private step(step: Step, at: string): void {
    const { t, c, wq, wr, rr, dbg, pr, ic } = step;
    if (t !== undefined) this.request(t, step, at);
    else if (c !== undefined) this.command(c, step, at);
    else if (wq !== undefined) {
      this.ask(`wq ${wq.join(' ')}`);
      this.memory = this.dump();
    } else if (wr !== undefined) this.ask(`wr ${hex(wr[0])} ${wr[1]} ${wr[2]}`);
    else if (rr !== undefined) this.expect(at, this.ask(`rr ${hex(rr[0])} ${rr[1]}`)['v'], step.r);
    else if (dbg !== undefined) {
      this.ask(`wr 258 8 ${dbg[0]}`);
      this.ask(`wr 260 8 ${dbg[1]}`);
      this.expect(at, this.ask('rr 268 8')['v'], (step.r as { rsp: string }).rsp);
    } else if (pr !== undefined) {
      const { rid, dsv, dseg, pv, pid, priv, ex, payload } = pr;
      const words = Object.entries({ rid, dsv, dseg, pv, pid, pr: priv, ex }).map(
        ([k, v]) => `${k}=${hex(Number(v))}`,
      );
      const answer = this.ask(`pr ${words.join(' ')} payload=${String(payload)}`);
      this.expect(`${at}: messages`, messages(answer), step.msgs ?? []);
    } else if (ic !== undefined) {
      const { rid, dsv, dseg, payload } = ic;
      const words = Object.entries({ rid, dsv, dseg }).map(([k, v]) => `${k}=${hex(Number(v))}`);
      const { unexpected, cqh, cqcsr } = this.ask(`ic ${words.join(' ')} payload=${String(payload)}`);
      this.expect(at, { unexpected, cqh, cqcsr }, step.r);
    } else this.differences.push(`${at}: not known`);
  }

  private request(t: Request, step: Step, at: string): void {
    const flags = (['pr', 'ex', 'nw', 'cxl'] as const)
      .filter((key) => t[key] === 1)
      .map((key) => ` ${key}=1`);
    const pid = t.pid === undefined ? '' : ` pid=${hex(t.pid)}`;
    const answer = this.ask(
      `t did=${hex(t.did)} iova=${t.iova} at=${t.at} rw=${t.rw}${pid}${flags.join('')}`,
    );
    this.expect(at, outcome(answer, t.at === 'a'), step.r);
    if (typeof answer['mrif_pa'] === 'string') this.fileAddresses.push(number(answer['mrif_pa']));
  }

  /** Puts a command at the tail, as software does, and has one command done. */
  private command([first, second]: readonly [string, string], step: Step, at: string): void {
    const order = (Number(number(this.recorded.cfg['fctl'])) & 1) === 1 ? swapped : (q: string): string => q;
    this.ask(`wq ${hex(this.entry(COMMANDS, this.next))} ${order(first)} ${order(second)}`);
    this.next = (this.next + 1) % this.entries(COMMANDS);
    this.ask(`wr 24 4 ${hex(this.next)}`);
    this.memory = this.dump();
    const answer = this.ask('pc 1');
    const { cqh, cqcsr, ipsr } = answer;
    this.expect(at, { cqh, cqcsr, ipsr }, step.r);
    this.expect(`${at}: messages`, messages(answer), step.msgs ?? []);
  }

  private expect(what: string, actual: unknown, wanted: unknown): void {
    this.compared++;
    if (same(actual, wanted)) return;
    const { id, tag } = this.recorded;
    this.differences.push(
      `case ${id} ${tag}, ${what}: ${JSON.stringify(actual)}, recorded ${JSON.stringify(wanted)}`,
    );
  }

  private register(offset: number): number {
    return Number(number(this.ask(`rr ${hex(offset)} 4`)['v']));
  }

  private base(queue: Queue): bigint {
    return number(this.ask(`rr ${hex(queue.base)} 8`)['v']);
  }

  private entries(queue: Queue): number {
    return 2 ** (Number(this.base(queue) & 31n) + 1);
  }

  private entry(queue: Queue, index: number): bigint {
    return (((this.base(queue) >> 10n) & 0xfff_ffff_ffffn) << 12n) | BigInt(index * queue.bytes);
  }

  /** What was written to a queue since its tail was there. */
  private records(queue: Queue, tail: number): readonly unknown[] {
    const found: unknown[] = [];
    const end = this.register(queue.tail);
    for (let index = tail; index !== end; index = (index + 1) % this.entries(queue)) {
      found.push(this.ask(`rb ${hex(this.entry(queue, index))} ${hex(queue.bytes)}`)['hex']);
    }
    return found;
  }

  private dump(): Map<string, string> {
    const { mem } = this.ask('mdump') as { mem: [string, string][] };
    return new Map(mem);
  }

  /** Doublewords that are other than before, without those of the unit's own queues. */
  private changes(): readonly string[] {
    const now = this.dump();
    const queues = [FAULTS, PAGES].map((queue) => {
      const start = this.entry(queue, 0);
      return { start, end: start + BigInt(Math.max(4096, this.entries(queue) * queue.bytes)) };
    });
    const inQueue = (a: bigint): boolean => queues.some(({ start, end }) => a >= start && a < end);
    const changed = [...new Set([...this.memory.keys(), ...now.keys()])].filter(
      (address) => this.memory.get(address) !== now.get(address) && !inQueue(number(address)),
    );
    this.memory = now;
    return changed.map((address) => `${address} ${now.get(address) ?? '0'}`).sort();
  }
}

/** An answer in the words of the recording, which leaves out what is zero. Of a denied ATS request the address is undefined. */
function outcome(answer: Readonly<Record<string, unknown>>, ats: boolean): Readonly<Record<string, unknown>> {
  const { st, ppn, s, pbmt, msi, mrif, mrif_addr, mrif_nid, cause, iotval2 } = answer;
  const answered = st === 0 && !(ats && cause !== undefined);
  const grants = answer['ats'] as Readonly<Record<string, number>> | undefined;
  const letters: readonly (readonly [string, string])[] = [
    ['r', 'r'],
    ['w', 'w'],
    ['x', 'x'],
    ['u', 'u'],
    ['g', 'g'],
    ['priv', 'p'],
    ['cxlio', 'c'],
  ];
  return {
    st,
    ...(answered ? { ppn } : {}),
    ...(answered && s === 1 ? { s } : {}),
    ...(answered && pbmt !== 0 ? { pbmt } : {}),
    ...(answered && msi === 1 ? { msi } : {}),
    ...(answered && mrif === 1 ? { mrif: [mrif_addr, mrif_nid] } : {}),
    ...(grants !== undefined
      ? { ats: letters.map(([key, text]) => (grants[key] === 1 ? text : '')).join('') }
      : {}),
    ...(cause !== undefined ? { cause, iotval2 } : {}),
  };
}

const messages = ({ msgs }: Readonly<Record<string, unknown>>): readonly unknown[] =>
  ((msgs ?? []) as readonly Readonly<Record<string, unknown>>[]).map((m) => [
    m['code'],
    m['tag'],
    m['rid'],
    m['dsv'],
    m['dseg'],
    m['pv'],
    m['pid'],
    m['payload'],
  ]);

/** The same eight bytes the other way round. */
const swapped = (word: string): string => (word.padStart(16, '0').match(/../g) ?? []).reverse().join('');

/** Addresses of memory-resident interrupt files that entries in a case's memory have: V = 1, M = 1, MRIF Address[55:9] in 53:7. */
export function recordedFiles({ mem }: RecordedCase): ReadonlySet<bigint> {
  const words = mem.flatMap(([, ...rest]) => rest).flatMap((q) => [number(q), number(swapped(q))]);
  return new Set(words.filter((q) => (q & 7n) === 3n).map((q) => ((q >> 7n) & 0x7fff_ffff_ffffn) << 9n));
}
