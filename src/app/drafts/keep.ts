import { useApp } from '../../store';
import { aliveDrafts } from './alive';
import { isKept, needless, type Draft, type Version } from './draft';
import { useDrafts } from './state';
import { changeVersions, readDrafts, readVersions, removeDraft, type Stored } from './storage';
import { DRAFT_WORDS as words } from '../../words/app/drafts';

/** Versions and the list: what saving leaves behind. */

/** Drafts without a name, the oldest of which go. */
const MOST_DRAFTS = 200;
/** Milliseconds between two versions that the page makes by itself. */
export const VERSION_EVERY = 3 * 60_000;

const channel =
  typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel('iommu-playground-drafts');
channel?.addEventListener('message', () => void refresh());
/** Other tabs show the same list. */
export const tellOthers = (): void => channel?.postMessage('changed');

/** A version of a draft; one without a name no sooner than `every` after the last, and none that is there already. */
export async function addVersion(
  { id, script, cursor }: Pick<Draft, 'id' | 'script' | 'cursor'>,
  name: string | null,
  every = 0,
): Promise<void> {
  const stored = await readVersions(id);
  if (!stored.ok) return;
  const now = Date.now();
  const [newest] = stored.value;
  if (name === null && (isKept(stored.value, script) || now - (newest?.at ?? 0) < every)) return;
  const version: Version = { id: crypto.randomUUID(), draftId: id, name, script, cursor, at: now };
  // A name on what the page kept by itself takes its place.
  const same =
    name === null ? [] : stored.value.filter((each) => each.name === null && each.script === script);
  settled(await changeVersions([version], [...same, ...needless([version, ...stored.value], now)]));
  useDrafts.setState((state) => ({ versions: state.versions + 1 }));
}

/** Says once that there is no room; that nothing is kept at all is said where drafts are listed. */
export function settled(stored: Stored<unknown>): boolean {
  const { trouble } = useDrafts.getState();
  const now = stored.ok ? null : stored.trouble;
  if (now !== trouble) useDrafts.setState({ trouble: now });
  if (now === 'full' && trouble !== 'full')
    useApp.getState().actions.notify({
      tone: 'error',
      text: words.full,
      next: { label: words.openList, command: 'open.drafts' },
    });
  return stored.ok;
}

/** Reads the list anew, and lets the oldest go where there are very many. */
export async function refresh(): Promise<void> {
  const [stored, alive] = await Promise.all([readDrafts(), aliveDrafts()]);
  const { current, trouble } = useDrafts.getState();
  // That it can be read does not mean that there is room.
  if (!stored.ok || trouble !== 'full') settled(stored);
  const drafts = stored.ok ? stored.value : [];
  useDrafts.setState({ drafts, elsewhere: new Set([...alive].filter((id) => id !== current)) });
  const old = drafts.filter(({ id, name }) => name === null && !alive.has(id)).slice(MOST_DRAFTS);
  for (const { id } of old) await removeDraft(id);
}
