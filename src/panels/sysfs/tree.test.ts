import { expect, test } from 'vitest';
import type { SysfsEntry } from '../../engine/iommu/sysfs';
import { above, entryAt, isWritable, modeText, rowsOf } from './tree';

const dir = (entries: Record<string, SysfsEntry>): SysfsEntry => ({ kind: 'dir', entries });
const type: SysfsEntry = { kind: 'file', mode: 0o644, text: 'DMA-FQ\n' };
const root = dir({
  sys: dir({
    devices: dir({ '0000:01:00.0': dir({}) }),
    gpu: { kind: 'link', target: '/sys/devices/0000:01:00.0' },
    groups: dir({ type }),
    short: { kind: 'link', target: '/sys/groups' },
  }),
});

test('only what is in an open directory is a row', () => {
  const rows = rowsOf(root, new Set(['/sys', '/sys/groups']));
  expect(rows.map(({ path, depth }) => `${depth} ${path}`)).toEqual([
    '0 /sys',
    '1 /sys/devices',
    '1 /sys/gpu',
    '1 /sys/groups',
    '2 /sys/groups/type',
    '1 /sys/short',
  ]);
});

test('a path leads through links; what it ends in is not followed', () => {
  expect(entryAt(root, '/sys/short/type')).toBe(type);
  expect(entryAt(root, '/sys/gpu')?.kind).toBe('link');
  expect(entryAt(root, '/sys/nothing/type')).toBeNull();
});

test('modes as ls prints them', () => {
  expect([root, type, entryAt(root, '/sys/gpu')!].map(modeText)).toEqual([
    'drwxr-xr-x',
    '-rw-r--r--',
    'lrwxrwxrwx',
  ]);
  expect([isWritable(type), isWritable({ ...type, mode: 0o444 }), isWritable(root)]).toEqual([
    true,
    false,
    false,
  ]);
});

test('the directories on the way to a path', () => {
  expect(above('/sys/groups/type')).toEqual(['/sys', '/sys/groups']);
});
