import { expect, it } from 'vitest';
import { createEngine } from './engine';

it('kernel lines are decoded without a machine, survive the way to the page, and change nothing', async () => {
  const engine = createEngine();
  const lines = structuredClone(
    await engine.decodeLines('AMD-Vi: DTE[0]: 6000000123456603\nDMAR: something new'),
  );
  expect(lines.decoded.map(({ title }) => title)).toEqual(['Device table entry']);
  expect(lines.decoded[0]?.structures[0]?.words).toEqual([0x6000_0001_2345_6603n]);
  expect(lines.unknown).toEqual([{ line: 2, text: 'DMAR: something new' }]);
  const after = await engine.append([]);
  expect(after).toMatchObject({ status: 'ok', batch: { cursor: 0, set: [] } });
});
