import { stagedSteps } from '../store/playback';
import type { WorldId } from '../engine/sim/world';
import { linesOf, noteIn } from '../store/script';
import { FEWEST, NEARER } from '../store/time-window';
import { stopsOf } from '../store/transport';
import type { AppState, MomentRef } from '../store/types';
import { TIMELINE_ZOOM } from '../words/panels/timeline-zoom';
import { onNothing, onSelection, type Command } from './command';
import * as says from '../words/commands/time';

/** Time: playing, stepping, and going back. */

const atEnd = (app: AppState): boolean => app.cursor >= linesOf(app.script).length;
const isShort = ({ script }: AppState): boolean => stopsOf(script).length - 1 <= FEWEST;
const isEmpty = ({ script }: AppState): boolean => script.trim() === '';

const nothingBefore = (app: AppState): string | null =>
  app.cursor === 0 && app.playback.step === 0 ? says.thisIsTheBeginning : null;
const nothingAfter = (app: AppState): string | null =>
  atEnd(app) && app.playback.step >= stagedSteps(app) ? says.thisIsTheEndOfTheScript : null;

const AFTER = { instant: 'walk', walk: 'by-hand', 'by-hand': 'instant' } as const;

export const TIME_COMMANDS: readonly Command[] = [
  onNothing({
    id: 'time.play',
    menu: 'never',
    label: says.playOrPause,
    group: 'time',
    words: says.runStartStopFinds,
    against: (app) => (isEmpty(app) ? says.thereIsNothingToPlayYet : null),
    show: (_none, { actions }) => actions.togglePlay(),
  }),
  onNothing({
    id: 'time.step',
    menu: 'never',
    label: says.stepForward,
    group: 'time',
    words: says.nextLineTableReadFinds,
    help: says.aTableReadOrALine,
    against: nothingAfter,
    show: (_none, { actions }) => actions.step(1),
  }),
  onNothing({
    id: 'time.back',
    menu: 'never',
    label: says.stepBack,
    group: 'time',
    words: says.previousLineFinds,
    against: nothingBefore,
    show: (_none, { actions }) => actions.step(-1),
  }),
  onNothing({
    id: 'time.tempo',
    menu: 'never',
    label: says.changeTheTempoInstantWalkByHand,
    group: 'time',
    words: says.speedLookUpAnimationStepFinds,
    show: (_none, { actions, playback }) => actions.setTempo(AFTER[playback.tempo]),
  }),
  onNothing({
    id: 'time.event-on',
    menu: 'never',
    label: says.nextEventOfThisLine,
    group: 'time',
    words: says.traceInsideFinds,
    against: (app) => (eventsHere(app) === 0 ? says.nothingHappenedInsideTheMachine : null),
    show: (_none, { actions }) => actions.stepEvent(1),
  }),
  onNothing({
    id: 'time.event-back',
    menu: 'never',
    label: says.previousEventOfThisLine,
    group: 'time',
    words: says.traceInsideFinds,
    against: (app) => (eventsHere(app) === 0 ? says.nothingHappenedInsideTheMachine : null),
    show: (_none, { actions }) => actions.stepEvent(-1),
  }),
  onNothing({
    id: 'time.start',
    menu: 'never',
    label: says.goToTheStart,
    group: 'time',
    words: says.firstLineRewindFinds,
    against: ({ cursor }) => (cursor === 0 ? says.thisIsTheBeginning : null),
    show: (_none, { actions }) => actions.seek(0),
  }),
  onNothing({
    id: 'time.end',
    menu: 'never',
    label: says.goToTheEnd,
    group: 'time',
    words: says.lastLineNowFinds,
    against: (app) => (atEnd(app) ? says.thisIsTheEndOfTheScript : null),
    show: (_none, { actions, script }) => actions.seek(linesOf(script).length),
  }),
  onNothing({
    id: 'time.run',
    menu: 'never',
    label: says.runToTheNextBreakpoint,
    group: 'time',
    words: says.continueStopDebugFinds,
    against: (app) => (atEnd(app) ? says.thisIsTheEndOfTheScript : null),
    show: (_none, { actions }) => actions.runTo('next-break'),
  }),
  onNothing({
    id: 'time.break-fault',
    menu: 'never',
    label: says.stopAtTheFirstFault,
    group: 'time',
    words: says.breakpointBlockedDmaFinds,
    show: (_none, app) => toggleBreak(app, 'fault'),
  }),
  onNothing({
    id: 'time.break-refusal',
    menu: 'never',
    label: says.stopAtTheFirstRefusal,
    group: 'time',
    words: says.breakpointErrnoFinds,
    show: (_none, app) => toggleBreak(app, 'refusal'),
  }),
  onNothing({
    id: 'time.break-note',
    menu: 'never',
    label: says.stopAtEveryNote,
    group: 'time',
    words: says.breakpointMarkerSectionChapterFinds,
    show: (_none, app) => toggleBreak(app, 'note'),
  }),
  onSelection({
    id: 'time.break-change',
    menu: 'ready',
    label: says.stopWhenItChanges,
    group: 'time',
    words: says.breakpointWatchFinds,
    help: says.playingStopsWhenOneOfThem,
    against: (ids, app) =>
      ids.every((id) => stopsAtChange(app, id)) ? says.playingStopsAtItsChangesAlready : null,
    show: (ids, app) =>
      app.actions.setBreakpoints([
        ...app.breakpoints,
        ...ids.filter((id) => !stopsAtChange(app, id)).map((id) => ({ kind: 'change', id }) as const),
      ]),
  }),
  onNothing({
    id: 'time.break-none',
    menu: 'never',
    label: says.removeAllBreakpoints,
    group: 'time',
    words: says.clearStopFinds,
    against: ({ breakpoints }) => (breakpoints.length === 0 ? says.thereAreNone : null),
    show: (_none, { actions }) => actions.setBreakpoints([]),
  }),
  onNothing({
    id: 'time.run-end',
    menu: 'never',
    label: says.runToTheEnd,
    group: 'time',
    words: says.whateverBreakpointsFinds,
    against: (app) => (atEnd(app) ? says.thisIsTheEndOfTheScript : null),
    show: (_none, { actions }) => actions.runTo('end'),
  }),
  onNothing({
    id: 'time.note-on',
    menu: 'never',
    label: says.nextNote,
    group: 'time',
    words: says.markerSectionFinds,
    against: (app) => (noteFrom(app, 1) === null ? says.noNoteComesAfterThisLine : null),
    show: (_none, app) => seekNote(app, 1),
  }),
  onNothing({
    id: 'time.note-back',
    menu: 'never',
    label: says.previousNote,
    group: 'time',
    words: says.markerSectionFinds,
    against: (app) => (noteFrom(app, -1) === null ? says.noNoteComesBeforeThisLine : null),
    show: (_none, app) => seekNote(app, -1),
  }),
  onNothing({
    id: 'time.zoom-in',
    menu: 'never',
    label: TIMELINE_ZOOM.in,
    group: 'time',
    words: TIMELINE_ZOOM.searched,
    against: (app) => (isShort(app) ? TIMELINE_ZOOM.tooShort : null),
    show: (_none, { actions }) => actions.zoomTime(NEARER),
  }),
  onNothing({
    id: 'time.zoom-out',
    menu: 'never',
    label: TIMELINE_ZOOM.out,
    group: 'time',
    words: TIMELINE_ZOOM.searched,
    against: ({ timeWindow }) => (timeWindow === null ? TIMELINE_ZOOM.whole : null),
    show: (_none, { actions }) => actions.zoomTime(1 / NEARER),
  }),
  onNothing({
    id: 'time.zoom-all',
    menu: 'never',
    label: TIMELINE_ZOOM.all,
    group: 'time',
    words: TIMELINE_ZOOM.searched,
    against: ({ timeWindow }) => (timeWindow === null ? TIMELINE_ZOOM.whole : null),
    show: (_none, { actions }) => actions.zoomTime('all'),
  }),
  onNothing({
    id: 'time.compare-before',
    menu: 'never',
    label: says.compareWithBeforeThisLine,
    group: 'time',
    words: says.diffWhatChangedFinds,
    against: ({ cursor }) => (cursor === 0 ? says.thisIsTheBeginning : null),
    show: (_none, app) => compareFrom(app, { kind: 'before' }),
  }),
  onNothing({
    id: 'time.mark-a',
    menu: 'never',
    label: says.markMomentAHere,
    group: 'time',
    words: says.compareDiffSnapshotRememberFinds,
    help: says.laterMomentsCanBeCompared,
    show: (_none, app) => compareFrom(app, { kind: 'line', line: app.cursor }),
  }),
  onNothing({
    id: 'time.undo',
    label: says.undo,
    group: 'time',
    words: says.takeBackFinds,
    against: ({ undo }) => (undo.length === 0 ? says.nothingWasDoneYet : null),
    show: (_none, { actions }) => actions.undo(),
  }),
  onNothing({
    id: 'time.redo',
    label: says.redo,
    group: 'time',
    words: says.againFinds,
    against: ({ redo }) => (redo.length === 0 ? says.nothingWasUndone : null),
    show: (_none, { actions }) => actions.redo(),
  }),
  onNothing({
    id: 'time.branch',
    menu: 'never',
    label: says.openAnotherFuture,
    group: 'time',
    words: says.branchForkFinds,
    against: ({ branches }) => (branches.length === 0 ? says.nobodyHasActedInThePast : null),
    choices: (_none, { branches, actions }) =>
      branches.map(({ id, forkedAt, lines }) => ({
        key: String(id),
        label: says.afterLine(forkedAt),
        detail: says.lines(lines),
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
