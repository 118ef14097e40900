import { counted } from '../counted';

/** Where playing stops, and the futures that were left. */
export const TIME_MENUS = {
  breakpoints: 'Breakpoints',
  futures: 'Other futures',
  counted: (what: string, n: number) => `${what}: ${n}`,
  playingStops: 'Playing stops',
  selectHint: 'Select an object, and playing can stop when it changes.',
  open: 'Open it',
  compare: 'Compare its end with now',
  delete: 'Delete it',
  goOn: 'Go on',
  dismiss: 'Dismiss',
} as const;

/** Breakpoints, as a person would ask for them, and why playing stopped. */
export const BREAKS = {
  fault: 'Stop at a fault',
  refusal: 'Stop at a refusal',
  note: 'Stop at every note',
  line: (line: number) => `Stop after line ${line}`,
  change: (object: string) => `Stop when ${object} changes`,
  stoppedAsWished: (line: number) => `Stopped after line ${line}, as you wished.`,
  stopped: (line: number, why: string) => `Stopped after line ${line}: ${why}.`,
  beginning: 'From the beginning',
  after: (line: number) => `After line ${line}`,
  nothingMore: 'nothing more',
  lines: (first: string, n: number) => `${first} … ${counted(n, 'line')}`,
} as const;
