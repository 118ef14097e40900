import { DIFFICULTIES } from '../../gallery/about';
import { DIFFICULTY_WORDS } from '../../words/panels/card';
import type { Filter } from './filter';
import { GALLERY } from '../../words/panels/gallery';

interface FiltersProps {
  readonly filter: Filter;
  readonly tags: readonly string[];
  readonly onChange: (filter: Filter) => void;
}

/** By difficulty and by tag. */
export function Filters({ filter, tags, onChange }: FiltersProps) {
  return (
    <div className="gallery-filters">
      <div role="group" aria-label={GALLERY.difficulty} className="gallery-difficulties">
        {[null, ...DIFFICULTIES].map((difficulty) => (
          <button
            key={difficulty ?? 'any'}
            type="button"
            aria-pressed={filter.difficulty === difficulty}
            onClick={() => onChange({ ...filter, difficulty })}
          >
            {difficulty === null ? GALLERY.any : DIFFICULTY_WORDS[difficulty]}
          </button>
        ))}
      </div>
      <select
        className="input"
        aria-label={GALLERY.tag}
        value={filter.tag ?? ''}
        onChange={({ target }) => onChange({ ...filter, tag: target.value === '' ? null : target.value })}
      >
        <option value="">{GALLERY.anyTag}</option>
        {tags.map((tag) => (
          <option key={tag} value={tag}>
            {tag}
          </option>
        ))}
      </select>
    </div>
  );
}
