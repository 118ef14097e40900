import { Tabs } from '@base-ui/react/tabs';
import { lazy, Suspense, useEffect, useState } from 'react';
import { CachesPanel } from '../panels/hardware/CachesPanel';
import { QueuesPanel } from '../panels/hardware/QueuesPanel';
import { RegistersPanel } from '../panels/hardware/RegistersPanel';
import { EventsPanel } from '../panels/events/EventsPanel';
import { Inspector } from '../panels/inspector/Inspector';
import { IoctlsPanel } from '../panels/ioctls/IoctlsPanel';
import { LocksPanel } from '../panels/locks/LocksPanel';
import { MemoryPanel } from '../panels/memory/MemoryPanel';
import { Outline } from '../panels/outline/Outline';
import { SysfsPanel } from '../panels/sysfs/SysfsPanel';
import { WalkPanel } from '../panels/walk/WalkPanel';
import { useLesson } from '../lessons/current';
import { useApp } from '../store';
import type { PanelId } from '../store/types';
import { readSaved, save } from './saved';
import * as says from '../words/app/side-panel';

/** In a chunk of their own. */
const groups = () => import('../panels/groups');
const GroupsPanel = lazy(async () => ({ default: (await groups()).GroupsPanel }));
const WhyPanel = lazy(async () => ({ default: (await groups()).WhyPanel }));
const PassthroughPanel = lazy(async () => ({ default: (await groups()).PassthroughPanel }));
const ComparePanel = lazy(() =>
  import('../panels/compare/ComparePanel').then((module) => ({ default: module.ComparePanel })),
);
const SpacePanel = lazy(async () => ({ default: (await import('../panels/space')).SpacePanel }));
const LessonPanel = lazy(async () => ({
  default: (await import('../panels/lesson/LessonPanel')).LessonPanel,
}));
const WhatIfPanel = lazy(async () => ({ default: (await groups()).WhatIfPanel }));

interface PanelRow<Id extends PanelId = PanelId> {
  readonly id: Id;
  readonly label: string;
  readonly Panel: React.ComponentType;
}

/** Panels that share a tab. */
interface GroupRow {
  readonly group: string;
  readonly label: string;
  readonly rows: readonly PanelRow[];
}

const TABS: readonly (PanelRow | GroupRow)[] = [
  { id: 'object', label: says.object, Panel: Inspector },
  {
    group: 'groups',
    label: says.groups,
    rows: [
      { id: 'groups', label: says.list, Panel: GroupsPanel },
      { id: 'why', label: says.why, Panel: WhyPanel },
      { id: 'passthrough', label: says.passthrough, Panel: PassthroughPanel },
      { id: 'what-if', label: says.whatIf, Panel: WhatIfPanel },
    ],
  },
  { id: 'walk', label: says.walk, Panel: WalkPanel },
  { id: 'space', label: says.space, Panel: SpacePanel },
  {
    group: 'trace',
    label: says.trace,
    rows: [
      { id: 'ioctls', label: says.calls, Panel: IoctlsPanel },
      { id: 'events', label: says.events, Panel: EventsPanel },
      { id: 'locks', label: says.locks, Panel: LocksPanel },
      { id: 'compare', label: says.compare, Panel: ComparePanel },
    ],
  },
  {
    group: 'hardware',
    label: says.hardware,
    rows: [
      { id: 'caches', label: says.caches, Panel: CachesPanel },
      { id: 'registers', label: says.registers, Panel: RegistersPanel },
      { id: 'queues', label: says.queues, Panel: QueuesPanel },
      { id: 'memory', label: says.memory, Panel: MemoryPanel },
    ],
  },
  { id: 'sysfs', label: says.sysfs, Panel: SysfsPanel },
  { id: 'outline', label: says.outline, Panel: Outline },
];

/** Stands before the others while there is a lesson. */
const LESSON: PanelRow = { id: 'lesson', label: says.lesson, Panel: LessonPanel };

const isGroup = (row: PanelRow | GroupRow): row is GroupRow => 'group' in row;
const keyOf = (row: PanelRow | GroupRow): string => (isGroup(row) ? row.group : row.id);
const holds = (row: PanelRow | GroupRow, panel: PanelId): boolean =>
  isGroup(row) ? row.rows.some(({ id }) => id === panel) : row.id === panel;

/** The tab of the last visit, if there still is such a one. */
function lastPanel(): PanelId | null {
  const { panel } = readSaved();
  const rows = TABS.flatMap((row) => (isGroup(row) ? row.rows : [row]));
  return rows.find(({ id }) => id === panel)?.id ?? null;
}

/** What a tab of several panels shows at first: what it showed at the last visit. */
function lastShown(): Readonly<Record<string, PanelId>> {
  const panel = lastPanel();
  const row = panel === null ? undefined : TABS.find((each) => holds(each, panel));
  return panel === null || row === undefined || !isGroup(row) ? {} : { [row.group]: panel };
}

/** The panels beside the canvas, one at a time. A chunk of its own: the canvas does not wait for it. */
export function SidePanel() {
  const panel = useApp((state) => state.panel);
  const showPanel = useApp((state) => state.actions.showPanel);
  /** What each group last showed. */
  const [last, setLast] = useState<Readonly<Record<string, PanelId>>>(lastShown);
  useEffect(() => {
    const before = lastPanel();
    const { panel: now, selection, actions } = useApp.getState();
    // A scene that has something to show has come first.
    if (before !== null && now === 'object' && selection === null) actions.showPanel(before);
  }, []);
  const learning = useLesson((state) => state.current !== null);
  const tabs = learning || panel === LESSON.id ? [LESSON, ...TABS] : TABS;
  const show = (key: string): void => {
    const row = tabs.find((each) => keyOf(each) === key);
    const first = row && (isGroup(row) ? (last[key] ?? row.rows[0]?.id) : row.id);
    if (first === undefined) return;
    showPanel(first);
    save({ panel: first });
  };
  const showIn = (group: string, next: PanelId): void => {
    setLast({ ...last, [group]: next });
    showPanel(next);
    save({ panel: next });
  };
  const current = tabs.find((row) => holds(row, panel));
  return (
    <Tabs.Root className="tabs" value={current && keyOf(current)} onValueChange={show}>
      <Tabs.List className="tab-list" activateOnFocus>
        {tabs.map((row) => (
          <Tabs.Tab key={keyOf(row)} value={keyOf(row)} className="tab">
            {row.label}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {tabs.map((row) =>
        isGroup(row) ? (
          <Tabs.Panel key={row.group} value={row.group} className="tab-panel tab-panel-nested">
            <h2 className="sr-only">{row.label}</h2>
            <Tabs.Root
              className="tabs"
              value={holds(row, panel) ? panel : row.rows[0]?.id}
              onValueChange={(next: PanelId) => showIn(row.group, next)}
            >
              <Tabs.List className="subtab-list" activateOnFocus>
                {row.rows.map(({ id, label }) => (
                  <Tabs.Tab key={id} value={id} className="subtab">
                    {label}
                  </Tabs.Tab>
                ))}
              </Tabs.List>
              {row.rows.map(({ id, Panel }) => (
                <Tabs.Panel key={id} value={id} className="tab-panel">
                  <Suspense fallback={null}>
                    <Panel />
                  </Suspense>
                </Tabs.Panel>
              ))}
            </Tabs.Root>
          </Tabs.Panel>
        ) : (
          <Tabs.Panel key={row.id} value={row.id} className="tab-panel">
            {row.id !== 'object' && <h2 className="sr-only">{row.label}</h2>}
            <Suspense fallback={null}>
              <row.Panel />
            </Suspense>
          </Tabs.Panel>
        ),
      )}
    </Tabs.Root>
  );
}
