import { memo, useEffect, useRef, useState, type KeyboardEvent } from 'react';
import { plainHex } from '../../ui/numbers';
import { COLUMNS } from '../../words/panels/walk';
import { paintStrip } from './paint-strip';
import { entryAt, moveBy, rectOf, stripShape, type StripRoom, type StripShape } from './strip-shape';
import { cellKind, occupancyText } from './summary';

interface StripProps {
  /** What table it is: for whoever cannot see where it stands. */
  readonly label: string;
  readonly cells: Uint8Array;
  /** The entry that was read. */
  readonly index: number | null;
  /** How many entries say the same together with it. */
  readonly run: number;
  /** An entry that somebody looks at. */
  readonly peeked: number | null;
  readonly room: StripRoom;
  readonly onPeek: (entry: number) => void;
}

/**
 * A whole table at a glance, a cell an entry. It is one tab stop: arrows go from entry to entry, and show each. Moving
 * about only moves a frame: the cells are painted once a table.
 */
export function Strip({ label, cells, index, run, peeked, room, onPeek }: StripProps) {
  const [hovered, setHovered] = useState<number | null>(null);
  const shape = stripShape(cells.length, room);
  const current = peeked ?? index ?? 0;
  const onKeyDown = (event: KeyboardEvent): void => {
    const to = moveBy(event, current, cells, shape);
    if (to === null) return;
    event.preventDefault();
    onPeek(to);
  };
  const at = (event: React.PointerEvent | React.MouseEvent): number | null => {
    const box = event.currentTarget.getBoundingClientRect();
    return entryAt(event.clientX - box.left, event.clientY - box.top, cells.length, shape);
  };
  const first = index === null ? 0 : index - (index % run);
  return (
    <div className="strip-place">
      <div
        className="strip"
        role="slider"
        tabIndex={0}
        aria-label={COLUMNS.strip(label, occupancyText(cells))}
        aria-valuemin={0}
        aria-valuemax={cells.length - 1}
        aria-valuenow={current}
        aria-valuetext={(current === index ? COLUMNS.stripEntryRead : COLUMNS.stripEntry)(
          plainHex(current),
          cellKind(cells, current),
        )}
        style={{ width: shape.columns * shape.cell, height: shape.rows * shape.cell }}
        onKeyDown={onKeyDown}
        onPointerMove={(event) => setHovered(at(event))}
        onPointerLeave={() => setHovered(null)}
        onClick={(event) => {
          const entry = at(event);
          if (entry !== null) onPeek(entry);
        }}
      >
        <Cells cells={cells} shape={shape} />
        {run > 1 && index !== null && <i className="strip-run" style={rectOf(first, run, shape)} />}
        {hovered !== null && <i className="strip-hover" style={rectOf(hovered, 1, shape)} />}
        {index !== null && <i className="strip-read" style={rectOf(index, 1, shape)} />}
        {peeked !== null && <i className="strip-peek" style={rectOf(peeked, 1, shape)} />}
      </div>
      <p className="strip-says" aria-hidden="true">
        {hovered === null ? <Tally cells={cells} /> : `${plainHex(hovered, 3)} ${cellKind(cells, hovered)}`}
      </p>
    </div>
  );
}

/** How much of the table is in use. */
const Tally = memo(function Tally({ cells }: { readonly cells: Uint8Array }) {
  const used = cells.reduce((sum, cell) => sum + (cell === 0 ? 0 : 1), 0);
  return (
    <>
      {used}/{cells.length}
    </>
  );
});

interface CellsProps {
  readonly cells: Uint8Array;
  readonly shape: StripShape;
}

const Cells = memo(
  function Cells({ cells, shape }: CellsProps) {
    const canvas = useRef<HTMLCanvasElement>(null);
    useEffect(() => {
      const element = canvas.current;
      if (element === null) return;
      const paint = (): void => paintStrip(element, cells, shape);
      paint();
      // Colours come from the theme; a canvas does not follow it by itself.
      const themes = new MutationObserver(paint);
      themes.observe(document.documentElement, { attributeFilter: ['data-theme'] });
      return () => themes.disconnect();
    }, [cells, shape]);
    return <canvas ref={canvas} aria-hidden="true" />;
  },
  (before, after) => before.cells === after.cells && before.shape.cell === after.shape.cell,
);
