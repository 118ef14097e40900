import { describe, expect, it, vi } from 'vitest';
import { createFakeEngine } from '../testing/fake-engine';
import { FakeWorker } from '../testing/fake-worker';
import { createEngineClient, LIMITS } from '../worker/client';
import { createAppStore } from './create';

async function opened(script = '') {
  const workers: FakeWorker[] = [];
  const spawn = () => {
    const worker = new FakeWorker(createFakeEngine());
    workers.push(worker);
    return worker;
  };
  const store = createAppStore(createEngineClient(spawn, { ...LIMITS, append: 300 }));
  await store.getState().actions.start({ script, cursor: null, selection: null });
  return {
    store,
    workers,
    actions: store.getState().actions,
    lines: () => store.getState().script.split('\n'),
  };
}

describe('a gesture', () => {
  it('appends its lines, as one step of undo', async () => {
    const { store, actions } = await opened('a');
    await actions.act(['b', 'c']);
    expect(store.getState()).toMatchObject({ script: 'a\nb\nc', cursor: 3 });
    await actions.undo();
    expect(store.getState()).toMatchObject({ script: 'a', cursor: 1 });
    await actions.redo();
    expect(store.getState().script).toBe('a\nb\nc');
  });

  it('that the kernel refuses stays in the script, with the errno that it must have, and is explained', async () => {
    const { store, actions } = await opened('a');
    await actions.act(['driver 01:00.1 snd_hda_intel # note']);
    const { script, refusal, results } = store.getState();
    expect(script).toBe('a\ndriver 01:00.1 snd_hda_intel ! EBUSY  # note');
    expect(refusal?.result).toMatchObject({ errno: 'EBUSY', culprit: 'ctx:1' });
    expect(results[1]).toMatchObject({ ok: true, expected: 'EBUSY' });
  });

  it('that is refused half-way remembers what it would have done from there', async () => {
    const { store, actions } = await opened('a');
    await actions.act(['b', 'driver 01:00.1 snd_hda_intel', 'c', 'd']);
    expect(store.getState().script).toBe('a\nb\ndriver 01:00.1 snd_hda_intel ! EBUSY');
    expect(store.getState().refusal?.rest).toEqual(['driver 01:00.1 snd_hda_intel', 'c', 'd']);
  });

  it('whose DMA faults stays, and expects the fault; nobody was refused', async () => {
    const { store, actions } = await opened('a');
    await actions.act(['dma 01:00.0 read 0xdead 4']);
    expect(store.getState()).toMatchObject({ script: 'a\ndma 01:00.0 read 0xdead 4 ! FAULT', refusal: null });
    expect(store.getState().results[1]).toMatchObject({ ok: true, status: 'fault' });
  });

  it('that makes no sense changes nothing but the message', async () => {
    const { store, actions } = await opened('a');
    await actions.act(['nonsense']);
    expect(store.getState()).toMatchObject({ script: 'a', undo: [], notice: { tone: 'error' } });
    expect(store.getState().notice?.text).toContain('column 1');
  });

  it('in the past cuts the future off, and undo brings it back', async () => {
    const { store, actions } = await opened('a\nb\nc');
    await actions.seek(1);
    await actions.act(['d']);
    expect(store.getState().script).toBe('a\nd');
    await actions.undo();
    expect(store.getState().script).toBe('a\nb\nc');
  });

  it('ten at once run one after the other', async () => {
    const { actions, lines } = await opened('a');
    await Promise.all(Array.from({ length: 10 }, (_, n) => actions.act([`line ${n}`])));
    expect(lines()).toEqual(['a', ...Array.from({ length: 10 }, (_, n) => `line ${n}`)]);
  });

  it('undo pressed ten times in a row stops at the beginning', async () => {
    const { store, actions } = await opened('a');
    for (const line of ['b', 'c', 'd']) await actions.act([line]);
    await Promise.all(Array.from({ length: 10 }, () => actions.undo()));
    expect(store.getState().script).toBe('a');
    await Promise.all(Array.from({ length: 10 }, () => actions.redo()));
    expect(store.getState().script).toBe('a\nb\nc\nd');
  });

  it('placing an object again replaces its line and its step of undo', async () => {
    const { store, actions } = await opened('a');
    await actions.place('ioas:1.2', 10, 20);
    await actions.place('ioas:1.2', 30, 40.4);
    expect(store.getState()).toMatchObject({ script: 'a\nplace ioas 30 40', undo: ['a'] });
  });
});

describe('time travel', () => {
  it('moves the cursor, keeps the script and the results to come', async () => {
    const { store, actions } = await opened('a\nb\nc');
    await actions.seek(1);
    const state = store.getState();
    expect(state).toMatchObject({ script: 'a\nb\nc', cursor: 1 });
    expect(state.results).toHaveLength(1);
    expect(state.known).toHaveLength(3);
  });

  it('brings the look-up of its line on stage', async () => {
    const { store, actions } = await opened('a\ndma 01:00.0 write 0x300040 64');
    await actions.seek(1);
    expect(store.getState().playback.lookup).toBeNull();
    await actions.seek(2);
    expect(store.getState().playback).toMatchObject({ lookup: 0, step: 8, playing: false });
  });

  it('a script opened at its end shows its last look-up only while the machine is still as it was', async () => {
    const dma = 'dma 01:00.0 write 0x300040 64';
    const still = await opened(`a\n${dma}\nexpect group:0 ownerCount 0\nnote "n"`);
    expect(still.store.getState().playback).toMatchObject({ lookup: 0, step: 8 });
    const moved = await opened(`a\n${dma}\nDETACH dev`);
    expect(moved.store.getState().playback.lookup).toBeNull();
  });

  it('lines that only change words of memory leave the look-up on stage: it is seen again before it is fired again', async () => {
    const dma = 'dma 01:00.0 write 0x300040 64';
    const { store, actions } = await opened(`a\n${dma}`);
    await actions.act(['poke 0x1000 "0x3"']);
    expect(store.getState().playback).toMatchObject({ lookup: 0, step: 8, playing: false });
    await actions.act(['write_register dmar0 GCMD 0x0']);
    expect(store.getState().playback.lookup).toBe(0);
    await actions.undo();
    expect(store.getState()).toMatchObject({ cursor: 3, playback: { lookup: 0 } });
    await actions.act(['DETACH dev']);
    expect(store.getState().playback.lookup).toBeNull();
  });

  it('of many seeks only the last is run', async () => {
    const { store, actions } = await opened('a\nb\nc\nd');
    await Promise.all([actions.seek(1), actions.seek(2), actions.seek(3)]);
    expect(store.getState()).toMatchObject({ cursor: 3, epoch: 2 });
  });

  it('keeps the identity of objects that did not change', async () => {
    const { store, actions } = await opened('a\nb');
    const before = store.getState().objects['ioas:1.2'];
    await actions.seek(1);
    expect(store.getState().objects['ioas:1.2']).toBe(before);
  });
});

describe('a new script', () => {
  it('that the engine dies of leaves the old one, and the engine comes back with it', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'], shouldAdvanceTime: true });
    const { store, actions, workers } = await opened('a\nb');
    await actions.replaceScript('die');
    expect(store.getState()).toMatchObject({
      script: 'a\nb',
      engine: { status: 'crashed', restarting: true },
    });
    await vi.advanceTimersByTimeAsync(1000);
    await vi.waitFor(() => expect(store.getState().engine.status).toBe('ready'));
    expect(workers).toHaveLength(2);
    await actions.act(['c']);
    expect(store.getState().script).toBe('a\nb\nc');
    vi.useRealTimers();
  });
});

describe('a lost engine', () => {
  it('is restarted by itself once, then only by hand', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'], shouldAdvanceTime: true });
    const { store, actions, workers } = await opened('a');
    workers[0]!.fail('error');
    expect(store.getState().engine).toEqual({ status: 'crashed', why: 'boom', restarting: true });
    await vi.advanceTimersByTimeAsync(1000);
    await vi.waitFor(() => expect(store.getState().engine.status).toBe('ready'));
    workers[1]!.fail('error');
    expect(store.getState().engine).toMatchObject({ status: 'crashed', restarting: false });
    await vi.advanceTimersByTimeAsync(5000);
    expect(workers).toHaveLength(2);
    await actions.restartEngine();
    expect(store.getState().engine.status).toBe('ready');
    vi.useRealTimers();
  });

  it('that hangs is replaced, and the gesture it hung on is not in the script', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'], shouldAdvanceTime: true });
    const { store, actions, workers } = await opened('a');
    await actions.act(['hang']);
    expect(workers[0]!.terminated).toBe(true);
    await vi.advanceTimersByTimeAsync(1000);
    await vi.waitFor(() => expect(store.getState().engine.status).toBe('ready'));
    expect(store.getState().script).toBe('a');
    vi.useRealTimers();
  });
});

describe('connecting', () => {
  it('acts on a legal target', async () => {
    const { actions, lines } = await opened('a');
    await actions.startConnecting('dev:0000:01:00.0');
    await actions.connectTo('ioas:1.2');
    expect(lines().at(-1)).toMatch(/^REPLACE dev ioas/);
  });

  it('acts on an illegal one too: the kernel says no, and why', async () => {
    const { store, actions } = await opened('a');
    await actions.startConnecting('dev:0000:01:00.0');
    await actions.connectTo('hwpt:1.3');
    expect(store.getState().refusal?.result.errno).toBe('EBUSY');
  });

  it('waits for targets that are still on their way, and says when there is none', async () => {
    const { store, actions } = await opened('a');
    void actions.startConnecting('dev:0000:01:00.0');
    await actions.connectTo('mm:qemu');
    expect(store.getState()).toMatchObject({ connecting: null, script: 'a', notice: { tone: 'info' } });
  });

  it('detaches through the bound device', async () => {
    const { actions, lines } = await opened('a');
    await actions.detach('dev:0000:01:00.0');
    expect(lines().at(-1)).toBe('DETACH dev');
  });
});

describe('playing', () => {
  it('steps through the look-up on stage, then to the next line, and back', async () => {
    const { store, actions } = await opened('dma 01:00.0 write 0x300040 64\nb');
    await actions.seek(0);
    await actions.step(1);
    expect(store.getState()).toMatchObject({ cursor: 1, playback: { lookup: 0, step: 0 } });
    for (let n = 0; n < 8; n++) await actions.step(1);
    expect(store.getState().playback.step).toBe(8);
    await actions.step(1);
    expect(store.getState()).toMatchObject({ cursor: 2, playback: { lookup: null } });
    await actions.step(-1);
    expect(store.getState()).toMatchObject({ cursor: 1, playback: { lookup: 0, step: 8 } });
  });

  it('goes by one clock, which stops when nothing is left to play', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'], shouldAdvanceTime: true });
    const { store, actions } = await opened(
      'machine m\npci 01:00.0 endpoint\ndma 01:00.0 write 0x300040 64\nb',
    );
    actions.setPlayback({ speed: 100 });
    actions.togglePlay();
    await vi.waitFor(() => expect(store.getState().playback.running).toBe(true));
    await vi.waitFor(() => {
      vi.advanceTimersByTime(20);
      expect(store.getState()).toMatchObject({ cursor: 4, playback: { playing: false, running: false } });
    });
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });
});

describe('selecting', () => {
  it('shows the object, but for devices and groups while the panels about them are open', async () => {
    const { store, actions } = await opened('a');
    const panelAfter = (id: string): string => {
      actions.select(id);
      return store.getState().panel;
    };
    expect(panelAfter('dev:0000:01:00.0')).toBe('object');
    actions.showPanel('why');
    expect(panelAfter('dev:0000:01:00.1')).toBe('why');
    expect(panelAfter('group:7')).toBe('why');
    expect(panelAfter('ioas:1.2')).toBe('object');
    actions.showPanel('walk');
    expect(panelAfter('group:7')).toBe('object');
  });
});
