import { expect, it } from 'vitest';
import { NO_PASID, READ, WRITE } from '../../port';
import { Fixture, PAGE } from './fixture.conformance';
import { askTables } from './rehearse';

// AMD's document, section 2.1.3 "IOTLB Support" for the answers, 2.2.7.4 "Updating Shared Information in the Page Tables".
const I = 1n << 32n;
const HAD = 3n << 7n;
const MARKS = (1n << 5n) | (1n << 6n);
const question = (iova: bigint, rid = 0x0100) => ({ rid, pasid: NO_PASID, iova, access: READ | WRITE });

it('what a device would be told is asked of the tables, and leaves no trace', () => {
  const f = new Fixture().attach(3, { extra: [HAD, I] });
  const leaf = f.walk(3, 1, 0x5000n, BigInt(PAGE)).at(-1) ?? 0;
  f.put(leaf, f.get(leaf) & ~MARKS);
  const memory = f.memory.words.slice();
  const regs = f.device.state.regs.slice();
  expect(askTables(f.device, [question(0x5000n), question(0x6000n), question(0x5000n, 0x200)])).toMatchObject(
    [
      { pa: PAGE, sizeLg2: 12, grants: READ | WRITE },
      { grants: 0 },
      // V = 0: requests pass untranslated, but a request for a translation is refused. Table 8.
      null,
    ],
  );
  expect([f.memory.words, f.device.state.regs]).toEqual([memory, regs]);
  expect([f.events(), f.trace.take(), f.device.state.dtes.list()]).toEqual([[], [], []]);

  f.write(0x5000n);
  expect(f.get(leaf) & MARKS).toBe(MARKS);
  f.put(leaf, 0n);
  expect(askTables(f.device, [question(0x5000n)])).toMatchObject([{ grants: 0 }]);
});
