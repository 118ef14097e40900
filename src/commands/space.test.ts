import { describe, expect, it } from 'vitest';
import { createAppStore } from '../store/create';
import { FakeWorker } from '../testing/fake-worker';
import { createEngineClient } from '../worker/client';
import { createEngine } from '../worker/engine';
import { commandById, runCommand } from './index';

const SCRIPT = `machine "one" iommu=vtd
pci 00:02.0 rciep id=8086:15f3 class=020000 driver=vfio-pci
boot
ctx = open /dev/iommu
ioas = IOAS_ALLOC ctx
dev = BIND ctx 00:02.0
hwpt = ATTACH dev ioas
buf = mmap qemu 64K
IOAS_MAP ioas buf iova=0x200000 rw`;

async function scene() {
  const store = createAppStore(createEngineClient(() => new FakeWorker(createEngine())));
  await store.getState().actions.start({ script: SCRIPT, cursor: null, selection: null });
  return store;
}
const ready = (app: ReturnType<Awaited<ReturnType<typeof scene>>['getState']>, id: string): unknown =>
  commandById(id)?.readiness(app, []);

describe('with addresses of a space held', () => {
  it('the area there is unmapped, whole', async () => {
    const store = await scene();
    store.getState().actions.point({ space: 'ioas:1.1', start: 0x20_1000n, last: 0x20_1fffn, held: true });
    expect(ready(store.getState(), 'spot.map')).toEqual({ why: 'Something is mapped there already.' });
    await runCommand(store.getState(), 'spot.unmap', []);
    expect(store.getState().script.split('\n').at(-1)).toBe('IOAS_UNMAP ioas iova=0x200000 len=0x10000');
    expect(store.getState().results.at(-1)?.status).toBe('ok');
    expect(ready(store.getState(), 'spot.unmap')).toEqual({ why: 'Nothing is mapped there.' });
    expect(ready(store.getState(), 'spot.map')).toBe('ready');
  });

  it('its one device fires there', async () => {
    const store = await scene();
    store.getState().actions.point({ space: 'ioas:1.1', start: 0x20_0000n, last: 0x20_ffffn, held: true });
    await runCommand(store.getState(), 'spot.dma', []);
    expect(store.getState().script.split('\n').at(-1)).toMatch(/^dma .*00:02\.0 write 0x200000 64$/);
    expect(store.getState().results.at(-1)?.status).toBe('ok');
  });
});

it('nothing held, or only pointed at: each says what to do', async () => {
  const store = await scene();
  store.getState().actions.point({ space: 'ioas:1.1', start: 0n, last: 1n, held: false });
  for (const id of ['spot.show', 'spot.bytes', 'spot.dma', 'spot.map', 'spot.unmap', 'spot.let-go'])
    expect(ready(store.getState(), id)).toHaveProperty('why');
});

it('held memory is shown byte by byte, and let go', async () => {
  const store = await scene();
  store.getState().actions.point({ space: 'memory', start: 0x10_8000n, last: 0x10_8fffn, held: true });
  await runCommand(store.getState(), 'spot.bytes', []);
  expect([store.getState().panel, store.getState().memoryPa]).toEqual(['memory', 0x10_8000]);
  await runCommand(store.getState(), 'spot.let-go', []);
  expect(store.getState().spot).toBeNull();
});
