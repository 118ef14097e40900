import type { FrameKind } from '../../engine/sim/physical-map';

/** Every use has a pattern beside its colour. */
export const USE_HUE: Readonly<Record<FrameKind | 'hole', string>> = {
  process: 'var(--memory)',
  'page-table': 'var(--hwpt)',
  structure: 'var(--iommu)',
  queue: 'var(--iommu)',
  buffer: 'var(--device)',
  other: 'var(--ink-3)',
  hole: 'var(--line-strong)',
};

export const fillFor = (use: FrameKind | 'hole'): string => `url(#space-${use})`;
export const HATCH = 'url(#space-hole)';

/** Large pages are few and wide, small ones many: so are their ticks. */
const PAGES = [
  { id: 'small', every: 3 },
  { id: 'middle', every: 7 },
  { id: 'large', every: 14 },
] as const;

export type PageLook = (typeof PAGES)[number]['id'];
export const pageLook = (bytes: number): PageLook =>
  bytes >= 2 ** 30 ? 'large' : bytes >= 2 ** 20 ? 'middle' : 'small';
export const PAGE_HEIGHT: Readonly<Record<PageLook, number>> = { small: 5, middle: 9, large: 13 };

/** Once a panel: strips refer to them. */
export const Patterns = () => (
  <svg className="space-patterns" aria-hidden="true">
    <defs>
      <Tile id="process" size={4} d="" />
      <Tile id="page-table" size={4} d="M0 0.5H4" />
      <Tile id="structure" size={5} d="M0 0.5H5M0.5 0V5" />
      <Tile id="queue" size={4} d="M1 1H2.6V2.6H1Z" />
      <Tile id="buffer" size={5} d="M0 5L5 0" />
      <Tile id="other" size={6} d="M3 1V3" />
      <pattern id="space-hole" width={6} height={6} patternUnits="userSpaceOnUse">
        <rect width={6} height={6} className="space-tile-ground" />
        <path d="M-1 1L1 -1M0 6L6 0M5 7L7 5" className="space-tile-hatch" />
      </pattern>
      {PAGES.map(({ id, every }) => (
        <pattern key={id} id={`space-${id}`} width={every} height={16} patternUnits="userSpaceOnUse">
          <rect width={every} height={16} className="space-page-ground" />
          <path d="M0.5 0V16" className="space-page-tick" />
        </pattern>
      ))}
    </defs>
  </svg>
);

interface TileProps {
  readonly id: FrameKind;
  readonly size: number;
  readonly d: string;
}

const Tile = ({ id, size, d }: TileProps) => (
  <pattern
    id={`space-${id}`}
    width={size}
    height={size}
    patternUnits="userSpaceOnUse"
    style={{ ['--k' as string]: USE_HUE[id] }}
  >
    <rect width={size} height={size} className={d === '' ? 'space-tile-full' : 'space-tile-tint'} />
    <path d={d} className="space-tile-mark" />
  </pattern>
);
