import type { TermTip } from '../../ui/Term';

/**
 * One sentence about a word, and its document, for what has a press of its own to answer (a filter, a heading that sorts, a row
 * of a tree), and so no room for a `Term`.
 */
export const tipOf = (tip: TermTip | undefined) =>
  tip === undefined
    ? {}
    : {
        'data-tip': tip.document === null ? tip.text : `${tip.text} (${tip.document.label})`,
      };

/** The same for what can be focused: a screen reader says it too. */
export const describedBy = (tip: TermTip | undefined) =>
  tip === undefined ? {} : { ...tipOf(tip), 'aria-description': tip.text };
