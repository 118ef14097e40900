import type { WorldId } from '../engine/sim/world';
import { align, aligned, layOutAgain, layOutRest, placedIds, type Alignment } from '../canvas/arrange';
import { copySubject, cutSubject, deleteSubject, duplicate, pasteClipboard } from '../canvas/clipboard';
import { computeLayout } from '../canvas/layout/layout';
import { copyLines } from '../store/edit/copy';
import { deleteLines } from '../store/edit/delete';
import { joinLines, linesOf } from '../store/script';
import type { AppState } from '../store/types';
import { onNothing, onSelection, type Command } from './command';
import * as says from '../words/commands/arrange';

/** What is selected as things on a desk: copied, taken away, and put in order. */

const ALIGNMENTS: readonly (readonly [how: Alignment, label: string, words: string])[] = [
  ['left', says.alignLeftEdges, 'column'],
  ['centre', says.alignCentres, 'column'],
  ['right', says.alignRightEdges, 'column'],
  ['top', says.alignTopEdges, 'row'],
  ['middle', says.alignMiddles, 'row'],
  ['bottom', says.alignBottomEdges, 'row'],
  ['rows', says.spaceEvenlyOneBelowTheOther, says.distributeRows],
  ['columns', says.spaceEvenlySideBySide, says.distributeColumns],
];

const first = (reasons: readonly string[]): string => `${reasons[0] ?? says.thereIsNothingOfItToCopy}.`;

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
    label: says.copy,
    group: 'edit',
    words: says.clipboardLinesScriptFinds,
    against: noCopy,
    show: copySubject,
  }),
  onSelection({
    id: 'edit.cut',
    label: says.cut,
    group: 'edit',
    words: says.clipboardFinds,
    menu: 'never',
    against: (ids, app) => noCopy(ids, app) ?? noDelete(ids, app),
    show: cutSubject,
  }),
  onSelection({
    id: 'edit.duplicate',
    label: says.duplicate,
    group: 'edit',
    words: says.againTwiceSecondFinds,
    against: noCopy,
    show: duplicate,
  }),
  onSelection({
    id: 'edit.delete',
    label: says.takeAway,
    group: 'edit',
    words: says.deleteRemoveDestroyDetachUnbindFinds,
    help: says.aDeviceIsLetGo,
    // One alone has a command that says what it is: destroy, close, detach.
    fits: ({ length }) => length > 1,
    against: noDelete,
    show: deleteSubject,
  }),
  onNothing({
    id: 'edit.paste',
    label: says.paste,
    group: 'edit',
    words: says.clipboardLinesScriptFinds,
    show: pasteClipboard,
  }),
  onNothing({
    id: 'edit.select-all',
    label: says.selectEverything,
    group: 'edit',
    words: says.markAllFinds,
    against: ({ objects }) => (Object.keys(objects).length === 0 ? says.thereIsNothingYet : null),
    show: (_none, { actions, objects }) => actions.mark([...computeLayout(objects).rects.keys()]),
  }),
  onNothing({
    id: 'arrange.all',
    menu: 'ready',
    label: says.layOutAgain,
    group: 'arrange',
    words: says.layoutTidyCleanUpPlaceResetFinds,
    help: says.everythingGoesWhereTheLayoutWantsIt,
    against: (app) => (placedIds(app).length === 0 ? says.nothingWasMoved : null),
    show: (_none, app) => layOutAgain(app, []),
  }),
  onSelection({
    id: 'arrange.these',
    label: says.layTheseOutAgain,
    group: 'arrange',
    words: says.layoutTidyPlaceResetFinds,
    fits: ({ length }, app) => length > 0 && placedIds(app).length > 0,
    show: (ids, app) => layOutAgain(app, ids),
  }),
  onSelection({
    id: 'arrange.rest',
    label: says.layOutAllButThese,
    group: 'arrange',
    words: says.layoutKeepPlaceFinds,
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
        aligned(computeLayout(objects), ids, how).length === 0 ? says.theyStandSoAlready : null,
      show: (ids, app) => align(app, ids, how),
    }),
  ),
];
