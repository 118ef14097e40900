import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { AppState } from '../store/types';

/** The page's store, over the real engine without a worker. */
vi.mock('../store', async () => {
  const { createAppStore } = await import('../store/create');
  const { createEngine } = await import('../worker/engine');
  const { createEngineClient } = await import('../worker/client');
  const { FakeWorker } = await import('../testing/fake-worker');
  return { useApp: createAppStore(createEngineClient(() => new FakeWorker(createEngine()))) };
});
const { useApp } = await import('../store');
const { useLesson } = await import('./current');
const { openLesson } = await import('./open');
const { backToLesson, leaveLesson, nextStep, previousStep, restartStep, showHint, showSolution } =
  await import('./run');

const app = (): AppState => useApp.getState();
const now = () => {
  const { current } = useLesson.getState();
  if (current === null) throw new Error('no lesson is open');
  return current;
};
const OWN = 'machine mine\npci 00:02.0 rciep\nboot';

let kept: Map<string, string>;
beforeEach(async () => {
  kept = new Map();
  vi.stubGlobal('localStorage', {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
  });
  useLesson.setState({ current: null, progress: {} });
  if (app().engine.status !== 'ready')
    await app().actions.start({ script: OWN, cursor: null, selection: null });
  else await app().actions.replaceScript(OWN);
});

describe('a lesson', () => {
  it('opens with its machine and its panel; leaving brings back what was there', async () => {
    expect(await openLesson('first-steps')).toBe(true);
    expect(app().script).toContain('machine "First steps"');
    expect(app().panel).toBe('lesson');
    await leaveLesson();
    expect(useLesson.getState().current).toBeNull();
    expect(app().script).toBe(OWN);
    expect(app().panel).toBe('object');
  });

  it('one that there is not changes nothing, and says so', async () => {
    expect(await openLesson('nonsense')).toBe(false);
    expect(app().notice).toMatchObject({ tone: 'error', text: expect.stringContaining('nonsense') });
    expect(app().script).toBe(OWN);
  });

  it('begins at a step with what the steps before lead to; a step beyond the last is the last', async () => {
    await openLesson('first-steps', 5);
    expect(now()).toMatchObject({ at: 4, met: [false] });
    expect(app().script).toContain('IOAS_MAP ioas buf');
    await openLesson('first-steps', 99);
    expect(now().at).toBe(6);
  });
});

describe('a check', () => {
  it('is met by any way there: other names, other addresses, a gesture', async () => {
    await openLesson('first-steps', 2);
    await app().actions.act(['driver 01:00.0 vfio-pci', 'mine = open /dev/iommu']);
    expect(now().met).toEqual([true, false]);
    expect(now().verdicts[1]?.seen).toContain('not bound');
    await app().actions.act(['card = BIND mine 01:00.0']);
    expect(now().met).toEqual([true, true]);
  });

  it('is met by an edit of an earlier line, too', async () => {
    await openLesson('page-table-walk', 6);
    const lines = app().script.split('\n');
    const at = lines.findIndex((line) => line.startsWith('IOAS_MAP ioas buf'));
    // What was mapped to be written is for reading only: the DMA of step 1, further down, faults now.
    lines[at] = 'IOAS_MAP ioas buf iova=0x100000 r';
    await app().actions.replaceScript(lines.join('\n'));
    expect(now().met).toEqual([true, true]);
  });

  it('once met stays met, also when undone; the step begun again asks again', async () => {
    await openLesson('first-steps', 4);
    await app().actions.act(['a = IOAS_ALLOC ctx', 'm = mmap qemu 1M', 'IOAS_MAP a m rw']);
    expect(now().met).toEqual([true, true]);
    await app().actions.undo();
    expect(now().verdicts.map(({ met }) => met)).toEqual([false, false]);
    expect(now().met).toEqual([true, true]);
    await restartStep();
    expect(now().met).toEqual([false, false]);
  });

  it('of where to look is met by looking there', async () => {
    await openLesson('page-table-walk', 2);
    expect(now().met).toEqual([false]);
    app().actions.showPanel('walk');
    expect(now().met).toEqual([true]);
  });
});

describe('going on', () => {
  it('keeps what the learner has made, where the step was done', async () => {
    await openLesson('first-steps', 4);
    await app().actions.act([
      'ioas = IOAS_ALLOC ctx',
      'm = mmap qemu 1M',
      'IOAS_MAP ioas m iova=0x700000 rw',
    ]);
    await nextStep();
    expect(now().at).toBe(4);
    expect(app().script).toContain('iova=0x700000');
  });

  it('begins with the lesson’s own machine, where it was skipped', async () => {
    await openLesson('first-steps', 4);
    await nextStep();
    expect(app().script).toContain('IOAS_MAP ioas buf');
    await previousStep();
    expect(now().at).toBe(3);
    expect(app().script).not.toContain('IOAS_MAP');
  });

  it('begins with the lesson’s own machine, where the learner’s cannot take the step’s lines', async () => {
    await openLesson('pasid-and-page-faults', 6);
    await app().actions.act(['dma 00:02.0 write 0x200040 64']);
    expect(now().met).toEqual([true]);
    await app().actions.act(['DETACH dev', 'DESTROY guest', 'close faults']);
    await nextStep(); // begins with “read faults”, and that queue is gone
    expect(now().at).toBe(6);
    expect(app().script).not.toContain('close faults');
    expect(app().results.at(-1)).toMatchObject({ text: 'read faults', status: 'ok' });
    expect(app().notice?.text).toContain('another way');
    await app().actions.undo();
    expect(app().script).toContain('close faults');
  });

  it('ends after the last step', async () => {
    await openLesson('page-table-walk', 7);
    await nextStep();
    expect(now().at).toBe(7);
    expect(useLesson.getState().progress['page-table-walk']?.at).toBe(7);
  });
});

describe('help', () => {
  it('hints come one by one', async () => {
    await openLesson('first-steps', 2);
    showHint();
    expect(now().hints).toBe(1);
    showHint();
    showHint();
    expect(now().hints).toBe(2);
  });

  it('“Show me” is lines that undo takes away again', async () => {
    await openLesson('first-steps', 2);
    const before = app().script;
    await showSolution();
    expect(now().met).toEqual([true, true]);
    await app().actions.undo();
    expect(app().script).toBe(before);
  });

  it('“Show me” works where the learner has gone another way', async () => {
    await openLesson('first-steps', 5);
    await app().actions.act(['DESTROY ioas']);
    await showSolution();
    expect(now().met).toEqual([true]);
  });

  it('“Show me” rewrites the script where that is what it takes', async () => {
    await openLesson('one-group', 4);
    await showSolution();
    expect(now().met).toEqual([true]);
  });
});

describe('what is kept', () => {
  it('is where the learner was, with their own lines', async () => {
    await openLesson('first-steps', 2);
    await app().actions.act(['driver 01:00.0 vfio-pci']);
    await leaveLesson();
    expect(app().script).toBe(OWN);
    await openLesson('first-steps');
    expect(now()).toMatchObject({ at: 1, met: [true, false] });
    expect(app().script).toContain('driver 01:00.0 vfio-pci');
    expect(JSON.parse(kept.get('iommu-playground-lessons') ?? '')).toHaveProperty('first-steps.at', 1);
  });

  it('in an embed is nothing', async () => {
    vi.stubGlobal('location', { search: '?embed' });
    await openLesson('first-steps', 2);
    await leaveLesson();
    vi.unstubAllGlobals();
    expect(kept.size).toBe(0);
  });

  it('breaks nothing where storage throws, or holds nonsense', async () => {
    kept.set(
      'iommu-playground-lessons',
      '{"first-steps":{"at":-1},"nested":7,"a-fault":{"at":1,"done":[0,"x"],"script":5}}',
    );
    await openLesson('a-fault');
    expect(now().at).toBe(0);
    vi.stubGlobal('localStorage', {
      getItem: () => {
        throw new Error('forbidden');
      },
      setItem: () => {
        throw new Error('forbidden');
      },
    });
    expect(await openLesson('first-steps')).toBe(true);
    await leaveLesson();
  });

  it('something else that was opened meanwhile is not the lesson’s, and stays when it is left', async () => {
    await openLesson('first-steps', 2);
    await app().actions.act(['driver 01:00.0 vfio-pci']);
    await app().actions.replaceScript('machine other\nboot');
    expect(now().strayed).toBe(true);
    await backToLesson();
    expect(now()).toMatchObject({ strayed: false, at: 1 });
    expect(app().script).toContain('driver 01:00.0 vfio-pci');
    await app().actions.replaceScript('machine other\nboot');
    await leaveLesson();
    expect(app().script).toBe('machine other\nboot');
  });
});
