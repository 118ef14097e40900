import { memo } from 'react';
import type { NodeProps } from 'reactflow';
import { useApp } from '../../store/index';
import { CardLine, Chip, NamedHead, NodeCard } from './NodeCard';
import type { CanvasNode } from './types';
import * as says from '../../words/canvas/nodes';

export const AccessNode = memo(function AccessNode({ data }: NodeProps<CanvasNode>) {
  const access = useApp((s) => s.objects[data.id]);
  if (access?.type !== 'access') return null; // destroyed while the canvas still holds the node
  return (
    <NodeCard object={access} className="access">
      <NamedHead object={access} aside={access.internal ? says.hwQueues : says.noIommu} />
      <CardLine
        words={[
          access.ioasId === null && 'detached',
          access.needsPins ? says.holdsPagesPinned : says.readsAndWrites,
        ]}
      />
      {!access.internal && (
        <i className="grip grip-right" data-wire={access.id} title={says.dragToAnotherIoas} />
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
          <Chip tone="stale" title={says.thatNobodyHasRead(queued.length)}>
            {says.toRead(queued.length)}
          </Chip>
        )}
        {pending.length > 0 && (
          <Chip tone="stale" title={says.readButNotAnswered(pending.length)}>
            {says.toAnswer(pending.length)}
          </Chip>
        )}
        {queued.length + pending.length === 0 && <span className="card-quiet">{says.noFaultWaits}</span>}
        {!queue.open && <span className="card-quiet">{says.closed}</span>}
      </div>
    </NodeCard>
  );
});
