import { useApp } from '../../store';
import { saveText } from '../share/save-file';
import { fileName } from '../share/file-name';
import { holdDraft } from './alive';
import { titleOf, type Draft, type Version } from './draft';
import { addVersion, refresh, settled, tellOthers } from './keep';
import { arrive, currentDraft, forgetCurrent, inTurn, saveNow } from './keeper';
import { useDrafts } from './state';
import { changeDraft, changeVersions, removeDraft } from './storage';
import { DRAFT_WORDS as words } from '../../words/app/drafts';

/** What a person does with drafts. */

/** Opens a draft in place of what is on the page, which stays kept. One that another tab has is opened as a copy. */
export async function openDraft(draft: Draft): Promise<boolean> {
  if (currentDraft()?.id === draft.id) return true;
  await saveNow();
  const letGo = await inTurn(() => holdDraft(draft.id));
  const opened = await arrive(draft, letGo === null ? null : { id: draft.id, letGo });
  if (opened && letGo === null) useApp.getState().actions.notify({ tone: 'info', text: words.copy });
  await refresh();
  return opened;
}

/** Names what is on the page now as a version of its draft. False: there is no room for it. */
export async function keepVersion(name: string): Promise<boolean> {
  await saveNow(true);
  const { script, cursor } = useApp.getState();
  const current = currentDraft();
  if (current === null) return false;
  await inTurn(() => addVersion({ id: current.id, script, cursor }, name));
  tellOthers();
  return useDrafts.getState().trouble === null;
}

/** Back to a version, as one step that undo takes back; what the draft was is kept as a version of its own. */
export async function restoreVersion(draft: Draft, version: Version): Promise<boolean> {
  await saveNow();
  const current = currentDraft();
  const isHere = current?.id === draft.id;
  const { script, cursor } = isHere ? useApp.getState() : draft;
  await inTurn(() => addVersion({ id: draft.id, script, cursor }, null));
  const done = isHere ? await arrive(version, current) : await openDraft({ ...draft, ...sceneOf(version) });
  if (done) useApp.getState().actions.notify({ tone: 'info', text: words.restored });
  return done;
}

const sceneOf = ({ script, cursor }: Version): Pick<Draft, 'script' | 'cursor'> => ({ script, cursor });

export async function renameDraft({ id }: Draft, name: string): Promise<void> {
  const given = name.trim() === '' ? null : name.trim();
  settled(await inTurn(() => changeDraft(id, (old) => (old === null ? null : { ...old, name: given }))));
  await refresh();
  tellOthers();
}

export async function deleteDraft({ id }: Draft): Promise<void> {
  settled(await inTurn(() => removeDraft(id)));
  if (currentDraft()?.id === id) forgetCurrent();
  await refresh();
  tellOthers();
}

export async function deleteVersion(version: Version): Promise<void> {
  settled(await inTurn(() => changeVersions([], [version])));
  useDrafts.setState((state) => ({ versions: state.versions + 1 }));
}

export const saveDraft = (draft: Draft): void =>
  saveText(`${fileName(titleOf(draft) ?? words.untitled)}.iommu`, `${draft.script}\n`);

/** The newest that no tab has on its page. */
export const newestLeft = (): Draft | null => {
  const { drafts, elsewhere, current } = useDrafts.getState();
  return drafts?.find(({ id }) => id !== current && !elsewhere.has(id)) ?? null;
};

export async function openNewest(): Promise<void> {
  await refresh();
  const draft = newestLeft();
  if (draft === null) useApp.getState().actions.notify({ tone: 'info', text: words.none });
  else await openDraft(draft);
}

/** The dialog, at naming a version. */
export function askForName(): void {
  useDrafts.setState({ naming: true });
  useApp.getState().actions.openDialog('drafts');
}
