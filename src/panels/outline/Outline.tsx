import { useDeferredValue, useMemo, useState } from 'react';
import { useApp } from '../../store';
import { Section } from '../../ui/Section';
import { OUTLINE } from '../../words/panels/outline';
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
      <Section title={OUTLINE.title}>
        <p className="prose">{OUTLINE.nothing}</p>
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
            aria-label={OUTLINE.search}
            placeholder={OUTLINE.searchIn(total)}
            value={wanted}
            onChange={(event) => setWanted(event.target.value)}
          />
        </search>
        <div className="outline-looks" role="group" aria-label={OUTLINE.showAs}>
          {(['tree', 'table'] as const).map((each) => (
            <button
              key={each}
              type="button"
              className="subtab"
              aria-pressed={look === each}
              data-active={look === each || undefined}
              onClick={() => showOutlineAs(each)}
            >
              {OUTLINE[each]}
            </button>
          ))}
        </div>
      </div>
      {found !== null && (
        <p className="prose outline-found" role="status">
          {OUTLINE.found(found.length)}
        </p>
      )}
      {look === 'tree' ? (
        <OutlineTree
          rows={rows}
          label={found === null ? OUTLINE.objects : OUTLINE.foundObjects}
          onToggle={toggle}
        />
      ) : (
        <OutlineTable found={found} />
      )}
    </div>
  );
}
