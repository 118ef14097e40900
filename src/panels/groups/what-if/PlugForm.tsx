import { useMemo, useState } from 'react';
import { formatAddress } from '../../../scenario/pci-line';
import { CARDS, type CardId } from '../../../scenario/what-if/add-card';
import { freePorts } from '../../../scenario/what-if/free-ports';
import { useApp } from '../../../store';
import { Button } from '../../../ui/Button';
import { Section } from '../../../ui/Section';
import { playChanges, type Change } from '../changes';
import { SLOT } from '../../../words/panels/groups/forms';

interface PlugFormProps {
  readonly changes: readonly Change[];
  readonly onChange: (change: Change) => void;
}

/** A card that the machine does not have, into a free slot while it runs. */
export function PlugForm({ changes, onChange }: PlugFormProps) {
  const script = useApp((state) => state.script);
  const ports = useMemo(
    () => freePorts(playChanges(script, changes).script).filter(({ buses }) => buses !== null),
    [script, changes],
  );
  const [card, setCard] = useState<CardId>('nic');
  const [chosen, setChosen] = useState('');
  const names = ports.map(({ address }) => formatAddress(address));
  const port = names.includes(chosen) ? chosen : (names[0] ?? '');
  const name = CARDS.find(({ id }) => id === card)?.name ?? '';
  return (
    <Section title={SLOT.plugIn}>
      {ports.length === 0 ? (
        <p className="prose">{SLOT.noneFree}</p>
      ) : (
        <form
          className="inline-form"
          onSubmit={(event) => {
            event.preventDefault();
            onChange({ kind: 'add', port, card, name });
          }}
        >
          <label className="field grow">
            <span>{SLOT.card}</span>
            <select
              className="input"
              value={card}
              onChange={(event) => {
                const found = CARDS.find(({ id }) => id === event.target.value);
                if (found) setCard(found.id);
              }}
            >
              {CARDS.map(({ id, name: words }) => (
                <option key={id} value={id}>
                  {words}
                </option>
              ))}
            </select>
          </label>
          <label className="field">
            <span>{SLOT.behind}</span>
            <select className="input" value={port} onChange={(event) => setChosen(event.target.value)}>
              {names.map((each) => (
                <option key={each} value={each}>
                  {each}
                </option>
              ))}
            </select>
          </label>
          <Button type="submit">{SLOT.plug}</Button>
        </form>
      )}
    </Section>
  );
}
