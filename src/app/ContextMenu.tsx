import { Menu } from '@base-ui/react/menu';
import { ChevronRight } from 'lucide-react';
import { Fragment, useEffect, useState } from 'react';
import { commandsFor, plainSubject, runCommand, type Command, type Readiness } from '../commands';
import { GROUP_ORDER, headingOf, subjectName } from '../commands/search';
import { useApp } from '../store';
import type { MenuAt } from '../store/types';
import { ChoiceItems } from '../panels/shared/ChoiceItems';
import type { WorldId } from '../engine/sim/world';
import './context-menu.css';

/** What can be done with what was pointed at: the same commands as everywhere, where the hand is. */
export function ContextMenu() {
  const menu = useApp((state) => state.menu);
  const close = useApp((state) => state.actions.closeContextMenu);
  /** What the focus goes back to. */
  const [before] = useState(() => document.activeElement);
  if (menu === null) return null;
  return (
    <Menu.Root open onOpenChange={(open) => !open && close()}>
      <Menu.Portal>
        <Menu.Positioner
          key={`${menu.at.x} ${menu.at.y}`}
          className="menu-positioner"
          anchor={anchorAt(menu.at)}
          side="bottom"
          align="start"
          sideOffset={2}
        >
          <Menu.Popup
            className="menu-popup menu-context"
            tabIndex={0} // it may scroll
            finalFocus={() =>
              useApp.getState().draft === null && before instanceof HTMLElement ? before : false
            }
          >
            <Rows subject={menu.subject} />
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}

const anchorAt = ({ x, y }: MenuAt['at']) => ({
  getBoundingClientRect: () => new DOMRect(x, y, 0, 0),
});

function Rows({ subject: ids }: { readonly subject: readonly WorldId[] }) {
  const app = useApp();
  const subject = plainSubject(app.objects, ids);
  const offers = commandsFor(app, subject).filter(
    ({ command, readiness }) =>
      command.menu === undefined || (command.menu === 'ready' && readiness === 'ready'),
  );
  const groups = GROUP_ORDER.map((group) => offers.filter(({ command }) => command.group === group)).filter(
    (group) => group.length > 0,
  );
  return (
    <Menu.Group>
      <Menu.GroupLabel className="menu-title">{subjectName(app, subject)}</Menu.GroupLabel>
      {groups.map((group, index) => (
        <Fragment key={group[0]?.command.group}>
          {index > 0 && <Menu.Separator className="menu-line" />}
          {group.map((offer) => (
            <Row key={offer.command.id} {...offer} subject={subject} />
          ))}
        </Fragment>
      ))}
    </Menu.Group>
  );
}

interface RowProps {
  readonly command: Command;
  readonly readiness: Exclude<Readiness, 'hidden'>;
  readonly subject: readonly WorldId[];
}

function Row({ command, readiness, subject }: RowProps) {
  if (readiness === 'ready' && command.choices !== undefined)
    return <Submenu command={command} subject={subject} />;
  const why = readiness === 'ready' ? null : readiness.why;
  return (
    <Menu.Item
      className="menu-item menu-command"
      disabled={why !== null}
      onClick={() => void runCommand(useApp.getState(), command.id, subject)}
    >
      <span>{command.label}</span>
      <Hint command={command} />
      {why !== null && <small>{why}</small>}
    </Menu.Item>
  );
}

/** Keys, where there are any; else how the kernel calls it. */
const Hint = ({ command: { keys, verb } }: { readonly command: Command }) =>
  keys !== null ? (
    <kbd className="kbd">{keys.split(' or ')[0]}</kbd>
  ) : verb !== null ? (
    <code className="menu-verb">{verb}</code>
  ) : null;

function Submenu({ command, subject }: { readonly command: Command; readonly subject: readonly WorldId[] }) {
  const [open, setOpen] = useState(false);
  const [byKeys, setByKeys] = useState(false);
  const { preview } = command;
  const about = subject.join(' ');
  useEffect(() => {
    if (!open || preview === undefined) return;
    preview.show(useApp.getState(), about === '' ? [] : about.split(' '));
    return () => preview.hide(useApp.getState());
  }, [open, preview, about]);
  return (
    <Menu.SubmenuRoot
      onOpenChange={(opens, { event }) => {
        setOpen(opens);
        setByKeys(
          event instanceof KeyboardEvent ||
            (event instanceof MouseEvent && event.detail === 0 && event.type === 'click'),
        );
      }}
    >
      <Menu.SubmenuTrigger className="menu-item menu-command">
        <span>{command.label}</span>
        <span className="menu-more">
          <Hint command={command} />
          <ChevronRight size={14} aria-hidden="true" />
        </span>
      </Menu.SubmenuTrigger>
      <Menu.Portal>
        <Menu.Positioner className="menu-positioner" sideOffset={-2} alignOffset={-5}>
          <Menu.Popup className="menu-popup" tabIndex={0} aria-label={headingOf(command)}>
            <ChoiceItems command={command} subject={subject} focusFirst={byKeys} />
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.SubmenuRoot>
  );
}
