import { useEffect, useState, type ReactNode } from 'react';
import { commandById, runCommand, type Command } from '../../commands';
import type { WorldId } from '../../engine/sim/world';
import { useApp } from '../../store';
import { Button } from '../../ui/Button';
import { Menu } from '../../ui/Menu';
import { SHARED } from '../../words/panels/shared';
import { ChoiceItems } from './ChoiceItems';

interface CommandButtonProps {
  readonly id: string;
  readonly subject: readonly WorldId[];
  /** Where the place says the rest: `Detach` for `Detach its devices`. */
  readonly label?: ReactNode;
  readonly look?: 'plain' | 'primary';
  /** Leave it away while it cannot be done, rather than show why. */
  readonly hideUnready?: boolean;
}

/** One of the page's commands as a button, or as a menu where there is something to choose. */
export function CommandButton({
  id,
  subject,
  label,
  look = 'plain',
  hideUnready = false,
}: CommandButtonProps) {
  const command = commandById(id);
  const readiness = useApp((state) => {
    const ready = command?.readiness(state, subject) ?? 'hidden';
    // A string is the same for as long as the reason is.
    return typeof ready === 'string' ? ready : ` ${ready.why}`;
  });
  if (command === null || readiness === 'hidden') return null;
  const why = readiness === 'ready' ? null : readiness.slice(1);
  if (why !== null && hideUnready) return null;
  if (why === null && command.choices !== undefined)
    return (
      <CommandMenu command={command} subject={subject} label={label ?? SHARED.withChoice(command.label)} />
    );
  return (
    <Button
      look={look}
      aria-disabled={why !== null || undefined}
      data-tip={why ?? command.help}
      onClick={() => void runCommand(useApp.getState(), id, subject)}
    >
      {label ?? command.label}
      {why !== null && <span className="sr-only">{SHARED.whyNot(why)}</span>}
    </Button>
  );
}

interface CommandMenuProps {
  readonly command: Command;
  readonly subject: readonly WorldId[];
  readonly label: ReactNode;
}

function CommandMenu({ command, subject, label }: CommandMenuProps) {
  const [open, setOpen] = useState(false);
  const { preview } = command;
  const about = subject.join(' ');
  useEffect(() => {
    if (!open || preview === undefined) return;
    preview.show(useApp.getState(), about.split(' '));
    return () => preview.hide(useApp.getState());
  }, [open, preview, about]);
  return (
    <Menu label={label} onOpenChange={setOpen}>
      <ChoiceItems command={command} subject={subject} />
    </Menu>
  );
}
