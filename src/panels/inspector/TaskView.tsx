import type { TaskObject } from '../../engine/sim/world';
import { Section } from '../../ui/Section';
import { CommandButton } from '../shared/CommandButton';
import { TaskCard } from '../shared/TaskCard';

export function TaskView({ task }: { readonly task: TaskObject }) {
  return (
    <>
      <Section>
        <TaskCard task={task} />
      </Section>
      <Section>
        <CommandButton id="task.locks" subject={[task.id]} />
      </Section>
    </>
  );
}
