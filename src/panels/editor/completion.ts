import {
  acceptCompletion,
  autocompletion,
  closeCompletion,
  moveCompletionSelection,
  startCompletion,
  type CompletionContext,
  type CompletionResult,
} from '@codemirror/autocomplete';
import { Prec, type Extension, type Text } from '@codemirror/state';
import { keymap } from '@codemirror/view';
import type { WorldObject } from '../../engine/sim/world';
import { givenBy } from '../../scenario/names';
import { VERBS } from '../../scenario/verbs';
import { complete } from '../log/complete';

/** Beyond this far up, what lines give is left to the objects of the world. */
const LOOKS_UP = 4000;

function* linesAbove(text: Text, line: number): Generator<string> {
  for (let at = Math.max(1, line - LOOKS_UP); at < line; at++) yield text.line(at).text;
}

/** The same as in the console, with names of lines that stand above and have not run. */
function completionsAt(context: CompletionContext, objects: readonly WorldObject[]): CompletionResult | null {
  const line = context.state.doc.lineAt(context.pos);
  const before = line.text.slice(0, context.pos - line.from);
  if (!context.explicit && before.trim() === '') return null;
  const given = givenBy(linesAbove(context.state.doc, line.number));
  const { from, options } = complete(before, { objects, given });
  if (options.length === 0) return null;
  return {
    from: line.from + from,
    options: options.map(({ text, help }, index) => ({
      label: text,
      detail: help,
      boost: -index, // in the order of the arguments, not of the alphabet
      apply: text.endsWith('=') ? text : `${text} `,
      ...(VERBS.has(text) ? { info: VERBS.get(text)?.example ?? '' } : {}),
    })),
  };
}

/**
 * As in the console: Tab takes what is offered, Enter never does, for it ends lines that are typed to their end. With
 * nothing offered Tab leaves the editor, as everywhere on the page.
 */
export const completions = (objects: () => readonly WorldObject[]): Extension => [
  autocompletion({
    override: [(context) => completionsAt(context, objects())],
    icons: false,
    defaultKeymap: false,
    interactionDelay: 0, // a Tab that comes quickly must not leave the editor
    maxRenderedOptions: 60,
    tooltipClass: () => 'editor-completions',
  }),
  Prec.highest(
    keymap.of([
      { key: 'Tab', run: acceptCompletion },
      { key: 'Ctrl-Space', run: startCompletion },
      { key: 'ArrowDown', run: moveCompletionSelection(true) },
      { key: 'ArrowUp', run: moveCompletionSelection(false) },
      { key: 'PageDown', run: moveCompletionSelection(true, 'page') },
      { key: 'PageUp', run: moveCompletionSelection(false, 'page') },
      // The dialog closes by the same key: not before the list has.
      { key: 'Escape', run: closeCompletion, stopPropagation: true },
    ]),
  ),
];
