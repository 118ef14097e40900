import { useRef, useState, type KeyboardEvent } from 'react';
import { threads, type GalleryRow, type Thread } from '../../gallery/rows';
import { isFound } from '../../gallery/search';
import { useApp } from '../../store';
import { Dialog } from '../../ui/Dialog';
import { listKeys } from '../shared/list-keys';
import { SceneCard } from './SceneCard';
import { useOpenScene, useScenes } from './use-scenes';

const RESULTS = '.scene-card, .row-button';

/** Scenes to open, and the threads row by row. The keyboard begins in the search: Enter opens the first that is found. */
export function GalleryDialog() {
  const openDialog = useApp((state) => state.actions.openDialog);
  const [query, setQuery] = useState('');
  const search = useRef<HTMLInputElement>(null);
  const results = useRef<HTMLDivElement>(null);

  const all = useScenes();
  const scenes = all?.filter(({ title, summary, tags, script }) =>
    isFound(query, { heading: [title, summary, ...tags].join(' '), script }),
  );
  const found = threads.flatMap((thread) => {
    const rows = thread.rows.filter((row) =>
      isFound(query, { heading: `${row.row} ${row.title} ${thread.title}`, script: row.script }),
    );
    return rows.length > 0 ? [{ ...thread, rows }] : [];
  });

  const onSearchKey = (event: KeyboardEvent): void => {
    const first = results.current?.querySelector<HTMLElement>(RESULTS);
    if (first == null || (event.key !== 'ArrowDown' && event.key !== 'Enter')) return;
    event.preventDefault();
    if (event.key === 'ArrowDown') first.focus();
    // Nothing was looked for, so nothing was found.
    else if (query.trim() !== '') first.click();
  };

  return (
    <Dialog
      title="Scenes"
      description="Each is a script: open it, play it, change it. Undo brings back what you had."
      width={820}
      focus={search}
      onClose={() => openDialog(null)}
    >
      <input
        ref={search}
        type="search"
        className="input gallery-search"
        aria-label="Search scenes"
        placeholder="Search: a word, a row such as E4, a verb, an errno"
        value={query}
        onChange={(event) => setQuery(event.target.value)}
        onKeyDown={onSearchKey}
      />
      <div ref={results} className="gallery" onKeyDown={listKeys(RESULTS)}>
        {scenes !== undefined && scenes.length > 0 && (
          <ul className="scene-grid" aria-label="Scenes">
            {scenes.map((scene) => (
              <li key={scene.id}>
                <SceneCard scene={scene} />
              </li>
            ))}
          </ul>
        )}
        {found.length > 0 && <Threads found={found} />}
        {scenes?.length === 0 && found.length === 0 && <p className="muted">Nothing has these words.</p>}
      </div>
    </Dialog>
  );
}

function Threads({ found }: { readonly found: readonly Thread[] }) {
  return (
    <section className="threads" aria-labelledby="threads-title">
      <h3 id="threads-title">Five threads, row by row</h3>
      <p className="prose">
        What developers of the kernel asked each other on its mailing lists, and what it does today: one small
        scene a question, with notes, and lines that check every answer.
      </p>
      {found.map(({ letter, year, title, rows }) => (
        <section key={letter} aria-labelledby={`thread-${letter}`}>
          <h4 id={`thread-${letter}`} className="thread-title">
            <b>{letter}</b> {title} <span className="muted">{year}</span>
          </h4>
          <ul>
            {rows.map((row, index) => (
              <li key={row.id}>
                <RowButton row={row} first={index === 0} />
              </li>
            ))}
          </ul>
        </section>
      ))}
    </section>
  );
}

/** One tab stop a thread: arrows go on from there. */
function RowButton({ row, first }: { readonly row: GalleryRow; readonly first: boolean }) {
  const open = useOpenScene();
  return (
    <button
      type="button"
      className="row-button"
      tabIndex={first ? 0 : -1}
      onClick={() => void open(row.script)}
    >
      <code>{row.row}</code>
      <span>{row.title}</span>
    </button>
  );
}
