import { useOffline, type Keeping } from '../offline/state';
import { APP_COMMANDS as words, OFFLINE } from '../words/offline';
import { onNothing, type Command } from './command';

const AGAINST_KEEPING: Partial<Record<Keeping, string>> = {
  unavailable: OFFLINE.cannotKeep,
  preparing: OFFLINE.isKept,
  ready: OFFLINE.isKept,
};

/** The playground itself: its version, and what this browser keeps of it. */
export const APP_COMMANDS: readonly Command[] = [
  onNothing({
    id: 'app.update',
    menu: 'never',
    group: 'open',
    ...words.update,
    against: () => (useOffline.getState().update === 'none' ? OFFLINE.nothingNewer : null),
    show: (_none, { actions }) => actions.askPage('update'),
  }),
  onNothing({
    id: 'app.check',
    menu: 'never',
    group: 'open',
    ...words.check,
    fits: () => useOffline.getState().keeping !== 'file',
    show: (_none, { actions }) => actions.askPage('check-version'),
  }),
  onNothing({
    id: 'app.keep',
    menu: 'never',
    group: 'open',
    ...words.keep,
    fits: () => useOffline.getState().keeping !== 'file',
    against: () => AGAINST_KEEPING[useOffline.getState().keeping] ?? null,
    show: (_none, { actions }) => actions.askPage('keep-offline'),
  }),
  onNothing({
    id: 'app.forget',
    menu: 'never',
    group: 'open',
    ...words.forget,
    against: () => (useOffline.getState().keeping === 'ready' ? null : OFFLINE.noCopy),
    show: (_none, { actions }) => actions.askPage('forget-offline'),
  }),
];
