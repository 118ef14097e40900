import { HighlightStyle, StreamLanguage, syntaxHighlighting } from '@codemirror/language';
import type { Extension } from '@codemirror/state';
import { tags } from '@lezer/highlight';
import { tokensOf, type Token, type TokenKind } from './tokens';

interface LineState {
  readonly tokens: readonly Token[];
  readonly at: number;
}

const TAGS = {
  name: tags.definition(tags.variableName),
  verb: tags.keyword,
  word: tags.name,
  number: tags.number,
  string: tags.string,
  key: tags.propertyName,
  flag: tags.modifier,
  expectation: tags.annotation,
  comment: tags.comment,
  invalid: tags.invalid,
} satisfies Record<TokenKind, unknown>;

/** Every line stands for itself, so nothing is carried from one to the next. */
const scenario = StreamLanguage.define<{ now: LineState }>({
  name: 'iommu',
  startState: () => ({ now: { tokens: [], at: 0 } }),
  copyState: ({ now }) => ({ now }),
  token(stream, state) {
    if (stream.sol()) state.now = { tokens: tokensOf(stream.string), at: 0 };
    const { tokens, at } = state.now;
    const next = tokens[at];
    if (next === undefined) {
      stream.skipToEnd();
      return null;
    }
    if (stream.pos < next.from) {
      stream.pos = next.from;
      return null;
    }
    stream.pos = next.to;
    state.now = { tokens, at: at + 1 };
    return next.kind;
  },
  tokenTable: TAGS,
  languageData: { commentTokens: { line: '#' }, closeBrackets: { brackets: ['"'] } },
});

/** Colours are those of the page's objects: what is made, what is measured, what is said. */
const colours = HighlightStyle.define([
  { tag: TAGS.name, color: 'var(--iommu)' },
  { tag: TAGS.verb, color: 'var(--ink)', fontWeight: '650' },
  { tag: TAGS.word, color: 'var(--ink)' },
  { tag: TAGS.number, color: 'var(--device)' },
  { tag: TAGS.string, color: 'var(--ioas)' },
  { tag: [TAGS.key, TAGS.flag], color: 'var(--hwpt)' },
  { tag: TAGS.expectation, color: 'var(--stale)', fontWeight: '600' },
  { tag: TAGS.comment, color: 'var(--ink-3)', fontStyle: 'italic' },
  { tag: TAGS.invalid, color: 'var(--fault)' },
]);

export const language: Extension = [scenario, syntaxHighlighting(colours)];
