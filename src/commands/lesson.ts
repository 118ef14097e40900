import { useLesson } from '../lessons/current';
import { onNothing, type Command } from './command';

/** Lessons: choosing one, and going through it. What they need comes with the first of them. */
const run = () => import('../lessons/run');

const isOpen = (): boolean => useLesson.getState().current !== null;

export const LESSON_COMMANDS: readonly Command[] = [
  onNothing({
    id: 'lesson.open',
    menu: 'never',
    label: 'Open a lesson',
    group: 'open',
    words: 'learn tutorial course teach beginner how',
    show: (_none, { actions }) => actions.openDialog('gallery'),
  }),
  onNothing({
    id: 'lesson.next',
    menu: 'never',
    label: 'Next step of the lesson',
    group: 'open',
    words: 'learn go on skip',
    fits: isOpen,
    show: async () => (await run()).nextStep(),
  }),
  onNothing({
    id: 'lesson.back',
    menu: 'never',
    label: 'Previous step of the lesson',
    group: 'open',
    words: 'learn',
    fits: isOpen,
    against: () => (useLesson.getState().current?.at === 0 ? 'This is its first step.' : null),
    show: async () => (await run()).previousStep(),
  }),
  onNothing({
    id: 'lesson.restart',
    menu: 'never',
    label: 'Begin this step of the lesson again',
    group: 'open',
    words: 'learn restart reset',
    fits: isOpen,
    show: async () => (await run()).restartStep(),
  }),
  onNothing({
    id: 'lesson.hint',
    menu: 'never',
    label: 'Hint for this step of the lesson',
    group: 'open',
    words: 'learn help',
    fits: isOpen,
    against: () => {
      const { lesson, at, hints } = useLesson.getState().current ?? { lesson: null, at: 0, hints: 0 };
      return (lesson?.steps[at]?.hints.length ?? 0) > hints ? null : 'There is no more hint for this step.';
    },
    show: async () => (await run()).showHint(),
  }),
  onNothing({
    id: 'lesson.show',
    menu: 'never',
    label: 'Show me how this step is done',
    group: 'open',
    words: 'learn solution solve answer',
    fits: isOpen,
    show: async () => (await run()).showSolution(),
  }),
  onNothing({
    id: 'lesson.leave',
    menu: 'never',
    label: 'Leave the lesson',
    group: 'open',
    words: 'learn end close',
    help: 'What was there before it comes back',
    fits: isOpen,
    show: async () => (await run()).leaveLesson(),
  }),
];
