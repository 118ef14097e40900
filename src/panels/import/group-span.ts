import type { Certainty } from '../../scenario/import/imported';
import type { GroupSpan } from '../../words/panels/import/findings';

/** How many groups there can be, by what the text settles. */
export function groupSpan({ groups }: Certainty): GroupSpan {
  const settled = groups.filter(({ state }) => state !== 'open').length;
  // Beside recorded groups an open one may turn out to be a part of one of them.
  const mayVanish = groups.some(({ state }) => state === 'recorded');
  return {
    least: mayVanish ? settled : groups.length,
    most: groups.reduce((sum, { parts }) => sum + Math.max(1, parts.length), 0),
  };
}
