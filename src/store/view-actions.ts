import type { Context } from './context';
import type { Actions, AppState, PanelId } from './types';

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
  | 'light'
>;

/** What changes nothing but the view. */
export function viewActions({ set }: Context): ViewActions {
  return {
    select: (selection) =>
      set((state) => (selection === null ? { selection } : { selection, panel: panelFor(state, selection) })),
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
    light: (lit) => set({ lit }),
  };
}

/** These talk about the selected device or group themselves. */
const ABOUT_GROUPS: ReadonlySet<PanelId> = new Set(['groups', 'why', 'passthrough', 'what-if']);

function panelFor({ objects, panel }: AppState, selection: string): PanelId {
  const type = objects[selection]?.type;
  return ABOUT_GROUPS.has(panel) && (type === 'device' || type === 'group') ? panel : 'object';
}
