import { useEffect } from 'react';
import { useApp } from '../store';
import { byteSize } from '../ui/numbers';

/** Characters that a field takes without the page standing still; far more than any script. */
const LONGEST = 256 << 10;

/** A long text in a text field stops the page for minutes. The import dialog takes it: it keeps it out of its field. */
export function useLongPaste(): void {
  useEffect(() => {
    const onPaste = (event: ClipboardEvent): void => {
      const length = event.clipboardData?.getData('text/plain').length ?? 0;
      if (event.defaultPrevented || length <= LONGEST) return;
      event.preventDefault();
      useApp.getState().actions.notify({
        tone: 'error',
        text: `${byteSize(length)} of text are too much for this field; nothing was changed. Paste it into Import instead.`,
      });
    };
    document.addEventListener('paste', onPaste);
    return () => document.removeEventListener('paste', onPaste);
  }, []);
}
