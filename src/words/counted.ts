import { grouped } from './locale';

/** `1 page`, `1,024 pages`: a number with its noun, for a language that has two forms. */
export const counted = (n: number, noun: string, nouns = `${noun}s`): string =>
  `${grouped(n)} ${n === 1 ? noun : nouns}`;
