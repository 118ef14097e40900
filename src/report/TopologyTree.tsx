import type { DeviceObject, WorldId } from '../engine/sim/world';
import { all, deviceName, find, type Objects } from '../panels/shared/words';
import { shortBdf } from '../store/script';
import { REPORT as words } from '../words/report';

/** Bridges and what is behind them, as `lspci -tv` tells it, each with its group. */
export function TopologyTree({ objects }: { readonly objects: Objects }) {
  const below = new Map<WorldId | null, DeviceObject[]>();
  for (const device of all(objects, 'device')) {
    const parent = find(objects, device.parentId, 'device')?.id ?? null;
    const known = below.get(parent);
    if (known === undefined) below.set(parent, [device]);
    else known.push(device);
  }
  return (
    <div className="rp-tree">
      <Branch objects={objects} below={below} parentId={null} />
    </div>
  );
}

interface BranchProps {
  readonly objects: Objects;
  readonly below: ReadonlyMap<WorldId | null, readonly DeviceObject[]>;
  readonly parentId: WorldId | null;
}

function Branch({ objects, below, parentId }: BranchProps) {
  const devices = below.get(parentId);
  if (devices === undefined) return null;
  return (
    <ul>
      {devices.map((device) => (
        <li key={device.id}>
          <p>
            <code>{shortBdf(device.bdf)}</code> <span className="rp-tree-name">{deviceName(device)}</span>{' '}
            <span className="rp-tree-group">{groupName(objects, device)}</span>
          </p>
          <Branch objects={objects} below={below} parentId={device.id} />
        </li>
      ))}
    </ul>
  );
}

function groupName(objects: Objects, { groupId }: DeviceObject): string {
  const group = find(objects, groupId, 'group');
  return group === null ? words.noGroupChip : words.groupChip(group.number);
}
