import { ChevronLeft, ChevronRight } from 'lucide-react';
import type { ReactNode } from 'react';
import { useReactFlow, useStore } from 'reactflow';
import type { Column } from '../layout/layout';
import { beyondWords, showBeyond } from '../../words/canvas/camera';

/** Of a column so much has to be in view to be seen. */
const SHOWN = 56;
const EDGE = 20;

/** Columns that are out of view, named where they are: a tap goes there. */
export function Beyond({ columns }: { readonly columns: readonly Column[] }): ReactNode {
  const { getViewport, setViewport } = useReactFlow();
  // Words, not numbers: most frames of a pan change nothing here.
  const left = useStore(({ transform: [x, , zoom] }) =>
    titles(columns, (column) => (column.x + column.width) * zoom + x < SHOWN),
  );
  const right = useStore(({ transform: [x, , zoom], width }) =>
    titles(columns, (column) => width > 0 && column.x * zoom + x > width - SHOWN),
  );
  const go = (to: (zoom: number) => number): void => {
    const { y, zoom } = getViewport();
    const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
    void setViewport({ x: to(zoom), y, zoom }, { duration: calm ? 0 : 240 });
  };
  const width = useStore((s) => s.width);
  const [first, last] = [columns[0], columns.at(-1)];
  if (first === undefined || last === undefined) return null;
  return (
    <>
      {left !== '' && (
        <button
          type="button"
          tabIndex={-1}
          className="beyond"
          data-side="left"
          aria-label={showBeyond(left.split('\n'))}
          onClick={() => go((zoom) => EDGE - first.x * zoom)}
        >
          <ChevronLeft size={13} />
          {beyondWords(left.split('\n'))}
        </button>
      )}
      {right !== '' && (
        <button
          type="button"
          tabIndex={-1}
          className="beyond"
          data-side="right"
          aria-label={showBeyond(right.split('\n'))}
          onClick={() => go((zoom) => width - EDGE - (last.x + last.width) * zoom)}
        >
          {beyondWords(right.split('\n'))}
          <ChevronRight size={13} />
        </button>
      )}
    </>
  );
}

const titles = (columns: readonly Column[], isBeyond: (column: Column) => boolean): string =>
  columns
    .filter(isBeyond)
    .map(({ title }) => title)
    .join('\n');
