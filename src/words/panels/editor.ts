import { counted } from '../counted';

/** The whole script as text. */
export const EDITOR = {
  title: 'Script',
  description: 'One action a line. Running it replaces the scene in one undoable step.',
  lines: (n: number) => counted(n, 'line'),
  linesNotRun: (n: number) => `${counted(n, 'line')}, not run yet`,
  undoAll: 'Undo all',
  tidyTip: 'One space between words, two before a comment (Shift Alt F)',
  tidy: 'Tidy up',
  save: 'Save as a file',
  run: 'Run {keys}',
  write: (word: string) => `Write ${word}`,
  more: (n: number) => `and ${n} more`,
  keys: '{tab} takes what is offered, else leaves the editor. {f8} goes to the next problem, {f9} stops playing after a line, {find} finds.',
  stopsHere: 'Playing stops after this line',
  outcome: { fault: 'fault', waits: 'waits', deadlock: 'deadlock', mismatch: 'not so' },
  ends: {
    fault: 'it faults',
    waits: 'it waits',
    deadlock: 'it waits for ever',
    mismatch: 'it is not so',
  },
  noSense: 'this line makes no sense',
  succeeds: 'it succeeds',
  came: (how: string, why: string) => `${how}: ${why}`,
  expected: (expected: string, came: string) => `expected ${expected}, but ${came}`,
} as const;
