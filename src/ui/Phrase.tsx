import { Fragment, type ReactNode } from 'react';

/** Names of the places of a text: `'key'` of `'Press {key} to go on'`. */
type Places<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Places<Rest>
  : never;

interface PhraseProps<Text extends string> {
  readonly text: Text;
  /** Of a text that the compiler does not know (from a table, from a function), any. */
  readonly parts: Readonly<Record<string extends Text ? string : Places<Text>, ReactNode>>;
}

/** A sentence with elements at its named places, in whatever order its language has them. */
export function Phrase<const Text extends string>({ text, parts }: PhraseProps<Text>) {
  const filled: Readonly<Record<string, ReactNode>> = parts;
  // Every other piece is a name. One without a part stays in its braces: seen, and no reason for a panel to fall over.
  return text
    .split(/\{(\w+)\}/)
    .map((piece, at) => (
      <Fragment key={at}>
        {at % 2 === 0 ? piece : Object.hasOwn(filled, piece) ? filled[piece] : `{${piece}}`}
      </Fragment>
    ));
}
