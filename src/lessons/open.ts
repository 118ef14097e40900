import { useApp } from '../store';
import { WORDS } from '../words/lessons';

/**
 * Opens a lesson by its id, as `#lesson=ID:STEP` names it: at a step, counted from 1, or with null where the learner left it.
 * What is there before comes back when the lesson is left. False: there is no such lesson, and a notice says so.
 */
export async function openLesson(id: string, step: number | null = null): Promise<boolean> {
  const [{ lessonById }, { startLesson }] = await Promise.all([import('./all'), import('./run')]);
  const lesson = lessonById(id);
  if (lesson === null) {
    useApp.getState().actions.notify({ tone: 'error', text: WORDS.noLesson(id) });
    return false;
  }
  return startLesson(lesson, step === null ? null : Math.max(0, step - 1));
}
