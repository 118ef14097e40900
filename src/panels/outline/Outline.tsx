import { useDeferredValue, useMemo, useState } from 'react';
import { useApp } from '../../store';
import { count } from '../../ui/numbers';
import { Section } from '../../ui/Section';
import { OutlineTable } from './OutlineTable';
import { OutlineTree } from './OutlineTree';
import { flatRows, rowsOf } from './rows';
import { matching } from './search';
import './outline.css';

const NONE: ReadonlySet<string> = new Set();

/** Everything on the canvas as a tree or a table: the same scene for whoever reads rather than looks. */
export function Outline() {
  const objects = useApp((state) => state.objects);
  const look = useApp((state) => state.outlineLook);
  const showOutlineAs = useApp((state) => state.actions.showOutlineAs);
  const [wanted, setWanted] = useState('');
  const [closed, setClosed] = useState(NONE);
  const typed = useDeferredValue(wanted).trim();
  const total = useMemo(() => Object.keys(objects).length, [objects]);
  const found = useMemo(() => (typed === '' ? null : matching(objects, typed)), [objects, typed]);
  const rows = useMemo(
    () => (found === null ? rowsOf(objects, closed) : flatRows(objects, found)),
    [objects, found, closed],
  );
  if (total === 0)
    return (
      <Section title="Outline">
        <p className="prose">Nothing here yet.</p>
      </Section>
    );

  const toggle = (id: string): void => {
    const next = new Set(closed);
    if (!next.delete(id)) next.add(id);
    setClosed(next);
  };
  return (
    <div className="outline-panel">
      <div className="outline-bar">
        <search className="grow">
          <input
            type="search"
            className="input"
            aria-label="Search objects"
            placeholder={`Search ${count(total, 'object')}`}
            value={wanted}
            onChange={(event) => setWanted(event.target.value)}
          />
        </search>
        <div className="outline-looks" role="group" aria-label="Show as">
          {(['tree', 'table'] as const).map((each) => (
            <button
              key={each}
              type="button"
              className="subtab"
              aria-pressed={look === each}
              data-active={look === each || undefined}
              onClick={() => showOutlineAs(each)}
            >
              {each === 'tree' ? 'Tree' : 'Table'}
            </button>
          ))}
        </div>
      </div>
      {found !== null && (
        <p className="prose outline-found" role="status">
          {count(found.length, 'object')}
        </p>
      )}
      {look === 'tree' ? (
        <OutlineTree rows={rows} label={found === null ? 'Objects' : 'Found objects'} onToggle={toggle} />
      ) : (
        <OutlineTable found={found} />
      )}
    </div>
  );
}
