import { useApp } from '../../store';

/** Into the clipboard; says so, or why not. `what`: e.g. `3 calls`. */
export async function copyText(text: string, what: string): Promise<void> {
  const { notify } = useApp.getState().actions;
  try {
    await navigator.clipboard.writeText(text);
    notify({ tone: 'info', text: `Copied ${what}.` });
  } catch {
    notify({ tone: 'error', text: 'The browser keeps the clipboard closed to this page.' });
  }
}
