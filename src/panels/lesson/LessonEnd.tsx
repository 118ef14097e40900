import { openLesson } from '../../lessons/open';
import { leaveLesson } from '../../lessons/run';
import type { Lesson } from '../../lessons/lesson';
import { Button } from '../../ui/Button';
import { LessonCards } from './LessonCards';
import { LESSON } from '../../words/panels/lesson';

interface LessonEndProps {
  readonly lesson: Lesson;
  readonly done: readonly number[];
}

export function LessonEnd({ lesson, done }: LessonEndProps) {
  const tasks = lesson.steps.flatMap(({ checks }, at) => (checks.length > 0 ? [at] : []));
  return (
    <div className="lesson-body">
      <p>{LESSON.solved(tasks.filter((at) => done.includes(at)).length, tasks.length)}</p>
      <div className="row">
        <Button onClick={() => void leaveLesson()}>{LESSON.leave}</Button>
        <Button look="quiet" onClick={() => void openLesson(lesson.id, 1)}>
          {LESSON.again}
        </Button>
      </div>
      <h3>{LESSON.then}</h3>
      <LessonCards after={lesson.order} most={3} />
    </div>
  );
}
