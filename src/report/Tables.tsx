import { REPORT as words } from '../words/report';
import { cellNotes, passCell } from './pass';
import type { GroupReport, MachineReport, Member } from './report';

const { columns } = words;

/** Who is in a group. */
export const MemberTable = ({ members }: { readonly members: readonly Member[] }) => (
  <table>
    <thead>
      <tr>
        <th className="rp-c-address">{columns.address}</th>
        <th>{columns.device}</th>
        <th className="rp-c-ids">{columns.ids}</th>
        <th className="rp-c-driver">{columns.driver}</th>
      </tr>
    </thead>
    <tbody>
      {members.map((member) => (
        <tr key={member.id}>
          <MemberCells member={member} />
        </tr>
      ))}
    </tbody>
  </table>
);

const MemberCells = ({ member }: { readonly member: Member }) => (
  <>
    <td>
      <code>{member.address}</code>
    </td>
    <td>
      {member.name}
      {member.className !== '' && member.className !== member.name && (
        <>
          {' '}
          <span className="rp-quiet">{member.className}</span>
        </>
      )}
    </td>
    <td>{member.ids === null ? words.notTold : <code>{member.ids}</code>}</td>
    <td>{member.driver === null ? words.none : <code>{member.driver}</code>}</td>
  </>
);

interface SingleTableProps {
  readonly groups: readonly GroupReport[];
  readonly untried: boolean;
}

/** Groups of one device that is no bridge: a line each. */
export function SingleTable({ groups, untried }: SingleTableProps) {
  if (groups.length === 0) return null;
  return (
    <section>
      <h2>{words.single}</h2>
      <table className="rp-single">
        <thead>
          <tr>
            <th className="rp-c-group">{columns.group}</th>
            <th className="rp-c-address">{columns.address}</th>
            <th>{columns.device}</th>
            <th className="rp-c-ids">{columns.ids}</th>
            <th className="rp-c-driver">{columns.driver}</th>
            {!untried && <th className="rp-c-pass">{columns.pass}</th>}
          </tr>
        </thead>
        <tbody>
          {groups.map((group) => (
            <SingleRow key={group.id} group={group} untried={untried} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function SingleRow({ group, untried }: { readonly group: GroupReport; readonly untried: boolean }) {
  const notes = [...group.mismatches, ...cellNotes(group), ...group.reserved.map(words.reservedToo)];
  return group.members.map((member) => (
    <tr key={member.id}>
      <td className="rp-number">{group.number}</td>
      <MemberCells member={member} />
      {!untried && (
        <td>
          {passCell(group)}
          {notes.map((note) => (
            <p key={note} className="rp-note">
              {note}
            </p>
          ))}
        </td>
      )}
    </tr>
  ));
}

/** They stay with the host: who is interested in one finds it here. */
export function BridgeList({ groups }: { readonly groups: readonly GroupReport[] }) {
  if (groups.length === 0) return null;
  return (
    <section className="rp-bridges">
      <h3>{words.bridges}</h3>
      <ul>
        {groups.flatMap(({ number, members }) =>
          members.map(({ id, address, name }) => (
            <li key={id}>
              <code>{address}</code> {name} <span className="rp-quiet">{words.groupChip(number)}</span>
            </li>
          )),
        )}
      </ul>
    </section>
  );
}

export function UngroupedTable({ rows }: { readonly rows: MachineReport['ungrouped'] }) {
  if (rows.length === 0) return null;
  return (
    <section>
      <h2>{words.ungrouped}</h2>
      <table>
        <thead>
          <tr>
            <th className="rp-c-address">{columns.address}</th>
            <th>{columns.device}</th>
            <th className="rp-c-reason">{columns.reason}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ member, why }) => (
            <tr key={member.id}>
              <td>
                <code>{member.address}</code>
              </td>
              <td>{member.name}</td>
              <td>{why}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
