import { Circle, CircleCheck } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { isDone, type Current } from '../../lessons/current';
import type { Step } from '../../lessons/lesson';
import { LESSON } from '../../words/panels/lesson';

interface ChecksProps {
  readonly step: Step;
  readonly current: Current;
}

/** What is wanted, and of what is not so yet, what is seen instead. */
export function Checks({ step, current }: ChecksProps) {
  if (step.checks.length === 0) return <p className="prose lesson-only-read">{LESSON.onlyRead}</p>;
  return (
    <section aria-labelledby="lesson-checks">
      <h4 id="lesson-checks">{LESSON.toDo}</h4>
      <ul className="lesson-checks">
        {step.checks.map(({ goal }, at) => {
          const met = current.met[at] === true;
          const Icon = met ? CircleCheck : Circle;
          const seen = current.verdicts[at]?.seen ?? '';
          return (
            <li key={goal} data-met={met}>
              <Icon size={16} strokeWidth={2} aria-hidden="true" />
              <div>
                <span>{goal}</span>
                {met && <span className="sr-only"> ({LESSON.doneMark})</span>}
                {!met && seen !== '' && (
                  <p className="lesson-seen">
                    {LESSON.now} {seen}
                  </p>
                )}
              </div>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

/** Says aloud what has just been met. */
export function MetAloud({ step, current }: ChecksProps) {
  const [said, setSaid] = useState('');
  const before = useRef<readonly boolean[]>([]);
  const { met } = current;
  useEffect(() => {
    const news = step.checks.filter((_, at) => met[at] === true && before.current[at] === false);
    before.current = met;
    if (news.length === 0) return;
    const all = isDone({ met }) ? [LESSON.allMet] : [];
    setSaid([...news.map(({ goal }) => LESSON.met(goal)), ...all].join(' '));
  }, [met, step]);
  return (
    <p className="sr-only" role="status" aria-live="polite">
      {said}
    </p>
  );
}
