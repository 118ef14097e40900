import { describe, expect, it } from 'vitest';
import { version } from '../../package.json';
import { lastActions, reportOf } from './report';

const failure = { what: 'The canvas could not be shown', why: 'x is null', stack: 'TypeError: x\n  at draw' };
const state = {
  script: 'machine\nboot\nATTACH dev ioas',
  cursor: 2,
  selection: 'dev:0000:01:00.0',
  panel: 'walk',
  undo: ['', 'machine\nboot'],
  engine: { status: 'ready' },
} as const;

describe('a report', () => {
  const report = reportOf(failure, state, 'Firefox 128');

  it('has all that somebody else needs to see the same: version, error, place in time, and script', () => {
    expect(report.split('\n')[0]).toBe(`IOMMU Playground ${version}: The canvas could not be shown`);
    for (const part of ['x is null', 'at draw', 'Firefox 128', 'after line 2 of 3', 'dev:0000:01:00.0'])
      expect(report).toContain(part);
    expect(report.trimEnd().endsWith(`Script:\n${state.script}`)).toBe(true);
  });

  it('tells the last actions, newest first', () => {
    expect(lastActions(state)).toEqual(['- line 3: wrote ATTACH dev ioas', '- line 1: wrote machine ⏎ boot']);
  });

  it('tells a change in the middle, and what was taken away', () => {
    expect(lastActions({ script: 'a\nnew\nc', undo: ['a\nb\nc', 'a\nc'] })).toEqual([
      '- line 2: wrote new',
      '- line 2: took away b',
    ]);
  });

  it('does not tell more of a long gesture than can be read: the script has it', () => {
    const script = Array.from({ length: 100 }, (_, n) => `line ${n}`).join('\n');
    expect(lastActions({ script, undo: [''] })[0]).toContain('line 3 ⏎ … 96 more');
  });

  it('says so when nothing was done, and there is no stack', () => {
    const text = reportOf({ ...failure, stack: null }, { ...state, undo: [], script: '' }, 'Firefox 128');
    expect(text).toContain('newest first:\n- none');
    expect(text).toContain('after line 2 of 0');
  });
});
