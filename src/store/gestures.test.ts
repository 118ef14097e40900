import { describe, expect, it } from 'vitest';
import { createEngine } from '../worker/engine';
import { FakeWorker } from '../testing/fake-worker';
import { createEngineClient, LIMITS } from '../worker/client';
import { createAppStore } from './create';

/** The store over the real engine: what gestures of the canvas end in. */
const SCENE = `machine "m" iommu=vtd mode=scalable
pci 00:02.0 root-port id=8086:a110 class=060400 bus=02-02 acs=SV+RR+CR+UF driver=pcieport
pci 02:00.0 endpoint id=8086:15f3 class=020000 driver=igc "Network card"
boot
driver 02:00.0 vfio-pci
ctx = open /dev/iommu
ioas = IOAS_ALLOC ctx
other = IOAS_ALLOC ctx
buf = mmap qemu 2M
mdev = ACCESS ioas
dev = BIND ctx 02:00.0
hwpt = HWPT_ALLOC dev ioas`;

async function opened(cursor: number | null = null) {
  const store = createAppStore(createEngineClient(() => new FakeWorker(createEngine()), LIMITS));
  await store.getState().actions.start({ script: SCENE, cursor, selection: null });
  const { actions } = store.getState();
  const idOf = (name: string): string =>
    Object.values(store.getState().objects).find((object) => object.name === name)!.id;
  const tail = (): readonly string[] => store.getState().script.split('\n').slice(SCENE.split('\n').length);
  return { store, actions, idOf, tail };
}

describe('selecting several', () => {
  it('the last one is the selection; one alone is no several', async () => {
    const { store, actions, idOf } = await opened();
    actions.mark([idOf('ioas'), idOf('other'), idOf('ioas')]);
    expect(store.getState()).toMatchObject({
      marked: [idOf('ioas'), idOf('other')],
      selection: idOf('other'),
    });
    actions.mark([idOf('ioas')]);
    expect(store.getState()).toMatchObject({ marked: [], selection: idOf('ioas') });
    actions.mark([idOf('ioas'), idOf('other')]);
    actions.select(idOf('mdev'));
    expect(store.getState()).toMatchObject({ marked: [], selection: idOf('mdev') });
  });

  it('what goes is not selected any more', async () => {
    const { store, actions, idOf } = await opened();
    const [ioas, mdev] = [idOf('ioas'), idOf('mdev')];
    actions.mark([ioas, idOf('other'), mdev]);
    await actions.act(['DESTROY other']);
    expect(store.getState()).toMatchObject({ marked: [ioas, mdev], selection: mdev });
    await actions.act(['access_destroy mdev']);
    expect(store.getState()).toMatchObject({ marked: [], selection: ioas });
  });
});

describe('placing', () => {
  it('several are one step of undo, and so are moves of the same in a row', async () => {
    const { store, actions, idOf, tail } = await opened();
    const places = (x: number) => [
      { id: idOf('ioas'), x, y: 1 },
      { id: idOf('other'), x, y: 2 },
    ];
    await actions.placeAll(places(10));
    await actions.placeAll(places(20));
    expect(tail()).toEqual(['place ioas 20 1', 'place other 20 2']);
    expect(store.getState().objects[idOf('ioas')]?.place).toEqual({ x: 20, y: 1 });
    await actions.undo();
    expect(tail()).toEqual([]);
  });

  it('in the past it holds at once, and what comes later stays', async () => {
    const { store, actions, idOf } = await opened(8);
    await actions.place(idOf('ioas'), 5, 6);
    const { script, cursor, objects, results } = store.getState();
    expect(objects[idOf('ioas')]?.place).toEqual({ x: 5, y: 6 });
    expect(cursor).toBe(9);
    expect(script.split('\n').slice(8, 10)).toEqual(['place ioas 5 6', 'buf = mmap qemu 2M']);
    expect(results).toHaveLength(9);
  });

  it('taking places away leaves the machine as it was', async () => {
    const { store, actions, idOf, tail } = await opened();
    const before = Object.keys(store.getState().objects);
    await actions.place(idOf('ioas'), 5, 6);
    await actions.place(idOf('other'), 7, 8);
    await actions.unplace([idOf('ioas')]);
    expect(tail()).toEqual(['place other 7 8']);
    await actions.unplace(null);
    expect(tail()).toEqual([]);
    expect(Object.keys(store.getState().objects)).toEqual(before);
    await actions.undo();
    expect(tail()).toEqual(['place other 7 8']);
  });
});

describe('connecting from what is no device', () => {
  it('an access may go to every IOAS but its own, and the reason is there before the drop', async () => {
    const { store, actions, idOf, tail } = await opened();
    await actions.startConnecting(idOf('mdev'));
    expect(store.getState().connecting?.targets).toMatchObject([
      { targetId: idOf('ioas'), ok: false, why: 'It reaches this IOAS already.' },
      { targetId: idOf('other'), ok: true, lines: ['access_replace mdev other'] },
    ]);
    await actions.connectTo(idOf('other'));
    expect(tail()).toEqual(['access_replace mdev other']);
  });

  it('memory is mapped where the kernel chooses', async () => {
    const { store, actions, idOf, tail } = await opened();
    await actions.startConnecting('mm:qemu', 'buf');
    await actions.connectTo(idOf('other'));
    expect(tail()).toEqual(['IOAS_MAP other buf rw']);
    const other = store.getState().objects[idOf('other')];
    expect(other?.type === 'ioas' && other.areas).toHaveLength(1);
  });

  it('what the kernel would refuse is known with its errno', async () => {
    const { store, actions, idOf } = await opened();
    const lines = ['x = HWPT_ALLOC dev hwpt type=VTD_S1 data="0x0 0x10000 0x30"'];
    await actions.startCarrying('new:hwpt', [{ targetId: idOf('hwpt'), action: 'make', lines, why: null }]);
    // Linux: iommufd_hwpt_nested_alloc(), the parent is not a nest parent: -EINVAL.
    expect(store.getState().connecting?.targets).toMatchObject([{ ok: false, errno: 'EINVAL' }]);
  });
});

describe('all lines or none', () => {
  it('a refused one leaves everything as it was, and is explained', async () => {
    const { store, actions, tail } = await opened();
    const before = store.getState().objects;
    expect(await actions.actWhole(['DESTROY other', 'DESTROY ioas'])).toBe(false);
    expect(tail()).toEqual([]);
    expect(store.getState().objects).toEqual(before);
    // Linux: iommufd_object_remove(), the object has users.
    expect(store.getState().refusal).toMatchObject({ tried: true, result: { errno: 'EBUSY' } });
  });

  it('without one they are one step of undo', async () => {
    const { actions, tail } = await opened();
    expect(await actions.actWhole(['access_destroy mdev', 'DESTROY hwpt'])).toBe(true);
    expect(tail()).toEqual(['access_destroy mdev', 'DESTROY hwpt']);
    await actions.undo();
    expect(tail()).toEqual([]);
  });
});
