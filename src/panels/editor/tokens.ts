import { lexLine, type LexedLine } from '../../scenario/lex';
import { unquote } from '../../scenario/literal';
import type { Arg } from '../../scenario/script';
import { VERBS } from '../../scenario/verbs';

export type TokenKind =
  'name' | 'verb' | 'word' | 'number' | 'string' | 'key' | 'flag' | 'expectation' | 'comment' | 'invalid';

/** A piece of a line that has a colour of its own; columns count from 0, the end is not part of it. */
export interface Token {
  readonly from: number;
  readonly to: number;
  readonly kind: TokenKind;
}

/** A line cut up by the language's own lexer. Where that gives up, what stands before is cut up, and the rest is invalid. */
export function tokensOf(raw: string): readonly Token[] {
  const lexed = lexLine(raw);
  if (lexed.ok) return piecesOf(lexed.line, raw).filter(({ from, to }) => to > from);
  const at = Math.min(lexed.error.column - 1, raw.length);
  const before = at > 0 && at < raw.length ? tokensOf(raw.slice(0, at)) : [];
  return [...before, { from: at, to: raw.length, kind: 'invalid' }];
}

function piecesOf({ name, args, begun, expect, comment }: LexedLine, raw: string): readonly Token[] {
  const [verb, ...rest] = args;
  const spec = verb?.kind === 'word' ? VERBS.get(verb.text) : undefined;
  const flags = new Set(spec?.flags.map(({ word }) => word));
  return [
    ...(name ? [piece(name.column, name.text.length, 'name')] : []),
    ...(verb ? pieceOfArg(verb, raw).map((each): Token => ({ ...each, kind: 'verb' })) : []),
    ...rest.flatMap((arg) =>
      pieceOfArg(arg, raw).map((each): Token =>
        arg.kind === 'word' && flags.has(arg.text) ? { ...each, kind: 'flag' } : each,
      ),
    ),
    ...(begun ? piecesOf(begun, raw) : []),
    ...(expect ? [{ from: expect.column - 1, to: wordEnd(raw, expect), kind: 'expectation' } as const] : []),
    ...(comment ? [{ from: comment.column - 1, to: raw.length, kind: 'comment' } as const] : []),
  ];
}

const piece = (column: number, length: number, kind: TokenKind): Token => ({
  from: column - 1,
  to: column - 1 + length,
  kind,
});

/** The `!` with the blanks and the word after it. */
const wordEnd = (raw: string, { column }: { readonly column: number }): number =>
  column + (/^\s*\S*/.exec(raw.slice(column))?.[0].length ?? 0);

function pieceOfArg(arg: Arg, raw: string): readonly Token[] {
  switch (arg.kind) {
    case 'string':
      return [{ from: arg.column - 1, to: stringEnd(raw, arg.column - 1), kind: 'string' }];
    case 'option': {
      const from = arg.valueColumn - 1;
      const quoted = raw[from] === '"';
      const to = quoted ? stringEnd(raw, from) : from + arg.value.length;
      const kind = quoted ? 'string' : /^-?\d/.test(arg.value) ? 'number' : 'word';
      return [piece(arg.column, arg.key.length + 1, 'key'), { from, to, kind }];
    }
    case 'number':
    case 'range':
      return [piece(arg.column, arg.text.length, 'number')];
    case 'word':
      return [piece(arg.column, arg.text.length, 'word')];
  }
}

function stringEnd(raw: string, start: number): number {
  const string = unquote(raw, start);
  return string.ok ? string.end : raw.length;
}
