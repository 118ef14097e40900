import type { HwptLeaves, LeafRun } from '../../engine/sim/physical-map';
import { pageSize } from '../../ui/numbers';
import { ObjectLink } from '../shared/ObjectLink';
import { overlaps, spanOf, type Piece, type Range } from '../../lib/folded-strip';
import { STRIPS } from '../../words/panels/space';
import { PAGE_HEIGHT, pageLook } from './Patterns';

/** More tables than this are counted, not drawn. */
const MOST = 4;
const HEIGHT = 14;

interface LanesProps {
  readonly leaves: readonly HwptLeaves[];
  readonly pieces: readonly Piece[];
  readonly width: number;
}

/** Below an address space: which pages the tables over it have, the larger the higher. */
export function Lanes({ leaves, pieces, width }: LanesProps) {
  return (
    <>
      {leaves.slice(0, MOST).map(({ hwptId, runs }) => (
        <div key={hwptId} className="space-lane">
          <svg width={width} height={HEIGHT} aria-hidden="true">
            {drawnOf(runs, pieces).map(({ x, width: wide, look, dirty }) => (
              <g key={`${x} ${look}`}>
                <rect
                  x={x}
                  y={HEIGHT - PAGE_HEIGHT[look]}
                  width={wide}
                  height={PAGE_HEIGHT[look]}
                  style={{ fill: `url(#space-${look})` }}
                />
                {dirty && <path className="space-dirty" d={`M${x + wide / 2} 0l3 4h-6z`} />}
              </g>
            ))}
          </svg>
          <p className="space-lane-name">
            <ObjectLink id={hwptId} /> <span className="muted">{sizesOf(runs)}</span>
          </p>
        </div>
      ))}
      {leaves.length > MOST && <p className="muted">{STRIPS.moreTables(leaves.length - MOST)}</p>}
    </>
  );
}

interface Drawn {
  readonly x: number;
  readonly width: number;
  readonly look: ReturnType<typeof pageLook>;
  readonly dirty: boolean;
}

/** Runs that fall on one pixel and look the same are one mark. */
function drawnOf(runs: readonly LeafRun[], pieces: readonly Piece[]): readonly Drawn[] {
  const drawn = new Map<string, Drawn>();
  for (const { iova, bytes, pageBytes, dirty } of runs) {
    const span = spanOf(pieces, { start: iova, last: iova + bytes - 1n });
    if (span === null) continue;
    const look = pageLook(pageBytes);
    const key = `${Math.round(span.x)} ${look}`;
    const before = drawn.get(key);
    drawn.set(key, {
      x: span.x,
      width: Math.max(span.width - 1, before?.width ?? 1.5),
      look,
      dirty: (dirty ?? 0) > 0 || before?.dirty === true,
    });
  }
  return [...drawn.values()];
}

/** `16 × 4K, 2 × 2M, 3 written` */
export function sizesOf(runs: readonly LeafRun[], within?: Range): string {
  const sizes = new Map<number, number>();
  let dirty = 0;
  for (const run of runs) {
    const { iova, bytes, pageBytes } = run;
    if (within !== undefined && !overlaps({ start: iova, last: iova + bytes - 1n }, within)) continue;
    sizes.set(pageBytes, (sizes.get(pageBytes) ?? 0) + Number(bytes / BigInt(pageBytes)));
    dirty += run.dirty ?? 0;
  }
  if (sizes.size === 0) return STRIPS.noEntries;
  const words = [...sizes]
    .sort((a, b) => a[0] - b[0])
    .map(([size, n]) => STRIPS.pages(n, pageSize(Math.log2(size))));
  return [...words, ...(dirty > 0 ? [STRIPS.written(dirty)] : [])].join(', ');
}
