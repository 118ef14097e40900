import { create } from 'zustand';
import { useApp } from '../../store';

/** What a command asked of the report: done once it is complete. */
export type Wish = 'print' | 'save' | 'copy';

interface Wishing {
  readonly wish: Wish | null;
  readonly forget: () => void;
}

export const useWish = create<Wishing>()((set) => ({ wish: null, forget: () => set({ wish: null }) }));

export function openReport(wish: Wish): void {
  useWish.setState({ wish });
  useApp.getState().actions.openDialog('report');
}
