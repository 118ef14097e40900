import type { ProcessObject, ViommuObject, WorldId, WorldObject } from '../../engine/sim/world';
import type { Point, Rect } from './geometry';

/**
 * How big everything is, in one place: layout needs sizes before anything is on the screen, canvas.css draws to the
 * same numbers, and the token of a look-up stops at the same inner points.
 */
export const SUB_COLUMN_WIDTH = 252;
/** Between sub-columns of devices: room for the bus that leads to the IOMMU. */
export const GUTTER = 44;
export const FRAME = { padX: 12, padTop: 20, padBottom: 12, gap: 6, indent: 12, between: 24 };
/** Deeper nesting is not drawn any deeper. */
export const MAX_INDENT = 4;
export const DEVICE_HEIGHT = 70;
export const BRIDGE_HEIGHT = 30;
export const IOMMU = { width: 172, height: 98 };
export const HWPT = { width: 186, height: 100 };
/** A guest's own table: what is in it only the guest knows. */
export const NESTED = { width: 186, height: 62 };
/** A vIOMMU is a frame with its parts below each other. */
export const VIOMMU = { width: 186, head: 50, part: 26, gap: 4, foot: 10, pad: 9 };
export const ACCESS = { width: 186, height: 48 };
export const FAULT_QUEUE = { width: 186, height: 48 };
export const IOAS = { width: 186, height: 92 };
export const PROCESS = { width: 150, head: 46, row: 19, foot: 8, rows: 5 };
/** Space to the right of each column, up to the next. */
export const GAPS = { devices: 76, iommu: 54, guest: 46, hwpt: 46, ioas: 42 };
/** Between objects of one column: the label of a look-up fits in. */
export const ROW_GAP = 44;

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Rows of a process node: its buffers, the last one saying how many more there are. */
export const processRows = (process: ProcessObject): number =>
  Math.max(1, Math.min(PROCESS.rows, process.buffers.length));

/** What hangs off a vIOMMU, in the order in which it is drawn. */
export const partsOf = (viommu: ViommuObject): readonly WorldId[] => [
  ...viommu.vdeviceIds,
  ...viommu.veventqIds,
  ...viommu.hwQueueIds,
];

function viommuSize(viommu: ViommuObject): Size {
  const { width, head, part, gap, foot } = VIOMMU;
  const parts = partsOf(viommu).length;
  return { width, height: parts === 0 ? head : head + parts * (part + gap) - gap + foot };
}

/** Of objects right of the devices; devices get their width from their frame. */
export function sizeOf(object: WorldObject): Size {
  if (object.type === 'iommu') return IOMMU;
  if (object.type === 'hwpt') return object.nested ? NESTED : HWPT;
  if (object.type === 'viommu') return viommuSize(object);
  if (object.type === 'access') return ACCESS;
  if (object.type === 'fault') return FAULT_QUEUE;
  if (object.type === 'ioas') return IOAS;
  if (object.type === 'process')
    return { width: PROCESS.width, height: PROCESS.head + processRows(object) * PROCESS.row + PROCESS.foot };
  return { width: SUB_COLUMN_WIDTH, height: DEVICE_HEIGHT };
}

/** Where the hardware's caches are drawn in an IOMMU's node: rows of 22 px under the head. */
export const contextPoint = (iommu: Rect): Point => ({ x: iommu.x + 18, y: iommu.y + 57 });
export const iotlbPoint = (iommu: Rect): Point => ({ x: iommu.x + 18, y: iommu.y + 79 });

/** Under the cell of a table level in an HWPT's ladder; the highest level stands left. */
export function levelPoint(hwpt: Rect, level: number, levels: number): Point {
  const inner = hwpt.width - 23;
  const column = Math.max(0, Math.min(levels - 1, levels - level));
  return { x: hwpt.x + 13 + (inner * (column + 0.5)) / levels, y: hwpt.y + hwpt.height - 8 };
}

/** Where a default domain's table is drawn: it has no node, its levels hang below the IOMMU. */
export const levelPointBelow = (iommu: Rect, level: number, levels: number): Point => ({
  x: iommu.x + 24 + (Math.max(0, levels - level) * (iommu.width - 48)) / Math.max(1, levels - 1),
  y: iommu.y + iommu.height + 30,
});

/** A point of an IOAS's address strip, `share` of the way along. */
export const stripPoint = (ioas: Rect, share: number): Point => ({
  x: ioas.x + 13 + (ioas.width - 24) * share,
  y: ioas.y + ioas.height / 2,
});

/** On the left edge, beside a buffer's row. */
export const bufferPoint = (process: Rect, row: number): Point => ({
  x: process.x + 1.5,
  y: process.y + PROCESS.head + PROCESS.row * (row + 0.5),
});
