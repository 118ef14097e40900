import { stagedSteps } from '../store/playback';
import type { WorldId } from '../engine/sim/world';
import { linesOf, noteIn } from '../store/script';
import type { AppState, MomentRef } from '../store/types';
import { onNothing, onSelection, type Command } from './command';

/** Time: playing, stepping, and going back. */

const atEnd = (app: AppState): boolean => app.cursor >= linesOf(app.script).length;
const isEmpty = ({ script }: AppState): boolean => script.trim() === '';

const nothingBefore = (app: AppState): string | null =>
  app.cursor === 0 && app.playback.step === 0 ? 'This is the beginning.' : null;
const nothingAfter = (app: AppState): string | null =>
  atEnd(app) && app.playback.step >= stagedSteps(app) ? 'This is the end of the script.' : null;

const AFTER = { instant: 'walk', walk: 'by-hand', 'by-hand': 'instant' } as const;

export const TIME_COMMANDS: readonly Command[] = [
  onNothing({
    id: 'time.play',
    menu: 'never',
    label: 'Play or pause',
    group: 'time',
    words: 'run start stop',
    against: (app) => (isEmpty(app) ? 'There is nothing to play yet.' : null),
    show: (_none, { actions }) => actions.togglePlay(),
  }),
  onNothing({
    id: 'time.step',
    menu: 'never',
    label: 'Step forward',
    group: 'time',
    words: 'next line table read',
    help: 'A table read, or a line',
    against: nothingAfter,
    show: (_none, { actions }) => actions.step(1),
  }),
  onNothing({
    id: 'time.back',
    menu: 'never',
    label: 'Step back',
    group: 'time',
    words: 'previous line',
    against: nothingBefore,
    show: (_none, { actions }) => actions.step(-1),
  }),
  onNothing({
    id: 'time.tempo',
    menu: 'never',
    label: 'Change the tempo: instant, walk, by hand',
    group: 'time',
    words: 'speed look-up animation step',
    show: (_none, { actions, playback }) => actions.setTempo(AFTER[playback.tempo]),
  }),
  onNothing({
    id: 'time.event-on',
    menu: 'never',
    label: 'Next event of this line',
    group: 'time',
    words: 'trace inside',
    against: (app) => (eventsHere(app) === 0 ? 'Nothing happened inside the machine at this line.' : null),
    show: (_none, { actions }) => actions.stepEvent(1),
  }),
  onNothing({
    id: 'time.event-back',
    menu: 'never',
    label: 'Previous event of this line',
    group: 'time',
    words: 'trace inside',
    against: (app) => (eventsHere(app) === 0 ? 'Nothing happened inside the machine at this line.' : null),
    show: (_none, { actions }) => actions.stepEvent(-1),
  }),
  onNothing({
    id: 'time.start',
    menu: 'never',
    label: 'Go to the start',
    group: 'time',
    words: 'first line rewind',
    against: ({ cursor }) => (cursor === 0 ? 'This is the beginning.' : null),
    show: (_none, { actions }) => actions.seek(0),
  }),
  onNothing({
    id: 'time.end',
    menu: 'never',
    label: 'Go to the end',
    group: 'time',
    words: 'last line now',
    against: (app) => (atEnd(app) ? 'This is the end of the script.' : null),
    show: (_none, { actions, script }) => actions.seek(linesOf(script).length),
  }),
  onNothing({
    id: 'time.run',
    menu: 'never',
    label: 'Run to the next breakpoint',
    group: 'time',
    words: 'continue stop debug',
    against: (app) => (atEnd(app) ? 'This is the end of the script.' : null),
    show: (_none, { actions }) => actions.runTo('next-break'),
  }),
  onNothing({
    id: 'time.break-fault',
    menu: 'never',
    label: 'Stop at the first fault',
    group: 'time',
    words: 'breakpoint blocked DMA',
    show: (_none, app) => toggleBreak(app, 'fault'),
  }),
  onNothing({
    id: 'time.break-refusal',
    menu: 'never',
    label: 'Stop at the first refusal',
    group: 'time',
    words: 'breakpoint errno',
    show: (_none, app) => toggleBreak(app, 'refusal'),
  }),
  onNothing({
    id: 'time.break-note',
    menu: 'never',
    label: 'Stop at every note',
    group: 'time',
    words: 'breakpoint marker section chapter',
    show: (_none, app) => toggleBreak(app, 'note'),
  }),
  onSelection({
    id: 'time.break-change',
    menu: 'ready',
    label: 'Stop when it changes',
    group: 'time',
    words: 'breakpoint watch',
    help: 'Playing stops when one of them changes, comes, or goes',
    against: (ids, app) =>
      ids.every((id) => stopsAtChange(app, id)) ? 'Playing stops at its changes already.' : null,
    show: (ids, app) =>
      app.actions.setBreakpoints([
        ...app.breakpoints,
        ...ids.filter((id) => !stopsAtChange(app, id)).map((id) => ({ kind: 'change', id }) as const),
      ]),
  }),
  onNothing({
    id: 'time.break-none',
    menu: 'never',
    label: 'Remove all breakpoints',
    group: 'time',
    words: 'clear stop',
    against: ({ breakpoints }) => (breakpoints.length === 0 ? 'There are none.' : null),
    show: (_none, { actions }) => actions.setBreakpoints([]),
  }),
  onNothing({
    id: 'time.run-end',
    menu: 'never',
    label: 'Run to the end',
    group: 'time',
    words: 'whatever breakpoints',
    against: (app) => (atEnd(app) ? 'This is the end of the script.' : null),
    show: (_none, { actions }) => actions.runTo('end'),
  }),
  onNothing({
    id: 'time.note-on',
    menu: 'never',
    label: 'Next note',
    group: 'time',
    words: 'marker section',
    against: (app) => (noteFrom(app, 1) === null ? 'No note comes after this line.' : null),
    show: (_none, app) => seekNote(app, 1),
  }),
  onNothing({
    id: 'time.note-back',
    menu: 'never',
    label: 'Previous note',
    group: 'time',
    words: 'marker section',
    against: (app) => (noteFrom(app, -1) === null ? 'No note comes before this line.' : null),
    show: (_none, app) => seekNote(app, -1),
  }),
  onNothing({
    id: 'time.compare-before',
    menu: 'never',
    label: 'Compare with before this line',
    group: 'time',
    words: 'diff what changed',
    against: ({ cursor }) => (cursor === 0 ? 'This is the beginning.' : null),
    show: (_none, app) => compareFrom(app, { kind: 'before' }),
  }),
  onNothing({
    id: 'time.mark-a',
    menu: 'never',
    label: 'Mark moment A here',
    group: 'time',
    words: 'compare diff snapshot remember',
    help: 'Later moments can be compared with this one',
    show: (_none, app) => compareFrom(app, { kind: 'line', line: app.cursor }),
  }),
  onNothing({
    id: 'time.undo',
    label: 'Undo',
    group: 'time',
    words: 'take back',
    against: ({ undo }) => (undo.length === 0 ? 'Nothing was done yet.' : null),
    show: (_none, { actions }) => actions.undo(),
  }),
  onNothing({
    id: 'time.redo',
    label: 'Redo',
    group: 'time',
    words: 'again',
    against: ({ redo }) => (redo.length === 0 ? 'Nothing was undone.' : null),
    show: (_none, { actions }) => actions.redo(),
  }),
  onNothing({
    id: 'time.branch',
    menu: 'never',
    label: 'Open another future',
    group: 'time',
    words: 'branch fork',
    against: ({ branches }) =>
      branches.length === 0 ? 'Nobody has acted in the past yet: there is one future only.' : null,
    choices: (_none, { branches, actions }) =>
      branches.map(({ id, forkedAt, lines }) => ({
        key: String(id),
        label: `after line ${forkedAt}`,
        detail: `${lines} lines`,
        run: () => actions.openBranch(id),
      })),
  }),
];

const eventsHere = ({ events, cursor }: AppState): number =>
  events.findLast(({ line }) => line === cursor)?.count ?? 0;

/** The line of the next note, forward or back; null: there is none. */
function noteFrom({ script, cursor }: AppState, direction: 1 | -1): number | null {
  const notes = linesOf(script).flatMap((line, index) => (noteIn(line) === null ? [] : [index + 1]));
  return (
    (direction === 1 ? notes.find((line) => line > cursor) : notes.findLast((line) => line < cursor)) ?? null
  );
}

function seekNote(app: AppState, direction: 1 | -1): unknown {
  const line = noteFrom(app, direction);
  return line === null ? undefined : app.actions.seek(line);
}

const stopsAtChange = ({ breakpoints }: AppState, id: WorldId): boolean =>
  breakpoints.some((each) => each.kind === 'change' && each.id === id);

function compareFrom({ actions }: AppState, a: MomentRef): void {
  actions.compare({ a, b: { kind: 'here' } });
  actions.showPanel('compare');
}

function toggleBreak({ breakpoints, actions }: AppState, kind: 'fault' | 'refusal' | 'note'): void {
  const rest = breakpoints.filter((each) => each.kind !== kind);
  actions.setBreakpoints(rest.length < breakpoints.length ? rest : [...rest, { kind }]);
}
