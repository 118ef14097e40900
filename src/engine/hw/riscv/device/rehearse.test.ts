import { expect, it } from 'vitest';
import { NO_PASID, READ, WRITE } from '../../port';
import { Bench, FIRST, FREE, leaf, pointer, root } from './fixture.conformance';
import { askTables } from './rehearse';

// RISC-V IOMMU Architecture Specification, sections "PCIe ATS translation request handling" and "Process to translate an
// IOVA" (SADE).
const [EN_ATS, SADE] = [2n, 0x100n];
const A = 0x40n;
const question = (iova: bigint, rid = 0) => ({ rid, pasid: NO_PASID, iova, access: READ | WRITE });

it('what a device would be told is asked of the tables, and leaves no trace', () => {
  const entry = FIRST + 0x2000n + 8n;
  const b = new Bench()
    .start()
    .identity()
    .put(FIRST, pointer(FIRST + 0x1000n))
    .put(FIRST + 0x1000n, pointer(FIRST + 0x2000n))
    .put(entry, leaf(FREE) & ~A)
    .context(0, { tc: 1n | EN_ATS | SADE, fsc: root(FIRST, 3) });
  const memory = b.memory.words.slice();
  const regs = b.device.state.regs.slice();
  expect(askTables(b.device, [question(0x1000n), question(0x2000n), question(0x1000n, 1)])).toMatchObject([
    { pa: Number(FREE), sizeLg2: 12, grants: READ | WRITE },
    { grants: 0 },
    null,
  ]);
  expect([b.memory.words, b.device.state.regs]).toEqual([memory, regs]);
  expect([b.faults(), b.device.state.contexts.listDevices()]).toEqual([[], []]);

  b.ask(0x1000n, WRITE);
  expect(b.get(entry) & A).toBe(A);
  b.put(entry, 0n);
  expect(askTables(b.device, [question(0x1000n)])).toMatchObject([{ grants: 0 }]);
});
