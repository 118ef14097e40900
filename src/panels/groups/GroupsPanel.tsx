import { useMemo } from 'react';
import type { WorldId } from '../../engine/sim/world';
import { useApp } from '../../store';
import { Section, Term } from '../../ui/Section';
import { CommandButton } from '../shared/CommandButton';
import { all } from '../shared/words';
import { Filters } from './Filters';
import { GroupTree } from './GroupTree';
import { useGroupsUi } from './groups-ui';
import { isPlain, listingOf, NO_FILTER, rowsOf, UNGROUPED } from './rows';
import { SubjectBar } from './SubjectBar';
import { TERMS } from '../shared/terms';
import { REPORT_COMMANDS_SAY } from '../../words/commands/report';
import { GROUPS } from '../../words/panels/groups/groups';

/** With fewer devices than this, everything is open at first. */
const FEW = 40;

/** Who shares a group with whom, on the whole machine. */
export function GroupsPanel() {
  const objects = useApp((state) => state.objects);
  const filter = useGroupsUi((state) => state.filter);
  const open = useGroupsUi((state) => state.open);
  const groups = useMemo(() => all(objects, 'group'), [objects]);
  const devices = useMemo(() => all(objects, 'device'), [objects]);
  const listing = useMemo(() => listingOf(objects, filter), [objects, filter]);
  const plain = isPlain(filter);
  const isOpenFirst = (id: WorldId): boolean => {
    const group = objects[id];
    // Closed, a group of one shows its device all the same.
    if (group?.type === 'group' && group.deviceIds.length === 1) return false;
    return !plain || (id !== UNGROUPED && devices.length <= FEW);
  };
  const isOpen = (id: WorldId): boolean => open[id] ?? isOpenFirst(id);
  const rows = rowsOf(listing, isOpen);

  if (groups.length === 0)
    return (
      <Section title={<Term tip={TERMS.group}>{GROUPS.title}</Term>}>
        <p className="prose">{devices.length === 0 ? GROUPS.nothing : GROUPS.notYet}</p>
      </Section>
    );

  const setAll = (value: boolean): void => {
    const ids = [...groups.map(({ id }) => id), UNGROUPED];
    useGroupsUi.setState({ open: Object.fromEntries(ids.map((id) => [id, value])) });
  };
  const shown = listing.groups.length;
  return (
    <div className="groups">
      <Filters objects={objects} />
      <div className="groups-count">
        <p role="status">
          {plain ? GROUPS.groups(shown) : GROUPS.groupsOf(shown, groups.length)}
          {plain && GROUPS.andDevices(devices.length)}
        </p>
        <span className="grow" />
        <CommandButton id="report.open" subject={[]} label={REPORT_COMMANDS_SAY.button} />
        {rows.some((row) => row.kind !== 'device' && !row.open) ? (
          <button type="button" className="link-quiet" onClick={() => setAll(true)}>
            {GROUPS.openAll}
          </button>
        ) : (
          <button type="button" className="link-quiet" onClick={() => setAll(false)}>
            {GROUPS.closeAll}
          </button>
        )}
      </div>
      {rows.length === 0 ? (
        <div className="groups-none">
          <p className="prose">{GROUPS.noneLike}</p>
          <button type="button" className="btn" onClick={() => useGroupsUi.setState({ filter: NO_FILTER })}>
            {GROUPS.showAll}
          </button>
        </div>
      ) : (
        <GroupTree
          rows={rows}
          onToggle={(id) => useGroupsUi.setState({ open: { ...open, [id]: !isOpen(id) } })}
        />
      )}
      <SubjectBar />
    </div>
  );
}
