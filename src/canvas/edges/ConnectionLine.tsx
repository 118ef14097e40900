import type { ConnectionLineComponentProps } from 'reactflow';
import { useApp } from '../../store/index';
import { useCanvasUi } from '../canvas-ui';
import { pathOf, rightOf, sideways } from '../layout/geometry';
import type { CanvasNode } from '../nodes/types';

/** The wire in the hand: solid over a place that takes it, broken over one that refuses. */
export function ConnectionLine({ fromNode, toX, toY }: ConnectionLineComponentProps<CanvasNode>) {
  const aimId = useCanvasUi((s) => s.aimId);
  const verdict = useApp((s) => {
    const target = s.connecting?.targets.find((t) => t.targetId === aimId);
    return target ? (target.ok ? 'legal' : 'illegal') : 'open';
  });
  const from = rightOf({
    ...fromNode.internals.positionAbsolute,
    width: fromNode.width ?? 0,
    height: fromNode.height ?? 0,
  });
  return (
    <g className="wire" data-verdict={verdict}>
      <path d={pathOf([sideways(from, { x: toX, y: toY })])} />
      <circle cx={toX} cy={toY} r={5} />
    </g>
  );
}
