import type { CacheView } from '../../engine/hw/common/view';
import { CACHES } from '../../words/panels/hardware';

/** Drawn to scale: every cache has cells of the same size, so that a big one looks big. */
const CELL = 6;
const COLUMNS = 64;

/** Which sets and ways are in use: a column a set, a row a way; more sets than fit go on below. */
export function SetMap({ cache }: { readonly cache: CacheView }) {
  const { sets, ways, entries, name, id } = cache;
  if (sets * ways > 8192) return null;
  const bands = Math.ceil(sets / COLUMNS);
  const width = Math.min(sets, COLUMNS) * CELL;
  const bandHeight = ways * CELL + 2;
  const at = (set: number, way: number) => ({
    x: (set % COLUMNS) * CELL,
    y: Math.floor(set / COLUMNS) * bandHeight + way * CELL,
  });
  // A cache with a table a level has several entries at one place: a stale one is what matters.
  const used = new Map<string, { readonly set: number; readonly way: number; readonly stale: boolean }>();
  for (const { set, way, stale } of entries) {
    const key = `${set}.${way}`;
    used.set(key, { set, way, stale: stale || (used.get(key)?.stale ?? false) });
  }
  return (
    <svg
      className="set-map"
      viewBox={`0 0 ${width} ${bands * bandHeight - 2}`}
      style={{ width, maxWidth: '100%' }}
      role="img"
      aria-label={CACHES.map(entries.length, sets * ways, name)}
    >
      <defs>
        <pattern id={`cells-${id}`} width={CELL} height={CELL} patternUnits="userSpaceOnUse">
          <rect width={CELL - 1} height={CELL - 1} rx="1" className="set-map-empty" />
        </pattern>
      </defs>
      {Array.from({ length: bands }, (_, band) => (
        <g key={band} transform={`translate(0 ${band * bandHeight})`}>
          <rect
            width={Math.min(COLUMNS, sets - band * COLUMNS) * CELL}
            height={ways * CELL}
            fill={`url(#cells-${id})`}
          />
        </g>
      ))}
      {[...used].map(([key, { set, way, stale }]) => (
        <rect
          key={key}
          {...at(set, way)}
          width={CELL - 1}
          height={CELL - 1}
          rx="1"
          className={stale ? 'set-map-stale' : 'set-map-used'}
        />
      ))}
    </svg>
  );
}
