import { Tabs } from '@base-ui/react/tabs';
import { CachesPanel } from '../panels/caches/CachesPanel';
import { EventsPanel } from '../panels/events/EventsPanel';
import { Inspector } from '../panels/inspector/Inspector';
import { MemoryPanel } from '../panels/memory/MemoryPanel';
import { Outline } from '../panels/outline/Outline';
import { WalkPanel } from '../panels/walk/WalkPanel';
import { useApp } from '../store';
import type { PanelId } from '../store/types';

const PANELS: readonly {
  readonly id: PanelId;
  readonly label: string;
  readonly Panel: () => React.ReactNode;
}[] = [
  { id: 'object', label: 'Object', Panel: Inspector },
  { id: 'walk', label: 'Walk', Panel: WalkPanel },
  { id: 'events', label: 'Events', Panel: EventsPanel },
  { id: 'caches', label: 'Caches', Panel: CachesPanel },
  { id: 'memory', label: 'Memory', Panel: MemoryPanel },
  { id: 'outline', label: 'Outline', Panel: Outline },
];

/** The panels beside the canvas, one at a time. A chunk of its own: the canvas does not wait for it. */
export function SidePanel() {
  const panel = useApp((state) => state.panel);
  const showPanel = useApp((state) => state.actions.showPanel);
  return (
    <Tabs.Root className="tabs" value={panel} onValueChange={(value) => showPanel(value as PanelId)}>
      <Tabs.List className="tab-list" activateOnFocus>
        {PANELS.map(({ id, label }) => (
          <Tabs.Tab key={id} value={id} className="tab">
            {label}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {PANELS.map(({ id, label, Panel }) => (
        <Tabs.Panel key={id} value={id} className="tab-panel">
          {id !== 'object' && <h2 className="sr-only">{label}</h2>}
          <Panel />
        </Tabs.Panel>
      ))}
    </Tabs.Root>
  );
}
