import { useId } from 'react';
import type { Entry, Section } from './catalog';
import { RowButton } from './RowButton';

interface ShelvesProps {
  readonly section: Section;
  readonly fits: (entry: Entry) => boolean;
}

/** A section of the gallery, shelf by shelf; what has nothing that fits is left out. */
export function Shelves({ section: { title, says, shelves }, fits }: ShelvesProps) {
  const heading = useId();
  const shown = shelves.flatMap((shelf) => {
    const entries = shelf.entries.filter(fits);
    return entries.length > 0 ? [{ ...shelf, entries }] : [];
  });
  if (shown.length === 0) return null;
  return (
    <section className="threads" aria-labelledby={heading}>
      <h3 id={heading}>{title}</h3>
      <p className="prose">{says}</p>
      {shown.map(({ id, letter, title: name, year, entries }) => (
        <section key={id} aria-labelledby={`thread-${id}`}>
          <h4 id={`thread-${id}`} className="thread-title">
            {letter !== '' && <b>{letter}</b>} {name} {year !== null && <span className="muted">{year}</span>}
          </h4>
          <ul>
            {entries.map((entry, index) => (
              <li key={entry.id}>
                <RowButton entry={entry} label={entry.shortLabel} first={index === 0} />
              </li>
            ))}
          </ul>
        </section>
      ))}
    </section>
  );
}
