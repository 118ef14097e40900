import { onNothing, type Command } from './command';
import * as says from '../words/commands/drafts';

/** What this browser keeps of one's work; the list itself is `open.drafts`. */

export const DRAFT_COMMANDS: readonly Command[] = [
  onNothing({
    id: 'drafts.keep',
    menu: 'never',
    label: says.keepAVersion,
    group: 'open',
    words: says.draftNameHistorySaveSnapshotFinds,
    against: ({ script }) => (script === '' ? says.thereIsNoSceneYet : null),
    show: (_none, { actions }) => actions.askPage('keep-version'),
  }),
  onNothing({
    id: 'drafts.last',
    menu: 'never',
    label: says.goOnWithTheLastDraft,
    group: 'open',
    words: says.recoverRestoreCrashClosedTabFinds,
    show: (_none, { actions }) => actions.askPage('last-draft'),
  }),
];
