import { useState, type ReactNode } from 'react';

interface FoldedProps<T> {
  readonly of: readonly T[];
  readonly children: (each: T) => ReactNode;
}

/** Two or three more are not worth a click. */
const FOLDS_FROM = 60;
const SHOWN = 50;

/** The first rows of a long list, and a row that brings the others: a thousand functions are read by nobody. */
export function Folded<T>({ of, children }: FoldedProps<T>) {
  const [open, setOpen] = useState(false);
  if (open || of.length < FOLDS_FROM) return of.map(children);
  return (
    <>
      {of.slice(0, SHOWN).map(children)}
      <li>
        <button type="button" className="outline-more" onClick={() => setOpen(true)}>
          {of.length - SHOWN} more
        </button>
      </li>
    </>
  );
}
