import { expect, it } from 'vitest';
import { decodeKernelLines } from '../../engine/sim/kernel-lines/decode';
import { groupLines, sortLines } from './group-lines';

const fault = (address: string, device = '01:00.0'): string =>
  `DMAR: [DMA Write NO_PASID] Request device [${device}] fault addr 0x${address} [fault reason 0x05] PTE Write access is not set`;

it('faults of the same device for the same reason are one group, wherever they stand', () => {
  const { decoded } = decodeKernelLines(
    [fault('1000'), fault('1000', '02:00.0'), fault('2000'), fault('3000')].join('\n'),
  );
  expect(
    groupLines(decoded).map(({ first, others }) => [first.line, others.map(({ iova }) => iova)]),
  ).toEqual([
    [1, [0x2000n, 0x3000n]],
    [2, []],
  ]);
});

it('one with entries stands alone', () => {
  const { decoded } = decodeKernelLines(
    [
      fault('1000'),
      fault('2000'),
      'DMAR: Dump dmar0 table entries for IOVA 0x2000',
      'DMAR: root entry: 0x0000000127f42001',
    ].join('\n'),
  );
  expect(groupLines(decoded).map(({ first }) => first.line)).toEqual([1, 2]);
});

it('notices are told apart from what went wrong', () => {
  const { decoded } = decodeKernelLines(`DMAR: Host address width 46\n${fault('1000')}`);
  const { main, notices } = sortLines(decoded);
  expect([main.map(({ line }) => line), notices.map(({ line }) => line)]).toEqual([[2], [1]]);
});
