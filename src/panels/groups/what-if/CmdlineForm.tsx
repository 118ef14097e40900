import { useMemo, useState } from 'react';
import type { DeviceObject } from '../../../engine/sim/world';
import { cmdlineOf } from '../../../scenario/what-if/set-cmdline';
import { useApp } from '../../../store';
import { Button } from '../../../ui/Button';
import { Section } from '../../../ui/Section';
import type { Change } from '../changes';
import { suggestionsFor, withWord } from '../cmdline';
import { CMDLINE } from '../../../words/panels/groups/forms';

interface CmdlineFormProps {
  readonly device: DeviceObject | null;
  readonly changes: readonly Change[];
  readonly onChange: (change: Change) => void;
}

/** The kernel's command line, with words that touch groups and what each of them gives up. */
export function CmdlineForm({ device, changes, onChange }: CmdlineFormProps) {
  const script = useApp((state) => state.script);
  const objects = useApp((state) => state.objects);
  const own = useMemo(() => cmdlineOf(script), [script]);
  const pending = changes.find(
    (change): change is Extract<Change, { kind: 'cmdline' }> => change.kind === 'cmdline',
  );
  const [typed, setTyped] = useState<string | null>(null);
  const text = typed ?? pending?.text ?? own;
  const submit = (line: string): void => {
    setTyped(null);
    onChange({ kind: 'cmdline', text: line.trim() });
  };
  return (
    <Section title={CMDLINE.title}>
      <form
        className="inline-form"
        onSubmit={(event) => {
          event.preventDefault();
          submit(text);
        }}
      >
        <label className="field grow">
          <span className="sr-only">{CMDLINE.title}</span>
          <input
            className="input input-mono"
            value={text}
            placeholder={CMDLINE.none}
            spellCheck={false}
            autoCapitalize="off"
            onChange={(event) => setTyped(event.target.value)}
          />
        </label>
        <Button type="submit">{CMDLINE.boot}</Button>
      </form>
      <ul className="suggestions">
        {suggestionsFor(objects, device).map(({ word, does, cost }) => (
          <li key={word}>
            <button type="button" className="suggestion-word" onClick={() => submit(withWord(text, word))}>
              <span className="sr-only">{CMDLINE.bootWith} </span>
              {word}
            </button>
            <p className="prose">{does}</p>
            <p className="suggestion-cost">
              <b>{CMDLINE.givesUp}</b> {cost}
            </p>
          </li>
        ))}
      </ul>
    </Section>
  );
}
