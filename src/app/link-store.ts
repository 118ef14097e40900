import { create } from 'zustand';
import type { LinkAdvice } from '../share/advice';

/** What the page knows of its own address. */
interface LinkState {
  /** Of the whole URL; null until it is known. */
  readonly advice: LinkAdvice | null;
  readonly length: number;
  /** Where the script on the page lies, as long as it is what lies there. */
  readonly source: { readonly address: string; readonly host: string } | null;
  /** The script that the address brought: whoever opened it has it there. */
  readonly opened: string | null;
}
export const useLink = create<LinkState>()(() => ({ advice: null, length: 0, source: null, opened: null }));
