import type { Evidence } from '../evidence';

/** What a check is made of: the words and options behind its name. */
export interface Args {
  readonly words: readonly string[];
  readonly options: Readonly<Record<string, string>>;
}

/** Whether it is so, and what is seen now: a sentence for who wants to know why not. */
export interface Verdict {
  readonly met: boolean;
  readonly seen: string;
}

/** What of the page, not of the machine, meets a check. */
export interface ViewWish {
  readonly panel?: string;
  readonly select?: string;
}

/** One word of the vocabulary. It looks at the engine's objects and at what lines came to, never at how they were written. */
export interface Predicate {
  readonly usage: string;
  /** How many words at least and at most. */
  readonly words: readonly [number, number];
  readonly options: readonly string[];
  /** What is wrong with the words themselves, if anything. */
  readonly problem?: (args: Args) => string | null;
  readonly judge: (args: Args, evidence: Evidence) => Verdict;
  readonly wish?: (args: Args) => ViewWish;
}

export const verdict = (met: boolean, seen: string): Verdict => ({ met, seen });
export const unmet = (seen: string): Verdict => ({ met: false, seen });
