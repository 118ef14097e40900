import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { LESSONS } from '../lessons/all';
import { useLesson } from '../lessons/current';
import { useOffline } from '../offline/state';
import { createAppStore } from '../store/create';
import type { AppState, Spot } from '../store/types';
import { FakeWorker } from '../testing/fake-worker';
import { createEngineClient } from '../worker/client';
import { createEngine } from '../worker/engine';
import { COMMANDS, commandsFor } from './index';
import { search } from './search';

/** Scenes that together have a subject for every command. */
const SCENES = [
  'scenes/gpu-and-its-audio',
  'scenes/a-guests-iommu',
  'iommus/vtd-4-pasids-and-sva',
  'iommus/vtd-6-page-requests',
  'iommus/smmu-2-nested',
  'rows/c17-where-page-numbers-are',
  'rows/d5-unplug-while-allocating',
  'groups/groups-9-platform',
  'iommus/amd-4-dirty-pages',
  'rows/d8-where-detach-leads',
];

/** What no scene of the gallery comes to. */
const MORE = `machine "More" iommu=vtd
pci 00:02.0 root-port bus=02-02 acs=SV+RR+CR+UF
pci 02:00.0 endpoint id=8086:15f3 driver=vfio-pci
boot
ctx = open /dev/iommu
ioas = IOAS_ALLOC ctx
buf = mmap qemu 2M
IOAS_MAP ioas buf iova=0x200000 rw
dev = BIND ctx 02:00.0
hwpt = ATTACH dev ioas
place 02:00.0 10 10
t = traffic 02:00.0 read 0x200000-0x2fffff 64`;

/** A reset that lasts, and a call that another one waits for. */
const WAITING = `machine "Waiting" iommu=vtd
pci 00:02.0 root-port bus=02-02 acs=SV+RR+CR+UF
pci 02:00.0 endpoint id=8086:15f3 driver=vfio-pci ats
boot
pci_dev_reset_iommu_prepare 02:00.0
pci_dev_reset_iommu_done 02:00.0
ctx = open /dev/iommu
ioas = IOAS_ALLOC ctx
dev = BIND ctx 02:00.0
t1 = begin x = HWPT_ALLOC dev ioas
UNBIND dev ! WAITS`;

async function open(script: string) {
  const store = createAppStore(createEngineClient(() => new FakeWorker(createEngine())));
  await store.getState().actions.start({ script, cursor: null, selection: null });
  return store;
}

const scene = (name: string): string =>
  readFileSync(new URL(`../gallery/${name}.iommu`, import.meta.url), 'utf8').trimEnd();

/** Commands that the palette finds by their label, ready, while this is selected. */
const found = (app: AppState, label: string, subject: readonly string[]): readonly string[] =>
  search(app, label, subject).flatMap(({ items }) =>
    items.flatMap((item) => (item.kind === 'command' && item.readiness === 'ready' ? [item.command.id] : [])),
  );

/** Addresses that a person may hold: memory, an area, and free IOVAs. */
const heldIn = ({ objects }: AppState): readonly Spot[] => {
  const ioas = Object.values(objects).find((object) => object.type === 'ioas' && object.areas.length > 0);
  const area = ioas?.type === 'ioas' ? ioas.areas[0] : undefined;
  const memory = { space: 'memory', start: 0x1000n, last: 0x1fffn, held: true } as const;
  if (ioas === undefined || area === undefined) return [memory];
  const free = { space: ioas.id, start: 0x7000_0000n, last: 0x7000_0fffn, held: true };
  return [memory, free, { space: ioas.id, start: area.iova, last: area.last, held: true }];
};

it('the keyboard reaches every command: by its words in the palette, ready to run in some scene', async () => {
  const missing = new Set(COMMANDS.map(({ id }) => id));
  const look = (app: AppState): void => {
    const ids = Object.keys(app.objects);
    const typeOf = (id: string) => app.objects[id]?.type;
    const some = ids.filter((id, n) => ids.findIndex((each) => typeOf(each) === typeOf(id)) === n);
    for (const subject of [[], ...ids.map((id) => [id]), some])
      for (const { command, readiness } of commandsFor(app, subject))
        if (
          readiness === 'ready' &&
          missing.has(command.id) &&
          found(app, command.label, subject).includes(command.id)
        )
          missing.delete(command.id);
  };
  const isDone = (): boolean => missing.size === 0;
  const empty = (await open('')).getState();
  look(empty);
  const lesson = LESSONS.find(({ steps }) => (steps[1]?.hints.length ?? 0) > 0);
  if (lesson === undefined) throw new Error('no lesson has a hint in its second step');
  const begun = { begun: null, verdicts: [], met: [], hints: 0, strayed: false, own: null };
  useLesson.setState({ current: { lesson, at: 1, ...begun } });
  look(empty);
  useLesson.setState({ current: null });
  for (const keeping of ['off', 'ready'] as const) {
    useOffline.setState({ keeping, update: 'waiting' });
    look(empty);
  }
  for (const script of [MORE, WAITING, ...SCENES.map(scene)]) {
    const store = await open(script);
    const app = store.getState();
    look(app);
    const [first = null] = Object.keys(app.objects);
    const branch = { id: 1, script: '', forkedAt: 1, cursor: 1, lines: 1 };
    const history = { undo: [''], redo: [''], branches: [branch], breakpoints: [{ kind: 'fault' } as const] };
    look({ ...app, ...history, followed: first, selection: first });
    for (const spot of heldIn(app)) look({ ...app, spot });
    look({ ...app, timeWindow: { from: 1, to: 2, at: 2 } });
    look({ ...app, engine: { status: 'crashed', why: '', restarting: false } });
    // Some can be done in the middle of something alone.
    for (let cursor = app.cursor - 1; !isDone() && cursor > 0; cursor--) {
      await store.getState().actions.seek(cursor);
      look(store.getState());
    }
  }
  expect([...missing]).toEqual([]);
}, 120_000);
