import { useState } from 'react';
import { useApp } from '../../store';
import { count } from '../../ui/numbers';
import { find } from '../shared/words';
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
              <Side groups={change.before} name="before" change={change} />
              <span className="difference-arrow" aria-hidden="true">
                →
              </span>
              <Side groups={change.after} name="after" change={change} />
            </div>
          </li>
        ))}
      </ul>
      {!all && changes.length > MOST_CHANGES && (
        <More onClick={() => setAll(true)}>{`Show ${changes.length - MOST_CHANGES} more`}</More>
      )}
      {ungrouped.length > 0 && (
        <ul className="stack difference-ungrouped">
          {ungrouped.map(({ deviceId, grouped, why }) => (
            <li key={deviceId}>
              <code>{addressOf(deviceId)}</code>{' '}
              {grouped ? 'gets a group that it did not have: ' : 'has no group any more: '}
              <span className="muted">{why}</span>
            </li>
          ))}
        </ul>
      )}
      {!isNothing(difference) && same > 0 && (
        <p className="muted">
          {count(same, 'other group')} {same === 1 ? 'is' : 'are'} as before.
        </p>
      )}
      {problem !== null && (
        <p className="difference-problem">
          <span className="chip" data-tone="stale">
            later lines
          </span>{' '}
          The script goes on with something that does not fit the changed machine: {problem}
        </p>
      )}
    </>
  );
}

function summaryOf(difference: Difference): string {
  if (isNothing(difference)) return 'Nothing changes: every device stays with the same others.';
  const kinds = new Map<GroupsChange['kind'], number>();
  for (const { kind } of difference.changes) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  const parts = [...kinds].map(([kind, n]) => `${n} ${WORDS[kind]}`);
  return parts.length === 0 ? 'Only who has a group changes.' : `${parts.join(', ')}.`;
}

const WORDS: Readonly<Record<GroupsChange['kind'], string>> = {
  split: 'split up',
  merged: 'merged',
  regrouped: 'exchange',
  changed: 'changed',
  appeared: 'new',
  vanished: 'gone',
};

function titleOf({ kind, before, after }: GroupsChange): string {
  const old = namesOf(before);
  const now = namesOf(after);
  switch (kind) {
    case 'split':
      return `${old} splits into ${after.length}`;
    case 'merged':
      return `${old} become one`;
    case 'regrouped':
      return `${old} exchange devices`;
    case 'changed':
      return changedTitle(old, before, after);
    case 'appeared':
      return `${now} is new`;
    case 'vanished':
      return `${old} is gone`;
  }
}

function changedTitle(
  old: string,
  before: readonly ComparedGroup[],
  after: readonly ComparedGroup[],
): string {
  const lost = membersOf(before).filter(({ place }) => place === null).length;
  const won = membersOf(after).filter(({ place }) => place === null).length;
  if (lost === 0 && won === 0) return `${old} moves`;
  const parts = [won > 0 && `wins ${count(won, 'device')}`, lost > 0 && `loses ${count(lost, 'device')}`];
  return `${old} ${parts.filter(Boolean).join(' and ')}`;
}

const membersOf = (groups: readonly ComparedGroup[]): readonly Member[] =>
  groups.flatMap(({ members }) => members);
const namesOf = (groups: readonly ComparedGroup[]): string =>
  groups.length === 1
    ? `Group ${groups[0]?.number ?? ''}`
    : `Groups ${listed(groups.map(({ number }) => String(number)))}`;

/** `1, 3 and 7` */
const listed = (names: readonly string[]): string =>
  names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1) ?? ''}`;
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
    return <p className="difference-none">{name === 'before' ? 'was not there' : 'none'}</p>;
  return (
    <ul className="difference-side" aria-label={name}>
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
        <span className="sr-only">{name} </span>group {number}
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
        <More onClick={() => setAll(true)}>{`and ${members.length - shown.length} more`}</More>
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
      ? 'gone'
      : 'new'
    : moved && side === 'after'
      ? `was ${addressOf(otherId)}`
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
