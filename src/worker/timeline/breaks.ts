import type { Simulator, Step } from '../../engine/sim/simulator';
import type { WorldId, WorldObject } from '../../engine/sim/world';
import { sameData } from '../../lib/same-data';
import * as says from '../../words/timeline';

/**
 * What playing stops at. `line`: after that line has run. `fault`: a DMA was blocked. `refusal`: the kernel refused.
 * `note`: a note has something
 * to say. `change`: the object is another than before, or came, or went.
 */
export type Breakpoint =
  | { readonly kind: 'line'; readonly line: number }
  | { readonly kind: 'fault' }
  | { readonly kind: 'refusal' }
  | { readonly kind: 'note' }
  | { readonly kind: 'change'; readonly id: WorldId };

/** Looks at every line as it has run; a reason to stop there, or null. */
export function watchFor(
  breakpoints: readonly Breakpoint[],
  simulator: Simulator,
): (step: Step) => string | null {
  const checks = breakpoints.map((each) => checkOf(each, simulator));
  return (step) => {
    // Each is asked: one that follows an object has to see every line.
    const reasons = checks.map((check) => check(step)).filter((reason) => reason !== null);
    return reasons[0] ?? null;
  };
}

function checkOf(breakpoint: Breakpoint, simulator: Simulator): (step: Step) => string | null {
  switch (breakpoint.kind) {
    case 'line':
      return ({ result }) => (result.line === breakpoint.line ? says.line(result.line) : null);
    case 'fault':
      return ({ result, lookups, traffic }) =>
        result.status === 'fault' ||
        lookups.some(({ parts }) => parts.some(({ fault }) => fault !== null)) ||
        traffic.some(({ blocked }) => blocked > 0)
          ? says.aDmaWasBlocked
          : null;
    case 'refusal':
      return ({ result }) => (result.status === 'errno' ? says.theKernelRefused(result.errno ?? '') : null);
    case 'note':
      return ({ result }) => (/^\s*note\s/.test(result.text) ? 'a note' : null);
    case 'change':
      return changeCheck(breakpoint.id, simulator);
  }
}

function changeCheck(id: WorldId, simulator: Simulator): () => string | null {
  let before: WorldObject | null = simulator.object(id);
  return () => {
    const after = simulator.object(id);
    const changed = !sameData(before, after);
    const how = before === null ? says.cameIntoBeing : after === null ? says.isGone : 'changed';
    before = after;
    return changed ? `${id} ${how}` : null;
  };
}
