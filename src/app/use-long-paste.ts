import { useEffect } from 'react';
import { offerText } from '../panels/import/offer';
import { useApp } from '../store';
import { byteSize } from '../ui/numbers';
import * as says from '../words/app/notices';

/** Characters that a field takes without the page standing still; far more than any script. */
const LONGEST = 256 << 10;

/**
 * A long text in a text field stops the page for minutes: the import dialog takes it, which keeps it out of its field. What
 * is pasted where no field is goes there as well.
 */
export function useLongPaste(): void {
  useEffect(() => {
    const onPaste = (event: ClipboardEvent): void => {
      const text = event.clipboardData?.getData('text/plain') ?? '';
      if (event.defaultPrevented || isField(event.target)) return;
      if (text.trim() === '' || useApp.getState().dialog !== null) return;
      event.preventDefault();
      // Lines for the machine that is there go to it, wherever the focus is; anything else is a machine to be read.
      void import('../canvas/clipboard').then(({ pasteText }) => {
        if (!pasteText(text)) offerText({ name: says.pastedText, text });
      });
    };
    const onFieldPaste = (event: ClipboardEvent): void => {
      const text = event.clipboardData?.getData('text/plain') ?? '';
      if (!isField(event.target) || text.length <= LONGEST) return;
      event.preventDefault();
      useApp.getState().actions.notify({
        tone: 'error',
        text: says.ofTextAreTooMuch(byteSize(text.length)),
      });
    };
    document.addEventListener('paste', onPaste);
    // Before the field has it: the script editor takes what is pasted into its own hands.
    document.addEventListener('paste', onFieldPaste, true);
    return () => {
      document.removeEventListener('paste', onPaste);
      document.removeEventListener('paste', onFieldPaste, true);
    };
  }, []);
}

const isField = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || target.closest('input, textarea, select, [contenteditable]') !== null);
