import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { StepBatch } from '../engine/sim/batch';
import type { DeviceObject, HwptObject, IoasObject, WorldObject } from '../engine/sim/world';
import { scenarioFiles } from '../testing/run-script';
import { createEngine } from './engine';
import type { EngineApi, RunReply } from './api';

const folder = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const scenarios = scenarioFiles();

function batchOf(reply: RunReply): StepBatch {
  if (reply.status !== 'ok') throw new Error(reply.why);
  // As the page gets it.
  return structuredClone(reply.batch);
}

const load = async (engine: EngineApi, script: string, cursor: number | null = null): Promise<StepBatch> =>
  batchOf(await engine.load(script, cursor));

const linesOf = (script: string): string[] => script.replace(/\n$/, '').split('\n');

/** The world after a series of batches, as the page puts it together. */
function worldOf(batches: readonly StepBatch[]): Map<string, WorldObject> {
  const world = new Map<string, WorldObject>();
  for (const batch of batches) {
    if (batch.reset) world.clear();
    for (const id of batch.removed) world.delete(id);
    for (const object of batch.set) world.set(object.id, object);
  }
  return new Map([...world].sort(([a], [b]) => (a < b ? -1 : 1)));
}

const only = <T extends WorldObject>(
  world: ReadonlyMap<string, WorldObject>,
  id: string,
  type: T['type'],
): T => {
  const object = world.get(id);
  if (object?.type !== type) throw new Error(`${id} is ${object?.type ?? 'not there'}`);
  return object as T;
};

const SMALL = [
  'pci 00:1c.0 root-port bus=02-02 acs=SV+RR+CR+UF driver=pcieport',
  'pci 02:00.0 endpoint id=8086:15f3 class=020000 driver=igc "<b>I225-V</b>"',
  'boot',
  'ctx = open /dev/iommu',
  'ioas = IOAS_ALLOC ctx',
];
const MAPPED = [
  ...SMALL,
  'driver 02:00.0 vfio-pci',
  'nic = BIND ctx 02:00.0',
  'hwpt = ATTACH nic ioas',
  'buf = mmap qemu 64K',
  'IOAS_MAP ioas buf iova=0x40000 rw',
];

describe('scenarios', () => {
  test.each(scenarios)('$name comes out as it says', async ({ script }) => {
    const { results } = await load(createEngine(), script);
    expect(results.filter((result) => !result.ok)).toEqual([]);
    expect(results.length).toBe(linesOf(script).length);
  });

  test.each(scenarios)(
    '$name: at once, line by line and stopped half-way are the same, to the byte',
    async ({ script }) => {
      const atOnce = await load(createEngine(), script);
      const engine = createEngine();
      const batches = [await load(engine, '')];
      for (const line of linesOf(script)) batches.push(batchOf(await engine.append([line])));
      expect([...worldOf(batches).values()]).toEqual([...worldOf([atOnce]).values()]);
      expect(batches.flatMap((batch) => batch.results)).toEqual(atOnce.results);
      expect(batches.flatMap((batch) => batch.lookups)).toEqual(atOnce.lookups);
      expect(batches.flatMap((batch) => batch.events)).toEqual(atOnce.events);

      const half = Math.floor(linesOf(script).length / 2);
      const resumed = createEngine();
      const parts = [
        await load(resumed, script, half),
        batchOf(await resumed.append(linesOf(script).slice(half))),
      ];
      expect([...worldOf(parts).values()]).toEqual([...worldOf([atOnce]).values()]);
    },
  );
});

test('the scenario of the README comes out as it says', async () => {
  const readme = readFileSync(folder('../../README.md'), 'utf8');
  const script = /```\n(machine [\s\S]*?)```/.exec(readme)?.[1] ?? '';
  const { results } = await load(createEngine(), script);
  expect(results.map((result) => result.ok)).toEqual(linesOf(script).map(() => true));
  expect(results.length).toBeGreaterThan(10);
});

describe('the world', () => {
  test('is read off the engine: group, owner, tables, areas, pins', async () => {
    const world = worldOf([await load(createEngine(), MAPPED.join('\n'))]);
    const nic = only<DeviceObject>(world, 'dev:0000:02:00.0', 'device');
    expect(nic).toMatchObject({
      groupId: 'group:1',
      hwptId: 'hwpt:1.3',
      parentId: 'dev:0000:00:1c.0',
      label: '<b>I225-V</b>',
    });
    expect(world.get('group:1')).toMatchObject({ ownerId: 'ctx:1', ownerCount: 1, hwptId: 'hwpt:1.3' });
    // 64 KiB in 4 KiB leaves; one table a level, four levels for 48 bits.
    expect(only<HwptObject>(world, 'hwpt:1.3', 'hwpt')).toMatchObject({
      levels: 4,
      tablePages: 4,
      auto: true,
      users: 1,
      leaves: [
        { sizeLg2: 12, count: 16 },
        { sizeLg2: 21, count: 0 },
        { sizeLg2: 30, count: 0 },
      ],
    });
    const ioas = only<IoasObject>(world, 'ioas:1.1', 'ioas');
    expect(ioas.areas).toMatchObject([{ iova: 0x40000n, last: 0x4ffffn, buffer: 'buf', pinnedPages: 16 }]);
    expect(ioas.reserved.map(({ start, last }) => [start, last])).toContainEqual([0xfee00000n, 0xfeefffffn]);
  });

  test('before boot there are functions, and no groups', async () => {
    const world = worldOf([await load(createEngine(), SMALL.slice(0, 2).join('\n'))]);
    expect([...world.values()].map((object) => object.type)).toEqual(['device', 'device']);
  });

  test('a dump that has devices together which the rules keep apart is contradicted aloud', async () => {
    const script = [
      'pci 00:02.0 rciep id=8086:5917 class=030000 group=4',
      'pci 00:14.0 rciep id=8086:9d2f group=4',
      'boot',
    ];
    const world = worldOf([await load(createEngine(), script.join('\n'))]);
    expect(world.get('group:0')).toMatchObject({
      mismatches: ['the dump has 0000:00:14.0 together with these in group 4'],
    });
  });
});

describe('a DMA', () => {
  test('writes where the tables lead: the bytes are found at the physical address', async () => {
    const engine = createEngine();
    await load(engine, MAPPED.join('\n'));
    const { lookups } = batchOf(await engine.append(['dma 02:00.0 write 0x41234 8']));
    const pa = lookups[0]?.parts[0]?.pa ?? 0;
    const bytes = await engine.readMemory(pa, 8);
    expect([...(bytes ?? [])]).toEqual(Array.from({ length: 8 }, (_, n) => (pa + n) & 0xff));
  });

  test('shows each read of the hardware: root, context, one entry a level', async () => {
    const { lookups } = await load(createEngine(), [...MAPPED, 'dma 02:00.0 read 0x41234 8'].join('\n'));
    const part = lookups[0]!.parts[0]!;
    expect(part.steps.map(({ structure, outcome, level }) => [structure, outcome, level])).toEqual([
      ['context', 'miss', 0],
      ['root', 'table', 0],
      ['context', 'table', 0],
      ['iotlb', 'miss', 0],
      ['table', 'table', 4],
      ['table', 'table', 3],
      ['table', 'table', 2],
      ['table', 'leaf', 1],
    ]);
    // 0x41234: 9 bits an index from bit 12 on, and 12 bits of offset.
    expect(part.address.map(({ value }) => value)).toEqual([0, 0, 0, 0x41, 0x234]);
    const leaf = part.steps.at(-1)!;
    expect(leaf.index).toBe(0x41);
    // The sixteen pages from 0x40000 on are leaves of that table, nothing else is.
    expect([...leaf.occupancy!].flatMap((kind, at) => (kind === 2 ? [at] : []))).toEqual(
      Array.from({ length: 16 }, (_, n) => 0x40 + n),
    );
  });

  test('served by the IOTLB from a 2 MiB entry has a 21-bit offset, as its first walk had', async () => {
    const big = [...SMALL, 'driver 02:00.0 vfio-pci', 'nic = BIND ctx 02:00.0', 'hwpt = ATTACH nic ioas'];
    const map = ['buf = mmap qemu 2M', 'IOAS_MAP ioas buf iova=0x200000 rw'];
    const dma = ['dma 02:00.0 read 0x212340 8', 'dma 02:00.0 read 0x212340 8'];
    const { lookups } = await load(createEngine(), [...big, ...map, ...dma].join('\n'));
    const [walked, cached] = lookups.map((lookup) => lookup.parts[0]!);
    expect([walked!.from, cached!.from]).toEqual(['walk', 'iotlb']);
    expect(walked!.address.map(({ bits, value }) => [bits, value])).toEqual([
      [9, 0],
      [9, 0],
      [9, 1],
      [21, 0x12340],
    ]);
    expect(cached!.address).toEqual(walked!.address);
  });

  test('into the interrupt range is a message; with remapping on, one in the old format is blocked', async () => {
    // Spec: VT-d, section 5.1.4 "Interrupt-Remapping": compatibility-format requests are blocked, reason 25h.
    const script = [
      ...MAPPED,
      'dma 02:00.0 write 0xfee00000 4 ! FAULT',
      'dma 02:00.0 write 0xfee00000 64 ! FAULT',
    ];
    const { results } = await load(createEngine(), script.join('\n'));
    expect(results.slice(-2).map((result) => result.result)).toEqual([
      'fault 0x25: Blocked a compatibility format interrupt request',
      'not an interrupt message',
    ]);
  });

  test('that crosses pages stops at the first that is refused', async () => {
    const { lookups, results } = await load(
      createEngine(),
      [...MAPPED, 'dma 02:00.0 write 0x4f000 0x3000 ! FAULT'].join('\n'),
    );
    expect(results.at(-1)).toMatchObject({ status: 'fault', ok: true });
    expect(lookups[0]!.parts.map((part) => part.fault?.reason ?? null)).toEqual([null, 5]);
    // As drivers/iommu/intel/dmar.c dmar_fault_do_one() prints it.
    expect(lookups[0]!.parts[1]!.fault!.kernelLine).toBe(
      'DMAR: [DMA Write NO_PASID] Request device [02:00.0] fault addr 0x50000 [fault reason 0x05] PTE Write access is not set',
    );
  });

  test('of a device without an IOMMU goes where it says', async () => {
    const script = ['machine bare iommu=none', 'pci 02:00.0 endpoint', 'dma 02:00.0 write 0x1000 4'];
    const { results, set } = await load(createEngine(), script.join('\n'));
    expect(results.at(-1)?.result).toBe('PA 0x1000, not translated');
    expect(set.map((object) => object.type)).toEqual(['device']);
  });
});

describe('gestures', () => {
  test('targets: what a drop would do, without doing it', async () => {
    const engine = createEngine();
    const before = await load(engine, [...SMALL, 'other = IOAS_ALLOC ctx'].join('\n'));
    expect(await engine.targets('dev:0000:02:00.0')).toMatchObject([
      {
        targetId: 'ioas:1.1',
        action: 'attach',
        ok: true,
        lines: ['driver 02:00.0 vfio-pci', 'dev = BIND ctx 02:00.0', 'hwpt = ATTACH dev ioas'],
      },
      { targetId: 'ioas:1.2', ok: true },
    ]);
    const after = batchOf(await engine.append(['note "nothing happened"']));
    expect(after.set).toEqual([]);
    expect(after.cursor).toBe(before.cursor + 1);
  });

  test('targets of an attached device: replace; and the reason against a bridge', async () => {
    const engine = createEngine();
    await load(engine, [...MAPPED, 'other = IOAS_ALLOC ctx'].join('\n'));
    const targets = await engine.targets('dev:0000:02:00.0');
    expect(targets.find((target) => target.targetId === 'ioas:1.4')).toMatchObject({
      action: 'replace',
      ok: true,
      lines: ['hwpt2 = REPLACE nic other'],
    });
    // vfio_pci_core_register_device(): vfio-pci takes type 0 headers only.
    const bridge = await engine.targets('dev:0000:00:1c.0');
    expect(bridge[0]).toMatchObject({ ok: false, errno: 'EINVAL', culprit: 'dev:0000:00:1c.0' });
  });

  test('a line that makes no sense is reported and not kept; what came before it stays', async () => {
    const engine = createEngine();
    await load(engine, SMALL.join('\n'));
    const batch = batchOf(
      await engine.append(['ioas2 = IOAS_ALLOC ctx', 'DESTROY nobody', 'ioas3 = IOAS_ALLOC ctx']),
    );
    expect(batch.results.map((result) => result.status)).toEqual(['ok', 'error']);
    expect(batch.cursor).toBe(SMALL.length + 1);
    const next = batchOf(await engine.append(['ioas3 = IOAS_ALLOC ctx']));
    expect(next.results[0]).toMatchObject({ line: SMALL.length + 2, result: 'IOAS 3' });
  });

  test('a cache that cannot be built is a mistake of the line, not of the engine', async () => {
    const { results } = await load(createEngine(), 'machine m iotlb=3x5');
    expect(results[0]).toMatchObject({
      status: 'error',
      result: 'sets and ways of a cache are powers of two',
    });
  });

  test('a wrong line in a loaded script leaves the others standing', async () => {
    const { results } = await load(
      createEngine(),
      ['machine m', 'pci nonsense', 'pci 02:00.0 endpoint', 'boot'].join('\n'),
    );
    expect(results.map((result) => result.status)).toEqual(['ok', 'error', 'ok', 'ok']);
    expect(results[1]?.column).toBe(5);
  });

  test('tryLines changes nothing', async () => {
    const engine = createEngine();
    await load(engine, SMALL.join('\n'));
    expect(await engine.tryLines(['DESTROY ioas', 'DESTROY ioas'])).toMatchObject([
      { ok: true },
      { errno: 'ENOENT' },
    ]);
    expect(batchOf(await engine.append(['DESTROY ioas'])).results[0]?.ok).toBe(true);
  });
});
