import { sentence } from '../shared/sentence';
import { FunctionName } from './FunctionName';
import type { MachinePreview, PreviewGroup } from './machine-preview';
import type { Previewed } from './use-preview';
import { shortBdf } from '../../words/panels/import/findings';
import { OPENS } from '../../words/panels/import/dialog';
import { SHARED } from '../../words/panels/shared';

/** The machine as it will open: its largest groups, and how they differ from those that the text records. */
export function OpensAs({ previewed: { preview } }: { readonly previewed: Previewed }) {
  return (
    <section className="import-section" aria-labelledby="opens-title">
      <h3 id="opens-title" className="eyebrow">
        {OPENS.title}
      </h3>
      {preview === null ? <p className="muted">{OPENS.grouping}</p> : <Preview preview={preview} />}
    </section>
  );
}

const UNGROUPED_NAMED = 3;

function Preview({ preview }: { readonly preview: MachinePreview }) {
  const { groups, largest, moreShared, ungrouped, problem } = preview;
  return (
    <>
      <p>
        {OPENS.groups(groups)}{' '}
        {largest.length === 0
          ? groups > 0 && OPENS.allAlone
          : moreShared > 0
            ? OPENS.sharedLargest(largest.length + moreShared)
            : OPENS.shared(largest.length)}
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
          {OPENS.ungrouped(
            ungrouped.length,
            ungrouped
              .slice(0, UNGROUPED_NAMED)
              .map(({ bdf }) => shortBdf(bdf))
              .join(', '),
            ungrouped.length - UNGROUPED_NAMED,
          )}{' '}
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
        <b>{members.length}</b> <span className="muted">{OPENS.inGroup(number)}</span>
      </span>
      <span className="largest-members">
        {members.slice(0, MEMBERS_NAMED).map((member) => (
          <FunctionName key={member.bdf} bdf={member.bdf} name={member.name} />
        ))}
        {more > 0 && <span className="muted">{SHARED.more(more)}</span>}
      </span>
    </li>
  );
}

const MOVED_NAMED = 6;

function Recorded({ preview: { recorded } }: { readonly preview: MachinePreview }) {
  if (recorded === null) return null;
  const { groups, moved } = recorded;
  if (moved.length === 0) return <p className="prose">{OPENS.allTheSame(groups)}</p>;
  const more = moved.length - MOVED_NAMED;
  return (
    <p className="prose">
      <span className="chip" data-tone="stale">
        {OPENS.differs}
      </span>{' '}
      {OPENS.moved(groups, moved.length, moved.slice(0, MOVED_NAMED).map(shortBdf).join(', '), more)}
    </p>
  );
}
