import type { LineResult } from '../../engine/sim/batch';
import { unknownNames } from '../../scenario/names';
import { parseScript } from '../../scenario/parse';
import { EDITOR } from '../../words/panels/editor';

export interface Problem {
  readonly line: number;
  readonly column: number;
  readonly message: string;
  /** `error`: the line makes no sense, nothing can be run. `warning`: it will not go as meant. */
  readonly severity: 'error' | 'warning';
  /** What to write in the place of the word at the column. */
  readonly instead: string | null;
}

/** What can be said of a text without running it: lines that make no sense, and names that nothing has. */
export function problemsOf(text: string): readonly Problem[] {
  const script = parseScript(text);
  const wrong = script.lines.flatMap(({ number, error }) =>
    error === null ? [] : [problem(number, error.column, error.message, 'error')],
  );
  const unknown = unknownNames(script).map(({ line, column, message }) =>
    problem(line, column, message, 'warning'),
  );
  return [...wrong, ...unknown].toSorted((a, b) => a.line - b.line || a.column - b.column);
}

const MEANT = /did you mean (\S+?)\?$/;

const problem = (line: number, column: number, message: string, severity: Problem['severity']): Problem => ({
  line,
  column,
  message,
  severity,
  instead: MEANT.exec(message)?.[1] ?? null,
});

/** How a line ends that no errno refused. */
const ENDS: Partial<Record<LineResult['status'], string>> = EDITOR.ends;

/** What the engine could not make sense of, or what came out otherwise than the script says. */
export const problemsOfRun = (results: readonly LineResult[]): readonly Problem[] =>
  results.flatMap((result) => {
    if (result.ok) return [];
    const { line, column, why, errno, expected, status } = result;
    if (status === 'error') return [problem(line, column ?? 1, why ?? EDITOR.noSense, 'error')];
    const came = status === 'ok' ? EDITOR.succeeds : EDITOR.came(errno ?? ENDS[status] ?? '', why ?? '');
    return [problem(line, 1, expected === null ? came : EDITOR.expected(expected, came), 'warning')];
  });
