import { useMemo } from 'react';
import { commandsFor } from '../../commands';
import type { WorldId } from '../../engine/sim/world';
import { useApp } from '../../store';
import { Section } from '../../ui/Section';
import { CommandButton } from '../shared/CommandButton';
import { ObjectLink } from '../shared/ObjectLink';
import { MACHINE, INSPECTOR } from '../../words/panels/inspector/inspector';
import { SHARED } from '../../words/panels/shared';

/** More than these say no more than their number. */
const SHOWN = 24;

/** Several objects at once: which, and what can be done with all of them. */
export function MarkedView({ ids }: { readonly ids: readonly WorldId[] }) {
  const commands = useMemo(() => commandsFor(useApp.getState(), ids), [ids]);
  const shown = ids.slice(0, SHOWN);
  return (
    <article aria-labelledby="inspected">
      <header className="inspected">
        <p className="inspected-type">{MACHINE.selection}</p>
        <h2 id="inspected">{MACHINE.selected(ids.length)}</h2>
      </header>
      <Section title={INSPECTOR.actions}>
        <div className="row wrap">
          {commands.map(({ command }) => (
            <CommandButton key={command.id} id={command.id} subject={ids} hideUnready />
          ))}
        </div>
      </Section>
      <Section title={MACHINE.objects}>
        <ul className="marked-list">
          {shown.map((id) => (
            <li key={id}>
              <ObjectLink id={id} full />
            </li>
          ))}
          {ids.length > SHOWN && <li className="muted">{SHARED.more(ids.length - SHOWN)}</li>}
        </ul>
      </Section>
    </article>
  );
}
