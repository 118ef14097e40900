import type { LineEvents, LineResult, Lookup } from '../../engine/sim/batch';
import type { IoctlEvent } from '../../engine/trace/event';
import { parseScript } from '../parse';
import type { Line } from '../script';
import { wordsOf } from './words-of';

/** A script that has run, with all that exports tell of it. */
export interface Recording {
  readonly title: string;
  readonly lines: readonly RunLine[];
}

export interface RunLine {
  readonly line: Line;
  /** Null: it has not run. */
  readonly result: LineResult | null;
  /** The calls of programs that ended in it, in their order. */
  readonly calls: readonly IoctlEvent[];
  readonly lookups: readonly Lookup[];
}

/** What the store knows of a script's lines. */
export interface Ran {
  readonly script: string;
  /** Index 0 is line 1; as far as it has run. */
  readonly results: readonly LineResult[];
  readonly events: readonly LineEvents[];
  readonly lookups: readonly Lookup[];
}

export function recordingOf({ script, results, events, lookups }: Ran): Recording {
  const calls = new Map<number, IoctlEvent[]>();
  for (const { line, events: happened } of events)
    calls.set(line, [
      ...(calls.get(line) ?? []),
      ...happened.filter((event): event is IoctlEvent => event.kind === 'ioctl'),
    ]);
  const seen = new Map<number, Lookup[]>();
  for (const lookup of lookups) seen.set(lookup.line, [...(seen.get(lookup.line) ?? []), lookup]);
  const { lines } = parseScript(script);
  return {
    title: titleOf(lines),
    lines: lines.map((line) => ({
      line,
      result: results[line.number - 1] ?? null,
      calls: calls.get(line.number) ?? [],
      lookups: seen.get(line.number) ?? [],
    })),
  };
}

/** The first comment says `title: …` in files of the gallery; else the machine has a name, perhaps. */
function titleOf(lines: readonly Line[]): string {
  for (const { raw, statement } of lines) {
    const told = /^#\s*title:\s*(.+?)\s*$/.exec(raw)?.[1];
    if (told !== undefined) return told;
    if (statement === null) continue;
    const name = statement.verb === 'machine' ? wordsOf(statement)[0] : undefined;
    return name === undefined || name === '' ? 'A scene' : name;
  }
  return 'A scene';
}
