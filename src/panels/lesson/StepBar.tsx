import { goToStep } from '../../lessons/run';
import type { Current } from '../../lessons/current';
import { LESSON } from '../../words/panels/lesson';

interface StepBarProps {
  readonly current: Current;
  /** Steps that were solved. */
  readonly done: readonly number[];
}

/** A mark for each step, to go there. */
export function StepBar({ current: { lesson, at }, done }: StepBarProps) {
  return (
    <ol className="lesson-steps">
      {lesson.steps.map((step, index) => {
        const name = LESSON.step(index + 1, step.title);
        const solved = done.includes(index);
        return (
          <li key={step.line}>
            <button
              type="button"
              aria-label={solved ? `${name} (${LESSON.doneMark})` : name}
              aria-current={index === at ? 'step' : undefined}
              data-tip={name}
              data-done={solved}
              onClick={() => void goToStep(index)}
            />
          </li>
        );
      })}
    </ol>
  );
}
