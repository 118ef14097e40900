import type { About } from '../gallery/about';
import type { Check } from './check';
import type { Block } from './prose';

/** A lesson: a scenario, what is told about it, and what the learner has to bring about. format.ts reads it from its file. */
export interface Lesson extends About {
  /** The file's name without its end. */
  readonly id: string;
  readonly title: string;
  readonly summary: string;
  readonly minutes: number;
  /** Where it stands in the list. */
  readonly order: number;
  readonly steps: readonly Step[];
}

export interface Step {
  readonly title: string;
  readonly blocks: readonly Block[];
  /** It begins with a machine of its own, whatever was there before. */
  readonly fresh: boolean;
  /** Lines that it begins with. */
  readonly setup: readonly string[];
  readonly looks: readonly Look[];
  /** None: there is only something to read. */
  readonly checks: readonly Check[];
  /** From a nudge to nearly the answer; shown one by one. */
  readonly hints: readonly string[];
  /** Lines after which all checks are met: one way among many. */
  readonly solution: readonly string[];
  /** The solution is a whole script, not lines behind the present one. */
  readonly rewrites: boolean;
  /** Line of the file. */
  readonly line: number;
}

/** Where to look. Something to select is selected when the step begins; the others are offered. */
export type Look =
  | { readonly kind: 'select'; readonly name: string }
  | { readonly kind: 'panel'; readonly panel: string }
  | { readonly kind: 'line'; readonly line: number }
  | { readonly kind: 'look-up' };

/** The script as it is when a step begins, where everything before was solved as its file does. */
export function scriptAt({ steps }: Pick<Lesson, 'steps'>, at: number): readonly string[] {
  const step = steps[at];
  if (step === undefined) return [];
  const before = step.fresh || at === 0 ? [] : solvedAt({ steps }, at - 1);
  return [...before, ...step.setup];
}

/** The script as its file's solution of a step leaves it. */
export function solvedAt(lesson: Pick<Lesson, 'steps'>, at: number): readonly string[] {
  const step = lesson.steps[at];
  if (step?.rewrites === true) return step.solution;
  return [...scriptAt(lesson, at), ...(step?.solution ?? [])];
}
