import { ERRNO } from '../engine/kernel/errno';
import { checkStatement, findVerb } from './check';
import { lexLine, type LexedLine } from './lex';
import { linesOfText } from './lines';
import type { Expectation, Line, LineError, Script, Statement } from './script';
import { didYouMean } from './suggest';
import * as says from '../words/scenario/script';

/**
 * Text → script. Nothing is lost: `printScript(parseScript(text)) === text` for every text, and a line that makes no
 * sense carries its error while the others stand.
 */
export function parseScript(text: string): Script {
  return {
    lines: linesOfText(text).map((raw, index) => parseLine(raw, index + 1)),
    finalNewline: text.endsWith('\n'),
  };
}

export function parseLine(raw: string, number: number): Line {
  const lexed = lexLine(raw);
  if (!lexed.ok) return { number, raw, statement: null, error: lexed.error };
  const statement = statementOf(lexed.line);
  if (statement === null) return { number, raw, statement: null, error: null };
  if ('message' in statement) return { number, raw, statement: null, error: statement };
  return { number, raw, statement, error: null };
}

function statementOf(line: LexedLine): Statement | LineError | null {
  const [head, ...args] = line.args;
  if (head === undefined) {
    if (line.name !== null) return { message: says.whatIsAVerbIsMissing(line.name.text), column: line.end };
    if (line.expect !== null)
      return { message: says.anExpectedErrnoStandsAfterAnAction, column: line.expect.column };
    return null;
  }
  if (head.kind === 'string' || head.kind === 'option') {
    return { message: says.aLineBeginsWithAVerb, column: head.column };
  }
  const verb = findVerb(head.text, head.column);
  if ('message' in verb) return verb;
  const expect = line.expect === null ? null : expectation(line.expect.text, line.expect.column);
  if (expect !== null && typeof expect !== 'string') return expect;
  const begun = line.begun === null ? null : statementOf(line.begun);
  if (begun !== null && 'message' in begun) return begun;

  const statement: Statement = {
    name: line.name?.text ?? null,
    verb: verb.name,
    args,
    ...(begun === null ? {} : { begun }),
    expect,
    comment: line.comment?.text ?? null,
    columns: {
      name: line.name?.column ?? null,
      verb: head.column,
      expect: line.expect?.column ?? null,
      comment: line.comment?.column ?? null,
    },
  };
  // Something missing stands before the `!`, not after it.
  const problem = checkStatement(statement, verb, statement.columns.expect ?? line.end);
  return problem ?? statement;
}

const NO_ERRNOS = ['FAULT', 'WAITS', 'DEADLOCK'];
/** All that may stand behind a `!`. */
export const EXPECTATIONS: readonly string[] = [...NO_ERRNOS, ...Object.keys(ERRNO)];
const isExpectation = (text: string): text is Expectation =>
  NO_ERRNOS.includes(text) || Object.hasOwn(ERRNO, text);

function expectation(text: string, column: number): Expectation | LineError {
  if (isExpectation(text)) return text;
  if (text === '') return { message: says.nameTheExpectedErrnoAfter, column };
  return {
    message: says.isNoErrnoThatCanCome(text, didYouMean(text, EXPECTATIONS)),
    column,
  };
}
