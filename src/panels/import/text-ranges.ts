import type { LineRange } from '../../scenario/import/imported';

/** A range of lines, and what its first one says. */
export interface QuotedRange extends LineRange {
  readonly text: string;
}

const LONGEST = 200;

/** The ranges with the beginning of their first lines. Goes through the text once, however long it is. */
export function quoteRanges(text: string, ranges: readonly LineRange[]): readonly QuotedRange[] {
  const end = lineEnd(text);
  let line = 1;
  let start = 0;
  return ranges.map(({ first, last }) => {
    for (; line < first && start >= 0; line++) start = nextLine(text, start, end);
    const stop = start < 0 ? -1 : text.indexOf(end, start);
    const quoted = start < 0 ? '' : text.slice(start, stop < 0 ? undefined : stop).trim();
    return { first, last, text: quoted.length > LONGEST ? `${quoted.slice(0, LONGEST)}…` : quoted };
  });
}

export function countLines(text: string): number {
  const end = lineEnd(text);
  let lines = 0;
  for (let start = 0; start >= 0 && start < text.length; start = nextLine(text, start, end)) lines++;
  return lines;
}

/** What is left of the ranges without these lines; both in ascending order. */
export function withoutLines(
  ranges: readonly LineRange[],
  known: readonly LineRange[],
): readonly LineRange[] {
  const left: LineRange[] = [];
  let at = 0;
  for (const { first, last } of ranges) {
    let begin = first;
    while ((known[at]?.last ?? Infinity) < first) at++;
    for (let next = at; begin <= last; next++) {
      const taken = known[next];
      const stop = taken === undefined ? last : Math.min(last, taken.first - 1);
      if (begin <= stop) left.push({ first: begin, last: stop });
      begin = taken === undefined ? last + 1 : Math.max(begin, taken.last + 1);
    }
  }
  return left;
}

/** Old Macs end lines by carriage returns alone. */
const lineEnd = (text: string): string => (!text.includes('\n') && text.includes('\r') ? '\r' : '\n');

function nextLine(text: string, start: number, end: string): number {
  const at = text.indexOf(end, start);
  return at < 0 ? -1 : at + 1;
}
