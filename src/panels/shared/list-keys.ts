import type { KeyboardEvent } from 'react';

/** One tab stop for a list: arrows, Home and End go from one of its `rows` (a selector) to another. */
export const listKeys =
  (rows: string) =>
  (event: KeyboardEvent<HTMLElement>): void => {
    const all = [...event.currentTarget.querySelectorAll<HTMLElement>(rows)];
    const here = all.findIndex((row) => row === document.activeElement);
    if (here < 0) return;
    const to = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: all.length - 1 }[event.key];
    const next = to === undefined ? undefined : all[to];
    if (next === undefined) return;
    event.preventDefault();
    next.focus();
  };
