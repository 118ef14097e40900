import { useMemo } from 'react';
import type { DeviceObject, GroupObject, WorldId } from '../../engine/sim/world';
import { useApp } from '../../store';
import { shortBdf } from '../../store/script';
import { count } from '../../ui/numbers';
import { Section, Term } from '../../ui/Section';
import { find, type Objects } from '../shared/words';
import { ApartView } from './ApartView';
import { chainBetween, devicesOf, wayBetween } from './chain';
import { ChainSteps } from './ChainSteps';
import { DevicePicker } from './DevicePicker';
import { useGroupsUi, useSubject } from './groups-ui';
import { JoinTree } from './JoinTree';
import { PeerTry } from './PeerTry';
import { ShowOnCanvas } from './ShowOnCanvas';
import { groupOf } from './words';
import { TERMS } from '../shared/terms';

/** Why two devices share a group, or what keeps them apart; of one device, why its group is as it is. */
export function WhyPanel() {
  const subject = useSubject();
  const objects = useApp((state) => state.objects);
  const select = useApp((state) => state.actions.select);
  const light = useApp((state) => state.actions.light);
  const otherId = useGroupsUi((state) => state.otherId);
  const other = otherId === subject?.id ? null : find(objects, otherId, 'device');
  return (
    // Escape in a select is the browser's and does not reach the page's own keys.
    <div onKeyDown={(event) => event.key === 'Escape' && light(null)}>
      <Section>
        <div className="pair">
          <DevicePicker
            label="Device"
            none="Choose a device"
            value={subject?.id ?? null}
            onChange={(id) => select(id)}
          />
          <DevicePicker
            label="and"
            none="its whole group"
            value={other?.id ?? null}
            not={subject?.id ?? null}
            near={subject?.groupId ?? null}
            onChange={(id) => useGroupsUi.setState({ otherId: id })}
          />
        </div>
      </Section>
      {subject === null ? (
        <Section>
          <p className="prose">
            Choose a device here, in the list, or on the canvas: this page tells by which rule of the kernel,
            and by which bit of which register, it came to share a group with others. Of two devices in
            different groups it tells what keeps them apart.
          </p>
        </Section>
      ) : other === null ? (
        <WholeGroup key={subject.id} device={subject} objects={objects} />
      ) : (
        <Pair key={`${subject.id} ${other.id}`} a={subject} b={other} objects={objects} />
      )}
    </div>
  );
}

function Pair({
  a,
  b,
  objects,
}: {
  readonly a: DeviceObject;
  readonly b: DeviceObject;
  readonly objects: Objects;
}) {
  const group = groupOf(objects, a);
  const together = group !== null && a.groupId === b.groupId;
  const steps = useMemo(
    () => (together && group !== null ? chainBetween(group, a.id, b.id) : null),
    [together, group, a.id, b.id],
  );
  const way = useMemo(() => wayBetween(objects, a, b), [objects, a, b]);
  if (!together)
    return (
      <>
        <ApartView a={a} b={b} way={way}>
          <ShowOnCanvas lit={{ chain: way.steps.map(({ device }) => device.id), others: [] }} />
        </ApartView>
        <PeerTry a={a} b={b} />
      </>
    );
  if (steps === null)
    return (
      <Section title={`Both are in group ${group.number}`}>
        <ShowOnCanvas lit={{ chain: [a.id, b.id], others: [] }} />
        <p className="prose">
          The device that brought them together has been removed since. The group stays as it is until its
          devices are found anew.
        </p>
      </Section>
    );
  return (
    <>
      <Section title={`Both are in group ${group.number}, by ${count(steps.length, 'step')}`}>
        <ShowOnCanvas lit={devicesOf(steps)} />
        <ChainSteps start={a.id} steps={steps} />
      </Section>
      <PeerTry a={a} b={b} />
    </>
  );
}

function WholeGroup({ device, objects }: { readonly device: DeviceObject; readonly objects: Objects }) {
  const group = groupOf(objects, device);
  if (group === null)
    return (
      <Section title={<Term tip={TERMS.group}>It has no group</Term>}>
        <p className="prose">{device.ungrouped ?? 'No kernel runs yet, so there are no groups.'}</p>
      </Section>
    );
  return (
    <>
      {group.mismatches.length > 0 && (
        <Section title="Differs from the dump">
          <ul className="stack mismatch">
            {group.mismatches.map((words) => (
              <li key={words}>{words}</li>
            ))}
          </ul>
        </Section>
      )}
      {group.deviceIds.length === 1 ? (
        <Alone device={device} group={group} objects={objects} />
      ) : (
        <Members group={group} device={device} />
      )}
    </>
  );
}

function Members({ group, device }: { readonly group: GroupObject; readonly device: DeviceObject }) {
  return (
    <Section title={`Group ${group.number}: ${count(group.deviceIds.length, 'device')}`}>
      <ShowOnCanvas lit={{ chain: [], others: group.deviceIds }} />
      <JoinTree
        group={group}
        subjectId={device.id}
        onPair={(id: WorldId) => useGroupsUi.setState({ otherId: id })}
      />
    </Section>
  );
}

/** Alone in its group. What Linux took for isolating need not be so: see PeerTry. */
function Alone({
  device,
  group,
  objects,
}: {
  readonly device: DeviceObject;
  readonly group: GroupObject;
  readonly objects: Objects;
}) {
  const above = useMemo(() => {
    const bridges: DeviceObject[] = [];
    for (
      let at = find(objects, device.parentId, 'device');
      at && !bridges.includes(at);
      at = find(objects, at.parentId, 'device')
    )
      bridges.push(at);
    return bridges;
  }, [objects, device.parentId]);
  return (
    <Section title={`Alone in group ${group.number}`}>
      <ShowOnCanvas lit={{ chain: [device.id], others: above.map(({ id }) => id) }} />
      <p className="prose">
        {device.platform
          ? `${device.bdf} is on no PCI bus: firmware gives it a number of its own, by which the IOMMU knows its DMA.`
          : above.length === 0
            ? `When Linux added ${shortBdf(device.bdf)}, nothing on its root bus shared its requester id, or its slot without isolating.`
            : `When Linux added ${shortBdf(device.bdf)}, it took every bridge above, and what shares its slot, for isolating.`}
      </p>
      {above.length > 0 && (
        <p className="muted after">Choose a second device above to see what lies between the two.</p>
      )}
    </Section>
  );
}
