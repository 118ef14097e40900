import { memo } from 'react';
import type { NodeProps } from 'reactflow';
import type { HwptObject } from '../../engine/sim/world';
import { useApp } from '../../store/index';
import { formatCount, hwptTitle } from '../format';
import { pageSize, count } from '../../ui/numbers';
import { CardHead, NodeCard, NamedTitle } from './NodeCard';
import type { CanvasNode } from './types';

export const HwptNode = memo(function HwptNode({ data }: NodeProps<CanvasNode>) {
  const hwpt = useApp((s) => s.objects[data.id]);
  if (hwpt?.type !== 'hwpt') return null; // removed while the canvas still holds the node
  const line = `${FORMATS[hwpt.format] ?? hwpt.format} · ${count(hwpt.users, 'user')}${hwpt.deviceIds.length === 0 ? ' · not attached' : ''}`;
  return (
    <NodeCard object={hwpt} className="hwpt">
      <CardHead
        title={<NamedTitle title={hwptTitle(hwpt)} name={hwpt.name} />}
        aside={hwpt.nestParent ? 'nest parent' : hwpt.auto ? 'auto' : 'manual'}
      />
      <p className="card-line" title={line}>
        {line}
      </p>
      <Ladder hwpt={hwpt} />
    </NodeCard>
  );
});

/** The engine's names of table formats, as people say them. */
const FORMATS: Readonly<Record<string, string>> = { vtdss: 'Second stage' };

/** One cell a table level with the leaves that it holds: where a look-up stops on its way down. */
function Ladder({ hwpt }: { readonly hwpt: HwptObject }) {
  const levels = Array.from({ length: hwpt.levels }, (_, i) => hwpt.levels - i);
  return (
    <div className="ladder">
      {levels.map((level) => {
        // VT-d and its kin: level 1 holds 4 KiB leaves, and each level above 512 times as much.
        const sizeLg2 = 12 + 9 * (level - 1);
        const leaves = hwpt.leaves.find((l) => l.sizeLg2 === sizeLg2 && l.count > 0);
        return (
          <div
            key={level}
            className="rung"
            data-level={level}
            title={leaves ? `${leaves.count} leaf entries of ${pageSize(sizeLg2)}` : `level ${level}`}
          >
            <span className="rung-level">
              L{level}
              {leaves && <small> {pageSize(sizeLg2)}</small>}
            </span>
            <span className="rung-leaves">{leaves ? formatCount(leaves.count) : '–'}</span>
          </div>
        );
      })}
    </div>
  );
}
