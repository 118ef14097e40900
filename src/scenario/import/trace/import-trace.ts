import { importFtrace } from './ftrace';
import type { ImportedTrace } from './imported-trace';
import { importQemu } from './qemu';
import { importStrace } from './strace';

export type { ImportedTrace, TraceKind, TraceRemark } from './imported-trace';

/** A recording of weeks holds the same over and over. */
const MOST_TEXT = 64 << 20;
/** No call or event is that long. */
const LONGEST_LINE = 20_000;

/** Recordings of calls and events that people have, as a script that runs; null: the text holds none. */
export function importTrace(text: string): ImportedTrace | null {
  for (const read of [importStrace, importQemu, importFtrace]) {
    const found = read(linesOf(text));
    if (found !== null) return found;
  }
  return null;
}

function* linesOf(text: string): Iterable<readonly [number, string]> {
  const end = Math.min(text.length, MOST_TEXT);
  let number = 0;
  for (let from = 0; from < end;) {
    const newline = text.indexOf('\n', from);
    const to = newline < 0 ? end : newline;
    number++;
    if (to - from <= LONGEST_LINE) yield [number, text.slice(from, to).replace(/\r$/, '')];
    from = to + 1;
  }
}
