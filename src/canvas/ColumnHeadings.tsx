import { useEffect, useRef } from 'react';
import { useStoreApi } from 'reactflow';
import type { Column } from './layout/layout';

/** Names of the columns: they follow the view sideways and stay at the top. */
export function ColumnHeadings({ columns }: { readonly columns: readonly Column[] }) {
  const flow = useStoreApi();
  const row = useRef<HTMLDivElement>(null);
  useEffect(() => {
    let seen: unknown = null;
    // Every frame of a pan comes here: straight to the DOM, not through React.
    const follow = (): void => {
      const { transform } = flow.getState();
      if (transform === seen) return;
      seen = transform;
      const [x, , zoom] = transform;
      columns.forEach((column, i) => {
        const heading = row.current?.children[i];
        if (!(heading instanceof HTMLElement)) return;
        heading.style.transform = `translateX(${Math.round(column.x * zoom + x)}px)`;
        // Up to the next one; the last has all the room there is.
        const next = columns[i + 1];
        heading.style.maxWidth = next
          ? `${Math.max(0, Math.round((next.x - column.x) * zoom) - 8)}px`
          : 'none';
      });
    };
    follow();
    return flow.subscribe(follow);
  }, [flow, columns]);
  return (
    <div className="headings" ref={row} aria-hidden>
      {columns.map((column) => (
        <span key={column.title}>{column.title}</span>
      ))}
    </div>
  );
}
