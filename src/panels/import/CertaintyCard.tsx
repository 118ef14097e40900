import { CircleCheck, CircleDashed } from 'lucide-react';
import { sentence } from '../shared/sentence';
import { CopyCommand } from './CopyCommand';
import { FunctionName } from './FunctionName';
import type { Previewed } from './use-preview';
import type { Understood } from './Report';
import { certaintyWords, openWords } from '../../words/panels/import/findings';
import { CERTAINTY } from '../../words/panels/import/dialog';

interface CertaintyCardProps {
  readonly reply: Understood;
  readonly previewed: Previewed;
}

/** How far the groups follow from the text, and the command that would settle the rest. */
export function CertaintyCard({ reply, previewed }: CertaintyCardProps) {
  const { certainty, ask } = reply;
  const { machine, preview } = previewed;
  const { title, text, sure } = certaintyWords(certainty, preview?.recorded?.moved.length ?? 0);
  const open = certainty.groups.filter(({ state }) => state === 'open');
  const Icon = sure ? CircleCheck : CircleDashed;
  return (
    <section className="certainty" data-sure={sure} aria-labelledby="certainty-title">
      <h3 id="certainty-title">
        <Icon size={16} aria-hidden="true" /> {title}
      </h3>
      <p className="prose">{text}</p>
      {open.length > 0 && (
        <ul className="open-groups" tabIndex={0} aria-label={CERTAINTY.openGroups}>
          {open.map((group) => (
            <li key={group.functions[0]}>
              <p>{openWords(group)}</p>
              <ul className="open-parts">
                {group.parts.map((part) => (
                  <li key={part[0]}>
                    {part.map((bdf) => (
                      <FunctionName key={bdf} bdf={bdf} name={machine.functions.get(bdf)?.name ?? null} />
                    ))}
                  </li>
                ))}
              </ul>
            </li>
          ))}
        </ul>
      )}
      {ask.length > 0 && (
        <div className="next-step">
          <h4>{certainty.state === 'open' ? CERTAINTY.runNext : CERTAINTY.tellMore}</h4>
          {ask.map(({ command, why }) => (
            <div key={command} className="ask-row">
              <CopyCommand command={command} />
              <p className="muted">{sentence(why)}</p>
            </div>
          ))}
        </div>
      )}
    </section>
  );
}
