import type { WorldId } from '../../engine/sim/world';
import type { Point, Rect } from '../layout/geometry';
import type { Layout } from '../layout/layout';

export interface TreeLine {
  readonly childId: WorldId;
  readonly points: readonly Point[];
}

/**
 * Elbows from bridges to what hangs below them in other blocks, and inside a frame to indented members. Where the child
 * stands in another sub-column or was moved away, only a short stub is left: a line across everything says nothing.
 */
export function treeLinesOf(layout: Layout, rects: ReadonlyMap<WorldId, Rect>): readonly TreeLine[] {
  const lines: TreeLine[] = [];
  const add = (childId: WorldId, child: Rect, entry: number, parentId: WorldId | null): void => {
    const parent = parentId === null ? undefined : rects.get(parentId);
    if (!parent) return;
    const to = { x: child.x, y: child.y + entry };
    const trunk = child.x - 7;
    const near = parent.x <= child.x && child.x < parent.x + parent.width && parent.y < child.y;
    const start = near ? parent.y + parent.height : to.y - 12;
    lines.push({ childId, points: [{ x: trunk, y: start }, { x: trunk, y: to.y }, to] });
  };
  for (const { block, rect } of layout.blocks) {
    const box = rects.get(block.id) ?? rect;
    if (block.parentId !== null) add(block.id, box, block.group ? 22 : box.height / 2, block.parentId);
    for (const { device, depth } of block.members) {
      const member = rects.get(device.id);
      if (depth > 0 && member) add(device.id, member, Math.min(15, member.height / 2), device.parentId);
    }
  }
  return lines;
}
