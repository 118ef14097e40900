import { describe, expect, it } from 'vitest';
import type { StepBatch } from '../engine/sim/batch';
import { faultingLookup, gpu } from '../testing/fixture-world';
import { commit, redone, undone } from './history';
import { endOfPart, positionAt, totalSteps } from './playback';
import { changesMachine, linesOf, nativeDriver, normalizeScript, noteAt, sceneTitle } from './script';
import { nextStop, stopsOf } from './transport';
import { NOTHING_KNOWN } from './knowledge';
import { applyBatch, emptyWorld } from './world';

const batch = (change: Partial<StepBatch>): StepBatch => ({
  epoch: 1,
  reset: false,
  cursor: 0,
  results: [],
  set: [],
  removed: [],
  lookups: [],
  traffic: [],
  events: [],
  ...change,
});

describe('applyBatch', () => {
  it('drops a batch of an older epoch', () => {
    const world = { ...emptyWorld, epoch: 3 };
    expect(applyBatch(world, NOTHING_KNOWN, batch({ epoch: 2, cursor: 9 }))).toBeNull();
  });

  it('sets, removes, and forgets everything on reset', () => {
    const one = applyBatch(emptyWorld, NOTHING_KNOWN, batch({ set: [gpu] }))!;
    expect(Object.keys(one.objects)).toEqual([gpu.id]);
    expect(applyBatch(one, one, batch({ removed: [gpu.id] }))?.objects).toEqual({});
    expect(applyBatch(one, one, batch({ reset: true, epoch: 2 }))?.objects).toEqual({});
  });
});

describe('history', () => {
  it('a new gesture ends redo; the same text is no gesture', () => {
    const start = { script: 'a', undo: [], redo: ['z'] };
    expect(commit(start, 'a')).toBe(start);
    expect(commit(start, 'b')).toEqual({ script: 'b', undo: ['a'], redo: [] });
  });

  it('undo and redo are each other’s inverse', () => {
    const two = commit(commit({ script: 'a', undo: [], redo: [] }, 'b'), 'c');
    expect(redone(undone(two)!)).toEqual(two);
    expect(undone({ script: 'a', undo: [], redo: [] })).toBeNull();
  });

  it('a coalesced gesture shares the step of the one before', () => {
    const placed = commit({ script: 'a', undo: [], redo: [] }, 'b');
    expect(commit(placed, 'c', true)).toEqual({ script: 'c', undo: ['a'], redo: [] });
  });
});

describe('a look-up’s position', () => {
  it('counts through the parts', () => {
    expect(totalSteps(faultingLookup)).toBe(7);
    expect(endOfPart(faultingLookup, 0)).toBe(2);
    expect(positionAt(faultingLookup, 2)).toMatchObject({ part: 0, shown: 2, partDone: true });
    expect(positionAt(faultingLookup, 3)).toMatchObject({ part: 1, shown: 1, partDone: false });
    expect(positionAt(faultingLookup, 99)).toMatchObject({ part: 1, shown: 5, partDone: true });
  });
});

describe('script text', () => {
  it('an empty script has no line, and a last line break adds none', () => {
    expect(linesOf('')).toEqual([]);
    expect(linesOf('a\r\n\nb\n\n')).toEqual(['a', '', 'b']);
    expect(normalizeScript('a\r\n')).toBe('a');
  });

  it('the title is the machine’s name, else the first note', () => {
    expect(sceneTitle('# title: A scene\nmachine q35')).toBe('A scene');
    expect(sceneTitle('# x\nmachine q35 iommu=vtd\nnote "n"')).toBe('q35');
    expect(sceneTitle('machine "two \\"functions\\"" iommu=vtd')).toBe('two "functions"');
    expect(sceneTitle('note "first"\nnote "second"')).toBe('first');
    expect(sceneTitle('machine iommu=vtd')).toBeNull();
  });

  it('the note that holds is the last that has run', () => {
    const script = 'machine m\nnote "a"\nnote "b"';
    expect([1, 2, 3].map((cursor) => noteAt(script, cursor))).toEqual([null, 'a', 'b']);
  });

  it('a device’s own driver is what the script gave it before vfio', () => {
    const script = 'pci 01:00.0 endpoint driver=nvme "x"\ndriver 0000:01:00.0 vfio-pci\ndriver 02:00.0 igc';
    expect(nativeDriver(script, '0000:01:00.0')).toBe('nvme');
    expect(nativeDriver(script, '0000:02:00.0')).toBe('igc');
    expect(nativeDriver(script, '0000:03:00.0')).toBeNull();
  });

  it('without a driver of its own it gets that of its twin, else of its class', () => {
    const script = [
      'pci 01:00.0 endpoint id=8086:0001 class=020000 driver=ice',
      'pci 01:00.1 endpoint id=8086:0001 class=020000 vf=01:00.0',
      'pci 02:00.0 endpoint id=1b36:0010 class=010802',
    ].join('\n');
    expect(nativeDriver(script, '0000:01:00.1')).toBe('ice');
    expect(nativeDriver(script, '0000:02:00.0')).toBe('nvme');
  });

  it('playing passes lines that only set the scene', () => {
    const script = 'machine m\npci a\n\n# c\ndriver x y\nplace x 1 2';
    expect(nextStop(script, 0)).toBe(5);
    expect(nextStop(script, 5)).toBe(6);
    expect(stopsOf(script)).toEqual([0, 5, 6]);
    expect(stopsOf('')).toEqual([0]);
  });

  it('playing passes lines that only look', () => {
    const script =
      'machine m\nboot\nexpect group:0 ownerCount 0\nnote "n"\nx = IOAS_ALLOC ctx\nexpect-log "y"';
    expect(stopsOf(script)).toEqual([0, 2, 5, 6]);
  });

  it('lines that look, tell or place leave the machine as it is', () => {
    const looks = ['', '# c', 'note "n"', 'expect a b 1', 'expect-log "t"', 'cat /sys/x', 'place x 1 2'];
    expect(looks.map(changesMachine)).toEqual(looks.map(() => false));
    const acts = ['boot', 'x = IOAS_ALLOC ctx', 'echo DMA /sys/x', 'dma 01:00.0 read 0x1000 4', 'DETACH dev'];
    expect(acts.map(changesMachine)).toEqual(acts.map(() => true));
  });
});
