/** The part of the scrubber that is seen: stops from … to, both included. */
export interface TimeWindow {
  readonly from: number;
  readonly to: number;
}

/** A window that somebody chose, and the stop where time stood then: it follows time from there on. */
export interface ChosenWindow extends TimeWindow {
  readonly at: number;
}

/** Fewer stops than this are never zoomed apart further. */
export const FEWEST = 20;

/** A press of a button or of a key zooms by this, or back by its inverse. */
export const NEARER = 0.5;

/** Zooms about a stop that keeps its place on the screen. */
export function zoomAbout({ from, to }: TimeWindow, about: number, factor: number, last: number): TimeWindow {
  const span = Math.max(FEWEST, Math.min(last, Math.round((to - from) * factor)));
  if (span >= last) return { from: 0, to: last };
  const share = to === from ? 0.5 : (about - from) / (to - from);
  const start = Math.max(0, Math.min(last - span, Math.round(about - share * span)));
  return { from: start, to: start + span };
}

/** The same window, moved as far as it takes to show where time stands. */
export function showing({ from, to }: TimeWindow, at: number, last: number): TimeWindow {
  const span = Math.min(to - from, last);
  const margin = Math.round(span / 10);
  const start = at < from ? at - margin : at > to ? at - span + margin : from;
  const inside = Math.max(0, Math.min(last - span, start));
  return { from: inside, to: inside + span };
}

/** What is seen now of a chosen window; of none the whole. */
export function windowNow(chosen: ChosenWindow | null, at: number, last: number): TimeWindow {
  if (chosen === null) return { from: 0, to: last };
  return chosen.at === at && chosen.to <= last ? chosen : showing(chosen, at, last);
}
