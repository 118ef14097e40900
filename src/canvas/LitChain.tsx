import { ViewportPortal } from 'reactflow';
import type { WorldId } from '../engine/sim/world';
import { useApp } from '../store/index';
import type { Rect } from './layout/geometry';

/** How far the line from card to card swings out to the left. */
const SWING = 22;
/** Numbers stand left of the cards. */
const BADGE = 11;

/** The devices of a chain of reasons: their numbers, and the way from one to the next. */
export function LitChain({ rects }: { readonly rects: ReadonlyMap<WorldId, Rect> }) {
  const chain = useApp((s) => s.lit?.chain);
  if (chain === undefined || chain.length < 2) return null;
  const stops = chain.flatMap((id, at) => {
    const rect = rects.get(id);
    return rect === undefined ? [] : [{ id, number: at + 1, rect }];
  });
  return (
    <ViewportPortal>
      <svg className="lit-chain" aria-hidden>
        {stops.slice(1).map((to, at) => (
          <path key={to.id} d={wayOf(stops[at]?.rect ?? to.rect, to.rect)} />
        ))}
      </svg>
      {stops.map(({ id, number, rect: { x, y, height } }) => (
        <span key={id} className="lit-number" style={{ translate: `${x}px ${y + height / 2}px` }} aria-hidden>
          {number}
        </span>
      ))}
    </ViewportPortal>
  );
}

/** In a column it swings out to the left; from one column to another it goes from side to side. */
function wayOf(from: Rect, to: Rect): string {
  const [left, right] = from.x <= to.x ? [from, to] : [to, from];
  const startY = left.y + left.height / 2;
  const endY = right.y + right.height / 2;
  if (left.x + left.width <= right.x) {
    const start = left.x + left.width;
    const end = right.x - BADGE;
    const middle = (start + end) / 2;
    return `M${start} ${startY}C${middle} ${startY} ${middle} ${endY} ${end} ${endY}`;
  }
  const out = left.x - BADGE - SWING;
  return `M${left.x - BADGE} ${startY}C${out} ${startY} ${out} ${endY} ${right.x - BADGE} ${endY}`;
}
