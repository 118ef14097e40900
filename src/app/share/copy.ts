import { create } from 'zustand';
import { useApp } from '../../store';
import { copied } from '../../words/app/share';

interface Copying {
  /** What was copied last, while the share dialog is open: it says so itself, since the page behind it is not heard. */
  readonly said: string | null;
  /** What could not be copied: shown to be copied by hand. */
  readonly byHand: { readonly what: string; readonly text: string } | null;
}
export const useCopying = create<Copying>()(() => ({ said: null, byHand: null }));

export const forgetCopying = (): void => useCopying.setState({ said: null, byHand: null });

/**
 * Puts a text into the clipboard and says so (`what`: "Link"). Where the browser forbids that, the share dialog shows it in a field,
 * selected. False: it was not copied.
 */
export async function copyText(text: string, what: string): Promise<boolean> {
  const { dialog, actions } = useApp.getState();
  try {
    await navigator.clipboard.writeText(text);
    if (dialog === 'share') useCopying.setState({ said: copied(what), byHand: null });
    else actions.notify({ tone: 'info', text: copied(what) });
    return true;
  } catch {
    useCopying.setState({ said: null, byHand: { what, text } });
    if (dialog !== 'share') actions.openShare('link');
    return false;
  }
}
