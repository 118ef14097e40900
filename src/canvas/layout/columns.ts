import type { WorldId } from '../../engine/sim/world';
import { overlaps, type Rect } from './geometry';
import {
  BRIDGE_HEIGHT,
  DEVICE_HEIGHT,
  FRAME,
  GAPS,
  GUTTER,
  HWPT,
  IOAS,
  IOMMU,
  MAX_INDENT,
  PROCESS,
  ROW_GAP,
  SUB_COLUMN_WIDTH,
  type Size,
} from './sizes';
import type { Block } from './tree';

export interface PlacedBlock {
  readonly block: Block;
  readonly rect: Rect;
  readonly subColumn: number;
  /** Members' boxes, relative to the block's corner. */
  readonly members: ReadonlyMap<WorldId, Rect>;
}

/** A block's size and the boxes of its members inside it. */
export function insideOf(block: Block): { size: Size; members: ReadonlyMap<WorldId, Rect> } {
  const width = SUB_COLUMN_WIDTH - Math.min(MAX_INDENT, block.depth) * FRAME.indent;
  const framed = block.group !== null;
  const members = new Map<WorldId, Rect>();
  let y = framed ? FRAME.padTop : 0;
  for (const { device, depth } of block.members) {
    const indent = Math.min(MAX_INDENT, depth) * FRAME.indent;
    const height = device.isBridge ? BRIDGE_HEIGHT : DEVICE_HEIGHT;
    const x = (framed ? FRAME.padX : 0) + indent;
    members.set(device.id, { x, y, width: width - x - (framed ? FRAME.padX : 0), height });
    y += height + FRAME.gap;
  }
  return { size: { width, height: y - FRAME.gap + (framed ? FRAME.padBottom : 0) }, members };
}

/** Width over height that a window beside its panels has for cards, between headings and controls. */
const ASPECT = 1.9;
/** What stands right of the devices takes part in the picture's shape. */
const RIGHT_WIDTH =
  GAPS.devices + IOMMU.width + GAPS.iommu + HWPT.width + GAPS.hwpt + IOAS.width + GAPS.ioas + PROCESS.width;

/** The number of sub-columns that brings the whole picture nearest to the shape of a window. */
export function subColumnsFor(height: number): number {
  const misfit = (n: number): number =>
    Math.abs(Math.log((n * (SUB_COLUMN_WIDTH + GUTTER) + RIGHT_WIDTH) / (height / n) / ASPECT));
  let columns = 1;
  while (misfit(columns + 1) < misfit(columns)) columns += 1;
  return columns;
}

interface Sized {
  readonly block: Block;
  readonly size: Size;
  readonly members: ReadonlyMap<WorldId, Rect>;
}

/** Fills sub-columns from the left: as low as that many can be, breaking between whole trees where it can. */
export function packBlocks(blocks: readonly Block[]): readonly PlacedBlock[] {
  const sized: readonly Sized[] = blocks.map((block) => ({ block, ...insideOf(block) }));
  const total = sized.reduce((sum, s) => sum + s.size.height + FRAME.between, 0);
  const most = subColumnsFor(total);
  let [low, high] = [Math.ceil(total / most), Math.ceil(total)];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if ((fill(sized, middle).at(-1)?.subColumn ?? 0) < most) high = middle;
    else low = middle + 1;
  }
  return fill(sized, low);
}

/** Columns no higher than `limit`. A tree that does not fit starts a new one, if this one is nearly full. */
function fill(sized: readonly Sized[], limit: number): readonly PlacedBlock[] {
  let [column, y] = [0, 0];
  return sized.map(({ block, size, members }, i) => {
    const tree = block.depth === 0 && y > limit * 0.8 ? treeHeight(sized, i) : size.height;
    if (y > 0 && y + tree > limit) {
      column += 1;
      y = 0;
    }
    const x = column * (SUB_COLUMN_WIDTH + GUTTER) + SUB_COLUMN_WIDTH - size.width;
    const rect = { x, y, ...size };
    y += size.height + FRAME.between;
    return { block, rect, subColumn: column, members };
  });
}

/** Height of a top block with everything that hangs below it. */
function treeHeight(sized: readonly Sized[], from: number): number {
  let height = sized[from]?.size.height ?? 0;
  for (let i = from + 1; (sized[i]?.block.depth ?? 0) > 0; i++)
    height += FRAME.between + (sized[i]?.size.height ?? 0);
  return height;
}

export interface Wish {
  readonly size: Size;
  /** The height to be centred at; null for whatever has no neighbour to stand beside. */
  readonly want: number | null;
}

/** Stacks boxes in order, each as near as it can come to where it wants to be; those without a wish come below. */
export function stack(items: readonly Wish[], x: number, otherwise: number): Rect[] {
  const wished = items.filter((item) => item.want !== null);
  const wantOf = ({ want }: Wish): number => want ?? (wished.length === 0 ? otherwise : -Infinity);
  const tops: number[] = [];
  let floor = -Infinity;
  for (const item of items) {
    const top = Math.max(floor, wantOf(item) - item.size.height / 2);
    tops.push(top);
    floor = top + item.size.height + ROW_GAP;
  }
  // Pushing down only would drift: the whole stack goes back up by the mean push of those that had a wish.
  const pushes = items.flatMap((item, i) => {
    const want = wished.length === 0 ? otherwise : item.want;
    return want === null ? [] : [(tops[i] ?? 0) + item.size.height / 2 - want];
  });
  const lift = pushes.length === 0 ? 0 : pushes.reduce((sum, push) => sum + push, 0) / pushes.length;
  return items.map(({ size }, i) => ({ x, y: Math.round((tops[i] ?? 0) - lift), ...size }));
}

/** Moves a box down until it is clear of every obstacle. */
export function settle(rect: Rect, obstacles: readonly Rect[], margin: number): Rect {
  let at = rect;
  // Each round clears one obstacle for good, since the box only ever moves down.
  for (let round = 0; round <= obstacles.length; round++) {
    const inTheWay = obstacles.find((o) => overlaps(at, o, margin));
    if (!inTheWay) break;
    at = { ...at, y: inTheWay.y + inTheWay.height + margin };
  }
  return at;
}
