/** Commands (drafts): titles, search words, explanations, and why not. */

export const keepAVersion = 'Keep a version';
export const draftNameHistorySaveSnapshotFinds = 'draft name history save snapshot';
export const thereIsNoSceneYet = 'There is no scene yet.';
export const goOnWithTheLastDraft = 'Go on with the last draft';
export const recoverRestoreCrashClosedTabFinds = 'recover restore crash closed tab';
