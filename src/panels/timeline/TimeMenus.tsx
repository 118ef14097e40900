import { Menu } from '@base-ui/react/menu';
import { Check, GitBranch, OctagonPause } from 'lucide-react';
import { memo, type ReactNode } from 'react';
import { commandById, runCommand } from '../../commands';
import { useApp } from '../../store';
import type { Breakpoint } from '../../store/types';
import { MenuGroup, MenuItem } from '../../ui/Menu';
import { TIME_MENUS } from '../../words/panels/timeline-menus';
import { branchWords, breakWords, sameBreak, toggled } from './break-words';

/** Where playing stops, and the futures that were left. */
export const TimeMenus = memo(function TimeMenus() {
  return (
    <>
      <BreakMenu />
      <BranchMenu />
    </>
  );
});

interface TimeMenuProps {
  readonly name: string;
  readonly count: number;
  readonly icon: ReactNode;
  readonly children: ReactNode;
}

function TimeMenu({ name, count, icon, children }: TimeMenuProps) {
  const label = count === 0 ? name : TIME_MENUS.counted(name, count);
  return (
    <Menu.Root>
      <Menu.Trigger className="icon-btn time-menu" aria-label={label} data-tip={label}>
        {icon}
        {count > 0 && <span className="time-count">{count}</span>}
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner className="menu-positioner" sideOffset={4} align="end">
          <Menu.Popup className="menu-popup">{children}</Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}

function BreakMenu() {
  const count = useApp((state) => state.breakpoints.length);
  return (
    <TimeMenu name={TIME_MENUS.breakpoints} count={count} icon={<OctagonPause size={15} />}>
      <BreakItems />
    </TimeMenu>
  );
}

/** There while the menu is open: it alone has to do with where time stands. */
function BreakItems() {
  const breakpoints = useApp((state) => state.breakpoints);
  const selected = useApp((state) => (state.selection === null ? undefined : state.objects[state.selection]));
  const cursor = useApp((state) => state.cursor);
  const always: readonly Breakpoint[] = [{ kind: 'fault' }, { kind: 'refusal' }, { kind: 'note' }];
  const own = breakpoints.filter(({ kind }) => kind === 'change' || kind === 'line');
  const offered: readonly Breakpoint[] = [
    ...(selected === undefined ? [] : [{ kind: 'change', id: selected.id } as const]),
    ...(cursor === 0 ? [] : [{ kind: 'line', line: cursor } as const]),
  ].filter((each) => !own.some((one) => sameBreak(one, each)));
  return (
    <>
      <MenuGroup label={TIME_MENUS.playingStops}>
        {[...always, ...own, ...offered].map((each) => (
          <BreakItem key={JSON.stringify(each)} breakpoint={each} />
        ))}
        {selected === undefined && <p className="menu-hint">{TIME_MENUS.selectHint}</p>}
      </MenuGroup>
      <Menu.Separator className="menu-line" />
      <CommandItem id="time.run" />
      <CommandItem id="time.run-end" />
      {breakpoints.length > 0 && <CommandItem id="time.break-none" />}
    </>
  );
}

function BreakItem({ breakpoint }: { readonly breakpoint: Breakpoint }) {
  const breakpoints = useApp((state) => state.breakpoints);
  const objects = useApp((state) => state.objects);
  const setBreakpoints = useApp((state) => state.actions.setBreakpoints);
  return (
    <Menu.CheckboxItem
      className="menu-item break-item"
      checked={breakpoints.some((each) => sameBreak(each, breakpoint))}
      onCheckedChange={() => setBreakpoints(toggled(breakpoints, breakpoint))}
    >
      <span className="break-check">
        <Menu.CheckboxItemIndicator>
          <Check size={14} aria-hidden="true" />
        </Menu.CheckboxItemIndicator>
      </span>
      {breakWords(breakpoint, objects)}
    </Menu.CheckboxItem>
  );
}

function CommandItem({ id }: { readonly id: string }) {
  const command = commandById(id);
  const ready = useApp((state) => command?.readiness(state, []) === 'ready');
  if (command === null) return null;
  return (
    <Menu.Item
      className="menu-item break-item"
      disabled={!ready}
      onClick={() => void runCommand(useApp.getState(), id, [])}
    >
      <span className="break-check" />
      {command.label}
    </Menu.Item>
  );
}

function BranchMenu() {
  const branches = useApp((state) => state.branches);
  const { openBranch, dropBranch, compare, showPanel } = useApp((state) => state.actions);
  if (branches.length === 0) return null;
  return (
    <TimeMenu name={TIME_MENUS.futures} count={branches.length} icon={<GitBranch size={15} />}>
      {branches.map((branch) => {
        const { where, what } = branchWords(branch);
        return (
          <MenuGroup key={branch.id} label={where}>
            <p className="menu-hint mono">{what}</p>
            <MenuItem onClick={() => void openBranch(branch.id)}>{TIME_MENUS.open}</MenuItem>
            <MenuItem
              onClick={() => {
                compare({ a: { kind: 'branch', id: branch.id }, b: { kind: 'here' } });
                showPanel('compare');
              }}
            >
              {TIME_MENUS.compare}
            </MenuItem>
            <MenuItem onClick={() => dropBranch(branch.id)}>{TIME_MENUS.delete}</MenuItem>
          </MenuGroup>
        );
      })}
    </TimeMenu>
  );
}
