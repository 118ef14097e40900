import { Menu } from '@base-ui/react/menu';
import { useEffect, useRef, useState } from 'react';
import type { Choice, Command } from '../../commands';
import type { WorldId } from '../../engine/sim/world';
import { useApp } from '../../store';
import { ObjectGlyph } from '../../ui/ObjectGlyph';
import { SHARED } from '../../words/panels/shared';

interface ChoiceItemsProps {
  readonly command: Command;
  readonly subject: readonly WorldId[];
  /** Opened with keys: they go on in what comes. */
  readonly focusFirst?: boolean;
}

/** What a command may be done with, as lines of a menu; the engine may have to be asked first. */
export function ChoiceItems({ command, subject, focusFirst = false }: ChoiceItemsProps) {
  const [choices, setChoices] = useState<readonly Choice[] | null>(null);
  const about = subject.join(' ');
  useEffect(() => {
    let gone = false;
    const ids = about === '' ? [] : about.split(' ');
    void Promise.resolve(command.choices?.(useApp.getState(), ids) ?? []).then((found) => {
      if (!gone) setChoices(found);
    });
    return () => {
      gone = true;
    };
  }, [command, about]);

  const waiting = useRef<HTMLDivElement>(null);
  const menu = useRef<Element | null>(null);
  useEffect(() => {
    if (choices === null) {
      menu.current = waiting.current?.closest('[role=menu]') ?? null;
      return;
    }
    if (!focusFirst && menu.current !== document.activeElement) return;
    // Whoever waited with the keyboard stands on the first of what has come, once the menu has counted its lines.
    const frame = requestAnimationFrame(() =>
      menu.current?.querySelector<HTMLElement>('[role=menuitem]')?.focus(),
    );
    return () => cancelAnimationFrame(frame);
  }, [choices, focusFirst]);

  if (choices === null)
    return (
      <Menu.Item ref={waiting} className="menu-item" disabled>
        {SHARED.asking}
      </Menu.Item>
    );
  const headings = [...new Set(choices.map(({ heading }) => heading))];
  return headings.map((heading) => {
    const items = choices
      .filter((choice) => choice.heading === heading)
      .map((choice) => <ChoiceItem key={choice.key} choice={choice} />);
    if (heading === undefined) return items;
    return (
      <Menu.Group key={heading}>
        <Menu.GroupLabel className="menu-label eyebrow">{heading}</Menu.GroupLabel>
        {items}
      </Menu.Group>
    );
  });
}

const ChoiceItem = ({ choice }: { readonly choice: Choice }) => (
  <Menu.Item className="menu-item" onClick={() => void choice.run()}>
    {choice.type === undefined ? (
      <span aria-hidden="true">{choice.current === true ? '✓' : ''}</span>
    ) : (
      <ObjectGlyph kind={choice.type} />
    )}
    <span>
      {choice.label}
      {choice.current === true && <span className="sr-only">{SHARED.chosen}</span>}
    </span>
    {choice.detail !== undefined && <code className="muted">{choice.detail}</code>}
    {choice.against != null && <small className="error-text">{choice.against}</small>}
  </Menu.Item>
);
