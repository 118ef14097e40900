import type { ProcessObject, ViommuObject, WorldId, WorldObject } from '../../engine/sim/world';
import type { Point, Rect } from './geometry';

/**
 * How big everything is, in one place: layout needs sizes before anything is on the screen, the canvas' styles draw to the
 * same numbers, and the token of a look-up stops at the same inner points.
 *
 * The columns of a machine with a guest's memory are as wide together as a window of 1440 pixels beside the panels: so
 * that it opens at a size at which small print can be read.
 */
export const SUB_COLUMN_WIDTH = 240;
/** Between sub-columns of devices: room for the bus that leads to the IOMMU. */
export const GUTTER = 44;
export const FRAME = { padX: 12, padTop: 20, padBottom: 12, gap: 6, indent: 12, between: 24 };
/** Deeper nesting is not drawn any deeper. */
export const MAX_INDENT = 4;
/** Every card: a title, a line of words, and below it what only its kind has. */
export const CARD = { padTop: 7, title: 20, line: 17 };
export const DEVICE_HEIGHT = 74;
export const BRIDGE_HEIGHT = 32;
export const IOMMU = { width: 164, height: 100, meters: 49, meter: 22 };
export const HWPT = { width: 184, height: 98 };
/** A guest's own table: what is in it only the guest knows. */
export const NESTED = { width: 184, height: 78 };
/** A vIOMMU is a frame with its parts below each other. */
export const VIOMMU = { width: 184, head: 52, part: 28, gap: 4, foot: 10, pad: 9 };
export const ACCESS = { width: 184, height: 54 };
export const FAULT_QUEUE = { width: 184, height: 54 };
export const IOAS = { width: 174, height: 94 };
export const PROCESS = { width: 136, head: 50, row: 20, foot: 8, rows: 5 };
/** Space to the right of each column, up to the next. */
export const GAPS = { devices: 60, iommu: 34, guest: 34, hwpt: 32, ioas: 32 };
/** Between objects of one column: the label of a look-up fits in. */
export const ROW_GAP = 44;

/** How large words are, from near and from afar. Below `map` there are none. The styles have the same: painted/cards.test.ts compares. */
export const TYPE = {
  near: { title: 13, text: 12, glyph: 18 },
  mid: { title: 16, text: 15, glyph: 20 },
  far: { title: 22, text: 18, glyph: 23 },
} as const;

/** Words smaller than this on the screen are not read but guessed. */
export const LEGIBLE = 11;
/** Down to here a card says all that it has to say, in words that can be read. */
export const READABLE_ZOOM = LEGIBLE / TYPE.mid.text;

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

/** Where the hardware's caches are drawn in an IOMMU's node: rows under the head, each with a lamp. */
const meterPoint = (iommu: Rect, row: number): Point => ({
  x: iommu.x + 18,
  y: iommu.y + IOMMU.meters + IOMMU.meter * (row + 0.5),
});
export const contextPoint = (iommu: Rect): Point => meterPoint(iommu, 0);
export const iotlbPoint = (iommu: Rect): Point => meterPoint(iommu, 1);

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
