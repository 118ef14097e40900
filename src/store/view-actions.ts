import type { Context } from './context';
import { begun, completed } from './playback';
import type { Actions, AppState, PanelId, Spot } from './types';

type ViewActions = Pick<
  Actions,
  | 'select'
  | 'mark'
  | 'dismissRefusal'
  | 'play'
  | 'leaveSample'
  | 'setTempo'
  | 'setPlayback'
  | 'setTheme'
  | 'setFollowing'
  | 'showPanel'
  | 'openDialog'
  | 'openShare'
  | 'askPage'
  | 'notify'
  | 'showMemory'
  | 'follow'
  | 'light'
  | 'point'
  | 'lightLevel'
  | 'widenWalk'
  | 'showOutlineAs'
  | 'compare'
  | 'openContextMenu'
  | 'closeContextMenu'
  | 'openPalette'
  | 'closePalette'
  | 'prefill'
  | 'lookAt'
>;

/** What changes nothing but the view. */
export function viewActions({ set }: Context): ViewActions {
  return {
    select: (selection) =>
      set((state) =>
        selection === null
          ? { selection, marked: [] }
          : { selection, marked: [], panel: panelFor(state, selection) },
      ),
    mark: (ids) =>
      set((state) => {
        const marked = [...new Set(ids)];
        const selection = marked.at(-1) ?? null;
        return {
          selection,
          marked: marked.length > 1 ? marked : [],
          // Who picks several in the outline is not done with it.
          ...(selection === null || state.panel === 'outline' ? {} : { panel: panelFor(state, selection) }),
        };
      }),
    dismissRefusal: () => set({ refusal: null }),
    play: (what) =>
      set((state) => {
        const stage =
          typeof what === 'number'
            ? { lookup: what, sample: null, traffic: null }
            : { lookup: state.playback.lookup, sample: what, traffic: state.playback.traffic };
        return { playback: { ...begun(state, stage), running: false }, panel: 'walk' };
      }),
    leaveSample: () =>
      set((state) => {
        const { lookup, traffic } = state.playback;
        return { playback: completed(state, { lookup, sample: null, traffic }) };
      }),
    setTempo: (tempo) =>
      set((state) => {
        const playback = { ...state.playback, tempo };
        if (tempo === 'by-hand') return { playback: { ...playback, playing: false } };
        return { playback: tempo === 'instant' && playback.playing ? completed(state, playback) : playback };
      }),
    setPlayback: (change) => set((state) => ({ playback: { ...state.playback, ...change } })),
    setTheme: (theme) => set({ theme }),
    setFollowing: (following) => set({ following }),
    showPanel: (panel) => set({ panel }),
    openDialog: (dialog) => set({ dialog }),
    openShare: (shareTab) => set({ dialog: 'share', shareTab }),
    askPage: (what) => set({ deed: { what } }),
    notify: (notice) => set({ notice }),
    showMemory: (memoryPa) => set({ memoryPa, panel: 'memory' }),
    follow: (followed) => set(followed === null ? { followed } : { followed, panel: 'events' }),
    light: (lit) => set({ lit }),
    point: (spot) =>
      set((state) => {
        if (sameSpot(state.spot, spot)) return state;
        // What is held stays until something else is, or it is let go.
        return state.spot?.held === true && spot?.held === false ? state : { spot };
      }),
    lightLevel: (litLevel) => set({ litLevel }),
    widenWalk: (wideWalk) => set({ wideWalk }),
    showOutlineAs: (outlineLook) => set({ outlineLook }),
    compare: (moments) => set((state) => ({ compared: { ...state.compared, ...moments } })),
    openContextMenu: (at, subject) => set({ menu: { at, subject }, palette: null }),
    closeContextMenu: () => set({ menu: null }),
    openPalette: (palette) => set({ palette, menu: null }),
    closePalette: () => set({ palette: null }),
    prefill: (draft) => set({ draft }),
    lookAt: (at) => set({ gaze: { at } }),
  };
}

const sameSpot = (a: Spot | null, b: Spot | null): boolean =>
  a === b ||
  (a !== null &&
    b !== null &&
    a.space === b.space &&
    a.start === b.start &&
    a.last === b.last &&
    a.held === b.held);

/** These talk about the selected device or group themselves. */
const ABOUT_GROUPS: ReadonlySet<PanelId> = new Set(['groups', 'why', 'passthrough', 'what-if']);

function panelFor({ objects, panel }: AppState, selection: string): PanelId {
  const type = objects[selection]?.type;
  // The strips bring the space that is selected to the front.
  if (panel === 'space' && type === 'ioas') return panel;
  return ABOUT_GROUPS.has(panel) && (type === 'device' || type === 'group') ? panel : 'object';
}
