import { useDeferredValue, useMemo, useState } from 'react';
import type { DeviceObject, WorldId, WorldObject } from '../../engine/sim/world';
import { useApp } from '../../store';
import { count } from '../../ui/numbers';
import { Section } from '../../ui/Section';
import { all, detailOf, find, HUE, titleOf, type Objects } from '../shared/words';
import { Folded } from './Folded';
import { matching } from './search';
import './outline.css';

/** With more objects, looking for one takes longer than typing a part of its name. */
const MANY = 60;

/** Everything on the canvas as nested lists: the same scene for whoever reads rather than looks. */
export function Outline() {
  const objects = useApp((state) => state.objects);
  const [wanted, setWanted] = useState('');
  const typed = useDeferredValue(wanted);
  const total = useMemo(() => Object.keys(objects).length, [objects]);
  if (all(objects, 'device').length === 0 && all(objects, 'context').length === 0)
    return (
      <Section title="Outline">
        <p className="prose">Nothing here yet.</p>
      </Section>
    );
  return (
    <>
      {total > MANY && (
        <search className="outline-search">
          <input
            type="search"
            className="input"
            aria-label="Search objects"
            placeholder={`Search ${count(total, 'object')}`}
            value={wanted}
            onChange={(event) => setWanted(event.target.value)}
          />
        </search>
      )}
      {total > MANY && typed.trim() !== '' ? <Found wanted={typed} /> : <Everything />}
    </>
  );
}

function Found({ wanted }: { readonly wanted: string }) {
  const objects = useApp((state) => state.objects);
  const found = useMemo(() => matching(objects, wanted), [objects, wanted]);
  return (
    <Section title="Found">
      <p className="prose" role="status">
        {count(found.length, 'object')}
      </p>
      <ul className="outline">
        <Folded key={wanted} of={found}>
          {(object) => <Item key={object.id} object={object} note={placeOf(objects, object)} />}
        </Folded>
      </ul>
    </Section>
  );
}

function Everything() {
  const objects = useApp((state) => state.objects);
  const below = useMemo(() => childrenOf(objects), [objects]);
  const contexts = all(objects, 'context');
  const tasks = all(objects, 'task');
  return (
    <>
      <Section title="PCI devices">
        <ul className="outline">
          <Devices of={null} below={below} />
        </ul>
      </Section>
      <Section title="IOMMU groups">
        <ul className="outline">
          <Folded of={all(objects, 'group')}>
            {(group) => (
              <Item
                key={group.id}
                object={group}
                note={group.deviceIds.map((id) => shortTitle(objects, id)).join(', ')}
              />
            )}
          </Folded>
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
              <Item key={context.id} object={context} hasMore={context.objectIds.length > 0}>
                <Folded of={context.objectIds.flatMap((id) => objects[id] ?? [])}>
                  {(object) => <Item key={object.id} object={object} note={attachment(objects, object)} />}
                </Folded>
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

/** What stands behind an object that is found. */
const placeOf = (objects: Objects, object: WorldObject): string =>
  object.type === 'device'
    ? groupWord(find(objects, object.groupId, 'group')?.number)
    : object.type === 'group'
      ? object.deviceIds.map((id) => shortTitle(objects, id)).join(', ')
      : attachment(objects, object);

const groupWord = (number: number | undefined): string =>
  number === undefined ? 'no group' : `group ${number}`;

type Children = ReadonlyMap<WorldId | null, readonly DeviceObject[]>;

/** Devices by the bridge above them; null is above those that have none. */
function childrenOf(objects: Objects): Children {
  const below = new Map<WorldId | null, DeviceObject[]>();
  for (const device of all(objects, 'device')) {
    const parent = device.parentId !== null && device.parentId in objects ? device.parentId : null;
    const siblings = below.get(parent);
    if (siblings) siblings.push(device);
    else below.set(parent, [device]);
  }
  return below;
}

function Devices({ of, below }: { readonly of: WorldId | null; readonly below: Children }) {
  return (
    <Folded of={below.get(of) ?? []}>
      {(device) => <DeviceItem key={device.id} device={device} below={below} />}
    </Folded>
  );
}

function DeviceItem({ device, below }: { readonly device: DeviceObject; readonly below: Children }) {
  const group = useApp((state) => find(state.objects, device.groupId, 'group')?.number);
  return (
    <Item object={device} note={groupWord(group)} hasMore={below.has(device.id)}>
      <Devices of={device.id} below={below} />
    </Item>
  );
}

interface ItemProps {
  readonly object: WorldObject;
  readonly note?: string;
  /** Whether there are children to be shown below it. */
  readonly hasMore?: boolean;
  readonly children?: React.ReactNode;
}

function Item({ object, note = '', hasMore = false, children }: ItemProps) {
  const selected = useApp((state) => state.selection === object.id);
  const select = useApp((state) => state.actions.select);
  const detail = detailOf(object);
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
      {hasMore && <ul className="outline">{children}</ul>}
    </li>
  );
}
