import { memo, useEffect, useRef } from 'react';
import { occupancyText } from './summary';

const COLUMNS = 32;
/** Pixels; whole ones, so that a dot is sharp. */
const CELL = 2;

interface OccupancyProps {
  /** 512 cells: 0 empty, 1 table, 2 leaf, 3 malformed. */
  readonly cells: Uint8Array;
  readonly index: number | null;
}

/** A whole table at a glance, one dot an entry, the one that was read stands out. */
export const Occupancy = memo(function Occupancy({ cells, index }: OccupancyProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const rows = Math.ceil(cells.length / COLUMNS);
  const width = COLUMNS * CELL;
  const height = rows * CELL;

  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext('2d');
    if (element === null || !context) return;
    const draw = (): void => {
      const style = getComputedStyle(element);
      const colour = (name: string): string => style.getPropertyValue(name);
      const fills = ['--cell-empty', '--cell-table', '--cell-leaf', '--cell-bad'].map(colour);
      context.clearRect(0, 0, width, height);
      cells.forEach((cell, at) => {
        context.fillStyle = fills[cell] ?? fills[3] ?? '';
        context.fillRect((at % COLUMNS) * CELL, Math.floor(at / COLUMNS) * CELL, CELL, CELL);
      });
      if (index !== null) {
        context.fillStyle = colour('--cell-read');
        context.fillRect(
          (index % COLUMNS) * CELL - 1,
          Math.floor(index / COLUMNS) * CELL - 1,
          CELL + 2,
          CELL + 2,
        );
      }
    };
    const scale = devicePixelRatio || 1;
    element.width = width * scale;
    element.height = height * scale;
    context.setTransform(scale, 0, 0, scale, 0, 0);
    draw();
    // Colours come from the theme; a canvas does not follow it by itself.
    const themes = new MutationObserver(draw);
    themes.observe(document.documentElement, { attributeFilter: ['data-theme'] });
    return () => themes.disconnect();
  }, [cells, index, width, height]);

  return (
    <canvas
      ref={canvas}
      className="occupancy"
      style={{ width, height }}
      role="img"
      aria-label={occupancyText(cells)}
      data-tip={occupancyText(cells)}
    />
  );
});
