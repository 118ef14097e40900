import { Check, Copy } from 'lucide-react';
import { Fragment, useEffect, useState } from 'react';
import { IconButton } from '../../ui/Button';
import { ASK } from '../../words/panels/import/dialog';

const SAID_MS = 2500;

/** A command to run on the real machine: one click copies it. It says so here: a notice would stand behind the dialog. */
export function CopyCommand({ command }: { readonly command: string }) {
  const [outcome, setOutcome] = useState<'copied' | 'closed' | null>(null);
  useEffect(() => {
    if (outcome === null) return;
    const timer = setTimeout(() => setOutcome(null), SAID_MS);
    return () => clearTimeout(timer);
  }, [outcome]);
  const copy = (): void => {
    navigator.clipboard.writeText(command).then(
      () => setOutcome('copied'),
      () => setOutcome('closed'),
    );
  };
  return (
    <div className="copy-command">
      <code>
        {command.split(' ').map((word, index) => (
          <Fragment key={index}>
            {index > 0 && ' '}
            <span>{word}</span>
          </Fragment>
        ))}
      </code>
      <span className="copy-said" role="status">
        {outcome === 'copied' && ASK.copied}
        {outcome === 'closed' && ASK.selectIt}
      </span>
      <IconButton label={ASK.copy(command)} onClick={copy}>
        {outcome === 'copied' ? (
          <Check size={15} aria-hidden="true" />
        ) : (
          <Copy size={15} aria-hidden="true" />
        )}
      </IconButton>
    </div>
  );
}
