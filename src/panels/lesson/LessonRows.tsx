import { CircleCheck } from 'lucide-react';
import { useLesson } from '../../lessons/current';
import type { Lesson } from '../../lessons/lesson';
import { openLesson } from '../../lessons/open';
import { useApp } from '../../store';
import { DIFFICULTY_WORDS } from '../../words/panels/card';
import { LESSON } from '../../words/panels/lesson';
import './lesson-cards.css';

/** Lessons in a line each, for the gallery: one tab stop, arrows go on from there. */
export function LessonRows({ lessons }: { readonly lessons: readonly Lesson[] }) {
  return (
    <ul className="lesson-rows" aria-label={LESSON.lessons}>
      {lessons.map((lesson, index) => (
        <li key={lesson.id}>
          <LessonRow lesson={lesson} first={index === 0} />
        </li>
      ))}
    </ul>
  );
}

function LessonRow({ lesson, first }: { readonly lesson: Lesson; readonly first: boolean }) {
  const { id, title, summary, difficulty, minutes, steps } = lesson;
  const at = useLesson((state) => state.progress[id]?.at);
  const openDialog = useApp((state) => state.actions.openDialog);
  return (
    <button
      type="button"
      className="lesson-row"
      tabIndex={first ? 0 : -1}
      aria-description={summary}
      onClick={() => {
        openDialog(null);
        void openLesson(id);
      }}
    >
      <b>{title}</b>
      <small>
        {DIFFICULTY_WORDS[difficulty]} · {LESSON.minutes(minutes)}
        {at !== undefined && ` · ${LESSON.progress(at, steps.length)}`}
        {at !== undefined && at >= steps.length && <CircleCheck size={13} aria-hidden="true" />}
      </small>
      {at !== undefined && at < steps.length && <progress value={at} max={steps.length} aria-hidden="true" />}
    </button>
  );
}
