import { create } from 'zustand';
import type { Draft } from './draft';
import type { Trouble } from './storage';

interface DraftsState {
  /** Newest first; null until they are read. */
  readonly drafts: readonly Draft[] | null;
  /** Open in other tabs. */
  readonly elsewhere: ReadonlySet<string>;
  /** The one on this page; null: nothing was changed yet. */
  readonly current: string | null;
  readonly trouble: Trouble | null;
  /** The dialog begins with naming a version. */
  readonly naming: boolean;
  /** Counts versions that were named or taken away: who shows them reads them again. */
  readonly versions: number;
}

export const useDrafts = create<DraftsState>()(() => ({
  drafts: null,
  elsewhere: new Set(),
  current: null,
  trouble: null,
  naming: false,
  versions: 0,
}));
