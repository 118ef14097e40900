import { useApp } from '../../store';
import { SHARED } from '../../words/panels/shared';

/** Into the clipboard; says so, or why not. `what`: e.g. `3 calls`. */
export async function copyText(text: string, what: string): Promise<void> {
  const { notify } = useApp.getState().actions;
  try {
    await navigator.clipboard.writeText(text);
    notify({ tone: 'info', text: SHARED.copied(what) });
  } catch {
    notify({ tone: 'error', text: SHARED.noClipboard });
  }
}
