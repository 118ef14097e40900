import type { Context } from './context';
import type { Actions } from './types';

type ViewActions = Pick<
  Actions,
  | 'select'
  | 'dismissRefusal'
  | 'play'
  | 'setPlayback'
  | 'setTheme'
  | 'showPanel'
  | 'openDialog'
  | 'notify'
  | 'showMemory'
>;

/** What changes nothing but the view. */
export function viewActions({ set }: Context): ViewActions {
  return {
    select: (selection) => set(selection === null ? { selection } : { selection, panel: 'object' }),
    dismissRefusal: () => set({ refusal: null }),
    play: (lookup) =>
      set((state) => ({
        playback: { ...state.playback, lookup, step: 0, playing: true, running: false },
        panel: 'walk',
      })),
    setPlayback: (change) => set((state) => ({ playback: { ...state.playback, ...change } })),
    setTheme: (theme) => set({ theme }),
    showPanel: (panel) => set({ panel }),
    openDialog: (dialog) => set({ dialog }),
    notify: (notice) => set({ notice }),
    showMemory: (memoryPa) => set({ memoryPa, panel: 'memory' }),
  };
}
