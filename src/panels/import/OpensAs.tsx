import { count } from '../../ui/numbers';
import { sentence } from '../shared/sentence';
import { FunctionName } from './FunctionName';
import type { MachinePreview, PreviewGroup } from './machine-preview';
import type { Previewed } from './use-preview';
import { shortBdf } from './words';

/** The machine as it will open: its largest groups, and how they differ from those that the text records. */
export function OpensAs({ previewed: { preview } }: { readonly previewed: Previewed }) {
  return (
    <section className="import-section" aria-labelledby="opens-title">
      <h3 id="opens-title" className="eyebrow">
        What opens
      </h3>
      {preview === null ? <p className="muted">Grouping…</p> : <Preview preview={preview} />}
    </section>
  );
}

const UNGROUPED_NAMED = 3;

function Preview({ preview }: { readonly preview: MachinePreview }) {
  const { groups, largest, moreShared, ungrouped, problem } = preview;
  return (
    <>
      <p>
        {count(groups, 'group')}.{' '}
        {largest.length === 0
          ? groups > 0 && 'Every function has one of its own.'
          : `${count(largest.length + moreShared, 'is', 'are')} shared${moreShared > 0 ? ', the largest' : ''}:`}
      </p>
      {largest.length > 0 && (
        <ul className="largest">
          {largest.map((group) => (
            <Group key={group.number} group={group} />
          ))}
        </ul>
      )}
      {ungrouped.length > 0 && (
        <p className="prose">
          {count(ungrouped.length, 'function')} without a group:{' '}
          {ungrouped
            .slice(0, UNGROUPED_NAMED)
            .map(({ bdf }) => shortBdf(bdf))
            .join(', ')}
          {ungrouped.length > UNGROUPED_NAMED && ` and ${ungrouped.length - UNGROUPED_NAMED} more`}.{' '}
          {sentence(ungrouped[0]?.why ?? null)}
        </p>
      )}
      <Recorded preview={preview} />
      {problem !== null && <p className="error-text">{sentence(problem)}</p>}
    </>
  );
}

const MEMBERS_NAMED = 3;

function Group({ group: { number, members } }: { readonly group: PreviewGroup }) {
  const more = members.length - MEMBERS_NAMED;
  return (
    <li>
      <span className="largest-size">
        <b>{members.length}</b> <span className="muted">in group {number}</span>
      </span>
      <span className="largest-members">
        {members.slice(0, MEMBERS_NAMED).map((member) => (
          <FunctionName key={member.bdf} bdf={member.bdf} name={member.name} />
        ))}
        {more > 0 && <span className="muted">and {more} more</span>}
      </span>
    </li>
  );
}

const MOVED_NAMED = 6;

function Recorded({ preview: { recorded } }: { readonly preview: MachinePreview }) {
  if (recorded === null) return null;
  const { groups, moved } = recorded;
  if (moved.length === 0)
    return (
      <p className="prose">
        {groups === 1
          ? 'The one group that the text records is'
          : `All ${groups} groups that the text records are`}{' '}
        the same.
      </p>
    );
  const more = moved.length - MOVED_NAMED;
  return (
    <p className="prose">
      <span className="chip" data-tone="stale">
        differs
      </span>{' '}
      The text records {count(groups, 'group')}; in other company here {moved.length === 1 ? 'is' : 'are'}{' '}
      {moved.slice(0, MOVED_NAMED).map(shortBdf).join(', ')}
      {more > 0 && ` and ${more} more`}.
    </p>
  );
}
