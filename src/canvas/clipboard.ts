import type { WorldId } from '../engine/sim/world';
import { pasteLines } from '../scenario/copy/paste';
import { parseScript } from '../scenario/parse';
import { copyLines } from '../store/edit/copy';
import { deleteLines } from '../store/edit/delete';
import { useApp } from '../store/index';
import { joinLines, linesOf } from '../store/script';
import type { AppState } from '../store/types';
import { useCanvasUi } from './canvas-ui';
import * as says from '../words/canvas/hand';

/** Copying, pasting, duplicating and deleting what is selected. What is on the clipboard are plain lines of script. */

/** What this page put there last: it may run at once, where lines from elsewhere are looked at first. */
let own = '';

/** More than a person means to paste as lines. */
const LONGEST = 64 << 10;

const runScript = ({ script, cursor }: AppState): string => joinLines(linesOf(script).slice(0, cursor));

/** The text for the clipboard; null, and why is said: nothing of it can be copied. */
export function copyText(subject: readonly WorldId[]): string | null {
  const app = useApp.getState();
  const { lines, left } = copyLines(runScript(app), app.objects, subject);
  tell(lines.length === 0 ? says.nothingWasCopied : says.copiedAsOfScript(lines.length), left);
  if (lines.length === 0) return null;
  own = `${lines.join('\n')}\n`;
  return own;
}

/** For menus: the browser may refuse, and then the page keeps it for itself. */
export async function copySubject(subject: readonly WorldId[]): Promise<boolean> {
  const text = copyText(subject);
  if (text === null) return false;
  await navigator.clipboard?.writeText(text).catch(() => undefined);
  return true;
}

export async function cutSubject(subject: readonly WorldId[]): Promise<void> {
  if (await copySubject(subject)) await deleteSubject(subject);
}

/** For menus: what the clipboard holds, else what this page copied last. */
export async function pasteClipboard(): Promise<void> {
  const held = await navigator.clipboard?.readText().catch(() => own);
  const text = held === undefined || held === '' ? own : held;
  if (text === '') tell(says.thereIsNothingToPaste, []);
  else if (!pasteText(text)) tell(says.whatIsOnTheClipboard, []);
}

/** True: these are lines of script, and they are pasted, or shown first. */
export function pasteText(text: string): boolean {
  const lines = scriptLines(text);
  if (lines === null) return false;
  if (text === own) void runPaste(lines);
  else useCanvasUi.setState({ offered: lines });
  return true;
}

/** Lines that can be run after those of the script; null: it is something else, or a machine of its own. */
export function scriptLines(text: string): readonly string[] | null {
  if (text.length > LONGEST) return null;
  const { lines } = parseScript(text);
  const statements = lines.flatMap(({ statement }) => statement ?? []);
  if (statements.length === 0 || lines.some(({ error }) => error !== null)) return null;
  return statements.some(({ verb }) => verb === 'machine') ? null : linesOf(text);
}

export async function runPaste(lines: readonly string[]): Promise<void> {
  const app = useApp.getState();
  const pasted = pasteLines(runScript(app), lines);
  useCanvasUi.setState({ offered: null });
  await runNew(says.pasted, pasted.lines, pasted.left);
}

export async function duplicate(subject: readonly WorldId[]): Promise<void> {
  const app = useApp.getState();
  const script = runScript(app);
  const copied = copyLines(script, app.objects, subject);
  const pasted = pasteLines(script, copied.lines);
  await runNew(says.duplicated, pasted.lines, [...copied.left, ...pasted.left]);
}

/** Takes it away, or with a device lets it go one step; what the kernel refuses changes nothing at all. */
export async function deleteSubject(subject: readonly WorldId[]): Promise<void> {
  const { objects, actions } = useApp.getState();
  const { lines, left } = deleteLines(objects, subject);
  if (lines.length === 0) return tell(says.nothingWasTakenAway, left);
  if (await actions.actWhole(lines)) tell(`Done: ${lines.join(', ')}.`, left);
}

/** Runs lines as one step, and selects what they made. */
async function runNew(done: string, lines: readonly string[], left: readonly string[]): Promise<void> {
  const before = useApp.getState();
  if (lines.length === 0) return tell(says.nothingWasPasted, left);
  if (!(await before.actions.actWhole(lines))) return;
  const { objects, actions } = useApp.getState();
  const fresh = Object.keys(objects).filter((id) => !(id in before.objects) && !id.startsWith('group:'));
  const drawn = fresh.filter((id) => !/^(?:idev|ctx|task):/.test(id));
  if (drawn.length > 0) actions.mark(drawn);
  tell(`${done}: ${says.newObjects(fresh.length)}.`, left);
}

function tell(text: string, left: readonly string[]): void {
  useCanvasUi.getState().say([text, ...left].join(' '));
  const rest = left.length > 3 ? [says.andMore(left.length - 3)] : [];
  if (left.length > 0)
    useApp
      .getState()
      .actions.notify({ tone: 'info', text: [text, ...left.slice(0, 3), ...rest].join(' · ') });
}
