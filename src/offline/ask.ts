import { useApp } from '../store';
import type { Notice } from '../store/types';
import { OFFLINE as words } from '../words/offline';
import { useOffline } from './state';

let shown: Notice | null = null;
let unwatch: (() => void) | null = null;

const question = (): Notice => ({
  tone: 'info',
  text: useOffline.getState().update === 'taken' ? words.taken : words.ready,
  stays: true,
  next: { label: words.reload, command: 'app.update' },
  later: words.later,
});

/** Asks whether to change to the new version, until somebody answers: other notices may come first, or in between. */
export function ask(): void {
  unwatch?.();
  const show = (): void => {
    shown = question();
    useApp.getState().actions.notify(shown);
  };
  const { notice } = useApp.getState();
  if (notice === null || notice === shown) show();
  unwatch = useApp.subscribe((state, before) => {
    if (state.notice !== null || before.notice === null) return;
    if (before.notice === shown) {
      // Answered: with Later, or by going on to the new version.
      shown = null;
      unwatch?.();
      unwatch = null;
    } else show();
  });
}
