import { RotateCcw, X } from 'lucide-react';
import { useEffect, useRef } from 'react';
import { isDone, useLesson, type Current } from '../../lessons/current';
import { parseSpans } from '../../lessons/prose';
import {
  backToLesson,
  leaveLesson,
  nextStep,
  previousStep,
  restartStep,
  showHint,
  showSolution,
  stepOf,
} from '../../lessons/run';
import type { Step } from '../../lessons/lesson';
import { Button, IconButton } from '../../ui/Button';
import { Checks, MetAloud } from './Checks';
import { LessonCards } from './LessonCards';
import { LessonEnd } from './LessonEnd';
import { Looks } from './Looks';
import { Narration, Spans } from './Narration';
import { StepBar } from './StepBar';
import { LESSON } from '../../words/panels/lesson';
import './lesson.css';

/** The lesson that is open: what it tells, what it asks for, and how that stands. Without one, all lessons. */
export function LessonPanel() {
  const current = useLesson((state) => state.current);
  if (current === null)
    return (
      <div className="lesson">
        <h3>{LESSON.lessons}</h3>
        <LessonCards />
      </div>
    );
  return <OpenLesson current={current} />;
}

function OpenLesson({ current }: { readonly current: Current }) {
  const { lesson, at, strayed } = current;
  const done = useLesson((state) => state.progress[lesson.id]?.done) ?? NONE;
  const step = stepOf(current);
  return (
    <section className="lesson" aria-label={`${LESSON.lesson}: ${lesson.title}`}>
      <header className="lesson-head">
        <div className="grow">
          <p className="lesson-title">{lesson.title}</p>
          <p className="muted">{step === null ? LESSON.over : LESSON.stepOf(at + 1, lesson.steps.length)}</p>
        </div>
        {step !== null && (
          <IconButton label={LESSON.restart} onClick={() => void restartStep()}>
            <RotateCcw size={15} />
          </IconButton>
        )}
        <IconButton label={LESSON.leave} onClick={() => void leaveLesson()}>
          <X size={16} />
        </IconButton>
      </header>
      <StepBar current={current} done={done} />
      {strayed && <Strayed />}
      {step === null ? (
        <LessonEnd lesson={lesson} done={done} />
      ) : (
        <StepView key={at} step={step} current={current} />
      )}
    </section>
  );
}

const NONE: readonly number[] = [];

const Strayed = () => (
  <div className="lesson-strayed">
    <p>{LESSON.strayed}</p>
    <Button onClick={() => void backToLesson()}>{LESSON.toLesson}</Button>
  </div>
);

interface StepViewProps {
  readonly step: Step;
  readonly current: Current;
}

function StepView({ step, current }: StepViewProps) {
  const { at, hints, begun } = current;
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    // A new step is read from its beginning, also by whoever pressed the button at the end of the last one.
    const held = document.activeElement;
    if (held === null || held === document.body || held.closest('.lesson, .lesson-bar') !== null)
      heading.current?.focus();
  }, []);
  return (
    <>
      <div className="lesson-body">
        <h3 ref={heading} tabIndex={-1}>
          {step.title}
        </h3>
        <Narration blocks={step.blocks} />
        <Looks looks={step.looks} />
        {begun === null ? (
          <p className="muted">{LESSON.preparing}</p>
        ) : (
          <Checks step={step} current={current} />
        )}
        <Hints step={step} shown={hints} />
        <MetAloud step={step} current={current} />
      </div>
      <footer className="lesson-foot">
        <Button look="quiet" disabled={at === 0} onClick={() => void previousStep()}>
          {LESSON.back}
        </Button>
        {step.checks.length > 0 && (
          <>
            <Button disabled={hints >= step.hints.length} onClick={showHint}>
              {hints === 0 ? LESSON.hint : LESSON.anotherHint}
            </Button>
            <Button data-tip={LESSON.showTip} disabled={begun === null} onClick={() => void showSolution()}>
              {LESSON.show}
            </Button>
          </>
        )}
        <NextButton current={current} />
      </footer>
    </>
  );
}

/** Whoever has not done it yet may go on all the same. */
export function NextButton({ current }: { readonly current: Current }) {
  const { lesson, at, begun, strayed } = current;
  const done = begun !== null && isDone(current) && !strayed;
  const last = at + 1 === lesson.steps.length;
  return (
    <Button
      look={done ? 'primary' : 'plain'}
      className="lesson-next"
      disabled={begun === null}
      onClick={() => void nextStep()}
    >
      {done ? (last ? LESSON.finish : LESSON.next) : LESSON.skip}
    </Button>
  );
}

function Hints({ step, shown }: { readonly step: Step; readonly shown: number }) {
  return (
    <div aria-live="polite">
      {shown > 0 && (
        <>
          <h4>{LESSON.hints}</h4>
          <ul className="lesson-hints">
            {step.hints.slice(0, shown).map((hint) => (
              <li key={hint}>
                <Spans spans={parseSpans(hint)} />
              </li>
            ))}
          </ul>
        </>
      )}
    </div>
  );
}
