import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatBdf } from '../../common/bdf';
import { ATS_REQUEST, ATS_TRANSLATED, NO_PASID } from '../../port';
import { REGISTERS } from '../regs';
import { explainSmmu, whyFault } from './explain';
import { CDTAB, CMDQ, Fixture, S1, S2, STRTAB } from './fixture.conformance';
import { inspectSmmu, summarizeSmmu } from './inspect';

/** Words that lead somewhere more often than not. */
const word = fc.oneof(
  fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
  fc.constantFrom(0n, 1n, 3n, (1n << 64n) - 1n),
  fc
    .tuple(fc.constantFrom(STRTAB, CDTAB, CMDQ, S1, S2, 0x8000), fc.integer({ min: 0, max: 0xfff }))
    .map(([base, low]) => BigInt(base) | BigInt(low)),
);
const words = (count: number) => fc.array(word, { minLength: count, maxLength: count });

describe('SMMUv3 and garbage', () => {
  it('random entries, tables, commands and registers: never an exception, never an address that memory has not', () => {
    const request = fc.record({
      iova: word,
      access: fc.integer({ min: 1, max: 15 }),
      ats: fc.constantFrom(0, 0, 0, ATS_REQUEST, ATS_TRANSLATED),
      pasid: fc.constantFrom(NO_PASID, NO_PASID, 0, 1, 0xf_ffff),
      sid: fc.constantFrom(0x100, 0x100, 0, 0xffff),
    });
    const garbage = fc.record({
      ste: words(8),
      config: fc.constantFrom(4n, 5n, 5n, 6n, 7n, 7n),
      cd: words(8),
      tables: words(32),
      commands: fc.array(fc.tuple(word, word), { maxLength: 8 }),
      registers: fc.array(fc.tuple(fc.constantFrom(...REGISTERS), word), { maxLength: 8 }),
      requests: fc.array(request, { minLength: 1, maxLength: 6 }),
      tame: fc.boolean(),
      eventsRead: fc.boolean(),
    });
    fc.assert(
      fc.property(garbage, (g) => {
        const f = new Fixture({ ttendian: 0, attrPermsOvr: true }).putSte().putCd();
        f.trace.on = true;
        if (!g.tame) {
          f.put(STRTAB + 0x100 * 64, ((g.ste[0] ?? 0n) & ~0xfn) | (g.config << 1n) | 1n, ...g.ste.slice(1));
          f.put(CDTAB, (g.cd[0] ?? 0n) | (1n << 31n), ...g.cd.slice(1));
        }
        g.tables.forEach((each, n) => f.put((n & 1 ? S1 : S2) + (n >> 1) * 8, each));
        f.on();
        for (const [register, value] of g.registers) {
          if (register.bytes === 8) f.write64(register.offset, value);
          else f.write(register.offset, Number(BigInt.asIntN(32, value)));
        }
        g.commands.forEach(([first, second], n) => f.put(CMDQ + n * 16, first, second));
        f.write(0x98, g.commands.length);
        for (const { iova, access, ats, pasid, sid } of g.requests) {
          const from = f.trace.mark();
          const status = f.translate(iova, access | ats, pasid, sid);
          expect(status).toBeGreaterThan(0);
          expect(status).toBeLessThanOrEqual(4);
          if (g.eventsRead) f.drain();
          const events = f.trace.since(from);
          const steps = explainSmmu(f.device, events);
          for (const event of events) if (event.kind === 'fault') expect(whyFault(event, steps)).not.toBe('');
        }
        expect(inspectSmmu(f.device).registers.length).toBe(REGISTERS.length);
        expect(summarizeSmmu(f.device).queues).toHaveLength(3);
      }),
      { numRuns: 200 },
    );
  });

  it('a fault names its device', () => {
    const f = new Fixture({}, 0x1234);
    f.trace.on = true;
    f.on().outcome(0x1000n);
    const fault = f.trace.since(0).find((event) => event.kind === 'fault');
    expect(fault).toMatchObject({ device: formatBdf(0, 0x1234), name: 'C_BAD_STE' });
  });
});
