import { ChevronRight } from 'lucide-react';
import type { ReactNode } from 'react';
import type { DeviceObject } from '../../engine/sim/world';
import { useApp } from '../../store';
import { shortBdf } from '../../store/script';
import { deviceName } from '../shared/words';
import { GROUPS } from '../../words/panels/groups/groups';
import { SHARED } from '../../words/panels/shared';
import { ClassIcon } from './ClassIcon';
import { listed, type Row } from './rows';
import { driversOf, ownerWords, shortName } from './words';

interface Common {
  readonly id: string;
  readonly top: number;
  /** The keyboard is on it. */
  readonly active: boolean;
  readonly selected: boolean;
  readonly onChoose: () => void;
}

type Of<K extends Row['kind']> = Common & { readonly row: Extract<Row, { readonly kind: K }> };

export function GroupRow({ row, onToggle, ...common }: Of<'group'> & { readonly onToggle: () => void }) {
  const { group, members } = row.listed;
  const owner = useApp((state) => ownerWords(state.objects, group));
  // The selected device is one that does not show.
  const holds = useApp(({ selection }) => selection !== null && group.deviceIds.includes(selection));
  const differs = group.mismatches.length > 0;
  const drivers = driversOf(members);
  return (
    <TreeItem {...common} level={1} open={row.open} kind="group" holds={!row.open && holds}>
      <div className="tree-line">
        <Chevron onToggle={onToggle} />
        <b>{GROUPS.group(group.number)}</b>
        <span className="tree-quiet">{SHARED.devices(members.length)}</span>
        <span className="grow" />
        {differs && (
          <span className="chip tree-differs" title={group.mismatches.join('\n')}>
            {GROUPS.differs}
          </span>
        )}
        <span className="tree-owner" data-free={group.ownerId === null && group.ownerCount === 0}>
          {group.ownerId === null && group.ownerCount > 0 && drivers.length > 0
            ? GROUPS.kernelFor(drivers.join(', '))
            : owner}
        </span>
      </div>
      {!row.open && <Summary members={members} />}
    </TreeItem>
  );
}

/** What a closed group holds; its bridges last. */
function Summary({ members }: { readonly members: readonly DeviceObject[] }) {
  const sorted = members.toSorted((a, b) => Number(a.isBridge) - Number(b.isBridge));
  const [first] = sorted;
  return (
    <div className="tree-summary">
      {first !== undefined && <ClassIcon device={first} />}
      <code>{listed(sorted)}</code> {sorted.map(shortName).slice(0, 3).join(', ')}
    </div>
  );
}

export function DeviceRow({ row, ...common }: Of<'device'>) {
  const { device } = row;
  return (
    <TreeItem {...common} level={2} kind="device" place={row.place} of={row.of} dim={!row.found}>
      <div className="tree-line">
        <ClassIcon device={device} />
        <code>{shortBdf(device.bdf)}</code>
        <span className="tree-name" title={`${deviceName(device)}, ${device.className}`}>
          {shortName(device)}
        </span>
        {device.driver !== null && !device.driver.managed && (
          <span className="chip">{device.driver.name}</span>
        )}
      </div>
      {device.groupId === null && <div className="tree-summary">{device.ungrouped ?? GROUPS.noReason}</div>}
    </TreeItem>
  );
}

export function UngroupedRow({ row, ...common }: Of<'ungrouped'>) {
  return (
    <TreeItem {...common} level={1} open={row.open} kind="ungrouped">
      <div className="tree-line">
        <Chevron onToggle={common.onChoose} />
        <b>{GROUPS.noGroup}</b>
        <span className="tree-quiet">{SHARED.devices(row.count)}</span>
      </div>
    </TreeItem>
  );
}

interface TreeItemProps extends Common {
  readonly level: number;
  readonly kind: Row['kind'];
  readonly open?: boolean;
  readonly place?: number;
  readonly of?: number;
  readonly dim?: boolean;
  readonly holds?: boolean;
  readonly children: ReactNode;
}

const TreeItem = ({
  id,
  top,
  active,
  selected,
  onChoose,
  level,
  kind,
  open,
  place,
  of,
  dim = false,
  holds = false,
  children,
}: TreeItemProps) => (
  <div
    id={id}
    role="treeitem"
    className="tree-row"
    data-kind={kind}
    data-active={active || undefined}
    data-dim={dim || undefined}
    data-holds={holds || undefined}
    aria-level={level}
    aria-selected={selected}
    aria-expanded={open}
    aria-posinset={place}
    aria-setsize={of}
    style={{ translate: `0 ${top}px` }}
    onClick={onChoose}
  >
    {children}
  </div>
);

/** For the pointer: the keyboard has arrows. */
const Chevron = ({ onToggle }: { readonly onToggle: () => void }) => (
  <span
    className="tree-chevron"
    onClick={(event) => {
      event.stopPropagation();
      onToggle();
    }}
  >
    <ChevronRight size={14} aria-hidden="true" />
  </span>
);
