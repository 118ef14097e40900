import type { Obstacle } from '../engine/sim/passthrough/verdict';
import { sentence } from '../panels/shared/sentence';
import { REPORT as words } from '../words/report';
import type { GroupReport } from './report';
import { listed } from './summary';

/** What giving a group to a VM takes. */
export interface PassWords {
  readonly said: string;
  readonly bridgesStay: boolean;
  /** What is not said by the groups' own tables. */
  readonly obstacles: readonly Pick<Obstacle, 'why' | 'errno'>[];
}

/** The table of the group tells these already. */
const TOLD: ReadonlySet<Obstacle['kind']> = new Set(['own-driver', 'sibling-driver', 'sibling-goes-along']);

export function passWords(group: GroupReport): PassWords {
  const { verdict, members, held } = group;
  const bridgesStay = members.some(({ isBridge }) => isBridge);
  const obstacles = (verdict?.obstacles ?? []).filter(({ kind }) => !TOLD.has(kind));
  if (members.every(({ isBridge }) => isBridge))
    return { said: words.bridgesOnly, bridgesStay: false, obstacles };
  const drivers = listed(held.map(({ address, driver }) => words.held(address, driver)));
  const after = drivers === '' ? words.needsBinding : words.needsWork(drivers);
  switch (verdict?.state) {
    case 'ready':
      return { said: words.ready, bridgesStay, obstacles };
    case 'needs-work':
      return { said: after, bridgesStay, obstacles };
    case 'blocked':
      return { said: words.notNow, bridgesStay: false, obstacles };
    case undefined:
      return { said: drivers === '' ? words.untried : after, bridgesStay, obstacles };
  }
}

/** The same in a cell, of a group of one. */
export function passCell({ verdict, held }: GroupReport): string {
  switch (verdict?.state) {
    case 'ready':
      return words.alreadyFree;
    case 'needs-work':
      return held.length === 0 ? words.bind : words.unbind;
    case 'blocked': {
      const first = verdict.obstacles.find(({ kind, weight }) => weight === 'blocks' && !TOLD.has(kind));
      return words.no(sentence(first?.why ?? verdict.summary));
    }
    case undefined:
      return words.untried;
  }
}

/** Under the row: what stands not in the way, but should be known. */
export const cellNotes = ({ verdict }: GroupReport): readonly string[] =>
  (verdict?.obstacles ?? [])
    .filter(({ kind, weight }) => weight === 'warns' && !TOLD.has(kind))
    .map(({ why }) => sentence(why));
