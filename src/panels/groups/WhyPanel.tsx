import { useMemo } from 'react';
import type { DeviceObject, GroupObject, WorldId } from '../../engine/sim/world';
import { useApp } from '../../store';
import { shortBdf } from '../../store/script';
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
import { WHY } from '../../words/panels/groups/why';

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
            label={WHY.device}
            none={WHY.choose}
            value={subject?.id ?? null}
            onChange={(id) => select(id)}
          />
          <DevicePicker
            label={WHY.and}
            none={WHY.wholeGroup}
            value={other?.id ?? null}
            not={subject?.id ?? null}
            near={subject?.groupId ?? null}
            onChange={(id) => useGroupsUi.setState({ otherId: id })}
          />
        </div>
      </Section>
      {subject === null ? (
        <Section>
          <p className="prose">{WHY.chooseSays}</p>
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
      <Section title={WHY.both(group.number)}>
        <ShowOnCanvas lit={{ chain: [a.id, b.id], others: [] }} />
        <p className="prose">{WHY.removed}</p>
      </Section>
    );
  return (
    <>
      <Section title={WHY.bothBy(group.number, steps.length)}>
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
      <Section title={<Term tip={TERMS.group}>{WHY.noGroup}</Term>}>
        <p className="prose">{device.ungrouped ?? WHY.noKernel}</p>
      </Section>
    );
  return (
    <>
      {group.mismatches.length > 0 && (
        <Section title={WHY.differs}>
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
    <Section title={WHY.members(group.number, group.deviceIds.length)}>
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
    <Section title={WHY.alone(group.number)}>
      <ShowOnCanvas lit={{ chain: [device.id], others: above.map(({ id }) => id) }} />
      <p className="prose">
        {device.platform
          ? WHY.platform(device.bdf)
          : above.length === 0
            ? WHY.onRootBus(shortBdf(device.bdf))
            : WHY.isolated(shortBdf(device.bdf))}
      </p>
      {above.length > 0 && <p className="muted after">{WHY.chooseSecond}</p>}
    </Section>
  );
}
