import { counted } from '../counted';
import { grouped } from '../locale';

/** Address spaces as strips. */
export const STRIPS = {
  reading: 'Reading memory…',
  title: 'Space',
  noMachine: 'There is no machine yet, and so no memory. Open a scene, or put a device on the canvas.',
  others: (n: number) => counted(n, 'other space'),
  noIoas: 'No IOAS yet: devices see nothing that a program has mapped for them.',
  all: 'all 64 bits',
  facts: (areas: number, size: string) => `${counted(areas, 'area')}, ${size}`,
  iovasOf: (ioas: string) => `IOVAs of ${ioas}`,
  allMemory: 'all memory',
  inUse: (size: string) => `${size} in use`,
  memory: 'Physical memory',
  bytesShown: 'the bytes shown',
  empty: 'empty',
  piece: (piece: string, all: number) => `${piece}; ${all} in all`,
  heldPiece: (piece: string, all: number) => `${piece}, held; ${all} in all`,
  howNear: 'How near',
  toFront: 'bring to front',
  lookup: (address: string) => `look-up at ${address}`,
  kept: (ranges: string) => `kept usable: ${ranges}`,
  moreTables: (n: number) => `and ${counted(n, 'more table')}`,
  /** `16 × 4K, 2 × 2M, 3 written` */
  pages: (n: number, size: string) => `${grouped(n)} × ${size}`,
  written: (n: number) => `${grouped(n)} written`,
  noEntries: 'no entries',
} as const;

/** Pieces of strips, by what they are. */
export const PIECES = {
  use: {
    process: 'process memory',
    'page-table': 'page tables',
    structure: 'tables of an IOMMU',
    queue: 'queues',
    buffer: 'buffers of drivers',
    other: 'other',
  },
  where: (start: string, last: string, size: string) => `${start} to ${last}, ${size}`,
  free: (where: string) => `free, ${where}`,
  at: (what: string, where: string) => `${what}, ${where}`,
  area: (name: string, access: string) => `area ${name} ${access}`,
  reserved: (why: string) => `reserved: ${why}`,
  hole: 'no memory',
  level: (table: string, level: number) => `${table}, level ${level}`,
  counts: {
    area: (n: number) => counted(n, 'area'),
    reserved: (n: number) => counted(n, 'reserved range'),
    run: (n: number) => counted(n, 'stretch in use', 'stretches in use'),
    hole: (n: number) => counted(n, 'hole'),
  },
  inWork: 'in work',
  unnamed: 'unnamed',
} as const;

/** What is pointed at. */
export const POINTED = {
  hint: 'Point at a strip, or go there by keyboard: arrows lead from area to area, Enter holds one, Enter again goes near, Escape lets go.',
  title: 'What is pointed at',
  free: 'Free',
  notMappable: 'No IOVA here can be mapped.',
  goNear: 'Go near',
  memoryOf: 'memory of',
  pinned: 'pinned',
  pinnedPages: (pages: number, pins: number, locked: boolean) => {
    const what =
      pages === 0
        ? 'nothing: no table and no access needs it'
        : pins > 0
          ? `${counted(pages, 'page')}, ${counted(pins, 'pin')} by accesses`
          : counted(pages, 'page');
    return locked ? `${what}, and cannot be unmapped` : what;
  },
  mappedBy: 'mapped by',
  frames: 'frames at',
  noneHeld: 'none held',
  more: 'and more',
  moreStretches: (n: number) => `and ${counted(n, 'more stretch', 'more stretches')}`,
  showMemory: 'Show memory',
  unmap: 'Unmap',
  noTable: 'no table yet',
  mapHere: 'Map here…',
  dmaHere: 'DMA here',
  dmaHereBy: 'DMA here…',
  lookUpTip: 'Puts the line into the console, to be completed',
  lookUp: 'Look up this IOVA…',
  use: 'use',
  of: 'of',
  bytesAt: 'bytes at',
  reachedAt: 'reached at',
  moreAreas: (n: number) => `and ${counted(n, 'more area')}`,
} as const;

/** What patterns mean. */
export const LEGEND = {
  title: 'What is what',
  area: 'area; its foot is dark where pages are pinned',
  reserved: 'reserved, or no memory',
  small: 'small pages: 4K, 16K, 64K',
  middle: 'large pages: 2M and the like',
  large: '1G pages and larger',
  folded: 'folded: much more than is shown',
} as const;
