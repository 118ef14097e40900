import { lazy } from 'react';
import type * as Everything from './kit';

type Kit = typeof Everything;

let kit: Kit | null = null;

/** The palette comes after the first picture: what can be made needs to know machines, cards and names. */
export const LazyPalette = lazy(async () => {
  kit = await import('./kit');
  return { default: kit.Palette };
});

/** Null until it is there; until then nobody can have taken anything out of it. */
export const paletteKit = (): Kit | null => kit;
