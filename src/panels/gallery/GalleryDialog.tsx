import { useId, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
import { groupShelves } from '../../gallery/groups';
import { iommuShelves } from '../../gallery/iommus';
import { trafficShelves } from '../../gallery/traffic';
import { threads } from '../../gallery/rows';
import { isFound } from '../../gallery/search';
import { numberOf, type SceneShelf } from '../../gallery/shelves';
import { useApp } from '../../store';
import { Dialog } from '../../ui/Dialog';
import { listKeys } from '../shared/list-keys';
import { SceneCard } from './SceneCard';
import { useOpenScene, useScenes } from './use-scenes';

const RESULTS = '.scene-card, .row-button';

/** Scenes to open, the four IOMMUs, and the threads row by row. The keyboard begins in the search: Enter opens the first that is found. */
export function GalleryDialog() {
  const openDialog = useApp((state) => state.actions.openDialog);
  const [query, setQuery] = useState('');
  const search = useRef<HTMLInputElement>(null);
  const results = useRef<HTMLDivElement>(null);

  const all = useScenes();
  const scenes = all?.filter(({ title, summary, tags, script }) =>
    isFound(query, { heading: [title, summary, ...tags].join(' '), script }),
  );
  const foundOf = (shelves: readonly Shelf[]): readonly Shelf[] =>
    shelves.flatMap((shelf) => {
      const rows = shelf.rows.filter(({ label, title, script }) =>
        isFound(query, { heading: `${shelf.id} ${label} ${title} ${shelf.title}`, script }),
      );
      return rows.length > 0 ? [{ ...shelf, rows }] : [];
    });
  const found = foundOf(IOMMUS);
  const foundGroups = foundOf(GROUPS);
  const foundTraffic = foundOf(TRAFFIC);
  const foundThreads = foundOf(THREADS);
  const nothing =
    scenes?.length === 0 &&
    [found, foundTraffic, foundGroups, foundThreads].every((each) => each.length === 0);

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
        placeholder="Search: a word, a row such as E4, a verb, an errno, a fault"
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
        <Shelves title="Four real IOMMUs" shelves={found}>
          What the hardware reads, keeps and reports: tables, caches, queues and faults of each vendor, in the
          words of its document, and what the kernel prints.
        </Shelves>
        <Shelves title="While the card is busy" shelves={foundTraffic}>
          Traffic that goes on while the kernel moves a device from one table to another: which accesses are
          blocked, and at what; and how a ring and a random reader use the IOTLB.
        </Shelves>
        <Shelves title="Whose group is it, and why" shelves={foundGroups}>
          Which devices Linux keeps together, the registers that decide, and DMA that shows whether they are
          right: bridges, switches, functions, quirks, and the kernel’s command line.
        </Shelves>
        <Shelves title="Five threads, row by row" shelves={foundThreads}>
          What developers of the kernel asked each other on its mailing lists, and what it does today: one
          small scene a question, with notes, and lines that check every answer.
        </Shelves>
        {nothing && <p className="muted">Nothing has these words.</p>}
      </div>
    </Dialog>
  );
}

/** Rows under one heading. */
interface Shelf {
  readonly id: string;
  /** Before the title; empty where that says it all. */
  readonly letter: string;
  readonly title: string;
  readonly year: number | null;
  readonly rows: readonly Row[];
}

interface Row {
  readonly id: string;
  /** `E4`; under a heading that says the rest, `3` */
  readonly label: string;
  readonly title: string;
  readonly script: string;
}

const shelfOf = ({ word, title, scenes }: SceneShelf): Shelf => ({
  id: word,
  letter: '',
  title,
  year: null,
  rows: scenes.map((scene) => ({ ...scene, label: String(numberOf(scene)) })),
});
const IOMMUS = iommuShelves.map(shelfOf);
const GROUPS = groupShelves.map(shelfOf);
const TRAFFIC = trafficShelves.map(shelfOf);

const THREADS: readonly Shelf[] = threads.map(({ letter, title, year, rows }) => ({
  id: letter,
  letter,
  title,
  year,
  rows: rows.map((row) => ({ ...row, label: row.row })),
}));

interface ShelvesProps {
  readonly title: string;
  readonly shelves: readonly Shelf[];
  readonly children: ReactNode;
}

function Shelves({ title, shelves, children }: ShelvesProps) {
  const heading = useId();
  if (shelves.length === 0) return null;
  return (
    <section className="threads" aria-labelledby={heading}>
      <h3 id={heading}>{title}</h3>
      <p className="prose">{children}</p>
      {shelves.map(({ id, letter, title: name, year, rows }) => (
        <section key={id} aria-labelledby={`thread-${id}`}>
          <h4 id={`thread-${id}`} className="thread-title">
            {letter !== '' && <b>{letter}</b>} {name} {year !== null && <span className="muted">{year}</span>}
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

/** One tab stop a heading: arrows go on from there. */
function RowButton({ row, first }: { readonly row: Row; readonly first: boolean }) {
  const open = useOpenScene();
  return (
    <button
      type="button"
      className="row-button"
      tabIndex={first ? 0 : -1}
      onClick={() => void open(row.script)}
    >
      <code>{row.label}</code>
      <span>{row.title}</span>
    </button>
  );
}
