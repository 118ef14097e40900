import type { QueueView } from '../../engine/hw/common/view';
import { QUEUES } from '../../words/panels/hardware';

const SIZE = 44;
const RADIUS = 17;

/** A queue as the ring that it is: what waits between head and tail is dark, from the top clockwise. */
export function Ring({ queue: { name, head, tail, size } }: { readonly queue: QueueView }) {
  const waiting = size === 0 ? 0 : (tail - head + size) % size;
  const turn = (index: number): number => (size === 0 ? 0 : (index / size) * 2 * Math.PI);
  return (
    <svg
      className="ring"
      width={SIZE}
      height={SIZE}
      viewBox={`${-SIZE / 2} ${-SIZE / 2} ${SIZE} ${SIZE}`}
      role="img"
      aria-label={QUEUES.ring(name, waiting, size)}
    >
      <circle r={RADIUS} className="ring-free" />
      {waiting > 0 && <path d={arc(turn(head), turn(head + waiting))} className="ring-waiting" />}
      <line {...mark(turn(tail), 5)} className="ring-tail" />
      <line {...mark(turn(head), -5)} className="ring-head" />
    </svg>
  );
}

const point = (angle: number, radius: number) => ({
  x: Math.round(Math.sin(angle) * radius * 100) / 100,
  y: Math.round(-Math.cos(angle) * radius * 100) / 100,
});

function arc(from: number, to: number): string {
  const [a, b] = [point(from, RADIUS), point(to, RADIUS)];
  return `M ${a.x} ${a.y} A ${RADIUS} ${RADIUS} 0 ${to - from > Math.PI ? 1 : 0} 1 ${b.x} ${b.y}`;
}

/** A tick across the ring: outwards where software or hardware writes, inwards where it is read. */
function mark(angle: number, length: number) {
  const [a, b] = [point(angle, RADIUS), point(angle, RADIUS + length)];
  return { x1: a.x, y1: a.y, x2: b.x, y2: b.y };
}
