import { useApp } from '../../store';
import type { AppState } from '../../store/types';
import { galleryIdOf } from '../link-gallery';
import { useLink } from '../link-store';
import { goesOn, isTiny, type Draft } from './draft';
import { holdDraft } from './alive';
import { addVersion, refresh, settled, tellOthers, VERSION_EVERY } from './keep';
import { useDrafts } from './state';
import { changeDraft, readDraft } from './storage';

/**
 * Keeps what is on the page, as a draft of this tab's own: another tab has another one. Whoever opens something else in this tab
 * begins another draft, and comes back to the former by undo.
 */
const SAVE_MS = 800;
const SESSION_KEY = 'iommu-playground-draft';

export interface Current {
  readonly id: string;
  /** Lets other tabs have it. */
  readonly letGo: () => void;
}
const NOBODY: Current = { id: '', letGo: () => undefined };

let current: Current | null = null;
/** The last script on the page that was one. */
let last = '';
/** The script with which the present work began. */
let arrived = '';
/** What this tab had on its page before: its drafts by the scripts they ended with. */
const left = new Map<string, string>();
/** A draft is being opened: the script that comes is no news. */
let opening = false;
let timer: ReturnType<typeof setTimeout> | undefined;

/** One thing after the other. */
let queue: Promise<unknown> = Promise.resolve();
export const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
  const next = queue.then(work, work);
  queue = next.catch(() => undefined);
  return next;
};

let begun: Promise<void> | null = null;

/** Begins, once: when the page is at rest, or when somebody asks for drafts before. `opened` is what the page began with. */
export const keepDrafts = (opened: string = useLink.getState().opened ?? ''): Promise<void> =>
  (begun ??= begin(opened));

async function begin(opened: string): Promise<void> {
  last = opened;
  arrived = opened;
  await inTurn(() => takeUp(opened));
  useApp.subscribe(onChange);
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden') void saveNow();
  });
  addEventListener('pagehide', () => void saveNow());
  const state = useApp.getState();
  onChange(state, { ...state, script: opened });
  await refresh();
}

/** After a reload the tab goes on with its draft, if the page shows it, and no copy of this tab has taken it. */
async function takeUp(script: string): Promise<void> {
  const id = sessionId();
  if (id === null || script === '') return;
  const stored = await readDraft(id);
  if (!stored.ok || stored.value === null || !goesOn(stored.value.script, script)) return;
  const letGo = await holdDraft(id);
  if (letGo === null) return;
  become({ id, letGo });
  await addVersion(stored.value, null);
}

/** The draft on the page is another one from now on; null: none until something is changed. */
export function become(next: Current | null): void {
  if (current !== null && current !== next) current.letGo();
  current = next;
  useDrafts.setState({ current: next?.id ?? null });
  if (next === null) return;
  try {
    sessionStorage.setItem(SESSION_KEY, next.id);
  } catch {
    // A reload then begins a new draft.
  }
}

function sessionId(): string | null {
  try {
    return sessionStorage.getItem(SESSION_KEY);
  } catch {
    return null;
  }
}

function onChange(state: AppState, was: AppState): void {
  const { script } = state;
  // Nothing to keep: what was there stays kept.
  if ((script === was.script && state.cursor === was.cursor) || script === '') return;
  if (opening) return;
  if (script !== last && !goesOn(last, script)) turnTo(script);
  last = script;
  clearTimeout(timer);
  timer = setTimeout(() => void saveNow(), SAVE_MS);
}

/** Another scene has taken the page: the former one is kept as it was, and this one begins, or goes on. */
function turnTo(script: string): void {
  const former = last;
  const unsaved = current === null && former !== '' && former !== arrived;
  const id = unsaved ? crypto.randomUUID() : current?.id;
  if (id !== undefined && former !== '') {
    left.set(former, id);
    void inTurn(() => write(id, former, null));
  }
  become(null);
  arrived = script;
  const known = left.get(script);
  if (known === undefined) return;
  void inTurn(async () => {
    const letGo = await holdDraft(known);
    if (letGo !== null) become({ id: known, letGo });
  });
}

/** Keeps what is on the page now; `anyhow`: even if nobody has changed it yet. */
export async function saveNow(anyhow = false): Promise<void> {
  await keepDrafts();
  await inTurn(() => save(anyhow));
}

async function save(anyhow: boolean): Promise<void> {
  clearTimeout(timer);
  const { script, cursor } = useApp.getState();
  if (script === '' || opening) return;
  if (current === null) {
    if (!anyhow && script === arrived && (await isAsOpened(script))) return;
    const id = crypto.randomUUID();
    become({ id, letGo: (await holdDraft(id)) ?? NOBODY.letGo });
  }
  if (current !== null) await write(current.id, script, cursor);
}

/** Whoever wants it again finds it where it came from. */
async function isAsOpened(script: string): Promise<boolean> {
  if (isTiny(script) || script === useLink.getState().opened) return true;
  return (await galleryIdOf(script).catch(() => null)) !== null;
}

/** `cursor` null: the time that the draft has already, else the end. */
async function write(id: string, script: string, cursor: number | null): Promise<void> {
  const now = Date.now();
  const stored = await changeDraft(id, (old) => {
    const at = cursor ?? old?.cursor ?? Number.MAX_SAFE_INTEGER;
    if (old?.script === script && old.cursor === at) return null;
    return { id, script, cursor: at, name: old?.name ?? null, savedAt: now };
  });
  if (!settled(stored)) return;
  await addVersion({ id, script, cursor: cursor ?? Number.MAX_SAFE_INTEGER }, null, VERSION_EVERY);
  await refresh();
  tellOthers();
}

/**
 * Puts a script on the page that is not news but `draft`'s; null: a copy, and a draft of its own once it is changed. False: it
 * could not be opened, and all is as it was.
 */
export async function arrive(
  scene: Pick<Draft, 'script' | 'cursor'>,
  draft: Current | null,
): Promise<boolean> {
  await keepDrafts();
  if (current !== null) left.set(last, current.id);
  opening = true;
  const opened = await useApp.getState().actions.replaceScript(scene.script, scene.cursor);
  opening = false;
  if (!opened) {
    if (draft !== current) draft?.letGo();
    return false;
  }
  become(draft);
  last = useApp.getState().script;
  arrived = last;
  if (draft === null) useLink.setState({ opened: last });
  await saveNow();
  return true;
}

export const currentDraft = (): Current | null => current;

/** What is on the page is kept no more, unless it is changed. */
export function forgetCurrent(): void {
  become(null);
  arrived = useApp.getState().script;
  useLink.setState({ opened: arrived });
}
