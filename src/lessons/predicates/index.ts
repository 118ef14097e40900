import { CALL_PREDICATES } from './calls';
import { DMA_PREDICATES } from './dma';
import type { Predicate } from './predicate';
import { VIEW_PREDICATES } from './view';
import { WORLD_PREDICATES } from './world';

/** The vocabulary of checks. */
const PREDICATES: ReadonlyMap<string, Predicate> = new Map<string, Predicate>(
  Object.entries({ ...WORLD_PREDICATES, ...DMA_PREDICATES, ...CALL_PREDICATES, ...VIEW_PREDICATES }),
);

export const PREDICATE_NAMES: readonly string[] = [...PREDICATES.keys()];
export const predicateOf = (name: string): Predicate | null => PREDICATES.get(name) ?? null;
