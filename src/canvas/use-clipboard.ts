import { useEffect, useMemo, type ClipboardEvent } from 'react';
import { useApp } from '../store/index';
import type * as Clipboard from './clipboard';
import { selectedIds } from './marked';

export interface ClipboardEvents {
  readonly onCopy: (event: ClipboardEvent) => void;
  readonly onCut: (event: ClipboardEvent) => void;
  readonly onPaste: (event: ClipboardEvent) => void;
}

type Kit = typeof Clipboard;
let kit: Kit | null = null;

/**
 * The browser's own copy, cut and paste, while the canvas has the focus: no permission is needed for these. They have to be
 * answered at once, so what answers them is there as soon as something can be copied.
 */
export function useClipboard(): ClipboardEvents {
  const there = useApp((s) => s.selection !== null || s.cursor > 0);
  useEffect(() => {
    if (there && kit === null) void import('./clipboard').then((loaded) => (kit = loaded));
  }, [there]);
  return useMemo(() => {
    const copy = (event: ClipboardEvent): boolean => {
      const ids = selectedIds();
      const text = ids.length === 0 ? null : (kit?.copyText(ids) ?? null);
      if (text === null) return false;
      event.clipboardData.setData('text/plain', text);
      event.preventDefault();
      return true;
    };
    return {
      onCopy: (event) => void copy(event),
      onCut: (event) => {
        if (copy(event)) void kit?.deleteSubject(selectedIds());
      },
      // Anything but lines of script goes on to whoever takes what is pasted on the page.
      onPaste: (event) => {
        if (kit?.pasteText(event.clipboardData.getData('text/plain')) === true) event.preventDefault();
      },
    };
  }, []);
}
