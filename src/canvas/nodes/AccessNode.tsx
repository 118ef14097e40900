import { memo } from 'react';
import type { NodeProps } from 'reactflow';
import { count } from '../../ui/numbers';
import { useApp } from '../../store/index';
import { titleOf } from '../format';
import { CardHead, Chip, NamedTitle, NodeCard } from './NodeCard';
import type { CanvasNode } from './types';

export const AccessNode = memo(function AccessNode({ data }: NodeProps<CanvasNode>) {
  const access = useApp((s) => s.objects[data.id]);
  if (access?.type !== 'access') return null; // destroyed while the canvas still holds the node
  return (
    <NodeCard object={access} className="access">
      <CardHead
        title={<NamedTitle title={titleOf(access)} name={access.name} />}
        aside={access.internal ? 'HW queue’s' : 'no IOMMU'}
      />
      <p className="card-line">{access.needsPins ? 'holds pages pinned' : 'reads and writes'}</p>
    </NodeCard>
  );
});

export const FaultQueueNode = memo(function FaultQueueNode({ data }: NodeProps<CanvasNode>) {
  const queue = useApp((s) => s.objects[data.id]);
  if (queue?.type !== 'fault') return null; // destroyed while the canvas still holds the node
  const waiting = queue.queued.length + queue.pending.length;
  return (
    <NodeCard object={queue} className="queue">
      <CardHead
        title={<NamedTitle title={titleOf(queue)} name={queue.name} />}
        aside={
          waiting > 0 && (
            <Chip
              tone="stale"
              title={`${queue.queued.length} to be read, ${queue.pending.length} to be answered`}
            >
              {count(waiting, 'fault')}
            </Chip>
          )
        }
      />
      <p className="card-line">
        {waiting === 0
          ? 'no fault waits'
          : `${queue.queued.length} to read · ${queue.pending.length} to answer`}
      </p>
    </NodeCard>
  );
});
