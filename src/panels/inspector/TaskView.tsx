import type { TaskObject } from '../../engine/sim/world';
import { useApp } from '../../store';
import { Button } from '../../ui/Button';
import { Section } from '../../ui/Section';
import { TaskCard } from '../shared/TaskCard';

export function TaskView({ task }: { readonly task: TaskObject }) {
  const { showPanel } = useApp((state) => state.actions);
  return (
    <>
      <Section>
        <TaskCard task={task} />
      </Section>
      <Section>
        <Button onClick={() => showPanel('locks')}>All tasks and locks</Button>
      </Section>
    </>
  );
}
