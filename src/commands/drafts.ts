import { onNothing, type Command } from './command';

/** What this browser keeps of one's work; the list itself is `open.drafts`. */

export const DRAFT_COMMANDS: readonly Command[] = [
  onNothing({
    id: 'drafts.keep',
    menu: 'never',
    label: 'Keep a version',
    group: 'open',
    words: 'draft name history save snapshot',
    against: ({ script }) => (script === '' ? 'There is no scene yet.' : null),
    show: (_none, { actions }) => actions.askPage('keep-version'),
  }),
  onNothing({
    id: 'drafts.last',
    menu: 'never',
    label: 'Go on with the last draft',
    group: 'open',
    words: 'recover restore crash closed tab',
    show: (_none, { actions }) => actions.askPage('last-draft'),
  }),
];
