import { Search, X } from 'lucide-react';
import { useMemo } from 'react';
import { IconButton } from '../../ui/Button';
import type { Objects } from '../shared/words';
import { GROUPS } from '../../words/panels/groups/groups';
import { useGroupsUi } from './groups-ui';
import { classChoices, vendorChoices, type Choice, type Filter } from './rows';

/** What narrows the list down. */
export function Filters({ objects }: { readonly objects: Objects }) {
  const filter = useGroupsUi((state) => state.filter);
  const classes = useMemo(() => classChoices(objects), [objects]);
  const vendors = useMemo(() => vendorChoices(objects), [objects]);
  const set = (change: Partial<Filter>): void => useGroupsUi.setState({ filter: { ...filter, ...change } });
  return (
    <search className="groups-filters">
      <div className="groups-search">
        <Search size={14} aria-hidden="true" />
        <input
          type="search"
          className="input"
          aria-label={GROUPS.search}
          placeholder={GROUPS.searchFor}
          value={filter.text}
          onChange={(event) => set({ text: event.target.value })}
          onKeyDown={(event) => {
            if (event.key !== 'Escape' || filter.text === '') return;
            event.stopPropagation();
            set({ text: '' });
          }}
        />
        {filter.text !== '' && (
          <IconButton label={GROUPS.clearSearch} onClick={() => set({ text: '' })}>
            <X size={14} aria-hidden="true" />
          </IconButton>
        )}
      </div>
      <div className="groups-selects">
        <Choose
          label={GROUPS.class}
          any={GROUPS.allClasses}
          choices={classes}
          value={filter.classBase}
          onChange={(classBase) => set({ classBase })}
        />
        <Choose
          label={GROUPS.vendor}
          any={GROUPS.allVendors}
          choices={vendors}
          value={filter.vendorId}
          onChange={(vendorId) => set({ vendorId })}
        />
        <label className="groups-several">
          <input
            type="checkbox"
            checked={filter.several}
            onChange={(event) => set({ several: event.target.checked })}
          />
          {GROUPS.sharedOnly}
        </label>
      </div>
    </search>
  );
}

interface ChooseProps {
  readonly label: string;
  /** What it says while nothing is chosen. */
  readonly any: string;
  readonly choices: readonly Choice[];
  readonly value: number | null;
  readonly onChange: (value: number | null) => void;
}

const Choose = ({ label, any, choices, value, onChange }: ChooseProps) => (
  <select
    className="input"
    aria-label={label}
    data-set={value !== null}
    value={value ?? ''}
    onChange={(event) => onChange(event.target.value === '' ? null : Number(event.target.value))}
  >
    <option value="">{any}</option>
    {choices.map((choice) => (
      <option key={choice.value} value={choice.value}>
        {choice.label} ({choice.count})
      </option>
    ))}
  </select>
);
