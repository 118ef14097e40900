import { LEGIBLE, READABLE_ZOOM, TYPE } from '../layout/sizes';

/** How much of a card can be made out. */
export type Detail = 'near' | 'mid' | 'far' | 'map';

/** Below this zoom small print is too small: it grows, and only what matters most is left. */
const NEAR = LEGIBLE / TYPE.near.text;
/** Below this one titles alone can be read. */
const MID = READABLE_ZOOM;
/** Below this one words cannot be read at all. */
const MAP = 0.4;
export const detailAt = (zoom: number): Detail =>
  zoom >= NEAR ? 'near' : zoom >= MID ? 'mid' : zoom >= MAP ? 'far' : 'map';
