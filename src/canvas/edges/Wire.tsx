import type { ReactNode } from 'react';
import { useStore } from 'reactflow';
import { useApp } from '../../store/index';
import { useCanvasUi } from '../canvas-ui';
import { useHand } from '../hand';
import { pathOf, sideways } from '../layout/geometry';

/** The wire in the hand: solid over a place that takes it, broken over one that refuses. */
export function Wire(): ReactNode {
  const from = useHand((s) => s.wire);
  const at = useHand((s) => s.at);
  const [x, y, zoom] = useStore((s) => s.transform);
  const aimId = useCanvasUi((s) => s.aimId);
  const verdict = useApp((s) => {
    const target = s.connecting?.targets.find((t) => t.targetId === aimId);
    return target ? (target.ok ? 'legal' : 'illegal') : 'open';
  });
  if (from === null) return null;
  const start = { x: from.x * zoom + x, y: from.y * zoom + y };
  // Memory stands at the right end: its wire leaves to the left.
  const curve = start.x <= at.x ? sideways(start, at) : sideways(at, start);
  return (
    <svg className="hand" aria-hidden>
      <g className="wire" data-verdict={verdict}>
        <path d={pathOf([curve])} />
        <circle cx={at.x} cy={at.y} r={5} />
      </g>
    </svg>
  );
}
