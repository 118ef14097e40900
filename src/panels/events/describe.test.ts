import { expect, test } from 'vitest';
import { describeEvent } from './describe';

test('an event is one line for people', () => {
  const unit = 'iommu:dmar0';
  const text = (event: Parameters<typeof describeEvent>[0]): string => describeEvent(event).text;
  expect(text({ kind: 'lock', op: 'acquire', lock: 'group->mutex' })).toBe('takes group->mutex');
  const none = new Uint8Array(0);
  const call = { kind: 'ioctl', file: 'ctx:1', cmd: 0x3b80, argVa: 0n, before: none, after: none } as const;
  expect(text({ ...call, name: 'IOMMU_DESTROY', returned: -16 })).toBe(
    'IOMMU_DESTROY on ctx:1 = -1, errno 16',
  );
  expect(text({ ...call, name: null, returned: -25 })).toBe('ioctl 0x3b80 on ctx:1 = -1, errno 25');
  expect(text({ kind: 'ownership', group: 'group:7', owner: 'ctx:1', ownerCount: 2 })).toBe(
    'group:7 belongs to ctx:1, count 2',
  );
  expect(text({ kind: 'domain', device: '0000:01:00.0', from: 'domain 1', to: 'domain 9' })).toBe(
    '01:00.0: domain 1 → domain 9',
  );
  expect(text({ kind: 'map', domain: 'domain 9', iova: 0x200000n, last: 0x3fffffn, entries: 1 })).toBe(
    'domain 9: 0x200000–0x3fffff, 1 entry written',
  );
  expect(
    text({ kind: 'read', unit, structure: 'table', level: 3, index: 5, pa: 0x1028, words: [0x2003n] }),
  ).toBe('level 4 [5] at 0x1028 = 0x2003');
  const entry = { kind: 'queue', unit, index: 3, pa: 0x1030, words: [0x46n, 0n] } as const;
  expect(text({ ...entry, op: 'fetch', structure: 'command' })).toBe(
    'command fetched from [3] at 0x1030 = 0x46 0x0',
  );
  expect(text({ ...entry, op: 'write', structure: 'event' })).toBe(
    'record written to [3] at 0x1030 = 0x46 0x0',
  );
  expect(
    text({
      kind: 'dma',
      device: '0000:01:00.0',
      access: 'read',
      iova: 0x10n,
      bytes: 1,
      pa: null,
      from: 'walk',
    }),
  ).toBe('01:00.0 reads 1 byte at 0x10 blocked');
});

test('faults stand out', () => {
  const fault = {
    kind: 'fault',
    unit: 'u',
    device: 'd',
    access: 'read',
    iova: 0n,
    reason: 6,
    name: 'x',
    recorded: false,
  } as const;
  expect(describeEvent(fault)).toEqual({ kind: 'fault', text: '0x6 x, not recorded', tone: 'fault' });
});
