import { expect, it } from 'vitest';
import { NO_PASID, READ, WRITE } from '../../port';
import { AP_RO, DBM, Fixture, HA, HD, LEAF1, PAGE, USUAL } from './fixture.conformance';
import { askTables } from './rehearse';

// Arm IHI 0070, section 3.9.1.2 for the answers, section 3.13 "Translation table entries and Access/Dirty flags".
const EATS_FULL = 1n << 28n;
const question = (iova: bigint, rid = 0x100) => ({ rid, pasid: NO_PASID, iova, access: READ | WRITE });

it('what a device would be told is asked of the tables, and leaves no trace', () => {
  const f = new Fixture().putSte({ dw1: EATS_FULL }).putCd({ flags: USUAL | HA | HD });
  const leaf = f.map(0x1000n, PAGE, { attributes: LEAF1 | AP_RO | DBM })[3] ?? 0;
  f.on();
  const memory = f.memory.words.slice();
  const regs = f.device.state.regs.slice();
  const answers = askTables(f.device, [question(0x1000n), question(0x2000n), question(0x1000n, 0x300)]);
  expect(answers).toMatchObject([
    { pa: Number(PAGE), sizeLg2: 12, grants: READ | WRITE },
    { grants: 0 },
    null,
  ]);
  expect([f.memory.words, f.device.state.regs]).toEqual([memory, regs]);
  expect([f.events(), f.device.state.steCache.list(), f.device.state.tlb.list()]).toEqual([[], [], []]);

  // A real request to write opens the page.
  f.writes(0x1000n);
  expect(f.memory.readU64(leaf)).toBe(PAGE | LEAF1 | DBM | 3n);
  f.put(leaf, 0n);
  expect(askTables(f.device, [question(0x1000n)])).toMatchObject([{ grants: 0 }]);
});
