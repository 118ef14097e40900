import { beforeAll, expect, it } from 'vitest';
import { createAppStore } from '../store/create';
import type { AppState } from '../store/types';
import { createFakeEngine } from '../testing/fake-engine';
import { FakeWorker } from '../testing/fake-worker';
import { audio, gpu } from '../testing/fixture-world';
import { createEngineClient } from '../worker/client';
import { search, suggestions, type Section } from './search';

let app: AppState;

beforeAll(async () => {
  const store = createAppStore(createEngineClient(() => new FakeWorker(createFakeEngine())));
  await store.getState().actions.start({ script: 'machine', cursor: null, selection: null });
  app = store.getState();
});

const first = (sections: readonly Section[]) => sections[0]?.items[0];
/** `device.detach dev:…`, or the id of an object. */
const keys = (sections: readonly Section[]) => sections.flatMap(({ items }) => items.map(({ key }) => key));

it('a command and an address are the command for that device', () => {
  expect(first(search(app, 'detach 01:00.0', []))?.key).toBe(`device.detach ${gpu.id}`);
  expect(first(search(app, 'attach 01:00.1', []))?.key).toBe(`device.attach ${audio.id}`);
});

it('the kernel’s name finds what makes that call', () => {
  expect(keys(search(app, 'IOAS_ALLOC', []))[0]).toBe('new.ioas ');
  expect(keys(search(app, 'VFIO_DEVICE_ATTACH_IOMMUFD_PT', [gpu.id]))).toContain(`device.replace ${gpu.id}`);
});

it('an object’s title or name leads to the object', () => {
  expect(first(search(app, 'hwpt 3', []))).toMatchObject({ kind: 'object', key: 'hwpt:1.3' });
  expect(first(search(app, 'buf', [])) ?? null).not.toMatchObject({ kind: 'object', key: 'hwpt:1.3' });
  expect(keys(search(app, 'AD104', []))).toEqual(expect.arrayContaining([gpu.id, audio.id]));
});

it('what is bound is found as its device, once', () => {
  expect(keys(search(app, '01:00.0', [])).filter((key) => key === gpu.id || key === 'idev:1.1')).toEqual([
    gpu.id,
  ]);
});

it('letters in their order are enough', () => {
  expect(keys(search(app, 'dtch', [gpu.id]))).toContain(`device.detach ${gpu.id}`);
});

it('what cannot be done is found too, behind what can, and says why', () => {
  const found = search(app, 'detach 01:00.1', []).flatMap(({ items }) => items);
  expect(found.find(({ key }) => key === `device.detach ${audio.id}`)).toMatchObject({
    readiness: { why: 'It is not attached.' },
  });
  const ready = found.map((item) => item.kind === 'object' || item.readiness === 'ready');
  expect(ready.indexOf(true)).toBeLessThan(Math.max(ready.indexOf(false), 1));
});

it('every verb of the script is found by its name', () => {
  expect(keys(search(app, 'dma_unmap_single', []))[0]).toBe('line.dma_unmap_single ');
});

it('without words: what was done last, then what the selection offers', () => {
  const sections = suggestions(
    app,
    [gpu.id],
    [
      { id: 'device.dma-write', subject: [gpu.id] },
      { id: 'device.remove', subject: ['dev:0000:99:00.0'] },
    ],
  );
  expect(sections.slice(0, 2).map(({ heading }) => heading)).toEqual(['Recent', '01:00.0']);
  expect(sections[0]?.items.map(({ key }) => key)).toEqual([`device.dma-write ${gpu.id}`]);
  expect(keys(sections).filter((key) => key.startsWith('line.'))).toEqual([]);
  expect(new Set(keys(sections)).size).toBe(keys(sections).length);
});
