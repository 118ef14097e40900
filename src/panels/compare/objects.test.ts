import { expect, test } from 'vitest';
import type { WorldObject } from '../../engine/sim/world';
import { createEngine } from '../../worker/engine';
import { diffAttachments, diffCounts, diffMappings } from './mappings';
import { diffObjects, fieldWords } from './objects';

const LINES = [
  'machine iommu=vtd',
  'pci 00:02.0 rciep driver=vfio-pci',
  'boot',
  'ctx = open /dev/iommu',
  'old = IOAS_ALLOC ctx',
  'new = IOAS_ALLOC ctx',
  'dev = BIND ctx 00:02.0',
  'buf = mmap qemu 64K',
  'IOAS_MAP old buf iova=0x100000 rw',
  'IOAS_MAP new buf iova=0x100000 rw',
  'ATTACH dev old',
  'REPLACE dev new',
  'IOAS_UNMAP old iova=0x100000 len=64K',
];

const engine = createEngine();
const worldAfter = async (lines: number) => {
  const objects = await engine.moment(LINES.join('\n'), lines);
  return Object.fromEntries(objects.map((object): [string, WorldObject] => [object.id, object]));
};

test('REPLACE: the device goes from the one HWPT to the other, the automatic one goes with its last user', async () => {
  const [a, b] = [await worldAfter(11), await worldAfter(12)];
  expect(diffAttachments(a, b)).toMatchObject([
    { device: { bdf: '0000:00:02.0' }, before: 'HWPT 4', after: 'HWPT 5' },
  ]);
  const { added, removed, changed } = diffObjects(a, b);
  expect(added.map(({ id }) => id)).toEqual(['hwpt:1.5']);
  expect(removed.map(({ id }) => id)).toEqual(['hwpt:1.4']);
  const device = changed.find(({ object }) => object.id === 'dev:0000:00:02.0');
  expect(device?.fields).toContainEqual({ field: 'HWPT', before: 'HWPT 4', after: 'HWPT 5' });
});

test('a line that unmaps takes its area away, and no other', async () => {
  const changes = diffMappings(await worldAfter(12), await worldAfter(13));
  expect(changes.map(({ ioas }) => ioas.name)).toEqual(['old']);
  expect(changes[0]?.areas).toMatchObject([{ iova: 0x100000n, last: 0x10ffffn, after: null }]);
});

test('another table costs invalidations: counts tell', async () => {
  const counts = diffCounts(await worldAfter(11), await worldAfter(12));
  const commands = counts.find(({ what }) => what === 'commands done');
  expect(commands && commands.after > commands.before).toBe(true);
});

test('the same moment twice: nothing differs', async () => {
  const [a, b] = [await worldAfter(11), await worldAfter(11)];
  expect(diffObjects(a, b)).toEqual({ added: [], removed: [], changed: [] });
  expect([diffMappings(a, b), diffAttachments(a, b), diffCounts(a, b)]).toEqual([[], [], []]);
});

test('the tables of an HWPT at two moments: an unmap clears its sixteen leaves', async () => {
  const script = [...LINES.slice(0, 11), 'IOAS_UNMAP old iova=0x100000 len=64K'].join('\n');
  const { diffWords } = await import('./table-words');
  const a = await engine.tablesAt(script, 11, 'hwpt:1.4');
  const b = await engine.tablesAt(script, 12, 'hwpt:1.4');
  const leaves = diffWords(a, b).filter(({ level }) => level === 1);
  expect(leaves).toHaveLength(16);
  expect(leaves.every(({ before, after }) => before !== null && before !== 0n && (after ?? 0n) === 0n)).toBe(
    true,
  );
});

test('fields are said as people say them', () => {
  expect(['hwptId', 'deviceIds', 'pinnedPages', 'rootPa'].map(fieldWords)).toEqual([
    'HWPT',
    'devices',
    'pinned pages',
    'root PA',
  ]);
});

test('memory and entries of a branch, which is not the script that is open', async () => {
  const branch = [...LINES.slice(0, 11), 'IOAS_UNMAP old iova=0x100000 len=64K'].join('\n');
  const open = LINES.slice(0, 11).join('\n');
  await engine.load(open, null);
  const leaf = (await engine.tablesAt(null, 11, 'hwpt:1.4')).find(({ level }) => level === 1)!;
  const [here, there] = [
    await engine.memoryAt(null, 11, leaf.pa, 4096),
    await engine.memoryAt(branch, 12, leaf.pa, 4096),
  ];
  const { diffWords } = await import('./table-words');
  const stretch = (bytes: Uint8Array | null) => [{ pa: leaf.pa, level: 1, bytes: bytes! }];
  expect(diffWords(stretch(here), stretch(there))).toHaveLength(16);
  // The script that is open is where it was.
  expect(await engine.memoryAt(null, 11, leaf.pa, 4096)).toEqual(here);
});
