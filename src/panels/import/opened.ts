import { create } from 'zustand';
import { linesOf } from '../../store/script';
import type { Understood } from './Report';

/** The machine that was opened last out of a text, with what there was to say about that text. */
export interface OpenedImport {
  /** As the dialog called the text. */
  readonly from: string;
  readonly lines: readonly string[];
  readonly reply: Understood;
  /** Functions that the text records in other company. */
  readonly moved: number;
  /** `6.8.0-40-generic`, where the text holds a kernel's first line. */
  readonly kernel: string | null;
}

export const useOpened = create<{ readonly opened: OpenedImport | null }>()(() => ({ opened: null }));

/** What an import said, as long as the script still begins with the machine that it made. */
export function openedIn(opened: OpenedImport | null, script: string): OpenedImport | null {
  if (opened === null) return null;
  const now = linesOf(script);
  return opened.lines.every((line, at) => now[at] === line) ? opened : null;
}

/** Linux: init/main.c linux_banner */
export const kernelIn = (text: string): string | null =>
  /^.{0,60}?\bLinux version (\d[\w.+~-]{2,60})/m.exec(text)?.[1] ?? null;
