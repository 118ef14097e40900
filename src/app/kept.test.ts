import { describe, expect, it } from 'vitest';
import { createAppStore } from '../store/create';
import { FakeWorker } from '../testing/fake-worker';
import { createEngineClient } from '../worker/client';
import { createEngine } from '../worker/engine';
import { keptOf, parseKept, type Kept } from './kept';

const branch = (script: string) => ({ script, forkedAt: 1, cursor: 2, lines: 2 });
const kept: Kept = {
  script: 'a\nb',
  branches: [branch('a\nc')],
  breakpoints: [{ kind: 'line', line: 3 }, { kind: 'fault' }, { kind: 'change', id: 'hwpt:1.3' }],
};

describe('what outlives a reload', () => {
  it('comes back as it was', () => {
    expect(parseKept(JSON.parse(JSON.stringify(kept)))).toEqual(kept);
  });

  it('leaves the oldest branches behind where all do not fit', () => {
    const long = 'x'.repeat(400_000);
    const branches = ['1', '2', '3'].map((name, at) => ({ ...branch(name + long), id: at }));
    const found = keptOf({ script: 's', branches, breakpoints: [] });
    expect(found.branches.map(({ script }) => script[0])).toEqual(['1', '2']);
  });

  it('takes nothing from storage that is not what it says', () => {
    for (const value of [null, 7, 'a', [], {}, { ...kept, script: 1 }, { ...kept, branches: null }])
      expect(parseKept(value)).toBeNull();
    const broken = {
      script: 'a',
      branches: [null, { script: 1 }, { ...branch('a\nc'), cursor: 'x' }],
      breakpoints: ['fault', { kind: 'line' }, { kind: 'change', id: 3 }, { kind: 'whim' }],
    };
    expect(parseKept(broken)).toEqual({ script: 'a', branches: [], breakpoints: [] });
  });

  it('a branch of before the reload can be opened', async () => {
    const store = createAppStore(createEngineClient(() => new FakeWorker(createEngine())));
    const script = 'machine "one" iommu=vtd\npci 00:02.0 endpoint id=8086:15f3';
    await store.getState().actions.start({ script, cursor: null, selection: null });
    const other = 'machine "one" iommu=vtd\npci 00:03.0 endpoint id=8086:15f3';
    store.getState().actions.restoreBranches([{ ...branch(other), id: 0 }]);
    const [found] = store.getState().branches;
    expect(found?.script).toBe(other);
    await store.getState().actions.openBranch(found!.id);
    expect(store.getState().script).toBe(other);
    expect(Object.keys(store.getState().objects)).toContain('dev:0000:00:03.0');
  });
});
