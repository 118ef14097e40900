import type { WorldId } from '../engine/sim/world';
import type { AppState, Place } from '../store/types';
import { boundsOf, type Rect } from './layout/geometry';
import { computeLayout, type Layout } from './layout/layout';

export type Alignment = 'left' | 'centre' | 'right' | 'top' | 'middle' | 'bottom' | 'rows' | 'columns';

/** Where these would stand when aligned; what stands there already is left out. Devices go with their frame. */
export function aligned(
  { rects, frameOf }: Pick<Layout, 'rects' | 'frameOf'>,
  ids: readonly WorldId[],
  how: Alignment,
): readonly Place[] {
  const outer = [...new Set(ids.map((id) => frameOf.get(id) ?? id))];
  const boxes = outer.flatMap((id) => {
    const rect = rects.get(id);
    return rect === undefined ? [] : [{ id, rect }];
  });
  const bounds = boundsOf(boxes.map(({ rect }) => rect));
  if (bounds === null || boxes.length < 2) return [];
  const to =
    how === 'rows' || how === 'columns' ? spread(boxes, how) : ({ rect }: Box) => edge(rect, bounds, how);
  return boxes.flatMap((box) => {
    const at = to(box);
    const [x, y] = [Math.round(at.x), Math.round(at.y)];
    return x === Math.round(box.rect.x) && y === Math.round(box.rect.y) ? [] : [{ id: box.id, x, y }];
  });
}

interface Box {
  readonly id: WorldId;
  readonly rect: Rect;
}

function edge(rect: Rect, all: Rect, how: Exclude<Alignment, 'rows' | 'columns'>): { x: number; y: number } {
  switch (how) {
    case 'left':
      return { x: all.x, y: rect.y };
    case 'centre':
      return { x: all.x + (all.width - rect.width) / 2, y: rect.y };
    case 'right':
      return { x: all.x + all.width - rect.width, y: rect.y };
    case 'top':
      return { x: rect.x, y: all.y };
    case 'middle':
      return { x: rect.x, y: all.y + (all.height - rect.height) / 2 };
    case 'bottom':
      return { x: rect.x, y: all.y + all.height - rect.height };
  }
}

/** Equal gaps between neighbours, the outermost two where they are: one below the other (rows), or side by side. */
function spread(boxes: readonly Box[], how: 'rows' | 'columns'): (box: Box) => { x: number; y: number } {
  const [at, size] = how === 'rows' ? (['y', 'height'] as const) : (['x', 'width'] as const);
  const sorted = boxes.toSorted((a, b) => a.rect[at] + a.rect[size] / 2 - (b.rect[at] + b.rect[size] / 2));
  const first = sorted[0]?.rect;
  const last = sorted.at(-1)?.rect;
  const room = first && last ? last[at] + last[size] - first[at] : 0;
  const gap = (room - sorted.reduce((sum, { rect }) => sum + rect[size], 0)) / Math.max(1, sorted.length - 1);
  const places = new Map<WorldId, number>();
  let next = first?.[at] ?? 0;
  for (const { id, rect } of sorted) {
    places.set(id, next);
    next += rect[size] + gap;
  }
  return ({ id, rect }) => ({ x: rect.x, y: rect.y, [at]: places.get(id) ?? rect[at] });
}

/** Aligns as one step. */
export const align = (app: AppState, ids: readonly WorldId[], how: Alignment): Promise<void> =>
  app.actions.placeAll(aligned(computeLayout(app.objects), ids, how));

/** The layout finds a place for these again, or without any for everything. */
export const layOutAgain = (app: AppState, ids: readonly WorldId[]): Promise<void> =>
  app.actions.unplace(ids.length === 0 ? null : outerOf(app, ids));

/** These stay where they were put, and the layout finds a place for everything else. */
export function layOutRest(app: AppState, keep: readonly WorldId[]): Promise<void> {
  const kept = new Set(outerOf(app, keep));
  return app.actions.unplace(placedIds(app).filter((id) => !kept.has(id)));
}

/** What a person, or the script, has put somewhere. */
export const placedIds = ({ objects }: Pick<AppState, 'objects'>): readonly WorldId[] =>
  Object.values(objects).flatMap(({ id, place }) => (place === null ? [] : [id]));

function outerOf({ objects }: AppState, ids: readonly WorldId[]): readonly WorldId[] {
  const { frameOf } = computeLayout(objects);
  return [...new Set(ids.flatMap((id) => [id, frameOf.get(id) ?? id]))];
}
