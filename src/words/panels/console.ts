import { counted } from '../counted';

/** The line to type. */
export const CONSOLE = {
  noSense: 'this line makes no sense',
  completions: 'Completions',
  placeholder: (example: string) => `Type a line, e.g. ${example}`,
  searching: 'Words of an earlier line',
  label: 'Type a line of the script',
  rest: (n: number) => `${counted(n, 'more line')} after this`,
  looking: 'Looking back',
  noSuch: 'No such line',
  lookingKeys: '↵ takes it, Ctrl R looks further back',
} as const;

/** How a line may be expected to end. */
export const EXPECTED = {
  FAULT: 'the hardware blocks the DMA',
  WAITS: 'another task is in its way',
  DEADLOCK: 'each waits for the other',
  errno: 'the kernel refuses with this errno',
} as const;
