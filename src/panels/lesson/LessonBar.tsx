import { BookOpen, CircleCheck } from 'lucide-react';
import { isDone, useLesson, type Current } from '../../lessons/current';
import { backToLesson, leaveLesson, stepOf } from '../../lessons/run';
import { useApp } from '../../store';
import { Button } from '../../ui/Button';
import { MetAloud } from './Checks';
import { NextButton } from './LessonPanel';
import { LESSON } from '../../words/panels/lesson';
import './lesson.css';

/** The lesson in a line, wherever its panel is not to be seen: what is wanted now, and whether it is met. */
export function LessonBar({ onRead }: { readonly onRead: () => void }) {
  const current = useLesson((state) => state.current);
  const read = useApp((state) => state.panel === 'lesson');
  const showPanel = useApp((state) => state.actions.showPanel);
  if (current === null) return null;
  const goRead = (): void => {
    showPanel('lesson');
    onRead();
  };
  return (
    <section className="lesson-bar" aria-label={LESSON.lesson} data-read={read}>
      {current.strayed ? (
        <>
          <p className="grow">{LESSON.strayed}</p>
          <Button onClick={() => void backToLesson()}>{LESSON.toLesson}</Button>
          <Button look="quiet" onClick={() => void leaveLesson()}>
            {LESSON.leave}
          </Button>
        </>
      ) : (
        <>
          <Wanted current={current} />
          <Button onClick={goRead}>
            <BookOpen size={14} aria-hidden="true" />
            {LESSON.read}
          </Button>
          {stepOf(current) !== null && <NextButton current={current} />}
        </>
      )}
    </section>
  );
}

function Wanted({ current }: { readonly current: Current }) {
  const read = useApp((state) => state.panel === 'lesson');
  const { lesson, at, met, verdicts } = current;
  const step = stepOf(current);
  if (step === null) return <p className="grow">{LESSON.over}</p>;
  const open = step.checks.findIndex((_, index) => met[index] !== true);
  const seen = verdicts[open]?.seen ?? '';
  return (
    <div className="grow lesson-wanted">
      <p className="muted">
        {lesson.title} · {LESSON.stepOf(at + 1, lesson.steps.length)}
        {step.checks.length > 1 && ` · ${met.filter((each) => each).length}/${step.checks.length}`}
      </p>
      {open >= 0 ? (
        <p>
          <b>{step.checks[open]?.goal}.</b> {seen !== '' && <span className="lesson-seen">{seen}</span>}
        </p>
      ) : (
        <p className="lesson-met">
          {isDone(current) && step.checks.length > 0 && <CircleCheck size={15} aria-hidden="true" />}
          {step.checks.length > 0 ? LESSON.allMet : step.title}
        </p>
      )}
      {!read && <MetAloud step={step} current={current} />}
    </div>
  );
}
