import type { DeviceObject, WorldId, WorldObject } from '../../engine/sim/world';
import { useApp } from '../../store';
import { Section } from '../../ui/Section';
import { all, detailOf, find, HUE, titleOf, type Objects } from '../shared/words';
import './outline.css';

/** Everything on the canvas as nested lists: the same scene for whoever reads rather than looks. */
export function Outline() {
  const objects = useApp((state) => state.objects);
  const devices = all(objects, 'device');
  const contexts = all(objects, 'context');
  const tasks = all(objects, 'task');
  const roots = devices.filter(
    (device) => device.parentId === null || objects[device.parentId] === undefined,
  );
  if (devices.length === 0 && contexts.length === 0)
    return (
      <Section title="Outline">
        <p className="prose">Nothing here yet.</p>
      </Section>
    );
  return (
    <>
      <Section title="PCI devices">
        <ul className="outline">
          {roots.map((device) => (
            <DeviceItem key={device.id} device={device} devices={devices} />
          ))}
        </ul>
      </Section>
      <Section title="IOMMU groups">
        <ul className="outline">
          {all(objects, 'group').map((group) => (
            <Item
              key={group.id}
              object={group}
              note={group.deviceIds.map((id) => shortTitle(objects, id)).join(', ')}
            />
          ))}
        </ul>
      </Section>
      <Section title="IOMMUs">
        <ul className="outline">
          {all(objects, 'iommu').map((iommu) => (
            <Item key={iommu.id} object={iommu} />
          ))}
        </ul>
      </Section>
      {contexts.length > 0 && (
        <Section title="iommufd">
          <ul className="outline">
            {contexts.map((context) => (
              <Item key={context.id} object={context}>
                {context.objectIds.flatMap((id) => {
                  const object = objects[id];
                  return object === undefined
                    ? []
                    : [<Item key={id} object={object} note={attachment(objects, object)} />];
                })}
              </Item>
            ))}
          </ul>
        </Section>
      )}
      {tasks.length > 0 && (
        <Section title="Tasks">
          <ul className="outline">
            {tasks.map((task) => (
              <Item key={task.id} object={task} note={task.deadlocked ? 'deadlock' : task.state} />
            ))}
          </ul>
        </Section>
      )}
      <Section title="Memory of processes">
        <ul className="outline">
          {all(objects, 'process').map((process) => (
            <Item
              key={process.id}
              object={process}
              note={process.buffers.flatMap((each) => each.name ?? []).join(', ')}
            />
          ))}
        </ul>
      </Section>
    </>
  );
}

const shortTitle = (objects: Objects, id: WorldId): string => {
  const object = objects[id];
  return object === undefined ? id : titleOf(object);
};

/** Where an iommufd object leads. */
function attachment(objects: Objects, object: WorldObject): string {
  if (object.type === 'idev')
    return `${shortTitle(objects, object.deviceId)}, ${object.hwptId === null ? 'not attached' : `on ${shortTitle(objects, object.hwptId)}`}`;
  const on = (id: WorldId | null, none: string): string =>
    id === null ? none : `on ${shortTitle(objects, id)}`;
  switch (object.type) {
    case 'hwpt':
      return object.parentId === null
        ? `over ${shortTitle(objects, object.ioasId)}`
        : on(object.parentId, '');
    case 'access':
      return on(object.ioasId, 'detached');
    case 'fault':
      return `${object.queued.length + object.pending.length} waiting`;
    case 'viommu':
      return on(object.parentId, '');
    case 'vdevice':
    case 'veventq':
    case 'hw-queue':
      return `of ${shortTitle(objects, object.viommuId)}`;
    default:
      return '';
  }
}

interface DeviceItemProps {
  readonly device: DeviceObject;
  readonly devices: readonly DeviceObject[];
}

function DeviceItem({ device, devices }: DeviceItemProps) {
  const group = useApp((state) => find(state.objects, device.groupId, 'group'));
  const below = devices.filter((each) => each.parentId === device.id);
  return (
    <Item object={device} note={group === null ? 'no group' : `group ${group.number}`}>
      {below.map((each) => (
        <DeviceItem key={each.id} device={each} devices={devices} />
      ))}
    </Item>
  );
}

interface ItemProps {
  readonly object: WorldObject;
  readonly note?: string;
  readonly children?: React.ReactNode;
}

function Item({ object, note = '', children }: ItemProps) {
  const selected = useApp((state) => state.selection === object.id);
  const select = useApp((state) => state.actions.select);
  const detail = detailOf(object);
  const hasChildren = Array.isArray(children) && children.length > 0;
  return (
    <li>
      <button
        type="button"
        className="outline-item"
        data-type={object.type}
        aria-current={selected || undefined}
        style={{ ['--k' as string]: HUE[object.type] }}
        onClick={() => select(object.id)}
      >
        <span className="dot" aria-hidden="true" />
        <span className="outline-title">{titleOf(object)}</span>
        {detail !== null && (
          <span className="outline-detail" title={detail}>
            {detail}
          </span>
        )}
        {note !== '' && <span className="outline-note">{note}</span>}
      </button>
      {hasChildren && <ul className="outline">{children}</ul>}
    </li>
  );
}
