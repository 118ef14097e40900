import { describe, expect, it, vi } from 'vitest';
import { createFakeEngine } from '../testing/fake-engine';
import { FakeWorker } from '../testing/fake-worker';
import type { EngineApi, RunAsk } from '../worker/api';
import { createEngineClient, LIMITS } from '../worker/client';
import { createAppStore } from './create';
import { linesOf } from './script';
import type { AppState } from './types';

/** A page over an engine that answers `run` in parts of so many lines; `asks`: what it was asked for. */
async function opened(script: string, cursor: number | null = null, part = Infinity) {
  const workers: FakeWorker[] = [];
  const asks: RunAsk[] = [];
  const spawn = () => {
    const fake = createFakeEngine({ part });
    const engine: EngineApi = {
      ...fake,
      run: (ask) => {
        asks.push(ask);
        return fake.run(ask);
      },
    };
    const worker = new FakeWorker(engine);
    workers.push(worker);
    return worker;
  };
  const store = createAppStore(createEngineClient(spawn, LIMITS));
  await store.getState().actions.start({ script, cursor, selection: null });
  return { store, workers, asks, actions: store.getState().actions };
}

/** As soon as the state is such. */
const until = ({ store }: Awaited<ReturnType<typeof opened>>, holds: (state: AppState) => boolean) =>
  new Promise<void>((resolve) => {
    const stop = store.subscribe((state) => {
      if (!holds(state)) return;
      stop();
      resolve();
    });
  });

const scripts = (branches: readonly { readonly script: string }[]): readonly string[] =>
  branches.map(({ script }) => script);

describe('what the engine is asked for', () => {
  it('lines that the page knows are not told again, and their world comes as a difference', async () => {
    const { store, asks, actions } = await opened('a\nb\nc');
    await actions.seek(1);
    expect(asks.at(-1)).toMatchObject({ cursor: 1, known: 3, epoch: 1 });
    await actions.seek(3);
    expect(store.getState().results.map(({ text }) => text)).toEqual(['a', 'b', 'c']);
  });

  it('a changed script begins where it differs', async () => {
    const { store, asks, actions } = await opened('a\nb\nc\nd');
    await actions.replaceScript('a\nb\nC\nd');
    expect(asks.at(-1)).toMatchObject({ known: 2 });
    expect(store.getState().results.map(({ text }) => text)).toEqual(['a', 'b', 'C', 'd']);
    await actions.undo();
    expect(asks.at(-1)).toMatchObject({ known: 4 });
    expect(store.getState().results.map(({ text }) => text)).toEqual(['a', 'b', 'c', 'd']);
  });

  it('a thing that is moved changes no result but its own line', async () => {
    const { store, asks, actions } = await opened('a\nplace ioas 1 2\ndma 01:00.0 write 0x300040 64');
    const before = store.getState().lookups;
    await actions.place('ioas:1.2', 30, 40);
    expect(asks.at(-1)).toMatchObject({ known: 3 });
    const { known, lookups } = store.getState();
    expect(known.map(({ text }) => text)[1]).toBe('place ioas 30 40');
    expect(lookups).toBe(before);
  });

  it('one that is placed in the past moves what is known of later lines to their new numbers', async () => {
    const { store, actions } = await opened('a\nb\ndma 01:00.0 write 0x300040 64');
    await actions.seek(1);
    await actions.place('ioas:1.2', 30, 40);
    const { script, known, seen } = store.getState();
    expect(linesOf(script)).toEqual(['a', 'place ioas 30 40', 'b', 'dma 01:00.0 write 0x300040 64']);
    expect(known.map(({ line, text }) => `${line} ${text}`)).toEqual(
      linesOf(script).map((text, index) => `${index + 1} ${text}`),
    );
    expect(seen.lookups.map(({ line }) => line)).toEqual([4]);
  });

  it('look-ups beyond the cursor stay known', async () => {
    const { store, actions } = await opened('a\ndma 01:00.0 write 0x300040 64');
    const [lookup] = store.getState().lookups;
    await actions.seek(1);
    expect(store.getState()).toMatchObject({ lookups: [], seen: { lookups: [{ line: 2 }] } });
    await actions.seek(2);
    expect(store.getState().lookups[0]).toBe(lookup);
  });
});

describe('a long run', () => {
  it('shows each part as it comes, and is complete', async () => {
    const { store, asks, actions } = await opened('a\nb\nc\nd', 0, 1);
    const cursors: number[] = [];
    store.subscribe(({ cursor }) => cursors.push(cursor));
    await actions.seek(4);
    expect(asks.slice(-4).map(({ known }) => known)).toEqual([0, 1, 2, 3]);
    expect(cursors).toEqual(expect.arrayContaining([1, 2, 3, 4]));
    expect(store.getState().results).toHaveLength(4);
  });

  it('ends where a newer wish finds it', async () => {
    const page = await opened('a\nb\nc\nd\ne\nf', 0, 1);
    const { store, asks, actions } = page;
    const far = actions.seek(6);
    await until(page, ({ cursor }) => cursor === 1);
    await Promise.all([far, actions.seek(0)]);
    expect(store.getState().cursor).toBe(0);
    expect(asks.length).toBeLessThan(7);
  });

  it('of a new script shows nothing before it is all there; stopped, the old script stays and the engine goes back', async () => {
    const { store, asks, actions } = await opened('a\nb', null, 1);
    const replaced = actions.replaceScript('1\n2\n3\n4\n5\n6');
    const cursors = new Set<number>();
    store.subscribe(({ cursor }) => cursors.add(cursor));
    while (asks.at(-1)?.known !== 2) await new Promise((resolve) => setTimeout(resolve));
    actions.stop();
    expect(await replaced).toBe(false);
    expect([...cursors]).toEqual([2]);
    expect(store.getState()).toMatchObject({ script: 'a\nb', cursor: 2, undo: [] });
    expect(asks.at(-1)).toMatchObject({ script: 'a\nb', cursor: 2 });
    await actions.act(['c']);
    expect(store.getState().script).toBe('a\nb\nc');
  });
});

describe('acting in the past', () => {
  it('leaves the future as a branch; undo brings it back, and redo leaves it again', async () => {
    const { store, actions } = await opened('a\nb\nc');
    await actions.seek(1);
    await actions.act(['d']);
    expect(store.getState().branches).toMatchObject([
      { script: 'a\nb\nc', forkedAt: 1, cursor: 1, lines: 3 },
    ]);
    await actions.undo();
    expect(store.getState()).toMatchObject({ script: 'a\nb\nc', branches: [] });
    await actions.redo();
    expect(store.getState().script).toBe('a\nd');
    expect(scripts(store.getState().branches)).toEqual(['a\nb\nc']);
  });

  it('at the end leaves no branch', async () => {
    const { store, actions } = await opened('a');
    await actions.act(['b']);
    await actions.act(['nonsense']);
    expect(store.getState().branches).toEqual([]);
  });

  it('the same future is one branch, the newest first, and no more than a dozen are kept', async () => {
    const { store, actions } = await opened('a\nb');
    for (let n = 0; n < 20; n++) {
      await actions.seek(1);
      await actions.act([`x${n}`]);
    }
    const { branches } = store.getState();
    expect(branches).toHaveLength(12);
    expect(branches[0]?.script).toBe('a\nx18');
    await actions.openBranch(branches[0]!.id);
    expect(scripts(store.getState().branches)).toEqual(
      expect.arrayContaining(['a\nx19', 'a\nx17']) as string[],
    );
    expect(new Set(scripts(store.getState().branches)).size).toBe(store.getState().branches.length);
  });

  it('an opened branch is the script, where time stood in it; the script becomes a branch, and undo goes back', async () => {
    const { store, actions } = await opened('a\nb\nc');
    await actions.seek(1);
    await actions.act(['d']);
    await actions.openBranch(store.getState().branches[0]!.id);
    expect(store.getState()).toMatchObject({ script: 'a\nb\nc', cursor: 1 });
    expect(scripts(store.getState().branches)).toEqual(['a\nd']);
    await actions.undo();
    expect(store.getState().script).toBe('a\nd');
    actions.dropBranch(store.getState().branches[0]!.id);
    expect(store.getState().branches).toEqual([]);
  });

  it('what an opened branch comes to is still known', async () => {
    const { store, asks, actions } = await opened('a\nb\nc');
    await actions.seek(1);
    await actions.act(['d']);
    await actions.openBranch(store.getState().branches[0]!.id);
    expect(asks.at(-1)).toMatchObject({ known: 3 });
    expect(store.getState().known).toHaveLength(3);
  });
});

const REFUSED = 'driver 01:00.1 snd_hda_intel ! EBUSY';
const FAULTS = 'dma 01:00.0 read 0xdead 4 ! FAULT';

describe('breakpoints', () => {
  it('stop a run, say why, and are passed by the next', async () => {
    const { store, actions } = await opened(`a\n${REFUSED}\nb\n${FAULTS}\nc`, 0);
    actions.setBreakpoints([{ kind: 'refusal' }, { kind: 'fault' }]);
    await actions.runTo('next-break');
    expect(store.getState()).toMatchObject({
      cursor: 2,
      playback: { running: false, rushing: false, stoppedBy: { line: 2 } },
    });
    await actions.runTo('next-break');
    expect(store.getState()).toMatchObject({ cursor: 4, playback: { stoppedBy: { line: 4 } } });
    await actions.runTo('next-break');
    expect(store.getState()).toMatchObject({ cursor: 5, playback: { stoppedBy: null } });
  });

  it('running to the end passes them', async () => {
    const { store, actions } = await opened(`a\n${FAULTS}\nc`, 0);
    actions.setBreakpoints([{ kind: 'fault' }]);
    await actions.runTo('end');
    expect(store.getState()).toMatchObject({ cursor: 3, playback: { stoppedBy: null, running: false } });
  });

  it('stop what plays line by line', async () => {
    const { store, actions } = await opened('a\nb\nc\nd', 0);
    actions.setBreakpoints([{ kind: 'line', line: 2 }]);
    actions.setPlayback({ speed: 200 });
    actions.togglePlay();
    await vi.waitFor(() => expect(store.getState().playback.stoppedBy).toMatchObject({ line: 2 }));
    expect(store.getState()).toMatchObject({ cursor: 2, playback: { running: false } });
  });

  it('Pause ends a run where it has come to', async () => {
    const page = await opened('a\nb\nc\nd\ne\nf', 0, 1);
    const { store, actions } = page;
    const running = actions.runTo('end');
    await until(page, ({ cursor }) => cursor === 2);
    actions.togglePlay();
    await running;
    expect(store.getState().cursor).toBeLessThan(6);
    expect(store.getState().playback).toMatchObject({ running: false, rushing: false });
  });
});

describe('other moments', () => {
  it('are read without going there', async () => {
    const { store, actions } = await opened('a\nb');
    const before = store.getState();
    const moment = await actions.readMoment(1);
    expect(Object.keys(moment?.objects ?? {}).length).toBeGreaterThan(0);
    expect((await actions.readMoment(0))?.objects).toEqual({});
    expect(await actions.readMemoryAt(1, 2, 3)).toEqual(Uint8Array.of(3, 4, 5));
    expect(store.getState()).toBe(before);
  });

  it('events within a line are stepped through, and forgotten when time moves', async () => {
    const { store, actions } = await opened('a\ndma 01:00.0 write 0x300040 64');
    const event = () => store.getState().playback.event;
    for (const expected of [0, 1, 1]) {
      actions.stepEvent(1);
      expect(event()).toBe(expected);
    }
    actions.stepEvent(-1);
    actions.stepEvent(-1);
    expect(event()).toBeNull();
    actions.stepEvent(1);
    await actions.seek(1);
    expect(event()).toBeNull();
    actions.stepEvent(1);
    expect(event()).toBeNull(); // nothing happened in line 1
  });
});

describe('a crash', () => {
  it('costs nothing: script, cursor, selection, branches, breakpoints, undo and playback are as they were', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'], shouldAdvanceTime: true });
    const { store, workers, asks, actions } = await opened('a\nb\ndma 01:00.0 write 0x300040 64');
    await actions.seek(1);
    await actions.act(['c', 'dma 01:00.0 write 0x300040 64']);
    actions.setPlayback({ playing: false, step: 3 });
    actions.setBreakpoints([{ kind: 'fault' }]);
    actions.select('ioas:1.2');
    const before = store.getState();
    workers[0]!.fail('error');
    await vi.advanceTimersByTimeAsync(1000);
    await vi.waitFor(() => expect(store.getState().engine.status).toBe('ready'));
    const { epoch, engine, connecting, known, seen, actions: _, ...after } = store.getState();
    expect(after).toEqual(expect.objectContaining({ script: 'a\nc\ndma 01:00.0 write 0x300040 64' }));
    for (const key of Object.keys(after) as (keyof typeof after)[])
      expect({ key, value: after[key] }).toEqual({ key, value: before[key] });
    expect(known).toEqual(before.known);
    // The page knows what the lines came to: the new worker need not tell it again.
    expect(asks.at(-1)).toMatchObject({ known: 3, epoch: 0 });
    await actions.undo();
    expect(store.getState().script).toBe('a\nb\ndma 01:00.0 write 0x300040 64');
    void [epoch, engine, connecting, seen];
    vi.useRealTimers();
  });

  it('while a run goes on leaves the page where it has come to', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'], shouldAdvanceTime: true });
    const page = await opened('a\nb\nc\nd\ne\nf', 0, 1);
    const { store, workers, actions } = page;
    const running = actions.runTo('end');
    await until(page, ({ cursor }) => cursor === 2);
    workers[0]!.fail('error');
    await running;
    expect(store.getState().playback).toMatchObject({ running: false, rushing: false });
    const { cursor } = store.getState();
    await vi.advanceTimersByTimeAsync(1000);
    await vi.waitFor(() => expect(store.getState().engine.status).toBe('ready'));
    expect(store.getState().cursor).toBe(cursor);
    vi.useRealTimers();
  });
});
