import { useLesson } from '../lessons/current';
import { onNothing, type Command } from './command';
import * as says from '../words/commands/lesson';

/** Lessons: choosing one, and going through it. What they need comes with the first of them. */
const run = () => import('../lessons/run');

const isOpen = (): boolean => useLesson.getState().current !== null;

export const LESSON_COMMANDS: readonly Command[] = [
  onNothing({
    id: 'lesson.open',
    menu: 'never',
    label: says.openALesson,
    group: 'open',
    words: says.learnTutorialCourseTeachBeginnerHowFinds,
    show: (_none, { actions }) => actions.openDialog('gallery'),
  }),
  onNothing({
    id: 'lesson.next',
    menu: 'never',
    label: says.nextStepOfTheLesson,
    group: 'open',
    words: says.learnGoOnSkipFinds,
    fits: isOpen,
    show: async () => (await run()).nextStep(),
  }),
  onNothing({
    id: 'lesson.back',
    menu: 'never',
    label: says.previousStepOfTheLesson,
    group: 'open',
    words: says.learnFinds,
    fits: isOpen,
    against: () => (useLesson.getState().current?.at === 0 ? says.thisIsItsFirstStep : null),
    show: async () => (await run()).previousStep(),
  }),
  onNothing({
    id: 'lesson.restart',
    menu: 'never',
    label: says.beginThisStepOfTheLessonAgain,
    group: 'open',
    words: says.learnRestartResetFinds,
    fits: isOpen,
    show: async () => (await run()).restartStep(),
  }),
  onNothing({
    id: 'lesson.hint',
    menu: 'never',
    label: says.hintForThisStepOfTheLesson,
    group: 'open',
    words: says.learnHelpFinds,
    fits: isOpen,
    against: () => {
      const { lesson, at, hints } = useLesson.getState().current ?? { lesson: null, at: 0, hints: 0 };
      return (lesson?.steps[at]?.hints.length ?? 0) > hints ? null : says.thereIsNoMoreHint;
    },
    show: async () => (await run()).showHint(),
  }),
  onNothing({
    id: 'lesson.show',
    menu: 'never',
    label: says.showMeHowThisStepIsDone,
    group: 'open',
    words: says.learnSolutionSolveAnswerFinds,
    fits: isOpen,
    show: async () => (await run()).showSolution(),
  }),
  onNothing({
    id: 'lesson.leave',
    menu: 'never',
    label: says.leaveTheLesson,
    group: 'open',
    words: says.learnEndCloseFinds,
    help: says.whatWasThereBeforeItComesBack,
    fits: isOpen,
    show: async () => (await run()).leaveLesson(),
  }),
];
