import { version } from '../../package.json';
import { linesOf } from '../store/script';
import type { AppState } from '../store/types';
import * as says from '../words/app/failure';

/** What went wrong, as the page knows it. */
export interface Failure {
  /** `The canvas could not be shown` */
  readonly what: string;
  readonly why: string;
  readonly stack: string | null;
}

type Reported = Pick<AppState, 'script' | 'cursor' | 'selection' | 'panel' | 'undo' | 'engine'>;

/** Gestures that are told one by one, and lines of each: the whole script follows anyhow. */
const GESTURES = 5;
const LINES = 4;

/**
 * A report that somebody else can work with: what happened, and the script that leads there. Of the machine it says
 * nothing but what the script says.
 */
export function reportOf(failure: Failure, state: Reported, browser: string): string {
  const total = linesOf(state.script).length;
  return [
    says.siteName(version, failure.what),
    failure.why,
    ...(failure.stack === null ? [] : ['', failure.stack]),
    '',
    says.browser(browser),
    says.engine(state.engine.status),
    says.timeAfterLineOf(state.cursor, total),
    says.panel(state.panel),
    says.selected(state.selection ?? 'nothing'),
    '',
    says.lastActionsNewestFirst,
    ...lastActions(state),
    '',
    says.script,
    state.script,
    '',
  ].join('\n');
}

/** What each of the last gestures changed in the script. */
export function lastActions({ script, undo }: Pick<Reported, 'script' | 'undo'>): readonly string[] {
  const scripts = [...undo, script].slice(-GESTURES - 1);
  const told = scripts.slice(1).map((after, index) => changeOf(scripts[index] ?? '', after));
  return told.length === 0 ? ['- none'] : told.reverse();
}

function changeOf(before: string, after: string): string {
  const [was, is] = [linesOf(before), linesOf(after)];
  let same = 0;
  while (same < was.length && same < is.length && was[same] === is[same]) same++;
  let tail = 0;
  while (
    tail < was.length - same &&
    tail < is.length - same &&
    was[was.length - 1 - tail] === is[is.length - 1 - tail]
  )
    tail++;
  const [gone, come] = [was.slice(same, was.length - tail), is.slice(same, is.length - tail)];
  const words = [
    gone.length > 0 ? says.tookAway(some(gone)) : null,
    come.length > 0 ? says.wrote(some(come)) : null,
  ];
  return says.line(same + 1, words.filter((each) => each !== null).join('; ') || 'nothing');
}

function some(lines: readonly string[]): string {
  const more = lines.length - LINES;
  return [...lines.slice(0, LINES), ...(more > 0 ? [says.more(more)] : [])].join(' ⏎ ');
}
