import { describe, expect, it } from 'vitest';
import { createAppStore } from '../store/create';
import { FakeWorker } from '../testing/fake-worker';
import { createEngineClient } from '../worker/client';
import { createEngine } from '../worker/engine';
import { stateOf, whereDiffers } from './link-state';

const SCRIPT = `machine q35 iommu=vtd
pci 00:02.0 rciep id=8086:15f3 class=020000 driver=vfio-pci
boot
ctx = open /dev/iommu
ioas = IOAS_ALLOC ctx
dev = BIND ctx 00:02.0
hwpt = ATTACH dev ioas
buf = mmap qemu 64K
IOAS_MAP ioas buf iova=0x100000 rw
dma 00:02.0 write 0x100040 64
dma 00:02.0 write 0x900000 64 ! FAULT
IOAS_UNMAP ioas iova=0x100000 len=64K`;
const LINES = SCRIPT.split('\n');

async function ran(script: string, cursor: number | null = null) {
  const store = createAppStore(createEngineClient(() => new FakeWorker(createEngine())));
  await store.getState().actions.start({ script, cursor, selection: null });
  return store;
}
const stateAfter = async (script: string, cursor: number | null = null): Promise<string> =>
  stateOf((await ran(script, cursor)).getState());

describe('what a scene came to', () => {
  it('is the same every time', async () => {
    const state = await stateAfter(SCRIPT);
    expect(state).toMatch(/^[A-Za-z0-9_-]{12}$/);
    expect(await stateAfter(SCRIPT)).toBe(state);
  });

  it('is the same however a person came there: by lines, by undo, by time travel', async () => {
    const store = await ran(LINES.slice(0, 5).join('\n'));
    const { act, undo, seek } = store.getState().actions;
    await act(LINES.slice(5, 8));
    await act(['other = IOAS_ALLOC ctx']);
    await undo();
    await act(LINES.slice(8));
    expect(store.getState().script).toBe(SCRIPT);
    await seek(3);
    expect(stateOf(store.getState())).toBe(await stateAfter(SCRIPT, 3));
    await seek(LINES.length);
    expect(stateOf(store.getState())).toBe(await stateAfter(SCRIPT));
  });

  it('is another one at another time, and of lines that come to something else', async () => {
    const state = await stateAfter(SCRIPT);
    expect(await stateAfter(SCRIPT, 9)).not.toBe(state);
    expect(await stateAfter(SCRIPT.replace('0x900000', '0x100040'))).not.toBe(state);
    expect(await stateAfter(SCRIPT.replace('dev ioas', 'dev nothing'))).not.toBe(state);
  });

  it('does not hang on words: notes and names of cards may change', async () => {
    expect(await stateAfter(SCRIPT.replace('driver=vfio-pci', 'driver=vfio-pci "Network card"'))).toBe(
      await stateAfter(SCRIPT),
    );
  });
});

describe('where two versions part', () => {
  it('is found to an eighth of the lines', async () => {
    // An engine that answers line 10 otherwise stands for another version.
    const [here, there] = [(await ran(SCRIPT)).getState(), (await ran(SCRIPT)).getState()];
    const results = there.results.map((result) =>
      result.line === 10 ? { ...result, status: 'errno' as const, errno: 'EINVAL' as const } : result,
    );
    const differs = whereDiffers(stateOf({ ...there, results }), stateOf(here), LINES.length);
    expect(differs).toEqual({ kind: 'lines', from: 10, to: 11 });
  });

  it('is the world where all lines answer the same', async () => {
    const here = (await ran(SCRIPT)).getState();
    const without = Object.fromEntries(Object.entries(here.objects).filter(([id]) => id !== 'ioas:1.1'));
    const theirs = stateOf({ ...here, objects: without });
    expect(whereDiffers(theirs, stateOf(here), LINES.length)).toEqual({ kind: 'world' });
  });

  it('is nowhere where they are the same, and not told where the other one says something else', async () => {
    const state = await stateAfter(SCRIPT);
    expect(whereDiffers(state, state, LINES.length)).toBeNull();
    expect(whereDiffers('AAAA', state, LINES.length)).toBeNull();
  });

  it('of an empty script there is nothing to tell', async () => {
    expect(await stateAfter('')).toMatch(/^[A-Za-z0-9_-]{4}$/);
  });
});
