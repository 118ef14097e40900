import { openDB, type DBSchema, type IDBPDatabase } from 'idb';
import { parseDraft, parseVersion, type Draft, type Version } from './draft';

interface Schema extends DBSchema {
  drafts: { key: string; value: Draft };
  versions: { key: string; value: Version; indexes: { draftId: string } };
}

/** `blocked`: this browser keeps nothing for this page. `full`: it would keep no more. */
export type Trouble = 'blocked' | 'full';
export type Stored<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly trouble: Trouble };

const NAME = 'iommu-playground';
const VERSION = 1;

let opened: Promise<IDBPDatabase<Schema>> | null = null;

function open(): Promise<IDBPDatabase<Schema>> {
  opened ??= openDB<Schema>(NAME, VERSION, {
    upgrade(db) {
      db.createObjectStore('drafts', { keyPath: 'id' });
      db.createObjectStore('versions', { keyPath: 'id' }).createIndex('draftId', 'draftId');
    },
    // A newer page wants another layout: it does not have to wait for this one.
    blocking(_current, _blocked, event) {
      (event.target as IDBDatabase).close();
      opened = null;
    },
    terminated() {
      opened = null;
    },
  });
  return opened;
}

async function ask<T>(work: (db: IDBPDatabase<Schema>) => Promise<T>): Promise<Stored<T>> {
  try {
    return { ok: true, value: await work(await open()) };
  } catch (error) {
    opened = null; // the next one tries anew
    const full = error instanceof DOMException && error.name === 'QuotaExceededError';
    return { ok: false, trouble: full ? 'full' : 'blocked' };
  }
}

/** Newest first. What is no draft is left aside. */
export const readDrafts = (): Promise<Stored<readonly Draft[]>> =>
  ask(async (db) => (await db.getAll('drafts')).flatMap((each) => parseDraft(each) ?? []).toSorted(byTime));

export const readDraft = (id: string): Promise<Stored<Draft | null>> =>
  ask(async (db) => parseDraft(await db.get('drafts', id)));

/** Reads and writes as one step, whatever other tabs do. Null: it is to stay as it is. */
export const changeDraft = (
  id: string,
  change: (old: Draft | null) => Draft | null,
): Promise<Stored<unknown>> =>
  ask(async (db) => {
    const { store, done } = db.transaction('drafts', 'readwrite');
    const next = change(parseDraft(await store.get(id)));
    await Promise.all([...(next === null ? [] : [store.put(next)]), done]);
  });

/** With all of its versions. */
export const removeDraft = (id: string): Promise<Stored<unknown>> =>
  ask(async (db) => {
    const task = db.transaction(['drafts', 'versions'], 'readwrite');
    const keys = await task.objectStore('versions').index('draftId').getAllKeys(id);
    await Promise.all([
      task.objectStore('drafts').delete(id),
      ...keys.map((key) => task.objectStore('versions').delete(key)),
      task.done,
    ]);
  });

/** Newest first. */
export const readVersions = (draftId: string): Promise<Stored<readonly Version[]>> =>
  ask(async (db) =>
    (await db.getAllFromIndex('versions', 'draftId', draftId))
      .flatMap((each) => parseVersion(each) ?? [])
      .toSorted((a, b) => b.at - a.at),
  );

/** Writes some, and takes others away, at once. */
export const changeVersions = (
  put: readonly Version[],
  removed: readonly Version[],
): Promise<Stored<unknown>> =>
  ask(async (db) => {
    const { store, done } = db.transaction('versions', 'readwrite');
    await Promise.all([
      ...put.map((version) => store.put(version)),
      ...removed.map(({ id }) => store.delete(id)),
      done,
    ]);
  });

const byTime = (a: Draft, b: Draft): number => b.savedAt - a.savedAt;
