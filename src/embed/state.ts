import { sceneTitle, linesOf, noteAt } from '../store/script';
import type { AppState } from '../store/types';
import type { EmbedState, LineOutcome } from './protocol';

/** Where the scene stands, as plain data for the host. */
export function stateFor(app: AppState): EmbedState {
  return {
    title: sceneTitle(app.script),
    script: app.script,
    line: app.cursor,
    lines: linesOf(app.script).length,
    playing: isMoving(app),
    selection: app.selection,
    note: noteAt(app.script, app.cursor),
    result: outcomeAt(app),
    objects: Object.keys(app.objects),
  };
}

export const isMoving = ({ playback }: Pick<AppState, 'playback'>): boolean =>
  playback.playing || playback.running;

/** What the line came to after which time stands; null: before the first. */
export function outcomeAt({ results, cursor }: Pick<AppState, 'results' | 'cursor'>): LineOutcome | null {
  const at = results[cursor - 1];
  return at === undefined
    ? null
    : { line: at.line, text: at.text, status: at.status, result: at.result, why: at.why };
}
