import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { main } from './hw-server';

type Answer = Readonly<Record<string, unknown>>;

/** What the door says to a text, given to it in these pieces. */
async function serve(
  ...pieces: readonly string[]
): Promise<{ readonly code: number; readonly answers: Answer[] }> {
  const texts: string[] = [];
  const code = await main(['riscv'], (text) => texts.push(text), Readable.from(pieces));
  const lines = texts.flatMap((text) => text.split('\n'));
  return { code, answers: lines.map((line) => JSON.parse(line) as Answer) };
}

const ask = async (...lines: readonly string[]): Promise<Answer[]> =>
  (await serve(`${lines.join('\n')}\n`)).answers;
/** What the last of some commands is answered. */
const last = async (...lines: readonly string[]): Promise<Answer> => (await ask(...lines)).at(-1) ?? {};

/**
 * A device with a first stage of its own. Spec: sections "Device-Directory-Table", "Device-context fields"; registers ddtp,
 * fqb, fqcsr. One level, base format: the context of device 1 is at 0x10020, and has Sv39 with its root at 0x20000.
 */
const SETUP = [
  'reset cap=3880028e10', // version 1.0, Sv39 to Sv57, Sv39x4, DBG, PAS 56, without MSI_FLAT
  'wq 10020 1 0 0 8000000000000020',
  'wq 20000 8401', // to 0x21000
  'wq 21000 8801', // to 0x22000
  'wq 22008 200000d7', // IOVA 0x1000 is at 0x80000000: V R W U A D
  'wr 28 8 c000', // fault queue at 0x30000, of 2 entries
  'wr 4c 4 1',
  'wr 10 8 4002', // one level, at 0x10000
];

describe('the door of the RISC-V model', () => {
  it('says hello, with the version of the protocol', async () => {
    expect(await last('hello')).toMatchObject({ ok: 1, protocol: 1, model: expect.any(String) as string });
  });

  it('translates, walks once and answers from its cache until it is flushed', async () => {
    const walk = [
      ['r', '10020', 32],
      ['r', '20000', 8],
      ['r', '21000', 8],
      ['r', '22008', 8],
    ];
    const request = 't did=1 iova=1234 at=u rw=w';
    const answers = await ask(...SETUP, 'trace on', request, request, 'flush', request, 'trace off', request);
    const [first, second, , third, , untraced] = answers.slice(SETUP.length + 1);
    const places = ({ acc }: Answer): unknown => (acc as unknown[][]).map((access) => access.slice(0, 3));
    expect(first).toMatchObject({ ok: 1, st: 0, ppn: '80000', s: 0 });
    expect(places(first!)).toEqual(walk);
    expect((first!['acc'] as unknown[][]).at(-1)).toEqual(['r', '22008', 8, 0, 'd700002000000000']);
    expect(places(second!)).toEqual([]);
    expect(places(third!)).toEqual(walk);
    expect(untraced).not.toHaveProperty('acc');
  });

  it('shows what it caches', async () => {
    const { tlb, dc, pc } = await last(...SETUP, 't did=1 iova=1234 at=u rw=r', 'caches');
    expect(tlb).toMatchObject([{ iova: '1000', pa: '80000000', size: 12, gv: 0 }]);
    expect(dc).toMatchObject([{ did: 1, dc: ['1', '0', '0', '8000000000000020', '0', '0', '0'] }]);
    expect(pc).toEqual([]);
    expect(await last(...SETUP, 't did=1 iova=1234 at=u rw=r', 'flush', 'caches')).toMatchObject({
      tlb: [],
      dc: [],
    });
  });

  it('drains the fault queue, whose record has the fields of the document, and moves its head', async () => {
    // Cause 15: write page fault; transaction type 3: untranslated write.
    const answers = await ask(...SETUP, 't did=1 iova=5008 at=u rw=w', 'fq', 'fq', 'rr 30 4');
    const [fault, records, none, head] = answers.slice(SETUP.length);
    expect(fault).toMatchObject({ st: 1, cause: 15, iotval: '5008' });
    expect(records!['recs']).toMatchObject([
      { cause: 15, ttyp: 3, did: 1, pv: 0, pid: 0, iotval: '5008', iotval2: '0' },
    ]);
    expect((records!['recs'] as Answer[])[0]!['raw']).toBe(
      `0f0000000c010000${'0'.repeat(16)}0850000000000000${'0'.repeat(16)}`,
    );
    expect(none).toMatchObject({ recs: [] });
    expect(head).toMatchObject({ v: '1' });
  });

  it('takes page requests, and drains their queue', async () => {
    const device = ['reset cap=3882028e10', 'wq 10020 7 0 0 0', 'wr 38 8 d000', 'wr 50 4 1', 'wr 10 8 4002'];
    const { recs } = await last(...device, 'pr rid=1 pv=1 pid=5 pr=1 ex=0 payload=7007', 'pq');
    expect(recs).toMatchObject([{ pid: 5, pv: 1, priv: 1, exec: 0, did: 1, payload: '7007' }]);
  });

  it.each([
    ['r', { st: 1, cause: 5 }, 1],
    ['p', { st: 1, cause: 274 }, 2],
  ])('memory with the rule %s ends a walk as the document says', async (kind, outcome, status) => {
    const rules = [`pma 22008 8 ${kind}`, 'trace on'];
    const answer = await last(...SETUP, ...rules, 't did=1 iova=1234 at=u rw=r');
    expect(answer).toMatchObject(outcome);
    // The walk's last access; then the fault record.
    const accesses = (answer['acc'] as unknown[][]).slice(-2).map((access) => access.slice(0, 4));
    expect(accesses).toEqual([
      ['r', '22008', 8, status],
      ['w', '30000', 32, 0],
    ]);
    expect(await last(...SETUP, ...rules, 'pmaclear', 't did=1 iova=1234 at=u rw=r')).toMatchObject({
      st: 0,
    });
  });

  it('writes and reads doublewords and bytes, across pages too', async () => {
    const written = ['wq 1ffc 1122334455667788 99', 'wb 3000 ab'];
    const answers = await ask(...written, 'rq 1ffc 2', 'rb 1ffa 6', 'mdump', 'mclear');
    const [q, bytes, memory, cleared] = answers.slice(2);
    expect(q).toMatchObject({ q: ['1122334455667788', '99'] });
    expect(bytes).toMatchObject({ hex: '000088776655' });
    expect(memory!['mem']).toEqual([
      ['1ff8', '5566778800000000'],
      ['2000', '9911223344'],
      ['3000', 'ab'],
    ]);
    expect(cleared).toMatchObject({ ok: 1 });
    expect(await last(...written, 'mclear', 'mdump')).toMatchObject({ mem: [] });
  });

  it('reset forgets memory, rules and settings, unless it is told to keep them', async () => {
    const memory = async (...lines: readonly string[]): Promise<unknown> =>
      (await last(...lines, 'mdump'))['mem'];
    expect(await memory('wq 1000 5', 'reset')).toEqual([]);
    expect(await memory('wq 1000 5', 'reset keepmem=1')).toEqual([['1000', '5']]);
    const fresh = await last('reset', 'rr 0 8');
    expect(await last('reset cap=3880000210', 'rr 0 8')).toMatchObject({ v: '3880000210' });
    expect(await last('reset cap=3880000210', 'reset keepcfg=1', 'rr 0 8')).toMatchObject({
      v: '3880000210',
    });
    expect(await last('reset cap=3880000210', 'reset', 'rr 0 8')).toEqual(fresh);
    expect(await last('reset cap=3880000210 mode=1', 'rr 10 8')).toMatchObject({ v: '1' });
  });

  it('answers in order, each with the id of its command, however the input is cut', async () => {
    const text = '#a rr 0 4\n\n  \n#b nonsense\nrr 8 4\n#c rr 8 4\n';
    const whole = await serve(text);
    expect(whole.answers.map(({ id }) => id)).toEqual(['a', 'b', undefined, 'c']);
    expect(whole.answers.map(({ ok }) => ok)).toEqual([1, 0, 1, 1]);
    expect(await serve(...text)).toEqual(whole);
    expect(await serve(text.replaceAll('\n', '\r\n'))).toEqual(whole);
    // The last line may lack its end.
    expect(await serve(text.trimEnd())).toEqual(whole);
  });

  it('ends with the input, or with quit, after which nothing is answered', async () => {
    expect(await serve()).toEqual({ code: 0, answers: [] });
    expect(await serve('quit\nhello\n', 'hello\n')).toEqual({ code: 0, answers: [{ ok: 1 }] });
  });

  it.each([['no model'], ['sparc', 'sparc'], ['two models', 'riscv', 'riscv']])(
    '%s: usage, and exit code 2',
    async (_, ...argv) => {
      const lines: string[] = [];
      expect(await main(argv, (line) => lines.push(line), Readable.from([]))).toBe(2);
      expect(lines.join('\n')).toMatch(/^usage: /);
    },
  );

  it.each([
    ['bogus', /unknown command bogus/],
    ['constructor', /unknown command constructor/],
    ['__proto__', /unknown command/],
    ['#only-an-id', /unknown command/],
    ['rq', /address/],
    ['rq xyz', /address/],
    ['rq 1000 q', /count/],
    ['rq 1000 fffffff', /at most/],
    ['rb 1000', /length/],
    ['rb 1000 fffffffff', /at most/],
    ['wq 1000 12345678901234567', /value/],
    ['wb 1000 123', /hex digits/],
    ['wr 18', /value/],
    ['wr 18 x 0', /size/],
    ['rr', /offset/],
    ['rr 18', /size/],
    ['t', /iova/],
    ['t did=1 iova=-1 at=u rw=r', /iova/],
    ['t did=zz iova=0 at=u rw=r', /did/],
    ['t did=1 iova=0 at=x rw=r', /at/],
    ['pc many', /count/],
    ['pr rid=1', /payload/],
    ['ic rid=g payload=0', /rid/],
    ['to itags=g', /itags/],
    ['pma 1000', /length/],
    ['pma 1000 8', /kind/],
    ['pma 1000 8 rx', /kind/],
    ['trace', /on or trace off/],
    ['reset cap=no', /cap/],
    ['reset nhpm=-1', /nhpm/],
    ['reset cap=3f00000010', /PAS/],
  ])('%s: an error, and the next command is answered as before', async (line, why) => {
    const [error, next] = await ask(`#7 ${line}`, 'rr 0 4');
    expect(error).toMatchObject({ ok: 0, err: expect.stringMatching(why) as string });
    expect(next).toEqual(await last('rr 0 4'));
  });

  it(
    '(property) whatever comes in, every line that is not empty has one answer',
    { timeout: 60_000 },
    async () => {
      let seed = 0x2545_f491;
      const next = (below: number): number => {
        seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) | 0;
        return (seed >>> 8) % below;
      };
      const pick = <T>(list: readonly T[]): T => list[next(list.length)] as T;
      const commands =
        'hello reset wq rq wb rb mdump mclear pma pmaclear wr rr t pc pr ic to fq pq flush caches trace x'.split(
          ' ',
        );
      const keys =
        'cap fctl nhpm hpmbits evlimit vecbits mode maxmode devmask gxlw bew qosmask sv57 sv39x4 bare keepmem did iova at rw pid pr ex nw cxl rid dsv dseg pv payload itags'.split(
          ' ',
        );
      const number = (): string => {
        const digits = pick([1, 2, 3, 4, 4, 5, 8, 16, 17]);
        return Array.from({ length: digits }, () => next(16).toString(16)).join('');
      };
      const words = [
        number,
        number,
        number,
        () => pick(keys) + '=' + number(),
        () => `at=${pick(['u', 't', 'a'])}`,
        () => 'rw=w',
        () => pick(['rwp', 'on', 'off', '', '=', '\u0000', '\xff', 'z']),
      ];
      const lines = Array.from({ length: 4000 }, () =>
        [pick(commands), ...Array.from({ length: next(6) }, () => pick(words)())].join(' '),
      );
      const { code, answers } = await serve(...lines.map((line) => `${line}\n`));
      expect(code).toBe(0);
      expect(answers).toHaveLength(lines.length);
      expect(new Set(answers.map(({ ok }) => ok))).toEqual(new Set([0, 1]));
    },
  );
});
