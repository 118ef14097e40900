import type { WorldId } from '../../engine/sim/world';
import type { Link } from '../edges/edges';
import { centerOf, type Rect } from '../layout/geometry';
import type { Layout } from '../layout/layout';

export type Direction = 'left' | 'right' | 'up' | 'down';

/** Everything that the keyboard can stand on, column by column, each from the top. */
export function readingOrder(layout: Pick<Layout, 'rects' | 'frameOf'>): readonly WorldId[] {
  return columnsOf(layout).flat();
}

/**
 * The node to go to. Left and right follow an edge if there is one, else they go to the nearest node that way; up and
 * down stay in the column. Null at the border.
 */
export function neighbour(
  layout: Pick<Layout, 'rects' | 'frameOf'>,
  links: readonly Link[],
  from: WorldId,
  direction: Direction,
): WorldId | null {
  const columns = columnsOf(layout);
  const here = columns.findIndex((column) => column.includes(from));
  const column = columns[here];
  if (!column) return columns[0]?.[0] ?? null;
  if (direction === 'up' || direction === 'down')
    return column[column.indexOf(from) + (direction === 'up' ? -1 : 1)] ?? null;
  const linked = linkedTo(layout, links, from, direction);
  const beyond = direction === 'left' ? columns.slice(0, here).reverse() : columns.slice(here + 1);
  return nearest(layout.rects, from, linked) ?? nearest(layout.rects, from, beyond[0] ?? []);
}

/** Ends of edges on that side. An edge through an IOMMU stops there first. */
function linkedTo(
  { rects, frameOf }: Pick<Layout, 'rects' | 'frameOf'>,
  links: readonly Link[],
  from: WorldId,
  direction: 'left' | 'right',
): readonly WorldId[] {
  const steps = links.flatMap((l) =>
    l.via === null
      ? [[l.source, l.target] as const]
      : [[l.source, l.via] as const, [l.via, l.target] as const],
  );
  const frame = frameOf.get(from);
  return direction === 'right'
    ? // A device without an edge of its own goes where its frame's edge goes.
      [from, frame]
        .flatMap((id) => steps.filter(([a]) => a === id).map(([, b]) => b))
        .filter((id) => rects.has(id))
    : steps
        .filter(([, b]) => b === from)
        .map(([a]) => a)
        .filter((id) => rects.has(id));
}

function nearest(rects: ReadonlyMap<WorldId, Rect>, from: WorldId, ids: readonly WorldId[]): WorldId | null {
  const rect = rects.get(from);
  if (!rect) return ids[0] ?? null;
  const y = centerOf(rect).y;
  let [best, bestDistance]: [WorldId | null, number] = [null, Infinity];
  for (const id of ids) {
    const other = rects.get(id);
    const d = other ? Math.abs(centerOf(other).y - y) : Infinity;
    if (d < bestDistance) [best, bestDistance] = [id, d];
  }
  return best;
}

/** Nodes that stand above each other; a frame comes right before the devices in it. */
function columnsOf({ rects, frameOf }: Pick<Layout, 'rects' | 'frameOf'>): readonly (readonly WorldId[])[] {
  const outer = [...rects].filter(([id]) => !frameOf.has(id));
  outer.sort(([, a], [, b]) => centerOf(a).x - centerOf(b).x || a.y - b.y);
  const columns: { right: number; ids: [WorldId, Rect][] }[] = [];
  for (const [id, rect] of outer) {
    const column = columns.at(-1);
    if (column && centerOf(rect).x < column.right) column.ids.push([id, rect]);
    else columns.push({ right: rect.x + rect.width, ids: [[id, rect]] });
  }
  const inside = new Map<WorldId, WorldId[]>();
  for (const [id, frame] of frameOf) inside.set(frame, [...(inside.get(frame) ?? []), id]);
  return columns.map(({ ids }) =>
    ids.sort(([, a], [, b]) => a.y - b.y).flatMap(([id]) => [id, ...(inside.get(id) ?? [])]),
  );
}
