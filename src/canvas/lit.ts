import type { WorldObject } from '../engine/sim/world';
import type { Lit } from '../store/types';

/** What part an object has in what the page talks about; undefined while it talks about nothing. */
export function litPart(
  lit: Lit | null,
  object: WorldObject,
): 'chain' | 'other' | 'around' | 'off' | undefined {
  if (lit === null) return undefined;
  if (lit.chain.includes(object.id)) return 'chain';
  if (lit.others.includes(object.id)) return lit.chain.length > 0 ? 'other' : 'around';
  // The frame around something that is lit.
  const isAround =
    object.type === 'group' &&
    object.deviceIds.some((id) => lit.chain.includes(id) || lit.others.includes(id));
  return isAround ? 'around' : 'off';
}
