import { describe, expect, it } from 'vitest';
import { NO_PASID, READ, WRITE } from '../../port';
import { askTables } from './rehearse';
import { firstStage, PAGE, ScalableFixture, secondStage } from './scalable-fixture.conformance';

// What is answered: VT-d document, section 4.2.3 "Handling of Translation Requests"; that marks of A and D come before the
// answer, section 3.6.2. A question of ours is no request: nothing of it may be seen.
const DTE = 4n;
const MARKS = 0x60n;
const BOTH = READ | WRITE;
const question = (iova: bigint, rid = 0x0100) => ({ rid, pasid: NO_PASID, iova, access: BOTH });

describe('what a device would be told', () => {
  it('is asked of the tables, past what is cached', () => {
    const f = new ScalableFixture(0x0100).attach(secondStage(), { flags: DTE });
    const leaf = f.second(4, 1, 0x1000n, PAGE).at(-1) ?? 0;
    f.translate(0x1000n, WRITE);
    f.put(leaf, f.word(leaf) & ~2n);
    expect(askTables(f.device, [question(0x1000n), question(0x2000n)])).toMatchObject([
      { pa: Number(PAGE), sizeLg2: 12, grants: READ },
      { grants: 0 },
    ]);
    f.put(f.contextEntry, 0n);
    expect(askTables(f.device, [question(0x1000n)])).toEqual([null]);
  });

  it('marks nothing, records nothing and caches nothing', () => {
    const f = new ScalableFixture(0x0100).attach(firstStage(), { flags: DTE });
    const leaf = f.first(4, 1, 0x1000n, PAGE)[3] ?? 0;
    f.put(leaf, f.word(leaf) & ~MARKS);
    const memory = f.memory.words.slice();
    const regs = f.device.state.regs.slice();
    expect(askTables(f.device, [question(0x1000n), question(0x1000n, 0x4000)])).toEqual([
      { pa: Number(PAGE), sizeLg2: 12, grants: BOTH },
      null,
    ]);
    expect([f.memory.words, f.device.state.regs]).toEqual([memory, regs]);
    expect(f.device.state.iotlb.list()).toEqual([]);
    expect([f.records(), f.trace.take()]).toEqual([[], []]);
    f.translate(0x1000n, WRITE);
    expect(f.word(leaf) & MARKS).toBe(MARKS);
  });
});
