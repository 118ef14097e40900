import { expect, test } from 'vitest';
import type { IoctlEvent } from '../../engine/trace/event';
import { describeIoctl } from '../../engine/uapi/strace';
import { callsOf, callText, named } from './calls';

const bytes = Uint8Array.from([8, 0, 0, 0, 5, 0, 0, 0]);
const destroy: IoctlEvent = {
  kind: 'ioctl',
  file: 'ctx:1',
  name: 'IOMMU_DESTROY',
  cmd: 0x3b80,
  argVa: 0n,
  before: bytes,
  after: bytes,
  returned: -16,
};

test('the log has the calls of every line in their order, and nothing else', () => {
  const lock = { kind: 'lock', op: 'acquire', lock: 'ioas->mutex' } as const;
  const log = callsOf([
    { line: 3, events: [lock, destroy, destroy] },
    { line: 5, events: [destroy] },
  ]);
  expect(log.map(({ key, line }) => [key, line])).toEqual([
    ['3.0', 3],
    ['3.1', 3],
    ['5.0', 5],
  ]);
});

test('a call as text has the name that the script gave the context, and the bytes', () => {
  const call = describeIoctl(destroy);
  const ctx = {
    type: 'context',
    id: 'ctx:1',
    name: 'ctx',
    place: null,
    number: 1,
    processId: 'mm:q',
    objectIds: [],
  } as const;
  expect(callText(call, named({ 'ctx:1': ctx }, call.tokens))).toBe(
    'ioctl(ctx, IOMMU_DESTROY, {size=8, id=5}) = -1 EBUSY (Device or resource busy)\n  in  000: 08 00 00 00 05 00 00 00',
  );
});

test('a call as text has what its structure points to, each with its own bytes', () => {
  // include/uapi/linux/iommufd.h struct iommu_hwpt_invalidate, struct iommu_viommu_arm_smmuv3_invalidate
  const words = (...values: readonly bigint[]): Uint8Array =>
    new Uint8Array(BigUint64Array.from(values).buffer);
  const struct = words(32n | (4n << 32n), 0x1000n, 1n | (16n << 32n), 2n);
  const event: IoctlEvent = {
    ...destroy,
    name: 'IOMMU_HWPT_INVALIDATE',
    cmd: 0x3b8d,
    before: struct,
    after: struct,
    returned: 0,
    payload: {
      field: 'data_uptr',
      claimed: 32n,
      read: words(0x30n, 0n, 0x12n, 1n),
      written: new Uint8Array(),
    },
  };
  const call = describeIoctl(event);
  expect(callText(call, call.tokens).split('\n').slice(3)).toEqual([
    '  data_uptr[0]:',
    '  in  000: 30 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00',
    '  data_uptr[1]:',
    '  in  000: 12 00 00 00 00 00 00 00 01 00 00 00 00 00 00 00',
  ]);
});
