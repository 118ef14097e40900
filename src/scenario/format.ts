import { isOptionValue, isWord, trimBlanks } from './lex';
import { formatNumber, quote } from './literal';
import type { Expectation, Line, Script } from './script';

/** The text again, to the character. */
export function printScript(script: Script): string {
  return script.lines.map((line) => line.raw).join('\n') + (script.finalNewline ? '\n' : '');
}

/**
 * The canonical spelling: single spaces, two before a comment, a newline at the end. Lines keep their numbers; a line
 * with an error is left as it is, since nobody knows what it wants to say.
 */
export function formatScript(script: Script): string {
  return script.lines.map((line) => `${formatLine(line)}\n`).join('');
}

function formatLine(line: Line): string {
  if (line.error !== null) return line.raw;
  if (line.statement !== null) return formatStatement(line.statement);
  const text = trimBlanks(line.raw);
  return text.startsWith('#') ? commentOf(trimBlanks(text.slice(1))) : text;
}

/** What a statement is written from; a parsed Statement is one. */
export interface StatementText {
  readonly name?: string | null;
  readonly verb: string;
  readonly args: readonly ArgText[];
  /** The action that a `begin` starts; its expectation and comment are the whole line's. */
  readonly begun?: Pick<StatementText, 'name' | 'verb' | 'args'>;
  readonly expect?: Expectation | null;
  readonly comment?: string | null;
}

/** A bare string is a word (quoted if it cannot stand as one); parsed arguments fit too. */
export type ArgText =
  | string
  | bigint
  | { readonly kind: 'word' | 'number' | 'range' | 'string'; readonly text: string }
  | { readonly kind: 'option'; readonly key: string; readonly value: string | bigint };

/** Text in quotes, whatever it holds. */
export const text = (value: string): ArgText => ({ kind: 'string', text: value });
/** `key=value` */
export const option = (key: string, value: string | bigint): ArgText => ({ kind: 'option', key, value });

/** One line of script, e.g. for a gesture: `formatStatement({ verb: 'ATTACH', args: ['dev', 'ioas'] })`. */
export function formatStatement(statement: StatementText): string {
  const words = wordsOf(statement);
  if (statement.begun) words.push(...wordsOf(statement.begun));
  if (statement.expect != null) words.push('!', statement.expect);
  return words.join(' ') + (statement.comment == null ? '' : `  ${commentOf(statement.comment)}`);
}

const wordsOf = ({ name, verb, args }: Pick<StatementText, 'name' | 'verb' | 'args'>): string[] => [
  ...(name == null ? [] : [name, '=']),
  verb,
  ...args.map(formatArg),
];

function formatArg(arg: ArgText): string {
  if (typeof arg === 'string') return isWord(arg) ? arg : quote(arg);
  if (typeof arg === 'bigint') return formatNumber(arg);
  if (arg.kind === 'string') return quote(arg.text);
  if (arg.kind !== 'option') return arg.text;
  return `${arg.key}=${formatValue(arg.value)}`;
}

function formatValue(value: string | bigint): string {
  if (typeof value === 'bigint') return formatNumber(value);
  return isOptionValue(value) ? value : quote(value);
}

/** A comment ends with its line, so what would end the line becomes a space. */
const commentOf = (text: string): string => (text === '' ? '#' : `# ${text.replace(/[\r\n]+/g, ' ')}`);
