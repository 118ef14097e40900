import { DIFFICULTIES } from '../../gallery/about';
import { DIFFICULTY_WORDS } from './card-words';
import type { Filter } from './filter';
import { WORDS } from './words';

interface FiltersProps {
  readonly filter: Filter;
  readonly tags: readonly string[];
  readonly onChange: (filter: Filter) => void;
}

/** By difficulty and by tag. */
export function Filters({ filter, tags, onChange }: FiltersProps) {
  return (
    <div className="gallery-filters">
      <div role="group" aria-label={WORDS.difficulty} className="gallery-difficulties">
        {[null, ...DIFFICULTIES].map((difficulty) => (
          <button
            key={difficulty ?? 'any'}
            type="button"
            aria-pressed={filter.difficulty === difficulty}
            onClick={() => onChange({ ...filter, difficulty })}
          >
            {difficulty === null ? WORDS.any : DIFFICULTY_WORDS[difficulty]}
          </button>
        ))}
      </div>
      <select
        className="input"
        aria-label={WORDS.tag}
        value={filter.tag ?? ''}
        onChange={({ target }) => onChange({ ...filter, tag: target.value === '' ? null : target.value })}
      >
        <option value="">{WORDS.anyTag}</option>
        {tags.map((tag) => (
          <option key={tag} value={tag}>
            {tag}
          </option>
        ))}
      </select>
    </div>
  );
}
