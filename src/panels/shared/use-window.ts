import { useLayoutEffect, useMemo, useState, type RefObject } from 'react';
import { useAfterPaint } from './use-after-paint';
import { bringing, offsetsOf, windowFrom } from './windowing';

/** Fewer rows than this are all in the document: it can be searched, and there is nothing to gain. */
const ALL = 400;

interface Seen {
  readonly top: number;
  readonly height: number;
  readonly width: number;
}

export interface RowWindow {
  readonly from: number;
  readonly to: number;
  /** Room for the rows that are not drawn: elements of that height before the rows and after them (`Room`). */
  readonly above: number;
  readonly below: number;
  readonly isWhole: boolean;
  /** Keys for the rows: far away, rows take over the elements of those that were drawn before. */
  readonly keyOf: (row: number) => number;
  /** Where a row begins, as far as is known. */
  readonly offsetOf: (row: number) => number;
  readonly onScroll: () => void;
}

/**
 * The rows of a scrolling list that have to be in the document. How high a row is, is guessed until it has been there once;
 * rows carry `data-row`, counted from 0. `wanted`: a row that is about to be scrolled to, and is drawn already.
 */
export function useWindow(
  box: RefObject<HTMLElement | null>,
  count: number,
  guess: (row: number) => number,
  wanted: number | null = null,
): RowWindow {
  const [seen, setSeen] = useState<Seen>({ top: 0, height: 400, width: 0 });
  const [measured, setMeasured] = useState<ReadonlyMap<number, number>>(new Map());
  const isWhole = count <= ALL;
  const offsets = useMemo(
    () => (isWhole ? [0] : offsetsOf(count, (row) => measured.get(row) ?? guess(row))),
    [isWhole, count, guess, measured],
  );

  const top = wanted === null || isWhole ? seen.top : bringing(offsets, wanted, seen.top, seen.height);
  const drawn = useAfterPaint(top);
  const { from, to } = isWhole ? { from: 0, to: count } : windowFrom(offsets, top, seen.height, drawn);

  const [place, setPlace] = useState({ from, to, shift: 0 });
  if (from !== place.from || to !== place.to) {
    const isApart = from >= place.to || to <= place.from;
    setPlace({ from, to, shift: place.shift + (isApart ? from - place.from : 0) });
  }

  const isEmpty = count === 0;
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    const sizes = new ResizeObserver(() => {
      const { scrollTop: top, clientHeight: height, clientWidth: width } = element;
      setSeen((before) => {
        if (before.width !== width) setMeasured(new Map()); // lines are broken elsewhere now
        return { top, height, width };
      });
    });
    sizes.observe(element);
    return () => sizes.disconnect();
  }, [box, isEmpty]);

  // Of the rows that are drawn: which are higher or lower than they were taken for?
  useLayoutEffect(() => {
    if (isWhole || box.current === null) return;
    const rows = new ResizeObserver((entries) => {
      const heights = entries.map(({ target }) => target as HTMLElement);
      setMeasured((before) => {
        const news = heights
          .map((row): [number, number] => [Number(row.dataset.row), row.offsetHeight])
          .filter(([row, height]) => height > 0 && height !== (before.get(row) ?? guess(row)));
        return news.length === 0 ? before : new Map([...before, ...news]);
      });
    });
    for (const row of box.current.querySelectorAll('[data-row]')) rows.observe(row);
    return () => rows.disconnect();
  }, [box, isWhole, from, to, guess]);

  const total = offsets.at(-1) ?? 0;
  const above = offsets[from] ?? 0;
  const below = isWhole ? 0 : total - (offsets[to] ?? total);
  return {
    from,
    to,
    above,
    below,
    isWhole,
    keyOf: (row) => row - place.shift,
    offsetOf: (row) => offsets[row] ?? 0,
    onScroll() {
      const element = box.current;
      if (element === null || isWhole) return;
      const { scrollTop, clientHeight: height, clientWidth: width } = element;
      setSeen((before) =>
        before.top === scrollTop && before.height === height && before.width === width
          ? before
          : { top: scrollTop, height, width },
      );
    },
  };
}
