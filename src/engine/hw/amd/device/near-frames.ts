import { findFrame } from '../../../memory/frame-store';
import type { MemoryPort } from '../../port';

/**
 * Where memory keeps the words of frames met lately, so that a quick walk need not ask: pairs of frame number and index.
 * Words never move.
 *
 * Bottom tables, of which there are many, come first: their places go by the low bits of their frame number. Upper tables,
 * which walks mostly share, have a place for each kind of walk and level behind them.
 */
const BOTTOMS = 1024;
const BOTTOM_MASK = BOTTOMS - 1;
export const UPPER = 2 * BOTTOMS;
/** Levels have numbers up to 6. */
export const LEVEL_PLACES = 16;

export const nearFrames = (kinds: number): Int32Array =>
  new Int32Array(UPPER + kinds * LEVEL_PLACES).fill(-2);

/** The place of a bottom table. */
export const bottomPlace = (pfn: number): number => (pfn & BOTTOM_MASK) << 1;

/** A frame that is not at its place yet: where memory keeps its words; -1 where none were ever written. */
export function meet(memory: MemoryPort, near: Int32Array, pfn: number, place: number): number {
  if (pfn < 0) return -1;
  const base = findFrame(memory.frames, memory.frameMask, pfn);
  if (base < 0) return -1;
  near[place] = pfn;
  near[place + 1] = base;
  return base;
}
