import type { WorldId } from '../engine/sim/world';
import { align, aligned, layOutAgain, layOutRest, placedIds, type Alignment } from '../canvas/arrange';
import { copySubject, cutSubject, deleteSubject, duplicate, pasteClipboard } from '../canvas/clipboard';
import { computeLayout } from '../canvas/layout/layout';
import { copyLines } from '../store/edit/copy';
import { deleteLines } from '../store/edit/delete';
import { joinLines, linesOf } from '../store/script';
import type { AppState } from '../store/types';
import { onNothing, onSelection, type Command } from './command';

/** What is selected as things on a desk: copied, taken away, and put in order. */

const ALIGNMENTS: readonly (readonly [how: Alignment, label: string, words: string])[] = [
  ['left', 'Align left edges', 'column'],
  ['centre', 'Align centres', 'column'],
  ['right', 'Align right edges', 'column'],
  ['top', 'Align top edges', 'row'],
  ['middle', 'Align middles', 'row'],
  ['bottom', 'Align bottom edges', 'row'],
  ['rows', 'Space evenly, one below the other', 'distribute rows'],
  ['columns', 'Space evenly, side by side', 'distribute columns'],
];

const first = (reasons: readonly string[]): string => `${reasons[0] ?? 'There is nothing of it to copy'}.`;

/** Copy, cut and duplicate ask the same of the same script, one after another. */
let asked: { readonly ids: string; readonly app: AppState; readonly why: string | null } | null = null;

function noCopy(ids: readonly WorldId[], app: AppState): string | null {
  const key = ids.join(' ');
  const same = asked?.ids === key && asked.app.script === app.script && asked.app.objects === app.objects;
  if (!same) asked = { ids: key, app, why: whyNoCopy(ids, app) };
  return asked?.why ?? null;
}

function whyNoCopy(ids: readonly WorldId[], app: AppState): string | null {
  const script = joinLines(linesOf(app.script).slice(0, app.cursor));
  const { lines, left } = copyLines(script, app.objects, ids);
  return lines.length === 0 ? sentence(first(left)) : null;
}

function noDelete(ids: readonly WorldId[], { objects }: AppState): string | null {
  const { lines, left } = deleteLines(objects, ids);
  return lines.length === 0 ? sentence(first(left)) : null;
}

const sentence = (text: string): string => {
  const ended = text.replace(/\.+$/, '.');
  return ended.charAt(0).toUpperCase() + ended.slice(1);
};

export const ARRANGE_COMMANDS: readonly Command[] = [
  onSelection({
    id: 'edit.copy',
    label: 'Copy',
    group: 'edit',
    words: 'clipboard lines script',
    against: noCopy,
    show: copySubject,
  }),
  onSelection({
    id: 'edit.cut',
    label: 'Cut',
    group: 'edit',
    words: 'clipboard',
    menu: 'never',
    against: (ids, app) => noCopy(ids, app) ?? noDelete(ids, app),
    show: cutSubject,
  }),
  onSelection({
    id: 'edit.duplicate',
    label: 'Duplicate',
    group: 'edit',
    words: 'again twice second',
    against: noCopy,
    show: duplicate,
  }),
  onSelection({
    id: 'edit.delete',
    label: 'Take away',
    group: 'edit',
    words: 'delete remove destroy detach unbind',
    help: 'A device is let go one step: detached, unbound, removed',
    // One alone has a command that says what it is: destroy, close, detach.
    fits: ({ length }) => length > 1,
    against: noDelete,
    show: deleteSubject,
  }),
  onNothing({
    id: 'edit.paste',
    label: 'Paste',
    group: 'edit',
    words: 'clipboard lines script',
    show: pasteClipboard,
  }),
  onNothing({
    id: 'edit.select-all',
    label: 'Select everything',
    group: 'edit',
    words: 'mark all',
    against: ({ objects }) => (Object.keys(objects).length === 0 ? 'There is nothing yet.' : null),
    show: (_none, { actions, objects }) => actions.mark([...computeLayout(objects).rects.keys()]),
  }),
  onNothing({
    id: 'arrange.all',
    menu: 'ready',
    label: 'Lay out again',
    group: 'arrange',
    words: 'layout tidy clean up place reset',
    help: 'Everything goes where the layout wants it',
    against: (app) => (placedIds(app).length === 0 ? 'Nothing was moved: it is as the layout has it.' : null),
    show: (_none, app) => layOutAgain(app, []),
  }),
  onSelection({
    id: 'arrange.these',
    label: 'Lay these out again',
    group: 'arrange',
    words: 'layout tidy place reset',
    fits: ({ length }, app) => length > 0 && placedIds(app).length > 0,
    show: (ids, app) => layOutAgain(app, ids),
  }),
  onSelection({
    id: 'arrange.rest',
    label: 'Lay out all but these',
    group: 'arrange',
    words: 'layout keep place',
    fits: (ids, app) => placedIds(app).some((id) => !ids.includes(id)),
    show: (ids, app) => layOutRest(app, ids),
  }),
  ...ALIGNMENTS.map(([how, label, words]) =>
    onSelection({
      id: `arrange.${how}`,
      label,
      group: 'arrange',
      words: `align ${words}`,
      fits: ({ length }) => length > 1,
      against: (ids, { objects }) =>
        aligned(computeLayout(objects), ids, how).length === 0 ? 'They stand so already.' : null,
      show: (ids, app) => align(app, ids, how),
    }),
  ),
];
