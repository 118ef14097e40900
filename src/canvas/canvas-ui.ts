import type { Viewport } from 'reactflow';
import { create } from 'zustand';
import type { WorldId } from '../engine/sim/world';
import type { Camera } from '../share/scene';

/** What only the canvas needs to know of itself; everything else is in the app's store. */
export interface CanvasUi {
  /** The node that the keyboard is on. */
  readonly activeId: WorldId | null;
  /** The possible target under the pointer, or the one that the keyboard has reached, while connecting. */
  readonly aimId: WorldId | null;
  /** Whether a connection is being made with the keyboard. */
  readonly byKeyboard: boolean;
  readonly edgeId: string | null;
  /** Where the camera stood last: an empty world takes React Flow off the page, and time travel brings it back. */
  readonly viewport: Viewport;
  /** Where a person has put the camera; null: the page did. */
  readonly held: Camera | null;
  /** Where a link wants to look, until the scene is there. */
  readonly wanted: Camera | null;
  /** The move in progress is a person's, though no pointer makes it. */
  readonly byHand: boolean;
  /** On narrow screens the palette is behind a button. */
  readonly paletteOpen: boolean;
  /** Counts how often the keyboard asked for the palette. */
  readonly paletteAsked: number;
  /** A drag on the pane draws a box, as it does with Shift. */
  readonly boxing: boolean;
  /** Lines from elsewhere that were pasted, and wait to be looked at. */
  readonly offered: readonly string[] | null;
  /** Read out by the live region. */
  readonly said: string;
  readonly say: (text: string) => void;
}

export const useCanvasUi = create<CanvasUi>()((set) => ({
  activeId: null,
  aimId: null,
  byKeyboard: false,
  edgeId: null,
  viewport: { x: 0, y: 0, zoom: 1 },
  held: null,
  wanted: null,
  byHand: false,
  paletteOpen: false,
  paletteAsked: 0,
  boxing: false,
  offered: null,
  said: '',
  say: (said) => set({ said }),
}));
