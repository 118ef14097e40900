import { counted } from '../counted';

/** What the memory panel says. */
export const MEMORY_WORDS = {
  address: 'Physical address',
  show: 'Show',
  back: 'Back to where you were',
  earlier: 'Earlier',
  later: 'Later',
  empty: 'Type an address, or click one in a walk, a cache or a buffer.',
  reading: 'Reading…',
  grid: 'Bytes of memory, eight at a time',
  keys: 'Arrows go from word to word, with Shift they select, Enter goes where a word points, Ctrl C copies.',
  free: 'Nobody has this memory.',
  none: 'There is no memory here.',
  frame: 'What it is used for',
  follow: (address: string) => `Go to ${address}`,
  at: (address: string) => `At ${address}`,
  selection: 'Selection',
  level: (table: string, level: number) => `${table}, level ${level}`,
  copyBytes: 'Copy bytes',
  copyWords: 'Copy words',
  strip: 'Show on the memory strip',
  letGo: 'Let go',
  asText: 'as text',
  asNumber: 'as a number',
  undecoded:
    'Fire a DMA through this table: then its entries are shown bit by bit, the way the hardware reads them.',
  zero: 'All zeroes: as an entry, not present.',
} as const;

export const bytesFrom = (bytes: number): string => `${bytes} bytes`;
export const noMemoryAt = (address: string): string => `There is no memory at ${address}.`;
export const selectedWords = (words: number, size: string): string =>
  words <= 1 ? 'the word' : `${counted(words, 'word')}, ${size}`;
export const copiedWords = (n: number): string => counted(n, 'word');
