import type { DefectNote } from '../../engine/iommufd/defects';
import { useApp } from '../../store';
import { useReading } from '../shared/use-reading';
import { DEFECTS } from '../../words/panels/help';

/** Where the modelled kernel is wrong: what it does, and what happens here. */
export function Defects() {
  const read = useApp((state) => state.actions.readDefects);
  const defects = useReading(read);
  if (!defects || defects.length === 0) return null;
  const right = defects.filter((note) => note.policy === 'right');
  const same = defects.filter((note) => note.policy === 'same');
  return (
    <section aria-labelledby="help-defects" className="help-wide">
      <h3 id="help-defects" className="eyebrow">
        {DEFECTS.title}
      </h3>
      <p className="prose">{DEFECTS.says}</p>
      <Notes title={DEFECTS.right} notes={right} />
      <Notes title={DEFECTS.same} notes={same} />
    </section>
  );
}

interface NotesProps {
  readonly title: string;
  readonly notes: readonly DefectNote[];
}

const Notes = ({ title, notes }: NotesProps) => (
  <details className="defects">
    <summary>
      {title} <span className="muted">{notes.length}</span>
    </summary>
    <ul>
      {notes.map((note) => (
        <li key={note.id}>
          <code>{note.where}</code>
          {note.option !== undefined && (
            <code className="chip" data-tip={DEFECTS.optionTip}>
              defects={note.option}
            </code>
          )}
          <p>{note.kernel}</p>
          <p className="defects-here">
            <b>{DEFECTS.here}</b> {note.here}
          </p>
        </li>
      ))}
    </ul>
  </details>
);
