import { useRef, useState, type KeyboardEvent } from 'react';
import { found } from '../../gallery/search';
import { useApp } from '../../store';
import { Dialog } from '../../ui/Dialog';
import { LessonRows } from '../lesson/LessonRows';
import { useLessons } from '../lesson/use-lessons';
import { listKeys } from '../shared/list-keys';
import { ENTRIES, SECTIONS } from './catalog';
import { fits, NO_FILTER, tagsIn, type Filter } from './filter';
import { Filters } from './Filters';
import { RowButton } from './RowButton';
import { SceneCard } from './SceneCard';
import { Shelves } from './Shelves';
import { useScenes } from './use-scenes';
import { GALLERY } from '../../words/panels/gallery';
import './gallery.css';

const RESULTS = '.lesson-row, .scene-card, .row-button';

/**
 * Lessons, scenes, the four IOMMUs, and the threads row by row. The keyboard begins in the search: Enter opens the first that
 * is found.
 */
export function GalleryDialog() {
  const openDialog = useApp((state) => state.actions.openDialog);
  const [query, setQuery] = useState('');
  const [filter, setFilter] = useState<Filter>(NO_FILTER);
  const search = useRef<HTMLInputElement>(null);
  const results = useRef<HTMLDivElement>(null);
  const scenes = useScenes() ?? [];
  const lessons = useLessons() ?? [];
  const searching = query.trim() !== '';

  const onSearchKey = (event: KeyboardEvent): void => {
    const first = results.current?.querySelector<HTMLElement>(RESULTS);
    if (first == null || (event.key !== 'ArrowDown' && event.key !== 'Enter')) return;
    event.preventDefault();
    if (event.key === 'ArrowDown') first.focus();
    // Nothing was looked for, so nothing was found.
    else if (searching) first.click();
  };

  return (
    <Dialog
      title={GALLERY.title}
      description={GALLERY.description}
      width={880}
      focus={search}
      onClose={() => openDialog(null)}
    >
      <div className="gallery-head">
        <input
          ref={search}
          type="search"
          className="input"
          aria-label={GALLERY.search}
          placeholder={GALLERY.placeholder}
          value={query}
          onChange={(event) => setQuery(event.target.value)}
          onKeyDown={onSearchKey}
        />
        <Filters filter={filter} tags={tagsIn([...lessons, ...scenes, ...ENTRIES])} onChange={setFilter} />
      </div>
      <div ref={results} className="gallery" onKeyDown={listKeys(RESULTS)}>
        {searching ? <Found query={query} filter={filter} /> : <Everything filter={filter} />}
      </div>
    </Dialog>
  );
}

function Everything({ filter }: { readonly filter: Filter }) {
  const lessons = (useLessons() ?? []).filter((lesson) => fits(filter, lesson));
  const scenes = (useScenes() ?? []).filter((scene) => fits(filter, scene));
  const entries = ENTRIES.filter((entry) => fits(filter, entry));
  return (
    <>
      {lessons.length > 0 && (
        <section className="threads" aria-labelledby="gallery-lessons">
          <h3 id="gallery-lessons">{GALLERY.lessons}</h3>
          <p className="prose">{GALLERY.lessonsSay}</p>
          <LessonRows lessons={lessons} />
        </section>
      )}
      {scenes.length > 0 && (
        <ul className="scene-grid" aria-label={GALLERY.title}>
          {scenes.map((scene) => (
            <li key={scene.id}>
              <SceneCard scene={scene} />
            </li>
          ))}
        </ul>
      )}
      {SECTIONS.map((section) => (
        <Shelves key={section.title} section={section} fits={(entry) => fits(filter, entry)} />
      ))}
      {lessons.length + scenes.length + entries.length === 0 && <Nothing />}
    </>
  );
}

interface FoundProps {
  readonly query: string;
  readonly filter: Filter;
}

/** In one list, what has the words in its title first. */
function Found({ query, filter }: FoundProps) {
  const lessons = useLessons() ?? [];
  const scenes = useScenes() ?? [];
  const named = lessons.map((lesson) => ({
    ...lesson,
    heading: [lesson.summary, lesson.difficulty, ...lesson.tags].join(' '),
    script: '',
  }));
  const cards = scenes.map((scene) => ({
    ...scene,
    label: '',
    shortLabel: '',
    heading: [scene.summary, scene.difficulty, ...scene.tags].join(' '),
  }));
  const inLessons = found(query, named).filter((lesson) => fits(filter, lesson));
  const inScenes = found(query, [...cards, ...ENTRIES]).filter((entry) => fits(filter, entry));
  return (
    <>
      {inLessons.length > 0 && <LessonRows lessons={inLessons} />}
      {inScenes.length > 0 && (
        <ul className="gallery-found" aria-label={GALLERY.found(inScenes.length)}>
          {inScenes.map((entry, index) => (
            <li key={entry.id}>
              <RowButton entry={entry} label={entry.label} first={index === 0} />
            </li>
          ))}
        </ul>
      )}
      {inLessons.length + inScenes.length === 0 && <Nothing />}
    </>
  );
}

const Nothing = () => (
  <p className="muted" role="status">
    {GALLERY.nothing}
  </p>
);
