import type { DefectNote } from '../../engine/iommufd/defects';
import { useApp } from '../../store';
import { useReading } from '../shared/use-reading';

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
        Where the kernel is wrong
      </h3>
      <p className="prose">
        The kernel that is modelled here (Linux 7.1, merge window) has mistakes of its own. What programs may
        rely on is done the same way; what only does harm is done as it was meant.
      </p>
      <Notes title="Done as it was meant" notes={right} />
      <Notes title="Done as the kernel does it" notes={same} />
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
            <code className="chip" data-tip="On the machine line, this brings the kernel’s own way back">
              defects={note.option}
            </code>
          )}
          <p>{note.kernel}</p>
          <p className="defects-here">
            <b>Here</b> {note.here}
          </p>
        </li>
      ))}
    </ul>
  </details>
);
