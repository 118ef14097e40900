import { useState } from 'react';
import { useApp } from '../../store';
import { find } from '../shared/words';
import { DIFFERENCE } from '../../words/panels/groups/what-if';
import { SHARED } from '../../words/panels/shared';
import { ClassIcon } from './ClassIcon';
import { isNothing, type ComparedGroup, type Difference, type GroupsChange, type Member } from './difference';
import { addressOf } from './words';

interface DifferenceViewProps {
  readonly difference: Difference;
  /** The first line of the changed script that would fail. */
  readonly problem: string | null;
}

/** More would bury the first. */
const MOST_CHANGES = 12;
const MOST_MEMBERS = 10;

const More = ({ onClick, children }: { readonly onClick: () => void; readonly children: string }) => (
  <button type="button" className="link-quiet" onClick={onClick}>
    {children}
  </button>
);

/** Groups before and after, only where something happens. The same colour on both sides is the same company. */
export function DifferenceView({ difference, problem }: DifferenceViewProps) {
  const { changes, same, ungrouped } = difference;
  const [all, setAll] = useState(false);
  return (
    <>
      {changes.length !== 1 && <p className="difference-summary">{summaryOf(difference)}</p>}
      <ul className="differences">
        {changes.slice(0, all ? undefined : MOST_CHANGES).map((change) => (
          <li key={keyOf(change)} data-kind={change.kind}>
            <p className="difference-title">{titleOf(change)}</p>
            <div className="difference-sides">
              <Side groups={change.before} name={DIFFERENCE.side.before} change={change} />
              <span className="difference-arrow" aria-hidden="true">
                →
              </span>
              <Side groups={change.after} name={DIFFERENCE.side.after} change={change} />
            </div>
          </li>
        ))}
      </ul>
      {!all && changes.length > MOST_CHANGES && (
        <More onClick={() => setAll(true)}>{DIFFERENCE.showMore(changes.length - MOST_CHANGES)}</More>
      )}
      {ungrouped.length > 0 && (
        <ul className="stack difference-ungrouped">
          {ungrouped.map(({ deviceId, grouped, why }) => (
            <li key={deviceId}>
              <code>{addressOf(deviceId)}</code> {grouped ? DIFFERENCE.grouped : DIFFERENCE.ungrouped}{' '}
              <span className="muted">{why}</span>
            </li>
          ))}
        </ul>
      )}
      {!isNothing(difference) && same > 0 && <p className="muted">{DIFFERENCE.same(same)}</p>}
      {problem !== null && (
        <p className="difference-problem">
          <span className="chip" data-tone="stale">
            {DIFFERENCE.laterLines}
          </span>{' '}
          {DIFFERENCE.problem(problem)}
        </p>
      )}
    </>
  );
}

function summaryOf(difference: Difference): string {
  if (isNothing(difference)) return DIFFERENCE.nothing;
  const kinds = new Map<GroupsChange['kind'], number>();
  for (const { kind } of difference.changes) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  return kinds.size === 0 ? DIFFERENCE.onlyUngrouped : DIFFERENCE.summary(kinds);
}

function titleOf({ kind, before, after }: GroupsChange): string {
  const old = numbersOf(before);
  switch (kind) {
    case 'split':
      return DIFFERENCE.split(old, after.length);
    case 'merged':
      return DIFFERENCE.merged(old);
    case 'regrouped':
      return DIFFERENCE.regrouped(old);
    case 'changed':
      return DIFFERENCE.changed(old, strangersIn(after), strangersIn(before));
    case 'appeared':
      return DIFFERENCE.appeared(numbersOf(after));
    case 'vanished':
      return DIFFERENCE.vanished(old);
  }
}

/** Devices that are on this side only. */
const strangersIn = (groups: readonly ComparedGroup[]): number =>
  membersOf(groups).filter(({ place }) => place === null).length;

const membersOf = (groups: readonly ComparedGroup[]): readonly Member[] =>
  groups.flatMap(({ members }) => members);
const numbersOf = (groups: readonly ComparedGroup[]): readonly number[] => groups.map(({ number }) => number);
const keyOf = ({ before, after }: GroupsChange): string =>
  [...membersOf(before), '→', ...membersOf(after)]
    .map((each) => (typeof each === 'string' ? each : each.deviceId))
    .join(' ');

interface SideProps {
  readonly groups: readonly ComparedGroup[];
  readonly name: 'before' | 'after';
  readonly change: GroupsChange;
}

function Side({ groups, name, change }: SideProps) {
  if (groups.length === 0)
    return <p className="difference-none">{name === 'before' ? DIFFERENCE.wasNotThere : DIFFERENCE.none}</p>;
  return (
    <ul className="difference-side" aria-label={DIFFERENCE.side[name]}>
      {groups.map((group, at) => (
        <Group key={group.members[0]?.deviceId ?? at} group={group} at={at} name={name} change={change} />
      ))}
    </ul>
  );
}

interface GroupProps extends Omit<SideProps, 'groups'> {
  readonly group: ComparedGroup;
  readonly at: number;
}

function Group({ group: { number, members }, at, name, change }: GroupProps) {
  const [all, setAll] = useState(false);
  const shown = all || members.length <= MOST_MEMBERS + 1 ? members : members.slice(0, MOST_MEMBERS);
  return (
    <li className="difference-group">
      <span className="difference-number">
        <span className="sr-only">{DIFFERENCE.side[name]} </span>
        {DIFFERENCE.group(number)}
      </span>
      <ul>
        {shown.map((member) => (
          <Device
            key={member.deviceId}
            member={member}
            side={name}
            company={companyOf(change, name, at, member)}
          />
        ))}
      </ul>
      {shown.length < members.length && (
        <More onClick={() => setAll(true)}>{SHARED.more(members.length - shown.length)}</More>
      )}
    </li>
  );
}

/** Which colour: what is several on one side gives the colours to both. */
function companyOf(
  { before, after }: GroupsChange,
  side: 'before' | 'after',
  at: number,
  member: Member,
): number | null {
  const coloured = after.length >= before.length ? 'after' : 'before';
  if (before.length <= 1 && after.length <= 1) return null;
  return side === coloured ? at : member.place;
}

interface DeviceProps {
  readonly member: Member;
  readonly side: 'before' | 'after';
  readonly company: number | null;
}

function Device({ member: { deviceId, otherId, place }, side, company }: DeviceProps) {
  const known = side === 'before' ? deviceId : (otherId ?? deviceId);
  const device = useApp((state) => find(state.objects, known, 'device'));
  const fresh = place === null;
  const moved = otherId !== null && otherId !== deviceId;
  const word = fresh
    ? side === 'before'
      ? DIFFERENCE.gone
      : DIFFERENCE.new
    : moved && side === 'after'
      ? DIFFERENCE.was(addressOf(otherId))
      : null;
  return (
    <li
      className="difference-device"
      data-company={company === null ? undefined : company % 5}
      data-fresh={fresh || undefined}
    >
      {device !== null && <ClassIcon device={device} />}
      <code>{addressOf(deviceId)}</code>
      {word !== null && <span className="difference-word">{word}</span>}
    </li>
  );
}
