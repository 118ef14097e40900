import { memo } from 'react';
import type { NodeProps } from 'reactflow';
import { count } from '../../ui/numbers';
import { useApp } from '../../store/index';
import { CardLine, Chip, NamedHead, NodeCard } from './NodeCard';
import type { CanvasNode } from './types';

export const AccessNode = memo(function AccessNode({ data }: NodeProps<CanvasNode>) {
  const access = useApp((s) => s.objects[data.id]);
  if (access?.type !== 'access') return null; // destroyed while the canvas still holds the node
  return (
    <NodeCard object={access} className="access">
      <NamedHead object={access} aside={access.internal ? 'HW queue’s' : 'no IOMMU'} />
      <CardLine
        words={[
          access.ioasId === null && 'detached',
          access.needsPins ? 'holds pages pinned' : 'reads and writes',
        ]}
      />
      {!access.internal && (
        <i className="grip grip-right" data-wire={access.id} title="Drag to another IOAS" />
      )}
    </NodeCard>
  );
});

export const FaultQueueNode = memo(function FaultQueueNode({ data }: NodeProps<CanvasNode>) {
  const queue = useApp((s) => s.objects[data.id]);
  if (queue?.type !== 'fault') return null; // destroyed while the canvas still holds the node
  const { queued, pending } = queue;
  return (
    <NodeCard object={queue} className="queue">
      <NamedHead object={queue} />
      <div className="chips">
        {queued.length > 0 && (
          <Chip tone="stale" title={`${count(queued.length, 'page fault')} that nobody has read`}>
            {queued.length} to read
          </Chip>
        )}
        {pending.length > 0 && (
          <Chip tone="stale" title={`${count(pending.length, 'page fault')} read, but not answered`}>
            {pending.length} to answer
          </Chip>
        )}
        {queued.length + pending.length === 0 && <span className="card-quiet">no fault waits</span>}
        {!queue.open && <span className="card-quiet">closed</span>}
      </div>
    </NodeCard>
  );
});
