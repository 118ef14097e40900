import { GraduationCap } from 'lucide-react';
import { useLesson } from '../../lessons/current';
import { openLesson } from '../../lessons/open';
import { useApp } from '../../store';
import { useLessons } from './use-lessons';
import { LESSON } from '../../words/panels/lesson';

/** For the empty page: the first lesson, or the one that the learner is in. */
export function LearnDoor() {
  const lessons = useLessons();
  const progress = useLesson((state) => state.progress);
  const starting = useApp((state) => state.engine.status === 'starting');
  const begun = lessons?.findLast(({ id, steps }) => {
    const at = progress[id]?.at ?? 0;
    return at > 0 && at < steps.length;
  });
  const fresh = lessons?.find(({ id }) => progress[id] === undefined) ?? lessons?.[0];
  const lesson = begun ?? fresh;
  return (
    <button
      type="button"
      className="start-door start-learn"
      disabled={starting || lesson === undefined}
      onClick={() => void (lesson && openLesson(lesson.id))}
    >
      <GraduationCap size={20} strokeWidth={1.75} aria-hidden="true" />
      <span>
        <b>{begun === undefined ? `${LESSON.learn}: ${fresh?.title ?? '…'}` : LESSON.goOn(begun.title)}</b>
        <span className="prose">
          {begun === undefined
            ? LESSON.learnMore
            : LESSON.progress(progress[begun.id]?.at ?? 0, begun.steps.length)}
        </span>
      </span>
    </button>
  );
}
