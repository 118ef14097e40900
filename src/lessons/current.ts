import { create } from 'zustand';
import type { Begun } from './evidence';
import type { Lesson } from './lesson';
import type { Verdict } from './predicates/predicate';
import type { AllProgress } from './progress';

/** The lesson that is open. Small, for the page asks whether there is one before anything of lessons is loaded. */
export interface Current {
  readonly lesson: Lesson;
  /** The step; as many as there are steps: the end. */
  readonly at: number;
  /** Null while the step's machine is being made. */
  readonly begun: Begun | null;
  /** Of each check: how it stands now. */
  readonly verdicts: readonly Verdict[];
  /** Of each check: it was met since the step began. */
  readonly met: readonly boolean[];
  /** Hints shown. */
  readonly hints: number;
  /** The learner has opened something else meanwhile. */
  readonly strayed: boolean;
  /** What was there before the lesson. */
  readonly own: { readonly script: string; readonly cursor: number } | null;
}

interface LessonState {
  readonly current: Current | null;
  readonly progress: AllProgress;
}

export const useLesson = create<LessonState>()(() => ({ current: null, progress: {} }));

/** All that the step asks for was done. */
export const isDone = ({ met }: Pick<Current, 'met'>): boolean => met.every((each) => each);
