import { create } from 'zustand';
import type { LinkAdvice } from '../share/link';
import { useApp } from '../store';
import { linesOf } from '../store/script';
import { openRescued, takeRescued } from './rescue';
import type { AppState } from '../store/types';

/** The scene in the address bar: read when the page opens and when the hash changes, written a while after changes. */

/** Time for several changes to become one write: nothing is put into the browser's history. */
const WRITE_MS = 500;

interface LinkState {
  /** Of the whole URL; null until it is known. */
  readonly advice: LinkAdvice | null;
  readonly length: number;
}
export const useLink = create<LinkState>()(() => ({ advice: null, length: 0 }));

/** The codec with its dictionary is a chunk of its own: the first paint does not wait for it. */
const codec = () => import('../share/link');

/** Our own last write, so as not to read it back. */
let written = '';

export async function openPage(): Promise<void> {
  const { start, notify } = useApp.getState().actions;
  const rescued = takeRescued();
  const { scene, why } = rescued === null ? await readHash() : { scene: null, why: null };
  addEventListener('hashchange', () => void followHash());
  if (rescued !== null) void openRescued(rescued);
  else void start(scene ?? { script: '', cursor: null, selection: null });
  if (why !== null) notify({ tone: 'error', text: why });
  // A link that cannot be read stays where it is until something new is made.
  useApp.subscribe(scheduleWrite);
}

interface Read {
  readonly scene: {
    readonly script: string;
    readonly cursor: number | null;
    readonly selection: string | null;
  } | null;
  readonly why: string | null;
}

async function readHash(): Promise<Read> {
  const { hash } = location;
  if (hash.length < 2) return { scene: null, why: null };
  const { decodeLink } = await codec();
  const decoded = decodeLink(hash);
  return decoded.ok ? { scene: decoded.scene, why: null } : { scene: null, why: decoded.why };
}

/** Somebody pasted another link into this page, or went back: one undoable step; a bad one changes nothing. */
async function followHash(): Promise<void> {
  if (location.hash === written) return;
  const { scene, why } = await readHash();
  const { replaceScript, select, notify } = useApp.getState().actions;
  if (why !== null) {
    notify({ tone: 'error', text: `${why} Your present scene is as it was.` });
    await writeHash(); // a reload must find the present scene, not the broken link
    return;
  }
  if (scene === null) return;
  const opened = await replaceScript(scene.script, scene.cursor);
  if (opened && scene.selection !== null && scene.selection in useApp.getState().objects)
    select(scene.selection);
}

let timer: ReturnType<typeof setTimeout> | undefined;

function scheduleWrite(state: AppState, before: AppState): void {
  const same =
    state.script === before.script && state.cursor === before.cursor && state.selection === before.selection;
  const arrived = before.playback.running && !state.playback.running;
  if (state.playback.running || (same && !arrived)) return; // while the script plays the cursor is only passing by
  clearTimeout(timer);
  timer = setTimeout(() => void writeHash(), WRITE_MS);
}

/** Puts the scene into the address bar and returns the whole link. */
async function writeHash(): Promise<string> {
  clearTimeout(timer);
  const { encodeLink, linkAdvice } = await codec();
  const { script, cursor, selection } = useApp.getState();
  const empty = script === '';
  const atEnd = cursor >= linesOf(script).length;
  written = empty ? '' : encodeLink({ script, cursor: atEnd ? null : cursor, selection, camera: null });
  const url = `${location.href.replace(/#.*$/s, '')}${written}`;
  const advice = linkAdvice(url.length);
  useLink.setState({ advice: empty ? null : advice, length: url.length });
  if (advice.level !== 'too-long') {
    try {
      history.replaceState(null, '', url);
    } catch {
      // Browsers limit how often, and frames may forbid it: the link is still there to copy.
    }
  }
  return url;
}

export async function copyLink(): Promise<void> {
  const { notify } = useApp.getState().actions;
  const url = await writeHash();
  const { advice } = useLink.getState();
  if (advice?.level === 'too-long') return notify({ tone: 'error', text: advice.text });
  try {
    await navigator.clipboard.writeText(url);
    const more = advice?.level === 'long' ? ` ${advice.text}` : '';
    notify({ tone: 'info', text: `Link copied.${more}` });
  } catch {
    notify({
      tone: 'error',
      text: 'This browser does not let the page copy: the link is in the address bar.',
    });
  }
}
