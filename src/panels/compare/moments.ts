import { linesOf } from '../../store/script';
import type { AppState, MomentRef } from '../../store/types';
import { MOMENT } from '../../words/panels/compare';

/** A moment as the engine is asked for it. */
export interface Place {
  readonly cursor: number;
  /** Absent: the present script. */
  readonly script?: string;
}

type Now = Pick<AppState, 'cursor' | 'script' | 'branches'>;

/** Where a named moment is now; null: its branch is gone. */
export function placeOf(ref: MomentRef, { cursor, script, branches }: Now): Place | null {
  switch (ref.kind) {
    case 'here':
      return { cursor };
    case 'before':
      return { cursor: Math.max(0, cursor - 1) };
    case 'line':
      return { cursor: Math.min(ref.line, linesOf(script).length) };
    case 'branch': {
      const branch = branches.find(({ id }) => id === ref.id);
      return branch === undefined ? null : { cursor: branch.lines, script: branch.script };
    }
  }
}

export function momentWords(ref: MomentRef, now: Now): string {
  const place = placeOf(ref, now);
  if (place === null) return MOMENT.isGone;
  if (place.script !== undefined) return MOMENT.isBranch;
  return place.cursor === 0 ? MOMENT.isFirst : MOMENT.isLine(place.cursor);
}
