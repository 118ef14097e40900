import { useMemo } from 'react';
import type { WorldId } from '../../engine/sim/world';
import { useApp } from '../../store';
import { count } from '../../ui/numbers';
import { Section, Term } from '../../ui/Section';
import { all } from '../shared/words';
import { Filters } from './Filters';
import { GroupTree } from './GroupTree';
import { useGroupsUi } from './groups-ui';
import { isPlain, listingOf, NO_FILTER, rowsOf, UNGROUPED } from './rows';
import { SubjectBar } from './SubjectBar';
import { TERMS } from '../shared/terms';

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
      <Section title={<Term tip={TERMS.group}>Groups</Term>}>
        <p className="prose">
          {devices.length === 0
            ? 'Nothing here yet. Import a machine, or open a scene.'
            : 'No groups yet: Linux makes them when it boots with an IOMMU. Run the script up to its boot line.'}
        </p>
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
          {plain ? count(shown, 'group') : `${shown} of ${count(groups.length, 'group')}`}
          {plain && ` · ${count(devices.length, 'device')}`}
        </p>
        <span className="grow" />
        {rows.some((row) => row.kind !== 'device' && !row.open) ? (
          <button type="button" className="link-quiet" onClick={() => setAll(true)}>
            Open all
          </button>
        ) : (
          <button type="button" className="link-quiet" onClick={() => setAll(false)}>
            Close all
          </button>
        )}
      </div>
      {rows.length === 0 ? (
        <div className="groups-none">
          <p className="prose">No device is like that.</p>
          <button type="button" className="btn" onClick={() => useGroupsUi.setState({ filter: NO_FILTER })}>
            Show all
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
