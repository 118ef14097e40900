import { Tabs } from '@base-ui/react/tabs';
import { useState } from 'react';
import { CachesPanel } from '../panels/caches/CachesPanel';
import { EventsPanel } from '../panels/events/EventsPanel';
import { Inspector } from '../panels/inspector/Inspector';
import { IoctlsPanel } from '../panels/ioctls/IoctlsPanel';
import { LocksPanel } from '../panels/locks/LocksPanel';
import { MemoryPanel } from '../panels/memory/MemoryPanel';
import { Outline } from '../panels/outline/Outline';
import { SysfsPanel } from '../panels/sysfs/SysfsPanel';
import { WalkPanel } from '../panels/walk/WalkPanel';
import { useApp } from '../store';
import type { PanelId } from '../store/types';

interface PanelRow<Id extends PanelId = PanelId> {
  readonly id: Id;
  readonly label: string;
  readonly Panel: () => React.ReactNode;
}

/** Three views of what happened: they share a tab. */
const TRACE: readonly PanelRow[] = [
  { id: 'ioctls', label: 'Calls', Panel: IoctlsPanel },
  { id: 'events', label: 'Events', Panel: EventsPanel },
  { id: 'locks', label: 'Locks', Panel: LocksPanel },
];
const isTrace = (panel: PanelId): boolean => TRACE.some((row) => row.id === panel);

const BEFORE_TRACE: readonly PanelRow[] = [
  { id: 'object', label: 'Object', Panel: Inspector },
  { id: 'walk', label: 'Walk', Panel: WalkPanel },
];
const AFTER_TRACE: readonly PanelRow[] = [
  { id: 'caches', label: 'Caches', Panel: CachesPanel },
  { id: 'memory', label: 'Memory', Panel: MemoryPanel },
  { id: 'sysfs', label: 'Sysfs', Panel: SysfsPanel },
  { id: 'outline', label: 'Outline', Panel: Outline },
];

/** The panels beside the canvas, one at a time. A chunk of its own: the canvas does not wait for it. */
export function SidePanel() {
  const panel = useApp((state) => state.panel);
  const showPanel = useApp((state) => state.actions.showPanel);
  const [lastTrace, setLastTrace] = useState<PanelId>('ioctls');
  const trace = isTrace(panel) ? panel : lastTrace;
  const show = (next: PanelId): void => {
    if (isTrace(next)) setLastTrace(next);
    showPanel(next);
  };
  return (
    <Tabs.Root
      className="tabs"
      value={isTrace(panel) ? 'trace' : panel}
      onValueChange={(value: PanelId | 'trace') => show(value === 'trace' ? trace : value)}
    >
      <Tabs.List className="tab-list" activateOnFocus>
        <TabsOf rows={BEFORE_TRACE} />
        <Tabs.Tab value="trace" className="tab">
          Trace
        </Tabs.Tab>
        <TabsOf rows={AFTER_TRACE} />
      </Tabs.List>
      {[...BEFORE_TRACE, ...AFTER_TRACE].map(({ id, label, Panel }) => (
        <Tabs.Panel key={id} value={id} className="tab-panel">
          {id !== 'object' && <h2 className="sr-only">{label}</h2>}
          <Panel />
        </Tabs.Panel>
      ))}
      <Tabs.Panel value="trace" className="tab-panel tab-panel-nested">
        <h2 className="sr-only">Trace</h2>
        <Tabs.Root className="tabs" value={trace} onValueChange={(value: PanelId) => show(value)}>
          <Tabs.List className="subtab-list" activateOnFocus>
            <TabsOf rows={TRACE} className="subtab" />
          </Tabs.List>
          {TRACE.map(({ id, Panel }) => (
            <Tabs.Panel key={id} value={id} className="tab-panel">
              <Panel />
            </Tabs.Panel>
          ))}
        </Tabs.Root>
      </Tabs.Panel>
    </Tabs.Root>
  );
}

interface TabsOfProps {
  readonly rows: readonly PanelRow[];
  readonly className?: string;
}

const TabsOf = ({ rows, className = 'tab' }: TabsOfProps) =>
  rows.map(({ id, label }) => (
    <Tabs.Tab key={id} value={id} className={className}>
      {label}
    </Tabs.Tab>
  ));
