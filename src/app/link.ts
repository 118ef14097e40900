import { useCanvasUi } from '../canvas/canvas-ui';
import { useApp } from '../store';
import { linesOf } from '../store/script';
import type { AppState } from '../store/types';
import { followDeeds } from './deeds';
import type { Ready } from './link-open';
import { useLink } from './link-store';
import { openRescued, takeRescued } from './rescue';

/** The scene in the address bar: read when the page opens and when the hash changes, written a while after changes. */

/** Time for several changes to become one write: nothing is put into the browser's history. */
const WRITE_MS = 500;
const REST_MS = 1000;

/** The codec with its dictionaries is a chunk of its own: the first paint does not wait for it. */
const opening = () => import('./link-open');
const writing = () => import('./link-write');

/** Our own last write, so as not to read it back. */
let written = '';

/** What the address names in few letters, as long as it is on the page unchanged. */
let named: { readonly hash: string; readonly script: string } | null = null;

export async function openPage(): Promise<void> {
  const { start, notify } = useApp.getState().actions;
  followDeeds();
  const rescued = takeRescued();
  const { hash } = location;
  const ready: Ready = rescued === null && hash.length > 1 ? await read(hash) : { kind: 'nothing' };
  addEventListener('hashchange', () => void followHash());
  // A link that cannot be read stays where it is until something new is made.
  useApp.subscribe(scheduleWrite);
  useCanvasUi.subscribe((now, before) => now.held !== before.held && soon());
  if (rescued !== null) await openRescued(rescued);
  else if (ready.kind === 'scene') await openFirst(ready);
  else {
    void start({ script: '', cursor: null, selection: null });
    if (ready.kind === 'refused')
      notify({ tone: 'error', text: ready.why, ...(ready.next === undefined ? {} : { next: ready.next }) });
    else await openOther(ready);
  }
  const { script } = useApp.getState();
  if (rescued === null) useLink.setState({ opened: script });
  // Drafts come when the page is at rest.
  setTimeout(() => void import('./drafts/keeper').then(({ keepDrafts }) => keepDrafts(script)), REST_MS);
}

const read = async (hash: string): Promise<Ready> => (await opening()).makeReady(hash);

async function openFirst(ready: Extract<Ready, { kind: 'scene' }>): Promise<void> {
  const { aim, settleScene } = await opening();
  aim(ready.scene);
  const started = useApp.getState().actions.start(ready.scene);
  remember(ready);
  await started;
  settleScene(ready.scene);
}

/** What is no scene: a lesson, or a text that has to be understood first. */
async function openOther(ready: Ready): Promise<void> {
  if (ready.kind !== 'lesson' && ready.kind !== 'text') return;
  const { openLessonAt, offer } = await opening();
  if (ready.kind === 'text') return offer(ready.name, ready.text);
  const { hash } = location;
  if (await openLessonAt(ready.id, ready.step)) named = { hash, script: useApp.getState().script };
}

/** Somebody pasted another link into this page, or went back: one undoable step; a bad one changes nothing. */
async function followHash(): Promise<void> {
  const { hash } = location;
  if (hash === written || hash.length < 2) return;
  const ready = await read(hash);
  if (location.hash !== hash) return; // a newer one is being followed
  written = hash; // what was there before is news again
  const { replaceScript, select, notify } = useApp.getState().actions;
  if (ready.kind === 'refused') {
    const { LINK_WORDS } = await import('../words/app/link');
    const text = LINK_WORDS.kept(ready.why);
    notify({ tone: 'error', text, ...(ready.next === undefined ? {} : { next: ready.next }) });
    await writeHash(); // a reload must find the present scene, not the broken link
    return;
  }
  if (ready.kind !== 'scene') return openOther(ready);
  const { scene } = ready;
  const { aim, settleScene } = await opening();
  if (!(await replaceScript(scene.script, scene.cursor))) return;
  aim(scene);
  remember(ready);
  if (scene.selection !== null && scene.selection in useApp.getState().objects) select(scene.selection);
  settleScene(scene);
}

function remember({ scene, from, shortHash }: Extract<Ready, { kind: 'scene' }>): void {
  const script = useApp.getState().script || scene.script;
  named = shortHash === null ? null : { hash: shortHash, script };
  useLink.setState({ source: from, opened: script });
}

let timer: ReturnType<typeof setTimeout> | undefined;

/** A long script takes some milliseconds to be put into a link: not those in which a hand waits for the page. */
function whenIdle(run: () => void): void {
  if (typeof requestIdleCallback === 'function') requestIdleCallback(run, { timeout: WRITE_MS });
  else run();
}

function soon(): void {
  clearTimeout(timer);
  timer = setTimeout(() => {
    // On its way to where a link wants it, the time is not where it will be.
    if (useApp.getState().engine.status === 'starting') soon();
    else whenIdle(() => void writeHash('apart'));
  }, WRITE_MS);
}

function scheduleWrite(state: AppState, before: AppState): void {
  const same =
    state.script === before.script && state.cursor === before.cursor && state.selection === before.selection;
  const arrived = before.playback.running && !state.playback.running;
  if (state.playback.running || (same && !arrived)) return; // while the script plays the cursor is only passing by
  soon();
}

/** It is looked at as it was opened: the short address says all. */
function isAsNamed({ script, cursor, selection }: AppState): boolean {
  if (named === null) return false;
  if (linesOf(script).join('\n') !== linesOf(named.script).join('\n')) {
    named = null;
    useLink.setState({ source: null });
    return false;
  }
  return cursor >= linesOf(script).length && selection === null && useCanvasUi.getState().held === null;
}

/** Links are made one at a time; a later one takes the place of one that is still being made. */
let writes = 0;

/** Puts the scene into the address bar and returns the whole link. `apart`: nobody waits for it. */
export async function writeHash(how: 'now' | 'apart' = 'now'): Promise<string> {
  clearTimeout(timer);
  const mine = ++writes;
  const state = useApp.getState();
  const asNamed = isAsNamed(state);
  const { linkNow, linkApart, adviceOn } = await writing();
  const from = location.href;
  const base = location.href.replace(/#.*$/s, '');
  const url =
    asNamed && named !== null
      ? `${base}${named.hash}`
      : how === 'now'
        ? linkNow(base)
        : await linkApart(base);
  // What it took meanwhile: another scene has a write of its own coming, and another address is being followed.
  if (mine !== writes || useApp.getState().script !== state.script || location.href !== from) return url;
  written = url.slice(base.length);
  const advice = adviceOn(url.length);
  useLink.setState({ advice: state.script === '' ? null : advice, length: url.length });
  if (advice.level !== 'too-long' && url !== location.href) {
    try {
      history.replaceState(null, '', url);
    } catch {
      // Browsers limit how often, and frames may forbid it: the link is still there to copy.
    }
  }
  return url;
}
