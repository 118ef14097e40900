import { CircleCheck } from 'lucide-react';
import { useLesson } from '../../lessons/current';
import type { Lesson } from '../../lessons/lesson';
import { openLesson } from '../../lessons/open';
import { useApp } from '../../store';
import { useLessons } from './use-lessons';
import { DIFFICULTY_WORDS } from '../../words/panels/card';
import { LESSON } from '../../words/panels/lesson';
import './lesson-cards.css';

interface LessonCardsProps {
  /** Only those behind this one in their order. */
  readonly after?: number;
  readonly most?: number;
  readonly fits?: (lesson: Lesson) => boolean;
}

/** Lessons to open, each with how far the learner has come. */
export function LessonCards({ after = 0, most = Infinity, fits = () => true }: LessonCardsProps) {
  const lessons = useLessons();
  const shown = (lessons ?? []).filter((lesson) => lesson.order > after && fits(lesson)).slice(0, most);
  if (shown.length === 0) return null;
  return (
    <ul className="lesson-grid" aria-label={LESSON.lessons}>
      {shown.map((lesson) => (
        <li key={lesson.id}>
          <LessonCard lesson={lesson} />
        </li>
      ))}
    </ul>
  );
}

export function LessonCard({ lesson }: { readonly lesson: Lesson }) {
  const progress = useLesson((state) => state.progress[lesson.id]);
  const openDialog = useApp((state) => state.actions.openDialog);
  const { id, title, summary, difficulty, minutes, steps } = lesson;
  const finished = progress !== undefined && progress.at >= steps.length;
  return (
    <button
      type="button"
      className="lesson-card"
      onClick={() => {
        openDialog(null);
        void openLesson(id);
      }}
    >
      <b>{title}</b>
      <p className="prose">{summary}</p>
      <p className="lesson-card-about">
        {finished && <CircleCheck size={13} aria-hidden="true" />}
        {DIFFICULTY_WORDS[difficulty]} · {LESSON.minutes(minutes)}
        {progress !== undefined && <> · {LESSON.progress(progress.at, steps.length)}</>}
      </p>
      {progress !== undefined && !finished && (
        <progress value={progress.at} max={steps.length} aria-hidden="true" />
      )}
    </button>
  );
}
