import { create } from 'zustand';

/** `file`: it is one file. `unavailable`: nothing can be kept here. `off`: nothing is wanted to be. */
export type Keeping = 'unavailable' | 'off' | 'file' | 'preparing' | 'ready' | 'no-room' | 'incomplete';

interface OfflineState {
  readonly keeping: Keeping;
  /** `waiting`: another version is ready. `taken`: another tab has agreed to it, and this page is of the old one. */
  readonly update: 'none' | 'waiting' | 'taken';
}

/** Small, for Help and commands ask before anything of this folder is loaded. */
export const useOffline = create<OfflineState>()(() => ({ keeping: 'unavailable', update: 'none' }));

/** `0.1.0+3f2a91c0`: a hash of all files. Null: the development server has no version. */
export const pageVersion = (): string | null =>
  document.querySelector<HTMLMetaElement>('meta[name="version"]')?.content ?? null;
